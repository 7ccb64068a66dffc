"""Dashboard groups: found by type and name, renamed in place, and named by what is shown in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from convergence.ateme import TRANSCODER, VIEWER
from headend.ateme.dashboard_group import DashboardGroup
from headend.core.model.proposal import Action

AT = "ateme.dashboard_groups.gates"
SRT_OUT = {"variant": "srt_pull", "port": 5002, "latency": 200}


def grouped(group: dict[str, Any], **children: Any) -> dict[str, Any]:
    """A stack with the group "gates" and, if there are children, an environment with them."""
    made = stack(**children) if children else {"headend": 1, "stack": "one", "ateme": {}}
    made["ateme"]["dashboard_groups"] = {"gates": group}
    return made


@pytest.mark.contract("A-623", "A-624")
def test_it_has_a_name_and_one_of_four_types() -> None:
    for kind in ("source", "destination", "mv", "transcoder"):
        assert DashboardGroup(name="g", group_type=kind).group_type == kind
    for bad in ({"name": ""}, {"name": None}, {"group_type": "input"}, {"group_type": None}, {"extra": {"name": "x"}}):
        with pytest.raises(ValidationError, match=r"name|group_type"):
            DashboardGroup(**{"name": "g", "group_type": "source", **bad})


@pytest.mark.contract("A-291", "A-292", "A-293", "A-294", "A-623", "A-625")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=["bare", "wrapped"])
def test_it_is_made_renamed_in_place_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(grouped({"group_type": "source"}))
    assert engine.plan(grouped({"group_type": "source"})).writes() == ()
    engine.done(grouped({"group_type": "source", "name": "Gates"}))
    assert [(row.key, row.body) for row in engine.sim.writes()] == [
        ("dashboard_group.create", {"name": "gates", "group_type": "source"}),
        ("dashboard_group.update", {"name": "Gates"}),
    ]
    (row,) = engine.world["groups"].values()
    assert row["dashboard_group_id"] == "group-1"
    row["name"] = "by hand"
    (change,) = engine.step(grouped({"group_type": "source", "name": "Gates"}), AT).changes
    assert (change.before, change.cause) == ("by hand", "drift")
    engine.done(grouped({"group_type": "source"}), destroy=True)
    assert engine.world["groups"] == {}


@pytest.mark.contract("A-624", "A-762", "A-763")
def test_another_type_replaces_it_the_new_one_first_so_that_its_members_can_change_over(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(grouped({"group_type": "source"}))
    engine.sim.reset_journal()
    assert engine.step(grouped({"group_type": "mv"}), AT).action is Action.REPLACE
    engine.done(grouped({"group_type": "mv"}))
    assert engine.written() == ["dashboard_group.create", "dashboard_group.delete"]


@pytest.mark.contract("A-291", "A-770")
def test_it_is_taken_over_by_type_and_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    for id, kind, org in (("g-1", "destination", "org-1"), ("g-2", "source", "org-1"), ("g-3", "source", "org-2")):
        row = {"dashboard_group_id": id, "name": "gates", "group_type": kind, "organisation_id": org}
        engine.world["groups"][id] = row
    step = engine.step(grouped({"group_type": "source", "lifecycle": {"adopt": "match"}}), AT)
    assert (step.action, step.id) == (Action.ADOPT, "g-2")


@pytest.mark.contract("A-841", "A-418", "A-464", "A-625")
def test_what_is_shown_in_it_names_it_by_its_key_and_moves_before_it_goes(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    inputs = {"a": {**LISTENER, "dashboard_group": "gates"}}
    engine.done(grouped({"group_type": "source"}, inputs=inputs))
    (row,) = engine.world["inputs"].values()
    assert row["dashboard_group_id"] == "group-1"
    assert engine.written()[-1] == "input.dashboard_group"
    moved = stack(inputs={"a": {**LISTENER, "dashboard_group": "stands"}})
    moved["ateme"]["dashboard_groups"] = {"stands": {"group_type": "source", "name": "stands"}}  # else it is a move
    engine.sim.reset_journal()
    engine.done(moved)
    assert engine.written() == ["dashboard_group.create", "input.dashboard_group", "dashboard_group.delete"]
    assert engine.plan(moved).writes() == ()
    engine.sim.reset_journal()
    engine.done(moved, destroy=True)
    written = engine.written()
    assert written.index("input.delete") < written.index("dashboard_group.delete")


@pytest.mark.contract("A-841")
@pytest.mark.parametrize(
    ("children", "fields", "fits"), [("inputs", LISTENER, "source"), ("outputs", SRT_OUT, "destination")]
)
@pytest.mark.parametrize("group_type", ["source", "destination", "mv", "transcoder"])
def test_a_group_of_the_stack_must_fit_before_there_is_any(
    tmp_path: Path, children: str, fields: dict[str, Any], fits: str, group_type: str
) -> None:
    engine = Engine(tmp_path)
    wanted = grouped({"group_type": group_type}, **{children: {"a": {**fields, "dashboard_group": "gates"}}})
    problems = engine.problems(wanted)
    assert bool(problems) == (group_type != fits)
    assert all(
        p.startswith(f"{E1}.{children}.a: dashboard_group: it names a group for: {group_type}") for p in problems
    )
    assert engine.sim.journal == [] or not problems, "found without a request"


MACHINES = {"transcoders": (TRANSCODER, "transcoder"), "multi_viewers": (VIEWER, "mv")}


def machine(group_type: str, collection: str, **fields: Any) -> dict[str, Any]:
    """A stack with one transcoder or multi-viewer, and two groups."""
    made = stack(inputs={"stadium": LISTENER}, **{collection: {"a": {**MACHINES[collection][0], **fields}}})
    made["ateme"]["dashboard_groups"] = {name: {"group_type": group_type} for name in ("gates", "stands")}
    return made


@pytest.mark.contract("A-990", "A-418")
@pytest.mark.parametrize("collection", MACHINES)
def test_what_makes_an_input_joins_by_it_changes_over_and_is_put_back(tmp_path: Path, collection: str) -> None:
    fits = MACHINES[collection][1]
    engine, resource = Engine(tmp_path), f"{E1}.{collection}.a"
    engine.done(machine(fits, collection))
    (row,) = [row for row in engine.world["inputs"].values() if row.get("id") != "stadium"]
    ids = {row["name"]: id for id, row in engine.world["groups"].items()}
    for group in ("gates", "stands"):
        wanted = machine(fits, collection, dashboard_group=group)
        engine.sim.reset_journal()
        engine.done(wanted)
        assert (engine.written(), row["dashboard_group_id"]) == (["input.dashboard_group"], ids[group])
        assert engine.plan(wanted).writes() == ()
    row["dashboard_group_id"] = ids["gates"]
    (change,) = engine.step(wanted, resource).changes
    assert (change.path, change.cause) == (("dashboard_group",), "drift")
    engine.done(wanted)
    assert row["dashboard_group_id"] == ids["stands"]
    engine.done(wanted, destroy=True)
    assert engine.world["groups"] == {}


@pytest.mark.contract("A-990", "A-841", "A-977")
@pytest.mark.parametrize("collection", MACHINES)
def test_what_makes_an_input_fits_into_one_type_of_group_and_never_leaves_it(tmp_path: Path, collection: str) -> None:
    fits = MACHINES[collection][1]
    engine, resource = Engine(tmp_path), f"{E1}.{collection}.a"
    (problem,) = engine.problems(machine("source", collection, dashboard_group="gates"))
    assert problem == f"{resource}: dashboard_group: it names a group for: source"
    engine.done(machine(fits, collection, dashboard_group="gates"))
    row = {"dashboard_group_id": "g-9", "name": "by hand", "group_type": "source", "organisation_id": "org-1"}
    engine.world["groups"]["g-9"] = row
    assert engine.problems(machine(fits, collection, dashboard_group={"id": "g-9"})) == [problem]
    (problem,) = engine.problems(machine(fits, collection))
    assert problem == f"{resource}: dashboard_group: no call takes an object out of its group (A-977)"


@pytest.mark.contract("A-990", "A-840")
def test_a_multi_viewer_and_the_input_that_it_makes_dont_both_name_a_group(tmp_path: Path) -> None:
    wanted = machine("mv", "multi_viewers", dashboard_group="gates")
    made = {"variant": "local_ts", "multi_viewer": "a", "dashboard_group": "stands"}
    wanted["ateme"]["environments"]["e1"]["inputs"]["made"] = made
    (problem,) = Engine(tmp_path).problems(wanted)
    assert problem == f"{E1}.inputs.made: dashboard_group: its multi-viewer sets it, too"


@pytest.mark.contract("A-990")
def test_no_group_is_joined_where_nobody_says_what_a_transcoder_makes(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(machine("transcoder", "transcoders"))
    for row in engine.world["inputs"].values():
        row["associated_transcoder_id"] = None
    failed = engine.apply(machine("transcoder", "transcoders", dashboard_group="gates")).failed
    assert "nothing shows which input it makes" in failed[f"{E1}.transcoders.a"]


@pytest.mark.contract("A-841", "A-977")
def test_members_of_a_group_that_somebody_deleted_join_the_new_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    wanted = grouped({"group_type": "source"}, inputs={"a": {**LISTENER, "dashboard_group": "gates"}})
    engine.done(wanted)
    engine.world["groups"].clear()
    (row,) = engine.world["inputs"].values()
    row["dashboard_group_id"] = None
    engine.done(wanted)
    assert row["dashboard_group_id"] == "group-2"
