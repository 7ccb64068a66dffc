"""HEADEND_ADOPT=match: one run of the program takes over what is live and says nothing of adoption."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.harness import NO_WAIT, living, serve
from headend.core.model.errors import GuardError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

STACK = """\
headend: 1
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_push, port: 5001}
"""


def test_all_is_taken_over_for_one_run(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "s.yaml"
    file.write_text(STACK)
    stack = load(file)
    with serve(simulator) as url:
        env = simulator.settings(url) | NO_WAIT
        with provider(env) as engine:
            engine.up(stack)
        before = living(simulator.dump())
        simulator.reset_journal()
        with provider(env) as lost, pytest.raises(GuardError, match="one like it exists already"):
            lost.up(stack)
        with provider(env | {"HEADEND_ADOPT": "match"}) as lost:
            assert lost.up(stack) == {"create": 2}
            assert len([line for line in lost.said if "takes over" in line]) == 2
            assert lost.up(stack) == {"same": 2}
        assert (simulator.writes(), living(simulator.dump())) == ([], before)
