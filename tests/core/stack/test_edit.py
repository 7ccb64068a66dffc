"""A value that is written into a stack file leaves all else as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from headend.core.stackfile.edit import Unwritable, with_value

TEXT = """\
headend: 1   # the version
ateme:
  environments:
    # the studio
    e:
      inputs:
        a: {variant: srt_push, port: 5001}   # north
        b:
          latency: 2000  # ms
          variant: srt_push
          tags: [x, "y"]
          title: "${vars.title}"
          password: {secret: B}
"""
B = ("ateme", "environments", "e", "inputs", "b")
A = (*B[:-1], "a")


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ((*B, "latency"), 2500, "          latency: 2500  # ms"),
        ((*A, "port"), 5002, "        a: {variant: srt_push, port: 5002}   # north"),
        ((*A, "latency"), 80, "        a: {variant: srt_push, port: 5001, latency: 80}   # north"),
        ((*B, "tags"), ["z"], "          tags: [z]"),
        ((*B, "variant"), "yes", "          variant: 'yes'"),
        ((*A, "port"), "a, b}", "        a: {variant: srt_push, port: 'a, b}'}   # north"),
    ],
)
def test_one_line_changes(path: tuple[str, ...], value: Any, line: str) -> None:
    new = with_value(TEXT, path, value).splitlines()
    assert [b for a, b in zip(TEXT.splitlines(), new, strict=True) if a != b] == [line]


def test_a_new_key_has_a_line_of_its_own() -> None:
    new = with_value(TEXT, (*B, "port"), 5009).splitlines()
    assert new[8] == "          port: 5009"
    assert [line for line in new if line not in TEXT.splitlines()] == ["          port: 5009"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ((*B, "title"), "variables"),
        ((*B, "password"), "found elsewhere"),
        ((*B[:-1], "c", "port"), "isn't written out"),
        ((*A, "port", "x"), "no mapping"),
    ],
)
def test_what_cannot_be_written(path: tuple[str, ...], why: str) -> None:
    with pytest.raises(Unwritable, match=why):
        with_value(TEXT, path, 1)


@pytest.mark.parametrize(
    ("text", "path", "value", "wanted"),
    [
        ("a:\n  l:\n  m: 1\n", ("a", "l"), 2, "a:\n  l: 2\n  m: 1\n"),
        ("a: {m: 1,}\n", ("a", "l"), 2, "a: {m: 1, l: 2,}\n"),
        ("a: {m: 1  # why\n  }\n", ("a", "l"), 2, "a: {m: 1, l: 2  # why\n  }\n"),
        ("a:\r\n  m: 1\r\n", ("a", "l"), 2, "a:\r\n  l: 2\r\n  m: 1\r\n"),
        ("x: &x {l: 1}\na:\n  <<: *x\n  m: 1\n", ("a", "l"), 2, "x: &x {l: 1}\na:\n  l: 2\n  <<: *x\n  m: 1\n"),
        ("\ufeffa: {n: 📺, l: é}\n", ("a", "l"), "ü", "\ufeffa: {n: 📺, l: ü}\n"),
        ("a: {l: x}\n", ("a", "l"), "${home}", "a: {l: '$${home}'}\n"),
        ("a: {l: x}\n", ("a", "l"), ["${home}"], "a: {l: ['$${home}']}\n"),
        ("a: {l: x}\n", ("a", "l"), "two\nlines", 'a: {l: "two\\nlines"}\n'),
    ],
    ids=["empty", "comma at the end", "comment in flow", "CRLF", "merged", "BOM", "variable", "in a list", "lines"],
)
def test_odd_layouts_stay(text: str, path: tuple[str, ...], value: Any, wanted: str) -> None:
    assert with_value(text, path, value) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "a: {l: &l 1}\nb: {l: *l}\n",
        "b: {l: &l 1}\na: {l: *l}\n",
        "b: &b {l: 1}\na: *b\n",
        "b: &b {m: 1}\na: *b\n",
        "a: {l, m: 1}\n",
    ],
)
def test_nothing_is_written_that_would_change_something_else(text: str) -> None:
    with pytest.raises(Unwritable, match="without a change of something else"):
        with_value(text, ("a", "l"), 2)


def test_a_live_value_is_never_taken_for_a_secret_or_a_lookup() -> None:
    with pytest.raises(Unwritable, match="looks like a secret"):
        with_value(TEXT, (*B, "tags"), [{"secret": "HOME"}])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
    )
)
@example(["\x85"])
def test_any_value_is_read_back(value: Any) -> None:
    for path in ((*A, "port"), (*B, "latency"), (*B, "new"), (*A, "new")):
        found = yaml.safe_load(with_value(TEXT, path, value))
        for key in path:
            found = found[key]
        assert found == literal(value)


def literal(value: Any) -> Any:
    """As a stack file says it, in which `${` begins a variable."""
    if isinstance(value, list):
        return [literal(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value
