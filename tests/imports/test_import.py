"""`import`: a stack and a state of what is live, of which a plan is empty."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from cli.harness import Ran, World
from convergence.test_convergence import LISTS
from headend.core.model.listed import Listed
from headend.core.stackfile import load
from headend.core.wire.registry import kinds
from imports.worlds import channels, environment, every_switch, made, take, tenant

THOROUGH = bool(os.environ.get("HEADEND_THOROUGH"))
SAMPLE = 25
NEVER = {"rights_locker.entitlement_set", "just.profile"}
"""Kinds whose objects are others once more, or of which nothing can be read but that they are there."""


def cases() -> list[Any]:
    modules = [module for module in LISTS if "just" not in module.__name__]
    found = [(module, switches) for module in modules for switches in [{}, *every_switch(module)]]
    return [
        pytest.param(*one, id=f"{one[0].__name__.rpartition('.')[2]}-{json.dumps(one[1])}")
        for one in found
        if THOROUGH or not one[1] or zlib.crc32(str(one[1]).encode()) % SAMPLE == 0
    ]


def hidden(ran: Ran) -> dict[str, str]:
    """The secrets that nobody is shown, as the person gives them who knows them."""
    return {line.split(":")[0].strip(): "by hand" for line in ran.out.splitlines() if "nobody is shown" in line}


@pytest.mark.parametrize(("module", "switches"), cases())
def test_what_is_live_is_imported_and_a_plan_of_it_is_empty(
    module: Any, switches: dict[str, Any], tmp_path: Path
) -> None:
    with tenant(module, tmp_path, switches) as world:
        taken = take(world, module, "-o", "live.yaml")
        assert (taken.code, world.simulator.writes()) == (0, []), taken.out + taken.err
        assert "fault" not in taken.out
        assert "could not be read" not in taken.out
        secrets = {"HEADEND_SECRETS_FILE": "secrets.json", **hidden(taken)}
        assert world("fmt", "--check", "live.yaml").code == 0
        planned = world("plan", "live.yaml", **secrets)
        assert planned.code == 0, planned.out + planned.err
        there = {resource.kind.name for resource in load(tmp_path / "live.yaml", need_secrets=False).resources.values()}
        missing = set(module.CASES) - there - NEVER
        assert all(f"  {name}: " in taken.out or f"  {name} " in taken.out for name in missing)  # and why
        assert switches or {name for name in module.CASES if isinstance(kinds()[name], Listed)} <= there


def test_the_same_tenant_gives_the_same_file(world: World) -> None:
    """Also where the platform lists in another order, and state and file are gone."""
    made(world, {"ateme": {"environments": {"eu": channels(3), "us": channels(2)}}})
    assert world("import", "ateme", "-o", "live.yaml").code == 0
    first = (world.home / "live.yaml").read_text()
    (world.home / "live.yaml").unlink()
    for path in (world.home / ".headend").iterdir():
        path.unlink()
    for rows in (world.simulator.sims["ateme"].world[table] for table in ("inputs", "outputs", "schedules")):
        for id in reversed(list(rows)):
            rows[id] = rows.pop(id)
    assert world("import", "ateme", "-o", "live.yaml").code == 0
    again = (world.home / "live.yaml").read_text()
    assert again == first
    assert world("plan", "live.yaml").code == 0


def test_many_channels_take_few_requests_and_become_rows(world: World) -> None:
    made(world, {"ateme": {"environments": {"eu": channels(60)}}})
    taken = world("import", "ateme", "--environment", "eu", "-o", "live.yaml")
    assert taken.code == 0, taken.out + taken.err
    asked = [entry.key for entry in world.simulator.journal]
    assert max(asked.count(key) for key in set(asked)) < 20
    rows = (world.home / "live-eu-inputs.csv").read_text().splitlines()
    assert rows[:3] == ["key,port", "sky-1,5001", "sky-2,5002"]
    text = (world.home / "live.yaml").read_text()
    assert "all: {from_file: live-eu-inputs.csv, key: key, variant: srt_push, latency: 400}" in text
    assert len(text.splitlines()) < 20
    assert "sky-1-out-1,all[sky-1],all[out-1]" in (world.home / "live-eu-schedules.csv").read_text()
    assert world("plan", "live.yaml").code == 0


def test_only_what_is_asked_for_and_what_that_needs(world: World) -> None:
    event = {"input": "news", "start_time": "2999-12-05T15:00:00Z", "end_time": "2999-12-05T16:00:00Z"}
    inputs = {name: {"variant": "srt_push", "port": 5001 + n} for n, name in enumerate(("news", "sport", "sport-2"))}
    eu = environment(inputs=inputs, events={"derby": {**event, "labels": ["partners"]}, "final": event})
    stack = {"labels": {"partners": {}, "staff": {}}, "environments": {"eu": eu, "us": environment(inputs=inputs)}}
    made(world, {"ateme": stack})

    def addresses(*words: str) -> set[str]:
        ran = world("import", *words, "-o", "live.yaml")
        assert ran.code == 0, ran.out + ran.err
        found = set(load(world.home / "live.yaml").resources)
        (world.home / "live.yaml").unlink()
        (world.home / ".headend" / "live.db").unlink()
        return {address.removeprefix("ateme.").replace("environments.", "") for address in found}

    assert addresses("ateme.label") == {"labels.partners", "labels.staff"}
    assert addresses("ateme.input", "--environment", "us", "--name", "sport*") == {
        "us",
        "us.inputs.sport",
        "us.inputs.sport-2",
    }
    assert addresses("ateme", "--label", "partners") == {"eu", "eu.inputs.news", "eu.events.derby", "labels.partners"}
    assert "us" not in addresses("ateme", "--environment", "eu")


def test_what_a_stack_lacks_is_added_and_all_else_stays(world: World) -> None:
    eu = environment(inputs={"news": {"variant": "srt_push", "port": 5001}})
    made(world, {"ateme": {"environments": {"eu": eu}, "labels": {"partners": {}}}})
    text = """\
# Ours.
headend: 1
ateme:
  environments:
    eu:   # the one
      {cloud_provider: aws, region: eu-west-1,
       instance_type_id: large}
  # labels come later
vars: {x: "1"}  # last
"""
    file = world.write(
        "ours.yaml",
        text.replace("      {cloud", "      cloud").replace(
            "cloud_provider: aws, region: eu-west-1,\n       instance_type_id: large}",
            "cloud_provider: aws\n      region: eu-west-1\n      instance_type_id: large",
        ),
    )
    before = file.read_text()
    assert world("apply", "ours.yaml", "--yes", "--adopt", "match").code == 0
    world.simulator.reset_journal()
    taken = world("import", "ateme.input", "ateme.label", "--into", "ours.yaml")
    assert taken.code == 0, taken.out + taken.err
    after = file.read_text()
    assert [line for line in after.splitlines() if line in before.splitlines()] == before.splitlines()
    assert "      inputs:\n        news: {variant: srt_push, port: 5001}\n" in after
    assert "  labels:\n    partners: {}\n" in after
    assert world("plan", "ours.yaml").code == 0
    again = world("import", "ateme.input", "ateme.label", "--into", "ours.yaml")
    assert (again.code, file.read_text()) == (0, after)
    assert "nothing to import" in again.out


def test_what_a_stack_cant_say_is_left_out_and_told(world: World) -> None:
    """A value that no stack may have: the object is left out, what refers to it says so by its id."""
    made(world, {"ateme": {"environments": {"eu": channels(2)}}})
    inputs = world.simulator.sims["ateme"].world["inputs"]
    odd = next(id for id, row in inputs.items() if row["id"] == "sky-1")
    inputs[odd]["latency"] = -7
    taken = world("import", "ateme", "-o", "live.yaml")
    assert taken.code == 7
    assert "a fault of headend's" in taken.out
    assert "inputs.sky-1: `latency`" in taken.out
    text = (world.home / "live.yaml").read_text()
    assert "sky-1:" not in text
    assert f"input: {{id: {odd}}}" in text
    assert world("plan", "live.yaml").code == 0


def test_what_cant_be_listed_is_told_and_the_rest_taken(world: World) -> None:
    made(world, {"ateme": {"labels": {"partners": {}}}})
    world.simulator.fail("tf_deployment.list", status=404, times=99)
    taken = world("import", "-o", "live.yaml")
    assert taken.code == 0, taken.err
    assert "could not be read:\n  ateme.tf_deployment: " in taken.out
    assert "partners: {}" in (world.home / "live.yaml").read_text()
    assert world("import", "ateme", "-o", "more.yaml").code == 7


@pytest.mark.contract("A-667")
def test_a_secret_that_nobody_is_shown_is_what_the_stack_first_gives(tmp_path: Path) -> None:
    import convergence.ateme as module

    with tenant(module, tmp_path) as world:
        taken = take(world, module, "-o", "live.yaml")
        name = next(iter(hidden(taken)))
        secrets = {"HEADEND_SECRETS_FILE": "secrets.json"}
        assert world("drift", "live.yaml", **secrets).code == 0
        assert world("apply", "live.yaml", "--yes", **secrets, **{name: "the one"}).code == 0
        assert world.simulator.writes() == []
        assert world("plan", "live.yaml", **secrets, **{name: "the one"}).code == 0
        other = world("plan", "live.yaml", **secrets, **{name: "another"})
        assert (other.code, "secret_key: (secret) -> (secret)" in other.out) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ateme.inputs", "-o", "x.yaml"], "did you mean `ateme.input`?"),
        (["ateme"], "name the stack file"),
        (["ateme", "-o", "there.yaml"], "--into there.yaml adds to it"),
        (["ateme", "-o", "held.yaml"], "take another file's name"),
        (["straas", "-o", "x.yaml", "--for", "@nowhere"], "--for @nowhere"),
    ],
)
def test_what_can_be_told_before_is(world: World, words: list[str], said: str) -> None:
    made(world, {"ateme": {"labels": {"partners": {}}}})
    world.write("there.yaml", "headend: 1\n")
    assert world("import", "ateme.label", "-o", "held.yaml").code == 0
    (world.home / "held.yaml").unlink()
    world.simulator.reset_journal()
    ran = world("import", *words)
    assert (ran.code, said in ran.err) == (3, True), ran.err
    assert world.simulator.journal == []
