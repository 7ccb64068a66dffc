"""Whatever is thrown at the loader: a stack or an InputError; and what JSON says, YAML reads the same."""

from __future__ import annotations

import contextlib
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from stack_kinds import KINDS
from test_stack_load import GOOD

from headend.core.model.errors import InputError
from headend.core.model.findings import Problems
from headend.core.stackfile import load
from headend.core.stackfile.load import GENERAL
from headend.core.stackfile.nodes import Node, parse
from headend.core.stackfile.schema import json_schema

quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0"), max_size=8)
keys = words.filter(lambda k: k and k != "<<")
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
trees = st.recursive(leaves, lambda t: st.lists(t, max_size=4) | st.dictionaries(keys, t, max_size=4), max_leaves=15)
PIECES = """headend fake rules inputs environments secret id lifecycle account variant srt vars extends connections
${vars.x} steps adopt e/a a follows stack"""
pieces = st.sampled_from(PIECES.split())
shapes = st.recursive(
    leaves | pieces, lambda t: st.lists(t, max_size=3) | st.dictionaries(pieces, t, max_size=4), max_leaves=25
)


def plain(node: Node):
    if node.mapping is not None:
        return {key: plain(entry.node) for key, entry in node.mapping.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, tuple) else node.value


@quick
@given(trees)
def test_json_is_read_as_it_is_meant(tree):
    problems = Problems()
    node = parse(json.dumps(tree), "x", problems)
    assert problems == []
    assert plain(node) == tree


@quick
@given(st.text(max_size=60))
def test_any_text_ends_in_a_tree_or_a_problem(text):
    problems = Problems()
    assert parse(text, "x", problems) is not None or problems


@quick
@given(shapes)
def test_any_shape_ends_in_a_stack_or_an_input_error(tmp_path, shape):
    file = tmp_path / "s.yaml"
    file.write_text(json.dumps({"headend": 1, "fake": shape, "vars": {"x": 1}}))
    with contextlib.suppress(InputError):
        stack = load(file, secret=lambda name: "found", kinds=KINDS)
        assert list(Draft202012Validator(json_schema(KINDS)).iter_errors(json.loads(file.read_text()))) == []
        assert all(address.startswith("fake.") for address in stack.resources)


def schema_errors(text: str) -> list[str]:
    tree = plain(parse(text, "x", []))
    return [error.json_path for error in Draft202012Validator(json_schema(KINDS)).iter_errors(tree)]


def test_the_schema_is_valid_and_takes_a_good_stack():
    Draft202012Validator.check_schema(json_schema(KINDS))
    json.dumps(json_schema(KINDS))
    assert schema_errors(GOOD) == []


def test_the_schema_has_every_key_of_a_file():
    assert {*GENERAL, "fake"} == set(json_schema(KINDS)["properties"])


def test_the_schema_takes_an_overlay():
    over = "extends: base.yaml\nfake: {environments: {e: null, f: {inputs: {a: {port: 5002, latency: null}}}}}"
    assert schema_errors(over) == []


def test_the_schema_refuses_unknown_keys_and_wrong_types():
    assert schema_errors("headend: 1\nfaek: {}") == ["$"]
    assert schema_errors("headend: 1\nfake: {rules: {r: {account: x, limt: 1}}}") == ["$.fake.rules.r"]
    assert schema_errors("headend: 1\nfake: {rules: {r: {account: x, limit: many}}}") == ["$.fake.rules.r.limit"]
    inputs = "headend: 1\nfake: {environments: {e: {inputs: {a: {%s}}}}}"
    at = "$.fake.environments.e.inputs.a"
    assert schema_errors(inputs % "variant: srt, port: 80") == [f"{at}.port"]
    assert schema_errors(inputs % "variant: srt, port: 5000, url: x") == [at]
    assert schema_errors(inputs % "variant: strt, port: 5000") == [f"{at}.variant"]
    assert schema_errors(inputs % "variant: '${vars.v}', port: 5000") == []


def test_the_schema_asks_for_what_is_needed_where_nothing_else_can_give_it():
    assert schema_errors("fake: {}") == ["$"]  # `headend`
    assert schema_errors("headend: 1\nfake: {rules: {r: {limit: 1}}}") == ["$.fake.rules.r"]
    assert schema_errors("headend: 1\nfake: {rules: {r: {from_file: a.csv, limit: 1}}}") == []
    assert schema_errors("extends: a.yaml\nfake: {rules: {r: {limit: 1}}}") == []
    alone = "headend: 1\nfake: {inputs: {a: {variant: rtmp, url: u}}}"
    assert schema_errors(alone) == ["$.fake.inputs.a"]  # `environment`
    assert schema_errors("headend: 1\nfake: {environments: {e: {inputs: {a: {}}}}}") == [
        "$.fake.environments.e.inputs.a"
    ]  # `variant`


def test_the_schema_describes_kinds_and_fields():
    defs = json_schema(KINDS)["$defs"]
    assert defs["fake.rule"]["description"] == "A rule of an account."
    port = defs["fake.input.srt"]["properties"]["port"]
    assert port["description"] == "Port to listen on. For example `port: 5001`."
