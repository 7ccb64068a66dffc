"""What a person sees of the key of the state: where it is lost, and how to go on."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from cli.harness import World

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
        gate: {variant: srt_pull, host: gate.example.com, port: 5003, encryption_type: 1, password: {secret: PASS}}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN}, permanent_schedule_agreement_id: agr-1}
      permanent_schedules:
        loop: {input: gate, output: cdn, extra: {}}
just:
  profiles:
    ann: {name: {secret: ANN}}
  sms_subscriptions:
    ann: {juid: ann, number: {secret: NUMBER}}
"""
SECRETS = {"PASS": "long-enough-1", "CDN": "rtmp://cdn.example.com/live", "ANN": "Ann Canary", "NUMBER": "491512345678"}


@pytest.fixture
def day(world: World) -> World:
    agreement = {"agreement_id": "agr-1", "organisation_id": "org-1", "is_assigned": False, "is_finished": False}
    world.simulator.sims["ateme"].world["agreements"]["agr-1"] = agreement | {"bitrate": 20}
    world.write("day.yaml", STACK)
    world.env |= SECRETS
    applied = world("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    world.simulator.reset_journal()
    return world


def key_file(world: World) -> Path:
    return world.home / ".headend" / "day.db.key"


def written(world: World) -> list[str]:
    return [
        c.path
        for c in world.simulator.journal
        if c.method != "GET" and not c.path.startswith(("/api/user", "/api/login"))
    ]


def test_a_lost_key_is_one_line_before_any_request_and_a_look_needs_none(day: World) -> None:
    key_file(day).unlink()
    for command in ("plan", "drift", "apply"):
        ran = day(command, "day.yaml", *(["--yes"] if command == "apply" else []))
        assert (ran.code, ran.out) == (1, "")
        (line,) = ran.err.splitlines()
        assert "can be compared only with the key" in line
        assert "`headend state rekey STACK` goes on without it" in line
    assert day.simulator.journal == []
    assert not key_file(day).exists()
    assert day("status", "day.yaml").code == 0
    assert f"{EU}.inputs.gate" in day("state", "list", "day").out


def test_a_key_that_is_none_is_one_line(day: World) -> None:
    ran = day("plan", "day.yaml", HEADEND_STATE_KEY="canary")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "HEADEND_STATE_KEY holds no key" in ran.err
    assert "canary" not in ran.err


def test_another_key_while_the_old_one_is_there_changes_nothing(day: World) -> None:
    key = "ab" * 32
    ran = day("state", "rekey", "day", HEADEND_STATE_KEY=key)
    assert (ran.code, ran.out, ran.err) == (0, "day has another key\n", "")
    key_file(day).unlink()
    assert day("plan", "day.yaml", HEADEND_STATE_KEY=key).code == 0
    assert "password: (secret) -> (secret)" in day("plan", "day.yaml", HEADEND_STATE_KEY=key, PASS="long-enough-2").out


def test_after_a_lost_key_secrets_are_written_again_and_nothing_is_made_anew(day: World) -> None:
    key_file(day).unlink()
    ran = day("state", "rekey", "day")
    assert (ran.code, ran.out) == (0, "day has another key; secrets of 5 objects are forgotten\n")
    ran = day("plan", "day.yaml", "--format", "json")
    assert ran.code == 5, "the input is on air, and to write its password interrupts it"
    steps = {step["address"]: step for step in json.loads(ran.out)["steps"]}
    assert {a: s["action"] for a, s in steps.items() if s["action"] != "none"} == {f"{EU}.inputs.gate": "update"}
    assert [change["path"] for change in steps[f"{EU}.inputs.gate"]["changes"]] == ["password"]
    taken = "the key of the state was lost: taken to be as the stack has it"
    for address, field in {
        f"{EU}.permanent_schedules.loop": "extra",
        "just.profiles.ann": "name",
        "just.sms_subscriptions.ann": "number",
    }.items():
        assert steps[address]["unverifiable"][field] == taken
    assert day("apply", "day.yaml", "--yes", "--allow-interruption", f"{EU}.inputs.gate").code == 0
    assert written(day) == ["/api/inputs/srt_pull/in-1"]
    again = day("plan", "day.yaml")
    assert again.code == 0
    assert "key of the state" not in again.out


def test_after_an_apply_what_was_forgotten_counts_again(day: World) -> None:
    key_file(day).unlink()
    day("state", "rekey", "day")
    assert day("apply", "day.yaml", "--yes", "--allow-interruption", f"{EU}.inputs.gate").code == 0
    ran = day("plan", "day.yaml", ANN="Anna", NUMBER="491512345679")
    assert "± replace just.profiles.ann (changed)\n    name: (secret) -> (secret)" in ran.out
    day.simulator.reset_journal()
    assert day("destroy", "day.yaml", "--yes", "--target", "just.sms_subscriptions.ann").code == 0
    (call,) = [call for call in day.simulator.journal if "unsubscribe" in call.path]
    assert SECRETS["NUMBER"] in f"{call}"


def test_a_look_without_secrets_calls_nothing_drifted_that_was_forgotten(day: World) -> None:
    key_file(day).unlink()
    day("state", "rekey", "day")
    for name in SECRETS:
        del day.env[name]
    ran = day("drift", "day.yaml", "--format", "json")
    assert ran.code == 0, ran.out or ran.err


def test_nobody_else_may_read_a_simulated_world(world: World) -> None:
    world.write("day.yaml", "headend: 1\nrights_locker: {stream_limits: {ann: {account_id: ann, limit: 3}}}\n")
    before = os.umask(0)
    try:
        for _ in range(2):
            assert world("apply", "day.yaml", "--simulator", "--yes").code == 0
    finally:
        os.umask(before)
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in (world.home / ".headend").iterdir() if f.suffix != ".lock"}
    assert modes.pop(".gitignore") == 0o666
    assert modes == dict.fromkeys(("day.simulated.db", "day.simulated.db.key", "day.simulated.world.json"), 0o600)
