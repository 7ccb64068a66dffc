"""Which numbered contract rules have a test (`make contract`); fails where a kind, or another finished group, has a
rule with neither a test nor a reason.

The contracts aren't part of this repository; their numbers, by kind, are in tests/contract/rules.yaml. A test holds a
rule by citing it: `@pytest.mark.contract("A-742")`.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from headend.core.wire.registry import kinds

ROOT = Path(__file__).parents[1]
RULES = ROOT / "tests" / "contract" / "rules.yaml"
RANGE = re.compile(r"([A-Z])-(\d+)(?:\.\.\1-(\d+))?")


def numbers(text: str) -> list[str]:
    """["A-7", "A-8", "A-11"] of "A-7..A-8, A-11". Raises ValueError for anything else."""
    found: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        match = RANGE.fullmatch(part)
        if match is None:
            raise ValueError(f"rules: {part!r} is no rule and no range of rules")
        found += [f"{match[1]}-{n}" for n in range(int(match[2]), int(match[3] or match[2]) + 1)]
    return found


def spans(found: Iterable[str]) -> str:
    """The inverse of `numbers`, for eyes: "A-7..A-8 A-11"."""
    runs: list[list[tuple[str, int]]] = []
    for letter, n in sorted((number[0], int(number[2:])) for number in found):
        if runs and runs[-1][-1] == (letter, n - 1):
            runs[-1].append((letter, n))
        else:
            runs.append([(letter, n)])
    return " ".join("..".join(f"{a}-{n}" for a, n in (run[0], run[-1])[: len(run)]) for run in runs)


@dataclass
class Report:
    """rows: (platform, group, rules, tested, reasoned, open, finished). errors: what makes the check fail."""

    rows: list[tuple[str, str, int, int, int, int, bool]] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def compare(lists: Mapping[str, Mapping[str, Any]], cited: set[str]) -> Report:
    """Holds the lists against the numbers that tests cite."""
    report = Report()
    known: set[str] = set()
    for platform, entry in lists.items():
        rules = set(numbers(entry["rules"]))
        known |= rules
        reasons = {number for span in entry["open"] for number in numbers(span)}
        grouped: set[str] = set()
        for group, text in entry["groups"].items():
            here = numbers(text)
            grouped |= set(here)
            open_ = [n for n in here if n not in cited]
            left = [n for n in open_ if n not in reasons]
            finished = group in entry["finished"]
            counts = (len(here), len(here) - len(open_), len(open_) - len(left), len(left))
            report.rows.append((platform, group, *counts, finished))
            report.missing[f"{platform} {group}"] = left
            if finished and left:
                report.errors.append(f"{platform} {group}: neither test nor reason: {spans(left)}")
        for what, found in (
            ("in no group", rules - grouped),
            ("in a group, but no rule", grouped - rules),
            ("with a reason, but no rule", reasons - rules),
            ("with a test, so the reason goes", reasons & cited),
        ):
            if found:
                report.errors.append(f"{platform}: {what}: {spans(found)}")
        if unknown := set(entry["finished"]) - set(entry["groups"]):
            report.errors.append(f"{platform}: finished, but no group: {' '.join(sorted(unknown))}")
    if unknown := cited - known:
        report.errors.append(f"cited by tests, but no rule: {spans(unknown)}")
    return report


class Collector:
    """A pytest plugin that notes the numbers on every test, parameters' marks included."""

    def __init__(self) -> None:
        self.cited: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("contract"):
                self.cited |= set(mark.args)


def cited_by_tests() -> set[str]:
    """Collects all tests, runs none. Raises SystemExit where they can't be collected."""
    collector, said = Collector(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "--rootdir", str(ROOT), str(ROOT / "tests")], plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"the tests can't be collected:\n{said.getvalue()[-2000:]}")
    return collector.cited


def with_kinds(lists: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The lists, in which the groups of all kinds are finished: a kind is held to its contract from its first day."""
    found = {platform: {**entry, "finished": list(entry["finished"])} for platform, entry in lists.items()}
    for name in kinds():
        platform, _, group = name.partition(".")
        found[platform]["finished"].append(group)
    return found


def main() -> int:
    report = compare(with_kinds(yaml.safe_load(RULES.read_text())), cited_by_tests())
    print(f"{'':38}{'rules':>6}{'tested':>8}{'reason':>8}{'open':>6}")
    for platform, group, rules, tested, reasoned, open_, finished in report.rows:
        mark = "finished" if finished else ""
        print(f"{platform:15}{group:23}{rules:>6}{tested:>8}{reasoned:>8}{open_:>6}  {mark}")
    print("\nWithout test and reason:")
    for name, left in report.missing.items():
        if left:
            print(f"  {name}: {spans(left)}")
    for error in report.errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
