"""graph and timeline draw a stack or a plan; a plan that nobody draws doesn't pay for it."""

from __future__ import annotations

import json
from unittest import mock
from xml.etree import ElementTree

import pytest

from cli.harness import World
from cli.test_on_air_guard import EU, stack
from commands import ROOT
from headend.core.reconcile import signal


@pytest.fixture
def changed(world: World) -> World:
    """The derby runs, and the stack would cut it."""
    text = stack(-10)
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes").code == 0
    world.write("day.yaml", text.replace("latency: 6000", "latency: 2000"))
    world.simulator.reset_journal()
    return world


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["graph"], "CUT", id="Mermaid"),
        pytest.param(["graph", "--format", "svg"], "the plan cuts it", id="SVG"),
        pytest.param(["graph", "--format", "dot"], "(cut)", id="DOT"),
        pytest.param(["timeline"], f"by {EU}.inputs.stadium", id="text"),
        pytest.param(["timeline", "--format", "svg"], f"cut by {EU}.inputs.stadium", id="timeline as SVG"),
    ],
)
def test_a_stack_and_its_plan_are_drawn_alike_and_the_plan_without_a_request(
    changed: World, words: list[str], told: str
) -> None:
    assert changed("plan", "day.yaml", "--out", "plan.json").code == 5
    command, *more = words
    live = changed(command, "day.yaml", *more)
    assert (live.code, live.err) == (0, "")
    changed.simulator.reset_journal()
    again = changed(command, "plan.json", *more, "--out", "picture")
    assert (again.code, again.out) == (0, "")
    assert changed.simulator.writes() == []
    assert len(changed.simulator.journal) == 0
    drawn = (changed.home / "picture").read_text()
    assert told in drawn
    assert len(drawn.splitlines()) == len(live.out.splitlines())
    if "svg" in words:
        assert ElementTree.fromstring(drawn).tag.endswith("svg")


def test_a_plan_that_nobody_draws_makes_no_picture(changed: World) -> None:
    with mock.patch.object(signal, "parts_of", wraps=signal.parts_of) as made:
        for words in (["plan"], ["plan", "--format", "json"], ["drift"]):
            changed(words[0], "day.yaml", *words[1:])
        assert made.call_count == 0
        changed("plan", "day.yaml", "--report", "html=plan.html", "--report", "md=plan.md")
        assert made.call_count == 1
    assert (changed.home / "plan.html").read_text().count("<svg") == 2
    assert "```mermaid" in (changed.home / "plan.md").read_text()


def test_where_there_is_nothing_to_draw_it_says_why(changed: World) -> None:
    changed.write("printed.json", changed("plan", "day.yaml", "--format", "json").out)
    found = changed("graph", "printed.json")
    assert found.code == 3
    assert "`plan --out` keeps what pictures show" in found.err
    changed.write("duty.yaml", "headend: 1\njust:\n  profiles: {duty: {}}\n")
    found = changed("timeline", "duty.yaml")
    assert found.code == 3
    assert "no kind in the stack carries a stream" in found.err
    assert json.loads(changed("plan", "day.yaml", "--format", "json").out).get("signal") is None


def test_the_picture_in_docs_is_of_the_demo(world: World) -> None:
    drawn = world("graph", str(ROOT / "stacks/demo.yaml"), "--format", "svg")
    assert drawn.out == (ROOT / "docs/pictures/signal-paths.svg").read_text()
