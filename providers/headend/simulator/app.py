"""The ASGI app over all simulated platforms: routing, latency, faults, journal, dump and load."""

from __future__ import annotations

import asyncio
import base64
import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

from headend.core.wire.registry import platforms
from headend.simulator.base import PlatformSim, discover
from headend.simulator.faults import Change, Fault, Faults, Planted
from headend.simulator.messages import Call, Refusal, Reply, decode, encode
from headend.simulator.openapi import describe, written
from headend.simulator.scramble import scramble

MASK = "(secret)"
_SECRETS = frozenset({"password", "jwt_token", "token", "api_key", "apikey", "secret", "secret_key", "access_key"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass
class Entry:
    """One request as journalled on arrival; status 0 until handled. Secrets are masked in it."""

    platform: str
    key: str
    method: str
    path: str
    body: Any = None
    status: int = 0
    scope: Any = None
    query: tuple[tuple[str, str], ...] = ()
    write: bool = False


class Dropped(Exception):
    """The connection is lost at this point, by a fault. begun: the answer of which the first half arrived."""

    def __init__(self, begun: Reply | None = None) -> None:
        super().__init__("the connection is lost")
        self.begun = begun


class Simulator:
    """All platforms behind one address, each under its name ("_" as "-").

    switches: platform -> {switch: value}. by_hand: sets those for who calls by hand, too. latency: seconds before each
    answer. classes: instead of all platforms. peak: the most requests that were in flight at once. observers: called
    with the journal entry of each handled request, before its answer leaves (to keep the world in a file, or to stop a
    client right there).
    """

    def __init__(
        self,
        switches: Mapping[str, Mapping[str, Any]] | None = None,
        latency: float = 0.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        classes: Sequence[type[PlatformSim]] | None = None,
        by_hand: bool = False,
    ) -> None:
        given = dict(switches or {})
        self.latency = latency
        self.sims = {
            cls.name: cls({**(cls.by_hand if by_hand else {}), **given.pop(cls.name, {})}, now=now)
            for cls in (classes or discover())
        }
        if given:
            raise ValueError(f"switches for unknown platforms: {', '.join(sorted(given))}")
        self.journal: list[Entry] = []
        self.peak = 0
        self.observers: list[Callable[[Entry], None]] = []
        self._in_flight = 0
        self.faults = Faults({name: frozenset(sim.table) for name, sim in self.sims.items()})
        self._prefixes = {sim.prefix: sim for sim in self.sims.values()}

    # --- knobs -------------------------------------------------------------------------------------------------
    def fail(self, operation: str, *, change: Change | None = None, **fields: Any) -> Planted:
        """Plants a fault for the next calls of an operation: `fields` are those of a Fault, and a `body` of bytes goes
        out as it is. change: a function on the true answer's JSON, e.g. `lambda rows: []`.

        Raises ValueError for a fault that means nothing.
        """
        if isinstance(fields.get("body"), bytes):
            fields["raw"] = base64.b64encode(fields.pop("body"))
        given = {name: value for name, value in fields.items() if value is not None or name == "times"}
        if change is not None and Fault(operation=operation, **given).replaces:
            raise ValueError("change: it is made to the true answer, so there is no other")
        return self.faults.add(Fault(operation=operation, **given), change)

    def writes(self) -> list[Entry]:
        """The journalled requests that change a platform, in order of arrival."""
        return [entry for entry in self.journal if entry.write]

    def reset_journal(self) -> None:
        self.journal.clear()
        self.peak = self._in_flight

    def dump(self) -> dict[str, Any]:
        """Every platform's world, JSON-serialisable."""
        return {name: copy.deepcopy(sim.world) for name, sim in self.sims.items()}

    def load(self, worlds: Mapping[str, Any]) -> None:
        """Puts dumped worlds back. A platform that isn't among them keeps its own, and so does a table: an older
        headend's world may lack it."""
        for name, world in worlds.items():
            if name in self.sims:
                self.sims[name].world |= copy.deepcopy(world)

    def settings(self, base: str = "http://127.0.0.1:1") -> dict[str, str]:
        """{environment variable: value} for all platforms, with credentials that work."""
        found: dict[str, str] = {}
        for name, sim in self.sims.items():
            found[f"HEADEND_{name.upper()}_URL"] = f"{base.rstrip('/')}/{sim.prefix}"
            found |= sim.credentials
        return found

    def transport(self) -> httpx.AsyncBaseTransport:
        """An httpx transport that answers from here, without a socket, whatever the host."""
        return _Transport(self)

    def document(self, platform: str, seed: int | None = None) -> bytes:
        """What a platform says of its own API, from now on also at `/swagger.json` below its address. seed: from now on
        every path, verb and open name is another one, which nothing but the document tells."""
        sim = self.sims[platform]
        if seed is None:
            sim.published = written(describe(sim.table, sim.prefix))
        else:
            scrambled = scramble(sim.table, platforms()[platform].words, seed)
            sim.serve(scrambled.rows)
            sim.published = scrambled.document
        return sim.published

    # --- one request -------------------------------------------------------------------------------------------
    async def answer(self, method: str, raw_path: str, query: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        """Handles one request. raw_path: still percent-encoded. Raises Dropped where a fault loses the connection."""
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._answer(method, raw_path, query, headers, raw)
        finally:
            self._in_flight -= 1

    async def _answer(self, method: str, raw_path: str, query: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        prefix, _, rest = raw_path.lstrip("/").partition("/")
        sim = self._prefixes.get(prefix)
        pairs = parse_qsl(query, keep_blank_values=True)
        if sim is None:
            self.journal.append(Entry("", "", method, raw_path, status=404))
            return Reply(404, {"message": f"no platform here; there are: /{', /'.join(sorted(self._prefixes))}"})
        if (method, rest) == ("GET", "swagger.json") and sim.published:
            self.journal.append(Entry(sim.name, "", method, f"/{rest}", status=200))
            return Reply(200, sim.published)
        matched = sim.match(method, f"/{rest}", pairs)
        if isinstance(matched, Reply):
            self.journal.append(Entry(sim.name, "", method, f"/{rest}", status=matched.status))
            return matched
        op, values = matched
        call = Call(op, values, pairs, None, raw, headers, method, f"/{rest}")
        why = decode(call)
        refusal = sim.bad_body(call, why) if why else None
        entry = _entry(sim, call)
        self.journal.append(entry)
        planted = self.faults.hit(sim.name, op.key)
        reply = await self._answer_with(planted, sim, call, entry, refusal)
        if planted is None:
            return reply
        if delay := planted.fault.delay:
            await asyncio.sleep(delay)
        if planted.fault.drop:
            raise Dropped(reply if planted.fault.drop == "during" else None)
        return reply

    async def _answer_with(
        self, planted: Planted | None, sim: PlatformSim, call: Call, entry: Entry, refusal: Reply | None
    ) -> Reply:
        """Handles the call as far as a fault lets it come, and gives what goes out."""
        fault = planted.fault if planted else None
        if fault and fault.drop == "before":
            return Reply(0)
        carried_out = fault is None or not fault.replaces or fault.handled
        if carried_out:
            reply = await self._handle(sim, call, entry, refusal)
            entry.status = reply.status
        if fault and fault.replaces:
            reply = fault.reply(sim.fault_body)
            entry.status = entry.status if fault.handled else reply.status
        if carried_out:
            for observer in self.observers:
                observer(entry)
        return fault.shape(reply, planted.change) if fault and planted else reply

    async def _handle(self, sim: PlatformSim, call: Call, entry: Entry, bad_body: Reply | None) -> Reply:
        try:
            refused = await sim.authenticate(call)
            entry.scope = copy.deepcopy(call.state.get("scope"))
            if answer := refused or bad_body:
                return answer
            handler = sim.handlers.get(call.op.key)
            return await handler(call) if handler else Reply(501, {"message": f"{call.op.key} is not simulated"})
        except Refusal as refusal:
            return refusal.reply

    # --- ASGI ----------------------------------------------------------------------------------------------------
    @property
    def app(self) -> Simulator:
        """The ASGI application: this object."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        raw = b"".join([chunk async for chunk in chunks(receive)])
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        raw_path = (scope.get("raw_path") or quote(scope["path"]).encode()).split(b"?")[0].decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        try:
            reply = await self.answer(scope["method"], raw_path, query, headers, raw)
        except Dropped as lost:
            # more is announced than ever comes: the server must close the connection, and the client has no answer
            begun = lost.begun or Reply(200)
            half, fields = encode(begun)
            half = half[: len(half) // 2]
            told = [(name, value) for name, value in fields if name != b"content-length"]
            told += [(b"content-length", str(len(half) + 1024).encode()), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": begun.status, "headers": told})
            await send({"type": "http.response.body", "body": half, "more_body": True})
            return
        body, fields = encode(reply)
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        await send({"type": "http.response.body", "body": body})


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("latin-1").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            reply = await self._simulator.answer(request.method, path, query, headers, await request.aread())
        except Dropped:
            raise httpx.ReadError("the connection was lost", request=request) from None
        body, fields = encode(reply)
        return httpx.Response(reply.status, headers=fields, content=body, request=request)


def _entry(sim: PlatformSim, call: Call) -> Entry:
    hidden = _SECRETS | sim.secrets
    path = call.url_path
    for name, value in call.path.items():
        if name in hidden or name.endswith("_token"):
            path = path.replace(quote(value, safe=""), MASK)
    query = tuple((name, MASK if name.lower() in hidden else value) for name, value in call.query)
    body = _masked(call.body, hidden)
    if call.files:
        body |= {name: f"({file}, {len(content)} bytes)" for name, (file, content) in call.files.items()}
    return Entry(sim.name, call.op.key, call.method, path, body, query=query, write=sim.is_write(call.op))


def _masked(value: Any, hidden: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: MASK if k.lower() in hidden and v is not None else _masked(v, hidden) for k, v in value.items()}
    return [_masked(item, hidden) for item in value] if isinstance(value, list) else value


async def chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
