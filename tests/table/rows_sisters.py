"""Rows beside the table: names that change places, values that look like headend's own marks, a file that lost much."""

from __future__ import annotations

from table.bench import Bench, Side
from table.rows import FREE, row
from table.samples import Sample


@row("Two objects that take each other's name both live on, or nothing is done at all.",
     "input", "label", "action_configuration", "environment")  # fmt: skip
def names_swapped(bench: Bench, side: Side, sample: Sample) -> None:
    names = ("North", "South")
    one, other = (sample.fields(FREE, **{sample.named: name}) for name in names)
    side.done(sample.stack(a=one, b=other))
    ids = side.ids()
    with bench.written() as written:
        ran = side.up(sample.stack(a=other, b=one))
    assert len(bench.live(sample.table)) == 2
    if ran.ok:
        side.settled(sample.stack(a=other, b=one))
    else:
        assert written == []
        assert side.ids() == ids
        side.settled(sample.stack(a=one, b=other))


@row("A value that reads like headend's word for a secret, or for what isn't known yet, is a value.",
     "label", "account", "action_configuration", "input")  # fmt: skip
def values_like_marks(bench: Bench, side: Side, sample: Sample) -> None:
    side.env["PLAIN"] = "plain"
    said = {"secret": "PLAIN"}
    for value in ("plain", "(secret)", said, "(secret)", "(known after apply)", said, "plain", "(known after apply)"):
        side.done(sample.one(**{sample.worded: value}))
        row = bench.live(sample.table)[bench.only(sample.table)]
        assert ("plain" if value == said else value) in row.values()


@row("A file that lost most of what it had is refused: a wrong file looks just like that.",
     "label", "action_configuration", "entitlement")  # fmt: skip
def most_of_it_gone(bench: Bench, side: Side, sample: Sample) -> None:
    named = {f"k{n}": sample.fields(**{sample.named: f"n{n}"}) for n in range(6)}
    side.done(sample.stack(**named))
    before = bench.live(sample.table)
    side.refused(sample.stack(k0=named["k0"]))
    assert bench.live(sample.table) == before
    assert side.destroy(sample.stack(**named)).ok, "destroy means it"
    assert bench.live(sample.table) == {}
