"""What simulated transcoders and multi-viewers share: presets, and states that take a while to come about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from headend.simulator.ateme_base import Row
from headend.simulator.ateme_rules import Rule
from headend.simulator.ateme_signal import Inputs
from headend.simulator.base import Call, Refusal, Reply

DONE = {"creating": "running", "starting": "running", "stopping": "stopped", "deleting": "deleted"}
PRESET: Mapping[str, Rule] = {
    "store_preset": Rule(bool),
    "preset_id": Rule(int, null=True),
    "preset_name": Rule(null=True),
}


class Machines(Inputs):
    """table: where the presets of that kind are."""

    def presets(self, call: Call, table: str) -> Reply:
        self.need_role(call, "operator")
        return self.many("presets", [row for row in self.world[table].values() if self._mine(call, row)])

    def delete_preset(self, call: Call, table: str) -> Reply:
        self.need_role(call, "operator")
        row = self.world[table].get(call.path["preset_id"])
        if row is None or not self._mine(call, row):
            raise Refusal(404, {"message": "no such preset"})
        del self.world[table][call.path["preset_id"]]
        return Reply(204)

    def preset(self, call: Call, table: str, body: Row, settings: Collection[str]) -> Row | None:
        """The preset that the call makes or overwrites (A-529..531, A-554); takes its fields out of the body."""
        asked = {name: body.pop(name, None) for name in PRESET}
        if not asked["store_preset"]:
            return None
        known = self.world[table]
        id, name = asked["preset_id"], asked["preset_name"]
        if id is None and not name:
            self.refuse({"preset_name": "is required for a new preset"})
        if id is not None and (str(id) not in known or not self._mine(call, known[str(id)])):
            raise Refusal(404, {"message": f"no such preset: {id}"})
        if id is None and self.switch("presets") == "by_name":
            id = next((row["preset_id"] for row in known.values() if row["preset_name"] == name), None)
        if id is None:
            id = int(self.new_id("preset").rpartition("-")[2])
        name = name or known[str(id)]["preset_name"]
        kept = {key: body[key] for key in settings if key in body}
        return {"preset_id": id, "preset_name": name, "organisation_id": self.scope(call, "managing"), **kept}

    def store(self, preset: Row | None, table: str) -> None:
        if preset is not None:
            self.world[table][str(preset["preset_id"])] = preset

    def _mine(self, call: Call, row: Row) -> bool:
        return bool(row["organisation_id"] == self.scope(call, "managing"))
