"""What an operation documents of its values is held before a call is sent; what it doesn't goes through."""

from __future__ import annotations

from typing import Any

import pytest

from headend.cli.typed_values import fill_request
from headend.core.model.errors import InputError
from headend.core.wire.operations import Operation, Table
from headend.core.wire.parameters import Parameter, Span

FIND = Operation(
    "thing.find",
    "GET",
    "/things/{shelf}",
    "T-1",
    "find",
    parameters=(
        Parameter("shelf", choices=("a", "b")),
        Parameter("limit", "integer", low=1, high=9),
        Parameter("share", "number", high=0.5),
        Parameter("since", needed=True, form=r"\d{4}-\d\d-\d\d", like="2026-12-05", time=True),
    ),
    spans=(Span("since", "until", 2),),
)
MAKE = Operation(
    "thing.make",
    "POST",
    "/things",
    "T-2",
    "make",
    parameters=(
        Parameter("name", low=2),
        Parameter("sizes", "list", inner=(Parameter("width", "integer", needed=True),)),
        Parameter("note", beside="name"),
    ),
    exactly_one=("name", "number"),
)
TABLE = Table([FIND, MAKE])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shelf": "c", "since": "2026-12-05"}, ["shelf: must be one of a, b"]),
        ({"shelf": "a"}, ["missing: since=2026-12-05"]),
        ({"shelf": "a", "since": "2026-02-30"}, ["since: must be like 2026-12-05"]),
        (
            {"shelf": "a", "since": "5.12.2026", "limit": "10"},
            ["limit: must be 1..9", "since: must be like 2026-12-05"],
        ),
        ({"shelf": "a", "since": "2026-12-05", "limit": "x"}, ["limit: must be a whole number"]),
        ({"shelf": "a", "since": "2026-12-05", "share": "0.6"}, ["share: must be ..0.5"]),
        ({"shelf": "a", "since": "2026-12-05", "until": "2026-12-08"}, ["until: at most 2 days after since"]),
        ({"shelf": "a", "since": "2026-12-05", "until": "2026-12-04"}, ["until: must not lie before since"]),
    ],
)
def test_values_of_path_and_query_are_judged_and_all_faults_told(given: dict[str, str], said: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        fill_request(TABLE, FIND, list(given.items()))
    assert [problem.message for problem in refused.value.problems] == [f"thing.find: {text}" for text in said]


def test_what_is_right_or_not_documented_goes_through() -> None:
    given = {"shelf": "a", "since": "2026-12-05", "until": "2026-12-07", "limit": "9", "share": "0.5", "colour": "red"}
    assert fill_request(TABLE, FIND, list(given.items())).query == {n: v for n, v in given.items() if n != "shelf"}
    several = fill_request(TABLE, FIND, [("shelf", "a"), ("since", "2026-12-05"), ("limit", "1"), ("limit", "2")])
    assert several.query["limit"] == ["1", "2"]
    with pytest.raises(InputError, match="limit"):
        fill_request(TABLE, FIND, [("shelf", "a"), ("since", "2026-12-05"), ("limit", "1"), ("limit", "20")])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "exactly one of name, number is needed"),
        ({"name": "ab", "number": 1}, "exactly one of name, number is needed, not name and number"),
        ({"name": "a"}, r"name: must be 2\.\. characters"),
        ({"name": 7}, "name: must be text"),
        ({"number": 1, "note": "x"}, "note: is ignored without name"),
        ({"number": 1, "sizes": {"width": 1}}, "sizes: must be a list of objects"),
        ({"number": 1, "sizes": [1]}, "sizes: must be a list of objects"),
        ({"number": 1, "sizes": [{}]}, r"sizes: missing: width=\.\.\."),
        ({"number": 1, "sizes": [{"width": True}]}, "sizes: width: must be a whole number"),
        ({"number": 1, "sizes": [{"width": 1, "depth": 2}]}, "sizes: depth: is not known there"),
    ],
)
def test_values_of_a_body_are_judged_as_a_whole(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"^thing.make: {said}$"):
        fill_request(TABLE, MAKE, [], body)


def test_a_body_that_is_no_object_is_left_to_the_platform() -> None:
    assert fill_request(TABLE, MAKE, [], [1]).body == [1]
    assert fill_request(TABLE, MAKE, [("name", "12")]).body == {"name": "12"}
