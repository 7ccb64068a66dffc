"""What stands in the catalogue, found by its fields with as few requests as will do."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from headend.core.model.findings import Problem
from headend.core.model.lookup import find_id, lookups
from headend.core.model.references import query

FOUND: dict[str, tuple[str, dict[str, Any]]] = {
    "straas.ad_banner": ("ad_banners", {"id": 17, "name": "Café", "link": "https://example.com"}),
    "straas.category": ("categories", {"id": 18, "name": "Café", "parent_id": 1}),
    "straas.live": ("lives", {"id": "live-1", "title": "Café", "category": {"id": 18}}),
    "straas.playlist": ("playlists", {"id": "BvDvzuxH", "title": "Café"}),
    "straas.video": ("videos", {"id": "MaRRu56A", "title": "Café", "category": {"id": 18}, "live_id": "live-1"}),
}


def found(account: Any, name: str, /, **match: Any) -> str | Problem:
    result: str | Problem = account.run(find_id(account.api, query(name, match), set()))
    return result


@pytest.mark.contract("S-130", "S-131", "S-132", "S-133", "S-134", "S-137", "S-138", "S-140")
@pytest.mark.parametrize("name", FOUND)
def test_each_is_found_by_its_fields_or_by_its_id(straas: Any, name: str) -> None:
    account = straas()
    table, row = FOUND[name]
    account.platform.add(table, **row)
    called = "title" if "title" in row else "name"
    id = str(row["id"])
    assert found(account, name, **{called: row[called]}) == id
    assert found(account, name, id=row["id"]) == id
    assert found(account, name, id=id, **{called: row[called]}) == id
    lists = [key for key in account.calls if key.endswith(".list")]
    singles = [key for key in account.calls if key.endswith(".get")]
    assert len(lists) == 1, "one list serves all"
    assert len(singles) == (0 if name == "straas.category" else 1)
    for more in {"parent_id", "category_id", "live_id", "link"} & lookups[name].fields.keys():
        value = row["category"]["id"] if more == "category_id" else row[more]
        assert found(account, name, **{more: value}) == id


@pytest.mark.contract("S-137")
@pytest.mark.parametrize("name", FOUND)
def test_none_and_several_are_problems_that_list_the_candidates(straas: Any, name: str) -> None:
    account = straas()
    table, row = FOUND[name]
    account.platform.world[table].clear()
    called = "title" if "title" in row else "name"
    ids = [901, 902] if isinstance(row["id"], int) else ["abcdefg1", "abcdefg2"]
    for id in ids:
        account.platform.add(table, **{**row, "id": id})
    several = found(account, name, **{called: row[called]})
    assert isinstance(several, Problem)
    assert all(f"{id} (id {id}, {called} Café" in several.message for id in ids)
    none = found(account, name, **{called: "Cafe"})
    assert isinstance(none, Problem)
    assert all(str(id) in str(none.remedy) for id in ids)
    gone = found(account, name, id="none-such")
    assert isinstance(gone, Problem)


@pytest.mark.contract("S-131")
def test_the_default_category_is_found_as_such_and_names_need_not_be_unique(straas: Any) -> None:
    account = straas()
    account.platform.add("categories", id=2, name="Sport", parent_id=1)
    account.platform.add("categories", id=3, name="Sport", parent_id=2)
    assert found(account, "straas.category", default=True) == "1"
    assert found(account, "straas.category", name="Sport", parent_id=2) == "3"
    assert isinstance(found(account, "straas.category", name="Sport"), Problem)


@pytest.mark.contract("S-131", "S-134")
def test_a_category_may_be_given_by_its_own_fields(straas: Any) -> None:
    account = straas()
    account.platform.add("categories", id=2, name="Sport", parent_id=1)
    for id, category in (("abcdefg1", 1), ("abcdefg2", 2)):
        account.platform.add("videos", id=id, title="Final", category={"id": category})
    assert found(account, "straas.video", title="Final", category_id={"lookup": {"name": "Sport"}}) == "abcdefg2"
    assert found(account, "straas.category", parent_id={"lookup": {"default": True}}) == "2"


@pytest.mark.contract("S-173")
def test_names_are_compared_by_their_letters_however_these_are_composed(straas: Any) -> None:
    account = straas()
    account.platform.add("playlists", id="abcdefgh", title=unicodedata.normalize("NFD", "Café"))
    assert found(account, "straas.playlist", title=unicodedata.normalize("NFC", "Café")) == "abcdefgh"
    assert found(account, "straas.category", name="未分類") == "1"
    assert isinstance(found(account, "straas.playlist", title="café"), Problem)


@pytest.mark.contract("S-164", "S-58")
def test_what_a_row_lacks_is_no_reason_to_stumble(straas: Any) -> None:
    account = straas()
    account.sim.fail("live.list", status=200, body=[{"id": "a"}, {"id": "b", "title": "Derby", "category": None}])
    assert found(account, "straas.live", title="Derby") == "b"
