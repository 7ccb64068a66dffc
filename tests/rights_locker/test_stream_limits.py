"""Stream limits: written, never read, never called in sync."""

import asyncio

import pytest
from pydantic import ValidationError

from headend.core.model.errors import Unavailable
from headend.core.model.fields import Immutable, Trigger, mark
from headend.core.model.kind import Can
from headend.rights_locker.stream_limits import StreamLimit, StreamLimitSpec
from headend.rights_locker.wire import TABLE

KIND = StreamLimit()


def quiet(sentence):
    raise AssertionError(f"nothing to wait for: {sentence}")


@pytest.mark.contract("R-24")
def test_no_call_reads_a_limit_a_single_category_or_an_offer():
    reads = {row.key: row.path for row in TABLE.values() if row.method == "GET"}
    assert [key for key, path in reads.items() if "limit" in path or "offers" in path] == []
    assert [key for key in reads if key.startswith("categories.")] == ["categories.get"]
    assert Can.OBSERVE not in KIND.can


@pytest.mark.contract("R-33")
@pytest.mark.parametrize("limit", [0, -1, True, 2.0, "3", None])
def test_a_limit_is_a_whole_number_from_one(limit):
    with pytest.raises(ValidationError):
        StreamLimitSpec(account_id="v1", limit=limit)


@pytest.mark.contract("R-5", "R-6")
@pytest.mark.parametrize(
    "account", ["", ".", "..", "a/b", "a&b", "a|b", "a[b", "a]b", "a b", "a\nb", "\x7f", "x" * 255]
)
def test_account_ids_that_would_break_an_address_are_refused(account):
    with pytest.raises(ValidationError):
        StreamLimitSpec(account_id=account, limit=1)


@pytest.mark.contract("R-6")
@pytest.mark.parametrize("account", ["viewer-17", "someone@example.com", "x" * 254])
def test_usual_account_ids_are_the_identity(account):
    assert KIND.identity(StreamLimitSpec(account_id=account, limit=1)) == account
    assert mark(StreamLimitSpec, "account_id", Immutable)


@pytest.mark.contract("R-28", "R-30")
def test_create_is_one_request_and_says_that_it_overwrites(locker):
    box = locker()
    spec = StreamLimitSpec(account_id="v1", limit=3)
    seen = asyncio.run(KIND.create(box.api, spec))
    assert box.calls == ["limit.set"]
    assert box.world("limits") == {"v1": 3}
    assert "overwritten" in seen.warnings[0]
    assert "limit" not in seen.values
    assert seen.computed["last_applied_at"]


@pytest.mark.contract("R-29", "R-62")
def test_reading_makes_no_request_and_claims_nothing(locker):
    box = locker()
    spec = StreamLimitSpec(account_id="v1", limit=3)
    seen = asyncio.run(KIND.observe(box.api, "v1", spec, fresh=True))
    assert box.calls == []
    assert seen.values.keys() == {"account_id"}
    assert "no call that reads" in seen.unverifiable["limit"]
    assert seen.computed["readable"] is False
    assert Can.OBSERVE not in KIND.can
    assert KIND.unreadable


@pytest.mark.contract("R-30")
def test_nothing_can_be_found_to_import(locker):
    assert asyncio.run(KIND.find(locker().api, StreamLimitSpec(account_id="v1", limit=3))) == []


@pytest.mark.contract("R-31")
def test_update_sends_the_limit_again_whatever_changed(locker):
    box = locker()
    asyncio.run(KIND.update(box.api, "v1", StreamLimitSpec(account_id="v1", limit=5, reapply="match 2"), []))
    assert box.world("limits") == {"v1": 5}
    assert box.calls == ["limit.set"]
    assert mark(StreamLimitSpec, "reapply", Trigger)


@pytest.mark.contract("R-32")
@pytest.mark.parametrize("status", [200, 404])
def test_delete_ends_without_a_limit_also_where_there_was_none(locker, status):
    box = locker()
    spec = StreamLimitSpec(account_id="v1", limit=3)
    asyncio.run(KIND.create(box.api, spec))
    if status == 404:
        box.sim.fail("limit.delete", status=404, body=b"")
    asyncio.run(KIND.delete(box.api, "v1", spec, quiet))
    assert box.calls == ["limit.set", "limit.delete"]
    assert box.world("limits") == ({} if status == 200 else {"v1": 3})


@pytest.mark.contract("R-19", "R-60")
@pytest.mark.parametrize("failures", [1, 3])
def test_a_read_only_database_is_waited_out(locker, failures):
    box = locker(write_failures=failures)
    asyncio.run(box.api.set_limit("v1", 3))
    assert box.world("limits") == {"v1": 3}
    assert len(box.waits) == failures


@pytest.mark.contract("R-19", "R-60")
def test_a_database_that_stays_read_only_is_an_error_with_its_message(locker):
    box = locker(write_failures=9)
    with pytest.raises(Unavailable, match="Read-only database"):
        asyncio.run(box.api.set_limit("v1", 3))
    assert box.calls == ["limit.set"] * 4
    assert box.world("limits") == {}


@pytest.mark.contract("R-19")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_connection_is_tried_again(locker, when):
    box = locker()
    box.sim.fail("limit.set", drop=when)
    asyncio.run(box.api.set_limit("v1", 3))
    assert box.calls == ["limit.set"] * 2
    assert box.world("limits") == {"v1": 3}
