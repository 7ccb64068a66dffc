"""Over real sockets: httpx on aiohttp's connections against a server on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headend.core.model.errors import Ambiguous, Unreachable
from headend.core.wire.client import Client
from headend.core.wire.operations import Operation

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def row(method: str, path: str) -> Operation:
    return Operation("thing.call", method, path, "T-1", "a call")


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def echo(request: Request) -> Response:
    raw = request.scope["raw_path"].decode()
    body = (await request.body()).decode()
    names = sorted(set(request.headers) - {"host", "accept-encoding", "content-length"})
    answer = {"raw": raw, "query": request.url.query, "body": body, "headers": names}
    return JSONResponse(answer, headers={"set-cookie": "a=b"})


@asynccontextmanager
async def http_server() -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/{rest:path}", echo, methods=["GET", "POST"])])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


@asynccontextmanager
async def raw_server(handle: Handler) -> AsyncIterator[str]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.contract("R-8", "M-5", "J-7")
def test_requests_arrive_as_they_were_meant_and_keep_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # loopback never goes through a proxy
    monkeypatch.setenv("NO_PROXY", "")

    async def go() -> None:
        async with http_server() as url, Client(url, platform="demo") as client:
            place = {"id": "a/b c%41@é"}
            got = await client.send(row("GET", "/t/{id}"), path=place, query={"q": "x+y z", "at": "2026-01-01T00:00Z"})
            assert got.body["raw"] == "/t/a%2Fb%20c%2541%40%C3%A9"
            assert got.body["query"] == "q=x%2By+z&at=2026-01-01T00%3A00Z"
            posted = await client.send(row("POST", "/t"), json={"name": "é"})
            assert posted.body["body"] == '{"name":"é"}'
            assert posted.body["headers"] == ["accept", "content-type", "user-agent"]
            bare = await client.send(row("POST", "/t"))
            assert (bare.body["body"], bare.body["headers"]) == ("", ["accept", "user-agent"])
            many = await asyncio.gather(*(client.send(row("GET", "/t")) for _ in range(100)))
            assert {answer.status for answer in many} == {200}

    asyncio.run(go())


def test_a_dead_host_is_named_and_nothing_was_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def go() -> None:
        async with Client(f"http://127.0.0.1:{port}", platform="demo", sleep=no_wait) as client:
            with pytest.raises(Unreachable, match=rf"no connection to http://127\.0\.0\.1:{port}"):
                await client.send(row("POST", "/things"), json={})
            assert client.sent["thing.call"] == 4

    asyncio.run(go())


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"not HTTP at all\r\n\r\n"])
def test_a_write_whose_connection_breaks_is_ambiguous_and_made_once(said: bytes) -> None:
    arrived = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        await reader.readuntil(b"{}")
        arrived += 1
        writer.write(said)
        writer.close()

    async def go() -> None:
        async with raw_server(handle) as url, Client(url, platform="demo", sleep=no_wait) as client:
            with pytest.raises(Ambiguous):
                await client.send(row("POST", "/things"), json={})

    asyncio.run(go())
    assert arrived == 1


@pytest.mark.parametrize(("method", "error"), [("GET", Unreachable), ("POST", Ambiguous)])
def test_a_server_that_is_silent_is_not_waited_for_forever(
    method: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headend.core.wire.requests.TIMEOUT", httpx.Timeout(0.05))
    hung_up = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hung_up
        await reader.read()  # to the end: the client gives up
        hung_up += 1
        writer.close()

    async def go() -> None:
        async with raw_server(handle) as url, Client(url, platform="demo", sleep=no_wait, attempts=2) as client:
            with pytest.raises(error, match="no answer within"):
                await client.send(row(method, "/things"))
            await asyncio.sleep(0.02)

    asyncio.run(go())
    assert hung_up == (2 if method == "GET" else 1)


@pytest.mark.contract("A-54", "A-742")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_a_write_on_a_kept_connection_that_closes_is_not_sent_again(method: str) -> None:
    writes = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal writes
        while head := await reader.readuntil(b"\r\n\r\n"):
            if not head.startswith(b"GET"):
                writes += 1  # it has arrived, and may take effect
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async def go() -> None:
        async with raw_server(handle) as url, Client(url, platform="demo", sleep=no_wait) as client:
            await client.send(row("GET", "/things"))
            with pytest.raises(Ambiguous):
                await client.send(row(method, "/things"), repeat=False)

    asyncio.run(go())
    assert writes == 1
