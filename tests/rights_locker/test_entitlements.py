"""Entitlements: granted in full, read back, corrected in place; never more deleted than the one that is meant."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headend.core.model.errors import ApiError, Conflict, DecodeError, Forbidden, ForeignAnswer, InputError, Unavailable
from headend.core.wire.invoke import Request
from headend.rights_locker.content import KINDS, Grant
from headend.rights_locker.entitlement import Entitlement, EntitlementSpec

KIND = Entitlement()
START, END = "2026-08-01T00:00:00+00:00", "2027-06-30T22:00:00+00:00"
ID = "v1/assets/derby/default"
KEY = "assets/derby/default"


def spec(**more: Any) -> EntitlementSpec:
    return EntitlementSpec(**({"account_id": "v1", "kind": "assets", "content_id": "derby"} | more))


def quiet(sentence: str) -> None:
    raise AssertionError(f"nothing to wait for: {sentence}")


def put(box: Any, *content: str, kind: str = "assets", account: str = "v1", **terms: Any) -> None:
    """Entitlements that someone else gave the account; not in the journal, and not known to the client."""
    row = {"publishing_rule_id": None, "updated_at": START} | terms
    rows = {f"{name}/default": {"content_id": name, "external_product_id": "default"} | row for name in content}
    kinds = box.sim.sims["rights_locker"].world["entitlements"].setdefault(f"simulated-pcode/{account}", {})
    kinds.setdefault(kind, {}).update(rows)


async def made(box: Any, wanted: EntitlementSpec) -> tuple[Any, Any]:
    first = await KIND.create(box.api, wanted)
    return first, await KIND.complete(box.api, first.id, wanted, quiet)


async def changed(box: Any, wanted: EntitlementSpec) -> Any:
    await KIND.update(box.api, ID, wanted, ())
    return await KIND.complete(box.api, ID, wanted, quiet)


# --- granting --------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-43", "R-45", "R-60")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answers", ["empty", "ok"])
def test_a_grant_sends_what_is_set_and_is_read_back(locker: Any, kind: str, answers: str) -> None:
    box = locker(content_answers=answers)
    wanted = spec(kind=kind, start_time="2026-8-1T02:00:00+0200", end_time=END, num_devices_to_bind=2)
    first, full = asyncio.run(made(box, wanted))
    assert first.incomplete
    assert box.calls == ["content.get", "content.upsert", f"{kind}.get"]
    item = {"content_id": "derby", "external_product_id": "default"}
    terms = {"start_time": START, "end_time": END, "num_devices_to_bind": 2}
    assert box.sim.journal[1].body == {kind: [item | terms]}
    assert full.values == {"account_id": "v1", "kind": kind} | item | terms
    assert full.id == KIND.identity(wanted)
    assert full.computed["updated_at"]


@pytest.mark.contract("R-45")
@pytest.mark.parametrize("name", ["publishing_rule_id", "start_time", "end_time", "num_devices_to_bind"])
def test_a_field_that_the_service_drops_is_an_error_with_its_name(locker: Any, name: str) -> None:
    box, value = locker(), {"publishing_rule_id": "r-1", "start_time": START, "end_time": END}.get(name, 2)
    row = {"content_id": "derby", "external_product_id": "default", "publishing_rule_id": None}
    box.sim.fail("assets.get", times=9, status=200, body={"account_id": "v1", "content": {"assets": [row]}})
    with pytest.raises(ApiError, match=rf"accepted, but not as it was sent: {name}$"):
        asyncio.run(made(box, spec(**{name: value})))
    assert sum(box.waits) == pytest.approx(2.0)
    assert "assets.delete" not in box.calls


@pytest.mark.contract("R-45", "R-61")
def test_a_grant_that_was_answered_and_not_stored_is_an_error(locker: Any) -> None:
    box = locker()
    box.sim.fail("content.upsert", status=200, body={"message": "OK"})
    with pytest.raises(ApiError, match="all of it"):
        asyncio.run(made(box, spec()))


@pytest.mark.contract("R-45")
def test_a_read_back_that_lags_behind_is_waited_for(locker: Any) -> None:
    box = locker()
    box.sim.fail("assets.get", times=2, status=404, body=b"")
    _, full = asyncio.run(made(box, spec()))
    assert full.values["content_id"] == "derby"
    assert len(box.waits) == 2


@pytest.mark.contract("R-45", "R-51")
def test_what_is_there_as_it_should_be_is_taken_over_without_a_write(locker: Any) -> None:
    box = locker()
    put(box, "derby", end_time=END)
    (found,) = asyncio.run(KIND.find(box.api, spec(end_time="2027-7-1T00:00:00+02:00")))
    first, _ = asyncio.run(made(box, spec(end_time="2027-7-1T00:00:00+02:00")))
    assert (found.warnings, first.warnings, box.writes) == ((), (), [])


@pytest.mark.contract("R-45", "R-60")
@pytest.mark.parametrize("upsert", ["replace", "merge"])
def test_what_is_there_with_other_terms_is_corrected_and_the_differences_are_told(locker: Any, upsert: str) -> None:
    box = locker(upsert=upsert)
    put(box, "derby", end_time=END, publishing_rule_id="theirs")
    wanted = spec(publishing_rule_id="ours", end_time=END)
    (found,) = asyncio.run(KIND.find(box.api, wanted))
    assert "publishing_rule_id theirs -> ours" in found.warnings[0]
    assert box.writes == []
    first, full = asyncio.run(made(box, wanted))
    assert first.warnings == found.warnings
    assert first.computed["adopted"] is True
    assert full.values["publishing_rule_id"] == "ours"
    assert box.writes == ["content.upsert"]


@pytest.mark.contract("R-45")
def test_taking_over_can_be_refused(locker: Any) -> None:
    box = locker()
    wanted = spec(on_existing="fail")
    assert asyncio.run(KIND.find(box.api, wanted)) == []
    put(box, "derby")  # after the plan
    with pytest.raises(Conflict, match="assets/derby/default already"):
        asyncio.run(KIND.create(box.api, wanted))
    box = locker()
    put(box, "derby")
    with pytest.raises(Conflict, match="on_existing is fail"):
        asyncio.run(KIND.find(box.api, wanted))
    assert box.writes == []


# --- changing --------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-46", "R-60")
@pytest.mark.parametrize("upsert", ["replace", "merge"])
@pytest.mark.parametrize("unset", ["omitted", "null"])
def test_an_update_sends_all_and_a_cleared_term_is_gone_in_the_end(locker: Any, upsert: str, unset: str) -> None:
    box = locker(upsert=upsert, unset=unset)
    asyncio.run(made(box, spec(start_time=START, end_time=END)))
    box.sim.reset_journal()
    full = asyncio.run(changed(box, spec(start_time=START, num_devices_to_bind=1)))
    assert box.grants() == {KEY: {"start_time": START, "num_devices_to_bind": 1}}
    assert "end_time" not in full.values
    assert box.sim.writes()[0].body["assets"][0].keys() >= {"start_time", "num_devices_to_bind"}
    if upsert == "replace":
        assert (box.writes, full.warnings) == (["content.upsert"], ())
    else:
        assert box.writes == ["content.upsert", "assets.delete", "content.upsert"]
        assert "end_time stayed" in full.warnings[0]
        assert "access was lost for a moment" in full.warnings[0]


@pytest.mark.contract("R-46")
def test_nothing_is_deleted_over_a_term_that_is_wrong_and_not_merely_left(locker: Any) -> None:
    box = locker(upsert="merge")
    put(box, "derby", end_time=END)
    box.sim.fail("content.upsert", status=200, body=b"")
    with pytest.raises(ApiError, match="not as it was sent: start_time, end_time"):
        asyncio.run(changed(box, spec(start_time=START)))
    assert "assets.delete" not in box.calls
    assert box.grants()[KEY]["end_time"] == END


# --- ending ----------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-54", "R-60")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [404, 200])
def test_a_deletion_is_of_that_one_and_may_come_twice(locker: Any, kind: str, missing: int) -> None:
    box = locker(missing_delete=missing)
    put(box, "derby", "cup", kind=kind)
    for _ in range(2):
        asyncio.run(KIND.delete(box.api, f"v1/{kind}/derby/default", spec(kind=kind), quiet))
    assert box.calls == [f"{kind}.delete", f"{kind}.get"] * 2
    assert list(box.grants()) == [f"{kind}/cup/default"]


@pytest.mark.contract("R-54")
def test_a_deletion_that_did_not_happen_is_an_error(locker: Any) -> None:
    box = locker()
    put(box, "derby")
    box.sim.fail("assets.delete", status=200, body=b"")
    with pytest.raises(ApiError, match="still there after it was deleted"):
        asyncio.run(KIND.delete(box.api, ID, spec(), quiet))


@pytest.mark.contract("R-17", "R-54", "R-61")
@pytest.mark.parametrize("key", ["content.get", "assets.get", "assets.delete"])
def test_a_404_of_a_proxy_is_neither_absence_nor_deletion(locker: Any, key: str) -> None:
    box = locker()
    put(box, "derby")
    box.sim.fail(key, status=404, body=b"<html>Not Found</html>", headers={"content-type": "text/html"})
    reading = KIND.observe(box.api, ID, spec(), fresh=key == "assets.get")
    call = KIND.delete(box.api, ID, spec(), quiet) if key == "assets.delete" else reading
    with pytest.raises(ForeignAnswer, match="404"):
        asyncio.run(call)
    reading.close()


@pytest.mark.contract("R-18", "R-61")
@pytest.mark.parametrize("fresh", [True, False])
def test_a_refused_read_is_never_absence(locker: Any, fresh: bool) -> None:
    box = locker(settings={"api_secret": "another-secret"})
    with pytest.raises(Forbidden, match="Unauthorized api_key"):
        asyncio.run(KIND.observe(box.api, ID, spec(), fresh=fresh))
    assert len(box.calls) == 1


# --- reading ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-27", "R-61")
def test_the_one_that_was_asked_for_counts_and_another_is_an_error(locker: Any) -> None:
    box = locker()
    rows = [{"content_id": name, "external_product_id": "default"} for name in ("cup", "derby")]
    box.sim.fail("assets.get", status=200, body={"account_id": "v1", "content": {"assets": rows}})
    assert asyncio.run(KIND.observe(box.api, ID, spec(), fresh=True))
    for content in ({"assets": []}, {}, {"assets": None, "labels": rows}):
        box.sim.fail("assets.get", status=200, body={"account_id": "v1", "content": content})
        assert asyncio.run(KIND.observe(box.api, ID, spec(), fresh=True)) is None
    for other in (rows[0], {"content_id": "derby", "external_product_id": "defult"}):
        box.sim.fail("assets.get", status=200, body={"account_id": "v1", "content": {"assets": [other]}})
        with pytest.raises(DecodeError, match="asked for assets/derby/default, and"):
            asyncio.run(KIND.observe(box.api, ID, spec(), fresh=True))


@pytest.mark.contract("R-26")
@pytest.mark.parametrize("item", [{}, {"content_id": 7, "external_product_id": "default"}, {"content_id": "a"}, "a"])
def test_an_item_without_its_ids_is_an_error(locker: Any, item: Any) -> None:
    box = locker()
    box.sim.fail("content.get", status=200, body={"account_id": "v1", "content": {"labels": [item]}})
    with pytest.raises(DecodeError, match=r"rights_locker: content\.get: labels: the answer can't be used: row 1: "):
        asyncio.run(KIND.observe(box.api, ID, spec()))


@pytest.mark.contract("R-48", "R-60")
@pytest.mark.parametrize("dates", ["utc", "z", "offset"])
def test_times_are_read_as_instants_however_they_are_told(locker: Any, dates: str) -> None:
    box = locker(dates=dates)
    _, full = asyncio.run(made(box, spec(start_time=START, end_time=END)))
    assert (full.values["start_time"], full.values["end_time"]) == (START, END)


@pytest.mark.contract("R-58", "R-62")
def test_an_account_is_read_once_for_all_and_after_a_write_item_by_item(locker: Any) -> None:
    box = locker()
    put(box, *(f"c{n}" for n in range(50)))

    async def read(*names: int) -> None:
        seen = (KIND.observe(box.api, f"v1/assets/c{n}/default", spec()) for n in names)
        assert all(await asyncio.gather(*seen))

    async def run() -> None:
        await read(*range(50))
        assert box.calls == ["content.get"]
        await box.api.grant("v1", [(Grant("assets", "c1", "default"), {"num_devices_to_bind": 1})])
        box.sim.reset_journal()
        await read(1, 2, 3)
        assert box.calls == ["assets.get"] * 3
        await box.api.content("v1", fresh=True)
        box.sim.reset_journal()
        await read(*range(50))
        assert box.calls == []

    asyncio.run(run())


@pytest.mark.contract("R-20")
def test_limits_categories_and_entitlements_of_one_account_take_turns(locker: Any) -> None:
    box = locker()
    box.sim.latency = 0.002

    async def all_at_once() -> None:
        grants = ([(Grant("labels", str(n), "default"), {})] for n in range(4))
        await asyncio.gather(
            *(box.api.grant("v1", one) for one in grants),
            box.api.set_limit("v1", 3),
            box.api.replace_categories("v1", frozenset({"a"})),
            box.api.content("v1"),
        )

    asyncio.run(all_at_once())
    assert box.sim.peak == 1


@pytest.mark.contract("R-19", "R-60")
@pytest.mark.parametrize("failures", [1, 3, 4])
def test_a_read_only_database_is_waited_out_or_told(locker: Any, failures: int) -> None:
    box = locker(write_failures=failures)
    if failures == 4:
        with pytest.raises(Unavailable, match="Read-only database"):
            asyncio.run(made(box, spec()))
        assert box.grants() == {}
    else:
        asyncio.run(made(box, spec()))
        assert list(box.grants()) == [KEY]


# --- who has it ------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-25")
@pytest.mark.parametrize("name", ["assets", "labels", "label-offline", ""])
def test_a_kind_is_not_what_the_list_of_users_calls_it(locker: Any, name: str) -> None:
    box = locker()
    op = box.api.table["users.list"]
    path = {"content_type": name, "content_id": "derby", "external_product_id": "default"}
    with pytest.raises(
        InputError, match="content_type: must be one of asset, assets_offline, label, label_offline, offer"
    ):
        asyncio.run(box.api.invoke(op, Request(path)))
    assert box.calls == []
