"""What isn't settled is not handed over: refused in clear words, and nothing is written anywhere."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.harness import COMMAND, World, serve
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state
from headend.pulumi.deployment import secret
from headend.pulumi.snapshot import TYPES
from headend.simulator import Simulator
from pulumi_deployment import EMPTY, PROJECT, piped

STACK = """\
headend: 1
mycujoo:
  action_configurations:
    goal: {action_id: act-1, group_id: derby, title: Goal}
    kick: {action_id: act-1, group_id: cup, title: {secret: TITLE}}
"""
GOAL, KICK = "mycujoo.action_configurations.goal", "mycujoo.action_configurations.kick"
KIND = "mycujoo.action_configuration"
STATE = ".headend/day.db"
CANARY = "canary-title-0123456789"
Changed = Callable[[dict[str, Any]], Any]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """With an applied stack of two objects, a secret, and nothing at Pulumi's."""
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["TITLE"] = CANARY
        world.write("Pulumi.yaml", PROJECT)
        world.write("day.yaml", STACK)
        assert world("apply", "day.yaml", "--yes").code == 0
        yield world


def state(world: World) -> Any:
    return open_state(world.home / STATE)


def handed_over(world: World) -> dict[str, Any]:
    """The deployment, as it stands once the stack went over."""
    went = piped(world, EMPTY, "import", "day.yaml")
    assert went.code == 0, went.err
    document: dict[str, Any] = json.loads(went.out)
    return document


def entry(document: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = (e for e in document["deployment"]["resources"] if e["urn"].endswith(f"::{address}"))
    assert isinstance(found, dict)
    return found


def changed(document: dict[str, Any], change: Changed) -> dict[str, Any]:
    document = copy.deepcopy(document)
    change(document)
    return document


def pending(document: dict[str, Any]) -> None:
    document["deployment"]["pending_operations"] = [{"type": "creating", "resource": entry(document, GOAL)}]


UNSETTLED: dict[str, tuple[Changed, str]] = {
    "pending": (pending, f"{GOAL}: Pulumi was creating it when it was stopped"),
    "deleted": (lambda d: entry(d, GOAL).update(delete=True), f"{GOAL}: is still to be deleted"),
    "tainted": (lambda d: entry(d, GOAL).update(taint=True), f"{GOAL}: is tainted"),
    "of another stack": (lambda d: rename(d, "day"), "the deployment is of headend/other, and not of headend/day"),
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


def rename(document: dict[str, Any], stack: str) -> None:
    text = json.dumps(document).replace(f"pulumi:{stack}::", "pulumi:other::")
    document.update(json.loads(text))


@pytest.mark.parametrize(("change", "told"), UNSETTLED.values(), ids=UNSETTLED)
def test_a_deployment_that_is_not_settled(world: World, change: Changed, told: str) -> None:
    document = changed(handed_over(world), change)
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


def test_a_copy_of_the_state_does_not_take_the_stack_back(world: World) -> None:
    assert world("state", "backup", "day", "--out", "before").code == 0
    handed_over(world)
    document = world("state", "pull", "day").out
    assert world("state", "restore", "day", "before").code == 0
    assert "the stack is Pulumi's" in world("apply", "day.yaml", "--yes").err
    world.write("pulled.json", document)
    assert world("state", "push", "day", "pulled.json", HEADEND_STATE="copy/day.db").code == 0
    world.env["HEADEND_STATE"] = "copy/day.db"
    with open_state(world.home / "copy/day.db") as known:
        assert known.handed_over


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


def test_who_gave_a_stack_away_does_not_act_on_it_until_it_comes_back(world: World) -> None:
    document = handed_over(world)
    for command in ("apply", "destroy"):
        ran = world(command, "day.yaml", "--yes")
        assert ran.code == 5
        assert "day.yaml: the stack is Pulumi's since" in ran.err
    world.write("other.yaml", "headend: 1\nrights_locker: {stream_limits: {l: {account_id: a, limit: 2}}}\n")
    for words in (("import", "--into", "day.yaml"), ("state", "mv", "day.yaml", GOAL, "--to-stack", "other.yaml")):
        ran = world(*words)
        assert (ran.code, "day.yaml: the stack is Pulumi's since" in ran.err) == (5, True), ran.err
    looked = world("plan", "day.yaml")
    assert (looked.code, "`pulumi preview` tells" in looked.err) == (0, True)
    entry(document, GOAL).update(id="c-7")
    entry(document, GOAL)["outputs"].update(live_id="c-7")
    assert piped(world, document, "export-state", "day.yaml").code == 0
    with state(world) as known:
        assert (known.records()[GOAL].id, known.handed_over) == ("c-7", None)
    assert world("pulumi", "take-back", "day.yaml").code == 3


def test_what_pulumi_had_of_an_earlier_time_is_made_anew(world: World) -> None:
    document = handed_over(world)
    assert piped(world, document, "export-state", "day.yaml").code == 0
    world.write("day.yaml", STACK.replace("title: Goal", "title: Own goal"))
    assert world("apply", "day.yaml", "--yes").code == 0
    went = piped(world, document, "import", "day.yaml")
    assert went.code == 0, went.err
    assert entry(json.loads(went.out), GOAL)["inputs"]["title"] == "Own goal"
    assert piped(world, went.out, "import", "day.yaml").out == went.out


def test_what_a_program_has_of_its_own_stays_behind_what_it_refers_to(world: World) -> None:
    document = handed_over(world)
    assert piped(world, document, "export-state", "day.yaml").code == 0
    goal = entry(document, GOAL)["urn"]
    own = {"urn": "urn:pulumi:day::headend::my:own:Record::dns", "type": "my:own:Record", "dependencies": [goal]}
    document["deployment"]["resources"].insert(0, own)
    given = json.loads(piped(world, document, "import", "day.yaml").out)["deployment"]["resources"]
    urns = [one["urn"] for one in given]
    assert own in given
    assert urns.index(goal) < urns.index(own["urn"])


def test_no_secret_is_in_clear_but_in_the_pipe(world: World) -> None:
    document = handed_over(world)
    assert entry(document, KICK)["inputs"]["title"] == secret(CANARY)
    came = piped(world, document, "export-state", "day.yaml")
    files = [file for file in world.home.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    assert CANARY not in came.out + came.err


def test_what_was_shown_once_is_named_or_kept(world: World) -> None:
    document = handed_over(world)
    entry(document, GOAL)["outputs"]["handed_out"] = secret({"token": "canary-token"})
    came = piped(world, document, "export-state", "day.yaml")
    assert f"{GOAL}: token, which was shown once, stays in Pulumi's state alone" in came.err
    assert "canary-token" not in came.out + came.err
    again = piped(world, document, "export-state", "day.yaml", "--secrets-out", "secrets.json")
    assert again.code == 0
    assert json.loads((world.home / "secrets.json").read_text())["value"] == "canary-token"
    went = json.loads(piped(world, document, "import", "day.yaml").out)
    assert entry(went, GOAL)["outputs"]["handed_out"] == secret({"token": "canary-token"})


def test_a_stack_that_pulumi_knows_by_another_name(world: World) -> None:
    went = piped(world, EMPTY, "import", "day.yaml", "--pulumi-stack", "match")
    assert entry(json.loads(went.out), GOAL)["urn"].startswith("urn:pulumi:match::headend::pulumi-python:dynamic/")
    (world.home / "Pulumi.yaml").unlink()
    assert "there is no Pulumi.yaml here" in piped(world, EMPTY, "import", "day.yaml").err


def test_without_pulumis_sdk_it_says_what_is_missing(world: World) -> None:
    lines = "import sys; sys.modules['pulumi'] = None; from headend.cli.main import main; main()"
    words = [sys.executable, "-c", lines, "pulumi", "import", "day.yaml"]
    ran = subprocess.run(words, cwd=world.home, env=world.env, input="", capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == "this needs Pulumi's SDK: `pip install 'headend[pulumi]'`\n"
