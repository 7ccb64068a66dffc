"""The Just client: outcomes judged by status and text, repeats only where they can't hurt a person.

Writes are addressed to real people, and most can't be undone. So a create, a subscription and an event are sent again
only if the first attempt certainly did nothing (J-13 to J-15); everything else may be repeated (J-16, J-17).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from headend.core.model.errors import (
    Ambiguous,
    ApiError,
    DecodeError,
    Forbidden,
    NotFound,
    Refused,
    Unavailable,
    Unreachable,
    Unsettled,
)
from headend.core.model.seal import Seal
from headend.core.wire.invoke import Request
from headend.core.wire.limit import LONGEST_WAIT, wait_before
from headend.core.wire.operations import NO_BODY, Operation, Table
from headend.just.answers import Judged, Sort, excerpt, judge
from headend.just.people import NORMAL, Channel
from headend.just.settings import JustSettings
from headend.just.wire import FORMS, HARMLESS, READS, TABLE

if TYPE_CHECKING:
    import httpx

    from headend.core.wire.client import Answer, Client

ATTEMPTS = 3  # J-18
READ = 5000  # characters of an answer that are looked at for what to quote
PERSONAL = ("juid", "email", "number", "ip", "name", "gender", "birthDate")
_ANY_STATUS = range(300, 600)  # all that httpx can't read as success: `judge` does
_REMEDY = "set HEADEND_JUST_STATE_KEY to the token that was used then"

Fields = Mapping[str, str]
NONE: Final[Mapping[str, Any]] = {}


def connect(settings: JustSettings, client: Client) -> Just:
    """The client for one project."""
    return Just(settings, client)


class Just:
    """Typed calls. All raise ApiError; NotFound only by the service's own words, never for a mere 404.

    What the document leaves open (verb, route, encoding, form of `data`) is found out once and kept for the session.
    """

    def __init__(
        self,
        settings: JustSettings,
        client: Client,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.table: Table = TABLE.overridden(settings.operations)
        self.seal = Seal(settings.state_key or settings.token, _REMEDY)
        self.probes = settings.profile_probe == "on"
        self._settings = settings
        self._client = client
        self._now = now
        self._sleep = sleep
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._routes: dict[str, Operation] = {}
        self._put_body = "multipart" if settings.put_encoding == "multipart" else "form"
        self._unsubscribe_by = "POST" if settings.unsubscribe_method == "POST" else "PUT"
        self._wrapped = {"auto": None, "plain": False, "wrapped": True}[settings.utm_data_form]

    # --- profiles ---------------------------------------------------------------------------------------------
    async def create_profile(self, fields: Fields) -> str:
        """A new profile's juid; never the same one twice (E1, J-33)."""
        return str(self._value(*await self._post("profile.create", fields)))

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
        plain = json.dumps(
            {NORMAL[channel].field: NORMAL[channel].in_data(address), **marks},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        async with self._turns(f"{channel} {NORMAL[channel].of(address)}"):
            for wrapped in (False, True) if self._wrapped is None else (self._wrapped,):
                data = f'"{plain}"' if wrapped else plain
                op, judged = await self._put("utm_metric.update", {"data": data}, {"channel": channel})
                if judged.sort is not Sort.INPUT:
                    break
        self._value(op, judged, [address, NORMAL[channel].of(address)])
        self._wrapped = wrapped

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

    # --- forms of a call --------------------------------------------------------------------------------------
    async def _route(
        self, key: str, *, path: Fields = NONE, query: Mapping[str, Any] = NONE
    ) -> tuple[Operation, Judged]:
        """A read by the first route that is there; the others are tried only where one is certainly not (J-23)."""
        routes = [self._routes[key]] if key in self._routes else self._forms(key)
        for op in routes:
            judged = await self._attempts(op, path, {} if op.takes_body else query, query if op.takes_body else {})
            if not judged.elsewhere:
                self._routes[key] = op
                break
        return op, judged

    async def _post(self, key: str, fields: Fields, path: Fields = NONE) -> tuple[Operation, Judged]:
        return self.table[key], await self._attempts(self.table[key], path, {}, fields)

    async def _put(self, key: str, fields: Fields, path: Fields = NONE) -> tuple[Operation, Judged]:
        """A call that may be repeated, by the verb and in the encoding that the service takes (J-6, J-21)."""
        verbs, (op, *others) = self._settings.unsubscribe_method, self._forms(key)
        if others and self._unsubscribe_by == "POST":
            op = others[0]
        elif op.body == "form":
            op = replace(op, body=self._put_body)
        judged = await self._attempts(op, path, {}, fields)
        if judged.status == 405 and judged.sort is None and op.method == "PUT" and others and verbs == "auto":
            op = others[0]
            judged = await self._attempts(op, path, {}, fields)
            if judged.status != 405:
                self._unsubscribe_by = "POST"
        elif judged.sort is Sort.FIELDS and op.body == "form" and self._settings.put_encoding == "auto":
            op = replace(op, body="multipart")
            judged = await self._attempts(op, path, {}, fields)
            if judged.sort is not Sort.FIELDS:
                self._put_body = "multipart"
        return op, judged

    def _forms(self, key: str) -> list[Operation]:
        """The row, and what else may answer: nothing where a person has said what it is."""
        row = self.table[key]
        return [row, *FORMS.get(key, ())] if row == TABLE[key] else [row]

    # --- sending ----------------------------------------------------------------------------------------------
    async def _attempts(self, op: Operation, path: Fields, query: Mapping[str, Any], fields: Fields) -> Judged:
        """The last answer of three attempts at most. Raises Unreachable, or Ambiguous if nobody knows what was done."""
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                judged = await self._once(op, path, query, fields)
            except Unreachable:  # nothing was done, or it was a read
                if last:
                    raise
                await self._sleep(wait_before(attempt))
                continue
            except Ambiguous as error:
                if op.key not in HARMLESS:
                    raise Ambiguous(f"{error}; outcome unknown: look before it is run again") from None
                if last:
                    raise
                await self._sleep(wait_before(attempt))
                continue
            wait = wait_before(attempt, judged.answer.headers)
            if judged.ok or last or wait > LONGEST_WAIT or not judged.may_repeat(op.key):
                return judged
            await self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, op: Operation, path: Fields, query: Mapping[str, Any], fields: Fields) -> Judged:
        async with self._slots:
            answer = await self._client.send(
                op,
                path=path,
                query=query,
                json=fields or NO_BODY,
                headers={"accept": "*/*", "x-auth-token": self._settings.token},
                repeat=False,
                prepare=_spaces,
                accept=_ANY_STATUS,
            )
        return judge(op.key, answer)

    @contextlib.asynccontextmanager
    async def _turns(self, *names: str) -> AsyncIterator[None]:
        """The turn of each person and address, taken in one order by all (J-9)."""
        async with contextlib.AsyncExitStack() as stacked:
            for lock in [self._locks.setdefault(name, asyncio.Lock()) for name in sorted(names)]:
                await stacked.enter_async_context(lock)
            yield

    # --- outcomes ---------------------------------------------------------------------------------------------
    def _value(self, op: Operation, judged: Judged, private: Iterable[str] = ()) -> Any:
        """What a success says; raises the error that the answer means."""
        if judged.ok:
            return judged.value
        quoted = excerpt(self._client.redactor.scrub(judged.text[:READ]), [*private, self._settings.token])
        error, what = _meaning(op, judged)
        if judged.text.startswith("<"):
            quoted = "a page"
        quote = f": {quoted}" if quoted and error is not Forbidden else ""
        raise error(f"just {op.key}: {op.method} {op.path}: {what}{quote}", status=judged.status)


def _addressed(channel: Channel, address: str) -> Fields:
    return {NORMAL[channel].field: NORMAL[channel].sent(address)}


def _spaces(request: httpx.Request) -> None:
    """Spaces in a query as %20: the form's + is a plus to some (J-6)."""
    if b"+" in request.url.query:
        request.url = request.url.copy_with(query=request.url.query.replace(b"+", b"%20"))


def _meaning(op: Operation, judged: Judged) -> tuple[type[ApiError], str]:
    """The error of a failed answer, by its text first and its status then, and what it says of what was done."""
    status, token = judged.status, "look at HEADEND_JUST_TOKEN, and whether it is the project's"
    if judged.sort is Sort.ABSENT and op.key == "refid.count":
        return Forbidden, f"answered that there is no such user, where none is named ({token})"
    if judged.sort is Sort.ABSENT:
        return NotFound, "not found (a profile is known only to the token it was made with)"
    if judged.sort is Sort.FIELDS:
        return Refused, "the fields did not arrive, so nothing is known of it; try the setting put_encoding"
    if judged.sort in {Sort.INPUT, Sort.UNSAVED}:
        return Refused, "refused" if judged.sort is Sort.INPUT else "nothing was saved"
    if judged.sort is Sort.SERVICE:
        return Unavailable, "the service failed"
    if status < 300:
        return DecodeError, f"unexpected answer {status}"
    if status in {401, 403}:
        return Forbidden, f"answered {status} ({token})"
    if status < 400:
        return Refused, f"answered {status}: redirects are not followed; is the url right?"
    if status in {404, 405}:
        return Refused, f"answered {status}, not in Just's words; is the url right?"
    if op.key in READS or op.key in HARMLESS:
        return (Unavailable if status == 429 or status >= 500 else Refused), f"answered {status}"
    if status in {429, 503}:
        return Refused, f"answered {status}: overloaded, nothing was done"
    if status >= 500:
        return Unsettled, f"answered {status}; outcome unknown: look before it is run again"
    return Refused, f"answered {status}"
