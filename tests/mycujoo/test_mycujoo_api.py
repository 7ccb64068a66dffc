"""The operations table, the credential, and how answers and errors are read."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any

import httpx
import pytest

from headend.core.model.errors import (
    ApiError,
    Conflict,
    CredentialsError,
    DecodeError,
    Forbidden,
    InputError,
    NotFound,
    Refused,
    Unavailable,
)
from headend.core.wire.client import Client
from headend.mycujoo.api import MycujooApi
from headend.mycujoo.platform import PLATFORM
from headend.mycujoo.settings import MycujooSettings
from headend.mycujoo.wire import TABLE, UNAUTHENTICATED


async def at_once(_: float) -> None:
    """No waiting in tests."""


def asked(answer: httpx.Response, key: str = "action.get", **call: Any) -> tuple[httpx.Request, Any]:
    """The request that a call makes, and what the API makes of the answer (or the error it raises)."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    async def main() -> Any:
        settings = MycujooSettings(url="http://127.0.0.1:1/", token="a-token")
        transport = httpx.MockTransport(handler)
        async with Client(settings.url, platform="mycujoo", transport=transport, sleep=at_once) as client:
            api: MycujooApi = PLATFORM.connect(settings, client)
            try:
                return await api.call(key, **({"path": {"id": "x"}} | call))
            except ApiError as error:
                return error

    result = asyncio.run(main())
    return seen[0], result


@pytest.mark.contract(*(f"M-{number}" for number in range(31, 93)))
def test_the_table_has_every_operation_once() -> None:
    assert [row.number for row in TABLE.values()] == [f"M-{number}" for number in range(31, 93)]
    assert len({(row.method, row.path) for row in TABLE.values()}) == 62
    assert Counter(row.method for row in TABLE.values()) == {"GET": 40, "POST": 15, "PATCH": 5, "DELETE": 2}
    assert [key for key, row in TABLE.items() if row.mark != "D"] == ["stream.snapshot"]
    assert TABLE.keys() >= UNAUTHENTICATED


@pytest.mark.contract("M-16", "M-17")
def test_the_paged_operations_are_those_of_the_contract() -> None:
    paged = {row.number for row in TABLE.values() if row.role == "paged"}
    assert paged == {"M-44", "M-47", "M-63", "M-67", "M-76", "M-80", "M-87"}


@pytest.mark.contract("M-4", "M-192")
@pytest.mark.parametrize("key", sorted(UNAUTHENTICATED))
def test_the_credential_goes_along_where_the_platform_asks_for_none(key: str) -> None:
    request, _ = asked(httpx.Response(200, json={}), key)
    assert request.headers["authorization"] == "Bearer a-token"


@pytest.mark.contract("M-5")
def test_bodies_stand_on_post_and_patch_only() -> None:
    assert {row.body for row in TABLE.values() if row.method in {"GET", "DELETE"}} == {"none"}
    request, _ = asked(httpx.Response(200, json={}), "setup_intent.create", json={})
    assert request.content == b"{}"
    assert request.headers["content-type"] == "application/json"
    request, _ = asked(httpx.Response(200, json={}), "payment_method.delete")
    assert request.content == b""
    assert "content-type" not in request.headers


@pytest.mark.contract("M-1", "M-2")
def test_a_token_goes_as_bearer_and_the_url_loses_its_slash() -> None:
    request, _ = asked(httpx.Response(200, json={}))
    assert request.headers["authorization"] == "Bearer a-token"
    assert request.headers["accept"] == "application/json"
    assert str(request.url) == "http://127.0.0.1:1/actions/v1beta1/x"


@pytest.mark.contract("M-2")
@pytest.mark.parametrize(
    "given", [{}, {"api_key": "k", "token": "t"}, {"api_key": ""}, {"token": " t"}, {"api_key": "k\r\nx"}]
)
def test_exactly_one_usable_credential_is_needed(given: dict[str, str]) -> None:
    with pytest.raises(CredentialsError) as caught:
        PLATFORM.connect(MycujooSettings(**given), Client("https://example.com", platform="mycujoo"))
    assert "k\r" not in str(caught.value)


@pytest.mark.contract("M-2", "M-191")
def test_an_api_key_goes_verbatim() -> None:
    settings = MycujooSettings(api_key="the-key")
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200)

    async def main() -> dict[str, Any]:
        async with Client(settings.url, platform="mycujoo", transport=httpx.MockTransport(handler)) as client:
            result: dict[str, Any] = await PLATFORM.connect(settings, client).call("pricing.list")
            return result

    with contextlib.suppress(DecodeError):
        asyncio.run(main())
    assert seen == ["the-key"]


@pytest.mark.contract("M-7")
@pytest.mark.parametrize("answer", [httpx.Response(200), httpx.Response(204), httpx.Response(201, json={})])
def test_any_success_of_a_write_counts_and_an_empty_one_is_an_empty_object(answer: httpx.Response) -> None:
    assert asked(answer, "payment_method.delete")[1] == {}


@pytest.mark.contract("M-7", "M-8")
@pytest.mark.parametrize("key", ["payment_method.list", "payment_method.get", "account.batch", "payment_method.delete"])
@pytest.mark.parametrize("body", [b"null", b"[]", b"<html></html>", b'{"message": "internal error"}', b'{"id": "x'])
def test_a_success_of_another_shape_is_an_error(key: str, body: bytes) -> None:
    found = asked(httpx.Response(200, content=body), key)[1]
    assert isinstance(found, DecodeError)


@pytest.mark.contract("M-8", "M-10", "M-209")
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (500, 5, NotFound),
        (400, 6, Conflict),
        (500, 7, Forbidden),
        (500, 16, Forbidden),
        (400, 14, Unavailable),
        (501, 12, Refused),
        (404, 5, NotFound),
        (409, None, Conflict),
        (400, 3, Refused),
    ],
)
def test_the_code_in_the_body_decides_before_the_http_status(status: int, code: int | None, error: type) -> None:
    body = {"message": "why not", "details": [{"@type": "type.example/Help"}]} | ({"code": code} if code else {})
    found = asked(httpx.Response(status, json=body), "payment_method.delete")[1]
    assert isinstance(found, error)
    assert "why not (type.example/Help)" in str(found)


@pytest.mark.contract("M-8")
def test_an_error_that_is_no_status_shows_200_characters() -> None:
    found = asked(httpx.Response(500, text="x" * 999))[1]
    assert str(found).endswith(": " + "x" * 200)


@pytest.mark.contract("M-8", "M-189")
def test_an_answer_of_another_shape_is_an_error() -> None:
    assert isinstance(asked(httpx.Response(200, json=[]))[1], DecodeError)
    assert isinstance(asked(httpx.Response(200, text="hello"))[1], DecodeError)


@pytest.mark.contract("M-19")
@pytest.mark.parametrize("id", ["", ".", ".."])
def test_ids_that_would_hit_another_route_are_refused(id: str) -> None:
    with pytest.raises(InputError):
        TABLE["action_configuration.get"].url({"id": id})


@pytest.mark.contract("M-18")
def test_dots_in_names_are_literal_and_arrays_repeat() -> None:
    query = {"interval.start_time": "2026-12-05T15:00:00+01:00", "stream_ids": ["a", "b"]}
    request, _ = asked(httpx.Response(200, json={}), "stream.snapshots", query=query)
    assert list(request.url.params.multi_items()) == [
        ("interval.start_time", "2026-12-05T15:00:00+01:00"),
        ("stream_ids", "a"),
        ("stream_ids", "b"),
    ]
    assert b"%2B01" in request.url.query
