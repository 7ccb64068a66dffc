"""Which numbered contract rules have a test (`make contract`); fails where a rule has neither a test nor a reason.

The rules are read from docs/contract: an anchor makes a rule, the heading above it says which kinds it is of, if any.
Rules of a kind that isn't there yet are counted, and not missed. A test holds a rule by citing it:
`@pytest.mark.contract("A-742")`. Why a rule has no test is in tests/contract/rules.yaml.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from headend.core.wire.registry import kinds

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "docs" / "contract"
REASONS = ROOT / "tests" / "contract" / "rules.yaml"
RANGE = re.compile(r"([A-Z])-(\d+)(?:\.\.\1-(\d+))?")
HEADING = re.compile(r"^(##+) (?:[\d.]+ )?(.*)$")
ANCHOR = re.compile(r'<a id="([a-z]-\d+)"></a>')
NAME = re.compile(r"`(\w+)`")


@dataclass(frozen=True)
class Rule:
    """`kinds`: those that the heading above it names; empty where it holds for more than them."""

    number: str
    section: str
    kinds: tuple[str, ...] = ()


def rules_of(platform: str, page: str) -> list[Rule]:
    """All rules of a contract, in its order."""
    found: list[Rule] = []
    section, named = "", ()
    for line in page.splitlines():
        if heading := HEADING.match(line):
            section = heading[2] if heading[1] == "##" else section
            named = tuple(f"{platform}.{name}" for name in NAME.findall(heading[2]))
        found += [Rule(number.upper(), section, named) for number in ANCHOR.findall(line)]
    return found


def contracts() -> dict[str, list[Rule]]:
    """Platform -> its rules."""
    pages = {page.stem: page.read_text() for page in sorted(CONTRACTS.glob("*.md")) if page.stem != "README"}
    return {platform: rules_of(platform, page) for platform, page in pages.items()}


def reasons() -> dict[str, str]:
    """Rule -> why it has no test."""
    spoken: dict[str, str] = yaml.safe_load(REASONS.read_text())
    return {number: why for span, why in spoken.items() for number in numbers(span)}


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
    """rows: (group, rules, tested, reasoned, open). errors: what makes the check fail."""

    rows: list[tuple[str, int, int, int, int]] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def compare(contract: Mapping[str, list[Rule]], excused: Set[str], cited: Set[str], there: Set[str]) -> Report:
    """Holds the rules against the numbers that have a reason, those that tests cite, and the kinds there are."""
    report = Report()
    groups: dict[str, list[Rule]] = {}
    for platform, rules in contract.items():
        for rule in rules:
            groups.setdefault(" ".join(rule.kinds) or f"{platform}: {rule.section}", []).append(rule)
    for group, rules in groups.items():
        tested = [rule for rule in rules if rule.number in cited]
        left = [rule for rule in rules if rule.number not in cited | excused]
        report.rows.append((group, len(rules), len(tested), len(rules) - len(tested) - len(left), len(left)))
        report.missing[group] = [rule.number for rule in left]
        if missed := [rule.number for rule in left if not rule.kinds or there & {*rule.kinds}]:
            report.errors.append(f"{group}: neither test nor reason: {spans(missed)}")
    count = Counter(rule.number for rules in contract.values() for rule in rules)
    for what, found in (
        ("twice in the contracts", [number for number, times in count.items() if times > 1]),
        ("with a reason, but no rule", excused - count.keys()),
        ("with a test, so the reason goes", excused & cited),
        ("cited by tests, but no rule", cited - count.keys()),
    ):
        if found:
            report.errors.append(f"{what}: {spans(found)}")
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


def main() -> int:
    report = compare(contracts(), reasons().keys(), cited_by_tests(), kinds().keys())
    print(f"{'':48}{'rules':>6}{'tested':>8}{'reason':>8}{'open':>6}")
    for group, rules, tested, reasoned, open_ in report.rows:
        print(f"{group:48.48}{rules:>6}{tested:>8}{reasoned:>8}{open_:>6}")
    print("\nWithout test and reason:")
    for group, left in report.missing.items():
        if left:
            print(f"  {group}: {spans(left)}")
    for error in report.errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
