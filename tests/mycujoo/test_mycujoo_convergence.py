"""One state after the other, whatever the platform's undocumented habits: a second look finds nothing to change.

And the simulator itself refuses what the contract calls wrong.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from headend.core.model.observed import Observed
from headend.core.model.record import HIDDEN, Digest
from headend.core.reconcile.difference import Difference, differences
from headend.core.wire.client import Client
from headend.core.wire.registry import kinds
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.api import MycujooApi
from headend.mycujoo.platform import PLATFORM
from headend.mycujoo.settings import MycujooSettings
from headend.simulator.app import Simulator
from headend.simulator.mycujoo import MycujooSim

KIND = kinds()["mycujoo.action_configuration"]
BASE = {"action_id": "act-1", "group_id": "derby", "title": "Goal"}
STATES: list[dict[str, Any]] = [
    {**BASE},
    {**BASE, "fields": {"delay": 5}, "order": 3},
    {**BASE, "fields": {"delay": 0, "clip": False}, "order": 0},
    {**BASE, "fields": {"clip": True, "delay": 3}, "title": "Goal, slow"},
    {**BASE, "group_id": "cup", "fields": {"delay": {"number_value": "9223372036854775807"}}},
]


def between(spec: ActionConfiguration, live: Observed) -> Difference:
    return differences(spec, live, None, digest=lambda value: Digest(repr(value)), hidden={"fields"})


async def brought(api: MycujooApi, spec: ActionConfiguration, last: ActionConfiguration | None, id: str) -> str:
    """Takes the object to the spec, as an engine does, and returns its id."""
    found = between(spec, await KIND.observe(api, id, last)) if last else None
    if found is None or found.replaces:
        made = await KIND.create(api, spec)
        if last:
            await KIND.delete(api, id, last, print)
        id = made.id
    else:
        await KIND.update(api, id, spec, found.changes)
    await KIND.complete(api, id, spec, print)
    return id


@pytest.mark.contract("M-13", "M-105", "M-108", "M-110", "M-112", "M-204")
@pytest.mark.parametrize(
    "switches", [{}, {"emit_zero": False}, {"all_values": True}, {"emit_zero": False, "all_values": True}]
)
def test_every_state_is_reached_and_then_left_alone(switches: dict[str, Any]) -> None:
    sim = Simulator({"mycujoo": switches}, classes=[MycujooSim])
    env = sim.settings()
    settings = MycujooSettings(url=env["HEADEND_MYCUJOO_URL"], api_key=env["HEADEND_MYCUJOO_API_KEY"])

    async def main() -> None:
        id, last = "", None
        for state in STATES:
            spec = ActionConfiguration(**state)
            async with Client(settings.url, platform="mycujoo", transport=sim.transport()) as client:
                id = await brought(PLATFORM.connect(settings, client), spec, last, id)
            async with Client(settings.url, platform="mycujoo", transport=sim.transport()) as client:
                live = await KIND.observe(PLATFORM.connect(settings, client), id, spec)
            assert live is not None
            assert between(spec, live) == Difference()
            last = spec

    asyncio.run(main())
    (left,) = sim.sims["mycujoo"].world["configurations"].values()
    assert left["group_id"] == "cup"
    assert left["fields"] == [{"field": "delay", "number_value": "9223372036854775807"}]


@pytest.mark.contract("M-198")
def test_a_difference_names_fields_and_hides_values() -> None:
    spec = ActionConfiguration(**BASE, fields={"delay": 5, "clip": True})
    live = Observed("c1", {**BASE, "fields": {"delay": {"number_value": 6}, "clip": {"bool_value": True}}, "order": 0})
    (change,) = between(spec, live).changes
    assert change.path == ("fields", "delay")
    assert {change.before, change.after} == {HIDDEN}


MAKE = {"action_id": "act-1", "group_id": "derby", "title": "Goal"}
REFUSED = [
    ("M-2", "GET", "/configurations?group_id=g", {"headers": {"authorization": "wrong"}}, 401),
    ("M-5", "POST", "/configurations", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ("M-5", "GET", "/configurations?group_id=g", {"json": {}}, 400),
    ("M-12", "POST", "/configurations", {"json": {**MAKE, "order": 1}}, 400),
    ("M-195", "GET", "/configurations", {}, 400),
    ("M-201", "POST", "/configurations", {"json": {**MAKE, "action_id": "nope"}}, 400),
    ("M-201", "POST", "/configurations", {"json": {**MAKE, "group_id": ""}}, 400),
    ("M-102", "POST", "/configurations", {"json": {**MAKE, "fields": [{"field": "delay"}]}}, 400),
    ("M-6", "POST", "/configurations", {"json": {**MAKE, "fields": [{"field": "delay", "number_value": 5}]}}, 400),
    ("M-119", "POST", "/configurations", {"json": {**MAKE, "fields": [{"field": "clip", "string_value": ""}]}}, 400),
    (
        "M-116",
        "POST",
        "/configurations",
        {"json": {**MAKE, "fields": [{"field": "clip", "bool_value": True}] * 2}},
        400,
    ),
    ("M-202", "PATCH", "/configurations/x", {"json": {"group_id": "g"}}, 400),
    ("M-207", "GET", "/nowhere/at/all", {}, 404),
    ("M-207", "PUT", "/configurations", {"json": {}}, 501),
]


@pytest.mark.contract("M-2", "M-5", "M-6", "M-12", "M-102", "M-116", "M-119", "M-195", "M-201", "M-202", "M-207")
@pytest.mark.parametrize(("number", "method", "path", "request_", "status"), REFUSED)
def test_the_simulator_refuses(number: str, method: str, path: str, request_: dict[str, Any], status: int) -> None:
    sim = Simulator(classes=[MycujooSim])
    key = sim.settings()["HEADEND_MYCUJOO_API_KEY"]

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=sim.transport(), headers={"authorization": key}) as client:
            return await client.request(method, f"http://127.0.0.1/mycujoo/actions/v1beta1{path}", **request_)

    answer = asyncio.run(main())
    assert answer.status_code == status, number
    assert answer.json()["code"] in {2, 3, 5, 12, 16}


@pytest.mark.contract("M-12", "M-200", "M-201", "M-203")
def test_a_lenient_simulator_drops_unknown_keys_and_lists_by_order() -> None:
    sim = Simulator({"mycujoo": {"lenient_unknown": True}}, classes=[MycujooSim])
    headers = {"authorization": sim.settings()["HEADEND_MYCUJOO_API_KEY"]}
    url = "http://127.0.0.1/mycujoo/actions/v1beta1/configurations"

    async def main() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        async with httpx.AsyncClient(transport=sim.transport(), headers=headers) as client:
            await client.post(url, json={**MAKE, "order": 9})
            second = (await client.post(url, json={**MAKE, "title": "Save"})).json()["action_configuration"]
            await client.patch(f"{url}/{second['id']}", json={"order": -1})
            return second, (await client.get(url, params={"group_id": "derby"})).json()["items"]

    second, items = asyncio.run(main())
    assert [(item["title"], item["order"]) for item in items] == [("Save", -1), ("Goal", 0)]
    assert second["order"] == 1
    assert all(len(item["id"]) == 25 and item["id"].startswith("c") for item in items)
    assert all("fields" not in item and item["action_title"] == "Goal replay" for item in items)
