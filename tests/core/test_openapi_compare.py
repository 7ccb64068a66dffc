"""What a document says of values, in each of its versions, and how that differs from what headend knows."""

from __future__ import annotations

from typing import Any

import pytest

from headend.core.wire.openapi.compare import Comparison, Verdict
from headend.core.wire.openapi.document import read_operations
from headend.core.wire.openapi.matching import match_names
from headend.core.wire.openapi.refs import Refs
from headend.core.wire.openapi.values import Value, differences, from_schema
from headend.core.wire.operations import Operation, Table
from headend.core.wire.parameters import Parameter

PORT = Parameter("port", "integer", needed=True, low=1, high=9)
ROW = Operation("thing.put", "PUT", "/things/{thing_id}", "A-1", "Put it", "A", parameters=(PORT,))
WORDS = {"input": ("source", "channel"), "output": ("destination",)}


def compared(document: dict[str, Any], row: Operation = ROW) -> Any:
    read = read_operations(document, "doc", "https://x.example.com/base")
    [found, *_] = Comparison("none", read, Table([row]), Table([row]), WORDS).run()
    return found


def test_each_version_says_the_same() -> None:
    schema = {"type": "object", "required": ["port"], "properties": {"port": {"$ref": "#/parts/port"}}}
    parts = {"port": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 9}}
    place = {"name": "id", "in": "path", "required": True}
    body = {"name": "payload", "in": "body", "schema": schema}
    for version in ("3.0.0", "3.1.0"):
        content = {"application/json; charset=utf-8": {"schema": schema}}
        said = {"description": "Put it.\nAnd more.", "requestBody": {"content": content}}
        item = {"parameters": [{**place, "schema": {"type": "string"}}], "put": said}
        document = {"openapi": version, "servers": [{"url": "/base"}], "paths": {"/things/{id}": item}, "parts": parts}
        assert compared(document).verdict is Verdict.SAME
    swagger = {"put": {"summary": "put  it", "parameters": [{**place, "type": "string"}, body]}}
    document = {"swagger": "2.0", "basePath": "/base/", "paths": {"/things/<string:id>": swagger}, "parts": parts}
    assert compared(document).verdict is Verdict.SAME
    form = {"name": "port", "in": "formData", "type": "integer", "minimum": 1, "maximum": 9, "required": True}
    swagger["put"]["parameters"] = [form]
    assert compared(document).override == {"body": "form", "documented": True}
    swagger["put"]["parameters"] = [form, {"name": "file", "in": "formData", "type": "file"}]
    assert compared(document).override == {"body": "multipart", "documented": True}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": ["string", "null"]}, Value(frozenset({"string"}), nullable=True)),
        ({"type": "string", "nullable": True}, Value(frozenset({"string"}), nullable=True)),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, Value(frozenset({"string"}), nullable=True)),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, Value(frozenset({"string", "integer"}))),
        ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, Value(frozenset({"integer"}), span=(3, None))),
        ({"type": "integer", "exclusiveMaximum": 9}, Value(frozenset({"integer"}), span=(None, 8))),
        ({"enum": ["a", None, True]}, Value(choices=("a", "true"), nullable=True)),
        ({"const": 7}, Value(choices=("7",))),
        ({"properties": {"a": {}}}, Value(frozenset({"object"}))),
        (
            {"type": "array", "items": {"type": "string", "maxLength": 4}, "minItems": 1},
            Value(frozenset({"string"}), is_list=True, span=(None, 4), count=(1, None)),
        ),
        ({"minimum": "no number", "enum": "no list", "type": 7}, Value(frozenset({"7"}))),
    ],
)
def test_what_a_schema_says_of_a_value(schema: dict[str, Any], value: Value) -> None:
    assert from_schema(schema, Refs({})) == value


def test_what_either_side_does_not_say_is_not_compared() -> None:
    said = Value(frozenset({"integer"}), span=(1, 9), choices=("1", "9"))
    assert list(differences(said, Value())) == []
    assert list(differences(Value(), said)) == [
        "the document takes only 1, 9, which headend doesn't check: mind it",
        "the document allows 1..9, which headend doesn't check: mind it",
    ]
    several = Value(frozenset({"integer"}), is_list=True)
    assert "the document takes a list of a whole number, headend sends a whole number" in next(
        differences(said, several)
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "found", "left"),
    [
        (["input_id"], {"input_id": "", "source_id": ""}, {"input_id": "input_id"}, {}),
        (["input_id"], {"sourceId": "", "x": ""}, {"input_id": "sourceId"}, {}),
        (["input_id"], {"q7": "The channel to record", "x": ""}, {"input_id": "q7"}, {}),
        (["input_id"], {"source_a": "", "source_b": ""}, {}, {"input_id": ["source_a", "source_b"]}),
        (
            ["input_id", "output_id"],
            {"both_input_output": ""},
            {},
            {n: ["both_input_output"] for n in ("input_id", "output_id")},
        ),
        (["input_id"], {"x": ""}, {}, {"input_id": ["x"]}),
    ],
)
def test_a_name_is_taken_for_another_only_where_nothing_else_may_be_meant(
    ours: list[str], theirs: dict[str, str], found: dict[str, str], left: dict[str, list[str]]
) -> None:
    assert match_names(ours, theirs, WORDS) == (found, left)


def test_the_only_value_of_a_path_is_the_only_one_it_can_be() -> None:
    assert match_names(["input_id"], {"x": ""}, WORDS, last=True) == ({"input_id": "x"}, {})


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/things", "it has no place for thing_id"),
        ("/things/{a}/{b}", "it needs a, b in its path; it has no place for thing_id"),
        ("/things/{thing_id}/{b}", "it needs b in its path"),
    ],
)
def test_a_path_with_other_values_is_not_written(path: str, how: str) -> None:
    found = compared({"openapi": "3.1.0", "paths": {f"/base{path}": {"put": {"summary": "Put it"}}}})
    assert (found.verdict, found.how, found.override) == (Verdict.UNCLEAR, (how,), None)


def test_a_value_may_have_moved_into_the_query() -> None:
    parameters = [{"name": "thing", "in": "query", "schema": {}}]
    found = compared(
        {"openapi": "3.1.0", "paths": {"/things": {"put": {"summary": "Put it", "parameters": parameters}}}}
    )
    assert found.override == {"path": "/things?thing={thing_id}", "documented": True}


def test_of_several_lists_in_an_answer_the_one_of_that_name_is_meant() -> None:
    row = Operation("thing.list", "GET", "/things", "A-2", "List them", "A")
    lists = {name: {"type": "array", "items": {}} for name in ("warnings", "things")}
    answer = {"200": {"content": {"application/json": {"schema": {"properties": lists}}}}}
    document = {"openapi": "3.1.0", "paths": {"/things": {"get": {"summary": "List them", "responses": answer}}}}
    assert compared(document, row).override == {"list_key": "things", "documented": True}
