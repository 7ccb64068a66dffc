"""`headend doctor --openapi`: the platform's own document turns guesses into facts, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.harness import World, living, serve
from convergence import ateme
from convergence.test_convergence import side_by_side
from headend.ateme.wire import TABLE
from headend.core.wire.openapi.reading import MAX_BYTES
from headend.simulator import Simulator

SEEDS = range(50) if os.environ.get("HEADEND_THOROUGH") else (0, 1, 5)
SHARED = "ateme-operations.yaml"


@pytest.mark.contract("A-41")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_platform_of_which_nothing_is_as_assumed_works_by_its_document(seed: int, tmp_path: Path) -> None:
    simulator = Simulator()
    ateme.WORLD(simulator)
    document = simulator.document("ateme", seed)
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("document", document.decode())
        world.write("each.yaml", json.dumps(side_by_side(ateme, 0)))
        world.write("real.yaml", f"headend: 1\nstack: each\nextends: [each.yaml, {SHARED}]\n")
        before = living(simulator.dump())
        assert world("plan", "each.yaml").code != 2, "nothing is where it is assumed to be"
        told = world("doctor", "ateme", "--openapi", "document", "--write", SHARED)
        assert told.code == 2
        assert f"{len(TABLE)} differ\n" in told.out
        secrets = ["--secrets-out", "secrets.json"]
        applied = world("apply", "real.yaml", "--yes", *secrets)
        assert applied.code == 0, applied.err
        assert simulator.writes() != []
        simulator.reset_journal()
        assert world("apply", "real.yaml", "--yes", *secrets).code == 0
        assert simulator.writes() == []
        assert world("plan", "real.yaml").code == 0
        again = world("doctor", "ateme", "--openapi", "document", "--stack-file", "real.yaml")
        assert (again.code, again.out.splitlines()[-2:]) == (0, [f"{len(TABLE)} same", "Nothing to do"])
        assert world("destroy", "real.yaml", "--yes").code == 0
        assert living(simulator.dump()) == before


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    """That of the platform as it is assumed to be."""
    found: dict[str, Any] = json.loads(world.simulator.document("ateme"))
    return found


def told(world: World, document: Any, *words: str) -> dict[str, dict[str, Any]]:
    """What is said of each operation, by its key, or by its call where there is none."""
    world.write("document.json", json.dumps(document))
    ran = world("doctor", "ateme", "--openapi", "document.json", "--format", "json", *words)
    assert ran.code in {0, 2}, ran.err
    rows = json.loads(ran.out)
    assert ran.code == 2 * any(row["verdict"] not in {"same", "not in the table"} for row in rows)
    return {row.get("operation", row["call"]): row for row in rows}


def schema(document: Any, key: str) -> Any:
    return document["components"]["schemas"][key.replace(".", "_")]


def test_what_is_as_assumed_is_the_same_and_documented_from_then_on(world: World, document: Any) -> None:
    assert {row["verdict"] for row in told(world, document, "--write", "shared.yaml").values()} == {"same"}
    world.write("own.yaml", "headend: 1\nextends: shared.yaml\n")
    listed = world("api", "ateme", "--list", "--stack-file", "own.yaml").out.splitlines()
    assert len(listed) == len(TABLE)
    assert all(line.rstrip("!").endswith("documented by the tenant") for line in listed)
    assert world("validate", "own.yaml").code == 0


def test_two_titles_exchanged_are_found_out_and_not_followed(world: World, document: Any) -> None:
    start, stop = (document["paths"][f"/api/inputs/{{input_id}}/{word}"]["post"] for word in ("start", "stop"))
    start["summary"], stop["summary"] = stop["summary"], start["summary"]
    found = told(world, document, "--write", "shared.yaml")
    for key, other in (("input.start", "input.stop"), ("input.stop", "input.start")):
        assert found[key]["verdict"] == "unclear"
        assert found[key]["how"] == [f"it has the call of {other}: are the titles of two operations exchanged?"]
    written = yaml.safe_load((world.home / "shared.yaml").read_text())["connections"]["ateme"]["operations"]
    assert len(written) == len(TABLE) - 2
    assert "input.start" not in written


def test_a_missing_operation_and_an_unknown_one_are_told_as_that(world: World, document: Any) -> None:
    del document["paths"]["/api/events/{event_id}/image"]
    document["paths"]["/api/teapots"] = {"get": {"summary": "Brew"}}
    found = told(world, document)
    assert found["event.image"]["verdict"] == "not in the document"
    assert found["GET /api/teapots"]["verdict"] == "not in the table"
    out = world("doctor", "ateme", "--openapi", "document.json").out
    assert "not in the table (1)\n  GET /api/teapots (Brew)\n" in out
    assert "not in the document (1)\n  event.image  GET /api/events/{event_id}/image\n" in out
    assert "what the document lacks may not be there" in out


def test_two_candidates_are_shown_and_none_is_chosen(world: World, document: Any) -> None:
    document["paths"]["/api/v2/labels"] = {"get": {"summary": "List all labels in the managing org."}}
    same_call = document["paths"]["/api/events"]["get"]
    same_call["summary"] = "Get all events"
    near = document["paths"]["/api/recording_schedules"]["post"]
    near["summary"] = "Create a new recording schedule"
    found = told(world, document)
    assert found["label.list"]["verdict"] == found["event.list"]["verdict"] == "unclear"
    assert [line.partition(" (")[0] for line in found["label.list"]["candidates"]] == [
        "GET /api/access_labels",
        "GET /api/v2/labels",
    ]
    assert found["event.list"]["candidates"] == ["GET /api/events (Get all events)"]
    assert found["recording_schedule.create"]["candidates"] == [
        "POST /api/recording_schedules (Create a new recording schedule)"
    ]
    assert not any("override" in found[key] for key in ("label.list", "event.list", "recording_schedule.create"))


def test_what_a_person_has_decided_is_no_longer_unclear(world: World, document: Any) -> None:
    """A row of one's own picks a candidate, or insists on the call that the table has."""
    start, stop = (document["paths"][f"/api/inputs/{{input_id}}/{word}"]["post"] for word in ("start", "stop"))
    start["summary"], stop["summary"] = stop["summary"], start["summary"]
    document["paths"]["/api/v2/labels"] = {"get": {"summary": "List all labels in the managing org."}}
    fields = schema(document, "schedule.create")["properties"]
    fields["source_a"] = fields["source_b"] = fields.pop("input_id")
    rows = {
        "input.start": {"documented": True},
        "input.stop": {"documented": True},
        "label.list": {"path": "/api/v2/labels"},
        "schedule.create": {"keys": {"input_id": "source_b"}},
    }
    world.write("own.yaml", json.dumps({"headend": 1, "connections": {"ateme": {"operations": rows}}}))
    found = told(world, document, "--stack-file", "own.yaml", "--write", "shared.yaml")
    assert all(found[key]["how"] == [] for key in rows)
    assert found["schedule.create"]["fields"][-1].startswith("the document also has source_a")
    assert {key: found[key]["override"] for key in rows} == {
        key: {**row, "documented": True} for key, row in rows.items()
    }


@pytest.mark.contract("A-46", "A-806")
def test_titles_that_occur_twice_are_told_apart_by_the_path(world: World, document: Any) -> None:
    paths = document["paths"]
    paths["/api/channels"] = {"get": paths["/api/inputs"].pop("get")}
    paths["/api/channel/{id}"] = {"get": paths["/api/inputs/{input_id}"].pop("get")}
    paths["/api/channel/{id}"]["get"]["parameters"][0]["name"] = "id"
    found = told(world, document)
    assert found["input.list"]["override"]["path"] == "/api/channels"
    assert found["input.get"]["override"]["path"] == "/api/channel/{input_id}"


@pytest.mark.parametrize(
    "ref", ["https://elsewhere.example.com/s.json", "file:///etc/passwd", "../s.json", "//elsewhere.example.com/s"]
)
def test_a_ref_out_of_the_document_is_refused_and_not_followed(world: World, document: Any, ref: str) -> None:
    document["components"]["schemas"]["label_create"] = {"$ref": ref}
    found = told(world, document)
    assert found["label.create"]["verdict"] == "refused"
    assert found["label.create"]["how"] == [f"$ref {ref!r} leads out of the document, where headend doesn't follow"]
    assert found["label.update"]["verdict"] == "same"
    assert "use nothing of what is refused" in world("doctor", "ateme", "--openapi", "document.json").out
    assert world.simulator.journal == []


@pytest.mark.parametrize(
    ("ref", "why"),
    [("#/components/schemas/label_create", "in a circle"), ("#/components/schemas/none", "leads to nothing")],
)
def test_a_ref_that_leads_nowhere_is_refused(world: World, document: Any, ref: str, why: str) -> None:
    document["components"]["schemas"]["label_create"] = {"$ref": ref}
    assert why in told(world, document)["label.create"]["how"][0]


def _host(document: Any) -> None:
    del document["openapi"]
    document |= {"swagger": "2.0", "host": "elsewhere.example.com"}


def _server(document: Any) -> None:
    document["servers"] = [{"url": "https://elsewhere.example.com/api"}]


def _two_bases(document: Any) -> None:
    document["servers"] = [{"url": "/a"}, {"url": "/b"}]


def _of_a_path(document: Any) -> None:
    document["paths"]["/api/events"]["servers"] = [{"url": "//elsewhere.example.com"}]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_host, "no document leads to another host"),
        (_server, "no document leads to another host"),
        (_of_a_path, "no document leads to another host"),
        (_two_bases, "which one holds?"),
        (lambda document: document.clear(), "neither Swagger 2.0 nor OpenAPI 3.0 or 3.1"),
        (lambda document: document.update(openapi="4.0"), "it says 4.0"),
        (lambda document: document.update(openapi="3.0.1\nconnections: {}"), "it says 3.0.1\\nconnections"),
        (lambda document: document.update(paths={}), "describes no operation"),
    ],
)
def test_a_document_of_another_host_or_of_nothing_is_refused(
    world: World, document: Any, change: Callable[[Any], None], why: str
) -> None:
    change(document)
    world.write("document.json", json.dumps(document))
    ran = world("doctor", "ateme", "--openapi", "document.json", "--write", "shared.yaml")
    assert ran.code == 3
    assert why in ran.err
    assert not (world.home / "shared.yaml").exists()


def test_the_platforms_own_host_is_no_other_one(world: World, document: Any) -> None:
    document["servers"] = [{"url": world.url.replace("http", "https")}]  # as behind a proxy; it isn't gone by
    assert told(world, document)["label.list"]["verdict"] == "same"
    world.env["HEADEND_ATEME_URL"] = ""
    assert "set the platform's url" in world("doctor", "ateme", "--openapi", "document.json").err


def test_a_name_that_would_forge_a_line_is_refused(world: World, document: Any) -> None:
    fields = schema(document, "schedule.create")["properties"]
    fields["source\nurl: https://elsewhere.example.com"] = fields.pop("input_id")
    assert told(world, document)["schedule.create"]["verdict"] == "refused"


@pytest.mark.parametrize("path", ["//elsewhere.example.com/x", "/api/../x", "/api/%2e%2e/x", "/api/a%2Fb", "/x?y=z"])
def test_a_path_that_leads_elsewhere_is_refused(world: World, document: Any, path: str) -> None:
    document["paths"][path] = {"get": document["paths"].pop("/api/activity_log")["get"]}
    found = told(world, document)["activity.list"]
    assert (found["verdict"], found.get("override")) == ("refused", None)


def test_a_call_that_deletes_is_taken_for_no_other_one(world: World, document: Any) -> None:
    item = document["paths"]["/api/events"]
    item["delete"] = item.pop("get")
    assert "it deletes" in told(world, document)["event.list"]["how"][0]


def test_values_that_differ_say_what_to_do(world: World, document: Any) -> None:
    fields = schema(document, "input.create.srt_push")["properties"]
    fields["port"] = {"type": "string"}
    fields["latency"] |= {"maximum": 9}
    fields["user_description"] |= {"maxLength": 80}
    del fields["encryption_type"]
    fields |= {"colour": {"type": "string"}, "shape": {"type": "string"}}
    schema(document, "input.create.srt_push")["required"] = ["id", "port", "password", "shape"]
    method = schema(document, "alert_method.create")
    method["properties"]["alert_type"]["enum"] = ["email", "sms"]
    method["required"].remove("name")
    found = told(world, document)
    assert (found["input.create.srt_push"]["verdict"], found["input.create.srt_push"]["how"]) == ("differs", [])
    assert found["input.create.srt_push"]["fields"] == [
        "user_description: the document allows ..80, headend ..255: stay within both",
        "latency: the document allows -1..9, headend -1..: stay within both",
        "port: the document takes text, headend sends a whole number: the call may be refused, and headend's authors "
        "want to know",
        "password: the document needs it: give it a value in each stack",
        "the document doesn't have encryption_type: the platform may ignore or refuse that",
        "shape: the document needs it, and headend doesn't know it: give it under `extra`",
        "the document also has colour: give them under `extra` if you need them",
    ]
    assert found["alert_method.create"]["fields"] == [
        "name: headend asks for it, and the document doesn't need it",
        "alert_type: the document also takes sms, which headend refuses",
        "alert_type: the document doesn't take slack: leave that out of stacks",
    ]


@pytest.mark.contract("A-579", "A-580")
def test_what_a_body_calls_source_and_destination_is_taken_only_where_it_is_clear(world: World, document: Any) -> None:
    fields = schema(document, "schedule.create")["properties"]
    fields["sourceId"], fields["dst"] = fields.pop("input_id"), fields.pop("output_id")
    fields["dst"]["description"] = "Which destination carries it"
    schema(document, "schedule.create")["required"] = []
    other = schema(document, "event_subscription.create")["properties"]
    other["destination_a"] = other["destination_b"] = other.pop("output_id")
    found = told(world, document)
    assert found["schedule.create"]["override"]["keys"] == {"input_id": "sourceId", "output_id": "dst"}
    assert found["event_subscription.create"]["verdict"] == "unclear"
    assert found["event_subscription.create"]["candidates"] == ["perhaps destination_a", "perhaps destination_b"]


def test_five_megabytes_are_read_and_fifty_are_refused(world: World, document: Any) -> None:
    document["components"]["schemas"] |= {f"Filler{n}": {"description": "x" * 1000} for n in range(5200)}
    assert told(world, document)["label.list"]["verdict"] == "same"
    assert (world.home / "document.json").stat().st_size > 5_000_000
    with (world.home / "huge.json").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    ran = world("doctor", "ateme", "--openapi", "huge.json")
    assert (ran.code, MAX_BYTES) == (3, 16 * 1024 * 1024)
    assert "huge.json: larger than 16 MiB" in ran.err
