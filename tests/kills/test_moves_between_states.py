"""`state mv --to-stack`, and `moved:` of another stack, killed before and after each commit: nothing is deleted or made
by either stack, and the same command again finishes the move."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cli.harness import World, living, serve
from headend.core.reconcile.state.store import State
from headend.simulator import Simulator
from kills.runs import Death, Killed

EMPTY = "{headend: 1, stack: day}"
STACK = """\
headend: 1
stack: NAME
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      lifecycle: {protect: false}
      inputs:
        a: {variant: srt_push, port: 5001}
        b: {variant: srt_push, port: 5002}
      outputs:
        cdn: {variant: rtmp, url: {secret: CDN}}
"""
EU = "ateme.environments.eu"
MOVE = ("state", "mv", "day", EU, "--to-stack", "night.yaml")


def dying(monkeypatch: pytest.MonkeyPatch, death: Death) -> None:
    for name in ("take", "give_up"):
        commit = getattr(State, name)

        def mortal(*args: Any, name: str = name, commit: Any = commit) -> None:
            death.point(f"before {name}")
            commit(*args)
            death.point(f"after {name}")

        monkeypatch.setattr(State, name, functools.wraps(commit)(mortal))


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("again", [True, False])
def test_a_killed_move_loses_and_deletes_nothing(at: int, again: bool, tmp_path: Any) -> None:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["CDN"] = "rtmp://cdn.example.com/live"
        world.write("day.yaml", STACK.replace("NAME", "day"))
        assert world("apply", "day.yaml", "--yes").code == 0
        world.write("day.yaml", EMPTY)
        world.write("night.yaml", STACK.replace("NAME", "night"))
        before = living(simulator.dump())
        with pytest.MonkeyPatch.context() as patched:
            dying(patched, Death(at))
            with pytest.raises(Killed):
                world(*MOVE)
        simulator.reset_journal()
        if at in {2, 3}:  # both states have it
            kept = world("plan", "day.yaml", "--format", "json").out
            assert (kept.count('"reason": "held"'), '"action": "delete"' in kept) == (4, False)
        if again or at == 1:
            assert world(*MOVE).code == (3 if at == 4 else 0)
        for name in ("day", "night"):
            applied = world("apply", f"{name}.yaml", "--yes")
            assert applied.code == 0, applied.err
        assert (simulator.writes(), living(simulator.dump())) == ([], before)
        assert (world("state", "list", "day").out, world("state", "list", "night").out.count(EU)) == ("", 4)
        assert [world("plan", f"{name}.yaml").code for name in ("day", "night")] == [0, 0]


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("first", ["day", "night"])
def test_a_killed_apply_of_a_move_goes_on(at: int, first: str, tmp_path: Any) -> None:
    """Whichever of the two stacks runs next."""
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["CDN"] = "rtmp://cdn.example.com/live"
        world.write("day.yaml", STACK.replace("NAME", "day"))
        assert world("apply", "day.yaml", "--yes").code == 0
        world.write(
            "day.yaml", f"{{headend: 1, stack: day, moved: [{{from: {EU}, to: {{stack: night.yaml, address: {EU}}}}}]}}"
        )
        comes = f"moved: [{{from: {{stack: day.yaml, address: {EU}}}, to: {EU}}}]\n"
        world.write("night.yaml", STACK.replace("NAME", "night") + comes)
        before = living(simulator.dump())
        with pytest.MonkeyPatch.context() as patched:
            dying(patched, Death(at))
            with pytest.raises(Killed):
                world("apply", "night.yaml", "--yes")
        simulator.reset_journal()
        for name in (first, "night", "day"):
            applied = world("apply", f"{name}.yaml", "--yes")
            assert applied.code == 0, applied.err
        assert (simulator.writes(), living(simulator.dump())) == ([], before)
        assert (world("state", "list", "day").out, world("state", "list", "night").out.count(EU)) == ("", 4)
        assert [world("plan", f"{name}.yaml").code for name in ("day", "night")] == [0, 0]
