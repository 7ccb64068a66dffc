"""What pictures of a plan are made of: the ways of streams, and who carries what when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import ENVIRONMENT, NOON, Engine
from convergence.ateme import TRANSCODER, VIEWER
from headend.core.reconcile.document import raise_if_no_plan
from headend.core.reconcile.plan import FORMAT
from headend.core.reconcile.signal import pictures

E = "ateme.environments"
TO = {"variant": "srt_push", "latency": 200}
DERBY = {"input": "stadium", "output": "cdn", "start_time": "2026-12-05T11:00:00Z", "end_time": "2026-12-05T14:00:00Z"}


def wanted(latency: int = 6000, **eu: Any) -> dict[str, Any]:
    """Two environments; the derby runs in the first at noon, from a stadium."""
    inside = {
        "inputs": {"stadium": {"variant": "srt_push", "port": 5001, "latency": latency}},
        "outputs": {"cdn": {**TO, "host": "cdn.example.com", "port": 6001}},
        "schedules": {"derby": DERBY},
    }
    us = {"inputs": {"from-eu": {"variant": "srt_push", "port": 5001}}}
    both = {"eu": {**ENVIRONMENT, **inside, **eu}, "us": {**ENVIRONMENT, **us}}
    return {"headend": 1, "stack": "one", "ateme": {"environments": both}}


def drawn(engine: Engine, stack: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two parts, as a document that is checked."""
    plan = engine.plan(stack, now=lambda: engine.now)
    document = plan.document() | pictures(plan)
    assert document["format"] == FORMAT
    raise_if_no_plan(document)
    return document["signal"], document["bookings"]


def ways(signal: dict[str, Any], **marks: bool) -> list[tuple[str, str]]:
    """Names of both ends of the edges that have these marks."""
    edges = [edge for edge in signal["edges"] if all(edge.get(name, False) == is_so for name, is_so in marks.items())]
    return sorted((edge["source"].rpartition(".")[2], edge["target"].rpartition(".")[2]) for edge in edges)


def on_air(signal: dict[str, Any]) -> list[str]:
    return [node["name"] for node in signal["nodes"] if node.get("on_air")]


def test_what_runs_is_on_air_and_what_a_change_cuts_is_marked_all_the_way(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    made = {"transcoders": {"hd": {**TRANSCODER, "input": "stadium"}}, "schedules": {"derby": {**DERBY, "input": "hd"}}}
    signal, bookings = drawn(engine, wanted(**made))
    assert on_air(signal) == []
    assert ways(signal) == [("hd", "cdn"), ("stadium", "hd")]
    assert bookings["cuts"] == []
    engine.done(wanted(**made))
    signal, _ = drawn(engine, wanted(**made))
    assert set(on_air(signal)) == {"eu", "stadium", "cdn", "hd"}
    assert ways(signal, on_air=True) == [("hd", "cdn"), ("stadium", "hd")]
    assert ways(signal, cut=True) == []
    signal, bookings = drawn(engine, wanted(latency=2000, **made))
    assert ways(signal, cut=True) == [("hd", "cdn"), ("stadium", "hd")]
    by = [f"{E}.eu.inputs.stadium"]
    noon, end = NOON.isoformat(), "2026-12-05T14:00:00+00:00"
    assert bookings["cuts"] == [{"row": f"{E}.eu.outputs.cdn", "start": noon, "end": end, "by": by}]


def test_what_goes_and_what_is_moved_to_another_input_is_told_as_both(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    two = {name: {"variant": "srt_push", "port": 5001 + n} for n, name in enumerate(("stadium", "spare"))}
    signal, bookings = drawn(engine, wanted(inputs=two, schedules={"derby": {**DERBY, "input": "spare"}}))
    assert ways(signal, goes=True) == [("stadium", "cdn")]
    assert ways(signal, goes=False) == ways(signal, on_air=False) == ways(signal, cut=False) == [("spare", "cdn")]
    later = {**DERBY, "end_time": "2026-12-05T15:00:00Z"}
    _, bookings = drawn(engine, wanted(schedules={"derby": later}))
    (booking,) = bookings["bookings"]
    assert (booking["end"], booking["was"]["end"]) == ("2026-12-05T15:00:00+00:00", "2026-12-05T14:00:00+00:00")
    signal, bookings = drawn(engine, wanted(schedules={}, outputs={}))
    assert ways(signal, goes=True) == [("stadium", "cdn")]
    assert [booking["goes"] for booking in bookings["bookings"]] == [True]


def test_two_on_one_output_clash_and_neighbours_do_not(tmp_path: Path) -> None:
    times = [("11", "14"), ("13", "15"), ("15", "16")]
    spans = [(f"2026-12-05T{a}:00:00Z", f"2026-12-05T{b}:00:00Z") for a, b in times]
    schedules = {f"s{n}": {**DERBY, "start_time": a, "end_time": b} for n, (a, b) in enumerate(spans)}
    _, bookings = drawn(Engine(tmp_path), wanted(schedules=schedules))
    clashes = [[other.rpartition(".")[2] for other in one.get("clashes", ())] for one in bookings["bookings"]]
    assert clashes == [["s1"], ["s0"], []]


@pytest.mark.parametrize(
    ("host", "port", "likely"),
    [
        pytest.param("192.0.2.7", 5001, False, id="an address that the stack keeps for it"),
        pytest.param("ingest.us.example.com", 5001, True, id="a name that has the environment's in it"),
        pytest.param("ingest.us.example.com", 5002, None, id="another port"),
        pytest.param("bus.example.com", 5001, None, id="another name"),
        pytest.param("192.0.2.8", 5001, None, id="another address"),
    ],
)
def test_an_output_feeds_another_environment_by_host_and_port(
    tmp_path: Path, host: str, port: int, likely: bool | None
) -> None:
    stack = wanted(outputs={"away": {**TO, "host": host, "port": port}}, schedules={})
    address = {"ip_address": "192.0.2.7", "cloud_provider": "aws", "region": "eu-west-1", "environment": "us"}
    stack["ateme"]["saved_ips"] = {"main": address}
    signal, _ = drawn(Engine(tmp_path), stack)
    assert ways(signal) == ([] if likely is None else [("away", "from-eu")])
    assert [edge.get("likely", False) for edge in signal["edges"]] == ([] if likely is None else [likely])


def test_an_input_that_calls_is_fed_by_the_output_that_waits(tmp_path: Path) -> None:
    stack = wanted(outputs={"open": {"variant": "srt_pull", "port": 7001, "latency": 200}}, schedules={})
    caller = {"variant": "srt_pull", "host": "eu.example.com", "port": 7001}
    stack["ateme"]["environments"]["us"]["inputs"] = {"caller": caller}
    signal, _ = drawn(Engine(tmp_path), stack)
    assert ways(signal) == [("open", "caller")]


def test_a_wall_shows_its_tiles_and_an_event_is_between_its_input_and_its_outputs(tmp_path: Path) -> None:
    more = {
        "multi_viewers": {"wall": {**VIEWER, "tile_inputs": {"1": "stadium"}}},
        "events": {"final": {"input": "stadium", "start_time": DERBY["start_time"], "end_time": DERBY["end_time"]}},
        "event_subscriptions": {"guest": {"event": "final", "output": "cdn", "timed_by_event_owner": True}},
        "schedules": {},
    }
    signal, bookings = drawn(Engine(tmp_path), wanted(**more))
    assert ways(signal) == [("final", "cdn"), ("stadium", "final"), ("stadium", "wall")]
    assert [(one["row"].rpartition(".")[2], one["start"]) for one in bookings["bookings"]] == [
        ("cdn", "2026-12-05T11:00:00+00:00")
    ]


def test_a_stack_without_streams_has_no_pictures(tmp_path: Path) -> None:
    only = {"headend": 1, "stack": "one", "just": {"profiles": {"duty": {}}}}
    assert pictures(Engine(tmp_path).plan(only)) == {}
