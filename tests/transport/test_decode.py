"""Answers are decoded strictly: an id, a type or a shape that isn't as documented is an error, and never a guess."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import httpx
import pytest

from headend.core.model.errors import DecodeError, ForeignAnswer, NotFound
from headend.core.model.fields import Immutable, Spec
from headend.core.wire.client import Client
from headend.core.wire.decode import OpaqueId, Shape, TextId, decode, decode_rows, named, readable
from headend.core.wire.operations import Operation


class Label(Shape):
    id: OpaqueId = named("label_id", "id")
    text: str | None = None
    count: int = 0


class Strict(Shape):
    id: TextId


@pytest.mark.contract("A-44")
@pytest.mark.parametrize(
    ("row", "id"),
    [({"label_id": "a", "id": "b"}, "a"), ({"id": "b", "unknown": [1]}, "b"), ({"label_id": 7}, "7")],
)
def test_an_id_is_text_or_a_whole_number_by_its_first_name(row: Any, id: str) -> None:
    assert decode(Label, "x", row).id == id


@pytest.mark.contract("A-44")
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "label_id: is missing"),
        ({"label_id": None, "id": "b"}, "label_id: expected text, got null"),
        ({"id": ""}, "id: expected text that is not empty, got empty text"),
        ({"id": True}, "id: expected text, got true or false"),
        ({"id": 1.5}, "id: expected text, got a number"),
        ({"id": ["a"]}, "id: expected text, got an array"),
        ({"id": "a", "count": "5"}, "count: expected a whole number, got text"),
        ({"id": "a", "text": 5}, "text: expected text, got a number"),
        ([], "expected an object, got an array"),
        ("<html>", "expected an object, got text"),
    ],
)
def test_what_is_not_as_documented_is_told_without_its_value(row: Any, said: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Label, "ateme: label.get", row)
    assert str(caught.value) == f"ateme: label.get: the answer can't be used: {said}"


def test_a_number_is_no_id_where_ids_are_text() -> None:
    with pytest.raises(DecodeError, match="id: expected text, got a number"):
        decode(Strict, "x", {"id": 5})


def test_a_row_is_told_by_its_number_and_a_secret_stays_out() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_rows(Label, "ateme: label.list", [{"id": "a"}, {"text": "s3cret"}, {"id": "b", "text": ["s3cret"]}, 5])
    assert str(caught.value).endswith(
        "row 2: label_id: is missing; row 3: text: expected text, got an array; row 4: expected an object, got a number"
    )


@pytest.mark.parametrize("body", [None, {}, {"message": "internal error"}, "<html>", 5])
def test_what_is_no_array_is_no_empty_list(body: Any) -> None:
    with pytest.raises(DecodeError, match="expected an array"):
        decode_rows(Label, "x", body)
    assert decode_rows(Label, "x", []) == []


class Wall(Spec):
    layout: Annotated[str | int, Immutable()]
    mode: Literal["a", "b"] | None = None
    pids: list[int] = []


def test_a_value_of_the_wrong_type_is_no_value_of_a_field() -> None:
    values, wrong = readable(Wall, {"layout": "layout_id", "mode": "mode", "pids": "pids"}, {"layout_id": None})
    assert (values, wrong) == ({}, {"layout": "the answer's layout_id: expected a value, got null"})
    values, wrong = readable(Wall, ["mode", "pids"], {"mode": 5, "pids": [1, "2"]})
    assert values == {}
    assert wrong == {
        "mode": "the answer's mode: expected text, got a number",
        "pids": "the answer's pids: 2: expected a whole number, got text",
    }


def test_a_word_or_null_that_fits_the_type_is_a_value() -> None:
    assert readable(Wall, ["mode", "pids"], {"mode": "c", "pids": [1]}) == ({"mode": "c", "pids": [1]}, {})
    assert readable(Wall, ["mode"], {"mode": None}) == ({"mode": None}, {})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404, json={"message": "not found"}), NotFound),
        (httpx.Response(404, html="<h1>Not Found</h1>"), ForeignAnswer),
        (httpx.Response(404), ForeignAnswer),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_404_is_proof_only_in_the_platforms_own_words(method: str, answer: Any, error: type) -> None:
    client = Client("https://h", platform="x", transport=httpx.MockTransport(lambda request: answer))
    client.is_own_error = lambda answer: isinstance(answer.body, dict) and "message" in answer.body

    async def send() -> None:
        async with client:
            await client.send(Operation("thing.get", method, "/thing", "X-1", ""))

    with pytest.raises(error) as caught:
        asyncio.run(send())
    assert type(caught.value) is error
