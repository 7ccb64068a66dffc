"""The simulator itself: strict where the contract is, and a switch where it leaves things open."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from headend.core.wire.registry import platforms
from headend.simulator import Simulator
from headend.simulator.base import CREDENTIALS
from headend.simulator.straas import FOREIGN, StraasSim

LOGIN = {
    "uid": CREDENTIALS["straas"]["HEADEND_STRAAS_UID"],
    "secret": CREDENTIALS["straas"]["HEADEND_STRAAS_SECRET"],
    "type": "account_service",
}
JSON = {"content-type": "application/json"}
A = "/api/v1/account"


class Caller:
    """A client that knows nothing of headend's, with a service token unless told otherwise."""

    def __init__(self, **switches: Any) -> None:
        self.sim = Simulator({"straas": switches}, classes=[StraasSim])
        self.token = ""
        self.token = self("POST", "/api/v1/service/token", json=LOGIN).json()["token"]

    @property
    def platform(self) -> StraasSim:
        found = self.sim.sims["straas"]
        assert isinstance(found, StraasSim)
        return found

    def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str] = {}, token: str | None = None, json: Any = None
    ) -> httpx.Response:
        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.sim.transport(), base_url="http://sim/straas") as client:
                given = self.token if token is None else token
                auth = {"authorization": f"Bearer {given}"} if given else {}
                return await client.request(method, path, headers={**JSON, **auth, **headers}, json=json)

        return asyncio.run(go())

    def get(self, path: str, **more: Any) -> Any:
        answer = self("GET", A + path, **more)
        return answer.json() if answer.status_code == 200 else answer.status_code


def said(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["error"]


# --- tokens and what holds for every request -------------------------------------------------------------------
@pytest.mark.contract("S-3", "S-4", "S-31", "S-180")
def test_a_token_is_a_jwt_that_tells_its_end() -> None:
    caller = Caller()
    head, middle, _ = (json.loads(base64.urlsafe_b64decode(p + "==")) for p in [*caller.token.split(".")[:2], "e30"])
    assert head == {"typ": "JWT", "alg": "HS256"}
    assert set(middle) == {"app_id", "exp"}
    assert caller.sim.writes() == []


@pytest.mark.contract("S-180")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (LOGIN | {"uid": "x"}, 401),
        (LOGIN | {"secret": "x"}, 401),
        (LOGIN | {"type": "x"}, 422),
        (LOGIN | {"more": "x"}, 422),
        ({"uid": "x", "secret": "x"}, 422),
        (LOGIN | {"type": "internal_service"}, 201),
    ],
)
def test_tokens_are_for_those_who_know_uid_and_secret(body: Any, status: int) -> None:
    assert Caller()("POST", "/api/v1/service/token", json=body, token="").status_code == status


@pytest.mark.contract("S-180", "S-168")
def test_every_call_needs_the_token_of_its_kind() -> None:
    caller = Caller()
    caller.platform.add("members", id="viewer", email="viewer@example.com")
    caller.platform.add("videos", id="abcdefgh")
    member = caller.get("/member_token?member_id=viewer")["token"]
    video = "/api/v1/member/videos/abcdefgh"
    assert caller("GET", video, token=member).status_code == 200
    assert said(caller("GET", video)) == (401, "Unauthorized")
    assert said(caller("GET", f"{A}/videos", token=member)) == (401, "Unauthorized")
    assert said(caller("GET", f"{A}/videos", token="a.b.c")) == (401, "JWT malformed")
    assert said(caller("GET", f"{A}/videos", token="")) == (401, "Unauthorized")
    caller.platform.set_switch("token_calls", 1)
    assert said(caller("GET", f"{A}/videos")) == (401, "JWT expired")
    assert Caller(token_ttl=0).get("/videos") == 401
    assert caller("POST", "/api/v1/service/token", json=LOGIN).status_code == 400, "no token is taken where one is got"


@pytest.mark.contract("S-6", "S-15")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"cookie": "session=x"}, 400),
        ({"cookie": ""}, 200),
        ({"content-type": "text/plain"}, 400),
        ({"host": FOREIGN}, 500),
    ],
)
def test_cookies_other_types_and_followed_links_are_refused(headers: dict[str, str], status: int) -> None:
    caller = Caller()
    assert caller("GET", f"{A}/categories", headers=headers).status_code == status
    assert caller.platform.world["counters"].get("followed_links", 0) == (status == 500)


@pytest.mark.contract("S-48", "S-107")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((verb, "/members/viewer") for verb in ("PUT", "PATCH", "DELETE")),
        *(("GET", "/monetization_rules"), ("POST", "/orders"), ("GET", "/members")),
    ],
)
def test_what_the_document_has_no_section_for_is_not_found(method: str, path: str) -> None:
    caller = Caller()
    caller.platform.add("members", id="viewer", email="viewer@example.com")
    assert said(caller(method, A + path)) == (404, "Not Found")
    assert caller.platform.world["counters"].get("wrong_methods", 0) == (path != "/monetization_rules")


@pytest.mark.contract("S-8", "S-9", "S-20")
def test_errors_look_as_the_switch_says_and_every_answer_has_a_tag_and_a_date() -> None:
    missing = Caller()("GET", f"{A}/videos/x")
    assert said(missing) == (404, "Couldn't find Video with 'id'=x")
    assert {"etag", "date", "set-cookie"} <= set(missing.headers)
    assert said(Caller(errors="object")("GET", f"{A}/videos/x"))[1] == {"message": "Couldn't find Video with 'id'=x"}


# --- members ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-37", "S-103", "S-181")
def test_members_are_registered_once_strictly() -> None:
    caller, body = Caller(), {"id": "viewer", "email": "viewer@gmail.com"}
    for wrong in ({"id": "viewer"}, {"email": "a@b"}, body | {"name": "x"}, body | {"id": 1}, []):
        assert caller("POST", f"{A}/members", json=wrong).status_code == 422
    made = caller("POST", f"{A}/members", json=body)
    assert (made.status_code, made.json()) == (201, body)
    assert caller.get("/members/viewer") == body | {"membership": "free"}
    assert caller("POST", f"{A}/members", json=body | {"email": "x@y"}).status_code == 409
    assert caller.get("/members/viewer")["email"] == body["email"]
    for switch, status, email in (("invalid", 422, body["email"]), ("updated", 201, "x@y")):
        caller.platform.set_switch("duplicate", switch)
        assert caller("POST", f"{A}/members", json=body | {"email": "x@y"}).status_code == status
        assert caller.get("/members/viewer")["email"] == email
    typing = Caller(echo_typo=True)
    assert typing("POST", f"{A}/members", json=body).json()["email"] != body["email"]
    assert typing.get("/members/viewer")["email"] == body["email"]


# --- lists -----------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-11", "S-12", "S-13", "S-182")
def test_pages_are_counted_and_linked_and_no_larger_than_a_hundred() -> None:
    caller = Caller()
    for n in range(1, 26):
        caller.platform.add("ad_banners", id=n, name=f"banner {n}")
    first = caller("GET", f"{A}/ad_banners")
    assert [row["id"] for row in first.json()] == list(range(1, 11))
    assert (first.headers["total"], first.headers["per-page"]) == ("25", "10")
    rels = {page: caller("GET", f"{A}/ad_banners?page={page}").links for page in (1, 2, 3)}
    assert [set(rels[page]) for page in (1, 2, 3)] == [
        {"last", "next"},
        {"first", "prev", "last", "next"},
        {"first", "prev"},
    ]
    assert rels[1]["next"]["url"] == f"http://{FOREIGN}/straas{A}/ad_banners?page=2"
    assert caller("GET", f"{A}/ad_banners?per_page=500").headers["per-page"] == "100"
    assert "link" not in caller("GET", f"{A}/ad_banners?per_page=25").headers
    assert caller.get("/ad_banners?page=9") == []
    for wrong in ("page=0", "per_page=0", "page=x", "page=-1", "sort=name"):
        assert caller.get(f"/ad_banners?{wrong}") == 422
    bare = Caller(paging="bare")("GET", f"{A}/categories")
    assert not {"total", "per-page", "link"} & set(bare.headers)


@pytest.mark.contract("S-47", "S-171", "S-182")
def test_videos_are_filtered_and_ordered() -> None:
    caller = Caller()
    made = ("2016-07-19T03:00:00Z", "2016-07-17T03:00:00Z", "2016-07-18T03:00:00Z")
    for id, at, category in zip("abc", made, (1, 2, 2), strict=True):
        caller.platform.add("videos", id=id, created_at=at, category={"id": category}, tags=[{"id": ord(id)}])

    def ids(query: str) -> str:
        return "".join(row["id"] for row in caller.get(f"/videos?{query}"))

    assert ids("") == "abc"
    assert ids("order_by=create_time") == "bca"
    assert ids("ids=c%2Ca%2Cx") == "ac"
    assert ids("category_ids=2") == "bc"
    assert ids("tag_ids=97%2C99&category_ids=2") == "c"
    assert caller.get("/videos?order_by=title") == 422


@pytest.mark.contract("S-41", "S-183")
def test_orders_are_those_of_a_member() -> None:
    caller = Caller()
    caller.platform.add("orders", id="o-1", customer={"member_id": "viewer"}, transaction={"trade_number": "t"})
    answer = caller("GET", f"{A}/orders?member_id=viewer")
    assert not {"total", "per-page", "link"} & set(answer.headers)
    assert [set(row) & {"line_item", "transaction"} for row in answer.json()] == [set()]
    included = caller.get("/orders?member_id=viewer&includes=line_item%2Ctransaction")
    assert included[0]["transaction"] == {"trade_number": "t"}
    assert caller.get("/orders") == caller.get("/orders?member_id=viewer&includes=x") == 422


@pytest.mark.contract("S-43", "S-46")
@pytest.mark.parametrize("status", [401, 403])
def test_a_member_sees_only_what_it_may_and_no_account(status: int) -> None:
    caller = Caller(unauthorized=status)
    caller.platform.add("members", id="viewer", email="viewer@example.com")
    caller.platform.add("playlists", id="abcdefgh")
    token = caller.get("/member_token?member_id=viewer")["token"]
    seen = caller("GET", "/api/v1/member/playlists/abcdefgh", token=token)
    assert "account_id" not in seen.json()
    caller.platform.world["restricted"].append("abcdefgh")
    refused = caller("GET", "/api/v1/member/playlists/abcdefgh", token=token)
    assert said(refused) == (status, "Unauthorized resource")
    assert caller.get("/member_token") == 422
    assert caller.get("/member_token?member_id=nobody") == 404


@pytest.mark.contract("S-184")
@pytest.mark.parametrize(
    ("fault", "status"), [({"status": 429, "headers": {"Retry-After": "3"}}, 429), ({"status": 500}, 500)]
)
def test_failures_can_be_asked_for_and_every_call_is_counted(fault: Any, status: int) -> None:
    caller = Caller()
    caller.sim.fail("category.list", **fault)
    assert [caller("GET", f"{A}/categories").status_code for _ in range(2)] == [status, 200]
    caller.sim.fail("category.list", status=200, body=b"<html>")
    with pytest.raises(ValueError, match="Expecting value"):
        caller("GET", f"{A}/categories").json()
    caller.sim.fail("member.create", drop="after")
    with pytest.raises(httpx.ReadError):
        caller("POST", f"{A}/members", json={"id": "viewer", "email": "viewer@example.com"})
    assert caller.get("/members/viewer")["id"] == "viewer"
    keys = [entry.key for entry in caller.sim.journal]
    assert (keys.count("category.list"), keys.count("member.create")) == (3, 1)


@pytest.mark.contract("S-50", "S-51", "S-52", "S-53", "S-54", "S-55", "S-56", "S-57", "S-164")
def test_rows_have_what_the_samples_show() -> None:
    caller = Caller()
    for table in ("ad_banners", "categories", "lives", "members", "orders", "playlists", "videos"):
        caller.platform.add(table, id=77, lives_count=0)
    rows = {table: caller.platform.world[table]["77"] for table in caller.platform.world if table in SHAPES}
    for table, names in SHAPES.items():
        assert set(names.split()) <= set(rows[table]), table
    assert "url" not in rows["ad_banners"]
    assert "listed" not in rows["videos"]
    assert set(caller.platform.handlers) == set(platforms()["straas"].table)


SHAPES = {
    "ad_banners": "id account_id name image link created_at updated_at",
    "categories": "id default name description videos_count lives_count parent_id created_at updated_at",
    "lives": "id account_id title synopsis listed available full_hd_enabled cover_url thumbnail_set category videos",
    "members": "id email membership",
    "orders": "id amount_cent amount_currency customer line_item transaction",
    "playlists": "id account_id title synopsis videos_count poster_url embed_url user ad_tag ad_play_mode",
    "videos": "id account_id title public accomplished duration resolution privacy metadata download_urls tags live_id",
}
