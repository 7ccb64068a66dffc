"""`moved:` and `removed:` under Pulumi: aliases, and what a run of the program can't do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.harness import living, serve
from headend.core.model.errors import GuardError, InputError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

STACK = """\
headend: 1
ateme:
  environments:
    {key}:
      name: eu
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {{variant: srt_push, port: 5001}}
{more}"""
EU, WEST = "ateme.environments.eu", "ateme.environments.west"


def stack(folder: Path, key: str, more: str = "") -> Any:
    (folder / "s.yaml").write_text(STACK.format(key=key, more=more))
    return load(folder / "s.yaml")


def test_a_moved_address_becomes_an_alias_with_what_is_nested_in_it(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url) | {"HEADEND_ATEME_POLL_INTERVAL": "0"}) as engine:
        engine.up(stack(tmp_path, "eu"))
        before = living(simulator.dump())
        simulator.reset_journal()
        moved = stack(tmp_path, "west", f"moved: [{{from: {EU}, to: {WEST}}}]")
        assert engine.up(moved) == {"same": 2}
        assert list(engine.state) == [WEST, f"{WEST}.inputs.gate"]
        assert (simulator.writes(), living(simulator.dump())) == ([], before)
        assert engine.up(moved) == {"same": 2}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            f"removed: [{{from: {EU}, then: forget}}]",
            r"s\.yaml:11:11: `removed`: Pulumi can't forget .*pulumi state delete",
        ),
        (
            f"moved: [{{from: {EU}, to: {{stack: night, address: {EU}}}}}]",
            r"s\.yaml:11:9: `moved`: Pulumi can't move objects between stacks .*pulumi state move",
        ),
    ],
)
def test_what_pulumi_cannot_do_is_said_with_what_to_do(tmp_path: Path, more: str, told: str) -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url) | {"HEADEND_ATEME_POLL_INTERVAL": "0"}) as engine:
        engine.up(stack(tmp_path, "eu"))
        simulator.reset_journal()
        with pytest.raises(InputError, match=told):
            engine.up(stack(tmp_path, "west", more))
        assert simulator.writes() == []


def test_what_is_to_move_onto_another_object_is_not_deleted(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        text = "headend: 1\nateme:\n  labels: {%s}\n%s"
        (tmp_path / "s.yaml").write_text(text % ("a: {}, b: {}", ""))
        engine.up(load(tmp_path / "s.yaml"))
        simulator.reset_journal()
        (tmp_path / "s.yaml").write_text(text % ("b: {}", "moved: [{from: ateme.labels.a, to: ateme.labels.b}]"))
        with pytest.raises(GuardError, match=r"labels\.a: `moved` says that it is ateme\.labels\.b by now"):
            engine.up(load(tmp_path / "s.yaml"))
        assert simulator.writes() == []
