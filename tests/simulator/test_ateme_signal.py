"""Inputs and outputs of the simulated Ateme+ Cloud API."""

from __future__ import annotations

from typing import Any

import pytest
from ateme_world import BODIES, World, run


@pytest.mark.parametrize("noun", ["input", "output"])
def test_each_variant_is_made_read_updated_stopped_and_deleted(noun: str) -> None:
    async def body(w: World) -> None:
        for kind in BODIES[noun]:
            id = await w.make(noun, kind)
            await w.call("PUT", f"{noun}s/{kind}/{id}", {"user_description": "new"}, 200)
            row = await w.call("GET", f"{noun}s/{id}", None, 200)
            assert (row["user_description"], row["environment_id"]) == ("new", "env-1")
            assert row["variant"].removeprefix("zixi_" if noun == "input" else "") == kind
            assert "password" not in row
            started = row["status"] == "started"
            await w.call("POST", f"{noun}s/{id}/{'stop' if started else 'start'}", None, 200)
            await w.call("POST", f"{noun}s/{id}/{'stop' if started else 'start'}", None, 409)
            await w.call("PUT", f"{noun}s/{id}/location", {"latitude": 59, "longitude": 10.5}, 200)
            await w.call("DELETE", f"{noun}s/{id}", None, 204)
            await w.call("GET", f"{noun}s/{id}", None, 404)
            await w.call("DELETE", f"{noun}s/{id}", None, 404)
        assert await w.call("GET", f"{noun}s") == []

    assert "canary-password" not in repr(run(body).journal)


REFUSED = [
    ("input", "push", {"latency": 600001}, "latency"),
    ("input", "push", {"latency": -2}, "latency"),
    ("input", "push", {"port": "2077"}, "port"),
    ("input", "push", {"port": True}, "port"),
    ("input", "pull", {"id": "i" * 129}, "id"),
    ("input", "pull", {"user_description": "d" * 256}, "user_description"),
    ("input", "srt_push", {"bitrate": 8000}, "bitrate"),
    ("input", "udp_rist", {"rist_remote_port": 0}, "rist_remote_port"),
    ("input", "udp_rist", {"environment_id": "env-1"}, "environment_id"),
    ("output", "push", {"port": 65536}, "port"),
    ("output", "push", {"stream_id": "s" * 101}, "stream_id"),
    ("output", "rtmp", {"url": "https://live.example.com"}, "url"),
    ("output", "rtmp", {"bitrate": -1}, "bitrate"),
    ("output", "srt_pull", {"port": 1024}, "port"),
    ("output", "srt_pull", {"latency": 600000}, "latency"),
    ("output", "srt_pull", {"encryption_type": 1}, "password"),
    ("output", "srt_pull", {"encryption_type": 1, "password": "short"}, "password"),
    ("output", "srt_push", {"encryption_type": 4}, "encryption_type"),
    ("output", "udp_rist", {"port": 65535}, "port"),
    ("output", "udp_rist", {"ttl": 226}, "ttl"),
    ("output", "udp_rist", {"fec": 0, "rows_d": 10}, "rows_d"),
    ("output", "udp_rist", {"rows_d": 3}, "rows_d"),
    ("output", "udp_rist", {"local_port": 80}, "local_port"),
]


@pytest.mark.contract("A-53", "A-56")
@pytest.mark.parametrize(("noun", "kind", "change", "field"), REFUSED)
def test_documented_constraints_are_held(noun: str, kind: str, change: dict[str, Any], field: str) -> None:
    async def body(w: World) -> None:
        await w.make(noun, kind)  # good without the change
        answer = await w.call("POST", f"{noun}s/{kind}", BODIES[noun][kind] | change, 400)
        assert list(answer["errors"]) == [field]

    run(body)


@pytest.mark.contract("A-805", "A-434", "A-752")
def test_update_of_inputs() -> None:
    async def body(w: World) -> None:
        push, pull = await w.make("input", "push"), await w.make("input", "pull")
        assert (await w.call("PUT", f"inputs/push/{push}", {"id": "b", "latency": 100}, 200))["status"] == "stopped"
        await w.call("PUT", f"inputs/push/{push}", {"id": "other"}, 400)
        assert "id" in (await w.call("PUT", f"inputs/pull/{pull}", {"id": "a"}, 400))["errors"]
        await w.call("PUT", f"inputs/push/{pull}", {}, 404)
        await w.call("POST", "inputs/pull", BODIES["input"]["pull"], 409)

    run(body)


@pytest.mark.contract("A-779", "A-424")
def test_an_input_stopped_by_its_bitrate_runs_again_after_a_start() -> None:
    async def body(w: World) -> None:
        id = await w.make("input", "pull")
        w.sim.stop_by_bitrate(id)
        row = await w.call("GET", f"inputs/{id}")
        assert (row["status"], row["input_stopped"]) == ("stopped", True)
        row = await w.call("POST", f"inputs/{id}/start", None, 200)
        assert (row["status"], row["input_stopped"], row["warning_sent"]) == ("started", False, False)

    run(body)


@pytest.mark.contract("A-774", "A-47", "A-46", "A-772")
def test_the_shape_of_answers_can_be_chosen() -> None:
    async def body(w: World) -> None:
        created = await w.call("POST", "inputs/pull", BODIES["input"]["pull"], 201)
        assert (created["input"]["id"], created["input"]["stream_id"]) == ("in-1", "a")
        assert list(await w.call("GET", "inputs/in-1")) == ["inputs"]
        output = await w.call("POST", "outputs/pull", BODIES["output"]["pull"], 201)
        assert output["output"]["latency"] == -1

    async def shaped(w: World) -> None:
        for name, value in (("envelope", "object"), ("wrapped", True), ("ids", "plain"), ("input_get", "list")):
            w.sim.set_switch(name, value)
        w.sim.set_switch("latency_echo", "minus_one")
        await body(w)
        w.sim.set_switch("input_get", "refused")
        await w.call("GET", "inputs/in-1", None, 405)

    run(shaped)


@pytest.mark.contract("A-731", "A-774")
@pytest.mark.parametrize(("stopped_writes", "status"), [("refused", 409), ("accepted", 201)])
def test_writes_on_a_stopped_environment(stopped_writes: str, status: int) -> None:
    async def body(w: World) -> None:
        w.sim.world["environments"]["env-1"]["status"] = "stopped"
        await w.call("POST", "inputs/pull", BODIES["input"]["pull"], status)
        await w.call("GET", "inputs", None, 200)

    run(body, stopped_writes=stopped_writes)


@pytest.mark.contract("A-774", "A-765")
def test_deleted_rows_may_stay_visible_and_updates_may_be_full() -> None:
    async def visible(w: World) -> None:
        id = await w.make("input", "pull")
        await w.call("DELETE", f"inputs/{id}", None, 204)
        assert (await w.call("GET", f"inputs/{id}", None, 200))["is_deleted"] is True

    async def full(w: World) -> None:
        id = await w.make("output", "rtmp")
        await w.call("PUT", f"outputs/rtmp/{id}", {"bitrate": 5}, 400)
        url = BODIES["output"]["rtmp"]["url"]
        row = await w.call("PUT", f"outputs/rtmp/{id}", {"url": url, "reconnect": 9}, 200)
        assert (row["reconnect"], row["bitrate"]) == (9, 0)
        row = await w.call("PUT", f"outputs/rtmp/{id}", {"url": url, "bitrate": 7}, 200)
        assert (row["reconnect"], row["bitrate"]) == (5, 7)

    run(visible, deleted="visible")
    run(full, updates="full")


@pytest.mark.contract("A-418", "A-464", "A-841")
def test_dashboard_groups_take_what_fits_their_type() -> None:
    async def body(w: World) -> None:
        groups = {}
        for kind in ("source", "destination"):
            made = await w.call("POST", "dashboard_groups", {"name": kind, "group_type": kind}, 201)
            groups[kind] = made["dashboard_group_id"]
        id = await w.make("input", "pull")
        path = f"inputs/{id}/dashboard_group"
        await w.call("PUT", path, {"dashboard_group_id": groups["destination"]}, 400)
        row = await w.call("PUT", path, {"dashboard_group_id": groups["source"]}, 200)
        assert row["dashboard_group_id"] == groups["source"]

    run(body)


@pytest.mark.contract("A-741", "A-461", "A-981")
@pytest.mark.parametrize(
    ("released", "at_once", "after_tick"), [(None, 201, 201), ("after_tick", 400, 201), ("finished", 201, 400)]
)
def test_an_agreement_is_free_again(released: str | None, at_once: int, after_tick: int) -> None:
    async def body(w: World) -> None:
        row = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False}
        w.sim.world["agreements"]["agr-1"] = {"agreement_id": "agr-1", **row}
        wanted = BODIES["output"]["rtmp"] | {"permanent_schedule_agreement_id": "agr-1"}
        output_id = (await w.call("POST", "outputs/rtmp", wanted, 201))["output_id"]
        await w.call("POST", "outputs/rtmp", wanted, 400)
        await w.call("DELETE", f"outputs/{output_id}", None, 204)
        answer = await w.call("POST", "outputs/rtmp", wanted, at_once)
        if at_once == 201:
            await w.call("DELETE", f"outputs/{answer['output_id']}", None, 204)
        w.sim.worker_tick()
        await w.call("POST", "outputs/rtmp", wanted, after_tick)

    run(body, **({"released_agreements": released} if released else {}))


def test_a_stream_id_is_taken_by_whatever_is_in_the_world_now() -> None:
    """It is found by an index, which must see what tests and people do to the world by hand."""

    async def body(w: World) -> None:
        id = await w.make("input", "push")
        inputs, path, again = w.sim.world["inputs"], "inputs/push", BODIES["input"]["push"]
        await w.call("POST", path, again, 409)
        inputs["in-9"] = {**inputs[id], "input_id": "in-9"}
        await w.call("DELETE", f"inputs/{id}", None, 204)
        await w.call("POST", path, again, 409)
        del inputs["in-9"]
        inputs["in-8"] = {**inputs[id], "input_id": "in-8", "is_deleted": False}
        await w.call("POST", path, again, 409)
        w.simulator.load({"ateme": {"inputs": {}}})
        await w.call("POST", path, again, 201)

    run(body)
