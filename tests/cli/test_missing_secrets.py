"""Commands that write nothing need no value of any secret: what has none is told, and nothing is made up for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from cli.harness import World
from headend.core.model.findings import Problem
from headend.core.model.secrets import MissingSecret, SecretNeeded

EU = "ateme.environments.eu"
STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_pull, host: {secret: GATE}, port: 5003, encryption_type: 1, password: {secret: PASS}}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN}}
        far: {variant: srt_push, host: far.example.com, port: 5004, latency: 500, encryption_type: 1,
              password: {secret: PASS}}
rights_locker:
  stream_limits:
    ann: {account_id: {secret: ANN}, limit: 3}
"""
SECRETS = {"GATE": "gate.example.com", "PASS": "long-enough-1", "CDN": "rtmp://cdn.example.com/live", "ANN": "ann-17"}


@pytest.fixture
def day(world: World) -> World:
    world.write("day.yaml", STACK)
    applied = world("apply", "day.yaml", "--yes", **SECRETS)
    assert applied.code == 0, applied.err
    world.simulator.reset_journal()
    return world


def without(*names: str) -> Mapping[str, str]:
    return {name: value for name, value in SECRETS.items() if name not in names}


def test_validate_warns_of_each_where_it_is_asked_for(world: World) -> None:
    world.write("day.yaml", STACK.replace("5003", "99"))
    ran = world("validate", "day.yaml")
    assert (ran.code, ran.err) == (0, "")
    hint = "set the environment variable CDN, or put it in the file that HEADEND_SECRETS_FILE names"
    assert f"day.yaml:12:35: warning: secret `CDN` is not set ({hint})" in ran.out.splitlines()
    assert "port is probably limited" in ran.out, "what the others say is checked all the same"
    assert ran.out.splitlines()[-1] == "day: 5 resources, 6 warnings"


def test_validate_checks_what_goes_with_a_secret(world: World) -> None:
    world.write("day.yaml", STACK.replace("latency: 500, encryption_type: 1", "latency: 500, encryption_type: 0"))
    ran = world("validate", "day.yaml")
    assert ran.code == 3
    assert "encryption_type 0 takes none" in ran.err


def test_drift_calls_unverifiable_what_it_has_no_value_for(day: World) -> None:
    ran = day("drift", "day.yaml", "--format", "json")
    assert ran.code == 0, ran.err or ran.out
    steps = {step["address"]: step for step in json.loads(ran.out)["steps"]}
    assert steps[f"{EU}.outputs.cdn"]["unverifiable"]["url"] == "secret `CDN` is not set"
    assert steps[f"{EU}.inputs.gate"]["unverifiable"] == {
        "host": "secret `GATE` is not set",
        "password": "secret `PASS` is not set",
    }
    assert all(step["action"] == "none" for step in steps.values())


def test_drift_of_a_secret_shows_without_its_value(day: World) -> None:
    ateme = day.simulator.sims["ateme"]
    (output,) = (o for o in ateme.world["outputs"].values() if o.get("url"))
    output["url"] = "rtmp://elsewhere.example.com/live"
    ran = day("drift", "day.yaml")
    assert ran.code == 2
    assert "url: (secret) -> (secret)" in ran.out
    assert "elsewhere" not in ran.out


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_what_writes_demands_every_value(day: World, command: str) -> None:
    ran = day(command, "day.yaml", **without("CDN"))
    assert ran.code == 3
    assert "day.yaml:12:35: secret `CDN` is not set" in ran.err
    assert day.simulator.journal == []


def test_status_needs_none(day: World) -> None:
    ran = day("status", "day.yaml", "--format", "json")
    assert ran.code == 0, ran.err or ran.out
    assert {o["address"]: o["status"] for o in json.loads(ran.out)["objects"]}[f"{EU}.outputs.cdn"] != "unknown"


def test_what_only_a_secret_finds_is_not_looked_for(world: World) -> None:
    """Nothing is known of an object whose name is not there: neither that it is missing, nor that it is another."""
    world.write("day.yaml", STACK.replace("srt_pull,", "srt_pull, stream_name: {secret: NAME},"))
    assert world("apply", "day.yaml", "--yes", NAME="gate-17", **SECRETS).code == 0
    assert world("drift", "day.yaml").code == 0, "state knows it by its id"
    for state in (world.home / ".headend").glob("day*"):
        state.unlink()
    seen = world("status", "day.yaml", "--format", "json")
    gate = next(o for o in json.loads(seen.out)["objects"] if o["address"] == f"{EU}.inputs.gate")
    assert (gate["status"], "secret `NAME` is not set" in gate["reason"]) == ("unknown", True)
    text = (world.home / "day.yaml").read_text()
    world.write("day.yaml", text.replace("large\n", "large\n      lifecycle: {adopt: match}\n"))
    ran = world("drift", "day.yaml", ANN=SECRETS["ANN"])
    assert ran.code == 3
    assert "secret `NAME` is not set, and this can't do without it" in ran.err


@pytest.mark.parametrize("words", [("api", "ateme", "organisation.list"), ("doctor", "ateme")])
def test_what_takes_the_connections_of_a_stack_needs_none(day: World, words: tuple[str, ...]) -> None:
    ran = day(*words, "--stack-file", "day.yaml")
    assert ran.code in {0, 2}, ran.err
    assert "secret" not in ran.err


@pytest.mark.parametrize("fields", ["{delay: {secret: DELAY}}", "{secret: DELAY}"])
def test_fields_that_their_kind_reads_before_anything_else_need_none(world: World, fields: str) -> None:
    """Import too: what it writes has names of secrets, whose values nobody has set yet."""
    action = world.simulator.sims["mycujoo"].world["actions"]["act-1"]["action_fields"][0]
    action |= {"value_type": "VALUE_TYPE_STRING", "string_value": ""}
    del action["number_value"]
    text = "headend: 1\nmycujoo:\n  action_configurations:\n"
    entry = "    goal: {action_id: act-1, group_id: derby, title: Goal, fields: %s}\n"
    world.write("day.yaml", text + entry % "{delay: 3 s}")
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", text + entry % fields)
    for command in ("validate", "drift", "status"):
        ran = world(command, "day.yaml")
        assert ran.code == 0, ran.out + ran.err
    ran = world("import", "mycujoo.action_configuration", "--for", "derby", "-o", "live.yaml")
    assert "it is mycujoo.action_configurations.goal of the stack day" in ran.out
    (world.home / ".headend" / "day.db").unlink()
    ran = world("import", "mycujoo.action_configuration", "--for", "derby", "-o", "live.yaml")
    assert ran.code == 0, ran.out + ran.err
    assert "{secret: GOAL_FIELDS_DELAY_STRING_VALUE}" in (world.home / "live.yaml").read_text()
    assert world("plan", "live.yaml", GOAL_FIELDS_DELAY_STRING_VALUE="3 s").code == 0


def test_a_missing_secret_is_no_text() -> None:
    missing = MissingSecret("CDN", Problem("secret `CDN` is not set"))
    uses = (str, len, list, "{}".format, lambda m: f"{m}", lambda m: m.encode(), lambda m: "a" in m, ".".join)
    for use in uses:
        with pytest.raises(SecretNeeded):
            use(missing)  # type: ignore[operator]
    assert missing == MissingSecret("CDN", Problem("elsewhere"))
    assert missing != "CDN"
    assert not hasattr(missing, "model_dump")
