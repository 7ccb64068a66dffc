"""Every field of a multi-viewer: what is taken, what is refused, what is doubted, and how it goes onto the wire."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, ENVIRONMENT, LISTENER, Engine, stack
from convergence.ateme import VIEWER
from headend.ateme.multi_viewer import MultiViewerKind
from headend.ateme.multi_viewer_spec import PIDS, SETTINGS, MultiViewer
from headend.core.model.fields import Immutable, Impact, Interrupts, OwnCall, Ref, WriteOnly, mark
from headend.core.model.observed import Change

KIND = MultiViewerKind()
WALL = f"{E1}.multi_viewers.wall"


def build(**changes: Any) -> MultiViewer:
    return MultiViewer(**{"environment": "env-1", **VIEWER, **changes})


# rule, field, what is taken, what is refused
FIELDS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("A-538", "environment", ["env-2"], [7]),
    ("A-539", "layout_id", ["l-1", 7], [[1]]),
    (
        "A-540",
        "tile_inputs",
        [{}, {"1": "in-1"}, {"16": "in-1", "2": "in-1"}],
        [{"0": "in-1"}, {"a": "in-1"}, {"1": 7}],
    ),
    (
        "A-540",
        "tile_inputs",
        [],
        [{"01": "in-1"}, {"-1": "in-1"}, {"1.5": "in-1"}, ["in-1"], {"": "in-1"}, {True: "in-1"}],
    ),
    ("A-541", "tile_titles", [{}, {"3": "Gate 3"}], [{"0": "Gate"}, {"1": 7}, ["Gate"]]),
    ("A-542", "max_allowed_bitrate_kbps", [500, 30000], [499, 30001, "5M"]),
    ("A-543", "encoder_uhd_tech_type_id", [1, 2, 4, 5, 6, 7, 8], [0, 3, 9, "HD-SDI"]),
    ("A-544", "is_interlaced", [True, False], ["perhaps"]),
    ("A-545", "encoder_gop_size_id", [1, 4], [0, 5, 24, 50]),
    ("A-546", "encoder_frame_rate_id", [1, 13], [0, 14, 25, "50"]),
    ("A-547", "encoder_gop_size_mode_id", [1, 4], [0, 5, "Static IPB"]),
    ("A-548", "program_number", [1, 65535], [0, 65536]),
    ("A-549", "pmt_pid", [33, 8190], [0, 32, 8191]),
    ("A-550", "video_pid", [33, 8190], [0, 32, 8191]),
    ("A-551", "transcoded_audio_pid", [0, 33, 8190], [1, 32, 8191]),
    ("A-552", "passthrough_audio_pid", [0, 33, 8190], [1, 32, 8191]),
    ("A-554", "store_preset", [True, False], ["perhaps"]),
    ("A-554", "preset_id", [7], ["seven"]),
    ("A-554", "preset_name", ["wall"], [7]),
    ("A-839", "encoder_gop_size_id", [2], ["50"]),
]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [pytest.param(*r[1:], marks=pytest.mark.contract(r[0]), id=f"{r[0]}-{r[1]}") for r in FIELDS],
)
def test_values_are_taken_or_refused(field: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert getattr(build(**{field: value}), field) == value
    for value in bad:
        with pytest.raises(ValidationError, match=field):
            build(**{field: value})


def test_a_tile_may_be_named_by_a_number_and_is_a_key_on_the_wire() -> None:
    assert build(tile_inputs={1: "in-1", 12: "in-2"}).tile_inputs == {"1": "in-1", "12": "in-2"}


@pytest.mark.contract("A-548", "A-549", "A-550", "A-551", "A-552", "A-553", "A-821")
def test_no_pid_stands_twice_defaults_included_and_none_may() -> None:
    spec = build()
    assert [getattr(spec, name) for name in ("program_number", *PIDS)] == [1, 200, 201, 555, 556]
    build(transcoded_audio_pid=0, passthrough_audio_pid=0)
    for clash in ({"video_pid": 200}, {"pmt_pid": 556}, {"pmt_pid": 77, "transcoded_audio_pid": 77}):
        with pytest.raises(ValidationError, match="each PID may stand once"):
            build(**clash)
    build(pmt_pid=201, video_pid=200)


@pytest.mark.contract("A-538", "A-539", "A-540", "A-541", "A-554", "A-762", "A-557")
def test_what_a_change_of_each_field_does() -> None:
    model = MultiViewer
    assert {name for name in model.model_fields if mark(model, name, Immutable)} == {"environment", "layout_id"}
    assert {n for n in model.model_fields if mark(model, n, WriteOnly)} == {
        *("store_preset", "preset_id", "preset_name", "extra", "tile_inputs", "tile_titles")
    }
    assert [name for name in model.model_fields if mark(model, name, OwnCall)] == ["dashboard_group"]
    for name in (*SETTINGS, "tile_inputs", "tile_titles"):
        found = mark(model, name, Interrupts)
        assert found is not None
        assert found.impact is Impact.INTERRUPTS
    shows = mark(model, "tile_inputs", Ref)
    assert shows is not None
    assert ("ateme.multi_viewer", "resulting_input_id") in shows.through


@pytest.mark.contract("A-839")
def test_the_reference_says_which_quantity_each_id_stands_for() -> None:
    def told(name: str) -> str:
        return MultiViewer.model_fields[name].description or ""

    assert "2 50" in told("encoder_gop_size_id")
    assert "7 23.976" in told("encoder_frame_rate_id")
    assert "4 Quad Split" in told("encoder_uhd_tech_type_id")
    assert "3 static IP" in told("encoder_gop_size_mode_id")


@pytest.mark.contract("A-49", "A-554")
def test_doubts_and_what_extra_may_not_name() -> None:
    assert any("which preset" in p.message for p in KIND.check(build(store_preset=True), {}))
    assert any("without store_preset" in p.message for p in KIND.check(build(preset_name="wall"), {}))
    with pytest.raises(ValidationError, match="tile_inputs is a field of its own"):
        build(extra={"tile_inputs": {}})
    build(extra={"something_new": 1})


@pytest.mark.contract("A-219", "A-539", "A-838", "A-906")
@pytest.mark.parametrize(
    ("fields", "validation", "message"),
    [
        ({}, "strict", None),
        ({"layout_id": "1", "tile_inputs": {"4": "in-1"}}, "strict", None),
        ({"layout_id": 77}, "strict", "layout_id: 77 is not offered"),
        ({"layout_id": 77}, "warn", "warning: layout_id: 77 is not offered"),
        ({"layout_id": 77}, "off", None),
        ({"tile_inputs": {"5": "in-1"}}, "strict", "tile_inputs: layout 1 has 4 tiles, and no tile 5"),
        ({"tile_titles": {"5": "Gate"}}, "strict", "tile_titles: layout 1 has 4 tiles, and no tile 5"),
        ({"layout_id": 3, "tile_inputs": {"50": "in-1"}}, "strict", None),
    ],
    ids=str,
)
def test_the_layout_must_be_offered_and_have_such_tiles_if_it_tells(
    opened: Any, fields: dict[str, Any], validation: str, message: str | None
) -> None:
    async def go() -> None:
        async with opened({}, validation=validation) as (api, _):
            found = await KIND.check_catalogue(api, build(**fields))
            assert [str(replace(problem, remedy=None)) for problem in found] == ([message] if message else [])

    asyncio.run(go())


@pytest.mark.contract("A-838")
@pytest.mark.parametrize(
    ("layouts", "refused"),
    [
        ([{"layout_id": 1, "tiles": [{"x": 0}, {"x": 1}]}], True),
        ([{"id": 1, "number_of_tiles": 2}], True),
        ([{"layout_id": 1, "tiles": 3}], False),
        ([1, 2], False),
        ([], False),
    ],
)
def test_however_a_layout_tells_its_count(opened: Any, layouts: list[Any], refused: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.sims["ateme"].world["layouts"] = dict(enumerate(layouts))
            assert bool(await KIND.check_catalogue(api, build(tile_inputs={"3": "in-1"}))) is refused

    asyncio.run(go())


def test_layouts_that_cannot_be_read_are_a_doubt(opened: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("multi_viewer.layouts", status=400)
            (problem,) = await KIND.check_catalogue(api, build())
            assert str(problem).startswith("warning: layout_id can't be checked")

    asyncio.run(go())


@pytest.mark.contract("A-540")
def test_an_input_of_another_environment_is_refused_before_the_platform_drops_it(tmp_path: Any) -> None:
    wanted = stack(inputs={"a": LISTENER}, multi_viewers={"wall": {**VIEWER, "tile_inputs": {1: "a", 2: "e2/b"}}})
    wanted["ateme"]["environments"]["e2"] = {**ENVIRONMENT, "inputs": {"b": LISTENER}}
    (problem,) = Engine(tmp_path).problems(wanted)
    assert problem.startswith(f"{WALL}: tile_inputs.2: ateme.environments.e2.inputs.b lies in another environment")


@pytest.mark.contract("A-220", "A-538", "A-540", "A-541", "A-542", "A-554", "A-760")
@pytest.mark.parametrize("stores", [True, False])
def test_creation_sends_settings_and_inputs_and_no_titles(opened: Any, environment: Any, stores: bool) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            simulator.reset_journal()
            preset = {"store_preset": stores, "preset_name": "wall"}
            tiles = {"tile_inputs": {"1": "in-1"}, "tile_titles": {"1": "Stadium"}}
            await KIND.create(api, build(environment=env, encoder_gop_size_id=2, extra={}, **tiles, **preset))
            (write,) = simulator.writes()
            pids = {"program_number": 1, "pmt_pid": 200, "video_pid": 201}
            audio = {"transcoded_audio_pid": 555, "passthrough_audio_pid": 556}
            wanted = {**VIEWER, **pids, **audio, "encoder_gop_size_id": 2, "tile_inputs": {"1": "in-1"}}
            assert write.body == wanted | (preset if stores else {})

    asyncio.run(go())


@pytest.mark.contract("A-223", "A-755", "A-838")
@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        pytest.param({}, {"1": ("in-1", None)}, {"1": {"input_id": "in-1"}}, id="one more"),
        pytest.param(
            {"1": ("in-1", "A"), "2": ("in-2", None), "10": ("in-3", None)},
            {"1": ("in-1", "A"), "2": ("in-4", None), "10": ("in-5", None)},
            {"2": {"input_id": "in-4"}, "10": {"input_id": "in-5"}},
            id="only those that changed, by number",
        ),
        pytest.param({"1": ("in-1", "A")}, {"1": ("in-2", "A")}, {"1": {"input_id": "in-2", "title": "A"}}, id="input"),
        pytest.param({"1": ("in-1", "A")}, {"1": ("in-1", "B")}, {"1": {"input_id": "in-1", "title": "B"}}, id="title"),
        pytest.param({"1": ("in-1", "A")}, {}, {"1": {"input_id": "", "title": ""}}, id="removed"),
        pytest.param({"1": ("in-1", None)}, {}, {"1": {"input_id": ""}}, id="removed, without a title"),
        pytest.param({"1": (None, "A")}, {"1": (None, "B")}, {"1": {"title": "B"}}, id="a title alone"),
        pytest.param(
            {"1": ("in-1", "A")}, {"1": ("in-1", None)}, {"1": {"input_id": "in-1", "title": ""}}, id="untitled"
        ),
        pytest.param({"1": ("in-1", "A")}, {"1": ("in-1", "A")}, None, id="nothing"),
    ],
)
def test_only_the_tiles_that_changed_are_sent_each_with_all_that_is_wanted_of_it(
    opened: Any, environment: Any, before: dict[str, Any], after: dict[str, Any], sent: Any
) -> None:
    def maps(tiles: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        inputs, titles = ({n: both[i] for n, both in tiles.items() if both[i] is not None} for i in (0, 1))
        return inputs, titles

    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            made = await KIND.create(api, build(environment=env, layout_id=3))
            old, new = maps(before), maps(after)
            spec = build(environment=env, layout_id=3, tile_inputs=new[0], tile_titles=new[1])
            simulator.reset_journal()
            names = ("tile_inputs", "tile_titles")
            changes = [Change((n,), o, w) for n, o, w in zip(names, old, new, strict=True) if o != w]
            await KIND.update(api, made.id, spec, changes)
            assert [write.body for write in simulator.writes()] == ([{"tile_inputs": sent}] if sent else [])

    asyncio.run(go())


@pytest.mark.contract("A-978", "A-541")
def test_the_names_that_the_document_leaves_open_can_be_corrected(opened: Any, environment: Any) -> None:
    async def go() -> None:
        renamed = {"multi_viewer.tiles": {"keys": {"tiles": "tiles", "title": "label"}}}
        async with opened({"unknown_keys": "accepted"}, operations=renamed) as (api, simulator):
            assert api.table["multi_viewer.tiles"].mark == "A"
            env = await environment(api)
            spec = build(environment=env, tile_inputs={"1": "in-1"}, tile_titles={"1": "Stadium"})
            made = await KIND.create(api, spec)
            simulator.reset_journal()
            simulator.fail("multi_viewer.tiles", status=200)
            await KIND.furnish(api, made.id, spec, lambda _: None)
            (write,) = simulator.writes()
            assert write.body == {"tiles": {"1": {"input_id": "in-1", "label": "Stadium"}}}

    asyncio.run(go())


@pytest.mark.contract("A-50", "A-222", "A-760", "A-554")
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
        pytest.param({"store_preset": False, "preset_id": 7}, ["store_preset"], {}, id="nothing to store"),
    ],
)
def test_preset_fields_are_in_the_call_in_which_they_were_changed(
    opened: Any, environment: Any, fields: dict[str, Any], changed: list[str], sent: dict[str, Any]
) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            made = await KIND.create(api, build(environment=env))
            simulator.reset_journal()
            changes = [Change(("pmt_pid",), 200, 300), *(Change((name,), None, fields.get(name)) for name in changed)]
            await KIND.update(api, made.id, build(environment=env, pmt_pid=300, **fields), changes)
            (write,) = simulator.writes()
            assert {n: v for n, v in write.body.items() if "preset" in n} == sent
            assert write.body["max_allowed_bitrate_kbps"] == 8000
            assert not {"layout_id", "tile_inputs", "environment_id"} & set(write.body)

    asyncio.run(go())
