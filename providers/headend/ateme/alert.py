"""Alerts: what is watched on an input or an output, and who is told."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from headend.ateme.alert_overview import watched
from headend.ateme.alert_spec import Alert
from headend.ateme.answers import hint, item, read_rows
from headend.ateme.fields import elsewhere
from headend.ateme.listing import Listing
from headend.ateme.rows import InputRow, OutputRow, id_names
from headend.ateme.rows_office import AlertRow, comparison
from headend.ateme.running import resting
from headend.core.model.errors import ApiError, Conflict, DecodeError, NotFound, Refused
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.wire.decode import last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.core.wire.operations import Operation

WORDS = {"active": False, "paused": True}  # status -> muted
UNSEEN = "the answer does not show it"


class AlertKind(Kind[Alert, "Ateme"], Listed["Ateme"]):
    """An alert on one input or one output.

    The platform gives alerts no name: an existing one is known by its target and what it compares. All alerts of a
    target are read in one request.
    """

    name = "ateme.alert"
    parent = "ateme.environment"
    parent_field = "environment"
    model = Alert
    key = ("input", "output", "alert_on_query", "query_param", "query_value", "query_time_range")
    told_by = ("input", "output", "alert_on_query", "query_param")

    def natural_key(self, spec: Alert) -> tuple[Any, ...]:
        """An alert has an input or an output, and need not say the rest."""
        return tuple(getattr(spec, name) for name in self.key)

    def check(self, spec: Alert, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Its target must be in its environment (A-991)."""
        return elsewhere(spec, related, ("input", "output"))

    async def review(self, api: Ateme, proposal: Proposal[Alert]) -> Sequence[Problem]:
        if proposal.spec is None or not proposal.writes:
            return ()
        return await resting(api, proposal.spec.environment, proposal.parent)

    # --- reading -----------------------------------------------------------------------------------------
    async def observe(self, api: Ateme, id: str, spec: Alert, *, fresh: bool = False) -> Observed | None:
        try:
            found = await self._rows(api, spec, fresh=fresh, id=[id])
        except ApiError:
            if await api.status(str(spec.environment)) == "deleted":
                return None  # all that lived in it went with it
            raise
        return next((observed(*one, spec) for one in found), None)

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        """The alerts of all inputs and outputs of the environment."""
        import asyncio  # only where requests are made: `validate` spares it

        environment = str(within)
        targets = await watched(api, environment)
        found = await asyncio.gather(*(self._of(api, *one, environment, fresh=False) for one in targets))
        both = zip(targets, found, strict=True)
        return [Live(row.id, {"environment": within, noun: id}) for (noun, id), rows in both for row in rows]

    async def find(self, api: Ateme, spec: Alert) -> list[Observed]:
        wanted = [getattr(spec, name) or None for name in self.key]
        found = [observed(*one, spec) for one in await self._rows(api, spec, compared=[comparison(spec)])]
        return [live for live in found if [live.values.get(name) or None for name in self.key] == wanted]

    async def _rows(
        self, api: Ateme, spec: Alert, *, fresh: bool = False, **wanted: Iterable[Hashable]
    ) -> list[tuple[str, str, AlertRow]]:
        """(noun, target, alert) of the target's; of both, where an alert moves from an input to an output (A-829)."""
        found = []
        for noun in ("input", "output"):
            target = getattr(spec, noun)
            if isinstance(target, str):
                listed = await self._of(api, noun, target, str(spec.environment), fresh=fresh)
                found += [(noun, target, row) for row in listed.having(**wanted)]
        return found

    async def _of(self, api: Ateme, noun: str, target: str, environment: str, *, fresh: bool) -> Listing[AlertRow]:
        """The alerts of an input or output; none for one that is gone. A 404 alone doesn't prove that: the path is
        assumed, so the list of inputs or outputs decides (A-766)."""
        try:
            return await api.listed(f"{noun}.alerts", environment, AlertRow, path={f"{noun}_id": target}, fresh=fresh)
        except NotFound as error:
            scope, shape = (environment, InputRow) if noun == "input" else (None, OutputRow)
            listed: Listing[Any] = await api.listed(f"{noun}.list", scope, shape, fresh=fresh)
            if listed.row(target):
                raise hint(error, f"but {noun} {target} exists") from None
            return Listing()

    async def status(self, api: Ateme, seen: Observed, spec: Alert, parent: Spec | None) -> Status:
        """What it has to say comes first: whether it alerts right now (A-573). It is wrong where it is muted although
        the stack wants it to watch, or the other way round (A-735), and where its status is none of the documented."""
        word = "alerting" if seen.computed.get("is_alerting") else seen.computed.get("status") or "unknown"
        live, wanted = seen.values.get("muted"), getattr(spec, "muted", None)
        said = ["muted"] if live else []
        if wrong := wanted is not None and "status" in seen.computed and live != wanted:
            said.append(f"the stack wants it {'muted' if wanted else 'active'}")
        return Status(str(word), "; ".join(said), wrong, "muted")

    # --- writing -----------------------------------------------------------------------------------------
    def body(self, spec: Alert) -> dict[str, Any]:
        """What create and update have in common: no target, and never a deprecated field (A-570, A-830)."""
        given = spec.set_fields()
        return {name: given[field] for field, name in spec.wire.items() if field in given}

    async def create(self, api: Ateme, spec: Alert) -> Observed:
        environment = str(spec.environment)
        await api.require_running(environment)
        target = {"input_ids": [spec.input]} if spec.input is not None else {"output_ids": [spec.output]}
        try:
            answer = await api.call(
                "alert.create", scope=environment, body=target | self.body(spec) | (spec.extra or {})
            )
        finally:  # also where the answer got lost
            self._forget(api)
        body = one_alert(api, answer.body)
        return Observed(
            await api.made_id("alert.create", body, AlertRow, partial(self.find, api, spec)), incomplete=True
        )

    async def update(self, api: Ateme, id: str, spec: Alert, changes: Sequence[Change]) -> None:
        """All that the update takes, in one call (A-51); muting is left to `complete`."""
        names = {change.field for change in changes}
        if names <= {"muted"}:
            return
        environment = str(spec.environment)
        await api.require_running(environment)
        live = next((row for _, _, row in await self._rows(api, spec, fresh=True, id=[id])), None)
        if live is None:
            raise NotFound(f"ateme: alert {id} does not exist", status=404)
        kept = None if "alert_after_time" in names else kept_time(live)
        body = {"alert_after_time": kept} | self.body(spec) | (spec.extra or {})
        await api.call("alert.update", scope=environment, path={"alert_id": id}, body=body)
        self._forget(api)

    async def complete(self, api: Ateme, id: str, spec: Alert, report: Report) -> Observed:
        """Mutes or unmutes where it isn't so: an update may have changed it (A-735, A-962). Where the platform
        doesn't say, what the stack writes is sent."""
        seen = await super().complete(api, id, spec, report)
        unknown = (not spec.muted) if "muted" in spec.model_fields_set else spec.muted
        if seen.values.get("muted", unknown) == spec.muted:
            return seen
        path = {"alert_id": id, "action": "deactivate" if spec.muted else "activate"}
        await api.call("alert.action", scope=str(spec.environment), path=path)
        self._forget(api)
        return await super().complete(api, id, spec, report)

    async def delete(self, api: Ateme, id: str, last: Alert, report: Report) -> None:
        """This one alert; what deletes all of an environment is never called (A-55, A-861)."""
        environment = str(last.environment)
        if await api.status(environment) == "deleted":
            return
        try:
            await api.delete("alert.delete", environment, {"alert_id": id})
        except (Conflict, Refused) as error:
            if await api.is_running(environment):
                raise
            raise hint(error, f"environment {environment} is not running") from None
        self._forget(api)

    def _forget(self, api: Ateme) -> None:
        api.changed("input.alerts", "output.alerts")


def one_alert(api: Ateme, body: Any) -> Any:
    """The new alert in the answer, which may be it or a list of it (A-48, A-828); None where it names none.
    Raises DecodeError for several: one target makes one alert."""
    op = api.table["alert.create"]
    names = id_names(AlertRow)
    if isinstance(body, Mapping) and any(name in item(op, body, *names) for name in names):
        return body
    if isinstance(body, Mapping):
        lists = (v for v in body.values() if isinstance(v, list) and all(isinstance(row, Mapping) for row in v))
        body = next(lists, None)
    if not isinstance(body, list) or not body:
        return None
    if len(body) > 1:
        raise DecodeError(f"ateme: {op.key}: one target was given, and {len(body)} alerts were made: {_ids(op, body)}")
    return body[0]


def _ids(op: Operation, body: Any) -> str:
    return ", ".join(row.id for row in read_rows(op, body, AlertRow))


def kept_time(live: AlertRow) -> Any:
    """The time that an update would else lose. Raises DecodeError where it can't be read."""
    return last_read(Alert, "ateme: alerts", ("alert_after_time",), live.given).get("alert_after_time")


def observed(noun: str, target: str, row: AlertRow, spec: Alert) -> Observed:
    """The live alert. What is deprecated (A-570) or changes by itself (A-573, A-773) is no value of it."""
    wire = {field: name for field, name in Alert.wire.items() if field != "alert_method"}
    values, unverifiable = readable(Alert, wire, row.given)
    values |= {"environment": row.environment_id or spec.environment, noun: target}
    if row.alert_method_id is not None:
        values["alert_method"] = row.alert_method_id
    if "alert_after_time" not in unverifiable:
        values.setdefault("alert_after_time", None)
    if row.status in WORDS:
        values["muted"] = WORDS[row.status]
    else:
        unverifiable["muted"] = f"the status is {row.status}" if row.status else UNSEEN
    unverifiable = dict.fromkeys((name for name in Alert.wire if name not in values), UNSEEN) | unverifiable
    computed = {"alert_id": row.id, **row.told, "is_alerting": row.is_alerting}
    return Observed(row.id, values, computed, unverifiable)
