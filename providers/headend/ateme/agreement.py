"""Permanent schedule agreements: bought elsewhere, found here, used up by an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.ateme.rows_office import AgreementRow
from headend.core.model.lookup import Candidate, Lookup

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


class Agreement(Lookup["Ateme"]):
    """A bought agreement that is neither assigned nor finished (A-711). headend never buys one (A-858)."""

    name = "ateme.agreement"
    fields = {
        "agreement_id": "its id (A-705)",
        "is_assigned": "false for all that are offered (A-706)",
        "is_finished": "false for all that are offered (A-707)",
        "expiry_date": "when it ends (A-708)",
        "bitrate": "upper bound for the input that is scheduled; the unit is not documented (A-709)",
    }
    used_up_when_found = True

    async def candidates(self, api: Ateme, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        """Read anew each time: what an output lets go of may become free, or finished, in between (A-741, A-981)."""
        rows = await api.listed("agreement.list", None, AgreementRow, fresh=True)
        return [
            Candidate(row.id, {n: row.given[n] for n in self.fields if n in row.given} | {"agreement_id": row.id})
            for row in rows
            if row.free
        ]
