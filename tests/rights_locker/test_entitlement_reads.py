"""What an answer about entitlements may look like, and what it must never be taken for (R-26)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from headend.core.model.errors import DecodeError
from headend.core.wire.client import Client
from headend.core.wire.decode import decode
from headend.rights_locker.api import RightsLocker
from headend.rights_locker.content import Content, Grant, Item
from headend.rights_locker.settings import RightsLockerSettings

ITEM = {"content_id": "a1", "external_product_id": "default", "publishing_rule_id": None, "colour": "unknown to us"}


def entitlements(status: int, **answer: Any) -> Any:
    async def run() -> Any:
        platform = httpx.MockTransport(lambda request: httpx.Response(status, **answer))
        settings = RightsLockerSettings(pcode="P0")
        async with Client(settings.url, platform="rights_locker", transport=platform) as client:
            return await RightsLocker(settings, client).content("viewer-17")

    return asyncio.run(run())


@pytest.mark.contract("R-26")
def test_missing_and_null_kinds_are_empty_and_unknown_ones_are_left_out() -> None:
    found = entitlements(
        200, json={"account_id": "viewer-17", "content": {"assets": [ITEM], "labels": None, "offers": [ITEM]}}
    )
    assert found == Content({Grant("assets", "a1", "default"): decode(Item, "x", ITEM)}, ("offers",))


@pytest.mark.contract("R-26")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": None},
        {"content": []},
        [],
        {"content": {"assets": {"a1": ITEM}}},
        {"account_id": "another"},
        None,
    ],
)
def test_an_answer_without_content_is_no_empty_account(body: Any) -> None:
    answers = [body, {"account_id": "viewer-17", "content": {}} | body] if isinstance(body, dict) and body else [body]
    for answer in answers:
        with pytest.raises(DecodeError):
            entitlements(200, json=answer)
