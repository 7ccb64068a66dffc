"""Whose a stack is that was handed over, what goes along with it, and what doesn't."""

from __future__ import annotations

import json

from cli.harness import World
from headend.core.reconcile.state import open_state
from headend.pulumi.deployment import secret
from pulumi_deployment import EMPTY, piped
from pulumi_handed_over import CANARY, GOAL, KICK, STACK, entry, handed_over, state, world

__all__ = ["world"]


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
