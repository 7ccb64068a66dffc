"""The simulated entitlements family takes nothing that the contract does not know, and has a switch for each doubt."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from headend.core.model.errors import DecodeError
from headend.rights_locker.invoke import next_page
from headend.rights_locker.wire import TABLE
from headend.simulator.app import Simulator
from headend.simulator.rights_locker import RightsLockerSim

CONTENT = "/providers/p/accounts/v1/content"
ITEM = f"{CONTENT}/assets/a/external_products/default"
ROW = {"content_id": "a", "external_product_id": "default"}
STORED = ROW | {"publishing_rule_id": "r", "end_time": "2027-06-30T22:00:00+00:00", "updated_at": "2026"}


def ask(method: str, path: str, switches: dict[str, Any] | None = None, **request: Any) -> tuple[httpx.Response, Any]:
    """(answer, entitlements of v1) of one raw request, unsigned, in a world where v1 has the asset a."""
    sim = Simulator({"rights_locker": {"auth": "none"} | (switches or {})}, classes=[RightsLockerSim])
    world = sim.sims["rights_locker"].world["entitlements"]
    world["p/v1"] = {"assets": {"a/default": dict(STORED)}}

    async def run() -> httpx.Response:
        base = "http://127.0.0.1/rights-locker"
        async with httpx.AsyncClient(transport=sim.transport(), base_url=base) as client:
            return await client.request(method, path, **request)

    return asyncio.run(run()), world.get("p/v1", {})


@pytest.mark.contract("R-43", "R-44")
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"offers": [ROW]},
        {"assets": []},
        {"assets": {"a": ROW}},
        {"assets": [ROW], "labels": [ROW]},
        {"assets": [ROW] * 101},
        {"assets": ["a"]},
        {"assets": [{"content_id": "a"}]},
        {"assets": [{"external_product_id": "default"}]},
        {"assets": [ROW | {"content_id": 7}]},
        {"assets": [ROW | {"updated_at": "2018-07-09T14:56:20+00:00"}]},
        {"assets": [ROW | {"publishing_rule_id": None}]},
        {"assets": [ROW | {"start_time": "tomorrow"}]},
        {"assets": [ROW | {"start_time": "2018-06-31T00:00:00Z"}]},
        {"assets": [ROW | {"num_devices_to_bind": 0}]},
        {"assets": [ROW | {"num_devices_to_bind": True}]},
        {"assets": [ROW | {"num_devices_to_bind": None}]},
        {"assets": [ROW, ROW | {"colour": "red"}]},
    ],
)
def test_a_body_of_another_form_is_refused_and_changes_nothing(body: Any) -> None:
    answer, held = ask("POST", CONTENT, json=body)
    assert answer.status_code == 400
    assert held == {"assets": {"a/default": STORED}}


@pytest.mark.contract("R-47")
def test_the_documents_own_example_is_taken_and_kept_in_one_form() -> None:
    times = {"start_time": "2018-06-9T09:40:35+00:00", "end_time": "2020-06-9T11:40:35+0200"}
    _, held = ask("POST", CONTENT, json={"assets": [ROW | {"publishing_rule_id": "publishing_rule"} | times]})
    row = held["assets"]["a/default"]
    assert (row["start_time"], row["end_time"]) == ("2018-06-09T09:40:35+00:00", "2020-06-09T09:40:35+00:00")
    assert row["updated_at"] != "2026"


@pytest.mark.contract("R-60")
@pytest.mark.parametrize(("upsert", "kept"), [("replace", False), ("merge", True)])
def test_an_upsert_replaces_or_merges(upsert: str, kept: bool) -> None:
    _, held = ask("POST", CONTENT, {"upsert": upsert}, json={"assets": [ROW]})
    assert ("end_time" in held["assets"]["a/default"]) is kept


@pytest.mark.contract("R-60")
@pytest.mark.parametrize(
    ("switches", "shown"),
    [
        ({}, {"end_time": "2027-06-30T22:00:00+00:00", "start_time": "absent"}),
        ({"dates": "z"}, {"end_time": "2027-06-30T22:00:00Z"}),
        ({"dates": "offset"}, {"end_time": "2027-07-01T03:30:00+05:30"}),
        ({"unset": "null"}, {"start_time": None, "num_devices_to_bind": None}),
    ],
)
def test_rows_are_told_in_each_of_their_forms(switches: dict[str, Any], shown: dict[str, Any]) -> None:
    for path in (CONTENT, ITEM):
        row = ask("GET", path, switches)[0].json()["content"]["assets"][0]
        assert {name: row.get(name, "absent") for name in shown} == shown


@pytest.mark.contract("R-60")
@pytest.mark.parametrize(("answers", "body"), [("empty", b""), ("ok", b'{"message": "OK"}')])
def test_writes_are_answered_with_nothing_or_ok(answers: str, body: bytes) -> None:
    assert ask("POST", CONTENT, {"content_answers": answers}, json={"labels": [ROW]})[0].content == body
    gone, held = ask("DELETE", ITEM, {"content_answers": answers})
    assert (gone.status_code, gone.content, held) == (200, body, {})


@pytest.mark.contract("R-60")
@pytest.mark.parametrize("status", [404, 200])
def test_what_is_not_there_can_not_be_read_and_its_deletion_answers_either_way(status: int) -> None:
    missing = ITEM.replace("default", "defult")
    assert ask("GET", missing)[0].status_code == 404
    assert ask("GET", missing)[0].content == b""
    answer, held = ask("DELETE", missing, {"missing_delete": status})
    assert answer.status_code == status
    assert held


@pytest.mark.contract("R-54", "R-57")
@pytest.mark.parametrize(("wipe", "status", "left"), [("refused", 400, True), ("allowed", 200, False)])
def test_wiping_is_refused_until_a_test_opts_in(wipe: str, status: int, left: bool) -> None:
    answer, held = ask("DELETE", CONTENT, {"wipe": wipe})
    assert (answer.status_code, bool(held)) == (status, left)


@pytest.mark.contract("R-10", "R-18")
@pytest.mark.parametrize("query", [{}, {"api_key": "another"}])
def test_reads_without_the_key_get_plain_text_declared_as_json(query: dict[str, str]) -> None:
    for path in (CONTENT, ITEM, "/providers/p/users/asset/a/external_products/default"):
        answer, _ = ask("GET", path, {"auth": "api_key"}, params=query)
        assert (answer.status_code, answer.text) == (403, "Unauthorized api_key")
    assert ask("POST", CONTENT, {"auth": "api_key"}, json={"assets": [ROW]})[0].status_code == 200


@pytest.mark.contract("R-21", "R-22", "R-25")
@pytest.mark.parametrize(
    ("content_type", "query", "status"),
    [
        ("asset", {}, 200),
        ("assets", {}, 400),
        ("offer", {}, 404),
        ("label", {}, 404),
        ("asset", {"last_shard": "0"}, 400),
        ("asset", {"last_shard": "x", "last_id": "v1"}, 400),
        ("asset", {"page": "2"}, 400),
    ],
)
def test_users_are_asked_for_by_irregular_names_and_whole_cursors(
    content_type: str, query: dict[str, str], status: int
) -> None:
    path = f"/providers/p/users/{content_type}/a/external_products/default"
    answer, _ = ask("GET", path, params=query)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"users": ["v1"]}


@pytest.mark.contract("R-23", "R-22")
def test_only_the_list_of_users_has_pages_and_a_cursor_has_two_parts() -> None:
    cursor = {"users": [], "last_shard": 0, "last_id": 109812}
    pages = [key for key, op in TABLE.items() if next_page(op, cursor)]
    assert pages == ["users.list"]
    assert next_page(TABLE["users.list"], cursor) == {"last_shard": "0", "last_id": "109812"}
    with pytest.raises(DecodeError, match="half a cursor"):
        next_page(TABLE["users.list"], {"users": [], "last_shard": 0})
