"""The guards as pure functions: what they refuse, at which bound, and what lifts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from headend.core.model.capabilities import Container
from headend.core.model.errors import GuardError
from headend.core.model.fields import Impact, Spec
from headend.core.model.kind import Kind
from headend.core.model.observed import Airtime
from headend.core.model.options import Options
from headend.core.model.proposal import Action
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.guards import Consent, judge, mass_deletion, raise_if_refused, refusal
from headend.core.reconcile.on_air import clock, downstream, imminent
from headend.core.reconcile.plan import Cut, Plan, Step
from headend.core.reconcile.refusal import Guard


class Plain(Kind[Spec, Any]):
    model: ClassVar[type[Spec]] = Spec


class Box(Plain, Container):
    pass


A = Action
PROTECTED, CONTAINER = "set it to false", "set lifecycle.protect: false to allow it"
FIRST = f"{PROTECTED} and apply that first"


@pytest.mark.contract("A-410", "A-971")
@pytest.mark.parametrize(
    ("kind", "action", "protect", "lift"),
    [
        (Plain, A.DELETE, True, FIRST),
        (Plain, A.DELETE, None, None),
        (Plain, A.DELETE, False, None),
        (Plain, A.REPLACE, True, PROTECTED),
        (Plain, A.REPLACE, None, None),
        (Plain, A.UPDATE, True, None),
        (Plain, A.FORGET, True, None),
        (Plain, A.NONE, True, None),
        (Box, A.DELETE, None, None),
        (Box, A.DELETE, True, FIRST),
        (Box, A.REPLACE, None, CONTAINER),
        (Box, A.REPLACE, True, PROTECTED),
        (Box, A.REPLACE, False, None),
        (Box, A.UPDATE, None, None),
    ],
)
def test_protection(kind: type[Plain], action: Action, protect: bool | None, lift: str | None) -> None:
    no = refusal(kind(), action, protect)
    assert (no.guard, no.lift) == (Guard.PROTECT, lift) if no else lift is None
    if no:
        assert no.why.startswith(f"{action} refused: ")


@pytest.mark.parametrize(
    ("losses", "managed", "allowed", "refused"),
    [
        (4, 4, False, False),  # four are few, whatever is managed
        (5, 5, False, True),
        (5, 16, False, True),
        (5, 17, False, False),
        (6, 20, False, False),  # 30 % exactly
        (7, 20, False, True),
        (300, 1000, False, False),
        (301, 1000, False, True),
        (301, 1000, True, False),
        (5, 0, False, True),
    ],
)
def test_the_bounds_of_a_mass_deletion(losses: int, managed: int, allowed: bool, refused: bool) -> None:
    no = mass_deletion(losses, managed, allowed)
    assert (no is not None) is refused
    if no:
        assert (no.guard, no.why) == (
            Guard.MASS_DELETION,
            f"{losses} of {managed} objects would be deleted or replaced",
        )
        assert no.lift == "if that is meant, say --allow-deletions"
        other = mass_deletion(losses, managed, allowed, way="OTHER")
        assert other
        assert other.lift == "if that is meant, say OTHER"


def plan(*steps: Step, destroy: bool = False) -> Plan:
    return Plan("day", "day.yaml", steps, destroy=destroy)


def step(name: str, action: Action, **more: Any) -> Step:
    return Step(f"fake.things.{name}", "fake.thing", action, Reason.CHANGED, **more)


CUT = Cut("fake.schedule", "s", None, None, "fake.schedules.match")
LOSSES = [*(step(f"d{n}", A.DELETE) for n in range(3)), *(step(f"r{n}", A.REPLACE) for n in range(2))]


def test_losses_are_deletions_and_replacements() -> None:
    others = [step(str(n), action) for n, action in enumerate([A.UPDATE, A.FORGET, A.CREATE, A.NONE, A.ADOPT, A.MOVE])]
    judged = judge(plan(*LOSSES, *others), 11, Consent())
    assert [no.why for no in judged.refusals] == ["5 of 11 objects would be deleted or replaced"]
    assert judge(plan(*LOSSES[1:], *others), 11, Consent()).refusals == ()
    assert judge(plan(*LOSSES), 11, Consent(deletions=True)).refusals == ()
    assert judge(plan(*LOSSES, destroy=True), 11, Consent()).refusals == ()


def test_each_step_is_judged_by_what_was_agreed_to() -> None:
    cut = step("cut", A.UPDATE, on_air=(CUT, replace(CUT, address=None)), impact=Impact.INTERRUPTS)
    gate = step("gate", A.CREATE, hands_out=("token", "pin"))
    judged = judge(plan(cut, gate), 9, Consent())
    first, second = (step.refusals for step in judged.steps)
    assert [(no.guard, no.why, no.lift) for no in first] == [
        (
            Guard.ON_AIR,
            "would interrupt what is on air: fake.schedules.match without end; fake.schedule s without end",
            "--allow-interruption fake.things.cut lets it",
        )
    ]
    (gone,) = judge(plan(step("cut", A.DELETE, on_air=(CUT,), impact=Impact.DESTROYS)), 9, Consent()).steps[0].refusals
    assert gone.why.startswith("would destroy what is on air: ")
    assert [(no.guard, no.why, no.lift) for no in second] == [
        (
            Guard.SECRETS,
            "makes a secret that is shown once (token, pin)",
            "say where to keep it: --secrets-out FILE",
        )
    ]
    with pytest.raises(GuardError) as refused:
        raise_if_refused(judged)
    assert "fake.things.cut: would interrupt" in str(refused.value)
    assert "fake.things.gate: makes a secret" in str(refused.value)
    fine = judge(plan(cut, gate), 9, Consent(interruptions=("fake.things.cut",), secrets=True))
    assert fine.refused == ()
    raise_if_refused(fine)


def test_a_step_that_was_refused_before_stays_so() -> None:
    once = judge(plan(step("cut", A.UPDATE, on_air=(CUT,))), 9, Consent())
    assert len(judge(once, 9, Consent(interruptions=("fake",))).steps[0].refusals) == 1


# --- what is on air ----------------------------------------------------------------------------------------------
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_now_has_a_zone() -> None:
    assert clock().utcoffset() == timedelta(0)


def test_airtimes_are_told_once_in_the_order_of_their_starts() -> None:
    def at(id: str, hours: float | None, kind: str = "b") -> Airtime:
        return Airtime(kind, id, None if hours is None else NOW + timedelta(hours=hours), None)

    times = [at("3", -1), at("1", -2), at("1", -2), at("2", -1), at("2", -1, "a"), at("4", None), at("5", 1)]
    assert [(t.kind, t.id) for t in imminent(times, Options(), NOW)] == [
        *[("b", "1"), ("a", "2"), ("b", "2"), ("b", "3"), ("b", "4")],
    ]


def test_what_depends_on_it_is_on_its_path_nearest_first() -> None:
    dependents = {"a": ["b", "c"], "b": ["d"], "c": ["d", "a"], "d": ["e"]}
    assert downstream("a", dependents) == ["a", "b", "c", "d", "e"]
    assert downstream("e", dependents) == ["e"]
