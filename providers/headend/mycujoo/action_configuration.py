"""Action configurations: what an action does in one group, with which field values (M-100..M-123)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, field_validator

from headend.core.model.errors import Ambiguous, ApiError, DecodeError, Forbidden, NotFound, Refused, Unavailable
from headend.core.model.fields import Found, Immutable, OwnCall, Same, Secret, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Query
from headend.mycujoo.api import MycujooApi
from headend.mycujoo.calls import turned_away
from headend.mycujoo.definition import check, default_of, definitions
from headend.mycujoo.values import KEYS, Value, canonical, is_zero, kind_of_type, normal_fields, read, same, wire

_AS_WRITTEN = {
    "anyOf": [
        {"type": ["boolean", "number", "string"]},
        {
            "type": "object",
            "properties": {
                "bool_value": {"type": "boolean"},
                "datetime_value": {"type": "string", "format": "date-time"},
                "float_value": {"type": "number"},
                "number_value": {"type": ["integer", "string"]},
                "string_value": {"type": "string"},
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}
"""What editors may accept for one value: authors write more than the canonical form."""


class ActionConfiguration(Spec):
    """Desired state of one configuration.

    `fields`: {name: value}; a value is a boolean, a whole number, a float, a string, or says its kind, as in
    `{datetime_value: "2026-12-05T15:00:00Z"}`.
    """

    action_id: Annotated[
        Annotated[str, Field(min_length=1)] | Query,
        Field(description="Id of the action (M-100)"),
        Immutable(),
        Found("mycujoo.action"),
    ]
    group_id: Annotated[
        str, Field(min_length=1, description="Id of the group it belongs to, opaque (M-100)"), Immutable()
    ]
    title: Annotated[str, Field(min_length=1, description="Title; part of what it is found by (M-100, M-113)")]
    fields: Annotated[
        dict[str, Annotated[Value, WithJsonSchema(_AS_WRITTEN)]],
        Field(description="Values by the names of the action's fields; may hold secrets (M-101..M-104)"),
        Secret(),
        Same(normal_fields),
    ] = {}
    order: Annotated[
        int | None,
        OwnCall(),
        Field(ge=-(2**31), lt=2**31, description="Place in the group; unmanaged when not given (M-106, M-197)"),
    ] = None

    @field_validator("fields", mode="before")
    @classmethod
    def _canonical(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            raise ValueError("must be a mapping of field names to values (M-101)")  # noqa: TRY004  pydantic wants it
        values: dict[str, Value] = {}
        for name, value in given.items():
            if not isinstance(name, str) or not name:
                raise ValueError("field names are non-empty strings (M-101)")
            try:
                values[name] = canonical(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return values


class ActionConfigurationKind(Kind[ActionConfiguration, MycujooApi]):
    """An action configured for a group: its title, its field values, its place in the group's order.

    Changing the action or the group replaces it. `order` can't be given at creation, so a second request sets it;
    the platform may renumber the group's other entries, so manage it only where it matters.
    """

    name = "mycujoo.action_configuration"
    collection = "action_configurations"
    model = ActionConfiguration
    key = ("group_id", "action_id", "title")  # the platform doesn't promise that it's unique (M-113)
    one_at_a_time_per = "group_id"
    create_before_delete = True  # no uniqueness is documented (M-110)

    # --- reading -------------------------------------------------------------------------------------------
    async def observe(
        self, api: MycujooApi, id: str, spec: ActionConfiguration, *, fresh: bool = False
    ) -> Observed | None:
        """One GET; a 404, 400 or 500 means absence only if the group's list confirms it (M-111)."""
        try:
            stored = await api.configuration(id, fresh=fresh)
        except ApiError as error:
            if await _is_gone(api, id, spec.group_id, error):
                return None
            raise
        return await _observed(api, id, stored, spec)

    async def find(self, api: MycujooApi, spec: ActionConfiguration) -> list[Observed]:
        """One list of the group, shared by the run; one GET for a single hit. Of several, only the ids tell (M-113)."""
        items = await api.configurations(spec.group_id)
        api.known.setdefault(spec.group_id, set()).update(_ids(items))
        ids = _ids(_alike(items, spec))
        if len(ids) > 1:
            return [Observed(id, unverifiable={"fields": "the list doesn't show them"}) for id in ids]
        found = [await self.observe(api, id, spec) for id in ids]
        return [one for one in found if one is not None]

    async def review(self, api: MycujooApi, proposal: Proposal[ActionConfiguration]) -> Sequence[Problem]:
        """The action's definition against the fields: one GET per action and run (M-114..M-122)."""
        spec = proposal.spec
        if spec is None or not isinstance(spec.action_id, str):
            return ()
        try:
            action = await api.action(spec.action_id)
        except NotFound:
            return [Problem(f"action_id: no such action: {spec.action_id}")]
        except ApiError as error:
            return [warning(f"the action's definition can't be read, so fields aren't checked: {error}")]
        return check(action, spec.fields or {})

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: MycujooApi, spec: ActionConfiguration) -> Observed:
        """One POST, without `order`; settled by the group's list if its answer was lost (M-106, M-107)."""
        if spec.group_id not in api.known:
            api.known[spec.group_id] = set(_ids(await api.configurations(spec.group_id)))
        body: dict[str, Any] = {"action_id": spec.action_id, "group_id": spec.group_id, "title": spec.title}
        if spec.fields:
            body["fields"] = _on_the_wire(spec.fields)
        try:
            stored = await api.create_configuration(body)
        except (Ambiguous, Unavailable) as error:
            if turned_away(error):
                raise
            stored = await self._settled(api, spec, body, error)
        id = str(stored["id"])
        try:
            live = await _observed(api, id, stored, spec)
        except ApiError:  # it exists, and must not be lost over an answer that can't be understood
            return Observed(id, incomplete=True)
        unequal = _unequal(live, spec)
        return Observed(live.id, live.values, live.computed, live.unverifiable, incomplete=bool(unequal))

    async def _settled(
        self, api: MycujooApi, spec: ActionConfiguration, body: Mapping[str, Any], error: ApiError
    ) -> dict[str, Any]:
        """What a creation without a clear answer has left behind; if nothing, it's tried once more (M-107)."""
        try:
            items = await api.configurations(spec.group_id, fresh=True)
        except ApiError:
            raise error from None
        new = [id for id in _ids(_alike(items, spec)) if id not in api.known[spec.group_id]]
        if not new:
            return await api.create_configuration(body)
        if len(new) > 1:
            raise type(error)(
                f"{error}; {len(new)} new configurations look like it: {', '.join(new)}", status=error.status
            ) from error
        api.known[spec.group_id].add(new[0])
        return {**await api.configuration(new[0], fresh=True), "id": new[0]}

    async def complete(self, api: MycujooApi, id: str, spec: ActionConfiguration, report: Report) -> Observed:
        """Sets the order that creation couldn't, then reads again: others may have moved (M-106, M-197)."""
        live = await self._present(api, id, spec)
        if spec.order is not None and live.values["order"] != spec.order:
            report(f"setting the order of {spec.title}")
            await self._patch(api, id, spec, {"order": spec.order})
            live = await self._present(api, id, spec, fresh=True)
        _refuse_unequal(_unequal(live, spec), id)
        return live

    async def update(self, api: MycujooApi, id: str, spec: ActionConfiguration, changes: Sequence[Change]) -> None:
        """One PATCH with the changed keys; `fields` always as the complete list (M-108). No changes, no request."""
        changed = {change.field for change in changes} & {"title", "order", "fields"}
        wanted: dict[str, Any] = {"title": spec.title, "order": spec.order, "fields": _on_the_wire(spec.fields)}
        body = {key: value for key, value in wanted.items() if key in changed and value is not None}
        if body:
            await self._patch(api, id, spec, body)

    async def delete(self, api: MycujooApi, id: str, last: ActionConfiguration, report: Report) -> None:
        """One DELETE; 404 is success, a 400 or 500 is one if the group's list no longer holds the id (M-109)."""
        try:
            await api.delete_configuration(id, last.group_id)
        except NotFound:
            pass
        except ApiError as error:
            if not await _is_gone(api, id, last.group_id, error):
                raise
        api.known.get(last.group_id, set()).discard(id)

    async def _patch(self, api: MycujooApi, id: str, spec: ActionConfiguration, body: Mapping[str, Any]) -> None:
        """Sends the change and compares the echo with what was sent; keys may have been dropped silently (M-108)."""
        echo = await api.update_configuration(id, spec.group_id, body)
        live = await _observed(api, id, echo, spec)
        _refuse_unequal([key for key in _unequal(live, spec) if key in body], id)

    async def _present(self, api: MycujooApi, id: str, spec: ActionConfiguration, *, fresh: bool = False) -> Observed:
        live = await self.observe(api, id, spec, fresh=fresh)
        if live is None:
            raise NotFound(f"{self.name} {id} vanished right after it was written")
        return live


async def _is_gone(api: MycujooApi, id: str, group_id: str, error: ApiError) -> bool:
    """Whether the group's list proves that the object is absent (M-111). A wrong base URL answers 404 too, and so
    does its list; that error goes up. 401, 403, 429 and 503 never mean gone."""
    if isinstance(error, Forbidden) or error.code in {8, 14}:
        return False
    if not (isinstance(error, NotFound) or error.status in {400, 404, 500}):
        return False
    return id not in _ids(await api.configurations(group_id, fresh=True))


async def _observed(api: MycujooApi, id: str, stored: Mapping[str, Any], spec: ActionConfiguration) -> Observed:
    """An answer's object in the spec's own types; absent keys are zeros (M-13)."""
    values = {
        "action_id": stored.get("action_id") or "",
        "group_id": stored.get("group_id") or "",
        "title": stored.get("title") or "",
        "order": stored.get("order") or 0,
        "fields": await _fields(api, stored, spec),
    }
    return Observed(id, values)


async def _fields(api: MycujooApi, stored: Mapping[str, Any], spec: ActionConfiguration) -> dict[str, Value]:
    """{name: value} as stored. Values equal to the declared ones are in the declared spelling (M-103, M-104);
    undeclared ones that equal the action's default or zero are left out: they are no drift (M-123).
    """
    declared = spec.fields or {}
    rows: Mapping[str, Any] | None = None  # read only when needed: N objects refresh with N requests (M-114)
    found: dict[str, Value] = {}
    for entry in stored.get("fields") or []:
        name = str(entry.get("field") or "")
        wanted = declared.get(name)
        kind = next(iter(wanted)) if wanted else None
        one = sum(entry.get(key) is not None for key in KEYS) == 1
        row: Mapping[str, Any] = {}
        try:
            value = read(entry, kind) if one else None
            if value is None or (wanted is None and not is_zero(value)):
                rows = await _definitions(api, str(stored.get("action_id") or spec.action_id)) if rows is None else rows
                row = rows.get(name, {})
                value = read(entry, kind_of_type(row.get("value_type")), kind)
        except ValueError as error:
            if spec.fields is None:  # all that is known of it is that it's to be deleted: its values don't matter
                continue
            raise DecodeError(f"mycujoo action_configuration {stored.get('id')}: fields.{name}: {error}") from None
        if wanted is not None and value is not None:
            found[name] = wanted if same(wanted, value) else value
        elif value is not None and not is_zero(value) and not _is_default(row, value):
            found[name] = value
    return found


async def _definitions(api: MycujooApi, action_id: str) -> Mapping[str, Any]:
    """The action's field definitions; nothing where they can't be read."""
    try:
        return definitions(await api.action(action_id))
    except ApiError:
        return {}


def _is_default(row: Mapping[str, Any], value: Value) -> bool:
    default = default_of(row)
    return default is not None and same(value, default)


def _unequal(live: Observed, spec: ActionConfiguration) -> list[str]:
    """Declared keys whose live value differs."""
    wanted: dict[str, Any] = {"title": spec.title, "fields": normal_fields(spec.fields or {})}
    if spec.order is not None:
        wanted["order"] = spec.order
    seen = {**live.values, "fields": normal_fields(live.values["fields"])}
    return [key for key, value in wanted.items() if seen[key] != value]


def _refuse_unequal(keys: Sequence[str], id: str) -> None:
    if keys:
        raise Refused(
            f"mycujoo action_configuration {id}: the platform accepted the request and stored something else "
            f"in: {', '.join(keys)}"
        )


def _on_the_wire(fields: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"field": name, **wire(value)} for name, value in sorted((fields or {}).items())]


def _alike(items: Sequence[Mapping[str, Any]], spec: ActionConfiguration) -> list[Mapping[str, Any]]:
    return [i for i in items if i.get("action_id") == spec.action_id and (i.get("title") or "") == spec.title]


def _ids(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(item["id"]) for item in items if item.get("id")]
