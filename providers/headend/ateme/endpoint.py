"""What inputs and outputs share: one object of an environment, in variants, that runs or doesn't."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from headend.ateme.airtime import airtimes, airtimes_through, carried
from headend.ateme.answers import desired_word, hint
from headend.ateme.endpoint_spec import CLEARED, Endpoint, compared_fields, row_names, shown_names
from headend.ateme.fields import hasty, unlikely
from headend.ateme.grouping import join, raise_if_leaving, review_group, unfit
from headend.ateme.rows import EndpointRow
from headend.ateme.running import RESTING, resting, running
from headend.core.model.capabilities import OnAir, Use, Uses
from headend.core.model.errors import ApiError, Conflict, NotFound, Refused
from headend.core.model.fields import Immutable, Impact, Spec, mark
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import WITHHELD, Listed, Live, spec_of
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.model.signal import Carries, Line
from headend.core.wire.decode import raise_if_wrong, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

UNSEEN = "the answer does not show it"


S = TypeVar("S", bound=Endpoint)
E = TypeVar("E", bound=EndpointRow)


class EndpointKind(Kind[S, "Ateme"], OnAir[S, "Ateme"], Uses[S], Carries[S], Listed["Ateme"], Generic[S, E]):
    """The way of inputs and outputs through the API. `noun` is "input" or "output"."""

    noun: ClassVar[str]
    shape: type[E]
    listens: ClassVar[Mapping[str, str]]  # variant -> the field with its own port
    lines: ClassVar[Mapping[str, tuple[str, str | None, str]]]  # variant -> protocol, and the fields of host and port
    zixi: ClassVar[frozenset[str]]  # those of them that have an id beside the port
    parent = "ateme.environment"
    parent_field = "environment"
    impact_of_delete = Impact.DESTROYS

    @abstractmethod
    def list_scope(self, spec: S) -> str | None:
        """Whose token the list is read with."""

    async def on_air(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Sequence[Airtime]:
        if self.noun == "output":
            return await airtimes(api, outputs={id}, fresh=fresh)
        return await airtimes_through(api, carried(api, str(spec.environment), {id}, fresh=fresh), fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: S, parent: Spec | None) -> Status:
        return running(seen, spec, parent)

    # --- reading -----------------------------------------------------------------------------------------
    async def rows(self, api: Ateme, spec: S, *, fresh: bool = False, **wanted: Iterable[Hashable]) -> list[E]:
        """Live objects of the spec's environment; rows that name another one are left out (A-767)."""
        found = await api.listed(f"{self.noun}.list", self.list_scope(spec), self.shape, fresh=fresh)
        return found.within(spec.environment, **wanted)

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        found = []
        scope = self.list_scope(spec_of(self.model, {"environment": within}))
        for row in (await api.listed(f"{self.noun}.list", scope, self.shape)).here(within):
            if scope is None and row.environment_id is None:
                continue  # in a list of all environments: nobody knows which it is in
            known = {"environment": row.environment_id or within, "variant": row.variant}
            withheld = {"password": WITHHELD} if row.given.get("encryption_type") else {}  # it can't be without one
            unknown = (
                "" if row.variant in self.variants else f"the platform says no variant that it is of ({row.variant})"
            )
            found.append(Live(row.id, known | withheld, await self.why_left_out(api, row) or unknown))
        return found

    async def why_left_out(self, api: Ateme, row: E) -> str:
        """What makes it by itself, so that no stack is to have it; "" for all others."""
        return ""

    async def row(self, api: Ateme, id: str, spec: S, *, fresh: bool) -> E | None:
        """From the list, which shows as much as the item (A-145), or by itself. A 404 or 405 of that assumed path
        leaves it at what the list says (A-46)."""

        async def in_list() -> E | None:
            return next(iter(await self.rows(api, spec, fresh=fresh, id=[id])), None)

        async def alone() -> E | None:
            path = {f"{self.noun}_id": id}
            try:
                return await api.single(f"{self.noun}.get", str(spec.environment), path, self.shape, doubtful=True)
            except Refused as error:
                if error.status != 405:
                    raise
                return None

        return await api.found(f"{self.noun}.list", self.list_scope(spec), in_list, alone, fresh=fresh)

    async def observe(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        try:
            row = await self.row(api, id, spec, fresh=fresh)
        except ApiError:
            if await api.status(str(spec.environment)) == "deleted":
                return None  # all that lived in it went with it
            raise
        return None if row is None else await self.observed(api, row, spec)

    async def observed(self, api: Ateme, row: E, spec: S) -> Observed:
        model = type(spec)
        read, compared = shown_names(model, row.plain), compared_fields(model)
        shown = {read[f]: None for f in spec.absent_means_null if f in read} | dict(row.shown)
        values, unverifiable = readable(model, read, shown)
        values |= {"environment": row.environment_id or spec.environment}
        values |= {"variant": row.variant if row.variant in self.variants else spec.variant}
        if "dashboard_group_id" in row.given:
            values["dashboard_group"] = row.dashboard_group_id
        if not await api.is_running(str(spec.environment)):
            unverifiable["state"] = RESTING
        elif (state := desired_word(row.word)) is not None:
            values["state"] = state
        else:
            unverifiable["state"] = f"its status is {row.word}" if row.word else UNSEEN
        for field in spec.set_fields():
            if field not in values and field in compared:
                unverifiable.setdefault(field, UNSEEN)
        computed = {f"{self.noun}_id": row.id, **row.told}
        return Observed(row.id, values, computed, unverifiable, warnings=self.warnings(row))

    def shows(self, row: E, spec: S, fields: Sequence[str]) -> bool:
        """Whether the row has the spec's values there. Raises DecodeError where one is of another type. Null is none of
        them where the row doesn't say its variant: it may be one that has no such field."""
        names = row_names(type(spec), row.plain)
        asked = {field: names[field] for field in fields}
        if row.variant is None and any(row.shown.get(key, key) is None for key in asked.values()):
            return False
        values, wrong = readable(type(spec), asked, row.shown)
        raise_if_wrong(f"ateme: {self.noun}.list", wrong)
        return all(field in values and values[field] == getattr(spec, field) for field in fields)

    def warnings(self, row: E) -> tuple[str, ...]:
        return ()

    def line(self, spec: S) -> Line | None:
        if spec.variant not in self.lines:
            return None
        protocol, host, port = self.lines[spec.variant]
        return Line(protocol, getattr(spec, port), getattr(spec, host) if host else None, self.noun == "output")

    def check(self, spec: S, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Assumed bounds; and a group of the stack is looked at before there is any (A-841)."""
        return [*unlikely(spec), *hasty(spec), *unfit(related, self.group_types(spec))]

    def uses(self, spec: S, related: Mapping[str, Spec], now: datetime) -> Iterable[Use]:
        """The port that it listens on, or sends from, in its environment. Zixi tells streams on one port apart."""
        field = self.listens.get(spec.variant)
        port = getattr(spec, field, None) if field else None
        if field and port:
            clash, among = "{other} has the same port", "zixi" if spec.variant in self.zixi else None
            yield Use((spec.environment, port), field, clash, "give one of them another port", among=among)

    async def review(self, api: Ateme, proposal: Proposal[S]) -> Sequence[Problem]:
        """A resting environment takes no write (A-731), and not every group fits."""
        spec, edits = proposal.spec, proposal.edits
        if spec is None or not proposal.writes:
            return ()
        # a state that is only noted down sends nothing while the environment rests
        sends = proposal.creates or any(change.field != "state" for change in edits)
        found = await resting(api, spec.environment, proposal.parent) if sends else []
        return [*found, *await review_group(api, proposal, self.group_types(spec))]

    @abstractmethod
    def group_types(self, spec: S) -> frozenset[str]:
        """Types of the dashboard groups that it can be in (A-418, A-464)."""

    @abstractmethod
    def matches(self, row: E, spec: S) -> bool:
        """Whether the row has the spec's natural key."""

    async def find(self, api: Ateme, spec: S) -> list[Observed]:
        same = await self.rows(api, spec, fresh=True, variant=[None, spec.variant])
        return [await self.observed(api, row, spec) for row in same if self.matches(row, spec)]

    # --- writing -----------------------------------------------------------------------------------------
    def body(self, spec: S) -> dict[str, Any]:
        """Set fields by their wire names. A field that was set to null stays in: null has a meaning (A-50)."""
        given = spec.set_fields()
        return {name: given[field] for field, name in type(spec).wire().items() if field in given}

    async def create(self, api: Ateme, spec: S) -> Observed:
        environment = str(spec.environment)
        await api.require_running(environment)
        key = f"{self.noun}.create.{spec.variant}"
        body = self.body(spec)
        answer = await api.call(key, scope=environment, body=body | (spec.extra or {}))
        self.forget(api)
        find = partial(self.find, api, spec)
        id = await api.made_id(key, answer.body, self.shape, find, submitted=body.get("id"))
        return Observed(id=id, incomplete=True)

    async def update(self, api: Ateme, id: str, spec: S, changes: Sequence[Change]) -> None:
        """One call with all that the variant's update takes: desired where set, else as last read (A-51)."""
        wire = type(spec).wire()
        raise_if_leaving(changes, f"{self.noun} {id}")
        sent = [c for c in changes if c.field in wire or c.field == "extra"]
        if not sent:
            return  # the rest has calls of its own, in `complete`
        environment = str(spec.environment)
        await api.require_running(environment)
        live = await self.row(api, id, spec, fresh=True)
        if live is None:
            raise NotFound(f"ateme: {self.noun} {id} does not exist", status=404)
        body = self.kept(live, spec) | self.body(spec)
        for field in type(spec).model_fields:
            if field in wire and mark(type(spec), field, Immutable) is not None:
                body.pop(wire[field], None)
        if spec.sent_id_on_update:
            body["id"] = self.body(spec)["id"]
        body |= {wire[c.field]: "" if c.field == CLEARED else None for c in sent if c.after is None}
        key = f"{self.noun}.update.{spec.variant}"
        await api.call(key, scope=environment, path={f"{self.noun}_id": id}, body=body | (spec.extra or {}))
        self.forget(api)
        await self.after_update(api, id, spec, changes, live)

    def kept(self, live: E, spec: S) -> dict[str, Any]:
        """What the stack doesn't manage and the update would otherwise lose. Raises DecodeError where that can't be
        read."""
        names = {f: n for f, n in type(spec).wire().items() if f in spec.documented and live.given.get(n) is not None}
        if live.plain:
            names.pop("stream_id", None)
        values, wrong = readable(type(spec), names, live.shown)
        raise_if_wrong(f"ateme: {self.noun}.get", {f: why for f, why in wrong.items() if f not in spec.set_fields()})
        return {names[field]: value for field, value in values.items()}

    async def after_update(self, api: Ateme, id: str, spec: S, changes: Sequence[Change], live: E) -> None:
        """What a variant needs right after its update."""

    async def complete(self, api: Ateme, id: str, spec: S, report: Report) -> Observed:
        """Group, place and state, each only where it differs (A-728, A-729)."""
        seen = await self._must_see(api, id, spec)
        wanted = spec.set_fields()
        path = {f"{self.noun}_id": id}
        environment = str(spec.environment)
        wrote = False
        if (group := wanted.get("dashboard_group")) is not None and seen.values.get("dashboard_group") != group:
            await join(api, self.noun, environment, id, group)
            wrote = True
        place = {name: wanted[name] for name in ("latitude", "longitude") if wanted.get(name) is not None}
        if place and any(seen.values.get(name) != value for name, value in place.items()):
            await api.call(f"{self.noun}.location", scope=environment, path=path, body=place)
            wrote = True
        if self.may_switch(seen, spec) and seen.values["state"] != spec.state:
            action = "start" if spec.state == "started" else "stop"
            await api.call(f"{self.noun}.{action}", scope=environment, path=path)
            wrote = True
            self.forget(api)
            async for _ in api.polls(api.settings.state_timeout, f"{action} {self.noun} {id}"):
                seen = await self._must_see(api, id, spec)
                if seen.values.get("state", spec.state) == spec.state:
                    break
                report(f"waiting for {self.noun} {id}: {spec.state}")
        self.forget(api)
        return await self._must_see(api, id, spec) if wrote else seen

    def may_switch(self, seen: Observed, spec: S) -> bool:
        """Whether the state is known, and headend's to change (A-730)."""
        return "state" in seen.values

    async def _must_see(self, api: Ateme, id: str, spec: S) -> Observed:
        seen = await self.observe(api, id, spec, fresh=True)
        if seen is None:
            raise NotFound(f"ateme: {self.noun} {id} is gone right after it was written", status=404)
        return seen

    async def delete(self, api: Ateme, id: str, last: S, report: Report) -> None:
        environment = str(last.environment)
        if await api.status(environment) == "deleted":
            return
        try:
            await api.delete(f"{self.noun}.delete", environment, {f"{self.noun}_id": id})
        except (Conflict, Refused) as error:
            if await api.is_running(environment):
                raise
            raise hint(error, f"environment {environment} is not running") from None
        self.forget(api)

    def forget(self, api: Ateme) -> None:
        api.changed(f"{self.noun}.list", f"{self.noun}.get")
