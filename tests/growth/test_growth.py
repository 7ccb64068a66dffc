"""Four times as many objects cost four times as much, and not sixteen: each kind, each phase, both engines."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from growth import embedded, under_pulumi
from growth.counted import Cost, too_much
from growth.left import LINES, REQUESTS
from growth.many import MANY
from headend.core.wire.registry import kinds

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
ENGINES: Mapping[str, Any] = {"embedded": embedded, "pulumi": under_pulumi}
NUMBER = 4
SAMPLE = {"ateme.schedule", "mycujoo.payment_method", "rights_locker.entitlement_set", "just.profile"}
"""Of which lines are counted, and which go through Pulumi's wire, where not all kinds do: that is slow."""


def phases(left: Mapping[str, Mapping[str, str]], engine: str, chosen: Collection[str]) -> list[Any]:
    """(engine, kind, phase), with a mark on what is known to grow faster. left: `<engine> <kind>` -> phase -> why."""
    return [
        pytest.param(
            engine,
            kind,
            phase,
            marks=[pytest.mark.xfail(strict=True, reason=why)]
            if (why := left.get(f"{engine} {kind}", {}).get(phase))
            else [],
        )
        for kind in MANY
        if THOROUGH or kind in chosen
        for phase in ENGINES[engine].PHASES
        if phase != "change" or MANY[kind].change
    ]


@functools.cache
def costs(engine: str, kind: str, number: int, *, lines: bool) -> Mapping[str, Cost]:
    found: Mapping[str, Cost] = ENGINES[engine].costs(kind, number, lines=lines)
    return found


def test_every_kind_is_there() -> None:
    assert MANY.keys() == kinds().keys()


def growth(engine: str, kind: str, phase: str, *, lines: bool = False) -> list[str]:
    one, four = (costs(engine, kind, number, lines=lines)[phase] for number in (NUMBER, 4 * NUMBER))
    return too_much(one, four)


@pytest.mark.parametrize(
    ("engine", "kind", "phase"), phases(REQUESTS, "embedded", MANY) + phases(REQUESTS, "pulumi", SAMPLE)
)
def test_requests_and_rows_grow_with_the_objects(engine: str, kind: str, phase: str) -> None:
    assert growth(engine, kind, phase) == []


@pytest.mark.parametrize(
    ("engine", "kind", "phase"), phases(LINES, "embedded", SAMPLE) + phases(LINES, "pulumi", SAMPLE)
)
def test_lines_that_run_grow_with_the_objects(engine: str, kind: str, phase: str) -> None:
    assert growth(engine, kind, phase, lines=True) == []


@pytest.mark.parametrize("kind", MANY)
def test_kinds_whose_objects_are_read_one_by_one_say_so(kind: str) -> None:
    one, four = (costs("embedded", kind, number, lines=False)["plan"].requests for number in (NUMBER, 4 * NUMBER))
    assert kinds()[kind].read_together or all(four[name] - one[name] < 3 * NUMBER for name in four)
