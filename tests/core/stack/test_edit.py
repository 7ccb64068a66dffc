"""A value that is written into a stack file leaves all else as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
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


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
    )
)
def test_any_value_is_read_back(value: Any) -> None:
    for path in ((*A, "port"), (*B, "latency"), (*B, "new"), (*A, "new")):
        found = yaml.safe_load(with_value(TEXT, path, value))
        for key in path:
            found = found[key]
        assert found == value
