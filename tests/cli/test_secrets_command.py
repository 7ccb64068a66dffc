"""HEADEND_SECRETS_COMMAND: secrets, and logins of platforms, out of what a command prints."""

from __future__ import annotations

import json
import shlex

import pytest

from cli.harness import World
from cli.test_missing_secrets import SECRETS, STACK


def printing(world: World, text: str) -> str:
    """A command that prints the text, and leaves a line in `ran` each time."""
    (world.home / "printed").write_text(text)
    return f"echo run >> {shlex.quote(str(world.home / 'ran'))}; cat {shlex.quote(str(world.home / 'printed'))}"


def runs(world: World) -> int:
    ran = world.home / "ran"
    return len(ran.read_text().splitlines()) if ran.exists() else 0


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_secrets_and_logins_come_from_a_command_that_runs_once(world: World, form: str) -> None:
    world.write("day.yaml", STACK)
    logins = {name: world.env.pop(name) for name in list(world.env) if name.endswith(("_PASSWORD", "_PCODE"))}
    assert world("apply", "day.yaml", "--yes", **SECRETS).code == 4, "the logins are missing"
    given = SECRETS | logins
    text = json.dumps(given) if form == "json" else "".join(f"{name}: {value!r}\n" for name, value in given.items())
    ran = world("apply", "day.yaml", "--yes", HEADEND_SECRETS_COMMAND=printing(world, text))
    assert (ran.code, runs(world)) == (0, 1), ran.err
    assert not any(value in ran.out + ran.err for value in (SECRETS["CDN"], SECRETS["PASS"]))


def test_what_the_environment_and_the_file_have_comes_first(world: World) -> None:
    world.write("day.yaml", STACK)
    world.write("secrets.json", json.dumps({"CDN": SECRETS["CDN"], "GATE": SECRETS["GATE"]}))
    command = printing(world, json.dumps({**SECRETS, "CDN": "rtmp://other.example.com/live", "PASS": "another-one-1"}))
    env = {"HEADEND_SECRETS_FILE": "secrets.json", "PASS": SECRETS["PASS"], "HEADEND_SECRETS_COMMAND": command}
    assert world("apply", "day.yaml", "--yes", **env).code == 0
    assert world("plan", "day.yaml", **SECRETS).code == 0, "the same values"


def test_validate_runs_no_command(world: World) -> None:
    world.write("day.yaml", STACK)
    assert world("validate", "day.yaml", HEADEND_SECRETS_COMMAND=printing(world, json.dumps(SECRETS))).code == 0
    assert runs(world) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo hunter2 >&2; exit 3", "the command in HEADEND_SECRETS_COMMAND failed with code 3"),
        ("echo hunter2", "must print a mapping of names to strings, as YAML or JSON"),
        ("""echo '{"CDN": ["hunter2"]}'""", "a secret's value must be a string"),
        ("""echo '{"CDN": "hunter2'""", "must print a mapping"),
        ("no-such-command-anywhere 2> /dev/null", "failed with code 127"),
    ],
)
def test_a_command_that_gives_none_is_told_and_nothing_is_quoted(world: World, command: str, said: str) -> None:
    world.write("day.yaml", STACK)
    ran = world("plan", "day.yaml", HEADEND_SECRETS_COMMAND=command)
    assert (ran.code, said in ran.err) == (3, True), ran.err
    assert "hunter2" not in ran.out + ran.err
    assert world.simulator.journal == []
