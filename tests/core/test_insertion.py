"""`insert`: new entries in a file, and nothing else of it changed."""

from __future__ import annotations

import pytest

from headend.core.stackfile.edit import Unwritable
from headend.core.stackfile.insertion import insert

ADDED = ["x: {}"]


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a:\r\n  b: 1\r\n# end\r\n", ["a"], "a:\r\n  b: 1\r\n  x: {}\r\n# end\r\n"),
        ("a:\n  b: 1", ["a"], "a:\n  b: 1\n  x: {}\n"),
        ("a: # none yet\nc: 2\n", ["a"], "a: # none yet\n  x: {}\nc: 2\n"),
        ("a:\n    b: {}  # none\n    c: 2\n", ["a", "b"], "a:\n    b:  # none\n      x: {}\n    c: 2\n"),
        ("a: ~\n", ["a", "b"], "a:\n  b:\n    x: {}\n"),
        ("e: &e\n  b: 1\na:\n  c: *e\nd: 2\n", ["a"], "e: &e\n  b: 1\na:\n  c: *e\n  x: {}\nd: 2\n"),
        ("a:\n  b: |\n    # text\n\n# end\n", ["a"], "a:\n  b: |\n    # text\n\n  x: {}\n# end\n"),
        ("---\na:\n  b: 1\n...\n", ["a"], "---\na:\n  b: 1\n  x: {}\n...\n"),
    ],
    ids=["crlf", "no line end", "empty", "empty braces", "null", "behind an alias", "block", "document"],
)
def test_entries_come_behind_the_last_of_their_mapping(before: str, path: list[str], after: str) -> None:
    assert insert(before, path, ADDED) == after


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {b: 1}\n", "`a` is written in braces"),
        ("a: &e\n  b: 1\nc: *e\n", "`a` shares its lines by an anchor"),
        ("c: &e\n  b: 1\na: *e\n", "`a` shares its lines by an anchor"),
    ],
)
def test_what_takes_no_entries_is_told(text: str, told: str) -> None:
    with pytest.raises(Unwritable, match=told):
        insert(text, ["a"], ADDED)
