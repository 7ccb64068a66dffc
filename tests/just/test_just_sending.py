"""How requests leave: encodings, and verbs and routes that are found out once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from just_calls import CALLS, MAIL, Wire, act, daily, mark, run, subscribe, unsubscribe
from just_engine import JUID

from headend.core.model.errors import NotFound, Refused
from headend.core.wire.invoke import Request
from headend.just.settings import JustSettings
from headend.just.wire import FORMS, TABLE


# --- what a request looks like ---------------------------------------------------------------------------------
@pytest.mark.contract("J-1", "J-5")
def test_all_paths_are_the_documents_to_the_last_slash() -> None:
    assert [(op.number, op.method, op.path.removeprefix("/api/user/v1")) for op in TABLE.values()] == [
        ("E1", "POST", "/subscription/create/profile"),
        ("E2", "POST", "/subscription/subscribe/email"),
        ("E3", "POST", "/subscription/subscribe/sms"),
        ("E4", "PUT", "/subscription/unsubscribe/email"),
        ("E5", "PUT", "/subscription/unsubscribe/sms"),
        ("E6", "PUT", "/subscription/update/utm-metric/channel/{channel}"),
        ("E7", "POST", "/action/"),
        ("E8", "GET", "/info/segment/"),
        ("E9", "GET", "/stat/get-count-refid/{channel}"),
        ("E10", "GET", "/stat/stat-by-refid/channel/{channel}"),
    ]
    (first,) = run(Wire((200, "Request accepted")), act)
    assert str(first.url) == "https://api.justservices.cc/api/user/v1/action/"
    (first,) = run(Wire((200, "Request accepted")), act, url="https://example.com/just/")
    assert str(first.url) == "https://example.com/just/api/user/v1/action/"


MADE = "de6f0132ea9e412599ae31262c45633b"


@pytest.mark.contract("J-2", "J-4")
def test_every_request_has_the_token_in_its_header_alone_and_no_cookie() -> None:
    answers = {"profile.create": MADE, "utm_metric.update": "Metrics updated", "action.create": "Request accepted"}
    answers |= {"segment.list": "[]", "refid.count": "[]", "refid.daily": "[]"}
    wire = Wire(*((200, answers.get(key, "")) for key in CALLS))
    sent = run(wire, *CALLS.values())
    assert len(sent) == len(TABLE)
    for request in sent:
        assert request.headers["x-auth-token"] == "T" * 31
        assert "cookie" not in request.headers
        assert "T" * 31 not in str(request.url) + request.content.decode()
    assert "T" * 31 not in repr(JustSettings(token="T" * 31))


@pytest.mark.contract("J-6", "J-8")
def test_post_is_multipart_without_file_names_and_put_is_urlencoded() -> None:
    post, put = run(Wire((200, ""), (200, "")), subscribe, unsubscribe)
    assert post.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="refid"\r\n\r\nä b\r\n' in post.content.decode()
    assert "filename" not in post.content.decode()
    assert put.headers["content-type"] == "application/x-www-form-urlencoded"
    assert put.content == b"juid=known-juid-0001&email=a%40example.com"


@pytest.mark.contract("J-6")
def test_spaces_in_a_query_are_not_plus_signs() -> None:
    (asked,) = run(Wire((200, "{}")), daily)
    assert asked.url.query == b"start=2020-08-11%2020%3A38%3A49&end=2020-11-29%2000%3A27%3A52"
    assert asked.content == b""


@pytest.mark.contract("J-7")
def test_a_profile_without_attributes_has_an_empty_body() -> None:
    (made,) = run(Wire((200, MADE)), lambda api: api.create_profile({}))
    assert (made.content, made.headers["content-length"]) == (b"", "0")
    assert "content-type" not in made.headers


@pytest.mark.contract("J-5", "J-54")
@pytest.mark.parametrize("key", CALLS)
@pytest.mark.parametrize("status", [301, 302, 308])
def test_no_redirect_is_followed_on_any_route(key: str, status: int) -> None:
    wire = Wire((status, ""))
    with pytest.raises(Refused, match="redirects are not followed"):
        run(wire, CALLS[key])
    assert len(wire.sent) == 1


@pytest.mark.contract("J-9")
def test_two_requests_are_in_flight_and_one_for_one_person_or_address(just: Callable[..., Any]) -> None:
    box = just()
    box.sim.latency = 0.01
    peaks = []

    async def go() -> None:
        await asyncio.gather(*(box.api.act({"juid": JUID, "tags": "1", "label": f"{n}"}) for n in range(4)))
        peaks.append(box.sim.peak)
        marks = ("A@example.com", "a@EXAMPLE.com", "a@example.com")
        await asyncio.gather(*(box.api.mark("email", address, {"refid": "r"}) for address in marks))
        peaks.append(box.sim.peak)
        await asyncio.gather(*(box.api.create_profile({}) for _ in range(6)))
        peaks.append(box.sim.peak)

    asyncio.run(go())
    assert peaks == [1, 1, 2]


# --- forms that are found out ----------------------------------------------------------------------------------
@pytest.mark.contract("J-6", "J-53")
def test_put_that_reads_nothing_but_multipart_is_found_out_once(just: Callable[..., Any]) -> None:
    box = just(put_multipart="only")

    async def go() -> None:
        await subscribe(box.api)
        await unsubscribe(box.api)
        await unsubscribe(box.api)
        await mark(box.api)

    asyncio.run(go())
    assert box.calls == ["email.subscribe", *["email.unsubscribe"] * 3, "utm_metric.update"]
    assert box.world("subscriptions") == {}


@pytest.mark.contract("J-6")
@pytest.mark.parametrize(("encoding", "calls"), [("urlencoded", 1), ("multipart", 1), ("auto", 2)])
def test_a_setting_says_how_put_is_written(just: Callable[..., Any], encoding: str, calls: int) -> None:
    box = just({"put_encoding": encoding}, put_multipart="only")
    if encoding == "urlencoded":
        with pytest.raises(Refused, match="put_encoding"):
            asyncio.run(unsubscribe(box.api))
    else:
        asyncio.run(unsubscribe(box.api))
    assert len(box.calls) == calls


@pytest.mark.contract("J-21", "J-53")
@pytest.mark.parametrize(
    ("verb", "method", "routes"),
    [
        ("PUT", "auto", ["PUT", "PUT"]),
        ("POST", "auto", ["PUT", "POST", "POST"]),
        ("both", "auto", ["PUT", "PUT"]),
        ("POST", "POST", ["POST", "POST"]),
        ("both", "POST", ["POST", "POST"]),
    ],
)
def test_the_verb_that_unsubscribes_is_found_out_once(
    just: Callable[..., Any], verb: str, method: str, routes: list[str]
) -> None:
    box = just({"unsubscribe_method": method}, unsubscribe_verb=verb)

    async def go() -> None:
        await subscribe(box.api)
        await unsubscribe(box.api)
        await box.api.unsubscribe("sms", JUID, "4315550017")

    asyncio.run(go())
    assert [entry.method for entry in box.sim.journal][1:] == routes
    assert box.world("subscriptions") == {}


@pytest.mark.contract("J-21")
@pytest.mark.parametrize(
    ("status", "body", "setting"), [(404, "", "auto"), (200, "User not found", "auto"), (405, "", "PUT")]
)
def test_only_a_405_changes_the_verb_and_only_if_it_may(
    just: Callable[..., Any], status: int, body: str, setting: str
) -> None:
    box = just({"unsubscribe_method": setting})
    box.sim.fail("email.unsubscribe", status=status, body=body.encode())
    if body:
        asyncio.run(unsubscribe(box.api))
    else:
        with pytest.raises(Refused, match="is the url right"):
            asyncio.run(unsubscribe(box.api))
    assert [entry.method for entry in box.sim.journal] == ["PUT"]


@pytest.mark.contract("J-22")
def test_no_form_of_unsubscribing_leads_to_a_subscribe_route() -> None:
    for key in ("email.unsubscribe", "sms.unsubscribe"):
        assert all("/unsubscribe/" in op.path for op in (TABLE[key], *FORMS[key]))


@pytest.mark.contract("J-23", "J-53")
@pytest.mark.parametrize(
    ("switch", "routes"),
    [
        ("segment", ["GET /info/segment/"] * 2),
        ("segments", ["GET /info/segment/", "GET /info/segments/", "GET /info/segments/"]),
        ("post", ["GET /info/segment/", "GET /info/segments/", "POST /info/segments/", "POST /info/segments/"]),
    ],
)
def test_the_route_of_segments_is_found_out_once(just: Callable[..., Any], switch: str, routes: list[str]) -> None:
    box = just(segments_route=switch)

    async def go() -> list[Any]:
        asked = [await box.api.read("segment.list", Request({}, {"juid": JUID})) for _ in range(2)]
        return [answer.body for answer in asked]

    assert asyncio.run(go()) == [[35, 36]] * 2
    assert box.routes == routes


@pytest.mark.contract("J-23")
def test_an_answer_of_the_call_itself_is_no_missing_route(just: Callable[..., Any]) -> None:
    box = just()
    box.sim.fail("segment.list", status=404, body=b"JUID not found")
    with pytest.raises(NotFound):
        asyncio.run(box.api.read("segment.list", Request({}, {"juid": JUID})))
    assert len(box.calls) == 1


@pytest.mark.contract("J-23", "J-24", "J-53")
@pytest.mark.parametrize("route", ["stat", "info"])
@pytest.mark.parametrize("empty", ["list", "object"])
def test_daily_counts_come_from_either_route(just: Callable[..., Any], route: str, empty: str) -> None:
    box = just(daily_route=route, empty_results=empty)
    assert asyncio.run(daily(box.api)).body == {}
    assert len(box.sim.journal) == (1 if route == "stat" else 2)


@pytest.mark.contract("J-28", "J-53", "J-55")
@pytest.mark.parametrize(
    ("form", "setting", "calls"),
    [("plain", "auto", 2), ("wrapped", "auto", 3), ("both", "auto", 2), ("wrapped", "wrapped", 2)],
)
def test_the_form_of_marks_is_found_out_once(just: Callable[..., Any], form: str, setting: str, calls: int) -> None:
    box = just({"utm_data_form": setting}, utm_data=form)

    async def go() -> None:
        await mark(box.api)
        await mark(box.api)

    asyncio.run(go())
    assert box.calls == ["utm_metric.update"] * calls
    assert box.world("marks") == {f"email/{MAIL}": {"refid": "ä b"}}


@pytest.mark.contract("J-28", "J-54")
@pytest.mark.parametrize(("setting", "calls"), [("auto", 2), ("plain", 1), ("wrapped", 1)])
def test_marks_that_are_refused_in_every_form_are_an_error(just: Callable[..., Any], setting: str, calls: int) -> None:
    box = just({"utm_data_form": setting})
    box.sim.fail("utm_metric.update", status=200, body=b"Invalid data", times=9)
    with pytest.raises(Refused, match="Invalid data"):
        asyncio.run(mark(box.api))
    assert len(box.calls) == calls


@pytest.mark.contract("J-27", "J-28", "J-29", "J-30", "J-31")
@pytest.mark.parametrize(
    ("channel", "address", "data"),
    [
        ("email", "Ä@example.com", '{"email":"Ä@example.com","refid":"2","refidm":"m"}'),
        ("sms", "+99 988800066", '{"number":99988800066,"refid":"2","refidm":"m"}'),
        ("sms", "0999 888 00", '{"number":"099988800","refid":"2","refidm":"m"}'),
    ],
)
def test_marks_are_one_compact_json_object_with_the_channels_address_alone(
    channel: Any, address: str, data: str
) -> None:
    wire = Wire((200, "Metrics updated"))
    (sent,) = run(wire, lambda api: api.mark(channel, address, {"refid": "2", "refidm": "m"}))
    assert sent.url.path.endswith(f"/utm-metric/channel/{channel}")
    assert dict(httpx.QueryParams(sent.content.decode())) == {"data": data}
    assert json.loads(data).keys() == {"email" if channel == "email" else "number", "refid", "refidm"}
