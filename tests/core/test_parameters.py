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
        Parameter("limit", "integer", low=1, high=9, repeated=True),
        Parameter("share", "number", high=0.5),
        Parameter("since", needed=True, form=r"\d{4}-\d\d-\d\d", like="2026-12-05", time=True),
    ),
    spans=(Span("since", "until", 2),),
)


def check_digit(sku: str) -> None:
    if not sku.endswith("9"):
        raise ValueError("has no check digit")


MAKE = Operation(
    "thing.make",
    "POST",
    "/things",
    "T-2",
    "make",
    parameters=(
        Parameter("name", low=2),
        Parameter(
            "sizes", "object", repeated=True, least=1, most=2, inner=(Parameter("width", "integer", needed=True),)
        ),
        Parameter("note", beside="name"),
        Parameter("grams", "int32"),
        Parameter("atoms", "int64"),
        Parameter(
            "glue", "object", inner=(Parameter("hot", "flag"), Parameter("cold", "flag")), exactly_one=("hot", "cold")
        ),
        Parameter("colours", repeated=True),
        Parameter("until", nullable=True),
        Parameter("sku", check=check_digit),
    ),
    exactly_one=("name", "number"),
)
ORDER = Operation(
    "thing.order",
    "PUT",
    "/things/{shelf}/order",
    "T-3",
    "order",
    body="form",
    parameters=(
        Parameter("shelf", words=("mine",)),
        Parameter("pieces", "int32", low=0),
        Parameter("express", "flag"),
        Parameter("card", secret=True),
        Parameter("gift", "object", inner=(Parameter("text"),)),
        Parameter("dry_run", "flag", place="query"),
    ),
    complete=True,
)
MINE = Operation("thing.mine", "PUT", "/things/mine/order", "T-4", "order mine")
THEIRS = Operation("thing.theirs", "PUT", "/things/theirs/order", "T-5", "order theirs")
TABLE = Table([FIND, MAKE, ORDER, MINE, THEIRS])


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
        ({"number": 1, "sizes": []}, r"sizes: must be 1\.\.2 values"),
        ({"number": 1, "sizes": [{"width": "1"}]}, "sizes: width: must be a whole number"),
        ({"number": 1, "grams": None}, "grams: must be a whole number"),
        ({"name": ["ab"]}, "name: must be one value, no list"),
        ({"number": 1, "grams": 2**31}, r"grams: must be -2147483648\.\.2147483647"),
        ({"number": 1, "grams": 1.0}, "grams: must be a whole number"),
        ({"number": 1, "atoms": 5}, "atoms: must be a whole number as text"),
        ({"number": 1, "atoms": str(2**63)}, r"atoms: must be -9223372036854775808\.\.9223372036854775807"),
        (
            {"number": 1, "glue": {"hot": True, "cold": True}},
            "glue: exactly one of hot, cold is needed, not hot and cold",
        ),
        ({"number": 1, "sku": "x-1"}, "sku: has no check digit"),
    ],
)
def test_values_of_a_body_are_judged_as_a_whole(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"^thing.make: {said}$"):
        fill_request(TABLE, MAKE, [], body)


def test_values_are_typed_as_the_table_says() -> None:
    typed = fill_request(TABLE, MAKE, [("name", "12"), ("colours", "7"), ("grams", "7"), ("until", "null")])
    assert typed.body == {"name": "12", "colours": ["7"], "grams": 7, "until": "null"}
    several = fill_request(TABLE, MAKE, [("name", "ab"), ("colours", "a"), ("colours", '["b","c"]'), ("atoms", "7")])
    assert several.body == {"name": "ab", "colours": ["a", "b", "c"], "atoms": "7"}
    assert fill_request(TABLE, MAKE, [], {"name": "ab", "until": None}).body == {"name": "ab", "until": None}


def test_in_a_form_all_values_are_text_and_a_value_may_have_a_place_of_its_own() -> None:
    given = [("shelf", "a"), ("pieces", "3"), ("express", "true"), ("gift", '{"text":"7"}'), ("dry_run", "true")]
    ordered = fill_request(TABLE, ORDER, given)
    assert ordered.body == {"pieces": "3", "express": "true", "gift": {"text": "7"}}
    assert ordered.query == {"dry_run": "true"}


@pytest.mark.parametrize(
    ("given", "body", "said"),
    [
        ([("pieces", "-1")], None, r"pieces: must be 0\.\.2147483647"),
        ([("pieces", "1.5")], None, "pieces: must be a whole number"),
        ([("express", "yes")], None, "express: must be true or false"),
        ([("gift", "yes")], None, "gift: must be an object"),
        ([("peices", "1")], None, "peices: is not known; takes shelf, pieces, express, card, gift, dry_run"),
        ([], [1], "the body must be an object"),
        ([], {"shelf": "b"}, "shelf: goes into the path, not into the body"),
    ],
)
def test_where_the_table_is_complete_nothing_else_goes_through(
    given: list[tuple[str, str]], body: Any, said: str
) -> None:
    with pytest.raises(InputError, match=f"^thing.order: {said}$"):
        fill_request(TABLE, ORDER, [("shelf", "a"), *given], *([] if body is None else [body]))


@pytest.mark.contract("M-247")
def test_a_word_of_the_api_is_an_id_where_it_is_documented_as_one() -> None:
    assert fill_request(TABLE, ORDER, [("shelf", "mine")]).path == {"shelf": "mine"}
    with pytest.raises(InputError, match=r"another call, thing\.theirs"):
        fill_request(TABLE, ORDER, [("shelf", "theirs")])


def test_a_body_that_is_no_object_is_left_to_the_platform() -> None:
    assert fill_request(TABLE, MAKE, [], [1]).body == [1]
    assert fill_request(TABLE, MAKE, [("name", "12")]).body == {"name": "12"}


def test_an_id_is_text_or_a_whole_number_and_a_small_z_ends_a_time_too() -> None:
    rule = Parameter("ref", "id")
    assert [list(rule.errors(value)) for value in ("7", 7, "a-1")] == [[], [], []]
    for wrong in (True, 1.5, None, {"id": 7}):
        assert list(rule.errors(wrong)) == ["ref: must be an id"]
    assert list(Parameter("at", like="12:00", time=True).errors("2035-07-14T15:00:00z")) == []
