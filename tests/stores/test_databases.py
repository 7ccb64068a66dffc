# ruff: noqa: PT012
"""States in PostgreSQL: sessions that are shared, ended, or of another database."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
import pytest

from headend.core.model.errors import StateError, StateInUse, StateLost
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state
from headend.core.reconcile.state.places import StoreUrl
from headend.core.reconcile.state.remote import connect
from headend.core.reconcile.state.sql import SQL
from headend.core.reconcile.state.storing import Change
from stores.conftest import Servers
from stores.servers import KEY


@pytest.fixture
def place(servers: Servers, stack: str, monkeypatch: pytest.MonkeyPatch) -> StoreUrl:
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY)
    return StoreUrl(servers.address("postgres"), stack)


def test_of_two_runs_that_a_pooler_gives_one_session_the_first_stops(place: StoreUrl) -> None:
    with contextlib.closing(connect(place)) as first, contextlib.closing(connect(place)) as second:
        shared: Any = first
        second.close()
        second._db = shared._db  # type: ignore[attr-defined]
        with first.held(0):
            first.write([Change("meta", "by", ("by", "first"))])
            with second.held(0):
                with pytest.raises(StateLost, match="somebody else has taken it"):
                    first.write([Change("meta", "by", ("by", "late"))])
                first.note("what it is at")
                second.write([Change("meta", "then", ("then", "second"))])
                assert dict((second.read() or {})["meta"]) == {"by": "first", "then": "second"}


def test_a_run_whose_session_was_ended_stops_and_keeps_what_it_wrote(place: StoreUrl, stack: str) -> None:
    with pytest.raises(StateLost, match="the run stops"), open_state(place, stack) as state:
        state.put(Record("a", "ateme.input", "id-a", {}))
        with contextlib.closing(connect(place)) as other:
            assert other.release()
        state.put(Record("b", "ateme.input", "id-b", {}))
    with open_state(place, stack) as state:
        assert list(state.records()) == ["a"]


def test_unlock_ends_no_run_on_another_database_of_the_server(place: StoreUrl, stack: str) -> None:
    theirs = StoreUrl(place.url.removesuffix("postgres") + "other", stack)
    for url, statements in ((place.url, "CREATE DATABASE other"), (theirs.url, SQL)):
        with psycopg.connect(url.replace("headend_runs@", "owner@"), autocommit=True) as owner:
            owner.execute(statements)
    with contextlib.closing(connect(theirs)) as running, contextlib.closing(connect(place)) as store, running.held(0):
        assert store.release() == ""
        running.raise_if_lost()
        with contextlib.closing(connect(theirs)) as late, pytest.raises(StateInUse), late.held(0):
            pass


def test_a_row_that_is_damaged_is_named(place: StoreUrl, stack: str) -> None:
    with open_state(place, stack) as state:
        state.put(Record("ateme.labels.a", "ateme.label", "id-a", {}))
    with psycopg.connect(place.url, autocommit=True) as db:
        db.execute("UPDATE headend.entries SET spec = left(spec, 40) WHERE stack = %s", (stack,))
    with pytest.raises(StateError, match=r"\(in headend\.entries: ateme\.labels\.a\)"), open_state(place, stack):
        pass
