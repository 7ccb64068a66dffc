"""Documents are other people's text: whatever is in one, reading it ends soon, with the document or with words."""

from __future__ import annotations

import json

import pytest

from headend.core.model.errors import InputError
from headend.core.wire.openapi.reading import MAX_BYTES, MAX_DEPTH, parse_document
from headend.core.wire.openapi.refs import Refs, Unreadable

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20)
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (LAUGHS.encode(), "once aliases are expanded"),
        (b"a: &a [*a]", "no finished anchor"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, f"nests deeper than {MAX_DEPTH} levels"),
        (b'{"a": ' * 200_000 + b"1" + b"}" * 200_000, f"nests deeper than {MAX_DEPTH} levels"),
        (b"[" * 200_000, f"nests deeper than {MAX_DEPTH} levels"),
        (b"a: 1\na: 2\n", "line 2: key `a` is given twice"),
        (b'{"a": 1, "a": 2}', "key `a` is given twice"),
        (b"? [a]\n: 1\n", "a key must be a word"),
        (b'{"a": }', "line 1: not valid JSON"),
        (b"a: {b\n", "not valid YAML"),
        (b"a: \x01", "a character that YAML forbids"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "no mapping"),
        (b"", "no mapping"),
        (b" " * (MAX_BYTES + 1), "larger than 16 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_not_be_read_is_told(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=r"^doc: ") as raised:
        parse_document(content, "doc")
    assert why in str(raised.value)


def test_both_forms_say_the_same() -> None:
    """YAML 1.2: `on`, `no` and dates are text, and a status may be a number."""
    as_yaml = (
        b'a: &x {on: no, at: 2020-01-01, 200: true, n: 7, f: -1.5, s: "7", z: ~}\nb: *x\nc: !!str 7\nd: |\n  two\n'
    )
    inner = {"on": "no", "at": "2020-01-01", "200": True, "n": 7, "f": -1.5, "s": "7", "z": None}
    wanted = {"a": inner, "b": inner, "c": "7", "d": "two\n"}
    assert parse_document(as_yaml, "doc") == wanted
    assert parse_document(json.dumps(wanted).encode(), "doc") == wanted
    assert parse_document(b"\xef\xbb\xbfa: 1", "doc") == {"a": 1}


def test_what_mappings_have_in_common_is_filled_in() -> None:
    """By `<<`, which YAML 1.2 doesn't have, and documents do."""
    text = b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 4}]}\nd: {<<: 7}\n"
    found = parse_document(text, "doc")
    assert (found["b"], found["c"], found["d"]) == ({"x": 1, "y": 3}, {"x": 1, "y": 2, "z": 4}, {})


def test_a_tag_makes_no_object() -> None:
    assert parse_document(b"a: !!python/object/apply:os.system [exit]", "doc") == {"a": ["exit"]}


def test_schemas_made_of_themselves_or_of_too_many_others_are_refused() -> None:
    """Each of thirty is made of the next, twice: a billion parts."""
    twice = {f"s{n}": {"allOf": [{"$ref": f"#/s{n + 1}"}] * 2} for n in range(29)} | {"s29": {"type": "string"}}
    circle = {"c": {"allOf": [{"$ref": "#/c"}]}}
    for document, ref in ((twice, "#/s0"), (circle, "#/c")):
        with pytest.raises(Unreadable, match="made of itself, or of too many others"):
            Refs(document).merged({"$ref": ref})


def test_an_id_in_a_document_moves_no_reference() -> None:
    refs = Refs(
        {"$id": "https://elsewhere.example.com/x", "a": {"$id": "https://elsewhere.example.com/y", "type": "t"}}
    )
    assert refs.resolved({"$ref": "#/a"})["type"] == "t"
