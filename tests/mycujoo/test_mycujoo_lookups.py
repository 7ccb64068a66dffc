"""Actions by their titles, in stack files: one match, or an error that lists what there is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.conftest import world
from cli.harness import World

__all__ = ["world"]

CATEGORY = {"lookup": {"title": "Highlights"}}


def stack(world: World, *matches: dict[str, Any]) -> str:
    """A configuration for each match, in a group of its own."""
    made = {
        f"c{n}": {"action_id": {"lookup": match}, "group_id": f"g{n}", "title": "Goal"}
        for n, match in enumerate(matches)
    }
    world.write("day.yaml", json.dumps({"headend": 1, "mycujoo": {"action_configurations": made}}))
    return "day.yaml"


@pytest.fixture
def catalogue(world: World) -> World:
    """150 actions, over two pages; three of one title, in two categories and of two services."""
    sim: Any = world.simulator.sims["mycujoo"]
    for n in range(147):
        sim.add_action(f"act-x{n}", f"Something {n}")
    for id, category, service in (("r-1", "cat-1", "s-1"), ("r-2", "cat-2", "s-1"), ("r-3", "cat-1", "s-2")):
        sim.add_action(id, "Replay", category_id=category, service_id=service, is_active=id != "r-3")
    for id, title in (("cat-1", "Highlights"), ("cat-2", "Interviews")):
        sim.world["categories"].append({"id": id, "title": title, "menu_title": title[:4], "description": ""})
    return world


def asked(world: World) -> list[tuple[str, str | None]]:
    """The lists that were read, with the page asked for."""
    found = [(e.key, dict(e.query)) for e in world.simulator.journal]
    return [(key, query.get("page_size")) for key, query in found if key in {"action.list", "action_category.list"}]


@pytest.mark.contract("M-16", "M-63", "M-150", "M-151")
@pytest.mark.parametrize("pages", ["full", "short"])
def test_a_title_is_found_once_for_a_plan_and_written_into_it(catalogue: World, pages: str) -> None:
    catalogue.simulator.sims["mycujoo"].set_switch("pages", pages)
    name = stack(catalogue, {"title": "Something 146"}, {"title": "Goal replay"}, {"title": "Something 1"})
    planned = json.loads(catalogue("plan", name, "--format", "json", "--out", "plan.json").out)
    found = {
        f"mycujoo.action_configurations.c{n}.action_id": id for n, id in enumerate(["act-x146", "act-1", "act-x1"])
    }
    assert planned["lookups"] == found
    assert len(asked(catalogue)) == {"full": 2, "short": 5}[pages]
    catalogue.simulator.reset_journal()
    assert catalogue("apply", name, "--yes").code == 0
    assert len(asked(catalogue)) == {"full": 2, "short": 5}[pages]
    stored = catalogue.simulator.sims["mycujoo"].world["configurations"].values()
    assert sorted(row["action_id"] for row in stored) == ["act-1", "act-x1", "act-x146"]
    assert catalogue("plan", name).code == 0


def test_a_plan_does_not_hold_where_its_lookup_finds_something_else(catalogue: World) -> None:
    name, sim = stack(catalogue, {"title": "Goal replay"}), catalogue.simulator.sims["mycujoo"]
    assert catalogue("plan", name, "--out", "plan.json").code == 2
    sim.world["actions"]["act-1"]["title"] = "Old"
    sim.add_action("act-2", "Goal replay")  # type: ignore[attr-defined]
    stale = catalogue("apply", "plan.json", "--yes")
    assert (stale.code, catalogue.simulator.writes()) == (6, [])
    assert "a lookup finds something else" in stale.err


@pytest.mark.contract("M-63", "M-67", "M-150", "M-152")
@pytest.mark.parametrize(
    ("match", "id"),
    [
        ({"title": "Replay", "service_id": "s-2"}, "r-3"),
        ({"title": "Replay", "category_id": "cat-2"}, "r-2"),
        ({"title": "Replay", "category_id": CATEGORY, "is_active": True}, "r-1"),
        ({"title": "Replay", "category_id": {"lookup": {"menu_title": "Inte"}}}, "r-2"),
    ],
)
def test_what_narrows_it_down(catalogue: World, match: dict[str, Any], id: str) -> None:
    name = stack(catalogue, match)
    planned = json.loads(catalogue("plan", name, "--format", "json").out)
    assert list(planned["lookups"].values()) == [id]
    lists = [e for e in catalogue.simulator.journal if e.key == "action.list"]
    assert all(("page_size", "100") in e.query for e in lists)
    filters = {"service_id", "category_id"} & set(match)
    assert all(filters <= dict(e.query).keys() for e in lists)


@pytest.mark.contract("M-161")
@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"title": "Replay"}, ["3 match mycujoo.action", "r-1 (title Replay", "r-3 (title Replay"]),
        ({"title": "Replay", "category_id": CATEGORY}, ["2 match mycujoo.action", "r-1", "say more"]),
        ({"title": "replay", "service_id": "s-2"}, ["there is no mycujoo.action", "there are: r-3 (title Replay"]),
        (
            {"title": "Replay", "category_id": {"lookup": {"title": "Fouls"}}},
            ["category_id: there is no mycujoo.action_category", "cat-1 (title Highlights", "cat-2"],
        ),
    ],
)
def test_none_and_several_are_errors_that_list_the_candidates(
    catalogue: World, match: dict[str, Any], said: list[str]
) -> None:
    refused = catalogue("plan", stack(catalogue, match))
    assert refused.code == 3
    assert "day.yaml:1:" in refused.err
    assert [text for text in said if text not in refused.err] == []


@pytest.mark.contract("M-152", "M-157", "M-161")
def test_categories_and_what_pays_are_found_under_names_of_their_own(catalogue: World) -> None:
    (method,) = catalogue.simulator.sims["mycujoo"].world["payment_methods"]
    wanted = {
        "best": {"mycujoo.action_category": {"menu_title": "High"}},
        "replay": {"mycujoo.action": {"title": "Replay", "category_id": {"lookup": {"title": "Interviews"}}}},
        "pays": {"mycujoo.payment_method": {"is_default": True}},
    }
    catalogue.write("found.yaml", json.dumps({"headend": 1, "lookups": wanted}))
    planned = json.loads(catalogue("plan", "found.yaml", "--format", "json").out)
    assert planned["lookups"] == {"lookups.best": "cat-1", "lookups.replay": "r-2", "lookups.pays": method}


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"titel": "Replay"}, "mycujoo.action can't be found by `titel` (did you mean `title`?)"),
        ({"category_id": {"lookup": {"name": "x"}}}, "mycujoo.action_category can't be found by `name`"),
        ({"title": {"lookup": {"title": "x"}}}, "not a lookup"),
        ({}, "not a lookup"),
    ],
)
def test_a_lookup_that_can_not_be_is_told_without_a_request(world: World, match: dict[str, Any], said: str) -> None:
    refused = world("validate", stack(world, match))
    assert refused.code == 3
    assert said in refused.err
    assert world.simulator.journal == []
