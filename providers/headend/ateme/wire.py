"""Every documented call of Ateme+ Cloud API, A-101..A-380, by its key.

The document names five paths literally (mark D, D*); the rest are assumed (A) and can be overridden by key in the
connection's `operations` (A-41). Paths start with /api (A-42). Roles: SU superuser, AC accounts staff, A admin,
O+ operator and above, M+ monitor and above; mo, ao, ae, tk are the managing organisation, the active organisation,
the active environment and the taker organisation that decide; "" where the document names no role (A-57).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headend.ateme import wire_accounts, wire_office, wire_services, wire_signal, wire_timing
from headend.ateme.wire_parameters import EXACTLY_ONE, PARAMETERS, SPANS
from headend.ateme.wire_together import TOGETHER
from headend.core.wire.operations import Operation, Table

_ROWS = [*wire_accounts.ROWS, *wire_signal.ROWS, *wire_timing.ROWS, *wire_services.ROWS, *wire_office.ROWS]


_OPEN: Mapping[str, tuple[str, ...]] = {
    "schedule.create": ("input_id", "output_id"),
    "permanent_schedule.create": ("input_id",),
    "event_subscription.create": ("output_id",),
    "event_subscription.update": ("output_id",),
    "recording_schedule.create": ("input_id",),
    "source_invitation.visibility": ("visible",),
    "source_invitation.max_destinations": ("max_destinations",),
    "transcoder.create": ("input_id",),
    "transcoder.update": ("input_id",),
}
"""What source and destination are called in a body, the document says nowhere: `source_id` and `destination_id` are
as likely (A-579, A-580). Nor does it name what is set of a guest in an environment (A-978). The connection's
`operations` can say so under `keys`."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "input": ("source", "channel"),
    "output": ("destination",),
    "environment": ("env", "cenv"),
    "organisation": ("organization", "org"),
    "label": ("tag",),
    "tiles": ("panes",),
    "title": ("caption",),
    "token": ("invitation",),
    "provider": ("cloud",),
    "region": ("zone",),
}
"""Noun of headend's -> what a tenant's own document may call it. "c_env" is an environment, as it is two words."""


def _with_values(op: Operation) -> Operation:
    key, names = op.key, _OPEN.get(op.key, ())
    return replace(
        op,
        parameters=PARAMETERS.get(key, ()),
        exactly_one=EXACTLY_ONE.get(key, ()),
        spans=SPANS.get(key, ()),
        together=TOGETHER.get(key, ()),
        keys={**op.keys, **dict(zip(names, names, strict=True))},
    )


TABLE = Table([_with_values(op) for op in _ROWS])
