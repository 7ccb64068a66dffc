"""`--patience` and `--max-rps`: every command that talks to platforms takes them, and heeds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import typer

from cli.harness import World
from headend.cli.main import app
from headend.core.wire import session
from headend.core.wire.limit import Limit

DAY = """headend: 1
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      inputs: {studio: {variant: srt_push, port: 5001}}
"""
COMMANDS = {
    "plan": ("plan", "day.yaml"),
    "drift": ("drift", "day.yaml"),
    "apply": ("apply", "day.yaml", "--yes"),
    "status": ("status", "day.yaml"),
    "thumbnails": ("thumbnails", "day.yaml", "--out", "pictures"),
    "api": ("api", "ateme", "label.list"),
    "doctor": ("doctor", "ateme"),
}


@pytest.fixture
def limits() -> Iterator[mock.Mock]:
    with mock.patch.object(session, "Limit", side_effect=Limit) as made:
        yield made


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_commands_flags_go_before_the_environment(world: World, limits: mock.Mock, words: tuple[str, ...]) -> None:
    world.write("day.yaml", DAY)
    world(*words, HEADEND_MAX_RPS="500")
    assert limits.mock_calls[-1] == mock.call(16, max_rps=500, patience=900, tell=mock.ANY)
    world(*words, "--max-rps", "400", "--patience", "1h", HEADEND_MAX_RPS="500")
    assert limits.mock_calls[-1] == mock.call(16, max_rps=400, patience=3600, tell=mock.ANY)


def test_help_says_how_long_patience_is(world: World) -> None:
    assert "[default: 15m]" in world("plan", "--help").out


def test_every_command_that_can_be_simulated_has_both() -> None:
    group: Any = typer.main.get_command(app)
    found = {name: {option for p in group.get_command(None, name).params for option in p.opts} for name in names(group)}
    talking = {name for name, options in found.items() if "--simulator" in options}
    assert talking >= COMMANDS.keys()
    assert {name for name in talking if not {"--patience", "--max-rps"} <= found[name]} == set()


def names(group: Any) -> list[str]:
    return list(group.list_commands(None))


def test_too_many_requests_are_waited_out_for_as_long_as_patience_lasts(world: World) -> None:
    world.write("day.yaml", DAY)
    world.simulator.fail("ateme:*", status=429, headers={"Retry-After": "0"}, times=3)
    assert world("plan", "day.yaml").code == 2
    world.simulator.fail("ateme:*", status=429, headers={"Retry-After": "0"}, times=3)
    ended = world("plan", "day.yaml", "--patience", "0s")
    assert ended.code == 1
    assert "answered 429, too many requests (HEADEND_PATIENCE: how long to wait, HEADEND_MAX_RPS: how fast" in ended.err
