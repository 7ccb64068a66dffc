"""Why no connection was made is said in words, with what to do; what lasts isn't tried again."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from pathlib import Path

import aiohttp
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headend.core.model.errors import CredentialsError, InputError, Unreachable
from headend.core.wire import http
from headend.core.wire.client import Client
from headend.core.wire.operations import Operation
from headend.core.wire.requests import checked_url

READ = Operation("thing.get", "GET", "/things", "T-1", "a call")


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def refusal(url: str, transport: httpx.AsyncBaseTransport | None = None) -> tuple[str, int]:
    """What is told, and how often it was tried."""
    async with Client(url, platform="demo", sleep=no_wait, transport=transport) as client:
        with pytest.raises(Unreachable) as raised:
            await client.send(READ)
        return str(raised.value), client.sent["thing.get"]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of aiohttp, for how httpx-aiohttp names the password
@pytest.mark.parametrize(
    ("status", "said"),
    [(407, "answered 407: it wants a name and a password"), (403, "answered 403 instead of connecting to api.example")],
)
def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def go() -> tuple[str, str, int]:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with server:
            where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:canary-word@{where}")
            return where, *await refusal("https://api.example")

    where, told, tries = asyncio.run(go())
    assert f"the proxy {where} (HTTPS_PROXY) {said}" in told
    assert "canary-word" not in told
    assert "NO_PROXY=api.example" in told
    assert tries == 1


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://{where}")
    told, _ = asyncio.run(refusal("https://api.example"))
    assert f"no connection to the proxy {where} (HTTPS_PROXY): is its address right" in told


def certificate(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    file = folder / "both.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file.write_bytes(key.private_bytes(*plain) + signed)
    return file


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    async def go() -> tuple[str, int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(tmp_path))
        async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=context) as server:
            return await refusal(f"https://localhost:{server.sockets[0].getsockname()[1]}")

    told, tries = asyncio.run(go())
    assert "the certificate of localhost isn't trusted: self-signed certificate; " in told
    assert "SSL_CERT_FILE" in told
    assert tries == 1


def test_a_port_that_speaks_no_tls() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail at your service\r\n")
        await reader.read(1)
        writer.close()

    async def go() -> tuple[str, int]:
        async with await asyncio.start_server(hello, "127.0.0.1", 0) as server:
            return await refusal(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert "does that port speak https?" in asyncio.run(go())[0]


def test_a_port_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
    told, tries = asyncio.run(refusal(url))
    assert f"no connection to {url}: it is refused; look at host and port" in told
    assert tries == 4


def test_a_name_that_nobody_knows() -> None:
    told, _ = asyncio.run(refusal("https://nowhere.invalid"))
    assert "the name nowhere.invalid isn't known: is the url spelled right" in told


def test_a_host_that_says_nothing() -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectTimeout("") from aiohttp.ConnectionTimeoutError()

    told, _ = asyncio.run(refusal("https://api.example", Silent()))
    assert "no connection to https://api.example within 5 s: is a firewall" in told


@pytest.mark.parametrize("content", [None, ""])
def test_certificates_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    http._tls.cache_clear()
    try:
        with pytest.raises(InputError, match=r"SSL_CERT_FILE: .*ca.pem can't be read: .*; name a PEM file"):
            asyncio.run(refusal("https://api.example"))
    finally:
        http._tls.cache_clear()


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://a..b", f"https://{'x' * 80}.tv", "https://a b", "https://a:b"]
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(InputError, match="the url"):
        checked_url(url, "demo")


def test_a_credential_outside_ascii_is_named_and_not_shown() -> None:
    async def go() -> None:
        async with Client("https://api.example", platform="demo", credentials=["HEADEND_DEMO_TOKEN"]) as client:
            with pytest.raises(CredentialsError, match=r"outside ASCII.*look at HEADEND_DEMO_TOKEN") as raised:
                await client.send(READ, headers={"authorization": "Bearer canary-wörd"})
            assert "canary" not in str(raised.value)
            assert not client.sent

    asyncio.run(go())
