"""Descriptions cite rules of contracts: users' pages link to them, the schema and the command line leave them out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands import ROOT, headend
from headend.core.model.rules import cited_rules, without_rules
from headend.core.stackfile.schema import json_schema

CITED = re.compile(r"\([A-Z]-?\d+\b")


@pytest.mark.parametrize(
    ("text", "plain", "cited"),
    [
        ("at once (A-567)", "at once", "A-567"),
        ("a list (A-1, R-34 to R-41; or not)", "a list (A-1, R-34 to R-41; or not)", ""),
        ("a set (R-34 to R-41): whole (E2, R-3)", "a set: whole", "R-34 to R-41, E2, R-3"),
        ("joins (A-418,\n    A-841). It stays (M-101..M-104).", "joins. It stays.", "A-418, A-841, M-101..M-104"),
        ("(A-433)", "", "A-433"),
        ("MPEG-4 is AVC (429)", "MPEG-4 is AVC (429)", ""),
    ],
)
def test_rules_are_told_from_sentences(text: str, plain: str, cited: str) -> None:
    assert (without_rules(text), cited_rules(text)) == (plain, cited)


def test_the_schema_and_the_pages_of_kinds_cite_no_rule_in_a_sentence() -> None:
    assert CITED.findall(str(json_schema())) == []
    for page in ROOT.glob("docs/kinds/*.md"):
        assert CITED.findall(page.read_text()) == [], page.name


def test_the_list_of_kinds_cites_no_rule(tmp_path: Path) -> None:
    said = headend(tmp_path, "kinds").stdout
    assert "ateme.label" in said
    assert CITED.findall(said) == []


def test_every_field_says_what_it_is() -> None:
    for page in ROOT.glob("docs/kinds/*.md"):
        rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| `")]
        assert rows, page.name
        assert [cells for cells in rows if len(cells) == 6 and len(cells[3].split()) < 3] == [], page.name
