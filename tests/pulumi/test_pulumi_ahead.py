"""What many differences need is read for all of them at once, though the engine asks for one after the other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.harness import NO_WAIT, serve
from convergence import mycujoo
from growth.many import MANY
from headend.core.model.stack import Stack
from headend.core.stackfile import load
from headend.mycujoo.calls import IN_FLIGHT
from headend.pulumi.ahead import AHEAD
from headend.pulumi.props import META
from headend.simulator import Simulator
from pulumi_wire import Live, provider

NUMBER = 12
KINDS = ("mycujoo.action_configuration", "mycujoo.account", "straas.member")


@dataclass
class Before:
    """A stack that an earlier run has brought up, and what Pulumi's state has of it."""

    simulator: Simulator
    env: dict[str, str]
    stack: Stack
    state: dict[str, Live]

    def up(self) -> dict[str, int]:
        """Brings it up again, by a provider process of its own; gives what was done."""
        with provider(self.env) as engine:
            engine.state = self.state
            return engine.up(self.stack)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    tree: dict[str, Any] = {"headend": 1, "stack": "many"}
    for collection, kind in zip(("action_configurations", "accounts", "members"), KINDS, strict=True):
        objects = {f"it-{n}": MANY[kind].one(n) for n in range(NUMBER)}
        tree.setdefault(kind.partition(".")[0], {})[collection] = objects
    file = Path(tmp_path_factory.mktemp("many"), "many.yaml")
    file.write_text(json.dumps(tree))
    simulator, stack = Simulator(), load(file)
    mycujoo.WORLD(simulator)
    with serve(simulator) as url:
        env = simulator.settings(url) | NO_WAIT
        with provider(env) as engine:
            engine.up(stack)
        yield Before(simulator, env, stack, engine.state)


def test_many_differences_wait_for_few_round_trips(before: Before) -> None:
    before.simulator.latency = 0.05
    before.simulator.reset_journal()
    assert before.up() == {"same": 3 * NUMBER}
    asked = Counter(entry.key for entry in before.simulator.journal)
    assert asked["action_configuration.get"] == asked["member.get"] == NUMBER
    assert sum(asked[name] for name in asked if name.startswith("account.")) == 1
    assert before.simulator.peak >= IN_FLIGHT


def test_what_is_read_ahead_never_reaches_the_state(before: Before) -> None:
    assert not [live for live in before.state.values() if AHEAD in live.inputs[META] + live.outputs[META]]


def test_a_failed_look_ahead_is_taken_again_by_who_needs_it(before: Before) -> None:
    before.simulator.fail("member.get", status=403, first=NUMBER)
    assert before.up() == {"same": 3 * NUMBER}
