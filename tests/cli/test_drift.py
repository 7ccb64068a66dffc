"""drift for timers and for people: metrics, webhooks, rounds, and taking over what somebody changed."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World, serve
from headend.cli.watching import Watcher, message_of, metrics_text, state_of
from headend.simulator import Simulator

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    # the match
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        arena: {variant: srt_push, port: 5001}  # north
        studio:
          variant: srt_push
          port: 5002
          latency: 2000  # ms
          password: {secret: STUDIO}
          encryption_type: 1
      outputs:
        cdn: {variant: srt_push, host: cdn.example.com, port: 6001, latency: 500}
        spare: {variant: srt_push, host: spare.example.com, port: 6002, latency: 500}
      schedules:
        derby: {input: arena, output: cdn, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
"""
INPUTS = "ateme.environments.matchday.inputs"


@pytest.fixture
def day(tmp_path: Path) -> Iterator[World]:
    simulator = Simulator()
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.env["STUDIO"] = "a long passphrase"
        world.write("day.yaml", STACK)
        assert world("apply", "day.yaml", "--yes").code == 0
        yield world


def live(world: World, table: str, **having: Any) -> dict[str, Any]:
    rows: Any = world.simulator.sims["ateme"].world[table].values()
    (row,) = [row for row in rows if having.items() <= row.items()]
    found: dict[str, Any] = row
    return found


def test_what_was_changed_is_accepted_with_comments_and_layout_kept(day: World) -> None:
    live(day, "inputs", port=5002)["latency"] = 2500
    live(day, "inputs", port=5001)["latency"] = 900
    accepted = day("drift", "day.yaml", "--accept", f"{INPUTS}.studio", "--accept", f"{INPUTS}.arena")
    assert accepted.code == 2, accepted.err
    assert f"day.yaml: {INPUTS}.studio: latency is 2500 now, as it is live" in accepted.out
    wanted = STACK.replace("latency: 2000  # ms", "latency: 2500  # ms")
    wanted = wanted.replace("{variant: srt_push, port: 5001}", "{variant: srt_push, port: 5001, latency: 900}")
    assert (day.home / "day.yaml").read_text() == wanted
    assert day("drift", "day.yaml").code == 0


def test_line_ends_stay_as_they_are(day: World) -> None:
    (day.home / "day.yaml").write_bytes(STACK.replace("\n", "\r\n").encode())
    live(day, "inputs", port=5002)["latency"] = 2500
    assert day("drift", "day.yaml", "--accept", f"{INPUTS}.studio").code == 2
    wanted = STACK.replace("latency: 2000  # ms", "latency: 2500  # ms").replace("\n", "\r\n")
    assert (day.home / "day.yaml").read_bytes() == wanted.encode()


def test_nothing_is_written_where_something_cannot_be(day: World) -> None:
    live(day, "inputs", port=5002)["latency"] = 2500
    refused = day("drift", "day.yaml", "--accept", f"{INPUTS}.studio", "--accept", f"{INPUTS}.arena")
    assert (refused.code, "arena: nothing of it was changed outside headend" in refused.err) == (3, True)
    assert (day.home / "day.yaml").read_text() == STACK


def test_metrics_tell_what_differs(day: World) -> None:
    assert day("drift", "day.yaml", "--metrics", "day.prom").code == 0
    assert 'headend_drift_objects{stack="day",state="changed"} 0' in (day.home / "day.prom").read_text()
    live(day, "inputs", port=5002)["latency"] = 2500
    assert day("drift", "day.yaml", "--metrics", "day.prom").code == 2
    assert 'headend_drift_objects{stack="day",state="changed"} 1' in (day.home / "day.prom").read_text()
    assert 'headend_drift_up{stack="day"} 1' in (day.home / "day.prom").read_text()
    day.simulator.fail("ateme:input.list", status=400, times=None)
    assert day("drift", "day.yaml", "--metrics", "day.prom").code == 1
    assert 'headend_drift_up{stack="day"} 0' in (day.home / "day.prom").read_text()


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    got: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/T0KEN", got
    server.shutdown()
    server.server_close()


def test_a_webhook_is_told_of_news(day: World, hook: tuple[str, list[dict[str, Any]]]) -> None:
    url, got = hook
    assert day("drift", "day.yaml", "--webhook", url).code == 0
    assert got == [], "all is well, and was"
    live(day, "inputs", port=5002)["latency"] = 2500
    assert day("drift", "day.yaml", HEADEND_DRIFT_WEBHOOK=url).code == 2
    (message,) = got
    assert (message["stack"], message["state"]) == ("day", "drifted")
    (step,) = message["steps"]
    assert step["changes"][0] | {"before": 2500, "after": 2000, "cause": "drift"} == step["changes"][0]
    gone = day("drift", "day.yaml", "--webhook", "http://127.0.0.1:1/T0KEN")
    assert (gone.code, "T0KEN" in gone.err, "--webhook: ConnectError" in gone.err) == (2, False, True)


def document(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"stack": 'a"b', "steps": list(steps), "summary": {}} | more


CHANGED = {"address": "a.b", "kind": "k", "action": "update", "reason": "drifted", "impact": "none"}


def test_rounds_tell_each_thing_once() -> None:
    told: list[Any] = []
    watcher = Watcher(webhook="x", post=lambda url, message: told.append(message["state"]))
    for one in (document(), document(), document(CHANGED), document(CHANGED), document(), document(errors=[{}])):
        watcher.look(lambda one=one: one)  # type: ignore[misc]
    assert told == ["drifted", "in_sync", "failed"]


def test_a_signal_ends_the_rounds() -> None:
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
    looks = []
    watcher = Watcher()

    def look() -> dict[str, Any]:
        looks.append(1)
        if len(looks) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return document()

    try:
        watcher.rounds(look, timedelta(0))
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    assert len(looks) == 3


def test_states_and_metrics_of_documents() -> None:
    assert [state_of(one) for one in (document(), document(CHANGED), document(errors=[{}]))] == [
        "in_sync",
        "drifted",
        "failed",
    ]
    assert state_of(document(CHANGED | {"action": "none", "status": {}})) == "drifted"
    assert 'headend_drift_seconds{stack="a\\"b"} 1.5' in metrics_text(document(), 1.5, 2.0)
    assert message_of(document(CHANGED | {"bound": {}}))["steps"] == [CHANGED]
