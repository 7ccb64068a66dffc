"""Every documented call of Ateme+ Cloud API, A-101..A-380, by its key.

The document names five paths literally (mark D, D*); the rest are assumed (A) and can be overridden by key in the
connection's `operations` (A-41). Paths start with /api (A-42). Roles: SU superuser, AC accounts staff, A admin,
O+ operator and above, M+ monitor and above; mo, ao, ae, tk are the managing organisation, the active organisation,
the active environment and the taker organisation that decide; "" where the document names no role (A-57).
"""

from __future__ import annotations

from dataclasses import replace

from headend.ateme import wire_accounts, wire_office, wire_services, wire_signal, wire_timing
from headend.ateme.wire_parameters import EXACTLY_ONE, PARAMETERS, SPANS
from headend.ateme.wire_together import TOGETHER
from headend.core.wire.operations import Operation, Table

_ROWS = [*wire_accounts.ROWS, *wire_signal.ROWS, *wire_timing.ROWS, *wire_services.ROWS, *wire_office.ROWS]


def _with_values(op: Operation) -> Operation:
    key = op.key
    one_of, spans, together = EXACTLY_ONE.get(key, ()), SPANS.get(key, ()), TOGETHER.get(key, ())
    return replace(op, parameters=PARAMETERS.get(key, ()), exactly_one=one_of, spans=spans, together=together)


TABLE = Table([_with_values(op) for op in _ROWS])
