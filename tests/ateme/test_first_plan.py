"""What is odd is said by the first plan, while nothing that it lives in exists yet, and by each that changes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from convergence.ateme import TRANSCODER

ODD = {"variant": "srt_pull", "host": "192.0.2.9", "port": 99999, "password": "short"}
CLEAR = "`password` stands in clear in the file, for all who can read it"
CLEAR += " (write `password: {secret: NAME}`, and give its value apart)"
SAID = ("password is probably limited to 10..80 characters", "port is probably limited to 1025..65535", CLEAR)
RIST = {"variant": "udp_rist", "host": "192.0.2.7", "port": 5000, "ttl": 250}
SLACK = {"alert_type": "slack", "notification_parameters": ["#noc"]}
WALL = {"layout_id": 77, "max_allowed_bitrate_kbps": 8000, "preset_id": 3}


@pytest.mark.contract("A-49", "A-442", "A-443", "A-448")
def test_assumed_bounds_are_said_at_every_plan_that_writes(tmp_path: Path) -> None:
    engine, at = Engine(tmp_path), f"{E1}.inputs.a"
    assert engine.step(stack(inputs={"a": ODD}), at).warnings == SAID, "of a new environment"
    engine.done(stack(inputs={"a": ODD}))
    assert engine.step(stack(inputs={"a": ODD}), at).warnings == (), "nothing is to be written"
    assert engine.step(stack(inputs={"a": {**ODD, "latency": 700}}), at).warnings == SAID, "of a change"


@pytest.mark.contract("A-815", "A-838", "A-576", "A-976")
def test_what_can_be_judged_without_the_environment_is(tmp_path: Path) -> None:
    engine = Engine(tmp_path, validation="warn")
    wanted = stack(
        inputs={"a": LISTENER},
        outputs={"o": RIST},
        multi_viewers={"wall": {**WALL, "tile_inputs": {1: "a"}}},
        transcoders={
            "t": {**TRANSCODER, "input": "a", "video_frame_rate": "60", "video_frame_type": "Progressive"},
        },
    )
    wanted["ateme"]["alert_methods"] = {"noc": SLACK}
    said: dict[str, tuple[str, ...]] = {s.address: s.warnings for s in engine.plan(wanted).steps if s.warnings}
    starts = {address: [text.partition(":")[0] for text in texts] for address, texts in said.items()}
    assert starts == {
        f"{E1}.outputs.o": ["ttl"],
        f"{E1}.multi_viewers.wall": ["preset_id and preset_name do nothing without store_preset", "layout_id"],
        f"{E1}.transcoders.t": ["video_frame_rate"],
        "ateme.alert_methods.noc": ["notification_parameters"],
    }


@pytest.mark.contract("A-838")
def test_an_error_that_needs_no_environment_refuses_the_first_plan(tmp_path: Path) -> None:
    wall: dict[str, Any] = {"layout_id": 77, "max_allowed_bitrate_kbps": 8000}
    (problem,) = Engine(tmp_path).problems(stack(multi_viewers={"wall": wall}))
    assert problem == f"{E1}.multi_viewers.wall: layout_id: 77 is not offered"
    assert Engine(tmp_path, validation="off").problems(stack(multi_viewers={"wall": wall})) == []


@pytest.mark.contract("A-742")
def test_what_only_the_whole_stack_shows_is_said_while_it_is_to_be_written(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    taken = {**LISTENER, "port": 5001}
    wanted = stack(inputs={"a": taken, "b": taken})
    (said,) = engine.step(wanted, f"{E1}.inputs.b").warnings
    assert said.startswith(f"`port`: {E1}.inputs.a (")
    assert "has the same port" in said
    engine.done(wanted)
    assert engine.step(wanted, f"{E1}.inputs.b").warnings == (), "nothing is to be written"
