"""Where `headend doctor --openapi` takes a document from, and where it writes what that says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.harness import World
from headend.core.wire.registry import platforms

SHARED = "ateme-operations.yaml"


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    """That of the platform as it is assumed to be."""
    found: dict[str, Any] = json.loads(world.simulator.document("ateme"))
    return found


def test_it_is_looked_for_only_on_demand_and_only_in_the_usual_places(world: World, document: Any) -> None:
    world("doctor", "ateme", "--openapi", f"{world.url}/ateme/swagger.json")
    assert [entry.path for entry in world.simulator.journal] == ["/swagger.json"], "without a login"
    world.simulator.reset_journal()
    ran = world("doctor", "ateme", "--find-openapi")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "/swagger.json (OpenAPI 3.1.0)")
    world.simulator.sims["ateme"].published = b""
    world.simulator.reset_journal()
    ran = world("doctor", "ateme", "--find-openapi")
    assert ran.code == 3
    assert "no document at the usual places: /swagger.json: answered 404" in ran.err
    asked = {entry.path for entry in world.simulator.journal if not entry.key}
    assert asked == {"/swagger.json", "/api/swagger.json", "/openapi.json", "/apispec_1.json"}
    world.simulator.reset_journal()
    world("doctor", "ateme")
    assert asked.isdisjoint(entry.path for entry in world.simulator.journal if entry.method == "GET")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://elsewhere.example.com/swagger.json", "only from the platform's own host"),
        ("{url}@elsewhere.example.com/swagger.json", "only from the platform's own host"),
        ("{url}/swagger.json", "lies not below"),
        ("{url}/ateme/../swagger.json", "a segment of dots"),
        ("none.json", "No such file"),
    ],
)
def test_no_other_address_is_read(world: World, address: str, why: str) -> None:
    ran = world("doctor", "ateme", "--openapi", address.format(url=world.url))
    assert (ran.code, why in ran.err) == (3, True), ran.err
    assert world.simulator.journal == []


def test_a_stack_keeps_its_comments_and_is_told_what_to_add(world: World, document: Any) -> None:
    """The overrides go beside it; what they had of operations that the document lacks stays."""
    stack = world.write("own.yaml", "# ours\nheadend: 1\nextends: base.yaml  # for all\n")
    world.write("base.yaml", "headend: 1\n")
    before = stack.read_bytes()
    world.write("document.json", json.dumps(document))
    ran = world("doctor", "ateme", "--openapi", "document.json", "--write", "own.yaml")
    assert f"- in own.yaml: `extends: [base.yaml, {SHARED}]`" in ran.out
    assert stack.read_bytes() == before
    shared = world.home / SHARED
    text = shared.read_text().replace("label.list: {documented", "label.list: {path: /api/tags, documented")
    shared.write_text(text)
    world.write("own.yaml", f"headend: 1\nextends: [base.yaml, {SHARED}]\n")
    del document["paths"]["/api/access_labels"]
    world.write("document.json", json.dumps(document))
    ran = world("doctor", "ateme", "--openapi", "document.json", "--write", "own.yaml", "--stack-file", "own.yaml")
    assert "own.yaml" not in ran.out
    assert "label.list: {path: /api/tags, documented: true}" in shared.read_text()
    assert [path.name for path in world.home.iterdir() if path.name.startswith(".")] == [], "nothing half written stays"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ateme", "--write", "x.yaml"), "name it by --openapi"),
        (("ateme", "--openapi", "document.json", "--find-openapi"), "take one of them"),
        (("ateme", "--openapi", "document.json", "--out", "x.yaml"), "--write takes"),
        (("ateme", "--openapi", "document.json", "--write", "notes.txt"), "neither a stack nor a file of overrides"),
        (("ateme", "--openapi", "document.json", "--write", "none/x.yaml"), "there is no folder none"),
        (("straas", "--openapi", "document.json", "--write", "x.yaml"), "only compared"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_happens(
    world: World, document: Any, words: tuple[str, ...], why: str
) -> None:
    world.write("document.json", json.dumps(document))
    notes = world.write("notes.txt", "remember the milk")
    ran = world("doctor", *words)
    assert (ran.code, why in ran.err) == (3, True), ran.err
    assert (notes.read_text(), world.simulator.journal) == ("remember the milk", [])
    assert not (world.home / "x.yaml").exists()


@pytest.mark.parametrize("name", [name for name in platforms() if name != "ateme"])
def test_documented_platforms_are_compared(world: World, name: str) -> None:
    """By their calls, since their titles are headend's own words."""
    document = json.loads(world.simulator.document(name))
    for n, item in enumerate(document["paths"].values()):
        for m, said in enumerate(item.values()):
            said["summary"] = f"Operation {n}.{m}"
    world.write("document.json", json.dumps(document))
    ran = world("doctor", name, "--openapi", "document.json")
    assert ran.code == 0, ran.out
    assert f"{len(platforms()[name].table)} same" in ran.out


def test_a_seed_needs_a_document_to_tell_of_it(world: World) -> None:
    assert "only with --openapi" in world("simulate", "--seed", "1").err
    assert "--openapi none/x.json: expected" in world("simulate", "--openapi", "none/x.json").err
