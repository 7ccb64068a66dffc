"""`headend simulate --control`: the routes beside the platforms', as tests of others use them."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import jsonschema
import pytest

from commands import ROOT
from headend.simulator import Fault, Simulator
from headend.simulator.clock import SimulatedClock
from headend.simulator.control import Control

Ask = Callable[..., httpx.Response]
KEY = {"authorization": "simulated-mycujoo-key"}


@pytest.fixture
def control() -> Control:
    clock = SimulatedClock()
    return Control(Simulator(now=clock), clock)


@pytest.fixture
def ask(control: Control) -> Ask:
    def call(method: str, path: str, given: Any = ..., **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            body = {} if given is ... else {"content": given if isinstance(given, bytes | str) else json.dumps(given)}
            transport = httpx.ASGITransport(control)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **body, **more)

        return asyncio.run(go())

    return call


def test_what_the_stand_in_of_bug_reports_can_do(control: Control, ask: Ask) -> None:
    """Switches, latency and faults at the start; the journal, its reset, other faults, the world read and replaced."""
    assert ask("PUT", "/control/switches", {"ateme": {"envelope": "object"}}).json()["ateme"]["envelope"] == "object"
    assert ask("PUT", "/control/latency", {"latency": 0.001}).json() == {"latency": 0.001}
    fault = {"operation": "organization.get", "times": 2, "status": 500, "headers": {"X-A": "b"}, "body": {"m": 1}}
    assert ask("PUT", "/control/faults", [fault | {"first": 2, "delay": 0.001}]).status_code == 200
    got = [ask("GET", "/mycujoo/nothing").status_code, ask("PUT", "/control/faults", []).json()]
    assert got == [404, []]
    shown = ask("GET", "/control/journal").json()
    assert [(e["number"], e["method"], e["path"], e["status"], e["write"]) for e in shown] == [
        (1, "GET", "/nothing", 404, False)
    ]
    assert ask("DELETE", "/control/journal").status_code == 204
    assert ask("GET", "/control/journal").json() == []
    world = ask("GET", "/control/world").json()
    assert world == control.simulator.dump()
    world["ateme"]["labels"] = {"l-1": {"label_id": "l-1", "text": "Derby", "organisation_id": "org-1"}}
    assert ask("PUT", "/control/world", world).json() == world == control.simulator.dump()


def test_a_fault_hits_the_platform_beside(control: Control, ask: Ask) -> None:
    sent = {"operation": "service_token.create", "text": "<html>", "times": None, "first": 2}
    added = ask("POST", "/control/faults", sent).json()
    assert added == {"id": "fault-1", "fault": sent, "seen": 0, "hits": 0}
    operation = control.simulator.sims["straas"].table["service_token.create"]
    answers = [ask(operation.method, f"/straas{operation.path}").text for _ in range(2)]
    assert [text == "<html>" for text in answers] == [False, True]
    assert ask("GET", "/control/faults").json() == [added | {"seen": 2, "hits": 1}]
    assert ask("PUT", "/control/faults", [added["fault"]]).json()[0]["fault"] == sent, "what is listed can be sent"
    assert ask("DELETE", "/control/faults/fault-2").status_code == 204
    assert ask("GET", "/control/faults").json() == []


def test_the_journal_filters_and_holds_no_secret(control: Control, ask: Ask) -> None:
    login = control.simulator.sims["ateme"].table["session.login"]
    ask(login.method, f"/ateme{login.path}", {"email": "noc@example.com", "password": "canary-17"})
    ask("GET", "/mycujoo/nothing")
    whole = ask("GET", "/control/journal")
    assert len(whole.json()) == 2
    assert "canary" not in whole.text
    for query, wanted in {"platform=ateme": [1], "operation=session.*": [1], "since=1": [2], "write=true": []}.items():
        assert [e["number"] for e in ask("GET", f"/control/journal?{query}").json()] == wanted


def test_the_clock_is_the_platforms(control: Control, ask: Ask) -> None:
    ask("PUT", "/control/clock", {"now": "2030-06-01T12:00:00+02:00", "frozen": True})
    assert ask("PUT", "/control/clock", {"advance": 60}).json() == {"now": "2030-06-01T10:01:00Z", "frozen": True}
    assert control.simulator.sims["ateme"].now() == datetime(2030, 6, 1, 10, 1, tzinfo=UTC)
    assert ask("PUT", "/control/clock", {"frozen": False}).json()["frozen"] is False
    assert ask("GET", "/control/clock").json()["now"].startswith("2030-06-01T10:01:0")


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "why"),
    [
        ("GET", "/control/other", ..., 404, "there are: /control/journal"),
        ("GET", "/control", ..., 404, "no such control route"),
        ("PATCH", "/control/faults", [], 405, "takes GET, POST, PUT, DELETE"),
        ("GET", "/control/journal?colour=red", ..., 400, "colour: Extra inputs are not permitted"),
        ("GET", "/control/journal?write=maybe", ..., 400, "'true' or 'false'"),
        ("GET", "/control/world?x=1", ..., 400, "this route takes none"),
        ("DELETE", "/control/journal", {}, 400, "no body"),
        ("POST", "/control/faults", b"{", 400, "not JSON"),
        ("POST", "/control/faults", {"operation": "input.lst", "status": 500}, 400, "did you mean 'input.list'"),
        ("POST", "/control/faults", {"operation": "input.list", "sttus": 500}, 400, "sttus: Extra inputs"),
        ("PUT", "/control/faults", [{"operation": "input.list"}, {"operation": "x"}], 400, "no operation"),
        ("DELETE", "/control/faults/fault-9", ..., 404, "no fault 'fault-9'"),
        ("PUT", "/control/world", {"aetme": {}}, 400, "no platform 'aetme'"),
        ("PUT", "/control/world", {"ateme": {"labls": {}}}, 400, "no table of ateme 'labls'"),
        ("PUT", "/control/world", {"ateme": {"labels": []}}, 400, "ateme.labels: the table holds dict"),
        ("PATCH", "/control/world", [{"op": "remove", "path": "/ateme/labels/none"}], 409, "there is no 'none'"),
        ("PATCH", "/control/world", [{"op": "remov", "path": "/ateme"}], 400, "'add', 'replace'"),
        ("PUT", "/control/switches", {"ateme": {"envelope": "object", "colour": 1}}, 400, "no switch 'colour'"),
        ("PUT", "/control/latency", {"latency": -1}, 400, "greater than or equal to 0"),
        ("PUT", "/control/clock", {}, 400, "one of now, advance, frozen"),
        ("PUT", "/control/clock", {"now": "2030-06-01T12:00:00"}, 400, "timezone"),
        ("PUT", "/control/clock", {"advance": 1e300}, 400, ""),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    control: Control, ask: Ask, method: str, path: str, given: Any, status: int, why: str
) -> None:
    control.simulator.fail("label.list", status=500)
    held = [control.simulator.dump(), ask("GET", "/control/switches").json(), len(control.simulator.faults.planted)]
    answer = ask(method, path, given)
    assert (answer.status_code, why in answer.json()["message"]) == (status, True), answer.text
    now = [control.simulator.dump(), ask("GET", "/control/switches").json(), len(control.simulator.faults.planted)]
    assert now == held
    assert not control.clock.frozen


def test_the_openapi_document_is_that_of_the_types(control: Control, ask: Ask) -> None:
    told = ask("GET", "/control/openapi.json").json()
    served = {(route.method, f"/control{route.path}") for route in control.routes}
    assert {(method.upper(), path) for path, said in told["paths"].items() for method in said} == served
    fault = told["paths"]["/control/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert fault["properties"].keys() == Fault.model_fields.keys()
    judge = jsonschema.Draft202012Validator(fault | {"components": told["components"]})
    assert judge.is_valid({"operation": "input.list", "drop": "after"})
    assert not judge.is_valid({"operation": "input.list", "drop": "sideways"})


def test_the_page_shows_what_works_and_names_every_route_and_field(control: Control, ask: Ask) -> None:
    page = (ROOT / "docs/simulator.md").read_text()
    shown = [shlex.split(line)[1:] for line in re.findall(r"^curl .*$", page, re.MULTILINE)]
    assert len(shown) > 10
    for words in shown:
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        url = next(word for word in words if word.startswith("http://127.0.0.1:8480"))
        given = words[words.index("-d") + 1] if "-d" in words else ...
        answer = ask(method, url.removeprefix("http://127.0.0.1:8480"), given)
        assert answer.is_success, (words, answer.text)
    assert {route.path.partition("/{")[0] for route in control.routes} <= set(re.findall(r"/control(/[\w.]+)", page))
    assert [name for name in Fault.model_fields if f"`{name}`" not in page] == []


@pytest.mark.parametrize("flags", [(), ("--control",)])
def test_the_command_serves_them_only_when_asked(flags: tuple[str, ...]) -> None:
    port = str(free_port())
    command = [sys.executable, "-m", "headend.cli.main", "simulate", "--port", port, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert answered(f"http://127.0.0.1:{port}/control/clock") == (200 if flags else 404)
        finally:
            process.send_signal(signal.SIGINT)


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answered(url: str) -> int:
    until = time.monotonic() + 60
    while True:
        try:
            return httpx.get(url, trust_env=False).status_code
        except httpx.ConnectError:
            assert time.monotonic() < until, "it does not begin"
            time.sleep(0.05)
