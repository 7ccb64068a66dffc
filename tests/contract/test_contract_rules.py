"""Every rule of a finished kind has a test or a reason, and every number that a test cites exists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from headend.core.wire.registry import kinds

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from contract import RULES, compare, numbers, spans, with_kinds  # noqa: E402

LISTS: dict[str, dict[str, Any]] = yaml.safe_load(RULES.read_text())


def test_finished_kinds_leave_no_rule_without_test_or_reason() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "contract.py"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_the_groups_of_all_kinds_are_finished() -> None:
    lists = with_kinds(LISTS)
    for name in kinds():
        platform, _, group = name.partition(".")
        assert group in LISTS[platform]["groups"], name
        assert group in lists[platform]["finished"], name


def test_reasons_are_sentences() -> None:
    for entry in LISTS.values():
        assert [why for why in entry["open"].values() if len(why.split()) < 4] == []


ENTRY: dict[str, Any] = {"rules": "A-1..A-3", "finished": ["x"], "groups": {"x": "A-1, A-2", "y": "A-3"}, "open": {}}


@pytest.mark.parametrize(
    ("change", "cited", "error"),
    [
        ({}, {"A-1", "A-2"}, ""),
        ({}, {"A-1"}, "p x: neither test nor reason: A-2"),
        ({"open": {"A-2": "not in this world"}}, {"A-1"}, ""),
        ({"open": {"A-2": "not in this world"}}, {"A-1", "A-2"}, "p: with a test, so the reason goes: A-2"),
        ({"open": {"A-9": "not in this world"}}, {"A-1", "A-2"}, "p: with a reason, but no rule: A-9"),
        ({"rules": "A-1..A-4"}, {"A-1", "A-2"}, "p: in no group: A-4"),
        ({"rules": "A-1..A-2"}, {"A-1", "A-2"}, "p: in a group, but no rule: A-3"),
        ({"finished": ["z"]}, {"A-1", "A-2"}, "p: finished, but no group: z"),
        ({}, {"A-1", "A-2", "A-7"}, "cited by tests, but no rule: A-7"),
    ],
)
def test_the_check_finds_what_is_wrong(change: dict[str, Any], cited: set[str], error: str) -> None:
    assert compare({"p": ENTRY | change}, cited).errors == ([error] if error else [])


def test_ranges() -> None:
    assert numbers("A-9..A-11, M-3") == ["A-9", "A-10", "A-11", "M-3"]
    assert spans(["A-11", "A-9", "A-10", "M-3"]) == "A-9..A-11 M-3"
    with pytest.raises(ValueError, match="A-9-11"):
        numbers("A-9-11")
