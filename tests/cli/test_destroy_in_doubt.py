"""`destroy` after a run that nobody knows the end of: what it may have made is looked for, and goes too."""

from __future__ import annotations

import json

import pytest

from cli.harness import World, living

STACK = {
    "headend": 1,
    "stack": "day",
    "ateme": {
        "environments": {
            "eu": {
                **{"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"},
                "lifecycle": {"protect": False},
                "inputs": {"a": {"variant": "srt_push", "port": 5001}, "b": {"variant": "srt_push", "port": 5002}},
            }
        },
        "labels": {"red": {"text": "red"}},
    },
}
LABEL = "ateme.labels.red"


def left_by(world: World, operation: str) -> dict[str, object]:
    """What was there before a run in which every answer of that operation is lost."""
    before = living(world.simulator.dump())
    world.write("day.yaml", json.dumps(STACK))
    world.simulator.fail(operation, drop="after", times=None)
    assert world("apply", "day.yaml", "--yes").code in {1, 7}
    world.simulator.faults.clear()
    world.simulator.reset_journal()
    return before


@pytest.mark.parametrize("operation", ["environment.create", "input.create.srt_push", "label.create"])
def test_what_was_made_goes_although_nobody_recorded_it(world: World, operation: str) -> None:
    before = left_by(world, operation)
    assert "a create of unknown outcome" in world("state", "list", "day").out
    destroyed = world("destroy", "day.yaml", "--yes")
    assert (destroyed.code, "nobody knows" in destroyed.err) == (0, False), destroyed.out
    assert living(world.simulator.dump()) == before
    assert world("state", "list", "day").out == ""


def test_what_cannot_be_found_stays_in_doubt_and_the_exit_code_says_so(world: World) -> None:
    left_by(world, "label.create")
    world.simulator.sims["ateme"].world["labels"].clear()
    for _ in range(2):  # also where nothing else is left
        destroyed = world("destroy", "day.yaml", "--yes")
        assert destroyed.code == 7
        assert f"{LABEL}: nobody knows whether an earlier run made it" in destroyed.err
    assert world("state", "settle", "day", LABEL).code == 0
    assert world("destroy", "day.yaml", "--yes").code == 0


def test_what_may_be_one_of_two_is_left_alone(world: World) -> None:
    left_by(world, "label.create")
    labels = world.simulator.sims["ateme"].world["labels"]
    (id, row), *_ = [(id, row) for id, row in labels.items() if row["text"] == "red"]
    labels["another"] = {**row, "id": "another"}
    destroyed = world("destroy", "day.yaml", "--yes")
    assert (destroyed.code, {id, "another"} <= labels.keys()) == (7, True)


def test_another_target_is_not_looked_for(world: World) -> None:
    left_by(world, "label.create")
    destroyed = world("destroy", "day.yaml", "--yes", "--target", "ateme.environments.eu")
    assert destroyed.code == 7
    assert any(row["text"] == "red" for row in world.simulator.sims["ateme"].world["labels"].values())
