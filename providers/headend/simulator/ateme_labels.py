"""Access permissions labels of the simulated Ateme+ Cloud API (A-264..267)."""

from __future__ import annotations

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal


class Labels(Ateme):
    """What events carry, and guests are allowed."""

    labels = AtemeTable("label", {"text": NEEDED})

    @labels.before("delete")
    def unreferenced(self, call: Call, row: Row, given: Row) -> None:
        """Deletes only what nothing refers to (A-267)."""
        alive = [other for other in self.everything() if not other.get("is_deleted")]
        if any(row["label_id"] in (other.get("label_ids") or ()) for other in alive):
            raise Refusal(409, {"message": "the label is referenced"})
