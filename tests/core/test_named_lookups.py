"""`lookups:` of a stack: found once for a plan and written into it, told with its place where it isn't one thing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from cli.conftest import world
from cli.harness import World
from headend.core.model.errors import InputError
from headend.core.model.stack import Stack
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.pulumi.preparation import prepare

__all__ = ["world"]

STACK = """\
headend: 1
stack: day
vars: {title: Highlights}
lookups:
  best: {straas.playlist: {title: "${vars.title}"}}
  sport: {straas.category: {default: true}}
rights_locker:
  stream_limits:
    viewer: {account_id: viewer, limit: 3}
"""


def planned(world: World, *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(world("plan", "day.yaml", "--format", "json", *words).out)
    return document


def test_they_are_found_once_and_stand_in_the_plan(world: World) -> None:
    world.write("day.yaml", STACK)
    assert planned(world, "--out", "plan.json")["lookups"] == {"lookups.best": "plHghl01", "lookups.sport": "1"}
    asked = [entry.key for entry in world.simulator.journal]
    assert (asked.count("playlist.list"), asked.count("category.list")) == (1, 1)
    assert "= lookups.best: plHghl01" in world("plan", "day.yaml").out
    assert world("apply", "plan.json", "--yes").code == 0
    assert world("plan", "day.yaml").code == 0


def test_a_plan_whose_lookup_finds_something_else_by_now_is_stale(world: World) -> None:
    world.write("day.yaml", STACK)
    planned(world, "--out", "plan.json")
    playlists = world.simulator.sims["straas"].world["playlists"]
    playlists["plHghl02"] = playlists.pop("plHghl01") | {"id": "plHghl02"}
    refused = world("apply", "plan.json", "--yes")
    assert (refused.code, "a lookup finds something else" in refused.err) == (6, True)


def test_none_and_several_are_errors_with_the_place_and_the_candidates(world: World) -> None:
    sim: Any = world.simulator.sims["straas"]
    sim.add("playlists", id="plHghl02", title="Highlights")
    world.write("day.yaml", STACK.replace("default: true", "name: Sport"))
    refused = world("plan", "day.yaml")
    assert refused.code == 3
    several, none = refused.err.splitlines()
    assert several.startswith("day.yaml:5:3: lookups.best: 2 match straas.playlist with title")
    assert "plHghl01 (id plHghl01, title Highlights" in several
    assert "plHghl02" in several
    assert none.startswith("day.yaml:6:3: lookups.sport: there is no straas.category with name")
    assert "there are: 1 (id 1, name 未分類" in none
    assert world("destroy", "day.yaml", "--yes").code == 0, "what is found is not needed for that"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "{straas.playlst: {title: a}}",
            "that finds `straas.playlst` (did you mean `straas.playlist`?)",
        ),
        ("{straas.playlist: {titel: a}}", "straas.playlist can't be found by `titel` (did you mean `title`?)"),
        ("{straas.playlist: {title: [a]}}", "not a lookup"),
        ("{straas.playlist: {}}", "not a lookup"),
        ("{straas.playlist: a}", "not a lookup"),
        ("{}", "a lookup is one kind of thing"),
        ("{straas.video: {id: a}, straas.live: {id: a}}", "a lookup is one kind of thing"),
        ("{ateme.agreement: {bitrate: 20}}", "uses it up"),
    ],
)
def test_what_is_no_lookup_is_told_with_its_place(world: World, given: str, said: str) -> None:
    world.write("day.yaml", f"headend: 1\nlookups:\n  best: {given}\n")
    refused = world("validate", "day.yaml")
    assert refused.code == 3
    assert said in refused.err
    assert "day.yaml:3:" in refused.err
    assert "lookups.best" in refused.err


def test_no_secret_is_looked_up_by(world: World) -> None:
    world.write("day.yaml", "headend: 1\nlookups:\n  best: {straas.playlist: {title: {secret: X}}}\n")
    (line,) = world("validate", "day.yaml", X="canary").err.splitlines()
    assert line.startswith("day.yaml:3:35: a secret can't stand here")


@pytest.mark.parametrize("text", ["lookups: [a]", "lookups: {a b: {straas.video: {id: x}}}"])
def test_they_are_a_mapping_of_names(world: World, text: str) -> None:
    world.write("day.yaml", f"headend: 1\n{text}\n")
    assert world("validate", "day.yaml").code == 3
    world.write("day.yaml", "headend: 1\nlookups: null\n")
    assert world("validate", "day.yaml").code == 0


def test_credentials_that_only_lookups_need_are_asked_for(world: World) -> None:
    world.write("day.yaml", STACK)
    refused = world("plan", "day.yaml", HEADEND_STRAAS_SECRET="")
    assert (refused.code, "set HEADEND_STRAAS_SECRET" in refused.err) == (4, True)


def test_a_pulumi_program_exports_them(world: World) -> None:
    stack = load(world.write("day.yaml", STACK))

    async def found(stack: Stack) -> Mapping[str, str]:
        async with Session(stack.connections, world.env, redactor=Redactor()) as session:
            return (await prepare(stack, {}, session)).lookups

    assert asyncio.run(found(stack)) == {"lookups.best": "plHghl01", "lookups.sport": "1"}
    wrong = load(world.write("wrong.yaml", STACK.replace("${vars.title}", "None")))
    with pytest.raises(InputError, match=r"wrong\.yaml:5:3: lookups\.best: there is no straas\.playlist"):
        asyncio.run(found(wrong))
