"""Pieces of code on a page are pieces of the code."""

from __future__ import annotations

import re

import pytest

from commands import ROOT

EXCERPT = re.compile(r"^```\w+ excerpt=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOUND = [(page, *match) for page in sorted(ROOT.glob("docs/*.md")) for match in EXCERPT.findall(page.read_text())]


def test_there_are_some() -> None:
    assert len(FOUND) >= 4


@pytest.mark.parametrize(("page", "file", "text"), FOUND, ids=lambda value: str(value).rpartition("/")[2][:40])
def test_an_excerpt_is_in_its_file(page: object, file: str, text: str) -> None:
    assert text in (ROOT / file).read_text()
