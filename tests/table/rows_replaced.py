"""Rows of replacements."""

from __future__ import annotations

from typing import Any

from table.bench import Bench, Kill, Side
from table.rows import FREE, row
from table.samples import Sample


# --- replacing ------------------------------------------------------------------------------------------------------
@row("The object that is being replaced is not taken for the new one, also where `adopt` could find it.",
     "transcoder", "multi_viewer", "action_configuration", "environment", "input")  # fmt: skip
def replaced_with_adopt(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one(FREE))
    old = bench.only(sample.table)
    adopts: list[Any] = [{"id": old}] if sample.kind == "ateme.multi_viewer" else ["match", {"id": old}]
    for turn, adopt in enumerate(adopts):
        changes = sample.fixed if turn % 2 == 0 else {}
        side.done(sample.one({"adopt": adopt, **FREE}, **changes))
        new = bench.only(sample.table)
        assert new != old
        old = new


@row("A forced replacement makes another object, and only then or before deletes the old one.",
     "transcoder", "multi_viewer", "action_configuration", "input", "label", engines=("pulumi",))  # fmt: skip
def replaced_by_force(bench: Bench, side: Side, sample: Sample) -> None:
    for wanted in (sample.one(), sample.one({"adopt": "match"} if sample.lists else {})):
        side.done(wanted)
        old = bench.only(sample.table)
        side.done(wanted, replace=[sample.address("it")])
        assert bench.only(sample.table) != old


@row("A forced replacement of what can't exist twice leaves it there, whether it is refused or not.",
     "account", "account_categories", "entitlement", engines=("pulumi",))  # fmt: skip
def replaced_by_force_and_the_same(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    side.up(sample.one(), replace=[sample.address("it")])
    assert len(bench.live(sample.table)) == 1
    side.done(sample.one())
    assert len(bench.live(sample.table)) == 1


@row("What was being made in place of another, when the run was killed, is gone on with, and the old one goes.",
     "environment", "input", "transcoder", "multi_viewer", "account", "action_configuration")  # fmt: skip
def recovered_while_replaced(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one(FREE))
    old, wanted = bench.only(sample.table), sample.one(FREE, **sample.fixed)
    side.killed(wanted, Kill(sample.created))
    (new,) = bench.live(sample.table).keys() - {old}
    side.done(wanted)
    assert bench.only(sample.table) == new
