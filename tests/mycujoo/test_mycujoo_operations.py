"""Each call that configurations take, as it leaves and as it is answered (M-68..M-73); and when its doubts are said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.client import Client
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.mycujoo.api import MycujooApi
from headend.mycujoo.platform import PLATFORM
from headend.mycujoo.settings import MycujooSettings
from headend.simulator import Simulator

STORED = {"id": "c1", "action_id": "act", "group_id": "derby", "title": "Goal", "fields": [], "order": 0}
NEW = {"action_id": "act", "group_id": "derby", "title": "Goal", "fields": [{"field": "delay", "number_value": "5"}]}
Script = Callable[[MycujooApi], Awaitable[Any]]
ONE = {"action_configuration": STORED}
TEXTS = ("title", "category_id", "service_id", "description")
ROWS: list[Any] = [
    pytest.param(
        lambda api: api.configurations("derby"),
        ("GET", "/configurations?group_id=derby", None),
        {"items": [{**STORED, "action_title": "Goal replay"}]},
        [{name: STORED[name] for name in ("id", "action_id", "group_id", "title", "order")}],
        marks=pytest.mark.contract("M-68"),
    ),
    pytest.param(
        lambda api: api.create_configuration(NEW),
        ("POST", "/configurations", NEW),
        ONE,
        STORED,
        marks=pytest.mark.contract("M-69"),
    ),
    pytest.param(
        lambda api: api.configuration("c1"),
        ("GET", "/configurations/c1", None),
        ONE,
        STORED,
        marks=pytest.mark.contract("M-70"),
    ),
    pytest.param(
        lambda api: api.delete_configuration("c1", "derby"),
        ("DELETE", "/configurations/c1", None),
        {},
        None,
        marks=pytest.mark.contract("M-71"),
    ),
    pytest.param(
        lambda api: api.update_configuration("c1", "derby", {"order": 2, "title": "Goal"}),
        ("PATCH", "/configurations/c1", {"order": 2, "title": "Goal"}),
        ONE,
        STORED,
        marks=pytest.mark.contract("M-72"),
    ),
    pytest.param(
        lambda api: api.action("act"),
        ("GET", "/act", None),
        {"action": {"id": "act", "action_fields": []}},
        {"id": "act", "action_fields": [], "is_active": False, **dict.fromkeys(TEXTS, "")},
        marks=pytest.mark.contract("M-73"),
    ),
]


@pytest.mark.parametrize(("script", "sent", "answer", "result"), ROWS)
def test_a_call_leaves_as_documented_and_its_envelope_is_opened(
    script: Script, sent: tuple[str, str, Any], answer: Any, result: Any
) -> None:
    requests: list[httpx.Request] = []

    async def platform(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=answer)

    async def run() -> Any:
        settings = MycujooSettings(url="https://mycujoo.example.com", api_key="k")
        async with Client(settings.url, platform="mycujoo", transport=httpx.MockTransport(platform)) as client:
            return await script(PLATFORM.connect(settings, client))

    found = asyncio.run(run())
    shown = [one.model_dump() for one in found] if isinstance(found, list) else found and found.model_dump()
    assert shown == result
    (request,) = requests
    method, path, body = sent
    assert (request.method, str(request.url)) == (method, f"https://mycujoo.example.com/actions/v1beta1{path}")
    assert (json.loads(request.content) if request.content else None) == body


@pytest.mark.contract("M-122")
def test_an_inactive_action_is_mentioned_when_something_is_written_and_not_at_every_look(tmp_path: Path) -> None:
    sim = Simulator()
    sim.sims["mycujoo"].add_action("sleeping", "Replay", is_active=False)  # type: ignore[attr-defined]
    file = tmp_path / "stack.yaml"
    fields = {"action_id": "sleeping", "group_id": "derby"}

    async def warned(title: str) -> list[tuple[str, tuple[str, ...]]]:
        resources = {"goal": fields | {"title": title}}
        file.write_text(json.dumps({"headend": 1, "mycujoo": {"action_configurations": resources}}))
        stack, transports = load(file), dict.fromkeys(sim.sims, sim.transport())
        with open_state(tmp_path / "state.db") as state:
            async with Session({}, sim.settings(), redactor=Redactor(), transports=transports) as session:
                plan = await make_plan(stack, state, session)
                await apply(plan, stack, state, session)
        return [(step.action.value, step.warnings) for step in plan.steps]

    told = ("the action is not active (M-122)",)
    assert asyncio.run(warned("Goal")) == [("create", told)]
    assert asyncio.run(warned("Goal")) == [("none", ())]
    assert asyncio.run(warned("Goal, slow")) == [("update", told)]
