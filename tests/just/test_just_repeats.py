"""Repeats that can't hurt a person, and a token that must prove itself before anyone is taken for gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from just_calls import CALLS, MAIL, Wire, act, run, subscribe, unsubscribe
from just_engine import JUID

from headend.core.model.errors import Ambiguous, ApiError, Forbidden, Refused, Unavailable, Unreachable
from headend.just.api import Just
from headend.just.wire import HARMLESS

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
def test_what_was_turned_away_is_sent_again_and_twice_at_most(just: Callable[..., Any], key: str) -> None:
    box = just()
    box.sim.fail(key, status=503, times=2)
    asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 3
    box.sim.fail(key, status=503, times=3)
    with pytest.raises(Refused, match="nothing was done"):
        asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 6


@pytest.mark.contract("J-13", "J-14", "J-15", "J-16", "J-17")
@pytest.mark.parametrize("key", CALLS)
def test_too_many_requests_are_waited_out_as_long_as_patience_lasts(just: Callable[..., Any], key: str) -> None:
    box = just()
    box.sim.fail(key, status=429, times=9)
    asyncio.run(CALLS[key](box.api))
    assert box.calls == [key] * 10
    assert 90 < sum(box.waits) < 130
    box.sim.reset_journal()
    box.waits.clear()
    box.sim.fail(key, status=429, times=99)
    with pytest.raises((Refused, Unavailable), match="answered 429"):
        asyncio.run(CALLS[key](box.api))
    assert 850 < sum(box.waits[1:]) <= 900  # the first one is the pace's, before any refusal


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
