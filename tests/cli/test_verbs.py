"""Commands that a platform brings along: thumbnails into files, audio PIDs as the stack takes them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from cli.harness import World
from cli.test_status import EU, id_of, stack
from headend.cli.commands import COMMANDS
from headend.core.model.verbs import Content
from headend.core.wire.registry import kinds, platforms
from headend.simulator.ateme_monitoring import PICTURE

THUMBS = ("thumbnails", "day.yaml", "--out", "pictures")
SD = f"{EU}.transcoders.sd"


@pytest.fixture
def day(world: World) -> World:
    """The stack, applied."""
    world.write("day.yaml", stack())
    assert world("apply", "day.yaml", "--yes").code == 0
    world.simulator.reset_journal()
    return world


def test_no_verb_hides_a_command_and_each_is_about_a_kind_of_its_platform() -> None:
    verbs = [verb for platform in platforms().values() for verb in platform.verbs]
    assert {verb.name for verb in verbs}.isdisjoint(COMMANDS)
    assert {verb.kind for verb in verbs} <= set(kinds())


def test_verbs_stand_in_the_help_and_an_unknown_word_is_refused(world: World) -> None:
    shown = world("--help").out
    assert "thumbnails" in shown
    assert "audio-pids" in shown
    assert world("thumbnail", "day.yaml").code == 3
    assert world.simulator.journal == []


# --- thumbnails ------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-174", "A-910")
def test_every_input_has_a_file_by_its_address_and_those_without_a_picture_are_told(day: World) -> None:
    ran = day(*THUMBS)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        f"{EU}.inputs.stadium: pictures/{EU}.inputs.stadium.png (image/png, {len(PICTURE)} bytes)",
        f"{EU}.inputs.spare: none: the input is stopped",
    ]
    assert [path.name for path in (day.home / "pictures").iterdir()] == [f"{EU}.inputs.stadium.png"]
    assert (day.home / "pictures" / f"{EU}.inputs.stadium.png").read_bytes() == PICTURE


@pytest.mark.contract("A-174")
def test_thumbnails_are_asked_for_by_nothing_but_the_verb(day: World) -> None:
    for command in ("plan", "drift", "status"):
        assert day(command, "day.yaml").code == 0
    assert not {"input.thumbnail"} & {entry.key for entry in day.simulator.journal}
    day(*THUMBS, f"{EU}.inputs.stadium")
    assert [e.path.split("/")[3] for e in day.simulator.journal if e.key == "input.thumbnail"] == [
        id_of(day, "inputs.stadium")
    ]
    assert day.simulator.writes() == []


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("late", "none yet: asking has started the making of thumbnails"),
        ("json", "image/png"),
        ("link", "the answer is no picture but application/json"),
    ],
)
def test_other_ways_to_answer_for_a_picture(day: World, switch: str, said: str) -> None:
    day.simulator.sims["ateme"].set_switch("thumbnail", switch)
    ran = day(*THUMBS, f"{EU}.inputs.stadium")
    assert said in ran.out
    assert "canary-signature" not in ran.out + ran.err
    if switch == "late":
        assert "image/png" in day(*THUMBS, f"{EU}.inputs.stadium").out


def test_one_picture_that_is_refused_is_told_and_the_others_are_there(day: World) -> None:
    day.simulator.sims["ateme"].world["inputs"][id_of(day, "inputs.spare")]["status"] = "started"
    day.simulator.fail("input.thumbnail", status=403)
    ran = day(*THUMBS)
    assert ran.code == 1
    assert sum("answered 403" in line for line in ran.out.splitlines()) == 1
    assert sum("image/png" in line for line in ran.out.splitlines()) == 1


def test_nothing_is_asked_of_an_environment_that_rests(day: World) -> None:
    (environment,) = day.simulator.sims["ateme"].world["environments"].values()
    environment["status"] = "stopped"
    assert day(*THUMBS).out.count("its environment is not running") == 2
    assert "input.thumbnail" not in {entry.key for entry in day.simulator.journal}


def test_addresses_that_are_no_inputs_and_folders_that_are_none_are_refused(day: World) -> None:
    refused = day(*THUMBS, f"{EU}.inputs.stadion")
    assert refused.code == 3
    assert f"there; did you mean {EU}.inputs.stadium?" in refused.err
    assert day.simulator.journal == []
    day.write("pictures", "a file")
    assert "--out pictures: " in day(*THUMBS).err
    day.write("day.yaml", "headend: 1\n")
    assert "the stack has no ateme.input" in day(*THUMBS).err


@pytest.mark.parametrize(
    ("media", "suffix"),
    [("image/jpeg", ".jpg"), ("image/png; q=1", ".png"), ("image/svg+xml", ".svg"), ("image/../x", ".x"), ("", ".bin")],
)
def test_a_file_ends_as_its_type_says(media: str, suffix: str) -> None:
    assert Content(media, b"").suffix == suffix


# --- audio PIDs ------------------------------------------------------------------------------------------------
@pytest.mark.contract("A-915", "A-214", "A-516")
@pytest.mark.parametrize("switch", ["tracks", "pids"])
def test_what_a_probe_found_can_be_pasted_and_applied(day: World, switch: str) -> None:
    day.simulator.sims["ateme"].set_switch("probe", switch)
    ran = day("audio-pids", "day.yaml", SD)
    assert (ran.code, ran.out) == (0, "audio_track_pid_list: [101, 102]\n")
    assert day.simulator.writes() == []
    wanted: dict[str, Any] = yaml.safe_load((day.home / "day.yaml").read_text())
    wanted["ateme"]["environments"]["eu"]["transcoders"]["sd"] |= yaml.safe_load(ran.out)
    day.write("day.yaml", yaml.safe_dump(wanted, sort_keys=False))
    applied = day("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    assert [entry.key for entry in day.simulator.writes()] == ["transcoder.update_audio"]


@pytest.mark.contract("A-915", "A-214")
def test_what_does_not_run_is_not_probed(day: World) -> None:
    transcoder = day.simulator.sims["ateme"].world["transcoders"][id_of(day, "transcoders.sd")]
    transcoder["status"] = "stopped"
    ran = day("audio-pids", "day.yaml", SD)
    assert (ran.code, ran.out) == (1, "")
    assert "is stopped: a probe needs it running (state: started)" in ran.err
    (environment,) = day.simulator.sims["ateme"].world["environments"].values()
    environment["status"] = "stopped"
    assert "start it first" in day("audio-pids", "day.yaml", SD).err
    assert "transcoder.probe" not in {entry.key for entry in day.simulator.journal}


@pytest.mark.parametrize(
    ("switch", "said"), [("none", "the probe found no audio"), ("words", "a track in the answer has no PID")]
)
def test_a_probe_without_pids_is_an_error_and_no_empty_list(day: World, switch: str, said: str) -> None:
    day.simulator.sims["ateme"].set_switch("probe", switch)
    ran = day("audio-pids", "day.yaml", SD)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_verbs_find_objects_by_their_names_where_there_is_no_state(day: World) -> None:
    (day.home / ".headend" / "day.db").unlink()
    assert day("audio-pids", "day.yaml", SD).out == "audio_track_pid_list: [101, 102]\n"
    day.simulator.sims["ateme"].world["transcoders"].clear()
    assert "the platform has none" in day("audio-pids", "day.yaml", SD).err
