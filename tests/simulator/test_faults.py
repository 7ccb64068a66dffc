"""Faults that tests plant: what each of their fields does to a call, and which calls they hit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from headend.core.wire.operations import Operation, Table
from headend.simulator import Fault, Simulator
from headend.simulator.base import Call, PlatformSim, Reply, handles
from headend.simulator.json_patch import PatchError, patched

PAGE = "<html>502 Bad Gateway</html>"


class Stall(PlatformSim):
    name = "market_stall"
    table = Table(
        [
            Operation("fruit.list", "GET", "/fruit", "T-1", "List"),
            Operation("fruit.create", "POST", "/fruit", "T-2", "Create"),
        ]
    )

    @handles("fruit.list")
    async def list(self, call: Call) -> Reply:
        return Reply(200, self.world.setdefault("fruit", [{"id": "f-0", "name": "fig"}]))

    @handles("fruit.create")
    async def create(self, call: Call) -> Reply:
        self.world.setdefault("fruit", []).append({"id": self.new_id("f"), **call.body})
        return Reply(201, self.world["fruit"][-1], {"X-Made": "yes"})


@pytest.fixture
def stall() -> Simulator:
    return Simulator(classes=[Stall])


def made(stall: Simulator) -> int:
    return len(stall.sims["market_stall"].world.get("fruit", ()))


def run(stall: Simulator, body: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def go() -> None:
        base = stall.settings()["HEADEND_MARKET_STALL_URL"]
        async with httpx.AsyncClient(transport=stall.transport(), base_url=base) as client:
            await body(client)

    asyncio.run(go())


def ask(stall: Simulator, method: str = "GET") -> httpx.Response:
    got: list[httpx.Response] = []

    async def body(client: httpx.AsyncClient) -> None:
        got.append(await client.request(method, "/fruit", json={"name": "pear"} if method == "POST" else None))

    run(stall, body)
    return got[0]


@pytest.mark.parametrize(
    ("fields", "status", "content"),
    [
        ({"text": PAGE, "headers": {"content-type": "text/html"}}, 200, PAGE.encode()),
        ({"text": '[{"id": "f-'}, 200, b'[{"id": "f-'),
        ({"text": ""}, 200, b""),
        ({"text": "null"}, 200, b"null"),
        ({"body": {"message": "internal error"}}, 200, b'{"message": "internal error"}'),
        ({"body": b"\xff\xfe"}, 200, b"\xff\xfe"),
        ({"status": 204}, 204, b""),
        ({"status": 404, "body": PAGE.encode()}, 404, PAGE.encode()),
        ({"status": 503}, 503, b'{"message": "injected failure 503"}'),
        ({"truncate": 9}, 200, b'[{"id": "'),
        ({"change": lambda rows: [row | {"id": None} for row in rows]}, 200, b'[{"id": null, "name": "fig"}]'),
        ({"change": lambda rows: rows.clear() or rows}, 200, b"[]"),
        ({"patch": [{"op": "replace", "path": "/0/id", "value": 7}]}, 200, b'[{"id": 7, "name": "fig"}]'),
        ({"patch": [{"op": "remove", "path": "/0/id"}]}, 200, b'[{"name": "fig"}]'),
    ],
)
def test_an_answer_is_another_once_and_the_world_stays(
    stall: Simulator, fields: dict[str, Any], status: int, content: bytes
) -> None:
    stall.fail("fruit.list", **fields)
    answer = ask(stall)
    assert (answer.status_code, answer.content) == (status, content)
    assert ask(stall).json() == [{"id": "f-0", "name": "fig"}]


@pytest.mark.parametrize(
    ("fields", "done"), [({"status": 500}, 0), ({"status": 500, "handled": True}, 1), ({"truncate": 3}, 1)]
)
def test_the_call_is_carried_out_or_not(stall: Simulator, fields: dict[str, Any], done: int) -> None:
    stall.fail("fruit.create", **fields)
    ask(stall, "POST")
    assert made(stall) == done
    assert stall.journal[-1].status == (201 if done else 500), "the journal says what the platform did"


@pytest.mark.parametrize(("drop", "done"), [("before", 0), ("during", 1), ("after", 1)])
def test_the_connection_is_lost_before_the_work_or_after(stall: Simulator, drop: str, done: int) -> None:
    stall.fail("fruit.create", drop=drop)
    with pytest.raises(httpx.ReadError):
        ask(stall, "POST")
    assert made(stall) == done


def test_headers_alone_are_added_to_the_true_answer(stall: Simulator) -> None:
    stall.fail("fruit.create", headers={"Retry-After": "9"})
    answer = ask(stall, "POST")
    assert answer.json()["name"] == "pear"
    assert (answer.headers["retry-after"], answer.headers["x-made"]) == ("9", "yes")


def test_which_calls_are_hit(stall: Simulator) -> None:
    """The third and fourth; a second fault's turn comes with the first's end; for ever is for ever."""
    third = stall.fail("fruit.*", status=503, first=3, times=2)
    later = stall.fail("market_stall:fruit.list", status=502, first=3, times=None)
    assert [ask(stall).status_code for _ in range(6)] == [200, 200, 503, 503, 502, 502]
    assert (third.hits, third.left, later.seen, later.hits, later.left) == (2, 0, 6, 2, None)
    stall.faults.remove(later.id)
    assert ask(stall).status_code == 200
    with pytest.raises(KeyError):
        stall.faults.remove(later.id)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"operation": "fruit.lst"}, "no operation is called 'fruit.lst'; did you mean 'fruit.list'?"),
        ({"operation": "other:fruit.list"}, "no operation"),
        ({"drop": "sideways"}, "'before', 'during' or 'after'"),
        ({"colour": "red"}, "colour"),
        ({"status": "200"}, "valid integer"),
        ({"status": 600}, "599"),
        ({"times": 0}, "greater than or equal to 1"),
        ({"first": 0}, "greater than or equal to 1"),
        ({"delay": float("inf")}, "finite"),
        ({"body": 1, "text": "1"}, "one body"),
        ({"handled": True}, "carried out anyway"),
        ({"status": 200, "patch": [{"op": "remove", "path": "/0"}]}, "stand in its place"),
        ({"status": 200, "change": lambda rows: rows}, "no other"),
        ({"status": 204, "text": "x"}, "has no body"),
        ({"drop": "after", "status": 500}, "nothing else can be said"),
        ({"headers": {"content-length": "7"}}, "break answers off"),
        ({"headers": {"X": "a\r\nY: b"}}, "printable"),
        ({"headers": {"X Y": "a"}}, "no name of a header"),
        ({"patch": [{"op": "replace", "path": "0/id", "value": 1}]}, "begins with '/'"),
    ],
)
def test_what_means_nothing_is_refused(stall: Simulator, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError) as refused:
        stall.fail(**{"operation": "fruit.list", **fields})
    assert why in str(refused.value)
    assert list(stall.faults) == []


def test_a_patch_that_does_not_fit_is_told_in_the_answer(stall: Simulator) -> None:
    stall.fail("fruit.list", patch=[{"op": "remove", "path": "/4"}])
    answer = ask(stall)
    assert answer.status_code == 500
    assert "step 1 (remove '/4'): the list has no item 4" in answer.json()["message"]


DOCUMENT = {"a": [1, {"b/c": {"~": None}}], "t": True}


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ({"op": "add", "path": "/a/-", "value": 2}, {"a": [1, {"b/c": {"~": None}}, 2], "t": True}),
        ({"op": "add", "path": "/a/0", "value": 0}, {"a": [0, 1, {"b/c": {"~": None}}], "t": True}),
        ({"op": "add", "path": "/n", "value": None}, DOCUMENT | {"n": None}),
        ({"op": "replace", "path": "/a/1/b~1c/~0", "value": 3}, {"a": [1, {"b/c": {"~": 3}}], "t": True}),
        ({"op": "replace", "path": "", "value": 3}, 3),
        ({"op": "remove", "path": "/a/1"}, {"a": [1], "t": True}),
        ({"op": "move", "from": "/a/0", "path": "/n"}, {"a": [{"b/c": {"~": None}}], "t": True, "n": 1}),
        ({"op": "copy", "from": "/a/0", "path": "/a/1/n"}, {"a": [1, {"b/c": {"~": None}, "n": 1}], "t": True}),
        ({"op": "test", "path": "/t", "value": True}, DOCUMENT),
    ],
)
def test_a_patch_as_the_standard_has_it(step: dict[str, Any], result: Any) -> None:
    fault = Fault.model_validate({"operation": "x", "patch": [step]})
    assert patched(DOCUMENT, fault.patch) == result
    assert DOCUMENT == {"a": [1, {"b/c": {"~": None}}], "t": True}


@pytest.mark.parametrize(
    "step",
    [
        {"op": "remove", "path": "/x"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/a/2", "value": 1},
        {"op": "replace", "path": "/a/-", "value": 1},
        {"op": "add", "path": "/a/3", "value": 1},
        {"op": "add", "path": "/a/01", "value": 1},
        {"op": "add", "path": "/t/x", "value": 1},
        {"op": "move", "from": "/a", "path": "/a/0"},
        {"op": "test", "path": "/t", "value": 1},
        {"op": "test", "path": "/a", "value": [True, {"b/c": {"~": None}}]},
    ],
)
def test_a_patch_that_fits_nothing(step: dict[str, Any]) -> None:
    with pytest.raises(PatchError, match="step 1"):
        patched(DOCUMENT, Fault.model_validate({"operation": "x", "patch": [step]}).patch)
    with pytest.raises(ValidationError):
        Fault.model_validate({"operation": "x", "patch": [step | {"more": 1}]})
