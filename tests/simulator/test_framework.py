"""The simulator's framework, with a platform of two objects."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx
import pytest
import uvicorn

from headend.core.wire.operations import Operation, Table
from headend.core.wire.registry import platforms
from headend.simulator import Call, PlatformSim, Refusal, Reply, Simulator, handles
from headend.simulator.table import Table as Kind


class Shop(PlatformSim):
    name = "corner_shop"
    table = Table(
        [
            Operation("thing.list", "GET", "/api/things", "T-1", "List"),
            Operation("thing.overview", "GET", "/api/things/overview", "T-2", "Overview"),
            Operation("thing.get", "GET", "/api/things/{thing_id}", "T-3", "Get"),
            Operation("thing.create", "POST", "/api/things", "T-4", "Create"),
            Operation("thing.query", "POST", "/api/things/query", "T-5", "Query"),
            Operation("thing.delete_all", "DELETE", "/api/things?all={all}", "T-6", "Delete all"),
        ]
    )
    switches = {"colour": ("red", "blue"), "size": (3,)}
    reads = frozenset({"thing.query"})

    @handles("thing.get", "thing.query")
    async def get(self, call: Call) -> Reply:
        if call.path.get("thing_id") == "none":
            raise Refusal(404, {"message": "none"})
        return Reply(200, {"id": call.path.get("thing_id"), "colour": self.switch("colour")})

    @handles("thing.create")
    async def create(self, call: Call) -> Reply:
        id = self.new_id("thing")
        self.world.setdefault("things", {})[id] = call.body
        self.files = call.files
        return Reply(201, {"id": id})

    @handles("thing.delete_all")
    async def delete_all(self, call: Call) -> Reply:
        return Reply(204)


def run(simulator: Simulator, body: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def go() -> None:
        base = simulator.settings()["HEADEND_CORNER_SHOP_URL"]
        async with httpx.AsyncClient(transport=simulator.transport(), base_url=base) as client:
            await body(client)

    asyncio.run(go())


def test_routes_are_strict_and_ids_are_decoded() -> None:
    simulator = Simulator(classes=[Shop])

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/things/a%2Fb%20c")).json()["id"] == "a/b c"
        assert (await client.get("/api/things/none")).status_code == 404
        assert (await client.get("/api/things/overview")).status_code == 501, "the literal row wins over the id"
        assert (await client.get("/api/other")).status_code == 404
        wrong = await client.put("/api/things")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, POST")
        assert (await client.delete("/api/things")).status_code == 405, "the row asks for the query parameter"
        assert (await client.delete("/api/things?all=yes")).status_code == 204
        assert (await client.post("/api/things", content=b"{")).status_code == 400

    run(simulator, body)


def test_multipart_bodies_are_taken_apart() -> None:
    simulator = Simulator(classes=[Shop])
    content = bytes(range(256)) + b"\r\n--\n"
    parts = [("tag", (None, "a")), ("tag", (None, "b")), ("name", (None, "Grün")), ("file", ("a.png", content))]

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/things", files=parts)).status_code == 201
        assert (await client.post("/api/things", files=parts[3:])).status_code == 201
        none = {"content-type": "multipart/form-data; boundary=b"}
        assert (await client.post("/api/things", content=b"x", headers=none)).status_code == 400

    run(simulator, body)
    shop = simulator.sims["corner_shop"]
    assert shop.world["things"] == {"thing-1": {"tag": ["a", "b"], "name": "Grün"}, "thing-2": {}}
    assert shop.files == {"file": ("a.png", content)}
    assert simulator.journal[1].body == {"file": f"(a.png, {len(content)} bytes)"}


def test_journal_masks_secrets_and_tells_writes_from_reads() -> None:
    simulator = Simulator(classes=[Shop])

    async def body(client: httpx.AsyncClient) -> None:
        await client.post("/api/things?token=canary-1", json={"name": "n", "deep": [{"password": "canary-2"}]})
        await client.post("/api/things/query", json={})
        await client.get("/api/things/x")

    run(simulator, body)
    assert [entry.key for entry in simulator.journal] == ["thing.create", "thing.query", "thing.get"]
    assert [entry.key for entry in simulator.writes()] == ["thing.create"]
    assert simulator.journal[0].body == {"name": "n", "deep": [{"password": "(secret)"}]}
    assert "canary" not in repr(simulator.journal)
    simulator.reset_journal()
    assert simulator.journal == []


def test_faults_hit_so_many_times_and_say_whether_the_call_was_done() -> None:
    simulator = Simulator(classes=[Shop])
    shop = simulator.sims["corner_shop"]

    async def body(client: httpx.AsyncClient) -> None:
        simulator.fail("thing.create", status=503, headers={"Retry-After": "1"})
        refused = await client.post("/api/things", json={})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        for drop, made in (("before", 0), ("after", 1)):
            simulator.fail("thing.*", drop=drop)
            with pytest.raises(httpx.ReadError):
                await client.post("/api/things", json={})
            assert len(shop.world.get("things", {})) == made
        assert (await client.post("/api/things", json={})).status_code == 201

    run(simulator, body)
    with pytest.raises(ValueError, match="before"):
        simulator.fail("thing.get", drop="sideways")


def test_the_world_survives_a_dump_and_a_load() -> None:
    first, second = Simulator(classes=[Shop]), Simulator(classes=[Shop])

    async def create(client: httpx.AsyncClient) -> None:
        await client.post("/api/things", json={"n": 1})

    run(first, create)
    second.load(json.loads(json.dumps(first.dump())))
    run(second, create)
    assert list(second.sims["corner_shop"].world["things"]) == ["thing-1", "thing-2"]
    assert list(first.sims["corner_shop"].world["things"]) == ["thing-1"], "nothing is shared between instances"


def test_observers_see_the_world_as_it_is_before_the_answer_leaves() -> None:
    simulator = Simulator(classes=[Shop])
    seen: list[tuple[str, int, int]] = []
    things = simulator.sims["corner_shop"].world.setdefault("things", {})
    simulator.observers.append(lambda entry: seen.append((entry.key, entry.status, len(things))))
    simulator.fail("thing.create", drop="after")

    async def body(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ReadError):
            await client.post("/api/things", json={})
        await client.get("/api/things/none")

    run(simulator, body)
    assert seen == [("thing.create", 201, 1), ("thing.get", 404, 1)]


def test_switches_are_checked() -> None:
    assert (
        Simulator({"corner_shop": {"colour": "blue", "size": 9}}, classes=[Shop]).sims["corner_shop"].switch("size")
        == 9
    )
    for given, problem in (
        ({"corner_shop": {"taste": 1}}, "no switch"),
        ({"corner_shop": {"colour": "green"}}, "takes 'red', 'blue'"),
        ({"butcher": {}}, "unknown platforms"),
    ):
        with pytest.raises(ValueError, match=problem):
            Simulator(given, classes=[Shop])


def test_latency_and_the_peak_of_requests_in_flight() -> None:
    simulator = Simulator(classes=[Shop], latency=0.05)

    async def body(client: httpx.AsyncClient) -> None:
        before = time.monotonic()
        await asyncio.gather(*(client.get(f"/api/things/{n}") for n in range(5)))
        assert time.monotonic() - before >= 0.05

    run(simulator, body)
    assert simulator.peak == 5


def test_over_a_real_socket_a_lost_answer_is_a_lost_connection() -> None:
    simulator = Simulator(classes=[Shop])
    server = uvicorn.Server(uvicorn.Config(simulator.app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        base = simulator.settings(f"http://127.0.0.1:{port}")["HEADEND_CORNER_SHOP_URL"]
        with httpx.Client(base_url=base) as client:
            assert client.get("/api/things/a%2Fb").json()["id"] == "a/b"
            assert client.post("/api/things", json={"n": 1}).json() == {"id": "thing-1"}
            simulator.fail("thing.create", drop="after")
            with pytest.raises(httpx.TransportError):
                client.post("/api/things", json={"n": 2})
    finally:
        server.should_exit = True
        thread.join()
    assert len(simulator.sims["corner_shop"].world["things"]) == 2


def test_every_platform_with_a_simulator_is_found_and_its_handlers_have_rows() -> None:
    simulator = Simulator()
    assert set(platforms()) == set(simulator.sims)
    assert "corner_shop" not in simulator.sims, "only what lives in headend.simulator"
    for name, sim in simulator.sims.items():
        assert set(sim.handlers) <= set(sim.table), name
        assert set(sim.credentials) <= set(simulator.settings()), name
    json.dumps(simulator.dump())


def test_a_table_answers_what_the_wire_table_has_and_no_method_handles() -> None:
    class Till(Kind["Shop"]):
        def body(self, sim: Shop, call: Call, verb: str) -> dict[str, Any]:
            if unknown := call.body.keys() - self.fields(sim, call, verb).keys():
                raise Refusal(400, sorted(unknown))
            return dict(call.body)

        def many(self, sim: Shop, call: Call, rows: Iterable[dict[str, Any]]) -> Reply:
            return Reply(200, list(rows))

        def one(self, sim: Shop, call: Call, row: dict[str, Any], status: int = 200) -> Reply:
            return Reply(status, row)

    class Counter(PlatformSim):
        name = "corner_shop"
        table = Shop.table
        things = Till("thing", {"name": str})

        @handles("thing.query")
        async def query(self, call: Call) -> Reply:
            return Reply(200, "asked")

        @things.before("create")
        def priced(self, call: Call, row: dict[str, Any], given: dict[str, Any]) -> None:
            row["price"] = 1

        @things.shows
        def cheap(self, call: Call, row: dict[str, Any]) -> dict[str, Any]:
            return row | {"is_cheap": row["price"] < 2}

    simulator = Simulator(classes=[Counter])
    row = {"thing_id": "thing-1", "name": "n", "price": 1}

    async def body(client: httpx.AsyncClient) -> None:
        made = await client.post("/api/things", json={"name": "n"})
        assert (made.status_code, made.json()) == (201, row | {"is_cheap": True})
        assert (await client.post("/api/things", json={"colour": "red"})).status_code == 400
        assert (await client.get("/api/things/thing-1")).json() == row | {"is_cheap": True}
        assert (await client.get("/api/things/thing-2")).status_code == 404
        assert len((await client.get("/api/things")).json()) == 1
        assert (await client.post("/api/things/query", json={})).json() == "asked"
        assert (await client.delete("/api/things?all=yes")).status_code == 501, "delete_all is no verb of tables"

    run(simulator, body)
    assert simulator.sims["corner_shop"].world["things"] == {"thing-1": row}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"get": handles("thing.gt")(lambda self, call: None)}, "'thing.gt', which is no operation"),
        ({"again": handles("thing.create")(lambda self, call: None)}, "both again and create handle 'thing.create'"),
        ({"sweets": Kind("sweet")}, "there are no operations of 'sweet'"),
    ],
)
def test_handlers_without_a_row_and_two_of_one_row_fail_at_import(parts: dict[str, Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        type("Wrong", (Shop,), parts)
