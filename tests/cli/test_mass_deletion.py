"""A wrong file or overlay looks like a plan that deletes much: it is refused, until a flag says that it is meant."""

from __future__ import annotations

import pytest

from cli.harness import World


def labels(count: int) -> str:
    rows = "".join(f"    l{n:02}: {{text: label {n:02}}}\n" for n in range(count))
    return f"headend: 1\nstack: day\nateme:\n  labels:{' {}' if not count else ''}\n{rows}"


@pytest.mark.parametrize(
    ("had", "lost", "refused"),
    [
        pytest.param(4, 4, False, id="Fewer than five objects are never many."),
        pytest.param(5, 5, True, id="Five of five are."),
        pytest.param(16, 5, True, id="Five of sixteen are more than three tenths."),
        pytest.param(20, 6, False, id="Six of twenty are three tenths, and not more."),
        pytest.param(20, 7, True, id="Seven of twenty are more."),
    ],
)
def test_a_plan_that_deletes_much_of_the_stack_needs_a_flag(world: World, had: int, lost: int, refused: bool) -> None:
    world.write("day.yaml", labels(had))
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", labels(had - lost))
    ran = world("apply", "day.yaml", "--yes")
    left = len(world.simulator.sims["ateme"].world["labels"])
    assert (ran.code, left) == ((5, had) if refused else (0, had - lost))
    if refused:
        assert f"{lost} of {had} objects would be deleted" in ran.err
        assert "--allow-deletions" in ran.err
        assert world("apply", "day.yaml", "--yes", "--allow-deletions").code == 0
        assert len(world.simulator.sims["ateme"].world["labels"]) == had - lost
