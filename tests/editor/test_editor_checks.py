"""The JSON Schema as an editor uses it: no complaint about a good stack, and each mistake that it can see, at its line.

`jsonschema` checks it in each run; the YAML language server's own validator too, where it is there: in the folder that
HEADEND_NODE_MODULES names, or in npm's.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as Complaint
from pydantic import BaseModel, ValidationError

from commands import ROOT
from convergence.test_convergence import CASES, stack_of
from headend.core.model.fields import Found, Ref, mark
from headend.core.model.findings import Problems
from headend.core.model.uploads import file_fields
from headend.core.stackfile.examples import example
from headend.core.stackfile.nodes import Node, parse
from headend.core.stackfile.policies import plain
from headend.core.stackfile.schema import json_schema
from headend.core.wire.registry import kinds

GOOD = """\
headend: 1
vars: {kick_off: 2035-12-01T19:30:00Z, end: 2035-12-01T21:45:00Z}
ateme:
  alert_methods:
    duty: {alert_type: email, notification_parameters: [duty@example.com]}
  environments:
    cup:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      inputs:
        gate: {variant: srt_push, port: 5001, latency: 4000}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN_URL}}
        partner:
          variant: srt_push
          host: ingest.example.com
          port: 6001
          latency: 500
      schedules:
        final: {input: gate, output: cdn, start_time: "${vars.kick_off}", end_time: "${vars.end}"}
      alerts:
        lost:
          input: gate
          alert_method: duty
          alert_on_query: is_connected
          query_param: lt
          query_value: [1]
          query_time_range: 10s
          alert_check_frequency: 30s
          alert_repeat: 5m
"""
MISTAKES = {  # what is written instead of what, the line that is complained of, and a part of what editors say
    "headend: 1\n": ("", 1, "headend"),
    "headend: 1": ("headend: 2", 1, "1"),
    "ateme:": ("atme:", 3, "atme"),
    "[duty@example.com]": ("[duty-example.com]", 5, "Write it like noc@example.com"),
    "alert_type: email": ("alert_type: mail", 5, '"slack"'),
    "        gate:": ("      gate:", 12, "gate"),
    "latency: 4000": ("latancy: 4000", 12, "latancy"),
    "latency: 4000}": ("latency: 4s}", 12, "integer"),
    "variant: srt_push, port": ("variant: srt, port", 12, '"srt_pull"'),
    "port: 5001, ": ("", 12, "port"),
    "url: {secret: CDN_URL}": ("stream_key: {secret: KEY}", 14, "url"),
    "variant: rtmp,": ("variant: rtmp, host: a.example.com,", 14, "host"),
    "ingest.example.com": ("srt://ingest.example.com", 17, "Write it like gate.example.com"),
    "port: 6001": ("port: 80", 18, "1025"),
    "latency: 500": ("latency: 600000", 19, "599999"),
    "      schedules:": ("      schedule:", 20, "schedule"),
    '"${vars.kick_off}"': ("tomorrow", 21, "Write it like 2026-12-05T15:00:00Z"),
    "is_connected": ("connected", 26, '"net_send.rtt"'),
    "query_value: [1]": ("query_value: [one]", 28, "number"),
    "alert_check_frequency: 30s": ("alert_check_frequency: 30", 30, "string"),
    "30s": ("30 s", 30, "Write it like 1m30s"),
    "alert_repeat: 5m": ("alert_repeat: 1m", 31, '"7m30m"'),
}
UNREADABLE = {  # what no reader of YAML takes, so that it is its own complaint
    "        cdn:": ("        cdn: {variant: rtmp, url: 'rtmp://x'}\n        cdn:", 15),
    "        gate:": ("\tgate:", 12),
    '"${vars.kick_off}"': ("${vars.kick_off}", 21),
}
OURS = [file for file in (*ROOT.glob("stacks/*.yaml"), *ROOT.glob("examples/*/*.yaml")) if file.name != "Pulumi.yaml"]


def mistaken(right: str, wrong: str) -> str:
    assert right in GOOD
    return GOOD.replace(right, wrong, 1)


@functools.cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def read(text: str) -> Node:
    problems = Problems()
    node = parse(text, "stack.yaml", problems)
    assert node is not None, problems
    return node


def complaints(text: str) -> list[tuple[int, str]]:
    """The line and the message of each error."""
    root = read(text)
    return [(line_of(root, error), error.message) for error in leaves(validator().iter_errors(plain(root)))]


def leaves(errors: Any) -> Iterator[Complaint]:
    for error in errors:
        if error.context:
            yield from leaves(error.context)
        else:
            yield error


def line_of(root: Node, error: Complaint) -> int:
    """Where an editor underlines it: the value, or the key of what lacks something, or the key that is too much."""
    node, line = root, root.source.line
    for part in error.absolute_path:
        entry = (node.mapping or {}).get(str(part))
        node, line = (entry.node, entry.source.line) if entry else (node.value[part], node.value[part].source.line)
    if error.validator == "additionalProperties":
        unknown = next(key for key in node.mapping or {} if f"'{key}'" in error.message)
        return (node.mapping or {})[unknown].source.line
    return line


def examples() -> dict[str, str]:
    """Every good stack that we have: those in the repository, and one of each kind."""
    found = {f"{file.parent.name}-{file.stem}": file.read_text() for file in OURS}
    for module, name in CASES:
        for number, fragment in enumerate(module.CASES[name]):
            if fragment is not None:
                found[f"{name}-{number}"] = json.dumps(stack_of(module, name, fragment), default=str)
    return {"good": GOOD, **found}


def test_good_stacks_get_no_complaint() -> None:
    assert {name: found for name, text in examples().items() if (found := complaints(text))} == {}


@pytest.mark.parametrize("right", MISTAKES)
def test_a_mistake_is_seen_at_its_line(right: str) -> None:
    wrong, line, _ = MISTAKES[right]
    found = complaints(mistaken(right, wrong))
    assert found
    assert {at for at, _ in found} == {line}


@pytest.mark.parametrize("name", kinds())
def test_the_example_of_each_field_fits_the_model_and_the_schema(name: str) -> None:
    defs = validator().schema["$defs"]
    for variant, model in (kinds()[name].variants or {"": kinds()[name].model}).items():
        whole = f"#/$defs/{name}.{variant}" if variant else f"#/$defs/{name}"
        schema = Draft202012Validator({"$defs": defs, "$ref": whole})
        for field in model.model_fields:
            value = example(model, field)
            assert list(schema.iter_errors({field: value})) == [], (variant, field, value)
            elsewhere = mark(model, field, Ref) or mark(model, field, Found) or field in file_fields(model)
            if elsewhere or (isinstance(value, dict) and set(value) == {"secret"}):
                continue  # what stands for another value
            assert not refused(model, {field: value}), (variant, field, value)


def refused(model: type[BaseModel], given: dict[str, Any]) -> list[Any]:
    """What the model says against the one value; that others are missing is no matter."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        return [detail for detail in error.errors() if detail["loc"][:1] == tuple(given)]
    return []


# --- the language server -----------------------------------------------------------------------------------------
@functools.cache
def node_modules() -> tuple[str, str]:
    """The folder that has the server, or why there is none."""
    named = os.environ.get("HEADEND_NODE_MODULES")
    if not shutil.which("node"):
        return "", "there is no `node`"
    if named is None and (npm := shutil.which("npm")):
        named = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    if not named or not (Path(named) / "yaml-language-server").is_dir():
        return "", "no yaml-language-server in npm's folder, nor in that of HEADEND_NODE_MODULES"
    return named, ""


@functools.cache
def said_by_server() -> dict[str, Any]:
    """What it says of all files, in one process."""
    folder, why = node_modules()
    if why:
        pytest.skip(why)
    wrong = {f"unreadable: {right}": mistaken(right, wrong) for right, (wrong, _) in UNREADABLE.items()}
    wrong |= {f"wrong: {right}": mistaken(right, given[0]) for right, given in MISTAKES.items()}
    asked = {"schema": json_schema(), "files": {**examples(), **wrong}, "at": [["good", 19, 14], ["good", 16, 21]]}
    script = Path(__file__).with_name("language_server.js")
    ran = subprocess.run(
        ["node", script, folder], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=300
    )
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_the_language_server_has_no_complaint_about_good_stacks() -> None:
    said = said_by_server()["said"]
    assert {name: said[name] for name in examples() if said[name]} == {}


@pytest.mark.parametrize("right", MISTAKES)
def test_the_language_server_says_what_is_wrong_and_nothing_else(right: str) -> None:
    _, line, part = MISTAKES[right]
    found = said_by_server()["said"][f"wrong: {right}"]
    assert [at for at, _ in found] == [line], found
    assert part in found[0][1]


@pytest.mark.parametrize("right", UNREADABLE)
def test_the_language_server_sees_what_is_no_yaml(right: str) -> None:
    found = said_by_server()["said"][f"unreadable: {right}"]
    assert min(line for line, _ in found) == UNREADABLE[right][1], found


def test_the_language_server_shows_units_and_examples_and_offers_the_values_of_a_field() -> None:
    latency, variant = said_by_server()["shown"]
    words = "in ms, 1 to 599999. A change interrupts a running stream. For example `latency: 2000`."
    assert words in latency["hover"].replace("\\", "")
    assert {"srt_push", "srt_pull", "udp_rist", "rtmp", "push", "pull"} <= set(variant["offered"])
