# ruff: noqa: PT012
"""States as objects that somebody deleted or overwrote by hand, or that aren't where the address says."""

from __future__ import annotations

from typing import Any

import obstore
import pytest
from obstore.store import from_url

from headend.core.model.errors import StateError, StateInUse, StateLost
from headend.core.model.record import Record
from headend.core.reconcile.state import is_there, lease, objects, open_state, open_to_look
from headend.core.reconcile.state.buckets import why
from headend.core.reconcile.state.holders import Holder
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
def bucket(place: StoreUrl) -> Any:
    return from_url(place.url.rstrip("/"), client_options={"allow_http": True})


def kept(place: StoreUrl, *addresses: str) -> None:
    with open_state(place, place.stack) as state:
        for address in addresses:
            state.put(Record(address, "ateme.input", f"id-{address}", {"port": 5001}))


def opened(place: StoreUrl) -> list[str]:
    with open_state(place, place.stack) as state:
        return list(state.records())


@pytest.mark.parametrize("gone", ["journal/0000000006", "snapshot"])
def test_a_state_that_lacks_a_part_is_not_taken_for_an_older_one(
    place: StoreUrl, bucket: Any, stack: str, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    kept(place, "a", "b", "c")
    with monkeypatch.context() as killed:
        killed.setattr(objects.Objects, "finish", lambda *args: None)
        kept(place, "d", "e")
    if gone == "snapshot":
        obstore.delete(bucket, [f"{stack}.state", f"{stack}.state.journal/0000000001"])
    else:
        obstore.delete(bucket, f"{stack}.state.{gone}")
    for look in (opened, is_there):
        with pytest.raises(StateError, match="which somebody deleted"):
            look(place)  # type: ignore[operator]


def test_a_bucket_that_isnt_there_is_no_empty_one(place: StoreUrl, stack: str) -> None:
    nowhere = StoreUrl("s3://no-such-bucket/team/", stack)
    for look in (opened, is_there):
        with pytest.raises(StateError, match="the bucket, or an object that was there, is not"):
            look(nowhere)  # type: ignore[operator]
    for lock in (True, False):
        with pytest.raises(StateError, match="the bucket"), open_to_look(nowhere, stack, lock=lock):
            pass


@pytest.mark.parametrize("found", [b"", b"garbage", b"[1]", b"\xff", b'{"until": 5}', b'{"until": "2020-01-01"}'])
def test_a_lock_that_says_nothing_is_laid_to_nobody(place: StoreUrl, bucket: Any, stack: str, found: bytes) -> None:
    obstore.put(bucket, f"{stack}.state.lock", found)
    with pytest.raises(StateInUse, match=r"no note can be read .*unlock --force"):
        opened(place)


def test_a_lease_runs_out_by_the_clock_of_the_bucket_alone(
    place: StoreUrl, bucket: Any, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the machine that has it may be slow, and that of who waits fast."""
    kept(place, "a")
    obstore.put(bucket, f"{stack}.state.lock", Holder(until="2020-01-01T00:00:00+00:00").dump().encode())
    with pytest.raises(StateInUse, match="its lease ends at 2020"):
        opened(place)
    obstore.put(bucket, f"{stack}.state.lock", Holder(until="2999-01-01T00:00:00+00:00").dump().encode())
    monkeypatch.setattr(lease, "MARGIN", -2 * lease.LEASE)  # as if it had run out
    assert opened(place) == ["a"]
    assert not [one["path"] for one in obstore.list(bucket).collect() if one["path"].startswith(f"{stack}.state.lock")]


def test_a_lock_that_is_deleted_stops_its_run(
    place: StoreUrl, bucket: Any, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 404 to a write that names the former one's tag."""
    real = obstore.put

    def put(store: Any, path: str, body: Any, *, mode: Any) -> Any:
        if path.endswith(".lock") and mode != "create":
            raise FileNotFoundError(path)
        return real(store, path, body, mode=mode)

    monkeypatch.setattr(lease, "LEASE", 0.2)
    monkeypatch.setattr(objects.obstore, "put", put)
    with pytest.raises(StateLost, match="somebody else has taken it"), open_state(place, stack) as state:
        for _ in range(10_000_000):
            state.raise_if_lost()


def test_a_run_that_changes_nothing_writes_no_snapshot(
    place: StoreUrl, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(place, "a")
    written: list[str] = []
    real = obstore.put

    def put(store: Any, path: str, *args: Any, **given: Any) -> Any:
        written.append(path)
        return real(store, path, *args, **given)

    monkeypatch.setattr(objects.obstore, "put", put)
    assert opened(place) == ["a"]
    assert written == [f"{stack}.state.lock"]


def test_who_has_no_credentials_is_told_so() -> None:
    asked = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 2 ms: no route to host"
    assert "no credentials" in why(Exception(asked))
    assert "169.254" not in why(Exception(asked))
