"""What providers say, refuse and raise: text from outside begins no line, and does nothing to a terminal."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
import yaml

from cli.harness import NO_WAIT, serve
from cli.test_nasty_text import CLEAR, FORGED, NASTY
from headend.core.model.errors import HeadendError
from headend.core.stackfile import load
from headend.pulumi.runtime import say
from headend.simulator import Simulator
from pulumi_wire import provider

GOAL = {"action_id": "act-1", "group_id": "g", "title": "Goal"}


def clean(text: str) -> str:
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.startswith(FORGED)
    return text


def test_drift_and_a_platform_s_words(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    file.write_text(yaml.safe_dump({"headend": 1, "mycujoo": {"action_configurations": {"goal": GOAL}}}))
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as first:
        first.up(load(file))
        (row,) = simulator.sims["mycujoo"].world["configurations"].values()
        row["title"] = NASTY
        simulator.fail("action_configuration.update", status=400, body={"code": 3, "message": NASTY}, times=None)
        with provider(simulator.settings(url) | NO_WAIT) as engine:  # a process reads once
            engine.state = first.state
            with pytest.raises(grpc.RpcError) as caught:
                engine.up(load(file))
            engine.process.terminate()
            assert engine.process.stderr is not None
            said = clean(engine.process.stderr.read().decode())
    assert "invalid argument: (secret) - delete mycujoo.forged" in clean(str(caught.value.details()).rstrip())
    assert f"goal: title was changed outside headend: {CLEAR} -> Goal\n" in said


def test_what_a_check_finds() -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        _, wrong = engine.check("mycujoo.action_configuration", GOAL | {"fields": {NASTY: {"bool_value": "x"}}}, {})
        assert wrong
        clean("\n".join(wrong.values()))
        with pytest.raises(grpc.RpcError) as caught:
            engine.check("mycujoo.action_configuration", GOAL | {"action_id": {"lookup": {"title": NASTY}}}, {})
        assert "delete mycujoo.forged" in clean(str(caught.value.details()).rstrip())


def test_each_refusal_stays_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    say(NASTY)
    assert clean(capfd.readouterr().err) == f"{CLEAR}\n"
    assert clean(str(HeadendError(NASTY, NASTY))).split("\n") == [CLEAR, CLEAR]
