"""The real engine: hundreds of overridden operations are read in the stack file, and not kept with each resource."""

from __future__ import annotations

import json

import yaml

from headend.simulator import Simulator
from pulumi_project import CLI, Project

pytestmark = CLI

MANY = 7
STACK = {
    "headend": 1,
    "extends": "shared.yaml",
    "ateme": {"labels": {f"label-{n}": {} for n in range(MANY)}},
}


def rows(simulator: Simulator, seed: int) -> str:
    """The overrides under which the platform works that the seed makes."""
    from headend.ateme.wire import TABLE, WORDS
    from headend.simulator.scramble import scramble

    simulator.document("ateme", seed)
    told = {key: dict(row) for key, row in scramble(TABLE, WORDS, seed).rows.items()}
    told = {key: {**row, "documented": True} for key, row in told.items()}
    return yaml.safe_dump({"headend": 1, "connections": {"ateme": {"operations": told}}})


def test_a_platform_of_which_nothing_is_as_assumed_comes_up_settles_and_goes(project: Project) -> None:
    (project.home / "shared.yaml").write_text(rows(project.simulator, 1))
    project.write(json.dumps(STACK))
    project.up()
    assert project.preview()["same"] >= MANY
    ours = [resource for resource in project.resources() if resource["urn"].rpartition("::")[2].startswith("ateme.")]
    assert len(ours) == MANY
    assert max(len(json.dumps(resource)) for resource in ours) < 4000
    (project.home / "shared.yaml").write_text(rows(project.simulator, 2))  # the platform moved, and so did the file
    project.refresh()
    project.destroy()
    assert project.simulator.sims["ateme"].world["labels"] == {}
