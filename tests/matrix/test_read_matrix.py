"""Every read that a plan makes, with every kind of bad answer: the plan stays the same, or says that it can't know.

The stack has one object of each kind, is applied and converged, so any step that writes would come from the bad answer
alone. Then the same without state: the stack takes all over again, and a bad answer must not make anything twice.
Allowed are: the same plan, "can't be verified", and an error of headend's own that names the operation, and doesn't
blame the person's input. The routes are those that the plan calls, by the simulator's journal; no list of them.
Cases that are wrong today stand in `known_failures.READS`; take a route out there when it is mended. Of those without
state a sixth is tried, all of them with HEADEND_THOROUGH=1.

Each bad answer comes once, and for ever; but an empty list once only: where a platform has lists alone, an empty list
for ever is what "all is gone" looks like. Just has no reads: a plan asks it nothing.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headend.core.model.errors import HeadendError, InputError
from headend.core.reconcile.plan import Plan
from headend.core.wire.registry import platforms
from headend.simulator import Simulator
from headend.simulator.faults import Planted
from matrix.known_failures import READS
from matrix.world import Bench, converged, reads

PAGE = b"<!DOCTYPE html><html><body>Not what you asked for</body></html>"
HTML = {"content-type": "text/html"}
LOGIN = "session."
NO_HIT = "the fault hit nothing"


def rows_of(answer: Any) -> Iterator[dict[str, Any]]:
    """The rows of a list, in an envelope or not; an object alone is a row itself."""
    if isinstance(answer, list):
        yield from (row for row in answer if isinstance(row, dict))
    elif isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        yield from (row for rows in lists for row in rows_of(rows)) if lists else iter((answer,))


def own_id(row: dict[str, Any]) -> str | None:
    return "id" if "id" in row else next((name for name in row if name.endswith(("_id", "juid"))), None)


def with_ids(make: Callable[[dict[str, Any], str], Any]) -> Callable[[Any], Any]:
    def change(answer: Any) -> Any:
        for row in rows_of(answer):
            if name := own_id(row):
                make(row, name)
        return answer

    return change


def emptied(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: [] if isinstance(value, list) else value for name, value in answer.items()}
    return [] if isinstance(answer, list) else answer


FAULTS: dict[str, dict[str, Any]] = {
    "null id": {"change": with_ids(lambda row, name: row.update({name: None}))},
    "missing id": {"change": with_ids(lambda row, name: row.pop(name))},
    "id of another type": {"change": with_ids(lambda row, name: row.update({name: [row[name]]}))},
    "empty list": {"change": emptied},
    "error body with 200": {"body": {"message": "internal error"}},
    "HTML with 200": {"body": PAGE, "headers": HTML},
    "HTML with 404": {"status": 404, "body": PAGE, "headers": HTML},
    "truncated": {"truncate": 20},
    "204": {"status": 204},
    "empty": {"text": ""},
    "null": {"text": "null"},
}
CASES = [
    f"{fault}, {often}"
    for fault in FAULTS
    for often in ("once", "always")
    if (fault, often) != ("empty list", "always")
]


def wrong(platform: str, operation: str, fault: str) -> str | None:
    """What is wrong with the case; None if nothing is."""
    with converged(platform).bench() as bench:
        planted = _break(bench, operation, fault)
        plans: list[Plan] = []
        if why := _fails(lambda: plans.append(bench.plan(0)), platform, operation):
            return why
        if not planted.hits:
            return NO_HIT
        steps = [f"{step.action} {step.address}" for plan in plans for step in plan.writes()]
        sent = [entry.key for entry in bench.simulator.writes()]
        return f"steps that aren't due: {steps}, requests: {sent}" if steps or sent else None


def wrong_without_state(platform: str, operation: str, fault: str) -> str | None:
    """As `wrong`, of a run that takes over what it finds."""
    with converged(platform).bench() as bench:
        bench.lose_state()
        planted = _break(bench, operation, fault)
        why = _fails(lambda: bench.apply(0), platform, operation)
        if not planted.hits:
            return NO_HIT
        sent = Counter(entry.key for entry in bench.simulator.writes()) - taken_over(platform)
        return f"requests that aren't due: {dict(sent)}" if sent else why


@functools.cache
def taken_over(platform: str) -> Counter[str | None]:
    """The writes of a run without state, where all is well."""
    with converged(platform).bench() as bench:
        bench.lose_state()
        bench.simulator.reset_journal()
        bench.apply(0)
        return Counter(entry.key for entry in bench.simulator.writes())


def _break(bench: Bench, operation: str, fault: str) -> Planted:
    bench.simulator.reset_journal()
    return plant(operation, fault, bench.simulator)


def plant(operation: str, fault: str, simulator: Simulator) -> Planted:
    what, _, often = fault.rpartition(", ")
    return simulator.fail(operation, times=1 if often == "once" else None, **FAULTS[what])


def _fails(work: Callable[[], object], platform: str, operation: str) -> str | None:
    """What is wrong with the way in which the work fails, if it does."""
    try:
        work()
    except InputError as error:
        return f"blames the input: {error}"
    except HeadendError as error:
        named = platform in str(error).lower() or operation in str(error) or operation.startswith(LOGIN)
        return None if named and "Traceback" not in str(error) else f"doesn't name the operation: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def failures(platform: str, fault: str) -> dict[str, str]:
    found = {operation: wrong(platform, operation, fault) for operation in reads(platform, known=True)}
    return {operation: why for operation, why in found.items() if why}


def print_failures() -> None:
    print({p: {f: sorted(bad) for f in CASES if (bad := failures(p, f))} for p in platforms()})


@pytest.mark.parametrize("fault", CASES)
@pytest.mark.parametrize("platform", platforms())
def test_a_bad_answer_makes_nothing_twice(platform: str, fault: str) -> None:
    routes = reads(platform, known=False)
    tried = routes if os.environ.get("HEADEND_THOROUGH") else routes[CASES.index(fault) % 6 :: 6]
    found = {operation: wrong_without_state(platform, operation, fault) for operation in tried}
    assert {operation: why for operation, why in found.items() if why} == {}


@pytest.mark.parametrize("fault", CASES)
@pytest.mark.parametrize("platform", platforms())
def test_a_bad_answer_changes_nothing(platform: str, fault: str) -> None:
    found = failures(platform, fault)
    known = READS.get(platform, {}).get(fault, set())
    assert {operation: why for operation, why in found.items() if operation not in known} == {}
    assert known - found.keys() == set(), "these pass now: take them out of known_failures.READS"


def test_a_fault_that_hits_nothing_is_wrong() -> None:
    operation = (set(reads("mycujoo", known=False)) - set(reads("mycujoo", known=True))).pop()
    assert wrong("mycujoo", operation, "null, once") == NO_HIT


def test_the_matrix_is_large() -> None:
    """An empty loop would pass, too."""
    for known in (True, False):
        assert {p for p in platforms() if not reads(p, known=known)} == {"just"}
        assert sum(len(reads(p, known=known)) for p in platforms()) * len(CASES) > 500
