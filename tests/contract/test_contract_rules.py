"""Every rule of the contracts has an anchor, and a test or a reason; every number that a test cites exists."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from headend.core.wire.registry import kinds

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from contract import REASONS, Rule, compare, contracts, numbers, reasons, rules_of, spans  # noqa: E402

CITED = re.compile(r"\b[AMRSJ]-\d+\b")
PAGES = sorted((ROOT / "docs" / "contract").glob("*.md"))
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
SAID = re.compile(r"^(?:\| |- )(?:<a[^>]*></a>)?(?:\*\*)?([AMRSJE]-?\d+)(?:\*\*)? ", re.MULTILINE)


def test_no_rule_is_left_without_test_or_reason() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "contract.py"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_every_kind_has_its_heading_in_a_contract() -> None:
    named = {name for rules in contracts().values() for rule in rules for name in rule.kinds}
    assert kinds().keys() - named == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_rule_has_an_anchor_and_none_has_two(page: Path) -> None:
    text = page.read_text()
    anchors = ANCHOR.findall(text)
    assert [name for name, count in Counter(anchors).items() if count > 1] == []
    assert [said for said in SAID.findall(text) if said.lower() not in anchors] == []
    assert all(f"{name.upper()}" in text for name in anchors)


def test_every_rule_that_is_cited_is_one() -> None:
    found = {rule.number for rules in contracts().values() for rule in rules}
    assert len(found) > 1200
    files = [*ROOT.glob("providers/**/*.py"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), REASONS]
    cited = {(number, file.name) for file in files for number in CITED.findall(file.read_text())}
    assert {where for where in cited if where[0] not in found} == set()


def test_reasons_are_sentences() -> None:
    assert [why for why in reasons().values() if len(why.split()) < 4] == []


PAGE = """
## 1. Transport
- <a id="a-1"></a>**A-1** always
## 3. Kinds
### 3.1 `x`, `y`: two
| <a id="a-2"></a>A-2 | of both |
### What isn't managed
- <a id="a-3"></a>**A-3** never
"""
RULES = [Rule("A-1", "Transport"), Rule("A-2", "Kinds", ("p.x", "p.y")), Rule("A-3", "Kinds")]


def test_headings_say_what_rules_are_of() -> None:
    assert rules_of("p", PAGE) == RULES


@pytest.mark.parametrize(
    ("excused", "cited", "there", "error"),
    [
        (set(), {"A-1", "A-2", "A-3"}, {"p.x"}, ""),
        (set(), {"A-1", "A-3"}, set(), ""),
        (set(), {"A-1", "A-3"}, {"p.y"}, "p.x p.y: neither test nor reason: A-2"),
        (set(), {"A-1", "A-2"}, set(), "p: Kinds: neither test nor reason: A-3"),
        ({"A-3"}, {"A-1", "A-2"}, set(), ""),
        ({"A-3"}, {"A-1", "A-2", "A-3"}, set(), "with a test, so the reason goes: A-3"),
        ({"A-9"}, {"A-1", "A-2", "A-3"}, set(), "with a reason, but no rule: A-9"),
        (set(), {"A-1", "A-2", "A-3", "A-7"}, set(), "cited by tests, but no rule: A-7"),
    ],
)
def test_the_check_finds_what_is_wrong(excused: set[str], cited: set[str], there: set[str], error: str) -> None:
    assert compare({"p": RULES}, excused, cited, there).errors == ([error] if error else [])


def test_a_rule_that_is_there_twice_is_told() -> None:
    assert compare({"p": [RULES[0], RULES[0]]}, set(), {"A-1"}, set()).errors == ["twice in the contracts: A-1"]


def test_ranges() -> None:
    assert numbers("A-9..A-11, M-3") == ["A-9", "A-10", "A-11", "M-3"]
    assert spans(["A-11", "A-9", "A-10", "M-3"]) == "A-9..A-11 M-3"
    with pytest.raises(ValueError, match="A-9-11"):
        numbers("A-9-11")
