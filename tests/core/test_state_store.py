"""What the state store keeps, call by call: with a property test of moves against a plain model."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headend.core.model.errors import StateError, StateInUse
from headend.core.model.record import Digest, Record
from headend.core.reconcile.state import State, open_state
from headend.core.reconcile.state.files import peek

FULL = Record(
    "a.b",
    "fake.thing",
    "7",
    {"size": 1, "list": [1, None, {"x": "ü"}], "word": Digest("d", "sealed"), "plain": Digest("e")},
    {"status": "on"},
    ("a.x", "a.y"),
    incomplete=True,
    protect=False,
    retain=True,
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "x.db", "day") as opened:
        yield opened


def thing(address: str, *depends: str) -> Record:
    return Record(address, "fake.thing", f"id of {address}", {}, depends=depends)


@pytest.mark.parametrize(
    "more", [{}, {"id": "ü"}, {"protect": None}, {"protect": True, "retain": False, "incomplete": False}]
)
def test_a_record_comes_back_whole(state: State, more: dict[str, Any]) -> None:
    record = replace(FULL, **more)
    state.put(record)
    assert state.record("a.b") == record
    assert state.records() == {"a.b": record}
    kept = state.records()["a.b"].values["word"]
    assert (kept.text, kept.sealed) == ("d", "sealed")
    assert state.record("a.c") is None
    state.put(replace(record, id="8"))
    assert [one.id for one in state.records().values()] == ["8"]


def test_records_share_the_texts_that_they_have_in_common(state: State) -> None:
    for number, text in enumerate(("one", "one", "two")):
        state.put(replace(thing(f"a{number}"), values={"text": text}))
    first, second, *_ = state.records().values()
    assert first.values["text"] is second.values["text"]


def test_records_are_in_the_order_of_their_addresses(state: State) -> None:
    for address in ("b", "a.b", "c", "a"):
        state.put(thing(address))
    assert list(state.records()) == ["a", "a.b", "b", "c"]


def test_an_intent_stands_until_it_is_settled_or_recorded(state: State) -> None:
    before = datetime.now(UTC)
    for address in ("a", "b", "c"):
        state.begin(address, "fake.thing", "create")
    state.begin("a", "fake.thing", "replace")
    found = state.intents()
    assert {a: (i.address, i.kind, i.action) for a, i in found.items()} == {
        "a": ("a", "fake.thing", "replace"),
        "b": ("b", "fake.thing", "create"),
        "c": ("c", "fake.thing", "create"),
    }
    assert all(before <= datetime.fromisoformat(one.begun) <= datetime.now(UTC) for one in found.values())
    state.settle("a")
    state.put(thing("b"))
    assert set(state.intents()) == {"c"}


def test_objects_and_their_kinds_are_told_without_reading_them(state: State) -> None:
    assert (state.size(), state.kinds()) == (0, set())
    for record in (thing("a"), thing("b"), replace(thing("c"), kind="fake.other")):
        state.put(record)
    assert (state.size(), state.kinds()) == (3, {"fake.thing", "fake.other"})


def test_what_is_dropped_is_held_no_longer(state: State) -> None:
    state.put(thing("a"))
    state.begin("b", "fake.thing", "create")
    assert [state.holds(address) for address in ("a", "b", "c")] == [True, True, False]
    state.drop("a")
    state.drop("b")
    state.drop("c")
    assert [state.holds(address) for address in ("a", "b")] == [False, False]


def test_values_are_written_in_one_order_and_times_as_text(state: State) -> None:
    state.put(replace(thing("a"), values={"z": 1, "b": {"y": 2, "a": datetime(2026, 12, 5, tzinfo=UTC)}}))
    (text,) = state._db.row("SELECT spec FROM entries") or ("",)
    assert text == '{"b": {"a": "2026-12-05 00:00:00+00:00", "y": 2}, "z": 1}'


def test_whatever_was_seen_has_a_digest(state: State) -> None:
    one, same, other = (state.digest({"at": datetime(2026, 12, day, tzinfo=UTC)}) for day in (5, 5, 6))
    assert one == same != other


# --- what a run writes at the same time ---------------------------------------------------------------------
def commits(state: State, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the number of statements with each commit."""
    found: list[int] = []
    commit = state._db._commit

    def counted(statements: Any) -> None:
        found.append(len(list(statements)))
        commit(statements)

    monkeypatch.setattr(state._db, "_commit", counted)
    return found


def test_what_is_written_at_the_same_time_is_committed_at_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    found = commits(state, monkeypatch)

    async def step(name: str) -> None:
        state.begin(name, "fake.thing", "create")
        await state.saved()
        state.put(thing(name))
        await state.saved()

    async def go() -> None:
        with state.batches():
            await asyncio.gather(*(step(f"n{number}") for number in range(100)))

    asyncio.run(go())
    assert sum(found) == 300
    assert len(found) <= 4
    assert (len(state.records()), state.intents()) == (100, {})


def test_a_read_sees_what_was_written_before_it(state: State) -> None:
    async def go() -> None:
        with state.batches():
            state.put(thing("a"))
            assert state.record("a") is not None
            state.begin("b", "fake.thing", "create")
            await asyncio.sleep(0)  # its commit begins
            assert list(state.intents()) == ["b"]
            assert state.set_aside("a") == "a/id of a"
            await state.saved()

    asyncio.run(go())
    assert state.record("a/id of a") is not None


def test_what_nobody_waits_for_is_written_too(state: State) -> None:
    async def go() -> None:
        with state.batches():
            state.put(thing("a"))

    asyncio.run(go())
    assert state.record("a") is not None


def test_a_commit_that_fails_is_told_to_all_that_wait(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(statements: Any) -> None:
        raise StateError("the disk is full")

    async def step(name: str) -> None:
        state.put(thing(name))
        await state.saved()

    async def go() -> list[Any]:
        with state.batches():
            return list(await asyncio.gather(*(step(name) for name in "abc"), return_exceptions=True))

    monkeypatch.setattr(state._db, "_commit", full)
    assert [str(error) for error in asyncio.run(go())] == ["the disk is full"] * 3


def test_what_is_set_aside_keeps_its_record_under_an_address_of_its_own(state: State) -> None:
    state.put(replace(thing("a", "x"), id="7"))
    state.put(thing("b", "a"))
    assert state.set_aside("a") == "a/7"
    assert state.records() == {"a/7": replace(thing("a/7", "x"), id="7"), "b": thing("b", "a")}
    state.put(replace(thing("a"), id="7"))
    assert state.set_aside("a") == "a/7"  # as after a run that was killed: the later one counts
    assert state.records()["a/7"].depends == ()
    state.move("a/7", "a")
    assert set(state.records()) == {"a", "b"}


def test_what_was_set_aside_is_renamed_with_what_it_depends_on(state: State) -> None:
    state.put(thing("x"))
    state.move("nothing", "nowhere")  # from now on, who depends on what is known
    state.put(replace(thing("a", "x"), id="7"))
    state.set_aside("a")
    state.move("x", "y")
    assert state.records()["a/7"].depends == ("y",)


def test_nothing_is_set_aside_where_nothing_is(state: State) -> None:
    assert state.set_aside("never") == "never/"
    assert state.records() == {}


def test_an_address_can_move_again_and_again(state: State) -> None:
    state.put(thing("a"))
    state.put(thing("x", "a"))
    for old, new in (("a", "b"), ("b", "c"), ("c", "d")):
        state.move(old, new)
    assert state.records() == {"d": replace(thing("a"), address="d"), "x": thing("x", "d")}


names = st.sampled_from("abcde")
RECORDS = st.dictionaries(names, st.lists(names, max_size=3), min_size=1, max_size=5)
MOVES = st.lists(st.tuples(names, st.sampled_from("vwxyz")), max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=RECORDS, moves=MOVES, later=RECORDS, more=MOVES)
def test_moves_rename_addresses_everywhere(
    tmp_path: Path, first: dict[str, list[str]], moves: Any, later: dict[str, list[str]], more: Any
) -> None:
    model: dict[str, list[str]] = {}
    (tmp_path / "m.db").unlink(missing_ok=True)
    with open_state(tmp_path / "m.db") as state:
        for records, steps in ((first, moves), (later, more)):
            for address, depends in records.items():
                state.put(thing(address, *depends))
                model[address] = depends
            renames: dict[str, str] = {}
            for old, new in steps:
                if old in model and new not in model and old not in renames and new not in renames.values():
                    renames[old] = new
            state.move_all(renames)
            for old, new in renames.items():
                model = {new if a == old else a: [new if n == old else n for n in needs] for a, needs in model.items()}
        assert {a: list(record.depends) for a, record in state.records().items()} == model


# --- looking without locking -------------------------------------------------------------------------------------
def test_a_look_makes_nothing_and_shows_what_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert peek(path, "day") == {}
    assert not path.exists()
    with open_state(path, "day") as state:
        state.put(FULL)
    assert peek(path, "day") == {"a.b": FULL}
    assert {one.name for one in tmp_path.iterdir()} <= {"x.db", "x.db.lock", "x.db.key"}


def test_a_look_at_another_stacks_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with open_state(path):
        pass
    assert peek(path, "night") == {}  # nobody's yet
    with open_state(path, "day"):
        pass
    for ask in (lambda: peek(path, "night"), lambda: _open(path, "night")):
        with pytest.raises(StateError, match="is the state of the stack day, not of night"):
            ask()
    assert peek(path, "day") == {}
    _open(path, "day")


def _open(path: Path, stack: str) -> None:
    with open_state(path, stack):
        pass


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.db"
    with open_state(path, "day") as state:
        state.put(FULL)
        with pytest.raises(StateInUse, match="in use by another headend process"), contextlib.ExitStack() as stack:
            stack.enter_context(open_state(path, "day"))
        assert peek(path, "day") is None
    assert peek(path, "day") == {"a.b": FULL}
    _open(path, "day")
