"""Category sets: owned whole, read back after every write, removed without touching other people's names."""

import asyncio

import pytest
from pydantic import ValidationError

from headend.core.model.errors import ApiError, Conflict, DecodeError, Forbidden, ForeignAnswer, Refused
from headend.core.model.fields import Same, mark
from headend.rights_locker.categories import AccountCategories, AccountCategoriesSpec

KIND = AccountCategories()


def spec(*names, **more):
    return AccountCategoriesSpec(account_id="v1", categories=list(names), **more)


def put(box, *names):
    """Categories that someone else gave the account; not in the journal."""
    asyncio.run(box.api.replace_categories("v1", frozenset(names)))
    box.sim.reset_journal()


def quiet(sentence):
    raise AssertionError(f"nothing to wait for: {sentence}")


async def created(box, wanted):
    first = await KIND.create(box.api, wanted)
    return first, await KIND.complete(box.api, first.id, wanted, quiet)


@pytest.mark.contract("R-34", "R-38")
@pytest.mark.parametrize("names", [[], [""], ["a", "a"], [3], [{"name": "a", "limit": 2}], None])
def test_a_set_is_one_or_more_different_names(names):
    with pytest.raises(ValidationError):
        AccountCategoriesSpec(account_id="v1", categories=names)


@pytest.mark.contract("R-36")
def test_order_does_not_matter_and_case_does():
    same = mark(AccountCategoriesSpec, "categories", Same)
    assert same.normal(["b", "a"]) == same.normal(["a", "b"])
    assert same.normal(["A"]) != same.normal(["a"])


@pytest.mark.contract("R-36", "R-60")
@pytest.mark.parametrize("key", ["categories", "users", "both"])
@pytest.mark.parametrize("none", ["list", "object", "404"])
def test_create_writes_the_whole_set_once_and_reads_it_back(locker, key, none):
    box = locker(category_key=key, no_categories=none)
    assert asyncio.run(KIND.observe(box.api, "v1", spec("b", "a"))) is None
    box.sim.reset_journal()
    first, full = asyncio.run(created(box, spec("b", "a")))
    assert first.incomplete
    assert full.values == {"account_id": "v1", "categories": ["a", "b"]}
    assert box.calls == ["categories.get", "categories.replace", "categories.get"]
    assert box.world("categories") == {"v1": ["a", "b"]}


@pytest.mark.contract("R-36")
def test_an_answer_of_ok_that_stored_nothing_is_an_error_naming_the_difference(locker):
    box = locker()
    put(box, "other")
    box.sim.fail("categories.replace", status=200, body={"message": "OK"})
    with pytest.raises(ApiError, match="missing: a, b; unexpected: other"):
        asyncio.run(created(box, spec("a", "b")))
    assert box.calls.count("categories.get") == 5  # before the write, and four times over two seconds after it
    assert sum(box.waits) == pytest.approx(2.0)


@pytest.mark.contract("R-36")
def test_a_read_back_that_lags_behind_is_waited_for(locker):
    box = locker()
    asyncio.run(KIND.create(box.api, spec("a")))
    box.sim.fail("categories.get", times=2, status=200, body={"categories": []})
    full = asyncio.run(KIND.complete(box.api, "v1", spec("a"), quiet))
    assert full.values["categories"] == ["a"]
    assert len(box.waits) == 2


@pytest.mark.contract("R-36", "R-39")
def test_update_replaces_the_set_and_never_patches(locker):
    box = locker()
    put(box, "a", "b")
    asyncio.run(KIND.update(box.api, "v1", spec("b", "c"), []))
    assert box.writes == ["categories.replace"]
    assert box.world("categories") == {"v1": ["b", "c"]}


@pytest.mark.contract("R-36", "R-62")
def test_a_set_that_is_there_already_costs_no_write(locker):
    box = locker()
    put(box, "a", "b")
    asyncio.run(created(box, spec("b", "a")))
    assert box.writes == []


@pytest.mark.contract("R-37", "R-60")
@pytest.mark.parametrize("way", ["all", "listed", "body_ignored"])
def test_delete_removes_the_last_names_however_the_service_reads_the_body(locker, way):
    box = locker(category_delete=way)
    put(box, "a", "b")
    asyncio.run(KIND.delete(box.api, "v1", spec("a", "b"), quiet))
    assert box.calls == ["categories.get", "categories.delete", "categories.get"]
    assert box.sim.journal[1].body == {"categories": ["a", "b"]}
    assert box.world("categories") == {}


@pytest.mark.contract("R-37", "R-60")
@pytest.mark.parametrize("way", ["all", "listed", "body_ignored"])
def test_delete_keeps_what_others_added(locker, way):
    box = locker(category_delete=way)
    put(box, "a", "theirs")
    asyncio.run(KIND.delete(box.api, "v1", spec("a", "b"), quiet))
    assert box.writes == ["categories.replace"]
    assert box.world("categories") == {"v1": ["theirs"]}


@pytest.mark.contract("R-37")
@pytest.mark.parametrize("others", [[], ["theirs"]])
def test_delete_of_names_that_are_gone_writes_nothing(locker, others):
    box = locker()
    if others:
        put(box, *others)
    asyncio.run(KIND.delete(box.api, "v1", spec("a"), quiet))
    assert box.calls == ["categories.get"]


@pytest.mark.contract("R-37")
def test_a_deletion_that_did_not_happen_is_an_error(locker):
    box = locker()
    put(box, "a")
    box.sim.fail("categories.delete", status=200, body={"message": "OK"})
    with pytest.raises(ApiError, match="still there after deletion: a"):
        asyncio.run(KIND.delete(box.api, "v1", spec("a"), quiet))


@pytest.mark.contract("R-35")
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"",
        b"<html>",
        [],
        ["a"],
        {"message": "OK"},
        {"names": []},
        {"categories": "a"},
        {"categories": [1]},
        {"categories": [None]},
        {"categories": ["a"], "users": ["b"]},
        {"categories": ["a"], "users": None},
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_no_empty_set(locker, body):
    box = locker()
    put(box, "a")
    box.sim.fail("categories.get", status=200, body=body)
    with pytest.raises(DecodeError):
        asyncio.run(KIND.create(box.api, spec("b")))
    assert box.writes == []
    assert box.world("categories") == {"v1": ["a"]}


@pytest.mark.contract("R-35")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, set()),
        ({"categories": None}, set()),
        ({"users": None}, set()),
        ({"users": ["b"]}, {"b"}),
        ({"categories": ["a", "b"], "users": ["b", "a"]}, {"a", "b"}),
        ({"categories": ["a"], "account_id": "v1"}, {"a"}),
    ],
)
def test_the_shapes_that_are_understood(locker, body, expected):
    box = locker()
    box.sim.fail("categories.get", status=200, body=body)
    assert asyncio.run(box.api.categories("v1", fresh=True)) == expected


@pytest.mark.contract("R-16")
@pytest.mark.parametrize("key", ["categories.get", "categories.replace"])
def test_a_success_with_another_message_than_ok_is_an_error(locker, key):
    box = locker()
    box.sim.fail(key, status=200, body={"message": "quota exceeded"})
    with pytest.raises(Refused, match="quota exceeded"):
        asyncio.run(KIND.create(box.api, spec("a")))
    assert box.world("categories") == {}


@pytest.mark.contract("R-16")
def test_ok_may_be_written_in_any_case_or_left_out(locker):
    box = locker()
    for body in ({"message": "ok"}, {}, b""):
        box.sim.fail("categories.replace", status=200, body=body)
        asyncio.run(KIND.create(box.api, spec("a")))
    assert box.writes == ["categories.replace"] * 3


@pytest.mark.contract("R-15", "R-17", "R-61")
@pytest.mark.parametrize("page", [b"<html>Not Found</html>", b"no such route"])
def test_a_404_of_a_proxy_is_an_error_and_not_absence(locker, page):
    box = locker()
    put(box, "a")
    box.sim.fail("categories.get", status=404, body=page, headers={"content-type": "text/html"})
    with pytest.raises(ForeignAnswer, match="404"):
        asyncio.run(KIND.observe(box.api, "v1", spec("a"), fresh=True))


@pytest.mark.contract("R-17")
@pytest.mark.parametrize("body", [b"", {"message": "no such account"}])
def test_an_empty_or_json_404_is_absence(locker, body):
    box = locker()
    box.sim.fail("categories.get", status=404, body=body)
    assert asyncio.run(KIND.observe(box.api, "v1", spec("a"), fresh=True)) is None


@pytest.mark.contract("R-18", "R-61")
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_read_is_never_absence(locker, status):
    box = locker()
    box.sim.fail("categories.get", status=status, body=b"Unauthorized api_key")
    with pytest.raises(Forbidden, match="Unauthorized api_key"):
        asyncio.run(KIND.observe(box.api, "v1", spec("a"), fresh=True))
    assert box.calls == ["categories.get"]


@pytest.mark.contract("R-41")
def test_adopting_warns_of_the_names_that_it_removes(locker):
    box = locker()
    put(box, "a", "x", "y")
    (found,) = asyncio.run(KIND.find(box.api, spec("a")))
    assert "removed: x, y" in found.warnings[0]
    assert box.writes == []
    first, full = asyncio.run(created(box, spec("a")))
    assert "removed: x, y" in first.warnings[0]
    assert full.values["categories"] == ["a"]


@pytest.mark.contract("R-41")
def test_adopting_can_be_refused(locker):
    box = locker()
    put(box, "x")
    with pytest.raises(Conflict, match="x"):
        asyncio.run(KIND.create(box.api, spec("a", on_existing="fail")))
    assert box.writes == []
    assert box.world("categories") == {"v1": ["x"]}


@pytest.mark.contract("R-41")
def test_refusing_to_adopt_does_not_hinder_an_account_without_categories(locker):
    box = locker()
    asyncio.run(created(box, spec("a", on_existing="fail")))
    assert box.world("categories") == {"v1": ["a"]}


@pytest.mark.contract("R-20")
def test_changes_of_one_account_go_one_after_another(locker):
    box = locker()

    async def both():
        await asyncio.gather(
            box.api.remove_categories("v1", frozenset({"a"})), box.api.remove_categories("v1", frozenset({"b"}))
        )

    put(box, "a", "b", "c")
    box.sim.latency = 0.002
    asyncio.run(both())
    assert box.world("categories") == {"v1": ["c"]}
    assert box.sim.peak == 1


@pytest.mark.contract("R-59")
def test_reads_are_shared_within_a_run_and_dropped_by_a_write(locker):
    box = locker()

    async def run():
        await asyncio.gather(*(KIND.observe(box.api, "v1", spec("a")) for _ in range(5)))
        assert box.calls == ["categories.get"]
        await KIND.update(box.api, "v1", spec("a"), [])
        seen = await KIND.observe(box.api, "v1", spec("a"))
        assert seen.values["categories"] == ["a"]

    asyncio.run(run())
