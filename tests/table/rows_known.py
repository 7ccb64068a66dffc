"""Rows of what state knows."""

from __future__ import annotations

from table.bench import Bench, Side
from table.rows import EVERY, FREE, NAMED, row
from table.samples import Sample


# --- known to state, live -------------------------------------------------------------------------------------------
@row("What state knows and the world has is compared: nothing, an update in place, a replacement.", *EVERY)
def known_and_live(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    first = bench.live(sample.table)
    side.done(sample.one(**sample.changed))
    changed = bench.live(sample.table)
    assert changed.keys() == first.keys(), "it is updated in place"
    assert changed != first
    if sample.fixed:
        side.done(sample.one(FREE, **sample.changed, **sample.fixed))
        assert len(bench.live(sample.table)) == 1
    assert side.destroy(sample.one(FREE)).ok
    assert bench.live(sample.table) == {}


@row("A live object that somebody changed is put right, and stays the same object.", "input", "label", "account")
def known_and_drifted(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one(**sample.changed))
    id = bench.only(sample.table)
    (name,) = sample.changed
    bench.table(sample.table)[id][name] = 2500 if isinstance(sample.changed[name], int) else "drifted"
    side.done(sample.one(**sample.changed))
    assert bench.live(sample.table)[id][name] == sample.changed[name]


# --- known to state, not live ---------------------------------------------------------------------------------------
@row("What is gone, by a fresh read and by its natural key, is made again once, and then it is there.", *EVERY)
def known_and_gone(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    bench.lose(sample.table, bench.only(sample.table))
    side.done(sample.one())
    assert len(bench.live(sample.table)) == 1


@row(
    "A list that is answered empty once is no proof that everything in it is gone: nothing is made twice.",
    "environment",
    "input",
    "label",
    "transcoder",
    "action_configuration",
)
def known_and_missing_from_one_answer(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    id = bench.only(sample.table)
    for key in sample.lists:
        bench.simulator.fail(key, status=200, body={"items": []} if "mycujoo" in sample.kind else [])
    with bench.nothing_written():
        side.up(sample.one(), preview=False)
    assert bench.only(sample.table) == id
    bench.simulator.faults.clear()
    side.settled(sample.one())


@row("Another object under the same name is not the one that was lost: only `adopt` takes it.", *NAMED[:3], NAMED[4])
def known_and_another_in_its_place(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    old = bench.only(sample.table)
    bench.double(sample.table, old, "stranger-1")
    bench.lose(sample.table, old)
    side.refused(sample.one(), "stranger-1")
    assert bench.only(sample.table) == "stranger-1"
    side.done(sample.one({"adopt": "match"}))
    assert bench.only(sample.table) == "stranger-1"
    assert side.ids()[sample.address("it")] == "stranger-1"


@row("A refresh takes into state what is live, and the next run puts it right.", "input", "label", "account",
     engines=("pulumi",))  # fmt: skip
def known_and_refreshed(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one(**sample.changed))
    id, (name,) = bench.only(sample.table), sample.changed
    bench.table(sample.table)[id][name] = 2500 if isinstance(sample.changed[name], int) else "drifted"
    assert side.refresh().ok
    side.done(sample.one(**sample.changed))
    assert bench.live(sample.table)[id][name] == sample.changed[name]
    bench.lose(sample.table, id)
    assert side.refresh().ok
    assert sample.address("it") not in side.ids()
    side.done(sample.one(**sample.changed))
    assert len(bench.live(sample.table)) == 1
