"""Rows of what state doesn't know: moved, found, killed, another's."""

from __future__ import annotations

from typing import Any

from table.bench import Bench, Kill, Side
from table.rows import FREE, NAMED, OBSERVED, row
from table.samples import Sample


# --- not known, its old address left the stack ----------------------------------------------------------------------
@row("A new key for the same object is a move: no request, and the object is the same.", *NAMED, "transcoder",
     "account_categories", "entitlement")  # fmt: skip
def moved(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.stack(old=sample.fields()))
    before = bench.live(sample.table)
    with bench.nothing_written():
        side.done(sample.stack(new=sample.fields()))
    assert bench.live(sample.table) == before
    assert sample.address("new") in side.ids()
    assert sample.address("old") not in side.ids()


@row("A name that was left to default is the object's from then on: a new key moves it, and the plan says so.",
     "environment", "input", "label")  # fmt: skip
def moved_with_a_name_by_default(bench: Bench, side: Side, sample: Sample) -> None:
    plain = sample.fields(**{sample.named: None})
    side.done(sample.stack(first=plain))
    before = bench.live(sample.table)
    with bench.nothing_written():
        ran = side.up(sample.stack(second=plain))
    assert ran.ok, ran.said
    assert bench.live(sample.table) == before
    assert "first" in ran.said
    side.settled(sample.stack(second=plain))
    assert list(bench.live(sample.table)) == [side.ids()[sample.address("second")]]


@row("`renamed_from` moves what nothing else can tell: no request, and the object is the same.",
     "multi_viewer", "profile", "input")  # fmt: skip
def moved_by_renamed_from(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.stack(old=sample.fields()))
    before = bench.live(sample.table)
    with bench.nothing_written():
        side.done(sample.stack(new=sample.fields({"renamed_from": "old"})))
    assert bench.live(sample.table).keys() == before.keys()


@row("A renamed object in a renamed environment moves too, by its key alone or by its whole old address.",
     "input", "transcoder", "multi_viewer")  # fmt: skip
def moved_within_what_moved(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.stack(old=sample.fields()))
    before = bench.live(sample.table)
    parent = {"renamed_from": "e1"}
    with bench.nothing_written():
        side.done(sample.stack("e2", life=parent, new=sample.fields({"renamed_from": "old"})))
    assert bench.live(sample.table).keys() == before.keys()
    back, whole = {"renamed_from": "e2"}, {"renamed_from": sample.address("new", "e2")}
    with bench.nothing_written():
        side.done(sample.stack("e1", life=back, old=sample.fields(whole)))
    assert bench.live(sample.table).keys() == before.keys()
    assert side.ids()[sample.address("old")] in before


# --- not known, another resource has it -----------------------------------------------------------------------------
@row("What one resource of the stack has, another one can't have too: not by chance, and not by `adopt`.", *NAMED)
def ours_elsewhere(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.stack(a=sample.fields()))
    before = bench.live(sample.table)
    id = side.ids()[sample.address("a")]
    for adopt in ("never", "match", {"id": id}):
        side.refused(sample.stack(a=sample.fields(), b=sample.fields({"adopt": adopt})))
        assert bench.live(sample.table) == before
    side.settled(sample.stack(a=sample.fields()))


# --- not known, a run was killed while making it --------------------------------------------------------------------
@row("What a killed run had made is gone on with, and not made twice.", *OBSERVED, "account_categories", "entitlement")
def recovered(bench: Bench, side: Side, sample: Sample) -> None:
    _killed(bench, side, sample, late=False)


@row("What a provider had made when the engine was killed, the next run goes on with.", *OBSERVED,
     "account_categories", "entitlement", engines=("pulumi",))  # fmt: skip
def recovered_by_the_engine(bench: Bench, side: Side, sample: Sample) -> None:
    _killed(bench, side, sample, late=True)


def _killed(bench: Bench, side: Side, sample: Sample, *, late: bool) -> None:
    wanted = sample.one(**sample.changed if sample.kind != "ateme.environment" else {})
    side.killed(wanted, Kill(sample.created, late))
    (id,) = bench.live(sample.table)
    side.done(wanted)
    assert list(bench.live(sample.table)) == [id]
    assert side.destroy(wanted).ok
    assert bench.live(sample.table) == {}


@row("What was gone, and was being made again when the run was killed, is gone on with too.", *OBSERVED)
def recovered_while_made_again(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(sample.one())
    bench.lose(sample.table, bench.only(sample.table))
    side.killed(sample.one(), Kill(sample.created))
    id = bench.only(sample.table)
    side.done(sample.one())
    assert bench.only(sample.table) == id


@row("On a machine that never saw the killed run, what it made is nobody's: refused and named, until `adopt`.",
     "environment", "input", "action_configuration", "account")  # fmt: skip
def killed_elsewhere(bench: Bench, side: Side, sample: Sample) -> None:
    side.killed(bench.guest(sample, it=sample.fields()), Kill(sample.created))
    id = bench.only(sample.table)
    bench.forget(side)
    side.refused(bench.guest(sample, it=sample.fields()), _shown(sample, bench, id))
    side.done(bench.guest(sample, it=sample.fields({"adopt": "match"})))
    assert bench.only(sample.table) == id


def _shown(sample: Sample, bench: Bench, id: str) -> str:
    """The id that headend calls the object by."""
    return str(bench.table(sample.table)[id]["email"]).lower() if sample.kind == "mycujoo.account" else id


@row("A person's profile is not made again by itself, when nobody knows whether it was made.", "profile")
def killed_once_is_looked_at(bench: Bench, side: Side, sample: Sample) -> None:
    side.killed(sample.one(), Kill(sample.created))
    side.refused(sample.one())
    assert len(bench.live(sample.table)) == 1
    side.refused(sample.one())


# --- not known, nobody's --------------------------------------------------------------------------------------------
@row("A second stack with the same file takes nothing, and its end takes nothing.", *NAMED, "transcoder")
def anothers(bench: Bench, side: Side, sample: Sample) -> None:
    wanted = bench.guest(sample, it=sample.fields())
    side.done(wanted)
    before, other = bench.live(sample.table), bench.side("two")
    other.refused(wanted, _shown(sample, bench, bench.only(sample.table)))
    assert bench.live(sample.table) == before
    assert other.destroy(wanted).ok
    assert bench.live(sample.table) == before
    side.settled(wanted)


@row("`adopt: match` and `adopt: {id}` take over what is there, and change it to what is wanted.",
     "input", "action_configuration", "account", "environment")  # fmt: skip
def taken_over_by_adopt(bench: Bench, side: Side, sample: Sample) -> None:
    wanted = bench.guest(sample, it=sample.fields())
    side.done(wanted)
    before, known = bench.live(sample.table), side.ids()[_address(wanted)]
    for number, adopt in enumerate(("match", {"id": known})):
        other = bench.side(f"heir-{number}")
        wanted = bench.guest(sample, it=sample.fields({"adopt": adopt}, **(sample.changed if number else {})))
        other.done(wanted)
        assert bench.live(sample.table).keys() == before.keys()
        assert other.ids()[_address(wanted)] == known
    assert bench.live(sample.table) != before


@row("What differs in what can't be changed is not taken over, for the next run would replace it.",
     "environment", "input", "action_configuration", "transcoder")  # fmt: skip
def adopt_of_what_is_something_else(bench: Bench, side: Side, sample: Sample) -> None:
    side.done(bench.guest(sample, it=sample.fields()))
    before, other = bench.live(sample.table), bench.side("two")
    adopt = {"adopt": {"id": bench.only(sample.table)}, **FREE}
    for _ in range(2):
        other.refused(bench.guest(sample, it=sample.fields(adopt, **sample.fixed)))
        assert bench.live(sample.table) == before


def _address(wanted: dict[str, Any]) -> str:
    """Of the one object of a guest's stack."""
    platform = next(name for name in wanted if name != "headend")
    ((collection, objects),) = wanted[platform].items()
    (key,) = objects
    return f"{platform}.{collection}.{key}"


# --- not known, the stack alone says which --------------------------------------------------------------------------
@row("What only the stack can name is taken over, and the plan shows all that it changes.",
     "account_categories", "entitlement", "organization")  # fmt: skip
def taken_over_by_itself(bench: Bench, side: Side, sample: Sample) -> None:
    told = {"account_categories": "cinema", "entitlement": "end_time", "organization": "name"}
    if sample.kind == "rights_locker.account_categories":
        bench.side("first").done(sample.one(categories=["sport", "cinema"]))
    elif sample.kind == "rights_locker.entitlement":
        bench.side("first").done(sample.one(**sample.changed))
    with bench.nothing_written():
        seen = side.preview(sample.one())
    assert seen.ok, seen.said
    assert told[sample.kind.partition(".")[2]] in seen.said
    ran = side.done(sample.one())
    assert told[sample.kind.partition(".")[2]] in ran.said
