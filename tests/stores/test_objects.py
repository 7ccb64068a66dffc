# ruff: noqa: PT012, PT022
"""States as objects: lost answers, lost leases, two who write, and ends at the worst moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError

from headend.core.model.errors import StateInUse, StateLost
from headend.core.model.record import Record
from headend.core.reconcile.state import lease, objects, open_state, open_to_look
from headend.core.reconcile.state.places import StoreUrl
from stores.conftest import Servers
from stores.servers import KEY


@pytest.fixture
def place(servers: Servers, stack: str, monkeypatch: pytest.MonkeyPatch) -> StoreUrl:
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY)
    address = servers.address("s3")
    for name, value in servers.env.items():
        monkeypatch.setenv(name, value)
    return StoreUrl(f"{address}{stack}/", stack)


@pytest.fixture
def puts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[str], None]]]:
    """What is to happen once an object was written, and before its writer hears of it: takes the object's name."""
    after: list[Callable[[str], None]] = []
    real = obstore.put

    def put(store: Any, path: str, *args: Any, **given: Any) -> Any:
        done = real(store, path, *args, **given)
        for one in after:
            one(path)
        return done

    monkeypatch.setattr(objects.obstore, "put", put)
    monkeypatch.setattr(objects, "WAIT", 0.01)
    yield after


def record(address: str) -> Record:
    return Record(address, "ateme.input", f"id-{address}", {"port": 5001})


def lose_once(part: str) -> Callable[[str], None]:
    lost: list[str] = []

    def lose(path: str) -> None:
        if part in path and not lost:
            lost.append(path)
            raise GenericError("connection reset by peer")

    return lose


@pytest.mark.parametrize("part", [".journal/", ".lock"])
def test_an_answer_that_is_lost_costs_nothing(
    place: StoreUrl, stack: str, puts: list[Callable[[str], None]], part: str
) -> None:
    puts.append(lose_once(part))
    if part == ".lock":
        with pytest.raises(Exception, match="connection reset"), open_state(place, stack):
            pass
        # nobody knows whose the lock is, until its lease has run out
        with pytest.raises(StateInUse), open_state(place, stack):
            pass
        return
    with open_state(place, stack) as state:
        state.put(record("a"))
        state.put(record("b"))
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a", "b"]


def test_a_run_whose_lease_cant_be_renewed_stops_before_its_next_write(
    place: StoreUrl, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE", 0.2)
    with pytest.raises(StateLost, match="its lease could not be renewed"), open_state(place, stack) as state:
        state.put(record("a"))

        def unreachable(*args: Any, **given: Any) -> None:
            raise GenericError("no route to host")

        with monkeypatch.context() as cut:
            cut.setattr(objects.obstore, "put", unreachable)
            time.sleep(0.4)
            state.put(record("b"))
    monkeypatch.setattr(lease, "MARGIN", 0.0)
    with open_state(place, stack, patience=5) as state:
        assert list(state.records()) == ["a"]


def test_of_two_who_write_the_one_whose_lease_was_taken_stops(
    place: StoreUrl, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept, say: it wakes up behind the back of the run that took over."""
    monkeypatch.setattr(lease, "MARGIN", -2 * lease.LEASE)  # as if the first one's had run out
    with pytest.raises(StateLost, match="somebody else has written"), open_state(place, stack) as first:
        first.put(record("a"))
        with open_state(place, stack) as second:
            second.put(record("b"))
        first.put(record("c"))
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a", "b"]


@pytest.mark.parametrize("moment", ["snapshot", "before", "deleting"])
def test_an_end_while_the_journal_is_put_away_loses_nothing(
    place: StoreUrl,
    stack: str,
    puts: list[Callable[[str], None]],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    servers: Servers,
) -> None:
    class End(BaseException):
        pass

    def ends(*args: Any) -> None:
        raise End

    with pytest.raises(End), open_state(place, stack) as state:
        state.put(record("a"))
        state.put(record("b"))
        monkeypatch.setattr(objects, "KEEP", -objects.KEEP)
        if moment == "snapshot":
            puts.append(lambda path: ends() if path.endswith(".state") else None)
        elif moment == "before":
            monkeypatch.setattr(objects.Objects, "finish", ends)
        else:
            real = obstore.delete

            def delete(store: Any, paths: Any) -> None:
                real(store, paths[:1] if isinstance(paths, list) else paths)
                if isinstance(paths, list):
                    raise End

            monkeypatch.setattr(objects.obstore, "delete", delete)
    puts.clear()
    monkeypatch.undo()
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY)
    for name, value in servers.env.items():
        monkeypatch.setenv(name, value)
    with open_to_look(place, stack, lock=False) as state:
        assert list(state.records()) == ["a", "b"]
    with open_state(place, stack) as state:
        state.put(record("c"))
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a", "b", "c"]
