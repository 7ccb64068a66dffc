"""Sets: one read, what differs in batches of a hundred, one read; and nothing ended that the set did not list."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from headend.core.model.errors import ApiError, PartlyDone, Refused
from headend.core.model.observed import Change
from headend.core.model.record import Digest, Record
from headend.core.reconcile.difference import differences
from headend.core.reconcile.resolve import spec_to_read_by as readable
from headend.rights_locker.entitlement_set import EntitlementSet, EntitlementSetSpec

KIND = EntitlementSet()
END = "2027-06-30T22:00:00+00:00"


def entry(content: str, kind: str = "assets", **terms: Any) -> dict[str, Any]:
    return {"kind": kind, "content_id": content, **terms}


def of(*entries: dict[str, Any], **more: Any) -> EntitlementSetSpec:
    return EntitlementSetSpec(account_id="v1", entries=list(entries), **more)


def quiet(sentence: str) -> None:
    raise AssertionError(f"nothing to wait for: {sentence}")


def change(box: Any, wanted: EntitlementSetSpec, last: EntitlementSetSpec | None = None) -> Any:
    """As the engine does it: looks, compares, writes, reads back. last: what it was."""
    where = readable(KIND, wanted, Record("", KIND.name, "v1", last.model_dump(mode="json"))) if last else wanted

    async def run() -> Any:
        live = await KIND.observe(box.api, "v1", where, fresh=True)
        if live is None:
            await KIND.create(box.api, wanted)
        else:
            found = differences(wanted, live, None, digest=lambda value: Digest(repr(value)))
            await KIND.update(box.api, "v1", wanted, found.changes)
        return await KIND.complete(box.api, "v1", wanted, quiet)

    return asyncio.run(run())


def counts(box: Any) -> dict[str, int]:
    found = Counter(box.calls)
    box.sim.reset_journal()
    return dict(found)


@pytest.mark.contract("R-44", "R-56", "R-62")
def test_a_first_apply_is_two_reads_and_a_request_for_each_hundred_of_a_kind(locker: Any) -> None:
    box = locker()
    wanted = of(*(entry(f"a{n}") for n in range(250)), *(entry(f"l{n}", "labels_offline") for n in range(100)))
    change(box, wanted)
    sizes = [{kind: len(rows) for kind, rows in call.body.items()} for call in box.sim.writes()]
    assert sizes == [{"assets": 100}, {"assets": 100}, {"assets": 50}, {"labels_offline": 100}]
    assert counts(box) == {"content.get": 2, "content.upsert": 4}
    assert len(box.grants()) == 350


@pytest.mark.contract("R-51", "R-56", "R-62")
def test_only_what_differs_is_written_and_nothing_where_nothing_does(locker: Any) -> None:
    box = locker()
    start = of(*(entry(f"a{n}", end_time=END) for n in range(5)), entry("theirs"))
    change(box, start)
    counts(box)
    wanted = of(entry("a0"), *(entry(f"a{n}", end_time=END) for n in range(1, 4)), entry("new"))
    change(box, wanted, start)
    assert [row["content_id"] for row in box.sim.writes()[0].body["assets"]] == ["a0", "new"]
    assert box.writes == ["content.upsert", "assets.delete", "assets.delete"]
    assert counts(box) == {"content.get": 2, "content.upsert": 1, "assets.delete": 2}
    assert box.grants()["assets/a0/default"] == {}
    change(box, wanted, start)
    assert counts(box) == {"content.get": 1}


@pytest.mark.contract("R-56")
def test_what_others_granted_stays_unless_the_set_is_exclusive(locker: Any) -> None:
    box = locker()
    change(box, of(entry("ours"), entry("theirs", "labels"), entry("theirs", "assets_offline")))
    change(box, of(entry("ours", num_devices_to_bind=1)))
    assert len(box.grants()) == 3
    (found,) = asyncio.run(KIND.find(box.api, of(entry("ours"), exclusive=True)))
    assert len(found.values["entries"]) == 3
    change(box, of(entry("ours"), exclusive=True))
    assert list(box.grants()) == ["assets/ours/default"]
    assert "content.wipe" not in box.calls


@pytest.mark.contract("R-46", "R-60")
@pytest.mark.parametrize("upsert", ["replace", "merge"])
def test_cleared_terms_are_gone_in_the_end_however_the_service_stores(locker: Any, upsert: str) -> None:
    box = locker(upsert=upsert)
    start = of(*(entry(f"a{n}", end_time=END) for n in range(3)))
    change(box, start)
    counts(box)
    full = change(box, of(entry("a0"), entry("a1"), entry("a2", end_time=END)))
    assert [terms.get("end_time") for terms in box.grants().values()].count(None) == 2
    if upsert == "replace":
        assert (full.warnings, counts(box)) == ((), {"content.get": 2, "content.upsert": 1})
    else:
        assert "assets/a0/default, assets/a1/default: end_time stayed" in full.warnings[0]
        assert box.writes == ["content.upsert", "assets.delete", "assets.delete", "content.upsert"]


# --- what goes wrong -------------------------------------------------------------------------------------------
@pytest.mark.contract("R-44", "R-61")
def test_a_batch_that_was_applied_in_part_is_an_error_with_what_is_there(locker: Any) -> None:
    box = locker()
    wanted = of(*(entry(f"a{n}", end_time=END) for n in range(30)))
    asyncio.run(KIND.create(box.api, wanted))
    rows = box.sim.sims["rights_locker"].world["entitlements"]["simulated-pcode/v1"]["assets"]
    for n in range(12):
        del rows[f"a{n}/default"]
    del rows["a20/default"]["end_time"]
    with pytest.raises(PartlyDone, match=r"a0/default, .*a9/default and 3 more") as caught:
        asyncio.run(KIND.complete(box.api, "v1", wanted, quiet))
    there = {one.content_id: one.end_time for one in caught.value.values["entries"]}
    assert there == {f"a{n}": END if n != 20 else None for n in range(12, 30)}
    with pytest.raises(PartlyDone, match=r"a20/default \(end_time\)"):
        asyncio.run(KIND.complete(box.api, "v1", of(*(entry(f"a{n}", end_time=END) for n in range(20, 22))), quiet))


@pytest.mark.contract("R-61")
def test_a_creation_that_stops_half_way_is_known_and_one_that_never_began_is_none(locker: Any) -> None:
    box = locker()
    wanted = of(entry("a"), entry("b", "labels"))
    box.sim.fail("content.upsert", status=400, body={"message": "no such label"})
    with pytest.raises(Refused, match="no such label"):
        asyncio.run(KIND.create(box.api, wanted))
    sent = []

    def second_fails(call: Any) -> None:
        sent.append(call.key)
        if sent.count("content.upsert") == 1:
            box.sim.fail("content.upsert", status=400, body={"message": "no such label"})

    box.sim.observers.append(second_fails)
    made = asyncio.run(KIND.create(box.api, wanted))
    assert made.incomplete
    assert "half-way: " in made.warnings[0]
    assert "no such label" in made.warnings[0]


@pytest.mark.contract("R-61")
def test_an_update_that_stops_half_way_tells_what_is_there(locker: Any) -> None:
    box = locker()
    start = of(entry("old"), entry("leaving"))
    change(box, start)
    box.sim.fail("assets.delete", status=403, body=b"Unauthorized api_key")
    with pytest.raises(PartlyDone, match="Unauthorized") as caught:
        change(box, of(entry("old"), entry("new")), start)
    assert {one.content_id for one in caught.value.values["entries"]} == {"old", "leaving", "new"}
    assert caught.value.exit_code == 4


@pytest.mark.contract("R-56")
def test_a_deletion_that_did_not_happen_is_an_error(locker: Any) -> None:
    box = locker()
    start = of(entry("old"), entry("leaving"))
    change(box, start)
    box.sim.fail("assets.delete", times=9, status=200, body=b"")
    with pytest.raises(ApiError, match="still there after deletion: assets/leaving/default"):
        change(box, of(entry("old")), start)
    with pytest.raises(ApiError, match="still there after deletion"):
        asyncio.run(KIND.delete(box.api, "v1", start, quiet))


# --- destroying ------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-57", "R-60")
@pytest.mark.parametrize("missing", [404, 200])
@pytest.mark.parametrize("flags", [{}, {"exclusive": True}, {"purge_on_delete": True}])
def test_destroying_ends_the_listed_entries_one_by_one(locker: Any, flags: dict[str, bool], missing: int) -> None:
    box = locker(missing_delete=missing)
    change(box, of(entry("a"), entry("b"), entry("theirs")))
    counts(box)
    asyncio.run(KIND.delete(box.api, "v1", of(entry("a"), entry("b"), entry("gone"), **flags), quiet))
    assert counts(box) == {"content.get": 2, "assets.delete": 2}
    assert list(box.grants()) == ["assets/theirs/default"]


PURGE = {"exclusive": True, "purge_on_delete": True}


@pytest.mark.contract("R-57", "R-54")
def test_only_a_set_that_is_told_twice_and_alone_wipes_the_account(locker: Any) -> None:
    box = locker(wipe="allowed")
    wanted = of(entry("a"), entry("b", "labels"), **PURGE)
    change(box, wanted)
    counts(box)
    asyncio.run(KIND.delete(box.api, "v1", wanted, quiet))
    assert counts(box) == {"content.get": 2, "content.wipe": 1}
    asyncio.run(KIND.delete(box.api, "v1", wanted, quiet))
    assert counts(box) == {"content.get": 1}


@pytest.mark.contract("R-57", "R-26")
def test_anything_else_in_the_account_even_of_an_unknown_kind_forbids_the_wipe(locker: Any) -> None:
    box = locker()
    wanted = of(entry("a"), **PURGE)
    change(box, of(entry("a"), entry("theirs")))
    asyncio.run(KIND.delete(box.api, "v1", wanted, quiet))
    assert list(box.grants()) == ["assets/theirs/default"]
    box = locker()
    row = {"content_id": "a", "external_product_id": "default", "publishing_rule_id": None}
    change(box, wanted)
    box.sim.fail("content.get", status=200, body={"account_id": "v1", "content": {"assets": [row], "offers": [row]}})
    asyncio.run(KIND.delete(box.api, "v1", wanted, quiet))
    assert "content.wipe" not in box.calls
    assert box.grants() == {}


@pytest.mark.contract("R-56")
def test_an_exclusive_set_leaves_kinds_that_it_does_not_know(locker: Any) -> None:
    box = locker()
    wanted = of(entry("a"), exclusive=True)
    row = {"content_id": "a", "external_product_id": "default", "publishing_rule_id": None}
    box.sim.fail("content.get", status=200, body={"account_id": "v1", "content": {"assets": [row], "offers": [row]}})
    seen = asyncio.run(KIND.observe(box.api, "v1", wanted))
    assert seen
    assert [one["kind"] for one in seen.values["entries"]] == ["assets"]
    asyncio.run(KIND.update(box.api, "v1", wanted, [Change(("exclusive",), False, True)]))
    assert box.writes == []
