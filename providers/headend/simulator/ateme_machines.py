"""What simulated transcoders and multi-viewers share: presets, and states that take a while to come about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import Rule
from headend.simulator.ateme_signal import Inputs
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply

DONE = {
    "creating": "running",
    "starting": "running",
    "stopping": "stopped",
    "upgrading": "running",
    "deleting": "deleted",
}
PRESET: Mapping[str, Rule] = {
    "store_preset": Rule(bool),
    "preset_id": Rule(int, null=True),
    "preset_name": Rule(null=True),
}


@dataclass(eq=False, kw_only=True)
class MachineTable(AtemeTable):
    """Kinds whose changes take a while: each look at one brings a pending change a step on (A-721)."""

    serves: Collection[str] = ()
    scope: str = "environment"

    def pending(self, sim: Ateme, call: Call, row: Row, status: str) -> Reply:
        """A change begins."""
        row |= {"status": status, "polls": sim.switch("polls")}
        return self.answer(sim, call, row, 202)

    def removed(self, sim: Ateme, call: Call, row: Row) -> Reply:
        """Its deletion begins; one that is under way refuses another."""
        if row["status"] == "deleting":
            raise Refusal(409, {"message": f"{self.words} {row[self.id_field]} is being deleted"})
        return self.pending(sim, call, row, "deleting")

    def arrives(self, row: Row) -> str | None:
        """A step on; what was pending, once it is done."""
        if row["status"] not in DONE:
            return None
        row["polls"] -= 1
        if row["polls"] > 0:
            return None
        was: str = row["status"]
        row |= {"status": DONE[was], "is_deleted": was == "deleting"}
        return was

    def look(self, sim: Ateme, call: Call, row: Row) -> Reply:
        """The row, unless it is gone by now."""
        return self.answer(sim, call, self.by_id(sim, row[self.id_field]))


@dataclass(eq=False, kw_only=True)
class PresetTable(AtemeTable):
    """Presets of one kind of machine, which machines make and overwrite."""

    settings: Collection[str]
    id_field: str = "preset_id"
    readers: str = "operator"
    hidden: Collection[str] = ()


class Machines(Inputs):
    """What makes inputs of inputs."""

    switches = {
        "presets": ("grow", "by_name"),  # storing one again: a second one, or the same
    }

    def preset(self, call: Call, kind: PresetTable, body: Row) -> Row | None:
        """The preset that the call makes or overwrites (A-529..531, A-554); takes its fields out of the body."""
        asked = {name: body.pop(name, None) for name in PRESET}
        if not asked["store_preset"]:
            return None
        known = kind.rows(self)
        id, name = asked["preset_id"], asked["preset_name"]
        if id is None and not name:
            self.refuse({"preset_name": "is required for a new preset"})
        if id is not None and (str(id) not in known or not kind.owns(self, call, known[str(id)])):
            raise Refusal(404, {"message": f"no such preset: {id}"})
        if id is None and self.switch("presets") == "by_name":
            id = next((row["preset_id"] for row in known.values() if row["preset_name"] == name), None)
        if id is None:
            id = int(self.new_id("preset").rpartition("-")[2])
        name = name or known[str(id)]["preset_name"]
        kept = {key: body[key] for key in kind.settings if key in body}
        return {"preset_id": id, "preset_name": name, "organisation_id": self.scope(call, "managing"), **kept}

    def store(self, preset: Row | None, kind: PresetTable) -> None:
        if preset is not None:
            kind.rows(self)[str(preset["preset_id"])] = preset
