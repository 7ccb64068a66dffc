"""Each operation as it leaves, whose answers are taken as documented, and what is said where they aren't."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from headend.cli.typed_values import fill_request
from headend.core.model.errors import (
    ApiError,
    Conflict,
    DecodeError,
    Forbidden,
    ForeignAnswer,
    InputError,
    NotFound,
    Refused,
    Unavailable,
)
from headend.core.wire.client import Client
from headend.core.wire.invoke import Request
from headend.core.wire.redaction import mask_keys
from headend.straas.platform import PLATFORM
from headend.straas.settings import StraasSettings
from headend.straas.wire import TABLE

ACCOUNT, MEMBER = "/api/v1/account", "/api/v1/member"
ROWS = [
    (31, "service_token.create", "POST", "/api/v1/service/token", "service"),
    (32, "ad_banner.list", "GET", f"{ACCOUNT}/ad_banners", "account"),
    (33, "ad_banner.get", "GET", f"{ACCOUNT}/ad_banners/{{id}}", "account"),
    (34, "category.list", "GET", f"{ACCOUNT}/categories", "account"),
    (35, "live.get", "GET", f"{ACCOUNT}/lives/{{id}}", "account"),
    (36, "live.list", "GET", f"{ACCOUNT}/lives", "account"),
    (37, "member.create", "POST", f"{ACCOUNT}/members", "account"),
    (38, "member.get", "GET", f"{ACCOUNT}/members/{{id}}", "account"),
    (39, "member_token.get", "GET", f"{ACCOUNT}/member_token", "account"),
    (40, "order.get", "GET", f"{ACCOUNT}/orders/{{id}}", "account"),
    (41, "order.list", "GET", f"{ACCOUNT}/orders", "account"),
    (42, "playlist.get", "GET", f"{ACCOUNT}/playlists/{{id}}", "account"),
    (43, "member_playlist.get", "GET", f"{MEMBER}/playlists/{{id}}", "member"),
    (44, "playlist.list", "GET", f"{ACCOUNT}/playlists", "account"),
    (45, "video.get", "GET", f"{ACCOUNT}/videos/{{id}}", "account"),
    (46, "member_video.get", "GET", f"{MEMBER}/videos/{{id}}", "member"),
    (47, "video.list", "GET", f"{ACCOUNT}/videos", "account"),
]
NESTED = {"id": 7, "name": "Sport", "parent_id": None, "default": False}
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ad_banner.get": (
        "ad_banners",
        {"id": 17, "name": "Spring", "image": {"url": None}, "link": "https://example.com"},
    ),
    "live.get": ("lives", {"id": "live-1", "title": "Derby", "thumbnail_set": {"update_at": "2016-07-19T03:41:28Z"}}),
    "member.get": ("members", {"id": "viewer", "email": "viewer@example.com", "membership": "vip"}),
    "order.get": ("orders", {"id": "o-1", "amount_cent": 990, "customer": {"member_id": "viewer"}}),
    "playlist.get": ("playlists", {"id": "BvDvzuxH", "title": "Best of", "ad_play_mode": "once"}),
    "video.get": ("videos", {"id": "MaRRu56A", "title": "Final", "privacy": "PUBLIC", "category": NESTED, "tags": []}),
}


@pytest.mark.contract(*(f"S-{number}" for number in range(31, 48)), "S-48", "S-160")
def test_the_table_has_every_operation_once_and_nothing_that_the_document_only_names() -> None:
    rows = [(int(r.number[2:]), r.key, r.method, r.path, r.role) for r in TABLE.values()]
    assert rows == ROWS
    assert not any("monetization" in row.path for row in TABLE.values())


@pytest.mark.contract("S-1", "S-160")
def test_prefixes_and_rows_can_be_moved_for_another_generation(straas: Any) -> None:
    rows = {"category.list": {"path": "/elsewhere/categories"}}
    account = straas({"account_prefix": "/api/v1/app/", "operations": rows})
    paths = {key: row.path for key, row in account.api.table.items()}
    assert paths["member.get"] == "/api/v1/app/members/{id}"
    assert paths["member_video.get"] == "/api/v1/member/videos/{id}"
    assert paths["service_token.create"] == "/api/v1/service/token"
    assert paths["category.list"] == "/elsewhere/categories"
    with pytest.raises(ValueError, match="must be a path"):
        StraasSettings(uid="u", secret="s", account_prefix="api?x=1")
    assert StraasSettings(uid="u", secret="s").url == "https://app.straas.net"
    with pytest.raises(InputError, match="must be https"):
        Client("http://app.straas.net", platform="straas")


@pytest.mark.contract(
    *("S-33", "S-35", "S-38", "S-40", "S-42", "S-45", "S-50", "S-51", "S-52", "S-53", "S-54", "S-55", "S-56", "S-57"),
    *("S-58", "S-163", "S-164", "S-167"),
)
@pytest.mark.parametrize("key", ANSWERS)
def test_one_object_is_read_without_page_parameters_and_kept_as_it_comes(straas: Any, key: str) -> None:
    account, (table, row) = straas(), ANSWERS[key]
    stored = account.platform.add(table, **row, unheard_of={"a": 1})
    assert account.run(account.api.single(key, str(row["id"]))) == stored
    asked = account.requests[-1]
    assert (asked.method, asked.content, asked.url.query) == ("GET", b"", b"")
    assert asked.url.path == f"/straas{TABLE[key].url({'id': str(row['id'])})}"
    missing = "none-such"
    assert account.run(account.api.single(key, missing)) is None


@pytest.mark.contract("S-167")
@pytest.mark.parametrize("key", sorted(ANSWERS.keys() - {"order.get"}))
def test_an_answer_about_another_object_is_refused_but_for_orders(straas: Any, key: str) -> None:
    account = straas()
    other: Any = 7 if key == "ad_banner.get" else "another"
    account.sim.fail("*.get", times=2, status=200, body={"id": other, "email": "viewer@example.com"})
    with pytest.raises(DecodeError, match=f"asked for wanted, the answer is about {other}"):
        account.run(account.api.single(key, "wanted"))
    account.sim.faults.clear()
    account.sim.fail("order.get", status=200, body={"id": "another"})
    assert account.run(account.api.single("order.get", "wanted")) == {"id": "another"}


@pytest.mark.contract("S-37")
def test_a_member_is_registered_with_id_and_email_and_nothing_else(straas: Any) -> None:
    account = straas()
    account.run(account.api.register("viewer", "viewer@example.com"))
    sent = account.requests[-1]
    assert (sent.method, sent.url.path) == ("POST", f"/straas{ACCOUNT}/members")
    assert json.loads(sent.content) == {"id": "viewer", "email": "viewer@example.com"}
    assert account.run(account.api.member("viewer")).membership == "free"


@pytest.mark.contract("S-6", "S-17", "S-20")
def test_requests_are_json_both_ways_without_cookies_or_conditions(straas: Any) -> None:
    account = straas()  # every answer sets a cookie, and has a tag
    account.run(account.api.listed("video.list", {"tag_ids": "1", "order_by": "create_time"}))
    account.run(account.api.listed("playlist.list"))
    for request in account.requests:
        assert request.headers["content-type"] == request.headers["accept"] == "application/json"
        assert not request.headers.keys() & {"cookie", "if-none-match"}
    assert "&amp;" not in str(account.requests[1].url)
    assert dict(account.requests[1].url.params) == {"per_page": "100", "tag_ids": "1", "order_by": "create_time"}


@pytest.mark.contract("S-18")
@pytest.mark.parametrize(("id", "sent"), [("a@b.c", "a%40b.c"), ("a/b?c", "a%2Fb%3Fc"), ("名", "%E5%90%8D")])
def test_ids_are_one_segment_whatever_is_in_them(straas: Any, id: str, sent: str) -> None:
    account = straas()
    account.platform.add("members", id=id, email="viewer@example.com")
    assert account.run(account.api.member(id)).id == id
    assert account.requests[-1].url.raw_path == f"/straas{ACCOUNT}/members/{sent}".encode()


@pytest.mark.contract("S-18")
@pytest.mark.parametrize("id", ["", ".", "..", "a\nb"])
def test_ids_that_are_none_are_refused(straas: Any, id: str) -> None:
    account = straas()
    with pytest.raises(InputError, match="must be a non-empty id"):
        account.run(account.api.member(id))


@pytest.mark.contract("S-19")
def test_texts_stay_texts_and_ids_what_they_are(straas: Any) -> None:
    account = straas()
    paid = {"trade_number": "t", "processed_at": "Thu, 23 Jun 2016 08:56:13 UTC +00:00"}
    account.platform.add("orders", id="o-1", transaction=paid)
    assert account.run(account.api.single("order.get", "o-1"))["transaction"] == paid
    account.platform.add("ad_banners", id=17, name="Spring")
    assert account.run(account.api.single("ad_banner.get", "17"))["id"] == 17


@pytest.mark.contract("S-8")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "JWT malformed"}, "JWT malformed"),
        ({"error": {"message": "Unauthorized resource"}}, "Unauthorized resource"),
        ({"message": "Retry later"}, "Retry later"),
        ({"errors": ["?"]}, "{'errors': ['?']}"),
        (b"plain text", "plain text"),
        (b"x" * 190 + b" canary-secret", "x" * 190 + " (secret)"),
    ],
)
def test_an_error_body_is_read_by_its_usual_names(straas: Any, body: Any, said: str) -> None:
    account = straas()
    account.api.client.redactor.add("canary-secret")
    account.sim.fail("category.list", status=422, body=body)
    with pytest.raises(Refused) as caught:
        account.run(account.api.listed("category.list"))
    assert str(caught.value).endswith(f"answered 422: {said}")


@pytest.mark.contract("S-9")
@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((400, Refused), (403, Forbidden), (404, NotFound), (409, Conflict), (422, Refused), (423, Refused)),
        *((429, Unavailable), (500, Unavailable)),
    ],
)
def test_an_error_status_is_an_error_of_its_own(straas: Any, status: int, error: type[ApiError]) -> None:
    account = straas()
    account.sim.fail("category.list", times=99, status=status)
    with pytest.raises(error):
        account.run(account.api.listed("category.list"))


@pytest.mark.contract("S-10", "S-184")
def test_reads_are_repeated_as_the_platform_asks_and_four_are_in_flight(straas: Any) -> None:
    account = straas()
    account.sim.fail("member.get", status=429, headers={"Retry-After": "7"})
    account.sim.fail("member.get", status=503)
    account.sim.fail("member.get", drop="after")
    assert account.run(account.api.member("a")) is None
    assert account.waits[0] == pytest.approx(7, abs=0.1)
    assert account.calls.count("member.get") == 4
    account.sim.latency = 0.01
    account.sim.reset_journal()
    account.run(*(account.api.member(f"m-{n}") for n in range(20)))
    assert account.sim.peak == 4


@pytest.mark.contract("S-105", "S-184")
@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "<html>Not Found</html>"), (404, b""), (404, {"path": "/x"}), (200, "OK"), (200, [])],
)
def test_only_the_platforms_own_words_say_that_something_is_gone(straas: Any, status: int, body: Any) -> None:
    account = straas()
    account.sim.fail("member.get", status=status, body=body)
    with pytest.raises(ForeignAnswer if status == 404 else DecodeError):
        account.run(account.api.member("a"))


def test_where_no_straas_is_nothing_is_gone_either() -> None:
    """A wrong address shows at the first call, which gets the token."""

    async def nothing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"error": "Not Found"})

    async def ask() -> Any:
        settings = StraasSettings(url="https://example.com/elsewhere", uid="u", secret="s")
        async with Client(settings.url, platform="straas", transport=httpx.MockTransport(nothing)) as client:
            return await PLATFORM.connect(settings, client).member("a")

    with pytest.raises(DecodeError, match=r"is https://example.com/elsewhere a Straas API\? \(HEADEND_STRAAS_URL\)"):
        asyncio.run(ask())


@pytest.mark.contract("S-16", "S-171")
def test_lists_of_ids_and_words_are_one_parameter_with_commas(straas: Any) -> None:
    account = straas()
    given = [("ids", "b"), ("ids", "a"), ("category_ids", "[1, 2]")]
    request = fill_request(account.api.table, TABLE["video.list"], given)
    account.run(PLATFORM.invoke(account.api, account.api.table["video.list"], request, None))
    assert account.requests[-1].url.query == b"per_page=100&ids=b%2Ca&category_ids=1%2C2"


@pytest.mark.contract("S-53", "S-135", "S-136")
def test_persons_payments_and_stream_keys_are_shown_nowhere() -> None:
    order = {"id": "o-1", "customer": {"member_email": "a@b"}, "transaction": {"credit_card_number": "1"}}
    assert mask_keys(order, PLATFORM.hidden) == {"id": "o-1", "customer": "(secret)", "transaction": "(secret)"}
    assert mask_keys({"email": "a@b", "stream_key": "k", "membership": "vip"}, PLATFORM.hidden) == {
        "email": "(secret)",
        "stream_key": "(secret)",
        "membership": "vip",
    }


@pytest.mark.contract("S-40", "S-41", "S-136", "S-183")
def test_orders_come_with_all_there_is_to_them_unless_less_is_asked_for(straas: Any) -> None:
    account, row = straas(), TABLE["order.list"]
    account.platform.add("orders", id="o-1", customer={"member_id": "viewer"}, line_item={"id": 1})
    account.platform.add("orders", id="o-2", customer={"member_id": "other"})

    def asked(**query: Any) -> Any:
        return account.run(PLATFORM.invoke(account.api, row, Request(query=query), None)).body

    (order,) = asked(member_id="viewer")
    assert account.requests[-1].url.query == b"per_page=100&includes=line_item%2Ctransaction&member_id=viewer"
    assert order["line_item"] == {"id": 1}
    (order,) = asked(member_id="viewer", includes="transaction")
    assert "line_item" not in order
    for wrong in ({}, {"member_id": "viewer", "includes": ["customer"]}):
        with pytest.raises(Refused):
            asked(**wrong)


@pytest.mark.contract("S-48", "S-110", "S-111", "S-140")
def test_the_reference_says_what_is_not_managed_and_why() -> None:
    assert {number for number in ("S-48", "S-110", "S-111", "S-140") if number in str(PLATFORM.not_managed)} == {
        *("S-48", "S-110", "S-111", "S-140")
    }
    named = {key.strip("`") for text in PLATFORM.not_managed.values() for key in text.split() if key.startswith("`")}
    assert {key.strip("`,") for key in named} <= set(TABLE)


@pytest.mark.contract("S-47", "S-134")
def test_many_videos_take_a_request_for_each_hundred(straas: Any) -> None:
    account, row = straas(), TABLE["video.list"]
    for n in range(250):
        account.platform.add("videos", id=f"v{n:07}", title=str(n))
    ids = [f"v{n:07}" for n in range(0, 250)] + ["gone0000"]
    answer = account.run(PLATFORM.invoke(account.api, row, Request(query={"ids": ids}), None))
    assert sorted(video["id"] for video in answer.body) == ids[:250]
    assert account.calls.count("video.list") == 3
    assert PLATFORM.turn_page is not None
    assert PLATFORM.turn_page(row, Request(), answer) is None
