"""Kinds of the simulated Ateme+ Cloud API: who may ask, what is whose, and what deletion leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headend.simulator.messages import Call, Reply
from headend.simulator.table import Row, Table

if TYPE_CHECKING:
    from headend.simulator.ateme import Ateme

SCOPES: Mapping[str, tuple[str, str]] = {
    "managing": ("organisation_id", "managing"),
    "organisation": ("organisation_id", "organisation"),
    "environment": ("environment_id", "environment"),
    "taker": ("taker_organisation_id", "managing"),
}
"""Whose a row is: its field, and what of the call's scope that has to be."""


def _within(sim: Ateme, call: Call, row: Row, scope: str) -> bool:
    field, name = SCOPES[scope]
    return bool(row[field] == sim.scope(call, name))


@dataclass(eq=False, kw_only=True)
class AtemeTable(Table["Ateme"]):
    """scope: a key of SCOPES; listed: another one, for lists. placed: written only in the active environment, while it
    runs. readers: the role that a list asks for; every write asks for operators. partial: what an update may leave out
    is up to the switch `updates`. soft: deleted rows stay, marked. hidden: fields that no answer shows. holds: fields
    that name other objects, and keep these from being deleted.
    """

    scope: str = "managing"
    listed: str = ""
    placed: bool = False
    readers: str = ""
    partial: bool = False
    soft: bool = False
    hidden: Collection[str] = ("organisation_id",)
    holds: Collection[str] = ()

    # --- who may ask -------------------------------------------------------------------------------------------
    def admit(self, sim: Ateme, call: Call, verb: str) -> None:
        role = self.readers if verb in {"list", "get"} else "operator"
        if role:
            sim.need_role(call, role)
        if verb == "create" and self.placed:
            sim.active_environment(call)

    def owns(self, sim: Ateme, call: Call, row: Row) -> bool:
        return _within(sim, call, row, self.scope)

    def lists(self, sim: Ateme, call: Call) -> list[Row]:
        return [row for row in self.live(sim) if _within(sim, call, row, self.listed or self.scope)]

    def live(self, sim: Ateme) -> list[Row]:
        """Without those that are deleted and hidden."""
        hidden = sim.switch("deleted") == "gone"
        return [row for row in self.rows(sim).values() if not (hidden and row.get("is_deleted"))]

    def by_id(self, sim: Ateme, id: str) -> Row:
        """Not what is deleted and hidden."""
        row = super().by_id(sim, id)
        if row.get("is_deleted") and sim.switch("deleted") == "gone":
            raise self.missing(sim, id)
        return row

    def found(self, sim: Ateme, call: Call, verb: str = "get") -> Row:
        """404 outside of the scope (A-775). What is deleted can still be read, if the switch says so."""
        row = super().found(sim, call, verb)
        if verb == "get":
            return row
        away = self.placed and row["environment_id"] != sim.scope(call, "environment")
        if away or row.get("is_deleted"):
            raise self.missing(sim, row[self.id_field])
        if self.placed:
            sim.active_environment(call)
        return row

    # --- rows --------------------------------------------------------------------------------------------------
    def body(self, sim: Ateme, call: Call, verb: str) -> Row:
        partial = verb == "update" and self.partial and sim.switch("updates") == "partial"
        return sim.body(call, self.fields(sim, call, verb), partial=partial)

    def new(self, sim: Ateme, call: Call, given: Row) -> Row:
        rules = self.fields(sim, call, "create")
        row = {name: rule.default for name, rule in rules.items() if rule.default is not None}
        row |= given
        if self.placed:
            place = sim.active_environment(call)
            row |= {name: place[name] for name in ("environment_id", "organisation_id")}
        if self.scope != "environment":
            field, name = SCOPES[self.scope]
            row[field] = sim.scope(call, name)
        return row | {"is_deleted": False} if self.soft else row

    def changed(self, sim: Ateme, call: Call, row: Row, given: Row) -> Row:
        return sim.changed(row, self.fields(sim, call, "update"), given) if self.partial else row | given

    def remove(self, sim: Ateme, row: Row) -> Reply:
        if not self.soft:
            return super().remove(sim, row)
        row["is_deleted"] = True
        return Reply(204)

    # --- answers -----------------------------------------------------------------------------------------------
    def shown(self, sim: Ateme, call: Call, row: Row) -> Row:
        """A row says that it is deleted, but not that it isn't."""
        row = super().shown(sim, call, row)
        kept = {name: value for name, value in row.items() if name not in self.hidden}
        if not kept.get("is_deleted"):
            kept.pop("is_deleted", None)
        return kept

    def many(self, sim: Ateme, call: Call, rows: Iterable[Row]) -> Reply:
        return sim.many(f"{self.noun}s", rows)

    def one(self, sim: Ateme, call: Call, row: Row, status: int = 200) -> Reply:
        return sim.one(self.noun, row, status)
