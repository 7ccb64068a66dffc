"""What headend costs beside the least that the same work could cost, both in the same run. (`make bench`)

docs/performance.md says how to read it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import report
from phases import Costs, Subject, busy, lives, starts, ups
from runs import Failed, Platforms, platforms
from stacks import SORTS

_SLOW = "environment", "transcoder", "multi_viewer", "event", "event_subscription", "permanent_schedule", "schedule"
_SIZES = {"ateme.input": (1000, 10_000)} | {f"ateme.{noun}": (250,) for noun in _SLOW}
"""Of what takes a while to be made, or is written one at a time, a quarter is enough to see."""
_UPS = {"pulumi.input": "ateme.input", "pulumi.action_configuration": "mycujoo.action_configuration"}
_PARTS = (*SORTS, "start", *_UPS, "busy")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--only", metavar="PART,PART", help=f"of {', '.join(_PARTS)}")
    parser.add_argument("--sizes", metavar="N,N", help="numbers of objects")
    parser.add_argument("--lives", type=int, default=3, help="of so many lives of a stack, each phase's fastest counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    parser.add_argument("--against", metavar="REV", help="measure headend of this revision, too")
    given = parser.parse_args()
    parts = given.only.split(",") if given.only else _PARTS
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are: {', '.join(_PARTS)}")
    sizes = tuple(map(int, given.sizes.split(","))) if given.sizes else ()
    with report.revision(given.against) as other, platforms() as simulated:
        subjects = [Subject(), *([Subject(given.against, other)] if other else [])]
        told = report.Report(subjects)
        for part in parts:
            for size, measure in _measures(part, sizes, subjects, simulated, given.lives):
                told.heading(part, size)
                try:
                    told.add(part, size, measure())
                except Failed as failed:
                    told.failed(failed)
        if given.json:
            given.json.write_text(told.document())
    raise SystemExit(1 if told.failures else 0)


def _measures(
    part: str, sizes: tuple[int, ...], subjects: list[Subject], simulated: Platforms, times: int
) -> list[tuple[int, Callable[[], Costs]]]:
    """(objects, what to measure) of a part."""
    if part == "start":
        return [(10, lambda: starts(subjects))]
    if part == "busy":
        return [(500, lambda: busy(subjects, simulated))]
    if part in _UPS:
        return [(n, lambda n=n: ups(_UPS[part], n, subjects, simulated)) for n in sizes or (500,)]
    sizes = sizes or _SIZES.get(part, (1000,))
    return [(n, lambda n=n: lives(part, n, subjects, simulated, times)) for n in sizes]


if __name__ == "__main__":
    main()
