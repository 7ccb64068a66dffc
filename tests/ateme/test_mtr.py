"""Hosts whose paths are measured, and their groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from headend.ateme.mtr_host import MtrHost, MtrHostKind
from headend.ateme.mtr_host_group import MtrHostGroup
from headend.core.model.proposal import Action

EDGES, EDGE = "ateme.mtr_host_groups.edges", "ateme.mtr_hosts.edge"
HOST = {"host": "edge.example.com", "group": "edges"}


def stack(hosts: dict[str, Any] | None = None, *names: str, **groups: dict[str, Any]) -> dict[str, Any]:
    made = {name: {} for name in names} | groups
    return {"headend": 1, "stack": "one", "ateme": {"mtr_host_groups": made, "mtr_hosts": hosts or {}}}


def host(engine: Engine, id: str, name: str, *groups: str) -> None:
    row = {"host_id": id, "host_name": name, "host": "192.0.2.1", "groups": [*groups], "organisation_id": "org-1"}
    engine.world["mtr_hosts"][id] = row


def warned(engine: Engine, wanted: dict[str, Any], address: str) -> list[str]:
    return list(engine.step(wanted, address).warnings)


@pytest.mark.contract("A-626", "A-629", "A-630", "A-986")
def test_names_of_hosts_are_judged_mildly_and_hosts_are_hosts() -> None:
    for bad in ({"name": ""}, {"extra": {"hosts": []}}):
        with pytest.raises(ValidationError):
            MtrHostGroup(**{"name": "edges", **bad})
    for bad in ({"host": "https://edge"}, {"host_name": ""}, {"group": None}, {"extra": {"host_id": "1"}}):
        with pytest.raises(ValidationError):
            MtrHost(**{"host_name": "edge", "host": "192.0.2.1", "group": "g", **bad})

    def told(name: str) -> list[str]:
        return [problem.text for problem in MtrHostKind().check(MtrHost(**{**HOST, "host_name": name}), {})]

    assert told("Edge 1._-") == []
    assert [*told("ab"), *told("x" * 51)] == ["host_name is probably limited to 3..50 characters"] * 2
    assert "may be refused" in told("edge/1")[0]


@pytest.mark.contract("A-295", "A-296", "A-297", "A-298", "A-299", "A-300", "A-301", "A-627", "A-628", "A-631", "A-632")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=["bare", "wrapped"])
def test_a_group_is_made_before_its_hosts_and_goes_after_them(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    wanted = stack({"edge": HOST}, "edges")
    engine.done(wanted)
    assert [(entry.key, entry.path.rpartition("/api")[2], entry.body) for entry in engine.sim.writes()] == [
        ("mtr_host_group.create", "/mtr_host_groups", {"name": "edges"}),
        ("mtr_host_group.add_host", "/mtr_host_groups/mtr-group-1/hosts", {"host_name": "edge", "host": HOST["host"]}),
    ]
    assert engine.plan(wanted).writes() == ()
    engine.sim.reset_journal()
    engine.done(stack({"edge": HOST}, edges={"name": "Edges"}))
    assert engine.written() == ["mtr_host_group.update"]
    engine.sim.reset_journal()
    engine.done(wanted, destroy=True)
    assert engine.written() == ["mtr_host.delete", "mtr_host_group.delete"]
    assert (engine.world["mtr_hosts"], engine.world["mtr_host_groups"]) == ({}, {})


@pytest.mark.contract("A-762", "A-629", "A-631", "A-763")
@pytest.mark.parametrize("change", [{"host": "192.0.2.7"}, {"host_name": "Edge"}, {"group": "others"}])
def test_any_change_makes_a_host_anew(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack({"edge": HOST}, "edges", "others"))
    engine.sim.reset_journal()
    engine.done(stack({"edge": HOST | change}, "edges", "others"))
    assert engine.written() == ["mtr_host.delete", "mtr_host_group.add_host"]
    assert engine.plan(stack({"edge": HOST | change}, "edges", "others")).writes() == ()


@pytest.mark.contract("A-842", "A-627", "A-297")
@pytest.mark.parametrize("ungrouped", ["text", "null", "missing"])
def test_a_host_in_no_group_is_seen_and_the_group_of_those_is_none(tmp_path: Path, ungrouped: str) -> None:
    engine = Engine(tmp_path, {"ungrouped": ungrouped})
    wanted = stack({"edge": HOST}, "edges", null={})
    engine.done(wanted)
    engine.world["mtr_hosts"]["host-1"]["groups"] = []
    (change,) = engine.step(wanted, EDGE).changes
    assert (change.before, change.cause) == ("null", "drift")
    assert engine.step(wanted, EDGE).action is Action.REPLACE
    engine.done(wanted)
    (edges,) = [id for id, row in engine.world["mtr_host_groups"].items() if row["name"] == "edges"]
    assert [row["groups"] for row in engine.world["mtr_hosts"].values()] == [[edges]]


@pytest.mark.contract("A-301", "A-631")
def test_a_host_may_be_in_other_groups_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    wanted = stack({"edge": HOST}, "others", "edges")
    engine.done(wanted)
    engine.world["mtr_hosts"]["host-1"]["groups"] = ["mtr-group-1", "mtr-group-2"]
    assert engine.plan(wanted).writes() == ()


@pytest.mark.contract("A-295", "A-631")
def test_where_groups_dont_show_their_hosts_nobody_knows_which_one_it_is_in(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"mtr_groups": "alone"})
    wanted = stack({"edge": HOST}, "edges")
    engine.done(wanted)
    step = engine.step(wanted, EDGE)
    assert (step.action, "group" in step.unverifiable) == (Action.NONE, True)


@pytest.mark.contract("A-738", "A-740", "A-300")
def test_a_group_that_goes_takes_its_hosts_along_and_the_plan_names_them(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack({"edge": HOST}, "edges"))
    host(engine, "h-9", "by hand", "mtr-group-1")
    left = stack()
    assert warned(engine, left, EDGES) == ["every host in it goes, too: by hand, edge (A-300)"]
    engine.world["mtr_host_groups"].clear()
    engine.world["mtr_hosts"].clear()
    engine.sim.reset_journal()
    engine.done(left)
    assert engine.written() == [], "what went with its group is gone"


@pytest.mark.contract("A-770", "A-629", "A-626")
def test_they_are_taken_over_by_name(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.world["mtr_host_groups"]["g-1"] = {"group_id": "g-1", "name": "edges", "organisation_id": "org-1"}
    host(engine, "h-1", "edge", "g-1")
    adopt = {"lifecycle": {"adopt": "match"}}
    wanted = stack({"edge": HOST | adopt}, edges=adopt)
    (problem,) = engine.problems(wanted)
    assert problem == f"{EDGE}: the live object h-1 differs in what can't be changed: host"
    engine.world["mtr_hosts"]["h-1"]["host"] = HOST["host"]
    assert (engine.step(wanted, EDGES).id, engine.step(wanted, EDGE).id) == ("g-1", "h-1")
    engine.done(wanted)
    assert engine.written() == []
