"""Every call of the client once, and a wire that keeps what leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from just_engine import JUID

from headend.core.wire.client import Client
from headend.core.wire.invoke import Request
from headend.just.api import Just
from headend.just.settings import JustSettings

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
