"""Both kinds as the core sees them: loaded from a stack file, and compared with what is live."""

import asyncio

import pytest

from headend.core.model.errors import InputError
from headend.core.model.observed import Observed
from headend.core.reconcile.difference import differences
from headend.core.stackfile import load
from headend.rights_locker.categories import AccountCategories, AccountCategoriesSpec
from headend.rights_locker.stream_limits import StreamLimit, StreamLimitSpec

LIMIT = {"account_id": "v1", "limit": 3}


def digest(value):
    raise AssertionError("no field of Rights Locker is secret")


def limit_difference(locker, last, **changed):
    spec = StreamLimitSpec(**(LIMIT | changed))
    seen = asyncio.run(StreamLimit().observe(locker().api, "v1", spec))
    return differences(spec, seen, last, digest=digest)


@pytest.mark.contract("R-29")
def test_an_unchanged_limit_is_unverifiable_and_not_in_sync(locker):
    found = limit_difference(locker, LIMIT)
    assert found.changes == ()
    assert "no call that reads" in found.unverifiable["limit"]


@pytest.mark.contract("R-28", "R-31")
@pytest.mark.parametrize("changed", [{"limit": 4}, {"reapply": 1}])
def test_a_new_limit_and_a_new_reapply_are_updates_in_place(locker, changed):
    found = limit_difference(locker, LIMIT, **changed)
    assert [change.field for change in found.changes] == list(changed)
    assert found.replaces == ()


@pytest.mark.contract("R-55")
def test_another_account_is_another_object_made_before_the_old_one_goes(locker):
    found = limit_difference(locker, LIMIT, account_id="v2")
    assert found.replaces == ("account_id",)
    assert StreamLimit.create_before_delete
    assert AccountCategories.create_before_delete


@pytest.mark.contract("R-36", "R-41")
@pytest.mark.parametrize(
    ("live", "changed"), [(["b", "a"], []), (["a", "b", "c"], ["categories"]), (["A", "b"], ["categories"])]
)
def test_sets_are_compared_as_sets_and_on_existing_not_at_all(live, changed):
    spec = AccountCategoriesSpec(account_id="v1", categories=["a", "b"], on_existing="fail")
    seen = Observed(id="v1", values={"account_id": "v1", "categories": live})
    last = {"account_id": "v1", "categories": ["a", "b"]}
    found = differences(spec, seen, last, digest=digest)
    assert [change.field for change in found.changes] == changed


@pytest.mark.contract("R-40")
@pytest.mark.parametrize(
    ("collection", "fields"), [("stream_limits", "limit: 2"), ("account_categories", "categories: [a]")]
)
def test_two_resources_for_one_account_are_refused(tmp_path, collection, fields):
    file = tmp_path / "stack.yaml"
    entries = "\n".join(f"    {key}: {{account_id: v1, {fields}}}" for key in ("one", "two"))
    file.write_text(f"headend: 1\nrights_locker:\n  {collection}:\n{entries}\n")
    with pytest.raises(InputError, match=rf"{collection}\.two.*same object as rights_locker\.{collection}\.one"):
        load(file)


@pytest.mark.contract("R-33")
def test_a_limit_of_zero_is_refused_with_its_place_in_the_file(tmp_path):
    file = tmp_path / "stack.yaml"
    file.write_text("headend: 1\nrights_locker:\n  stream_limits:\n    v1: {account_id: v1, limit: 0}\n")
    with pytest.raises(InputError, match=r"stack\.yaml:4.*`limit`.*\b1\b"):
        load(file)
