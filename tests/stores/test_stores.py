"""What a state promises, wherever it is: a file, PostgreSQL, objects in S3."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import InputError, StateError, StateInUse
from headend.core.model.record import Record
from headend.core.reconcile.state import State, holders, is_there, lease, open_state, open_to_look, peek
from headend.core.reconcile.state.places import Place, StoreUrl, place_of
from headend.core.reconcile.state.remote import connect
from headend.core.reconcile.state.storing import Change

PRIVATE = "rtmp://private.example.com/live"


def record(address: str, id: str = "in-1", depends: tuple[str, ...] = (), **values: object) -> Record:
    return Record(address, "ateme.input", id, {"port": 5001, **values}, {"status": "running"}, depends)


def test_what_was_written_is_there_again(place: Place, stack: str) -> None:
    with open_state(place, stack) as state:
        state.begin("a", "ateme.input", "create")
        state.begin("b", "ateme.input", "create")
        state.put(record("a", url=PRIVATE, password=state.digest("hunter2")))
        state.put(record("c", "in-3", depends=("a",)))
    with open_state(place, stack) as state:
        records = state.records()
        assert records["a"] == record("a", url=PRIVATE, password=state.digest("hunter2"))
        assert records["c"].depends == ("a",)
        assert list(state.intents()) == ["b"]
        state.settle("b")
        state.drop("c")
        state.move("a", "z")
        aside = state.set_aside("z")
    with open_state(place, stack) as state:
        assert (list(state.records()), state.intents()) == ([aside], {})
        assert state.size() == 1


def test_none_is_made_by_looking(place: Place, stack: str) -> None:
    assert not is_there(place)
    assert peek(place, stack) == {}
    with open_to_look(place, stack) as state:
        assert state.records() == {}
        assert state.digest("x") == state.digest("x")
    assert not is_there(place)


def test_one_run_at_a_time_and_who_it_is_is_told(place: Place, stack: str) -> None:
    with open_state(place, stack) as state:
        state.put(record("a"))
        with pytest.raises(StateInUse, match=r"has it since .* for `headend") as told, open_state(place, stack):
            pass
        assert "--lock-timeout" in str(told.value)
        began = time.monotonic()
        with pytest.raises(StateInUse), open_state(place, stack, patience=0.3):
            pass
        assert time.monotonic() - began >= 0.3
        with open_to_look(place, stack, lock=False) as beside:
            assert list(beside.records()) == ["a"]
    with open_state(place, stack):
        pass


def test_writes_of_a_run_are_kept_together_and_waited_for(place: Place, stack: str) -> None:
    async def run(state: State) -> None:
        with state.batches():
            for number in range(20):
                state.begin(f"a{number}", "ateme.input", "create")
            await state.saved()
            with open_to_look(place, stack, lock=False) as beside:
                assert len(beside.intents()) == 20
            for number in range(20):
                state.put(record(f"a{number}", f"in-{number}"))
            await state.saved()
            with open_to_look(place, stack, lock=False) as beside:
                assert (len(beside.records()), beside.intents()) == (20, {})

    with open_state(place, stack) as state:
        asyncio.run(run(state))


def test_a_killed_run_leaves_what_it_wrote(
    place: Place, stack: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files and databases are free at once; objects once the lease has run out."""
    code = """\
import os, signal, sys
from headend.core.reconcile.state import open_state
from headend.core.reconcile.state.places import place_of
with open_state(place_of(sys.argv[1], sys.argv[2]), sys.argv[2]) as state:
    state.begin("a", "ateme.input", "create")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run([sys.executable, "-c", code, store, stack], check=False)
    assert ran.returncode == -9
    if isinstance(place, StoreUrl) and place.scheme == "s3":
        with pytest.raises(StateInUse), open_state(place, stack):
            pass
        monkeypatch.setattr(lease, "MARGIN", 2.0 - lease.LEASE)
    with open_state(place, stack, patience=10) as state:
        assert list(state.intents()) == ["a"]


def test_a_state_is_of_one_stack_and_one_key(place: Place, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_state(place, stack) as state:
        state.put(record("a", password=state.digest("hunter2")))
    monkeypatch.setenv("HEADEND_STATE_KEY", "cd" * 32)
    with pytest.raises(StateError, match="HEADEND_STATE_KEY"), open_state(place, stack) as state:
        state.need_key()


def test_another_key_forgets_nothing(place: Place, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_state(place, stack) as state:
        state.put(record("a", password=state.digest("hunter2")))
    if not isinstance(place, StoreUrl):
        pytest.skip("tests/core/test_state_key.py has it, for files")
    monkeypatch.setenv("HEADEND_STATE_OLD_KEY", "ab" * 32)
    monkeypatch.setenv("HEADEND_STATE_KEY", "cd" * 32)
    with open_state(place, stack) as state:
        assert state.rekey() == 0
    monkeypatch.delenv("HEADEND_STATE_OLD_KEY")
    with open_state(place, stack) as state:
        assert state.records()["a"].values["password"] == state.digest("hunter2")


def test_copies_go_there_and_back(place: Place, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_state(place, stack) as state:
        state.put(record("a"))
        copy = state.back_up()
        document = state.pull()
        state.drop("a")
        state.put(record("b", "in-2"))
    with open_state(place, stack) as state:
        state.restore(copy, stack)
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a"]
        state.drop("a")
        state.push(document, force=True)
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a"]


def test_a_state_can_be_locked_by_hand(place: Place, stack: str) -> None:
    with open_state(place, stack) as state:
        state.lock("ann: match day")
    with pytest.raises(StateInUse, match="locked by ann: match day"), open_state(place, stack):
        pass
    with open_to_look(place, stack) as state:
        assert state.locked_by == "ann: match day"
    with open_state(place, stack, heed_lock=False) as state:
        state.lock(None)
    with open_state(place, stack) as state:
        assert state.locked_by is None


def test_what_another_stack_of_the_store_has_is_told(place: Place, stack: str, store: str) -> None:
    other = place_of(store, f"{stack}-other")
    with open_state(other, f"{stack}-other") as state:
        state.put(record("theirs", "in-77"))
    with open_state(place, stack) as state:
        assert state.held_elsewhere()["ateme.input", "in-77"] == (f"{stack}-other", "theirs")


def test_nothing_private_lies_open_in_a_shared_store(place: Place, stack: str, store: str) -> None:
    if not isinstance(place, StoreUrl):
        pytest.skip("a file is its owner's alone")
    with open_state(place, stack) as state:
        state.put(record("a", url=PRIVATE))
        assert PRIVATE not in _raw(place)
    assert PRIVATE not in _raw(place)
    assert "headend-sealed:" in _raw(place)


def _raw(place: StoreUrl) -> str:
    """All that the store holds of it, as it is kept."""
    if place.scheme == "s3":
        import obstore
        from obstore.store import from_url

        kept = from_url(place.url.rstrip("/"), client_options={"allow_http": True})
        names = [meta["path"] for meta in obstore.list(kept).collect()]
        return "".join(bytes(obstore.get(kept, name).bytes()).decode() for name in names)
    import psycopg

    with psycopg.connect(place.url) as db:
        rows = db.execute("SELECT * FROM headend.entries WHERE stack = %s", (place.stack,)).fetchall()
    return str(rows)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s4://bucket/x", "there is no store s4://; known: s3://"),
        ("s3://", "names no bucket"),
        ("postgresql://", "names no database"),
        ("http://example.com/state", "there is no store http://"),
    ],
)
def test_an_unknown_address_makes_no_folder(
    given: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        place_of(given, "day")
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_is_at_is_told_to_who_waits(place: Place, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "EVERY", 0.01)
    monkeypatch.setattr(lease, "LEASE", 0.4)
    with open_state(place, stack) as state:
        state.say("create of ateme.environments.eu, waiting for environment eu: creating")
        for _ in range(200):
            with pytest.raises(StateInUse) as told, open_state(place, stack):
                pass
            if "it is at create of ateme.environments.eu, waiting" in str(told.value):
                return
            time.sleep(0.02)
    raise AssertionError(str(told.value))


def test_rows_of_a_newer_headend_are_told_as_such(place: Place, stack: str) -> None:
    if not isinstance(place, StoreUrl) or place.scheme != "s3":
        pytest.skip("tables have the columns that they have")
    with open_state(place, stack) as state:
        state.put(record("a"))
    with contextlib.closing(connect(place)) as store, store.held(0):
        content = store.read() or {}
        row = (*content["entries"][0], "one more")
        store.write([Change("meta", "format", ("format", "9")), Change("entries", "a", row)])
    with pytest.raises(StateError, match="was written by a newer headend"), open_state(place, stack):
        pass


def test_a_state_is_read_once_to_look(place: Place, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(place, StoreUrl):
        pytest.skip("a file is not read in one piece")
    with open_state(place, stack) as state:
        state.put(record("a"))
    reads: list[str] = []
    with contextlib.closing(connect(place)) as one:
        sort = type(one)
    real = sort.read

    def read(self: Any) -> Any:
        reads.append("read")
        return real(self)

    monkeypatch.setattr(sort, "read", read)
    with open_to_look(place, stack) as state:
        assert state.size() == 1
    assert reads == ["read"]


def test_a_note_that_a_killed_run_left_and_nobody_may_write_tells_no_lie(place: Place, stack: str) -> None:
    if isinstance(place, StoreUrl):
        pytest.skip("its owner is the store's")
    place.parent.mkdir()
    Path(f"{place}.holder").symlink_to("/proc/version")  # not even root writes there
    with open_state(place, stack), pytest.raises(StateInUse, match=r"has it since"), open_state(place, stack):
        pass
