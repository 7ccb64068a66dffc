"""What `Client.send` repeats, what it raises, and what it tells: against a transport that answers from a list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from headend.core.model.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    Forbidden,
    InputError,
    NotFound,
    Refused,
    Unavailable,
    Unreachable,
    Unsettled,
)
from headend.core.wire.client import Answer, Client
from headend.core.wire.operations import Operation
from headend.core.wire.redaction import Redactor

Step = int | Exception | httpx.Response


def row(method: str, path: str = "/things", body: str = "json") -> Operation:
    return Operation("thing.call", method, path, "T-1", "a call", body=body)


class Script:
    """Answers with each step in turn; the last one stays."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, httpx.Response) else httpx.Response(step, json={"message": f"said {step}"})

    def send(self, op: Operation, *, redactor: Redactor | None = None, **kw: Any) -> Answer:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        before = len(self.requests)

        async def go() -> Answer:
            transport = httpx.MockTransport(self)
            async with Client(
                "https://api.example/base/", platform="demo", transport=transport, redactor=redactor, sleep=sleep
            ) as client:
                try:
                    return await client.send(op, **kw)
                finally:
                    assert client.sent["thing.call"] == len(self.requests) - before

        return asyncio.run(go())


NO_CONNECTION = httpx.ConnectError("refused")
LOST = httpx.ReadTimeout("slow")


@pytest.mark.parametrize(
    ("method", "repeat", "first", "attempts", "why"),
    [
        ("GET", None, 503, 2, "a read is always repeated"),
        ("PUT", None, LOST, 2, "a PUT says the whole object, twice is once"),
        ("DELETE", None, 502, 2, "absent stays absent"),
        ("PATCH", None, 504, 2, "the same fields to the same values"),
        ("POST", None, NO_CONNECTION, 2, "nothing left, nothing was done"),
        ("POST", None, 429, 2, "the platform says it did nothing"),
        ("POST", True, LOST, 2, "the caller says it is an upsert or a read"),
        ("POST", None, LOST, 1, "it may have created"),
        ("POST", None, 503, 1, "it may have created"),
        ("GET", False, 503, 1, "the caller forbids it"),
        ("PUT", False, NO_CONNECTION, 1, "the caller forbids it"),
        ("GET", None, 500, 1, "500 isn't among the statuses that pass"),
        ("GET", None, 400, 1, "wrong stays wrong"),
    ],
)
@pytest.mark.contract("A-54", "M-15")
def test_repeats_by_rule(method: str, repeat: bool | None, first: Step, attempts: int, why: str) -> None:
    script = Script(first, 200)
    if attempts == 1:
        with pytest.raises(ApiError):
            script.send(row(method), repeat=repeat)
    else:
        assert script.send(row(method), repeat=repeat).status == 200, why
    assert len(script.requests) == attempts, why


@pytest.mark.contract("R-19")
def test_the_caller_widens_what_is_repeated() -> None:
    script = Script(500, 200)
    script.send(row("POST"), repeat=True, retry_on=(500, 502, 503, 504))
    assert len(script.requests) == 2


def test_gives_up_after_four_attempts_with_growing_waits() -> None:
    script = Script(503)
    with pytest.raises(Unavailable):
        script.send(row("GET"))
    assert len(script.requests) == 4
    assert [low <= wait <= 2 * low for low, wait in zip([0.25, 0.5, 1.0], script.waits, strict=True)] == [True] * 3


def test_retry_after_is_honoured_and_a_long_one_reported_instead() -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "7"}), 200)
    script.send(row("GET"))
    assert script.waits == [pytest.approx(7.0, abs=0.1)]
    script = Script(httpx.Response(429, headers={"Retry-After": "3600"}), 200)
    with pytest.raises(Unavailable, match="asks to wait 3600 s"):
        script.send(row("GET"))
    assert script.waits == []


@pytest.mark.parametrize(
    ("method", "step", "error"),
    [
        ("GET", 400, Refused),
        ("GET", 401, Forbidden),
        ("GET", 403, Forbidden),
        ("GET", 404, NotFound),
        ("PUT", 409, Conflict),
        ("PUT", 405, Refused),
        ("PUT", 422, Refused),
        ("GET", 302, Refused),
        ("GET", 500, Unavailable),
        ("POST", 429, Unavailable),
        ("POST", 500, Unsettled),
        ("POST", LOST, Ambiguous),
        ("DELETE", LOST, Ambiguous),
        ("POST", NO_CONNECTION, Unreachable),
        ("GET", LOST, Unreachable),
    ],
)
def test_errors(method: str, step: Step, error: type[ApiError]) -> None:
    with pytest.raises(ApiError) as caught:
        Script(step).send(row(method))
    assert type(caught.value) is error
    assert caught.value.status == (step if isinstance(step, int) else None)


def test_an_attempt_that_was_lost_is_not_forgotten_when_the_last_one_never_left() -> None:
    with pytest.raises(Ambiguous):
        Script(LOST, NO_CONNECTION).send(row("PUT"))


@pytest.mark.contract("R-9")
def test_redirects_are_not_followed() -> None:
    script = Script(httpx.Response(307, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(Refused):
        script.send(row("PUT"), json={})
    assert len(script.requests) == 1


def test_the_message_names_the_call_but_no_query_and_no_secret() -> None:
    redactor = Redactor()
    redactor.add("canary/42")
    said = httpx.Response(400, json={"message": "bad\x1b[2J key\ncanary/42", "code": 3})
    with pytest.raises(Refused) as caught:
        Script(said).send(row("GET", "/things/{id}"), path={"id": "canary/42"}, query={"sig": "s3"}, redactor=redactor)
    assert str(caught.value) == "demo thing.call: GET /things/(secret): answered 400: bad\\x1b[2J key (secret)"
    assert caught.value.code == 3


def test_a_secret_at_the_cut_of_a_long_message_is_not_halved() -> None:
    redactor = Redactor()
    redactor.add("c" * 40)
    with pytest.raises(Refused) as caught:
        Script(httpx.Response(400, text="x" * 280 + "c" * 40)).send(row("GET"), redactor=redactor)
    assert "ccc" not in str(caught.value)


def test_no_url_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Script(200).send(row("GET"), query={"api_key": "canary"})
    assert "canary" not in caplog.text


def test_a_body_that_does_not_decompress_is_an_answer_that_got_lost() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    async def go() -> None:
        async with Client("https://api.example", platform="demo", transport=httpx.MockTransport(broken)) as client:
            await client.send(row("POST"))

    with pytest.raises(Ambiguous):
        asyncio.run(go())


def test_accept_and_explain() -> None:
    assert Script(404).send(row("GET"), accept=(404,)).status == 404
    with pytest.raises(NotFound, match="because of said 404"):
        Script(404).send(row("GET"), explain=lambda answer: f"because of {answer.body['message']}")


@pytest.mark.parametrize(
    ("response", "body", "is_json"),
    [
        (httpx.Response(200, json=[1]), [1], True),
        (httpx.Response(204), None, False),
        (httpx.Response(200, text="null", headers={"content-type": "application/json"}), None, True),
        (httpx.Response(200, text="Ok"), "Ok", False),
        (httpx.Response(200, text='{"a": 1}'), {"a": 1}, True),
        (httpx.Response(200, text="Unauthorized", headers={"content-type": "application/json"}), "Unauthorized", False),
    ],
)
def test_bodies(response: httpx.Response, body: Any, is_json: bool) -> None:
    answer = Script(response).send(row("GET"))
    assert (answer.body, answer.is_json) == (body, is_json)
    assert "Unauthorized" not in repr(answer)


def test_url_query_headers_and_bodies_on_the_wire() -> None:
    script = Script(200)
    query = {"n": 2, "all": True, "no": None, "tag": ["x y", "z"]}
    script.send(row("GET", "/t/{id}?kind=a"), path={"id": "a/b c"}, query=query, prefix="/api", headers={"X-A": "1"})
    script.send(row("POST"), json={"a": None})
    script.send(row("POST"), json=None)
    script.send(row("POST", body="form"), json={"a": "1", "b": [2, 3]})
    script.send(row("POST"))
    got = script.requests
    assert got[0].url.raw_path == b"/base/api/t/a%2Fb%20c?kind=a&n=2&all=true&tag=x+y&tag=z"
    assert got[0].headers["x-a"] == "1"
    assert json.loads(got[1].content) == {"a": None}
    assert got[2].content == b"null"
    assert got[3].content == b"a=1&b=2&b=3"
    assert got[4].content == b""


def test_multipart() -> None:
    script = Script(200)
    script.send(row("POST", body="multipart"), json={"name": "value"})
    assert script.requests[0].headers["content-type"].startswith("multipart/form-data")
    assert b'name="name"\r\n\r\nvalue' in script.requests[0].content


def test_files_make_a_body_multipart_and_lists_repeat_their_field() -> None:
    script = Script(200)
    content = bytes(range(256)) + b"\r\n--"
    fields = {"label_ids": ["l-1", "l-2"], "keep": True, "none": None}
    script.send(row("PUT"), json=fields, files={"image": ("a.png", content, "image/png")})
    sent = script.requests[0].content
    assert sent.count(b'name="label_ids"\r\n\r\nl-') == 2
    assert b'name="keep"\r\n\r\ntrue' in sent
    assert b'name="none"' not in sent
    assert b'name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + content in sent


def test_each_attempt_is_prepared_anew() -> None:
    seen: list[int] = []

    def sign(request: httpx.Request) -> None:
        seen.append(len(seen))
        request.headers["x-nonce"] = str(seen[-1])

    script = Script(503, 200)
    script.send(row("GET"), prepare=sign)
    assert [request.headers["x-nonce"] for request in script.requests] == ["0", "1"]


def test_a_closed_client_opens_nothing_again() -> None:
    async def go() -> None:
        client = Client("https://api.example", platform="demo", transport=httpx.MockTransport(Script(200)))
        await client.aclose()
        with pytest.raises(ApiError, match="closed"):
            await client.send(row("GET"))

    asyncio.run(go())


def test_cookies_are_neither_kept_nor_sent() -> None:
    async def go() -> list[httpx.Request]:
        script = Script(httpx.Response(200, headers={"set-cookie": "a=b"}))
        async with Client("https://api.example", platform="demo", transport=httpx.MockTransport(script)) as client:
            await client.send(row("GET"))
            await client.send(row("GET"))
        return script.requests

    assert all("cookie" not in request.headers for request in asyncio.run(go()))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "ftp://api.example",
        "https://",
        "api.example",
        "https://user:canary@api.example",
        "https://api.example/?key=canary",
        "http://127.0.0.1.example",
        "https://[::1",
        "https://api.example:port",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Client(url, platform="demo")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost/x", "http://[::1]:1", "https://api.example"]
)
def test_urls_that_are_fine(url: str) -> None:
    assert Client(url, platform="demo").base_url == url


def test_at_most_that_many_requests_are_in_flight() -> None:
    busy, most = 0, 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1
        return httpx.Response(200)

    async def go() -> None:
        transport = httpx.MockTransport(handle)
        async with Client("https://api.example", platform="demo", transport=transport, parallelism=5) as client:
            await asyncio.gather(*(client.send(row("GET")) for _ in range(40)))

    asyncio.run(go())
    assert most == 5


def test_fewer_requests_are_in_flight_after_pressure() -> None:
    async def go(handle: Callable[[httpx.Request], httpx.Response]) -> float:
        transport = httpx.MockTransport(handle)
        async with Client("https://api.example", platform="demo", transport=transport, attempts=1) as client:
            await client.send(row("GET"), accept=(503,))
            return client.limit.allowed

    assert asyncio.run(go(Script(503))) == 8.0
    assert asyncio.run(go(Script(429, 200))) == 8.125
    assert asyncio.run(go(Script(200))) == 16.0
