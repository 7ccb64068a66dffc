"""Joining a dashboard group: a field of inputs, outputs, and of what makes an input itself (A-418, A-464, A-990)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.ateme.rows import GroupRow
from headend.ateme.viewers import input_rows
from headend.core.model.errors import ApiError, Refused
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.observed import Change
from headend.core.model.proposal import Proposal

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

FIELD = "dashboard_group"
UNGROUPED = "no call takes an object out of its group (A-977)"


def unfit(related: Mapping[str, Spec], fitting: Collection[str]) -> list[Problem]:
    """A group of the stack is looked at before there is any (A-841)."""
    return _unfit(getattr(related.get(FIELD), "group_type", None), fitting)


async def review_group(api: Ateme, proposal: Proposal[Any], fitting: Collection[str]) -> list[Problem]:
    """The refusal of a group for something else, and of leaving one (A-841, A-977). fitting: types of groups that it
    can be in."""
    if proposal.spec is None:
        return []
    if _leaves(proposal.edits):
        return [Problem(f"{FIELD}: {UNGROUPED}", remedy="name another group, or make it anew")]
    group = getattr(proposal.spec, FIELD)
    if not isinstance(group, str) or not (proposal.creates or any(change.field == FIELD for change in proposal.edits)):
        return []
    try:
        groups = await api.listed("dashboard_group.list", None, GroupRow)
    except ApiError as error:
        return [warning(f"{FIELD} can't be checked: {error}")]
    # one that isn't listed is left to the server
    row = groups.row(group)
    return _unfit(row.group_type if row else None, fitting)


def raise_if_leaving(changes: Sequence[Change], what: str) -> None:
    """Raises Refused where an update would take it out of its group (A-977)."""
    if _leaves(changes):
        raise Refused(f"ateme: {what}: {UNGROUPED}")


async def join(api: Ateme, noun: str, environment: str, id: str, group: object) -> None:
    """Puts an input or output into the group."""
    body = {"dashboard_group_id": group}
    await api.call(f"{noun}.dashboard_group", scope=environment, path={f"{noun}_id": id}, body=body)
    api.changed(f"{noun}.list", f"{noun}.get")


async def joined(api: Ateme, environment: str, made: str | None) -> dict[str, Any]:
    """The field's value of what makes that input; nothing where no row shows one."""
    row = (await input_rows(api, environment)).row(made) if made is not None else None
    return {FIELD: row.dashboard_group_id} if row is not None and "dashboard_group_id" in row.given else {}


async def join_by_result(api: Ateme, environment: str, made: str | None, group: object, what: str) -> None:
    """Puts the input that a machine makes into the machine's group, unless it is there (A-990)."""
    if made is None:
        raise Refused(f"ateme: {what}: nothing shows which input it makes, so that none can join its {FIELD}")
    if (await joined(api, environment, made)).get(FIELD) != group:
        await join(api, "input", environment, made, group)


def _leaves(changes: Sequence[Change]) -> bool:
    return any(change.field == FIELD and change.after is None for change in changes)


def _unfit(group_type: Any, fitting: Collection[str]) -> list[Problem]:
    if group_type is None or group_type in fitting:
        return []
    remedy = f"it can be in one for: {', '.join(sorted(fitting))}"
    return [Problem(f"{FIELD}: it names a group for: {group_type}", remedy=remedy)]
