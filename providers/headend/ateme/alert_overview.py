"""Which inputs and outputs have alerts, by the overview of all: one request instead of one for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headend.ateme.answers import read_rows, rows
from headend.ateme.listing import Listing
from headend.ateme.rows import EnvironmentRow, InputRow, OutputRow, Row
from headend.ateme.rows_office import AlertRow
from headend.core.model.errors import ApiError, DecodeError
from headend.core.wire.decode import decode

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

SHAPES: Mapping[str, type[Row]] = {"input": InputRow, "output": OutputRow}
Target = tuple[str, str]
"""(noun, id) of an input or output."""


async def watched(api: Ateme, environment: str) -> list[Target]:
    """The inputs and outputs of an environment that may have alerts.

    The overview tells which have, and what they have: that is kept for who asks for the alerts of one of them. Where it
    can't be read, for its shape is assumed (A-229), each has to be asked that doesn't say that it has none (A-427)."""
    inputs = await api.listed("input.list", environment, InputRow)
    outputs = await api.listed("output.list", None, OutputRow)
    here: list[tuple[str, Row]] = [("input", row) for row in inputs.here(environment)]
    here += [("output", row) for row in outputs if row.environment_id == environment]
    try:
        known = await _overview(api, environment)
    except ApiError:
        return [(noun, row.id) for noun, row in here if row.given.get("has_alerts") is not False]
    there = [(noun, row.id) for noun, row in here if (noun, row.id) in known]
    for noun, id in there:
        api.client.reads.keep(("ateme", f"{noun}.alerts", environment, id), known[noun, id])
    return there


async def _overview(api: Ateme, environment: str) -> Mapping[Target, Listing[AlertRow]]:
    """What is watched there. Raises DecodeError for another shape than environments with inputs and outputs."""

    async def read() -> Mapping[str, Mapping[Target, Listing[AlertRow]]]:
        answer = await api.call("alert.overview", scope=environment)
        op = api.table["alert.overview"]
        return {decode(EnvironmentRow, f"ateme: {op.key}", one).id: _targets(api, one) for one in rows(op, answer.body)}

    found = await api.client.reads.get(("ateme", "alert.overview", environment), read)
    if environment not in found:
        raise DecodeError(f"ateme: alert.overview: environment {environment} is not in it")
    return found[environment]


def _targets(api: Ateme, environment: Mapping[str, Any]) -> dict[Target, Listing[AlertRow]]:
    op, found = api.table["alert.overview"], {}
    for noun, shape in SHAPES.items():
        there = environment.get(f"{noun}s")
        if not isinstance(there, list):
            raise DecodeError(f"ateme: {op.key}: {noun}s: expected an array")
        for one in there:
            row = decode(shape, f"ateme: {op.key}", one)
            alerts = read_rows(op, one.get("alerts"), AlertRow)
            if live := [alert for alert in alerts if not alert.gone]:
                found[noun, row.id] = Listing(live)
    return found
