"""The Just API as typed calls: profiles, subscriptions, marks and events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import ApiError, DecodeError, NotFound
from headend.core.model.seal import Seal
from headend.core.wire.invoke import Request
from headend.just.answers import WHOLE_JUID, Sort
from headend.just.calls import NONE, Fields, JustCalls
from headend.just.people import NORMAL, Channel
from headend.just.settings import JustSettings

if TYPE_CHECKING:
    from headend.core.wire.client import Answer, Client

PERSONAL = ("juid", "email", "number", "ip", "name", "gender", "birthDate")
_REMEDY = "set HEADEND_JUST_STATE_KEY to the token that was used then"


def connect(settings: JustSettings, client: Client) -> Just:
    """The client for one project."""
    return Just(settings, client)


class Just(JustCalls):
    """Typed calls. All raise ApiError; NotFound only by the service's own words, never for a mere 404."""

    def __init__(self, settings: JustSettings, client: Client, **clocks: Any) -> None:
        """clocks: `now` and `sleep`, where they are others than the machine's."""
        super().__init__(settings, client, **clocks)
        self.seal = Seal(settings.state_key or settings.token, _REMEDY)
        self.probes = settings.profile_probe == "on"
        self._wrapped = {"auto": None, "plain": False, "wrapped": True}[settings.utm_data_form]

    # --- profiles ---------------------------------------------------------------------------------------------
    async def create_profile(self, fields: Fields) -> str:
        """A new profile's juid; never the same one twice (E1, J-33).

        Raises DecodeError where the answer may be only part of one: the profile exists then, and nobody knows as what.
        """
        juid = str(self._value(*await self._post("profile.create", fields)))
        if not WHOLE_JUID.fullmatch(juid) and (doubt := await self._doubt(juid)):
            raise DecodeError(
                f"just profile.create: a profile was made, but the answer {juid} may be only part of its juid: {doubt}."
                " Look for it at Just, then name it: existing_juid (J-20)",
                status=200,
            )
        return juid

    async def _doubt(self, juid: str) -> str | None:
        """Why a juid of another form than the documented one may not be whole; None where a profile goes by it."""
        if not self.probes:
            return "it is not 32 hex digits, and the setting profile_probe is off"
        try:
            return None if await self.has_profile(juid) else "it is not 32 hex digits, and no profile goes by it"
        except ApiError as error:
            return f"it is not 32 hex digits, and nobody could ask ({error})"

    async def has_profile(self, juid: str) -> bool:
        """Whether the profile exists for this token (E8). False only once the token has proved itself (J-36)."""
        async with self._turns(f"juid {juid}"):
            op, judged = await self._route("segment.list", query={"juid": juid})
        if judged.sort is not Sort.ABSENT:
            self._value(op, judged, [juid])
            return True
        if doubt := await self._client.reads.get(("just", "token"), self._token_fault):
            raise type(doubt)(
                f"just: a profile is said not to exist, but neither does the token work ({doubt}); nothing is taken"
                " for gone (J-36)",
                status=doubt.status,
            )
        return False

    async def _token_fault(self) -> ApiError | None:
        """Why the token can't be trusted to see profiles, None if it can; asked once, whatever the answer is."""
        end = int(self._now())
        window = {"startDate": str(end - 1), "endDate": str(end)}
        try:
            self._value(*await self._route("refid.count", path={"channel": "email"}, query=window))
        except ApiError as error:
            return error
        return None

    # --- subscriptions ----------------------------------------------------------------------------------------
    async def subscribe(self, channel: Channel, juid: str, address: str, more: Fields) -> None:
        """Subscribes a person (E2, E3); one who is subscribed already is no error (J-46)."""
        await self.called(f"{channel}.subscribe", {"juid": juid, **_addressed(channel, address), **more})

    async def unsubscribe(self, channel: Channel, juid: str, address: str) -> None:
        """Deactivates the subscription (E4, E5); none, or no such person, is success (J-44)."""
        with contextlib.suppress(NotFound):
            await self.called(f"{channel}.unsubscribe", {"juid": juid, **_addressed(channel, address)})

    async def mark(self, channel: Channel, address: str, marks: Fields) -> None:
        """Overwrites the referral marks of an address (E6). No juid goes along: all who have it are meant (J-31)."""
        await self.mark_all(channel, {NORMAL[channel].field: NORMAL[channel].in_data(address), **marks})

    async def mark_all(self, channel: Channel, data: Mapping[str, Any]) -> Answer:
        """The marks of the address that is in the data, which leave plain, or in another pair of quotes (J-28)."""
        plain, address = json.dumps(data, ensure_ascii=False, separators=(",", ":")), str(data[NORMAL[channel].field])
        async with self._turns(f"{channel} {NORMAL[channel].of(address)}"):
            for wrapped in (False, True) if self._wrapped is None else (self._wrapped,):
                fields = {"data": f'"{plain}"' if wrapped else plain}
                op, judged = await self._put("utm_metric.update", fields, {"channel": channel})
                if judged.sort is not Sort.INPUT:
                    break
        self._value(op, judged, [address, NORMAL[channel].of(address)])
        self._wrapped = wrapped
        return replace(judged.answer, body=judged.value)

    async def act(self, fields: Fields) -> None:
        """Counts one event (E7). The answer means that it is queued, not that it is processed (J-49)."""
        await self.called("action.create", fields)

    # --- any row ----------------------------------------------------------------------------------------------
    async def called(self, key: str, fields: Fields, path: Fields = NONE) -> Answer:
        """One writing call with its fields; those of one person or address go one after another (J-9)."""
        addresses = [f"{c} {n.of(fields[n.field])}" for c, n in NORMAL.items() if n.field in fields]
        people = [f"juid {juid}" for name, juid in fields.items() if name == "juid"]
        async with self._turns(*people, *addresses):
            puts = self.table[key].method == "PUT"
            op, judged = await (self._put(key, fields, path) if puts else self._post(key, fields, path))
        self._value(op, judged, [fields[name] for name in (*PERSONAL, "data") if name in fields])
        return replace(judged.answer, body=judged.value)

    async def read(self, key: str, request: Request) -> Answer:
        """One reading call; its answer is a list or a mapping also where PHP wrote an empty one otherwise (J-24)."""
        op, judged = await self._route(key, path=request.path, query=request.query)
        value = self._value(op, judged, [str(value) for name, value in request.query.items() if name in PERSONAL])
        return replace(judged.answer, body=value)


def _addressed(channel: Channel, address: str) -> Fields:
    return {NORMAL[channel].field: NORMAL[channel].sent(address)}
