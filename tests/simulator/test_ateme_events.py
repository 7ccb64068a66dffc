"""Events, subscriptions, permanent schedules and agreements of the simulated Ateme+ Cloud API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ateme_world import BODIES, World, run

TIMES = {"start_time": "2026-12-05T13:00:00+00:00", "end_time": "2026-12-05T14:00:00+00:00"}
OWN = {"start_time": "2026-12-05T13:30:00.000Z", "end_time": "2026-12-05T13:45:00.000Z"}


async def event(w: World, status: int = 201, **more: Any) -> Any:
    source = next(iter(w.sim.world["inputs"]), None) or await w.make("input", "pull")
    body = {"input_id": source, "name": "derby", **TIMES, **more}
    return await w.call("POST", "events", body, status)


async def form(w: World, method: str, path: str, fields: Any, image: bytes, name: str = "image") -> Any:
    files = [*((n, (None, v)) for n, v in fields), (name, ("a.png", image, "image/png"))]
    return await w.client.request(method, f"/api/{path}", files=files)


@pytest.mark.contract("A-259", "A-260", "A-261", "A-262", "A-614", "A-617", "A-837", "A-743")
def test_an_event_is_patched_but_for_its_labels_and_each_change_is_a_push() -> None:
    async def body(w: World) -> None:
        label = (await w.call("POST", "access_labels", {"text": "cup"}, 201))["label_id"]
        row = await event(w, description="A derby", label_ids=[label])
        path = f"events/{row['event_id']}"
        assert w.sim.pushes("env-1") == 0
        changed = await w.call("PUT", path, {"name": "Derby", "label_ids": [label]}, 200)
        assert changed == row | {"name": "Derby"}
        await w.call("DELETE", f"access_labels/{label}", None, 409)
        assert (await w.call("PUT", path, {"description": ""}, 200))["label_ids"] == []
        await w.call("DELETE", f"access_labels/{label}", None, 204)
        await w.call("DELETE", f"inputs/{row['input_id']}", None, 409)
        await w.call("DELETE", path, None, 204)
        await w.call("DELETE", path, None, 404)
        await w.call("DELETE", f"inputs/{row['input_id']}", None, 204)
        assert await w.call("GET", "events", None, 200) == []
        assert w.sim.pushes("env-1") == 3

    run(body)


@pytest.mark.contract("A-611", "A-612", "A-613", "A-614", "A-615", "A-616", "A-617")
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "n" * 256},
        {"description": "d" * 1001},
        {"start_time": "2026-12-05T13:00:00.000Z"},
        {"end_time": "2026-12-05T13:00:00+00:00"},
        {"end_time": "2026-12-05T14:00:00"},
        {"input_id": "in-99"},
        {"label_ids": ["label-99"]},
        {"environment_id": "env-1"},
    ],
)
def test_what_does_not_fit_an_event_is_refused(wrong: dict[str, Any]) -> None:
    async def body(w: World) -> None:
        await event(w, 400, **wrong)
        made = await event(w)
        await w.call("PUT", f"events/{made['event_id']}", wrong, 400)

    run(body)


@pytest.mark.contract("A-983")
def test_a_small_z_ends_a_time_of_an_event_too() -> None:
    async def body(w: World) -> None:
        made = await event(w, start_time="2026-12-05T13:00:00z")
        assert made["start_time"] == TIMES["start_time"]

    run(body)


@pytest.mark.contract("A-52", "A-263", "A-618", "A-619", "A-973")
def test_a_picture_comes_as_a_form_and_is_given_back_to_members_and_guests() -> None:
    async def body(w: World) -> None:
        label = (await w.call("POST", "access_labels", {"text": "cup"}, 201))["label_id"]
        source = await w.make("input", "pull")
        fields = [("input_id", source), ("name", "derby"), *TIMES.items(), ("label_ids", label)]
        made = await form(w, "POST", "events", fields, b"one")
        assert (made.status_code, made.json()["label_ids"], made.json()["has_image"]) == (201, [label], True)
        path = f"events/{made.json()['event_id']}"
        assert (await form(w, "POST", "events", fields, b"one", "poster")).status_code == 400
        assert (await form(w, "PUT", path, [], b"two")).json()["label_ids"] == []
        image = await w.client.get(f"/api/{path}/image")
        assert (image.content, image.headers["content-type"]) == (b"two", "image/png")
        await w.log_in("viewer@example.com")
        assert (await w.client.get(f"/api/{path}/image")).content == b"two"
        await w.call("GET", "events", None, 403)
        w.sim.world["organisations"]["org-1"]["roles"].pop("user-2")
        await w.call("GET", f"{path}/image", None, 404)
        w.sim.world["guests"]["org-1"] = ["user-2"]
        assert (await w.client.get(f"/api/{path}/image")).content == b"two"
        await w.log_in()
        await w.enter("env-1")
        gone = await form(w, "PUT", path, [("remove_old_image", "true")], b"three")
        assert gone.json()["has_image"]
        assert not (await w.call("PUT", path, {"remove_old_image": True}, 200))["has_image"]
        await w.call("GET", f"{path}/image", None, 404)

    run(body)


@pytest.mark.contract("A-254", "A-255", "A-244", "A-591", "A-593", "A-594", "A-597")
@pytest.mark.parametrize("reach", ["reach", "stay", "hidden"])
def test_a_subscription_is_an_entry_with_the_events_times_or_its_own(reach: str) -> None:
    async def body(w: World) -> None:
        made = await event(w)
        terms = {"output_id": await w.make("output", "rtmp"), "timed_by_event_owner": True}
        row = await w.call("POST", "event_subscriptions", {"event_id": made["event_id"], **terms}, 201)
        path = f"event_subscriptions/{row['schedule_id']}"
        assert (row["is_event_subscription"], row["input_id"]) == (True, made["input_id"])
        later = {"end_time": "2026-12-05T15:00:00+00:00"}
        await w.call("PUT", f"events/{made['event_id']}", later, 200)
        (listed,) = await w.call("GET", "schedules", None, 200)
        ends = {"reach": "2026-12-05T15:00:00.000Z", "stay": "2026-12-05T14:00:00.000Z", "hidden": None}
        assert listed["end_time"] == ends[reach]
        await w.call("PUT", path, {**terms, "timed_by_event_owner": False}, 400)
        await w.call("PUT", path, {**terms, "event_id": "event-2"}, 400)
        await w.call("PUT", f"schedules/{row['schedule_id']}", OWN, 404)
        own = await w.call("PUT", path, {**terms, "timed_by_event_owner": False, **OWN}, 200)
        assert {name: own[name] for name in OWN} == OWN
        assert w.sim.pushes("env-1") == 3
        await w.call("DELETE", f"events/{made['event_id']}", None, 204)
        assert await w.call("GET", "schedules", None, 200) == []

    run(body, event_times=reach)


@pytest.mark.contract("A-254", "A-590", "A-259")
def test_guests_take_events_of_their_hosts_and_see_only_their_own_entries() -> None:
    async def body(w: World) -> None:
        made = await event(w)
        hosted = {**w.sim.world["events"][made["event_id"]], "event_id": "hosted", "organisation_id": "org-3"}
        w.sim.world["events"]["hosted"] = hosted
        take = {"output_id": await w.make("output", "rtmp"), "timed_by_event_owner": True}
        assert [row["event_id"] for row in await w.call("GET", "events", None, 200)] == ["event-1"]
        await w.call("POST", "event_subscriptions", {"event_id": "hosted", **take}, 201)
        w.sim.world["guests"]["org-3"] = []
        await w.call("POST", "event_subscriptions", {"event_id": "hosted", **take}, 404)
        w.sim.world["guests"]["org-3"] = ["user-1"]
        hosted["environment_id"] = "env-2"
        await w.call("POST", "event_subscriptions", {"event_id": "hosted", **take}, 400)
        for entry in w.sim.world["schedules"].values():
            entry["taker_organisation_id"] = "org-3"
        assert await w.call("GET", "schedules", None, 200) == []

    run(body)


@pytest.mark.contract("A-743")
def test_pushes_of_events_and_entries_of_one_environment_may_not_overlap() -> None:
    async def body(w: World) -> None:
        made = await event(w)
        take = {"event_id": made["event_id"], "output_id": await w.make("output", "rtmp"), "timed_by_event_owner": True}
        answers = await asyncio.gather(
            w.client.put(f"/api/events/{made['event_id']}", json={"name": "x"}),
            w.client.post("/api/event_subscriptions", json=take),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])
        assert w.sim.pushes("env-1") == 1

    run(body)


@pytest.mark.contract("A-196", "A-587", "A-588", "A-709")
@pytest.mark.parametrize("start", ["hidden", "shown"])
def test_a_permanent_schedule_takes_an_agreement_that_is_large_enough(start: str) -> None:
    async def body(w: World) -> None:
        bought = await w.call("POST", "agreements", {"number_of_agreements": 2, "bitrate": 5}, 201)
        agreement = {"permanent_schedule_agreement_id": bought[0]["agreement_id"]}
        bare = await w.make("output", "rtmp")
        output = (await w.call("POST", "outputs/rtmp", BODIES["output"]["rtmp"] | agreement, 201))["output_id"]
        path, source = f"outputs/{output}/permanent_schedule", await w.make("input", "pull")
        await w.call("POST", f"outputs/{bare}/permanent_schedule", {"input_id": source}, 400)
        large = await w.make("input", "srt_pull")
        refused = await w.call("POST", path, {"input_id": large}, 400)
        assert list(refused["errors"]) == ["input_id"]
        row = await w.call("POST", path, {"input_id": source}, 201)
        assert (row["end_time"], row["status"], row["start_time"] is None) == (None, "running", start == "hidden")
        await w.call("POST", path, {"input_id": source}, 409)
        await w.call("DELETE", f"outputs/{output}", None, 409)
        await w.call("DELETE", f"schedules/{row['schedule_id']}", None, 204)
        await w.call("DELETE", f"outputs/{output}", None, 204)
        assert w.sim.pushes("env-1") == 2

    run(body, permanent_start=start)


@pytest.mark.contract("A-256", "A-257", "A-258", "A-710")
@pytest.mark.parametrize(("number", "status"), [(None, 201), (10, 201), (0, 400), (11, 400)])
def test_one_to_ten_agreements_are_bought_at_once_by_those_who_may(number: int | None, status: int) -> None:
    async def body(w: World) -> None:
        wanted = {} if number is None else {"number_of_agreements": number}
        await w.call("POST", "agreements", wanted, status)
        assert len(await w.call("GET", "agreements", None, 200)) == ((number or 1) if status == 201 else 0)
        await w.log_in("viewer@example.com")
        await w.call("POST", "agreements", {}, 403)
        await w.call("GET", "agreements/price_selectors", None, 200)

    run(body)


@pytest.mark.contract("A-294")
def test_what_was_in_a_deleted_dashboard_group_is_in_none() -> None:
    async def body(w: World) -> None:
        group = await w.call("POST", "dashboard_groups", {"name": "g", "group_type": "source"}, 201)
        id = await w.make("input", "pull")
        await w.call("PUT", f"inputs/{id}/dashboard_group", {"dashboard_group_id": group["dashboard_group_id"]}, 200)
        await w.call("DELETE", f"dashboard_groups/{group['dashboard_group_id']}", None, 204)
        assert (await w.call("GET", f"inputs/{id}", None, 200))["dashboard_group_id"] is None

    run(body)
