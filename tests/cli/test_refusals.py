"""Bad input, wrong credentials, a dead host: one line each with place and remedy, the right exit code, no traceback."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from cli.harness import Ran, World
from headend.core.reconcile.state import open_state
from headend.core.stackfile.nodes import MAX_BYTES

HEAD = "headend: 1\n"
ENVIRONMENT = HEAD + "ateme: {environments: {e: {cloud_provider: aws, region: eu-west-1, instance_type_id: large"
INPUT = ENVIRONMENT + ", inputs: {a: {variant: srt_push, port: 5001"
ONE = HEAD + "rights_locker: {stream_limits: {v: {account_id: v, limit: "
BOMB = (
    HEAD
    + "a0: &a0 [x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    + "mycujoo: *a29\n"
)
CIRCLE = ENVIRONMENT + ", lifecycle: {depends_on: [ateme.environments.f]}}, f: {cloud_provider: aws, region: eu-west-1"
CIRCLE += ", instance_type_id: large, lifecycle: {depends_on: [ateme.environments.e]}}}}"

CASES = {
    "misspelt key": (INPUT + ", latnecy: 5}}}}}", r"unknown key `latnecy` \(did you mean `latency`\?\)"),
    "wrong type": (INPUT + ", latency: soon}}}}}", "`latency`: must be a whole number, without a unit"),
    "dangling reference": (
        ENVIRONMENT + ", schedules: {s: {input: x, output: {id: out-1}, start_time: NOW,"
        " end_time: 2999-01-01T00:00:00Z}}}}}",
        r"there is no ateme\.input `x` \(write `\{id: \.\.\.\}` for one",
    ),
    "cyclic reference": (CIRCLE, r"references go in a circle: .* \(take one of the references out\)"),
    "duplicate key": (INPUT + ", port: 5002}}}}}", r"key `port` is given twice, .*\(keep one of them\)"),
    "unknown variable": (
        INPUT + ", latency: '${vars.delay}'}}}}}",
        r"unknown variable `\$\{vars\.delay\}` \(one of: ",
    ),
    "out of range": (ONE + "0}}}", "`limit`: must be greater than or equal to 1"),
    "yaml bomb": (BOMB, r"more than 200,000 values once aliases are expanded \(split the stack\)"),
    "secret in connections": (
        HEAD + "connections: {ateme: {password: canary-password}}",
        r"connections\.ateme\.password is a secret.*\(set HEADEND_ATEME_PASSWORD instead\)",
    ),
    "unknown connection": (
        HEAD + "connections: {ateme: {emial: x}}",
        r"unknown setting 'emial' \(did you mean 'email'\?\)",
    ),
    "too large": ("#" * (MAX_BYTES + 1), r"larger than 4 MiB \(split it\)"),
}


def refused(ran: Ran, code: int) -> str:
    """Says what every refusal must be; gives the message."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert "canary" not in ran.err
    return ran.err


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line_with_its_place(world: World, name: str, command: str) -> None:
    text, expected = CASES[name]
    world.write("bad.yaml", text)
    (line,) = refused(world(command, "bad.yaml", *(["--yes"] if command == "apply" else [])), 3).splitlines()
    assert re.match(r"bad\.yaml:\d+:\d+: ", line), line
    assert re.search(expected, line), line
    assert world.simulator.journal == []
    assert not (world.home / ".headend").exists()


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_secret_without_a_value_is_one_line_with_its_place(world: World, command: str) -> None:
    world.write("bad.yaml", INPUT + ", password: {secret: GATE}}}}}}")
    (line,) = refused(world(command, "bad.yaml", *(["--yes"] if command == "apply" else [])), 3).splitlines()
    assert re.match(r"bad\.yaml:\d+:\d+: secret `GATE` is not set \(set the environment", line), line
    assert world.simulator.journal == []


def test_all_errors_come_at_once_in_file_order(world: World) -> None:
    world.write("bad.yaml", ONE + "0}}}\nmycujo: {}\nvars: {x: [1]}\n")
    lines = refused(world("plan", "bad.yaml"), 3).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "4"]


def test_files_that_are_no_text(world: World, tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"headend: 1\nstack: caf\xe9\n")
    assert "latin.yaml:2:1: not UTF-8 text" in refused(world("validate", "latin.yaml"), 3)
    assert "nowhere.yaml" in refused(world("validate", "nowhere.yaml"), 3)
    (tmp_path / "folder.yaml").mkdir()
    assert "folder.yaml" in refused(world("validate", "folder.yaml"), 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--var", "kickoff"), "--var kickoff: expected KEY=VALUE"),
        (("--var", "kickof=1"), "--var kickof: the stack declares no such variable"),
        (("--target", "ateme.environments.nowhere"), "the stack has nothing at ateme.environments.nowhere"),
        (("--format", "yaml"), "--format"),
        (("--parallelism", "0"), "--parallelism"),
        (("--max-rps", "0"), "--max-rps"),
        (("--max-rps", "nan"), "--max-rps"),
        (("--patience", "15"), "'--patience': must be a duration such as 30m"),
        (("--patience", "9999999h"), "'--patience': must be a duration such as 30m"),
        (("--stack", "../other"), "--stack"),
        (("--out", "no/such/folder/plan.json"), "no/such/folder"),
    ],
)
def test_flags_that_say_nothing_of_use(world: World, words: tuple[str, str], says: str) -> None:
    world.write("good.yaml", ONE + "1}}}\n")
    assert says in refused(world("plan", "good.yaml", *words), 3)
    assert world.simulator.journal == []


@pytest.mark.parametrize(
    ("platform", "variable"),
    [
        ("ateme", "HEADEND_ATEME_PASSWORD"),
        ("mycujoo", "HEADEND_MYCUJOO_API_KEY"),
        ("rights_locker", "HEADEND_RIGHTS_LOCKER_API_SECRET"),
    ],
)
def test_wrong_credentials_name_the_variable(world: World, platform: str, variable: str) -> None:
    stacks = {
        "ateme": ENVIRONMENT + "}}}\n",
        "mycujoo": HEAD + "mycujoo: {action_configurations: {r: {action_id: act-1, group_id: g, title: t}}}\n",
        "rights_locker": HEAD + "rights_locker: {account_categories: {v: {account_id: v, categories: [sport]}}}\n",
    }
    world.write("one.yaml", stacks[platform])
    for command in (["plan"], ["apply", "--yes"], ["drift"]):
        (line,) = refused(world(command[0], "one.yaml", *command[1:], **{variable: "canary-wrong"}), 4).splitlines()
        assert variable in line
    missing = refused(world("plan", "one.yaml", **{v: "" for v in world.env if v.startswith("HEADEND_")}), 4)
    assert "is missing (set " in missing


def test_a_dead_host_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.cli.reading.QUIET", 60.0)  # however long the tries take
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
    world.write("one.yaml", HEAD + "rights_locker: {account_categories: {v: {account_id: v, categories: [sport]}}}\n")
    (line,) = refused(world("plan", "one.yaml", HEADEND_RIGHTS_LOCKER_URL=dead), 1).splitlines()
    assert f"no connection to {dead}" in line


def test_connections_in_the_stack_are_used(world: World) -> None:
    given = f"connections: {{rights_locker: {{url: '{world.url}/rights-locker', pcode: from-the-file}}}}\n"
    world.write("one.yaml", ONE + "1}}}\n" + given)
    empty = {"HEADEND_RIGHTS_LOCKER_URL": "", "HEADEND_RIGHTS_LOCKER_PCODE": ""}
    assert world("apply", "one.yaml", "--yes", **empty).code == 0
    assert world.alive()["limits"] == ["v"]
    assert "from-the-file/v" in world.simulator.sims["rights_locker"].world["limits"]


@pytest.mark.parametrize("place", ["/proc/nowhere/state.db", "folder.yaml", "one.yaml/"])
def test_a_state_file_that_cannot_be(world: World, place: str) -> None:
    (world.home / "folder.yaml").mkdir()
    world.write("one.yaml", ONE + "1}}}\n")
    (line,) = refused(world("apply", "one.yaml", "--yes", HEADEND_STATE=place), 1).splitlines()
    assert place.rstrip("/") in line
    assert world.simulator.journal == []


def test_a_state_file_in_use_is_left_alone(world: World) -> None:
    world.write("one.yaml", ONE + "1}}}\n")
    with open_state(world.home / ".headend" / "one.db"):
        (line,) = refused(world("apply", "one.yaml", "--yes"), 1).splitlines()
    assert "in use by another headend process" in line
    assert world.simulator.journal == []


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": "headend.plan/2"}',
        '{"format": "headend.plan/1"}',
        '{"format": "headend.plan/1", "headend": 0, "steps": []}',
        "[" * 100_000,
    ],
)
def test_a_plan_file_that_is_none(world: World, text: str) -> None:
    world.write("plan.json", text)
    (line,) = refused(world("apply", "plan.json", "--yes"), 3).splitlines()
    assert line.startswith("plan.json: not a plan file")
