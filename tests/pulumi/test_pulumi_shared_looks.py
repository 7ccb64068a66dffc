"""Writes that the engine makes side by side share what they look at: N of them cost N requests and a few."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.harness import NO_WAIT, living, serve
from growth.many import tree
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import Engine, provider

NUMBER = 24
THREADS = 4  # of the SDK's server
KIND = "ateme.input"


def destroy(engine: Engine) -> None:
    """As the engine does it: all at once, and last what they live in."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(engine.delete, [address for address in engine.state if ".inputs." in address]))
    engine.destroy()


def test_deletions_share_their_looks(tmp_path: Path) -> None:
    file, simulator = tmp_path / "many.yaml", Simulator()
    file.write_text(json.dumps(tree(KIND, NUMBER)))
    before = living(simulator.dump())
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        engine.up(load(file))
        simulator.reset_journal()
        destroy(engine)
    asked = Counter(entry.key for entry in simulator.journal)
    assert asked["input.delete"] >= NUMBER
    assert asked["schedule.list"] + asked["event.list"] <= NUMBER / 2  # the guard: each by itself would be 2 N
    assert sum(asked.values()) <= 2 * NUMBER + 20
    assert living(simulator.dump()) == before


def test_what_is_the_runs_own_changes_no_input(tmp_path: Path) -> None:
    """The engine would write its whole state for each resource."""
    file, simulator = tmp_path / "many.yaml", Simulator()

    def one_more(number: int, **options: object) -> None:
        file.write_text(json.dumps(tree(KIND, number) | {"options": options}))

    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        one_more(NUMBER)
        engine.up(load(file))
        one_more(NUMBER + 1, time_zone="Europe/Berlin")
        file.write_text(
            file.read_text().replace('"headend": 1', '"headend": 1, "connections": {"ateme": {"max_rps": 90}}')
        )
        assert engine.up(load(file))["create"] == 1
    assert {address for address in engine.rewritten if ".it-" in address} == set()
