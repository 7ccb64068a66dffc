"""Lists of any length: what says how they go on, and what is never followed."""

from __future__ import annotations

from typing import Any

import pytest

from headend.core.model.errors import DecodeError
from headend.core.wire.client import Answer
from headend.core.wire.invoke import Request
from headend.straas.paging import turn_page
from headend.straas.platform import PLATFORM
from headend.straas.wire import TABLE

LIST = TABLE["category.list"]
LINK = '<http://example.org/x?page=1>; rel="first", <http://example.org/x?per_page=5&page=3>; rel="next"'


def rows(account: Any, count: int) -> list[str]:
    for n in range(1, count + 1):
        account.platform.add("ad_banners", id=n, name=f"banner {n}")
    return [str(n) for n in range(1, count + 1)]


@pytest.mark.contract("S-11", "S-12", "S-13", "S-14", "S-32", "S-137", "S-163", "S-182")
@pytest.mark.parametrize("paging", ["headers", "bare"])
@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_all_pages_are_read_once_for_all_that_ask(straas: Any, paging: str, count: int) -> None:
    account = straas(paging=paging)
    known = rows(account, count)
    first, second = account.run(account.api.listed("ad_banner.list"), account.api.listed("ad_banner.list"))
    assert [str(row["id"]) for row in first] == known
    assert first == second
    pages = max(1, -(-count // 100)) + (paging == "bare" and count in {100})
    asked = [dict(request.url.params) for request in account.requests[1:]]
    assert asked == [{"per_page": "100"} | ({"page": str(n)} if n > 1 else {}) for n in range(1, pages + 1)]


@pytest.mark.contract("S-32", "S-34", "S-36", "S-41", "S-44", "S-47")
@pytest.mark.parametrize(
    ("key", "table"),
    [
        *(("ad_banner.list", "ad_banners"), ("category.list", "categories"), ("live.list", "lives")),
        *(("order.list", "orders"), ("playlist.list", "playlists"), ("video.list", "videos")),
    ],
)
def test_every_list_has_all_that_there_is(straas: Any, key: str, table: str) -> None:
    account = straas()
    query = {"member_id": "viewer"} if key == "order.list" else {}
    for n in range(900, 1040):
        id = n if table in {"ad_banners", "categories"} else str(n)
        account.platform.add(table, id=id, customer={"member_id": "viewer"})
    found = account.run(account.api.listed(key, query))
    assert sorted(str(row["id"]) for row in found) == sorted(account.platform.world[table])
    assert account.calls.count(key) == 2


@pytest.mark.contract("S-15", "S-162")
def test_links_are_never_asked_as_they_stand(straas: Any) -> None:
    account = straas()
    rows(account, 150)
    account.run(account.api.listed("ad_banner.list", {"per_page": "60"}))
    assert {request.url.host for request in account.requests} == {"127.0.0.1"}
    assert {request.url.port for request in account.requests} == {1}
    assert [dict(request.url.params)["per_page"] for request in account.requests[1:]] == ["60"] * 3
    assert "followed_links" not in account.platform.world["counters"]


@pytest.mark.contract("S-14")
@pytest.mark.parametrize(
    ("query", "headers", "count", "page"),
    [
        ({}, {"link": LINK}, 5, "3"),
        ({"page": "2"}, {"link": '<http://h/?page=1>; rel="prev"', "total": "20", "per-page": "10"}, 10, None),
        ({}, {"link": "<http://h/?page=2>;rel=next"}, 1, "2"),
        ({}, {"link": "garbage", "total": "11", "per-page": "10"}, 10, "2"),
        ({"page": "2"}, {"total": "11", "per-page": "10"}, 1, None),
        ({"per_page": "5"}, {}, 5, "2"),
        ({"per_page": "5"}, {}, 4, None),
    ],
)
def test_the_link_comes_before_the_counts_and_these_before_full_pages(
    query: dict[str, str], headers: dict[str, str], count: int, page: str | None
) -> None:
    found = turn_page(LIST, Request(query=query), Answer(200, [{}] * count, headers, True))
    assert found == ({"page": page} if page else None)


@pytest.mark.contract("S-11", "S-14")
@pytest.mark.parametrize(
    "headers",
    [
        {"total": "x", "per-page": "10"},
        {"total": "11", "per-page": "ten"},
        {"link": '<http://h/?page=two>; rel="next"', "total": "20", "per-page": "10"},
        {"link": '<http://h/>; rel="next"'},
    ],
)
def test_a_count_or_a_next_page_that_nobody_can_read_does_not_end_the_list(headers: dict[str, str]) -> None:
    with pytest.raises(DecodeError):
        turn_page(LIST, Request(), Answer(200, [{}] * 5, headers, True))


@pytest.mark.contract("S-14")
def test_a_list_without_end_is_an_error(straas: Any) -> None:
    over = Answer(200, [{}], {"link": LINK, "total": "20", "per-page": "10"}, True)
    assert turn_page(LIST, Request(query={"page": "2"}), over) == {"page": "3"}  # one more than there can be is allowed
    with pytest.raises(DecodeError, match="page 3 of 20 items leads to another one"):
        turn_page(LIST, Request(query={"page": "3"}), over)
    account = straas()
    account.sim.fail("order.list", times=9, status=200, body=[{"id": n} for n in range(100)])
    with pytest.raises(DecodeError, match="again and again"):
        account.run(account.api.listed("order.list", {"member_id": "a"}))


@pytest.mark.contract("S-14")
def test_what_comes_on_two_pages_counts_once(straas: Any) -> None:
    account = straas()
    pages = [[{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], []]
    for page in pages:
        account.sim.fail("category.list", status=200, body=page)
    found = account.run(account.api.listed("category.list", {"per_page": "2"}))
    assert [row["id"] for row in found] == [1, 2, 3]


@pytest.mark.contract("S-14")
@pytest.mark.parametrize("body", [{"error": "?"}, {"categories": []}, "[]", [1], [{"name": "no id"}]])
def test_what_is_no_list_of_objects_is_an_error(straas: Any, body: Any) -> None:
    account = straas()
    account.sim.fail("category.list", status=200, body=body)
    with pytest.raises(DecodeError):
        account.run(account.api.listed("category.list"))


@pytest.mark.contract("S-11", "S-42")
def test_one_object_has_no_pages() -> None:
    answer = Answer(200, {"id": "x"}, {"link": LINK}, True)
    assert PLATFORM.turn_page is not None
    assert PLATFORM.turn_page(TABLE["playlist.get"], Request(), answer) is None
