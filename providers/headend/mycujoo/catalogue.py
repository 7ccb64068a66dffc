"""What mycujoo offers and headend finds: actions and their categories (M-150..M-152, M-161)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.core.model.lookup import Candidate, Lookup
from headend.core.wire.decode import Shape
from headend.mycujoo import answers

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi


class Action(Lookup["MycujooApi"]):
    """An action of the catalogue, by its exact title and what narrows it down."""

    name = "mycujoo.action"
    fields = {
        "title": "as the catalogue shows it (M-150)",
        "service_id": "of the service that carries the action out (M-63)",
        "category_id": "of its category; a lookup of mycujoo.action_category may stand here (M-63)",
        "description": "as the catalogue shows it (M-63)",
        "is_active": "whether it can be used now (M-63)",
    }
    through = {"category_id": "mycujoo.action_category"}

    async def candidates(self, api: MycujooApi, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        """The platform filters by service and category, the rest is done here."""
        query = {name: str(wanted[name]) for name in ("category_id", "service_id") if wanted.get(name)}
        rows = await api.catalogue(answers.ActionBrief, "action.list", query)
        return [Candidate(row.id, {**_told(row, self.fields), "is_active": row.is_active}) for row in rows]


class ActionCategory(Lookup["MycujooApi"]):
    """A category of actions, by its exact title, for the lookup of an action in it."""

    name = "mycujoo.action_category"
    fields = {
        "title": "as the catalogue shows it (M-152)",
        "menu_title": "as menus show it (M-152)",
        "description": "as the catalogue shows it (M-67)",
    }

    async def candidates(self, api: MycujooApi, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        rows = await api.catalogue(answers.Category, "action_category.list", {})
        return [Candidate(row.id, _told(row, self.fields)) for row in rows]


def _told(row: Shape, names: Mapping[str, str]) -> dict[str, Any]:
    """What the row says of these; absent keys are zeros (M-13), which nobody looks for but of `is_active`."""
    found = row.model_dump()
    return {name: found[name] for name in names if found[name]}
