"""Overviews, histories and thumbnails of the simulated Ateme+ Cloud API."""

from __future__ import annotations

import pytest

from headend.simulator.ateme_monitoring import PICTURE
from simulator.ateme_world import World, run

TIMES = {"start_time": "2026-12-05T13:00:00.000Z", "end_time": "2026-12-05T15:00:00.000Z"}


async def scheduled(world: World) -> tuple[str, str, str]:
    """(input, output, schedule) of the active environment."""
    source, target = await world.make("input", "srt_push"), await world.make("output", "srt_push")
    made = await world.call("POST", "schedules", {"input_id": source, "output_id": target, **TIMES}, 201)
    return source, target, made["schedule_id"]


@pytest.mark.contract("A-164", "A-202")
def test_overviews_are_of_the_active_environment_and_not_for_monitors() -> None:
    async def body(world: World) -> None:
        source, target, _ = await scheduled(world)
        shown = await world.call("GET", "inputs/overview", None, 200)
        assert [(row["input_id"], row["status"], row["input_stopped"]) for row in shown] == [(source, "started", False)]
        assert [row["output_id"] for row in await world.call("GET", "outputs/overview", None, 200)] == [target]
        assert all("password" not in row and "url" not in row for row in shown)
        await world.environment("other")
        await world.enter("env-2")
        assert await world.call("GET", "inputs/overview", None, 200) == []
        await world.log_in("viewer@example.com")
        await world.call("GET", "outputs/overview", None, 403)

    run(body)


@pytest.mark.contract("A-167", "A-198")
def test_the_history_of_an_object_holds_its_schedules_and_deleted_ones_too() -> None:
    async def body(world: World) -> None:
        source, target, id = await scheduled(world)
        other = await world.make("input", "udp_rist")
        await world.call("DELETE", f"schedules/{id}", None, 204)
        for path in (f"inputs/{source}", f"outputs/{target}"):
            (row,) = await world.call("GET", f"{path}/schedules", None, 200)
            assert (row["schedule_id"], row["is_deleted"]) == (id, True)
        assert await world.call("GET", f"inputs/{other}/schedules", None, 200) == []
        world.sim.world["inputs"][source]["organisation_id"] = "org-3"
        await world.call("GET", f"inputs/{source}/schedules", None, 403)
        world.sim.world["outputs"][target]["taker_organisation_id"] = "org-3"
        await world.call("GET", f"outputs/{target}/schedules", None, 404)
        await world.call("GET", "inputs/nowhere/schedules", None, 404)

    run(body)


@pytest.mark.contract("A-250", "A-921")
def test_the_timetable_of_an_environment_is_cut_to_a_period() -> None:
    async def body(world: World) -> None:
        _, _, id = await scheduled(world)
        for query, ids in (
            ("", [id]),
            ("?start_time=2026-12-05T14:00:00Z&end_time=2026-12-05T14:10:00Z", [id]),
            ("?start_time=2026-12-05T15:00:00Z", []),
            ("?end_time=2026-12-05T13:00:00Z", []),
        ):
            rows = await world.call("GET", f"schedules/overview{query}", None, 200)
            assert [row["schedule_id"] for row in rows] == ids
        await world.call("GET", "schedules/overview?start_time=noon", None, 400)
        await world.call("GET", "schedules/overview?day=1", None, 400)
        assert (await world.call("GET", f"schedules/{id}/status", None, 200))["status"] == "scheduled"
        await world.environment("other")
        await world.enter("env-2")
        assert await world.call("GET", "schedules/overview", None, 200) == []

    run(body)


@pytest.mark.contract("A-174")
@pytest.mark.parametrize("answer", ["image", "late", "json", "link"])
def test_asking_for_a_thumbnail_starts_the_making_of_it(answer: str) -> None:
    async def body(world: World) -> None:
        source, _, _ = await scheduled(world)
        path = f"/api/inputs/{source}/thumbnail"
        first = await world.client.get(path)
        assert world.sim.world["thumbnails"] == {source: True}
        assert first.status_code == (404 if answer == "late" else 200)
        second = await world.client.get(path)
        if answer in {"image", "late"}:
            assert (second.content, second.headers["content-type"]) == (PICTURE, "image/png")
        else:
            assert second.headers["content-type"] == "application/json"
        await world.call("POST", f"inputs/{source}/stop", None, 200)
        await world.call("GET", f"inputs/{source}/thumbnail", None, 404)
        world.sim.world["environments"]["env-1"]["status"] = "stopped"
        await world.call("GET", f"inputs/{source}/thumbnail", None, 409)

    run(body, thumbnail=answer)


@pytest.mark.contract("A-237", "A-984")
def test_all_alerts_of_an_environment_go_but_those_on_what_others_take() -> None:
    async def body(world: World) -> None:
        source, own = await world.make("input", "srt_push"), await world.make("output", "srt_push")
        other = await world.make("output", "rtmp")
        world.sim.world["outputs"][other]["taker_organisation_id"] = "org-3"
        targets = {"source": {"input_id": source}, "own": {"output_id": own}, "other": {"output_id": other}}
        for id, target in targets.items():
            world.sim.world["alerts"][id] = {"alert_id": id, "environment_id": "env-1", "is_deleted": False, **target}
        await world.call("DELETE", "customer_environment/env-1/alerts", None, 204)
        gone = {id: row["is_deleted"] for id, row in world.sim.world["alerts"].items()}
        assert gone == {"source": True, "own": True, "other": False}

    run(body)
