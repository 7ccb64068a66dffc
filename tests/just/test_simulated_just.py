"""The simulator is as strict as the contract's section 5, so that a careless client can't pass against it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from typing import Any

import httpx
import pytest
from just_engine import JUID

from headend.just.wire import FORMS, TABLE
from headend.simulator.app import Simulator
from headend.simulator.just import TOKEN, JustSim

V1 = "/api/user/v1"
SUBSCRIBE, LEAVE = f"{V1}/subscription/subscribe/email", f"{V1}/subscription/unsubscribe/email"
MARK = f"{V1}/subscription/update/utm-metric/channel/email"
MAIL = {"juid": JUID, "email": "a@example.com"}


def parts(fields: dict[str, str]) -> list[tuple[str, tuple[None, str]]]:
    return [(name, (None, value)) for name, value in fields.items()]


def ask(method: str, path: str, switches: dict[str, Any] | None = None, **sent: Any) -> tuple[httpx.Response, Any]:
    """(answer, world) of one raw request with the token, unless it has headers of its own."""
    sim = Simulator({"just": switches or {}}, classes=[JustSim])
    sim.sims["just"].add_profile(JUID)
    sent.setdefault("headers", {"X-AUTH-TOKEN": TOKEN})

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=sim.transport(), base_url="http://127.0.0.1/just") as client:
            return await client.request(method, path, **sent)

    return asyncio.run(run()), sim.sims["just"].world


@pytest.mark.parametrize("key", TABLE)
def test_every_form_of_a_call_is_told_from_every_other(key: str) -> None:
    for op in (TABLE[key], *FORMS.get(key, ())):
        others = [o for k in TABLE if k != key for o in (TABLE[k], *FORMS.get(k, ()))]
        address = op.url(dict.fromkeys(op.names(), "email"))
        assert (op.method, address) not in [(o.method, o.url(dict.fromkeys(o.names(), "email"))) for o in others]


@pytest.mark.contract("J-5")
@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", f"{V1}/action", {"files": parts({"juid": JUID, "tags": "1", "label": "l"})}, 404),
        ("GET", f"{V1}/info/segment?juid={JUID}", {}, 404),
        ("POST", f"{SUBSCRIBE}/", {"files": parts(MAIL)}, 404),
        ("GET", f"{V1}/nothing", {}, 404),
        ("PUT", SUBSCRIBE, {"data": MAIL}, 405),
        ("POST", LEAVE, {"files": parts(MAIL)}, 405),
        ("POST", SUBSCRIBE, {"data": MAIL}, 400),
        ("POST", SUBSCRIBE, {"json": MAIL}, 400),
        ("POST", f"{SUBSCRIBE}?juid={JUID}", {"files": parts({"email": "a@b"})}, 400),
        ("POST", SUBSCRIBE, {"files": parts({**MAIL, "unknown": "1"})}, 400),
        ("POST", SUBSCRIBE, {"files": parts({**MAIL, "refid": ""})}, 400),
        ("POST", SUBSCRIBE, {"files": [*parts(MAIL), *parts(MAIL)]}, 400),
        ("POST", SUBSCRIBE, {"files": {"juid": ("name.txt", b"x")}}, 400),
        ("POST", SUBSCRIBE, {"files": parts(MAIL), "headers": {"X-AUTH-TOKEN": TOKEN, "Cookie": "a=b"}}, 400),
        ("POST", SUBSCRIBE, {"files": parts(MAIL), "headers": {}}, 403),
        ("POST", SUBSCRIBE, {"files": parts({"email": "a@b"})}, 400),
        ("POST", SUBSCRIBE, {"files": parts({"juid": JUID, "email": "https://example.com"})}, 400),
        ("POST", SUBSCRIBE, {"files": parts({**MAIL, "juid": "other-juid"})}, 404),
        ("PUT", LEAVE, {"files": parts(MAIL)}, 400),
        ("PUT", LEAVE, {"data": {"juid": JUID}}, 400),
        ("PUT", LEAVE, {"data": MAIL}, 404),
        ("POST", f"{V1}/action/", {"files": parts({"juid": JUID})}, 400),
        ("GET", f"{V1}/stat/get-count-refid/sms?startDate=2&endDate=1", {}, 400),
        ("GET", f"{V1}/stat/stat-by-refid/channel/sms?start=2020-01-01&end=2020-01-02", {}, 400),
    ],
)
def test_what_the_contract_does_not_know_is_refused_and_changes_nothing(
    method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    answer, world = ask(method, path, **sent)
    assert answer.status_code == status
    assert (world["subscriptions"], world["events"]) == ({}, {})


@pytest.mark.contract("J-27")
@pytest.mark.parametrize(
    ("data", "status"),
    [
        ('{"email":"a@b","refid":"1"}', 200),
        ('"{"email":"a@b","refid":"1"}"', 200),
        ('""{"email":"a@b"}""', 422),
        ('{"email":"a@b","refid":2,"refid":"text"}', 422),
        ('{"email":"a@b","number":99988800066}', 400),
        ('{"refid":"1"}', 400),
        ('["email"]', 400),
        ("email", 422),
    ],
)
def test_data_is_one_object_with_the_channels_address_and_no_key_twice(data: str, status: int) -> None:
    answer, world = ask("PUT", MARK, {"utm_data": "both"}, data={"data": data})
    assert (answer.status_code, bool(world["marks"])) == (status, status == 200)


@pytest.mark.contract("J-53")
def test_each_switch_has_more_than_one_value_and_there_are_twelve() -> None:
    free = {name for name, values in JustSim.switches.items() if len(values) == 1}
    assert (len(JustSim.switches), free) == (12, {"save_failures"})


@pytest.mark.contract("J-53")
@pytest.mark.parametrize(
    ("switches", "status", "text"),
    [
        ({}, 404, "Subscription not found"),
        ({"statuses": "always_200"}, 200, "Subscription not found"),
        ({"text_form": "lower"}, 404, "subscription not found"),
        ({"text_form": "json"}, 404, '"Subscription not found"'),
        ({"unsubscribe_missing": "success"}, 200, ""),
        ({"unsubscribe_missing": "success", "empty_success": "blank"}, 200, " \n"),
        ({"unsubscribe_missing": "success", "empty_success": "quotes"}, 200, '""'),
        ({"put_multipart": "only"}, 400, "JuId is missing"),
    ],
)
def test_the_same_thing_is_said_in_many_ways(switches: dict[str, Any], status: int, text: str) -> None:
    answer, _ = ask("PUT", LEAVE, switches, data=MAIL)
    assert (answer.status_code, answer.text) == (status, text)


@pytest.mark.contract("J-54")
def test_a_wrong_token_may_be_told_by_a_text_alone() -> None:
    for path in (f"{V1}/info/segment/?juid={JUID}", f"{V1}/stat/get-count-refid/email?startDate=1&endDate=2"):
        answer, _ = ask("GET", path, {"statuses": "always_200"}, headers={"X-AUTH-TOKEN": "other"})
        assert (answer.status_code, answer.text) == (200, "User not found")


def test_the_simulator_shares_nothing_with_the_provider_but_the_tables() -> None:
    source = inspect.getsource(importlib.import_module("headend.simulator.just"))
    assert [line for line in source.splitlines() if "headend.just" in line] == [
        "from headend.just.wire import FORMS, READS, TABLE"
    ]
