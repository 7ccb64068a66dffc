"""`headend api`: every operation of every platform can be called, and those that do harm only on purpose."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from cli.harness import World
from headend.cli.typed_values import fill_request, find_operation
from headend.core.model.errors import DecodeError, InputError
from headend.core.wire.client import Answer
from headend.core.wire.invoke import Request, call_operation
from headend.core.wire.operations import Operation, Table
from headend.core.wire.redaction import mask_keys
from headend.core.wire.registry import platforms

COUNTS = {"ateme": 280, "just": 10, "mycujoo": 62, "rights_locker": 18, "straas": 17}
ATEME = platforms()["ateme"].table


# --- the list --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("platform", "count"), COUNTS.items())
def test_the_list_has_every_operation_once_with_its_key_first(world: World, platform: str, count: int) -> None:
    listed = world("api", platform, "--list")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(platforms()[platform].table)
    assert len(listed.out.splitlines()) == count


def test_the_list_shows_method_path_role_and_mark_of_what_is_looked_for(world: World) -> None:
    listed = world("api", "ateme", "--list", "agreement").out.splitlines()
    assert [re.split(r"  +", line) for line in listed][:2] == [
        ["agreement.list", "GET", "/api/agreements", "mo", "A"],
        ["agreement.create", "POST", "/api/agreements", "O+", "A!"],
    ]


def test_the_values_of_the_operation_that_is_named_are_listed_with_it(world: World) -> None:
    listed = world("api", "mycujoo", "--list", "action_configuration.update").out.splitlines()
    assert listed[1:] == [
        "  id*     path  text",
        "  title   body  text",
        "  order   body  a whole number, -2147483648..2147483647",
        "  fields  body  list of objects, each with field*, bool_value, datetime_value, float_value, number_value,"
        " string_value, secret",
    ]
    assert world("api", "mycujoo", "--list", "setup_intent.create").out.splitlines()[1:] == ["  takes no values"]
    assert world("api", "ateme", "--list", "mtr_report.create").out.splitlines()[-1] == (
        "  exactly one of hostname, mtr_host_id, mtr_host_group_id"
    )


def test_overrides_of_the_stack_file_show_in_the_list_and_are_called(world: World) -> None:
    row = "{operations: {cloud.providers: {path: /api/clouds}}}"
    world.write("moved.yaml", f"headend: 1\nconnections: {{ateme: {row}}}\n")
    listed = world("api", "ateme", "--list", "cloud.providers", "--stack-file", "moved.yaml")
    assert "/api/clouds" in listed.out
    assert "GET /api/clouds: answered 404" in world("api", "ateme", "cloud.providers", "--stack-file", "moved.yaml").err


# --- values ----------------------------------------------------------------------------------------------------
PLACED = Operation("thing.find", "GET", "/things/{thing_id}", "T-1", "find")
MADE = Operation("thing.make", "POST", "/groups/{group}/things", "T-2", "make")
WORDS = Operation("thing.words", "GET", "/things/words", "T-3", "words")
TABLE = Table([PLACED, MADE, WORDS])


def test_values_go_into_the_path_then_the_query_or_the_body() -> None:
    found = fill_request(
        TABLE, PLACED, [("thing_id", "007"), ("ids", "a"), ("ids", "b"), ("n", "1"), ("tags", '["x"]')]
    )
    assert found == Request({"thing_id": "007"}, {"ids": ["a", "b"], "n": "1", "tags": ["x"]})
    given = [
        ("group", "g"),
        ("limit", "3"),
        ("name", "derby"),
        ("deep", '{"a": null}'),
        ("id", '"3"'),
        ("x", "NaN"),
        ("y", "1e999"),
    ]
    made = fill_request(TABLE, MADE, given, {"limit": 1, "kept": True})
    assert made.path == {"group": "g"}
    assert made.body == {
        "limit": 3,
        "kept": True,
        "name": "derby",
        "deep": {"a": None},
        "id": "3",
        "x": "NaN",
        "y": "1e999",
    }


@pytest.mark.parametrize(
    ("op", "given", "body", "said"),
    [
        (MADE, [], {}, "missing: group="),
        (MADE, [("group", "a"), ("group", "b")], {}, "takes one value"),
        (MADE, [("group", "a"), ("name", "b")], [1], "no object"),
        (PLACED, [("thing_id", "a")], {}, "takes no body"),
        (PLACED, [("thing_id", "..")], None, "non-empty id"),
    ],
)
def test_what_does_not_fit_is_said(op: Operation, given: list[tuple[str, str]], body: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        fill_request(TABLE, op, given, *([] if body is None else [body]))


@pytest.mark.contract("A-45", "M-19")
def test_an_id_that_is_a_word_of_the_api_is_refused() -> None:
    with pytest.raises(InputError, match=r"thing\.words"):
        fill_request(TABLE, PLACED, [("thing_id", "words")])


def test_an_unknown_operation_leads_to_those_that_may_be_meant() -> None:
    with pytest.raises(InputError, match=r"did you mean label\.list"):
        find_operation(ATEME, "label.lst")


@pytest.mark.parametrize("text", ['{"data": {"a": NaN}}', '{"data": {"a": -1e999}}', "{", "[" * 200_000])
def test_a_body_that_no_json_can_be_is_refused(world: World, text: str) -> None:
    world.write("body.json", text)
    refused = world("api", "mycujoo", "action_call.update", "id=c", "--body", "body.json")
    assert (refused.code, "--body body.json: " in refused.err, world.simulator.journal) == (3, True, [])


def test_missing_values_are_named_before_any_request(world: World) -> None:
    asked = world("api", "ateme", "cloud.instance_types", "region=eu-west-1")
    assert asked.code == 3
    assert "missing: cloud_provider=" in asked.err
    assert world.simulator.journal == []
    assert world("api", "ateme", "user.me", "oops").code == 3
    assert world("api", "vimeo", "user.me").code == 3
    assert "HEADEND_ATEME_PASSWORD" in world("api", "ateme", "user.me", HEADEND_ATEME_PASSWORD="").err


# --- calls -----------------------------------------------------------------------------------------------------
def test_an_environment_goes_by_its_name_and_decides_the_token(world: World) -> None:
    name, size = "name=derby", ["cloud_provider=aws", "region=eu-west-1", "instance_type_id=small"]
    asked = world("api", "ateme", "environment.create", name, *size, "--dangerous", "environment.create")
    made = json.loads(asked.out)["environment_id"]
    for _ in range(3):
        assert world("api", "ateme", "environment.get", "--environment", "derby").code == 0
    body = world.write("input.json", '{"id": "stadium", "port": 5001}')
    create = ["api", "ateme", "input.create.srt_push", "--body", str(body), "latency=2000"]
    assert "--environment" in world(*create).err
    assert world(*create, "--environment", "derbi").code == 3
    created = json.loads(world(*create, "--environment", "derby").out)
    assert (created["environment_id"], created["latency"], created["port"]) == (made, 2000, 5001)
    assert created["technical_details"] == "(secret)"
    entry = world.simulator.writes()[-1]
    assert (entry.key, entry.scope["environment"]) == ("input.create.srt_push", made)
    stopped = world("api", "ateme", "input.stop", f"input_id={created['input_id']}", "--environment", made)
    assert json.loads(stopped.out)["status"] == "stopped"


@pytest.mark.contract("A-906", "A-919")
def test_the_layouts_of_multi_viewers_and_what_is_heard_of_one_are_a_call_away(world: World) -> None:
    size = ["name=derby", "cloud_provider=aws", "region=eu-west-1", "instance_type_id=small"]
    world("api", "ateme", "environment.create", *size, "--dangerous", "environment.create")
    for _ in range(3):
        world("api", "ateme", "environment.get", "--environment", "derby")

    def viewer(operation: str, *words: str) -> Any:
        ran = world("api", "ateme", f"multi_viewer.{operation}", *words, "--environment", "derby")
        assert ran.code == 0, ran.err
        return json.loads(ran.out or "null")

    assert {row["layout_id"] for row in viewer("layouts")} == {1, 2, 3}
    source = json.loads(
        world("api", "ateme", "input.create.srt_push", "id=a", "port=5001", "--environment", "derby").out
    )["input_id"]
    shown = f'tile_inputs={{"1": "{source}"}}'
    one = (
        f"multi_viewer_id={viewer('create', 'layout_id=1', 'max_allowed_bitrate_kbps=8000', shown)['multi_viewer_id']}"
    )
    for _ in range(2):
        viewer("get", one)
    viewer("active_audio", one, 'audio_track_id="1-2"')
    assert [track["is_active"] for track in viewer("audio_tracks", one)] == [False, True]
    viewer("active_audio", one, "turn_active_input_off=true")
    assert [track["is_active"] for track in viewer("audio_tracks", one)] == [False, False]


def test_every_platform_signs_and_words_its_calls_by_itself(world: World) -> None:
    limits = ["account_id=control-room", "limit=3"]
    assert world("api", "rights_locker", "limit.set", *limits).code == 0
    assert world("api", "rights_locker", "categories.replace", limits[0], 'categories=["live","vod"]').code == 0
    table = world("api", "rights_locker", "categories.get", limits[0], "--format", "csv")
    assert table.out == "value\nlive\nvod\n"
    new = ["action_id=act-1", "group_id=derby", "title=Goal"]
    made = world("api", "mycujoo", "action_configuration.create", *new)
    assert json.loads(made.out)["action_configuration"]["title"] == "Goal"
    listed = world("api", "mycujoo", "action_configuration.list", "group_id=derby", "--format", "table")
    head, row = (re.split(r"  +", line) for line in listed.out.splitlines())
    assert dict(zip(head, row, strict=True))["title"] == "Goal"
    elsewhere = world("api", "rights_locker", "limit.delete", limits[0], "--environment", "x")
    assert "Rights Locker has no environments" in elsewhere.err


def test_an_answer_without_a_body_and_one_of_bytes_are_told_apart_from_nothing(world: World) -> None:
    made = json.loads(world("api", "mycujoo", "action_configuration.create", "action_id=act-1", "group_id=g").out)
    deleted = world("api", "mycujoo", "action_configuration.delete", f"id={made['action_configuration']['id']}")
    assert (deleted.code, deleted.out) == (0, "{}\n")
    world.simulator.fail("event.image", status=200, body=b"\x89PNG\0")
    image = ["api", "ateme", "event.image", "event_id=e"]
    assert "5 bytes" in world(*image).err
    world.simulator.fail("event.image", status=200, body=b"\x89PNG\0")
    assert world(*image, "--out", "image.png").code == 0
    assert (world.home / "image.png").read_bytes() == b"\x89PNG\0"
    assert (world.home / "image.png").stat().st_mode & 0o777 == 0o600


@pytest.mark.contract("A-22", "M-198")
def test_no_answer_shows_a_secret_unless_it_goes_into_a_file(world: World) -> None:
    login = ["api", "ateme", "session.login", "email=noc@example.com", "password=simulated-password"]
    assert json.loads(world(*login).out) == {"jwt_token": "(secret)"}
    assert world(*login, "--out", "login.json").code == 0
    assert json.loads((world.home / "login.json").read_text())["jwt_token"].startswith("sim.")
    refused = world("api", "ateme", "source_invitation.update", "token=very-secret-token")
    assert refused.code == 1
    assert "very-secret-token" not in refused.err
    for given in (["new_password=canary-new", "old_password=canary-old"], ["--body", "passwords.json"]):
        world.write("passwords.json", '{"new_password": "canary-new", "old_password": "canary-old"}')
        world.simulator.fail("account.change_password", status=400, body={"code": 3, "message": "not canary-old!"})
        told = world("api", "mycujoo", "account.change_password", *given).err
        assert ("canary" in told, "not (secret)!" in told) == (False, True)
    assert mask_keys({"a": [{"password": "p", "url": "rtmp"}], "password": None}, {"password", "url"}) == {
        "a": [{"password": "(secret)", "url": "(secret)"}],
        "password": None,
    }


@pytest.mark.contract("A-21", "A-848")
def test_titanfile_takes_its_deployment_as_a_header(world: World) -> None:
    assert "deployment_id=" in world("api", "ateme", "tf_job.list").err
    seen: list[Any] = []

    class Api:
        within = staticmethod(lambda deployment: {"Deployment-Id": deployment})

        async def call(self, key: str, **sent: Any) -> Answer:
            seen.append((key, sent["headers"], sent["query"], sent["body"]))
            return Answer(200, None, {}, False)

    invoke = platforms()["ateme"].invoke
    op = ATEME["tf_job.create"]
    asyncio.run(invoke(Api(), op, Request(body={"name": "n", "deployment_id": "7"}), None))
    asyncio.run(invoke(Api(), ATEME["tf_job.list"], Request(query={"deployment_id": "7"}), None))
    header = {"Deployment-Id": "7"}
    assert seen == [("tf_job.create", header, {}, {"name": "n"}), ("tf_job.list", header, {}, seen[1][3])]


# --- danger ----------------------------------------------------------------------------------------------------
FORBIDDEN = re.compile(r"(CENV|WORKER) only|SU|AC|SU · AC")


@pytest.mark.contract("A-55", "A-858", "A-861", "R-54")
def test_what_the_contract_forbids_what_costs_and_what_wipes_is_marked() -> None:
    marked = {op.key for op in ATEME.values() if op.danger}
    assert {op.key for op in ATEME.values() if FORBIDDEN.fullmatch(op.role)} <= marked
    assert marked >= {"alert.delete_environment", "organisation.leave", "organisation.root_user", "webhook.slack"}
    assert marked >= {"environment.update_from_git", "agreement.create", "source_invitation.delete_destinations"}
    assert {op.key for op in ATEME.values() if "bulk_delete" in op.key} <= marked
    assert platforms()["rights_locker"].table["content.wipe"].danger
    assert platforms()["mycujoo"].table["account.delete"].danger
    assert not {"input.list", "schedule.create", "input.stop", "alert.create"} & marked


@pytest.mark.contract("A-984", "A-988", "A-989")
def test_what_is_said_of_a_danger_is_what_the_document_says() -> None:
    assert "taker organisation's destination alerts" in ATEME["alert.delete_environment"].danger
    assert "active destinations, and the alerts on them" in ATEME["source_invitation.delete_destinations"].danger
    assert "the main one" in ATEME["saved_ip.move"].danger
    assert not ATEME["saved_ip.create"].danger, "nothing says that it costs money"
    assert not ATEME["pricing.organisation"].danger, "members of that organisation may ask, too"


def test_a_dangerous_operation_is_refused_until_it_is_named_twice(world: World) -> None:
    purchase = ["api", "ateme", "agreement.create", "number_of_agreements=1"]
    refused = world(*purchase)
    assert refused.code == 5
    assert "is a purchase (A-858)" in refused.err
    assert world(*purchase, "--dangerous", "content.wipe").code == 5
    assert world.simulator.journal == []
    assert world(*purchase, "--dangerous", "agreement.create").code != 5
    assert world.simulator.journal[-1].key == "agreement.create"


# --- pages -----------------------------------------------------------------------------------------------------
def walk(platform: str, key: str, pages: list[Any], *, all_pages: bool = True) -> tuple[Any, bool, list[Any]]:
    """Answer, whether there is more, and the queries that were asked, of a platform that answers these pages."""
    known, asked = platforms()[platform], list[Any]()

    async def invoke(api: Any, op: Operation, request: Request, scope: str | None) -> Answer:
        asked.append(dict(request.query))
        return Answer(200, pages[len(asked) - 1], {"link": '<https://elsewhere.example>; rel="next"'}, True)

    fake = replace(known, invoke=invoke)
    answer, more = asyncio.run(
        call_operation(fake, None, known.table[key], Request(query={"q": "1"}), None, all_pages=all_pages)
    )
    return answer.body, more, asked


@pytest.mark.contract("M-16")
def test_a_list_of_mycujoo_ends_with_its_token_and_not_with_a_short_page() -> None:
    rows = [{"items": [1], "next_page_token": "a"}, {"next_page_token": "b"}, {"items": [2], "next_page_token": ""}]
    body, more, asked = walk("mycujoo", "action.list", rows)
    assert (body["items"], more) == ([1, 2], False)
    assert asked == [{"q": "1"}, {"q": "1", "page_token": "a"}, {"q": "1", "page_token": "b"}]
    assert walk("mycujoo", "action.list", rows, all_pages=False) == (rows[0], True, [{"q": "1"}])
    with pytest.raises(DecodeError, match="again"):
        walk("mycujoo", "action.list", [rows[0]] * 3)
    with pytest.raises(DecodeError, match="no list"):
        walk("mycujoo", "action.list", [{"items": "?"}])
    grown = [{"items": [{"id": "1"}, {"id": 2}], "next_page_token": "a"}, {"items": [{"id": "2"}, {"id": 3}]}]
    assert walk("mycujoo", "action.list", grown)[0]["items"] == [{"id": "1"}, {"id": 2}, {"id": 3}]
    with pytest.raises(DecodeError, match="again"):
        walk("mycujoo", "action.list", [{"items": [1], "next_page_token": token} for token in "ab"])


@pytest.mark.contract("R-21", "R-22")
def test_users_of_rights_locker_are_walked_by_both_parts_of_the_cursor() -> None:
    pages = [{"users": ["a", "b"], "last_shard": 0, "last_id": 12}, {"users": ["b", "c"]}]
    body, _, asked = walk("rights_locker", "users.list", pages)
    assert body["users"] == ["a", "b", "c"]
    assert asked[1] == {"q": "1", "last_shard": "0", "last_id": "12"}
    with pytest.raises(DecodeError, match="half a cursor"):
        walk("rights_locker", "users.list", [{"users": [], "last_id": "1"}])


@pytest.mark.contract("R-22")
def test_a_content_that_nobody_has_has_no_users(world: World) -> None:
    world.simulator.fail("users.list", status=404, body=b"")
    values = ["content_type=asset", "content_id=c", "external_product_id=default"]
    asked = world("api", "rights_locker", "users.list", *values, "--all")
    assert (asked.code, json.loads(asked.out)) == (0, {"users": []})
