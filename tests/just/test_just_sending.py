"""How requests leave: encodings, verbs and routes that are found out once, and repeats that can't hurt a person."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from just_engine import JUID

from headend.core.errors import Ambiguous, ApiError, Forbidden, NotFound, Refused, Unavailable, Unreachable
from headend.core.invoke import Request
from headend.just.api import Just
from headend.just.settings import JustSettings
from headend.just.wire import FORMS, HARMLESS, TABLE
from headend.transport import Client

Call = Callable[[Just], Awaitable[Any]]
MAIL = "a@example.com"


def subscribe(api: Just) -> Awaitable[Any]:
    return api.subscribe("email", JUID, MAIL, {"refid": "ä b"})


def unsubscribe(api: Just) -> Awaitable[Any]:
    return api.unsubscribe("email", JUID, MAIL)


def mark(api: Just) -> Awaitable[Any]:
    return api.mark("email", MAIL, {"refid": "ä b"})


def act(api: Just) -> Awaitable[Any]:
    return api.act({"juid": JUID, "tags": "1,2", "label": "login"})


def daily(api: Just) -> Awaitable[Any]:
    query = {"start": "2020-08-11 20:38:49", "end": "2020-11-29 00:27:52"}
    return api.read("refid.daily", Request({"channel": "sms"}, query))


def create(api: Just) -> Awaitable[Any]:
    return api.create_profile({"name": "Bob Ä"})


CALLS: dict[str, Call] = {
    "profile.create": create,
    "email.subscribe": subscribe,
    "sms.subscribe": lambda api: api.subscribe("sms", JUID, "+43 1 555 0017", {}),
    "email.unsubscribe": unsubscribe,
    "sms.unsubscribe": lambda api: api.unsubscribe("sms", JUID, "+43 1 555 0017"),
    "utm_metric.update": mark,
    "action.create": act,
    "segment.list": lambda api: api.has_profile(JUID),
    "refid.count": lambda api: api.read("refid.count", Request({"channel": "sms"}, {"startDate": "1", "endDate": "2"})),
    "refid.daily": daily,
}


class Wire:
    """Keeps what leaves, and answers it as told."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.sent.append(request)
        status, body = self.answers.pop(0) if self.answers else (200, "")
        return httpx.Response(status, text=body, headers={"set-cookie": "device_view=full", "location": "/elsewhere"})


def run(wire: Wire, *calls: Call, **settings: Any) -> list[httpx.Request]:
    """What the calls sent, one after another in one session."""
    made = JustSettings(**{"token": "T" * 31, **settings})

    async def go() -> None:
        async with Client(made.url, platform="just", transport=httpx.MockTransport(wire)) as client:
            api = Just(made, client, sleep=lambda _: asyncio.sleep(0))
            for call in calls:
                await call(api)

    asyncio.run(go())
    return wire.sent


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


@pytest.mark.contract("J-2", "J-4")
def test_every_request_has_the_token_in_its_header_alone_and_no_cookie() -> None:
    answers = {"profile.create": JUID, "utm_metric.update": "Metrics updated", "action.create": "Request accepted"}
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
    (made,) = run(Wire((200, JUID)), lambda api: api.create_profile({}))
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


# --- repeats ---------------------------------------------------------------------------------------------------
ONCE = [key for key in CALLS if key not in HARMLESS]
AGAIN = [key for key in CALLS if key in HARMLESS]


@pytest.mark.contract("J-13", "J-14", "J-15", "J-54")
@pytest.mark.parametrize("key", ONCE)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_may_have_happened_is_not_sent_again(just: Callable[..., Any], key: str, when: str) -> None:
    box = just()
    box.sim.fail(key, drop=when)
    with pytest.raises(Ambiguous, match="outcome unknown"):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key]


@pytest.mark.contract("J-13", "J-14", "J-15")
@pytest.mark.parametrize("key", ONCE)
@pytest.mark.parametrize("status", [500, 502, 504])
def test_neither_is_what_failed_on_the_other_side(just: Callable[..., Any], key: str, status: int) -> None:
    box = just()
    box.sim.fail(key, status=status)
    with pytest.raises(Ambiguous, match="outcome unknown"):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key]


@pytest.mark.contract("J-13", "J-14", "J-15", "J-18")
@pytest.mark.parametrize("key", ONCE)
@pytest.mark.parametrize("status", [429, 503])
def test_what_was_turned_away_is_sent_again_and_twice_at_most(just: Callable[..., Any], key: str, status: int) -> None:
    box = just()
    box.sim.fail(key, status=status, times=2)
    asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 3
    box.sim.fail(key, status=status, times=3)
    with pytest.raises(Refused, match="nothing was done"):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 6


@pytest.mark.contract("J-13", "J-15", "J-18", "J-53")
@pytest.mark.parametrize("key", ["profile.create", "email.subscribe", "sms.subscribe"])
@pytest.mark.parametrize("statuses", ["by_text", "always_200"])
def test_what_was_not_saved_is_sent_again(just: Callable[..., Any], key: str, statuses: str) -> None:
    box = just(save_failures=2, statuses=statuses)
    asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 3
    box = just(save_failures=9, statuses=statuses)
    with pytest.raises(Refused, match="nothing was saved: Error save data"):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 3


@pytest.mark.contract("J-16", "J-17", "J-18")
@pytest.mark.parametrize("key", AGAIN)
@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"status": 500}, {"status": 429}])
def test_what_does_no_harm_is_sent_again(just: Callable[..., Any], key: str, fault: dict[str, Any]) -> None:
    box = just()
    box.sim.fail(key, times=2, **fault)
    asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 3
    assert len(box.waits) == 2


@pytest.mark.contract("J-16", "J-17")
@pytest.mark.parametrize("key", AGAIN)
def test_but_not_what_is_refused_nor_for_ever(just: Callable[..., Any], key: str) -> None:
    box = just()
    box.sim.fail(key, status=418)
    with pytest.raises(Refused):
        asyncio.run(CALLS[key](box.api))
    box.sim.fail(key, status=500, times=3)
    with pytest.raises(Unavailable):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 4


@pytest.mark.contract("J-16")
def test_an_unsubscription_that_was_done_the_first_time_is_success(just: Callable[..., Any]) -> None:
    box = just()
    asyncio.run(subscribe(box.api))
    box.sim.fail("email.unsubscribe", drop="after")
    asyncio.run(unsubscribe(box.api))
    assert box.world("subscriptions") == {}


@pytest.mark.contract("J-13", "J-14", "J-15", "J-18")
@pytest.mark.parametrize("key", CALLS)
def test_without_a_connection_nothing_was_done_so_all_is_tried_again(key: str) -> None:
    class Dead(Wire):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            raise httpx.ConnectError("refused")

    wire = Dead()
    with pytest.raises(Unreachable):
        run(wire, CALLS[key])
    assert len(wire.sent) == 3


@pytest.mark.contract("J-18")
def test_what_the_server_asks_to_wait_is_waited_up_to_a_minute(just: Callable[..., Any]) -> None:
    box = just()
    box.sim.fail("action.create", status=503, headers={"Retry-After": "7"})
    asyncio.run(act(box.api))
    assert box.waits == [7.0]
    box.sim.fail("action.create", status=503, headers={"Retry-After": "3600"})
    with pytest.raises(Refused):
        asyncio.run(act(box.api))
    assert box.waits == [7.0]


# --- the token -------------------------------------------------------------------------------------------------
@pytest.mark.contract("J-3", "J-36", "J-54")
@pytest.mark.parametrize("statuses", ["by_text", "always_200"])
def test_a_profile_is_gone_only_where_the_token_proves_itself(just: Callable[..., Any], statuses: str) -> None:
    box = just(statuses=statuses)

    async def go(api: Just) -> list[bool]:
        return [await api.has_profile(juid) for juid in (JUID, "other-juid", "third-juid")]

    assert asyncio.run(go(box.api)) == [True, False, False]
    assert box.calls == ["segment.list", "segment.list", "refid.count", "segment.list"]
    window = dict(next(entry for entry in box.sim.journal if entry.key == "refid.count").query)
    assert window == {"startDate": "1699999999", "endDate": "1700000000"}
    wrong = just({"token": "another-project"}, statuses=statuses)
    for _ in range(3):
        with pytest.raises(Forbidden, match="HEADEND_JUST_TOKEN"):
            asyncio.run(wrong.api.has_profile(JUID))
    assert wrong.calls.count("refid.count") == (1 if statuses == "always_200" else 0)


@pytest.mark.contract("J-36")
@pytest.mark.parametrize("body", [b"<html></html>", b"User not found", b""])
def test_any_doubt_about_the_token_is_an_error(just: Callable[..., Any], body: bytes) -> None:
    box = just()
    box.sim.fail("refid.count", status=200, body=body, times=9)
    with pytest.raises(ApiError, match="nothing is taken for gone"):
        asyncio.run(box.api.has_profile("other-juid"))


def test_a_wrong_base_url_never_makes_a_profile_look_deleted(just: Callable[..., Any]) -> None:
    for url in ("http://127.0.0.1:1/just/elsewhere", "http://127.0.0.1:1/mycujoo"):
        with pytest.raises(Refused, match="is the url right"):
            asyncio.run(just({"url": url}).api.has_profile(JUID))


@pytest.mark.contract("J-2", "J-56")
def test_nothing_is_logged_of_a_person_or_the_token(just: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    box = just()

    async def go() -> None:
        for call in CALLS.values():
            await call(box.api)

    asyncio.run(go())
    said = "\n".join(record.getMessage() for record in caplog.records)
    for word in (MAIL, "5550017", "Bob", "simulated-just-token"):
        assert word not in said
