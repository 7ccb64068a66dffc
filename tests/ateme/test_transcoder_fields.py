"""Every field of a transcoder: what is taken, what is refused, what is doubted, and how it goes onto the wire."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from convergence.ateme import TRANSCODER
from headend.ateme.transcoder import TranscoderKind
from headend.ateme.transcoder_spec import SETTINGS, Transcoder
from headend.core.model.fields import Ignored, Immutable, Interrupts, OwnCall, Ref, Trigger, WriteOnly, mark
from headend.core.model.observed import Change

KIND = TranscoderKind()
LAYER2 = {"audio_codec": "MPEG Layer2"}
MANY = [{"video_bitrate": 10}] * 6


def build(**changes: Any) -> Transcoder:
    return Transcoder(**{"environment": "env-1", **TRANSCODER, "input": "in-1", **changes})


def warned(spec: Transcoder) -> list[str]:
    return [problem.message for problem in KIND.check(spec, {})]


def track(**more: Any) -> list[dict[str, Any]]:
    return [{"video_bitrate": 1000, **more}]


# rule, field, what is taken, what is refused
FIELDS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("A-503", "environment", ["env-2"], [7]),
    ("A-504", "input", ["in-2"], [7]),
    ("A-505", "video_codec", ["HEVC", "MPEG-4"], ["hevc", "AVC"]),
    ("A-506", "video_frame_size", ["426x240", "720x576", "3840x2160"], ["1920x1088"]),
    ("A-507", "video_frame_rate", ["23.98", "29.97", "59.94", "60"], ["48", "25.0"]),
    ("A-508", "video_bitrate", [1, 30000], [0, 30001, "5M"]),
    ("A-509", "video_gop", [1, 599], [0, 600]),
    ("A-510", "video_frame_type", ["Progressive", "Interlaced"], ["interlaced"]),
    ("A-511", "mpeg4_avc_encoder_profile", ["Baseline", "Main", "High", "High 4:2:2 10"], ["High 10"]),
    ("A-512", "audio_codec", ["MPEG AAC", "MPEG Layer2"], ["AAC"]),
    ("A-513", "audio_sample_rate", ["8 kHz", "11.025 kHz", "64 kHz", "96 kHz"], ["48", "48kHz", "48000", "192 kHz"]),
    ("A-514", "audio_bitrate", ["64Kbps", "128Kbps", "256Kbps"], ["128 Kbps", "128", "320Kbps"]),
    ("A-515", "number_of_audio_tracks", [1, 20], [0, 21]),
    ("A-516", "audio_track_pid_list", [[], [0, 8190], [104, 103]], ["103", ["a"]]),
    ("A-517", "audio_pid_overrides", [[], [0, 0, 8190]], [[8191], [-1], [200, 200]]),
    ("A-518", "first_video_program_number", [1, 65535], [0, 65536]),
    ("A-519", "first_video_pcr_pid", [0, 32, 8189], [1, 31, 8190]),
    ("A-520", "first_video_pmt_pid", [0, 32, 8189], [1, 31, 8190]),
    ("A-521", "video_track_pid", [0, 1, 31, 8189], [-1, 8190]),
    ("A-522", "extra_video_tracks", [[], track() * 5], [MANY, "many", [7]]),
    ("A-523", "extra_video_tracks", [track(video_track_number=5)], [track(video_track_number=n) for n in (0, 6)]),
    ("A-523", "extra_video_tracks", [], [track(video_track_number=1) * 2]),
    ("A-524", "extra_video_tracks", [track(program_number=n) for n in (1, 65535)], [track(program_number=0)]),
    ("A-525", "extra_video_tracks", [track(pcr_pid=n) for n in (0, 32, 8189)], [track(pcr_pid=n) for n in (31, 8190)]),
    ("A-526", "extra_video_tracks", [track(pmt_pid=n) for n in (0, 32, 8189)], [track(pmt_pid=n) for n in (31, 8190)]),
    ("A-527", "extra_video_tracks", [track(video_bitrate=5000)], [track(video_bitrate=n) for n in (0, 5001)]),
    ("A-527", "extra_video_tracks", [], [[{"video_track_number": 1}], track(unheard_of=1)]),
    ("A-822", "extra_video_tracks", [track(video_track_pid=n) for n in (0, 31, 8189)], [track(video_track_pid=8190)]),
    ("A-528", "create_from_image", [True, False], ["perhaps"]),
    ("A-529", "store_preset", [False], ["perhaps"]),
    ("A-530", "preset_id", [7], ["seven"]),
    ("A-531", "preset_name", ["hd"], [7]),
    ("A-532", "state", ["started", "stopped"], ["running"]),
    ("A-533", "restart_trigger", ["1", ""], [1]),
]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [pytest.param(*r[1:], marks=pytest.mark.contract(r[0]), id=f"{r[0]}-{r[1]}") for r in FIELDS],
)
def test_values_are_taken_or_refused(field: str, good: list[Any], bad: list[Any]) -> None:
    more = {"video_frame_rate": "25"} if field == "video_frame_type" else {}
    for value in good:
        held = getattr(build(**more, **{field: value}), field)
        assert held == value or field == "extra_video_tracks"
    for value in bad:
        with pytest.raises(ValidationError, match=field):
            build(**{field: value})


@pytest.mark.contract("A-507", "A-811")
def test_a_frame_rate_may_be_written_as_a_number_and_goes_out_as_text() -> None:
    assert [build(video_frame_rate=n).video_frame_rate for n in (25, 25.0, 29.97, "60")] == ["25", "25", "29.97", "60"]
    with pytest.raises(ValidationError):
        build(video_frame_rate=True)


@pytest.mark.contract("A-818", "A-976", "A-980")
@pytest.mark.parametrize("kind", ["Interlaced", "Progressive", None])
@pytest.mark.parametrize("rate", ["50", "59.94", "60"])
def test_any_frame_type_caps_the_frame_rate_as_the_validation_says(tmp_path: Path, kind: str | None, rate: str) -> None:
    fields = {"input": "a", "video_frame_rate": rate, **({"video_frame_type": kind} if kind else {})}
    wanted = stack(inputs={"a": LISTENER}, transcoders={"t": {**TRANSCODER, **fields}})
    fast = kind is not None and rate != "50"
    problems = Engine(tmp_path).problems(wanted)
    assert [p.partition(" with")[0] for p in problems] == [f"{E1}.transcoders.t: video_frame_rate: {rate}"] * fast
    mild = Engine(tmp_path, validation="warn")
    assert mild.problems(wanted) == []
    assert ("at most 50" in "".join(mild.step(wanted, f"{E1}.transcoders.t").warnings)) is fast
    off = Engine(tmp_path, validation="off")
    assert off.step(wanted, f"{E1}.transcoders.t").warnings == ()


@pytest.mark.contract("A-511", "A-819")
def test_a_profile_is_for_mpeg_4_alone() -> None:
    with pytest.raises(ValidationError, match="only with video_codec MPEG-4"):
        build(video_codec="HEVC", mpeg4_avc_encoder_profile="High")


@pytest.mark.contract("A-513", "A-514", "A-820")
@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"audio_sample_rate": "64 kHz"}, True),
        ({**LAYER2, "audio_sample_rate": "64 kHz"}, False),
        ({**LAYER2, "audio_sample_rate": "44.1 kHz"}, True),
        ({"audio_bitrate": "96Kbps"}, False),
        ({**LAYER2, "audio_bitrate": "96Kbps"}, True),
        ({**LAYER2, "audio_bitrate": "384Kbps"}, True),
    ],
)
def test_the_audio_codec_says_which_rates_there_are(fields: dict[str, Any], fits: bool) -> None:
    if fits:
        build(**fields)
        return
    with pytest.raises(ValidationError, match="with MPEG"):
        build(**fields)


@pytest.mark.contract("A-522", "A-523", "A-527")
def test_tracks_are_numbered_and_their_bitrates_never_increase() -> None:
    def rates(*values: int) -> list[dict[str, Any]]:
        return [{"video_bitrate": value} for value in values]

    assert build(video_bitrate=8000, extra_video_tracks=rates(5000, 5000)).extra_video_tracks == [
        {"video_track_number": 1, "video_bitrate": 5000},
        {"video_track_number": 2, "video_bitrate": 5000},
    ]
    with pytest.raises(ValidationError, match="may not increase"):
        build(video_bitrate=5000, extra_video_tracks=rates(5000, 8000))
    swapped = [{"video_track_number": 2, "video_bitrate": 10}, {"video_track_number": 1, "video_bitrate": 20}]
    numbers = [t["video_track_number"] for t in build(extra_video_tracks=swapped).extra_video_tracks]
    assert numbers == [1, 2], "the number is the order"
    with_null = build(extra_video_tracks=[{"video_bitrate": 10, "pcr_pid": None}]).extra_video_tracks
    assert with_null == [{"video_track_number": 1, "video_bitrate": 10}]


@pytest.mark.contract("A-516", "A-517", "A-821", "A-49")
def test_each_pid_has_a_range_of_its_own_and_assumed_ones_only_warn() -> None:
    assert any("audio_track_pid_list is probably" in said for said in warned(build(audio_track_pid_list=[101, 8191])))
    assert warned(build(audio_track_pid_list=[0, 8190], audio_pid_overrides=[0, 8190], video_track_pid=1)) == []


@pytest.mark.contract("A-529", "A-530", "A-531")
def test_half_a_preset_is_doubted() -> None:
    assert any("which preset" in said for said in warned(build(store_preset=True)))
    assert any("without store_preset" in said for said in warned(build(preset_name="hd")))
    assert warned(build(store_preset=True, preset_id=7)) == []


@pytest.mark.contract("A-503", "A-504", "A-515", "A-528", "A-532", "A-533", "A-762", "A-824")
def test_what_a_change_of_each_field_does() -> None:
    fixed = {name for name in Transcoder.model_fields if mark(Transcoder, name, Immutable)}
    assert fixed == {"environment", "number_of_audio_tracks"}
    assert mark(Transcoder, "create_from_image", Ignored)
    assert mark(Transcoder, "restart_trigger", Trigger)
    own = {"state", "audio_track_pid_list", "dashboard_group"}
    assert {n for n in Transcoder.model_fields if mark(Transcoder, n, OwnCall)} == own
    once = {name for name in Transcoder.model_fields if mark(Transcoder, name, WriteOnly)}
    assert once == {"store_preset", "preset_id", "preset_name", "extra"}
    assert all(mark(Transcoder, name, Interrupts) for name in (*SETTINGS, "input", "state", "audio_pid_overrides"))
    assert {kind for kind, _ in mark(Transcoder, "input", Ref).through} >= {"ateme.transcoder"}  # type: ignore[union-attr]


@pytest.mark.contract("A-49", "A-811", "A-504", "A-503", "A-818")
def test_creation_sends_what_is_set_under_the_platforms_names(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            sim = simulator.sims["ateme"]
            source = sim.add_input(sim.world["environments"][env], "srt_push", {"id": "a", "port": 5001})["input_id"]
            simulator.reset_journal()
            spec = build(environment=env, input=source, video_frame_rate=25, audio_pid_overrides=[7])
            await KIND.create(api, spec)
            (write,) = simulator.writes()
            expected = {**TRANSCODER, "video_frame_rate": "25", "audio_pid_overrides": [7], "extra_video_tracks": []}
            assert write.body == {k: v for k, v in expected.items() if k != "input"} | {"input_id": source}

    asyncio.run(run())


@pytest.mark.contract("A-49")
def test_extra_may_not_name_what_is_known() -> None:
    with pytest.raises(ValidationError, match="input_id is a field of its own"):
        build(extra={"input_id": "in-2"})
    build(extra={"something_new": 1})


@pytest.mark.contract("A-50", "A-760", "A-826")
@pytest.mark.parametrize(
    ("fields", "changed", "sent"),
    [
        pytest.param({"store_preset": True, "preset_name": "a"}, [], {}, id="nothing of it changed"),
        pytest.param(
            {"store_preset": True, "preset_name": "a"},
            ["preset_name"],
            {"store_preset": True, "preset_name": "a"},
            id="another name",
        ),
        pytest.param(
            {"store_preset": True, "preset_id": 7},
            ["preset_name", "preset_id"],
            {"store_preset": True, "preset_id": 7, "preset_name": None},
            id="one taken away is null",
        ),
        pytest.param({"store_preset": False, "preset_id": 7}, ["store_preset"], {}, id="nothing to store"),
    ],
)
def test_preset_fields_are_in_the_call_in_which_they_were_changed(
    opened: Any, environment: Any, fields: dict[str, Any], changed: list[str], sent: dict[str, Any]
) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            sim = simulator.sims["ateme"]
            source = sim.add_input(sim.world["environments"][env], "srt_push", {"id": "a", "port": 5001})["input_id"]
            spec = build(environment=env, input=source)
            made = await KIND.create(api, spec)
            sim.world["transcoder_presets"]["7"] = {"preset_id": 7, "preset_name": "old", "organisation_id": "org-1"}
            simulator.reset_journal()
            after = build(environment=env, input=source, video_gop=25, **fields)
            changes = [Change(("video_gop",), 50, 25), *(Change((name,), None, fields.get(name)) for name in changed)]
            await KIND.update(api, made.id, after, changes)
            (write,) = simulator.writes()
            assert {n: v for n, v in write.body.items() if "preset" in n} == sent

    asyncio.run(run())
