"""Action configurations: what an action does in one group, with which field values (M-100..M-123)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.core.model.capabilities import Catalogued
from headend.core.model.errors import Ambiguous, ApiError, DecodeError, Forbidden, NotFound, Unavailable
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.secrets import ask_without
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.answers import Configuration, ConfigurationBrief, turned_away
from headend.mycujoo.definition import check
from headend.mycujoo.stored_configuration import observed, refuse_unequal, unequal
from headend.mycujoo.values import Value, wire

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi


class ActionConfigurationKind(
    Kind[ActionConfiguration, "MycujooApi"], Catalogued[ActionConfiguration, "MycujooApi"], Listed["MycujooApi"]
):
    """An action configured for a group: its title, its field values, its place in the group's order.

    Changing the action or the group replaces it. `order` can't be given at creation, so a second request sets it;
    the platform may renumber the group's other entries, so manage it only where it matters.
    """

    name = "mycujoo.action_configuration"
    read_together = True
    model = ActionConfiguration
    key = ("group_id", "action_id", "title")  # the platform doesn't promise that it's unique (M-113)
    one_at_a_time_per = "group_id"
    listed_by = "a group's id"
    told_by = ("title",)
    completes_in_turn = True  # the order is the group's
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
        return await observed(api, stored, spec)

    async def list_live(self, api: MycujooApi, within: str | None) -> Sequence[Live]:
        """Of one group: no call lists groups (M-68)."""
        return [Live(id, {"group_id": within}) for id in _ids(await api.configurations(str(within)))]

    async def find(self, api: MycujooApi, spec: ActionConfiguration) -> list[Observed]:
        """One list of the group, shared by the run; one GET for a single hit. Of several, only the ids tell (M-113)."""
        items = await api.configurations(spec.group_id)
        api.known.setdefault(spec.group_id, set()).update(_ids(items))
        ids = _ids(_alike(items, spec))
        if len(ids) > 1:
            return [Observed(id, unverifiable={"fields": "the list doesn't show them"}) for id in ids]
        found = [await self.observe(api, id, spec) for id in ids]
        return [one for one in found if one is not None]

    async def check_catalogue(self, api: MycujooApi, spec: ActionConfiguration) -> Sequence[Problem]:
        """The action's definition against the fields: one GET per action and run (M-114..M-122)."""
        if not isinstance(spec.action_id, str):
            return ()
        try:
            action = await api.action(spec.action_id)
        except NotFound:
            return [Problem(f"action_id: no such action: {spec.action_id}")]
        except ApiError as error:
            return [warning(f"the action's definition can't be read, so fields aren't checked: {error}")]
        return ask_without([spec], lambda: check(action, spec.fields or {}), [])

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
        except (Ambiguous, DecodeError, Unavailable) as error:
            if turned_away(error):
                raise
            stored = await self._settled(api, spec, body, error)
        try:
            live = await observed(api, stored, spec)
        except ApiError:  # it exists, and must not be lost over an answer that can't be understood
            return Observed(stored.id, incomplete=True)
        unfinished = bool(unequal(live, spec))
        return Observed(live.id, live.values, live.computed, live.unverifiable, incomplete=unfinished)

    async def _settled(
        self, api: MycujooApi, spec: ActionConfiguration, body: Mapping[str, Any], error: ApiError
    ) -> Configuration:
        """What a creation without a clear answer has left behind. If nothing, it's tried once more, unless the platform
        said that it was made (M-107)."""
        try:
            items = await api.configurations(spec.group_id, fresh=True)
        except ApiError:
            raise error from None
        new = [id for id in _ids(_alike(items, spec)) if id not in api.known[spec.group_id]]
        if not new and not isinstance(error, DecodeError):
            return await api.create_configuration(body)
        if len(new) != 1:
            told = f"{len(new)} new configurations look like it: {', '.join(new)}" if new else "none is listed yet"
            raise type(error)(f"{error}; {told}", status=error.status, code=error.code) from error
        api.known[spec.group_id].add(new[0])
        return await api.configuration(new[0], fresh=True)

    async def complete(self, api: MycujooApi, id: str, spec: ActionConfiguration, report: Report) -> Observed:
        """Sets the order that creation couldn't, then reads again: others may have moved (M-106, M-197)."""
        live = await self._present(api, id, spec)
        if spec.order is not None and live.values["order"] != spec.order:
            report(f"setting the order of {spec.title}")
            await self._patch(api, id, spec, {"order": spec.order})
            live = await self._present(api, id, spec, fresh=True)
        refuse_unequal(unequal(live, spec), id)
        return live

    async def update(self, api: MycujooApi, id: str, spec: ActionConfiguration, changes: Sequence[Change]) -> None:
        """One PATCH with the changed keys; `fields` always as the complete list (M-108). No changes, no request."""
        changed = {change.field for change in changes} & {"title", "order", "fields"}
        wanted: dict[str, Any] = {"title": spec.title, "order": spec.order, "fields": _on_the_wire(spec.fields)}
        body = {key: value for key, value in wanted.items() if key in changed and value is not None}
        if body:
            await self._patch(api, id, spec, body)

    async def delete(self, api: MycujooApi, id: str, last: ActionConfiguration, report: Report) -> None:
        """One DELETE; a 404, 400 or 500 is success if the group's list no longer holds the id (M-11, M-109)."""
        try:
            await api.delete_configuration(id, last.group_id)
        except ApiError as error:
            if not await _is_gone(api, id, last.group_id, error):
                raise
        api.known.get(last.group_id, set()).discard(id)

    async def _patch(self, api: MycujooApi, id: str, spec: ActionConfiguration, body: Mapping[str, Any]) -> None:
        """Sends the change and compares the echo with what was sent; keys may have been dropped silently (M-108)."""
        echo = await api.update_configuration(id, spec.group_id, body)
        live = await observed(api, echo, spec)
        refuse_unequal([key for key in unequal(live, spec) if key in body], id)

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
    if not (isinstance(error, NotFound) or error.status in {400, 500}):
        return False
    return id not in _ids(await api.configurations(group_id, fresh=True))


def _on_the_wire(fields: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"field": name, **wire(value)} for name, value in sorted((fields or {}).items())]


def _alike(items: Iterable[ConfigurationBrief], spec: ActionConfiguration) -> list[ConfigurationBrief]:
    return [item for item in items if item.action_id == spec.action_id and item.title == spec.title]


def _ids(items: Iterable[ConfigurationBrief]) -> list[str]:
    return [item.id for item in items]
