"""Every read of Pulumi's runs with every kind of bad answer: nothing is written, and state forgets nothing.

As in `test_read_matrix`, over the SDK's own provider server: the stack has one object of each kind and is up. So an
`up` (check and diff of each resource, and what the program reads) and a `refresh` (read of each) have nothing to do:
what they do comes from the bad answer alone. Last comes an `up` that has lost its state and takes all over. Each ends
as without the fault, or with an error that names the operation; then it has written and recorded nothing else.
A sample runs normally, all cases with HEADEND_THOROUGH=1.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from headend.core.wire.registry import platforms
from headend.pulumi.props import META
from headend.simulator import Entry
from matrix.pulumi_phase import run_phase
from matrix.pulumi_world import converged, reads, undisturbed
from matrix.test_read_matrix import CASES, LOGIN, NO_HIT, plant
from pulumi_records import Record

TAKE_OVER = "take over"
PHASES = ("up", "refresh", TAKE_OVER)
NOT_COMPARED = {META, "unverifiable", "made", "computed", "last_applied_at"}
ALWAYS = {  # what was wrong once
    ("ateme", "refresh", "input.list", "empty list, once"),
    ("rights_locker", "up", "content.get", "null, once"),
    ("rights_locker", TAKE_OVER, "categories.get", "empty list, once"),
}
THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
SAMPLE = 40


def wrong(platform: str, what: str, operation: str, case: str) -> str | None:
    """What is wrong with the case; None if nothing is."""
    right = undisturbed(platform, what)
    ended = run_phase(converged(platform), what, 0, partial(plant, operation, case))
    said = ended.ran.said
    if not ended.hits:
        return NO_HIT
    if sent := written(ended.journal) - written(right.journal):
        return f"requests that aren't due: {dict(sent)}"
    if "Traceback" in said:
        return f"a traceback: {said}"
    if not ended.ran.ok and operation not in said and not operation.startswith(LOGIN):
        return f"doesn't name the operation: {said}"
    due, has = known(right.moment.records), known(ended.moment.records)
    was = {} if ended.ran.ok or what == TAKE_OVER else known(converged(platform).records)
    may_be = {a: [due.get(a), *([] if ended.ran.ok else [was.get(a)])] for a in due.keys() | has}
    changed = {a: [has.get(a), *allowed] for a, allowed in may_be.items() if has.get(a) not in allowed}
    return f"state is not as it should be: {changed}" if changed else None


def written(journal: Sequence[Entry]) -> Counter[str]:
    return Counter(entry.key for entry in journal if entry.write)


def known(records: dict[str, Record]) -> dict[str, Any]:
    """What a next run compares with, and what others refer to."""
    return {address: [r.id, _compared(r.inputs), _compared(r.outputs)] for address, r in records.items()}


def _compared(values: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in (values | values.get("computed", {})).items() if n not in NOT_COMPARED}


def cases(platform: str, what: str) -> list[tuple[str, str]]:
    """(operation, fault)"""
    return [(operation, case) for operation in reads(platform, what) for case in CASES]


@pytest.mark.parametrize("what", PHASES)
@pytest.mark.parametrize("platform", platforms())
def test_a_bad_answer_leaves_the_state_alone(platform: str, what: str) -> None:
    tried = [
        (operation, case)
        for operation, case in cases(platform, what)
        if THOROUGH
        or (platform, what, operation, case) in ALWAYS
        or zlib.crc32(f"{operation} {what} {case}".encode()) % SAMPLE == 0
    ]
    found = {one: why for one in tried if (why := wrong(platform, what, *one))}
    print(f"{platform} {what}: {len(tried)} cases, {len(found)} failures")
    assert found == {}


def test_a_fault_that_hits_nothing_is_wrong() -> None:
    assert wrong("mycujoo", "refresh", "action.get", "null, once") == NO_HIT


def test_the_matrix_is_large() -> None:
    """An empty loop would pass, too."""
    without = {(p, what) for p in platforms() for what in PHASES if not reads(p, what)}
    assert without == {("just", "up"), ("just", TAKE_OVER)}
    assert sum(len(cases(p, what)) for p in platforms() for what in PHASES) > 1000
