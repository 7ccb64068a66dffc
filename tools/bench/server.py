"""The simulated platforms as a process of their own; prints its port. Served by aiohttp, whose parser is compiled, so
that the server waits for who asks and not the other way round.

POST /bench/world {kind, size, rate}: a new world, with what a stack of that kind needs; rate: requests a second that
the platforms take before they answer 429, 0 = all. GET /bench/counts: requests since the last look.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import web
from runs import BURST, LATENCY
from stacks import prepare

from headend.simulator import Simulator
from headend.simulator.messages import encode


@dataclass
class Server:
    simulator: Simulator = field(default_factory=Simulator)
    rate: float = 0.0
    tokens: float = float(BURST)
    filled: float = 0.0
    refused: int = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        raw = await request.read()
        if request.path == "/bench/world":
            return self.renew(**json.loads(raw))
        if request.path == "/bench/counts":
            return self.counts()
        if self.rate and not self.takes():
            self.refused += 1
            await asyncio.sleep(LATENCY)
            return web.json_response({"message": "too many requests"}, status=429)
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = await self.simulator.answer(request.method, path, query, headers, raw)
        body, fields = encode(reply)
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields if name != b"content-length"}
        return web.Response(status=reply.status, body=body, headers=told)

    def renew(self, kind: str, size: int, rate: float = 0.0) -> web.Response:
        self.simulator = Simulator(latency=LATENCY)
        prepare(self.simulator, kind, size)
        self.rate, self.tokens, self.filled = rate, BURST, time.monotonic()
        return web.json_response(self.simulator.settings(""))

    def counts(self) -> web.Response:
        answer = {"requests": len(self.simulator.journal), "refused": self.refused}
        self.simulator.reset_journal()
        self.refused = 0
        return web.json_response(answer)

    def takes(self) -> bool:
        """Whether a platform with a limit takes one request more."""
        now = time.monotonic()
        self.tokens, self.filled = min(BURST, self.tokens + (now - self.filled) * self.rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


async def serve() -> None:
    runner = web.ServerRunner(web.Server(Server().answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
