"""Four times as many objects cost four times as much, and not sixteen: each kind, each phase, both engines."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

import pytest

from growth import embedded, under_pulumi
from growth.counted import Cost, too_much
from growth.left import LINES, REQUESTS
from growth.many import FEW, MANY
from headend.core.wire.registry import kinds

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
ENGINES: Mapping[str, Any] = {"embedded": embedded, "pulumi": under_pulumi}
NUMBER = 4
LINES_OF = {"ateme.schedule", "mycujoo.payment_method", "rights_locker.entitlement_set", "just.profile"}
UNDER_PULUMI = {"ateme.schedule", "mycujoo.payment_method"}
"""What is always played so: lines of all kinds, and all under Pulumi, take too long."""


def counts_lines(kind: str) -> bool:
    return THOROUGH or kind in LINES_OF


def marks(why: str | None) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(strict=True, reason=why)] if why else []


def phases() -> list[Any]:
    """(engine, kind, phase), with a mark on what is known to grow faster."""
    found = []
    for engine, module in ENGINES.items():
        for kind in MANY if THOROUGH or engine == "embedded" else sorted(UNDER_PULUMI):
            left = (LINES if counts_lines(kind) else REQUESTS).get(f"{engine} {kind}", {})
            for phase in module.PHASES:
                if phase != "change" or MANY[kind].change:
                    found.append(pytest.param(engine, kind, phase, marks=marks(left.get(phase))))
    return found


@functools.cache
def costs(engine: str, kind: str, number: int) -> Mapping[str, Cost]:
    found: Mapping[str, Cost] = ENGINES[engine].costs(kind, number, lines=counts_lines(kind))
    return found


def test_every_kind_is_there() -> None:
    assert MANY.keys() | FEW.keys() == kinds().keys()


@pytest.mark.parametrize(("engine", "kind", "phase"), phases())
def test_a_phase_grows_with_its_objects(engine: str, kind: str, phase: str) -> None:
    assert too_much(*(costs(engine, kind, number)[phase] for number in (NUMBER, 4 * NUMBER))) == []


@pytest.mark.parametrize("phase", embedded.PHASES)
def test_it_does_so_too_with_more_objects_than_steps_at_once(phase: str) -> None:
    assert too_much(*(costs("embedded", "ateme.input", number)[phase] for number in (32, 128))) == []


@pytest.mark.parametrize("kind", MANY)
def test_kinds_whose_objects_are_read_one_by_one_say_so(kind: str) -> None:
    one, four = (costs("embedded", kind, number)["plan"].requests for number in (NUMBER, 4 * NUMBER))
    assert kinds()[kind].read_together or all(four[name] - one[name] < 3 * NUMBER for name in four)
