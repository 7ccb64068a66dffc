"""`headend explain`: what kinds and fields are, from the same marks as docs/kinds and the JSON Schema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cli.harness import World
from commands import ROOT
from headend.cli.explain_command import _document
from headend.core.model.rules import without_rules
from headend.core.stackfile.explain import explain
from headend.core.wire.registry import kinds


def said(path: str) -> Any:
    return _document(explain(path))


def test_a_field_with_what_a_change_does(world: World) -> None:
    ran = world("explain", "ateme.output.udp_rist.rows_d")
    assert (ran.code, ran.err) == (0, "")
    ran = world("explain", "ateme.input.latency")
    first, second = ran.out.split("\n\nateme.input.latency of zixi_push\n")
    assert first.splitlines() == [
        "ateme.input.latency of zixi_pull, srt_pull, srt_push",
        "",
        "  The delay against network trouble, in ms; what -1 means is unknown.",
        "",
        "  type       integer, from -1",
        "  unit       ms",
        "  likely     to 3600000; else a warning",
        "  required   no",
        "  default    6000",
        "  a change   interrupts a running stream",
        "  read back  yes",
        "  example    latency: 6000",
        "  source     docs/contract/ateme.md#a-430",
        "  source     docs/contract/ateme.md#a-439",
        "  source     docs/contract/ateme.md#a-445",
    ]
    assert "  type       integer, from -1 to 600000\n" in second


def test_a_kind_with_its_fields_by_variant(world: World) -> None:
    out = world("explain", "ateme.inputs").out
    assert "  - Found, and adopted, by stream_name.\n" in out
    assert re.search(r"^  latency +integer, from -1 +6000 +zixi_pull, srt_pull, srt_push$", out, re.MULTILINE)
    assert re.search(r"^  state +started or stopped +.started.$", out, re.MULTILINE)
    of_one = world("explain", "ateme.input.srt_push").out
    assert of_one.startswith("ateme.input, variant srt_push\n")
    assert "pull_host" not in of_one


def test_what_is_deeper_in_a_field_and_what_every_resource_takes() -> None:
    (pid,) = said("ateme.transcoder.extra_video_tracks.pcr_pid")["fields"]
    assert (pid["type"], pid["required"]) == ("integer, from 0 to 8189", False)
    (adopt,) = said("lifecycle.adopt")["fields"]
    assert adopt["default"] == '"never"'
    (until,) = said("lifecycle.allow.until")["fields"]
    assert until["required"]


def test_what_can_not_be_read_back_what_is_secret_and_what_replaces() -> None:
    (password,) = said("ateme.output.rtmp.stream_key")["fields"]
    assert (password["secret"], password["read_back"]) == (True, False)
    assert password["example"] == "stream_key: {secret: STREAM_KEY}"
    (region,) = said("ateme.environment.region")["fields"]
    assert region["immutable"]
    assert region["example"] == "region: eu-west-1"
    (email,) = said("just.email_subscription.email")["fields"]
    assert email["unverifiable"] == "no call reads such an object"
    (tiles,) = said("ateme.multi_viewer.tile_inputs")["fields"]
    assert tiles["unverifiable"] == "no call shows what is in the tiles"
    assert "docs/contract/ateme.md#a-771" in tiles["sources"]


def test_what_a_replacement_does_to_a_stream(world: World) -> None:
    out = world("explain", "ateme.environment.region").out
    assert "  a change   replaces the object, which destroys a running stream\n" in out


@pytest.mark.parametrize("name", kinds())
def test_every_field_is_explained_as_the_page_of_its_kind_does(name: str) -> None:
    page = (ROOT / "docs" / "kinds" / f"{kinds()[name].platform}.md").read_text()
    found = said(name)
    assert found["about"]
    for field in found["fields"]:
        assert without_rules(field["about"]) == field["about"]
        assert field["example"]
        if field["name"] == "variant":
            continue
        shape = f"| {field['type']} |"
        rows = [row.replace("`", "") for row in page.splitlines() if row.startswith(f"| `{field['name']}` |")]
        assert any(shape in row and field["about"].replace("`", "") in row.replace("\\|", "|") for row in rows), field
        for source in field["sources"]:
            assert any(source.removeprefix("docs/") in row for row in rows), source


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("ateme.inputt", "there is no kind `ateme.inputt` (did you mean `ateme.input`?)"),
        ("ateme", "there is no kind `ateme` (`headend kinds ateme` lists its kinds)"),
        ("nothing", "there is no kind `nothing` (`headend kinds` lists what there is)"),
        ("ateme.input.latancy", "ateme.input has no field `latancy` (did you mean `latency`?)"),
        ("ateme.input.srt_psh", "ateme.input has no field `srt_psh` (did you mean `srt_push`?)"),
        (
            "ateme.transcoder.extra_video_tracks.pcr",
            "ateme.transcoder.extra_video_tracks has no field `pcr` (did you mean `pcr_pid`?)",
        ),
        ("ateme.input.latency.x", "ateme.input: `latency` has no fields"),
        ("options.on_air", "options has no field `on_air` (did you mean `on_air_window`?)"),
    ],
)
def test_what_is_misspelt_is_told(world: World, path: str, error: str) -> None:
    ran = world("explain", path)
    assert (ran.code, ran.err.strip(), ran.out) == (3, error, "")


def test_the_document_is_for_tools(world: World) -> None:
    found = json.loads(world("explain", "ateme.input.latency", "--format", "json").out)
    assert found["form"] == "headend.explanation/1"
    assert found["fields"][1] | {"about": "", "sources": []} == {
        "name": "latency",
        "variants": ["zixi_push"],
        "about": "",
        "type": "integer, from -1 to 600000",
        "allowed": [],
        "unit": "ms",
        "likely": None,
        "required": False,
        "default": "6000",
        "secret": False,
        "immutable": False,
        "impact": "interrupts",
        "read_back": True,
        "unverifiable": None,
        "example": "latency: 6000",
        "sources": [],
    }
