"""`moved:` onto an address that another object has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.harness import World


@pytest.mark.parametrize(
    ("lines", "labels", "kept"),
    [
        ([("a", "b")], {"b": {}, "c": {}}, {"a"}),
        ([("a", "b"), ("b", "c")], {"c": {}}, {"a", "b"}),
        ([("a", "z"), ("b", "z")], {"z": {}, "c": {}}, {"a"}),
    ],
    ids=["there", "chain", "two"],
)
def test_what_is_to_move_onto_another_object_is_not_deleted(
    world: World, lines: list[tuple[str, str]], labels: dict[str, Any], kept: set[str]
) -> None:
    world.write("day.yaml", json.dumps({"headend": 1, "ateme": {"labels": {"a": {}, "b": {}, "c": {}}}}))
    assert world("apply", "day.yaml", "--yes").code == 0
    moved = [{"from": f"ateme.labels.{old}", "to": f"ateme.labels.{new}"} for old, new in lines]
    world.write("day.yaml", json.dumps({"headend": 1, "moved": moved, "ateme": {"labels": labels}}))
    world.simulator.reset_journal()
    ran = world("apply", "day.yaml", "--yes")
    assert (ran.code, world.simulator.writes()) == (5, []), ran.out
    assert ran.out.count("to delete it, take that line out") == len(kept)
    assert all(f"- delete ateme.labels.{one} " in ran.out for one in kept)
