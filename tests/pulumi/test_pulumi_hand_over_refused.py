"""What isn't settled is not handed over: refused in clear words, and nothing is written anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cli.harness import COMMAND, World
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state
from headend.pulumi.deployment import secret
from headend.pulumi.snapshot import TYPES
from pulumi_deployment import EMPTY, piped
from pulumi_handed_over import GOAL, KICK, KIND, entry, handed_over, state, world

__all__ = ["world"]

Changed = Callable[[dict[str, Any]], Any]


def pending(document: dict[str, Any]) -> None:
    document["deployment"]["pending_operations"] = [{"type": "creating", "resource": entry(document, GOAL)}]


def rename(document: dict[str, Any]) -> None:
    document.update(json.loads(json.dumps(document).replace("pulumi:day::", "pulumi:other::")))


UNSETTLED: dict[str, tuple[Changed, str]] = {
    "pending": (pending, f"{GOAL}: Pulumi was creating it when it was stopped"),
    "deleted": (lambda d: entry(d, GOAL).update(delete=True), f"{GOAL}: is still to be deleted"),
    "tainted": (lambda d: entry(d, GOAL).update(taint=True), f"{GOAL}: is tainted"),
    "of another stack": (rename, "the deployment is of headend/other, and not of headend/day"),
    "other id": (lambda d: entry(d, GOAL).update(id="c-9"), f"{GOAL}: Pulumi has c-9 there, and headend's state c0"),
    "version": (lambda d: d.update(version=2), "a deployment of version 2"),
    "no deployment": (lambda d: d.clear(), "standard input is no deployment"),
    "no id": (lambda d: entry(d, GOAL).pop("id"), f"::{GOAL}: it has no id"),
    "no values": (lambda d: entry(d, GOAL).update(outputs=["x"]), f"::{GOAL}: it has no id, or what stands"),
    "later kind": (
        lambda d: entry(d, GOAL).update(type=f"{TYPES}New"),
        f"::{GOAL}: this headend doesn't know its type",
    ),
    "no URN": (lambda d: entry(d, GOAL).update(urn="x"), "a resource that has no URN"),
}


@pytest.mark.parametrize(("change", "told"), UNSETTLED.values(), ids=UNSETTLED)
def test_a_deployment_that_is_not_settled(world: World, change: Changed, told: str) -> None:
    document = handed_over(world)
    change(document)
    assert world("pulumi", "take-back", "day.yaml").code == 0
    with state(world) as before:
        records = before.records()
    world.simulator.reset_journal()
    went, came = (piped(world, document, command, "day.yaml") for command in ("import", "export-state"))
    assert told in went.err
    assert told.replace("Pulumi has c-9 there, and headend's state", "headend's state has") in came.err
    assert {went.code, came.code} <= {3, 5}
    assert (went.out, came.out, world.simulator.journal) == ("", "", [])
    with state(world) as after:
        assert (after.records(), after.handed_over) == (records, None)


BROKEN = {**secret(""), "plaintext": "{"}


@pytest.mark.parametrize("outputs", [{"headend": "{"}, {"headend": [1]}, {"title": BROKEN}, {"computed": "x"}], ids=str)
def test_a_resource_that_is_damaged(world: World, outputs: dict[str, Any]) -> None:
    document = handed_over(world)
    entry(document, GOAL)["outputs"].update(outputs)
    came = piped(world, document, "export-state", "day.yaml")
    assert (came.code, came.err) == (3, f"{GOAL}: what the deployment holds of it is damaged\n")


def test_what_only_one_of_the_two_has(world: World) -> None:
    document = handed_over(world)
    world("pulumi", "take-back", "day.yaml")
    with state(world) as known:
        known.drop(KICK)
    assert f"{KICK}: Pulumi has c0" in piped(world, document, "import", "day.yaml").err
    document["deployment"]["resources"].remove(entry(document, GOAL))
    assert f"{GOAL}: headend's state has c0" in piped(world, document, "export-state", "day.yaml").err
    document["deployment"]["resources"].remove(entry(document, KICK))
    assert "none of headend's resources" in piped(world, document, "export-state", "day.yaml").err


def begin(known: Any) -> None:
    known.begin(GOAL, KIND, "update")


def leave_half(known: Any) -> None:
    known.put(Record(GOAL, KIND, "c-1", {}, incomplete=True))


def set_aside(known: Any) -> None:
    known.set_aside(GOAL)


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (begin, "nobody knows whether its update was done"),
        (leave_half, "its creation has not run to the end"),
        (set_aside, "it was replaced, and is still to be deleted"),
    ],
)
def test_a_state_that_is_not_settled(world: World, leave: Callable[[Any], None], told: str) -> None:
    with state(world) as known:
        leave(known)
    went = piped(world, EMPTY, "import", "day.yaml")
    assert (went.code, went.out) == (5, "")
    assert f"{told}\n`headend apply day.yaml` first" in went.err


def test_a_plan_that_is_not_empty(world: World) -> None:
    world.simulator.reset_journal()
    went = piped(world, EMPTY, "import", "day.yaml", TITLE="another-title")
    assert (went.code, went.out) == (5, "")
    assert f"{KICK}: update (changed)" in went.err
    assert "`headend apply day.yaml` first" in went.err
    assert world.simulator.writes() == []


def test_a_secret_that_is_not_given(world: World) -> None:
    del world.env["TITLE"]
    went = piped(world, EMPTY, "import", "day.yaml")
    assert (went.code, went.out) == (3, "")
    assert "secret `TITLE` is not set" in went.err


def test_a_state_that_another_run_uses_or_that_is_not_there(world: World) -> None:
    with state(world):
        went = piped(world, EMPTY, "import", "day.yaml")
    assert (went.code, went.out) == (1, "")
    assert "is in use by another headend process" in went.err
    went = piped(world, EMPTY, "import", "day.yaml", HEADEND_STATE="other.db")
    assert (went.code, went.out) == (3, "")
    assert not (world.home / "other.db").exists()


@pytest.mark.parametrize("command", ["import", "export-state"])
def test_what_a_killed_up_left_in_doubt(world: World, command: str) -> None:
    document = handed_over(world)
    journal = json.loads(entry(document, GOAL)["inputs"]["headend"])["journal"]
    with open_state(world.home / ".headend" / f"{journal}.pulumi.db") as known:
        known.begin("mycujoo.action_configurations.new", KIND, "create")
    ran = piped(world, document, command, "day.yaml")
    assert (ran.code, ran.out) == (5, "")
    assert "mycujoo.action_configurations.new: an `up` was stopped while it made it" in ran.err


def test_a_deployment_that_does_not_say_how_secrets_are_encrypted(world: World) -> None:
    went = piped(world, {"version": 3, "deployment": {"manifest": {}}}, "import", "day.yaml")
    assert (went.code, went.out) == (5, "")
    assert "`pulumi refresh` notes it" in went.err


def test_secrets_that_only_pulumi_can_read(world: World) -> None:
    document = handed_over(world)
    sealed = secret("")
    sealed["ciphertext"] = sealed.pop("plaintext")
    entry(document, KICK)["outputs"]["title"] = sealed
    came = piped(world, document, "export-state", "day.yaml", HEADEND_STATE="new.db")
    assert (came.code, came.out) == (3, "")
    assert "the secrets of 1 of 2 resources are encrypted" in came.err
    assert not (world.home / "new.db").exists()


def test_nothing_is_printed_to_where_it_would_stay(world: World) -> None:
    with (world.home / "kept.json").open("w") as out:
        words = [*COMMAND, "pulumi", "import", "day.yaml"]
        given = json.dumps(EMPTY)
        process = subprocess.run(words, cwd=world.home, env=world.env, input=given, stdout=out, text=True, check=False)
    assert (process.returncode, (world.home / "kept.json").read_text()) == (5, "")
    with state(world) as known:
        assert known.handed_over is None


def test_without_pulumis_sdk_it_says_what_is_missing(world: World) -> None:
    lines = "import sys; sys.modules['pulumi'] = None; from headend.cli.main import main; main()"
    words = [sys.executable, "-c", lines, "pulumi", "import", "day.yaml"]
    ran = subprocess.run(words, cwd=world.home, env=world.env, input="", capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == "this needs Pulumi's SDK: `pip install 'headend[pulumi]'`\n"
