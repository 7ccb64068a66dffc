"""Analytics, accounting and accounts by `headend api`: every operation, its pages, its tables."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from cli.conftest import world
from cli.harness import World
from headend.core.wire.registry import platforms
from headend.mycujoo.tabular import amount, rows
from headend.mycujoo.wire import TABLE
from headend.mycujoo.wire_parameters import PARAMETERS, SPANS
from headend.simulator.base import CREDENTIALS

__all__ = ["world"]

SEASON = ["interval.start_time=2026-08-01T00:00:00Z", "interval.end_time=2026-11-01T00:00:00Z"]
PLACES = {
    "invoice_id": "invoice-9",
    "org_id": "org-1",
    "project_id": "project-1",
    "stream_id": "stream-1",
    "media_source_id": "source-1",
}
PEOPLE = {"email": "new@example.com", "first_name": "N", "last_name": "W"}
BODIES: dict[str, dict[str, Any]] = {
    "organization.update": {"id": "org-1", "name": "Club"},
    "payment_method.create": {"setup_intent_id": "seti-0"},
    "payment_method.update": {"is_default": True},
    "account.create": PEOPLE,
    "account.invite": PEOPLE,
    "account.update": {"first_name": "N"},
    "account.batch": {"account_ids": []},
    "account.batch_by_email": {"email_addresses": []},
    "account.delete": {"ids": []},
    "account.change_password": {"old_password": "old", "new_password": "new"},
    "account.check_password_reset": {"reset_code": "code"},
    "account.reset_password": {"reset_code": "code", "new_password": "new"},
    "account.resend_verification": {"email": "noc@example.com", "org_id": "org-1"},
    "account.send_password_reset": {"email": "noc@example.com", "org_id": "org-1"},
    "action_call.update": {"data": {"seen": True}},
    "action_configuration.create": {"action_id": "act-1", "group_id": "derby", "title": "Goal"},
    "action_configuration.update": {"title": "Goal!"},
}


def prepared(world: World) -> dict[str, dict[str, str]]:
    """Puts in what the calls need; what stands in the places of their paths."""
    sim: Any = world.simulator.sims["mycujoo"]
    stored = sim.world
    caller = stored["caller"]
    stored["accounts"][caller]["password"] = "old"
    stored["reset_codes"]["code"] = caller
    stored["calls"]["call-1"] = {"id": "call-1", "group_id": "derby", "configuration_id": "c-1"}
    stored["configurations"]["c-1"] = {
        **{"id": "c-1", "action_id": "act-1", "group_id": "derby", "title": "Goal", "fields": [], "order": 0}
    }
    BODIES["account.verify"] = {"account_id": caller, "org_id": "org-1", "verification_code": f"verify-{caller}"}
    (method,) = stored["payment_methods"]
    ids = {"action": "act-1", "action_call": "call-1", "action_configuration": "c-1", "payment_method": method}
    return {key: {**PLACES, "account_id": caller, "id": ids.get(key.partition(".")[0], "")} for key in TABLE}


@pytest.mark.contract(*(f"M-{number}" for number in range(31, 93)))
@pytest.mark.parametrize("key", TABLE)
def test_each_operation_can_be_called_and_is_answered_in_every_shape(world: World, key: str) -> None:
    op, places = TABLE[key], prepared(world)[key]
    words = [f"{name}={places[name]}" for name in op.names()]
    words += ["group_id=derby"] if key == "action_configuration.list" else []
    words += ["--dangerous", key] if op.danger else []
    if key in BODIES:
        words += ["--body", str(world.write("body.json", json.dumps(BODIES[key])))]
    answered = world("api", "mycujoo", key, *words, "--format", "csv")
    assert answered.code == 0, answered.err
    (entry,) = (entry for entry in world.simulator.journal if entry.platform == "mycujoo")
    assert (entry.key, entry.method, entry.status) == (key, op.method, 200)


@pytest.mark.contract("M-31", "M-74")
def test_all_62_are_listed(world: World) -> None:
    assert len(world("api", "mycujoo", "--list").out.splitlines()) == 62


def table(world: World, key: str, *words: str) -> list[dict[str, str]]:
    answered = world("api", "mycujoo", key, *words, "--format", "csv")
    assert answered.code == 0, answered.err
    return list(csv.DictReader(io.StringIO(answered.out)))


# --- analytics -------------------------------------------------------------------------------------------------
@pytest.mark.contract("M-18", "M-74", "M-160")
def test_the_watch_time_of_a_season_is_one_command(world: World) -> None:
    found = table(world, "project.consumption", "project_id=project-1", *SEASON)
    assert [row["content_type"] for row in found] == ["CONTENT_TYPE_LIVE", "CONTENT_TYPE_VOD", "total"]
    live, vod, total = (float(row["watch_minutes"]) for row in found)
    assert live + vod == total == sum(range(10, 33))  # 23 views of 10, 11, ... minutes; the 24th is of November
    assert [row["unique_users"] for row in found][-1] == "5"
    shown = world("api", "mycujoo", "project.consumption", "project_id=project-1", *SEASON, "--format", "table")
    assert shown.out.splitlines()[0].split() == list(found[0])
    (entry,) = (e for e in world.simulator.journal[-1:])
    assert dict(entry.query)["interval.start_time"] == "2026-08-01T00:00:00Z"


@pytest.mark.contract("M-18")
def test_a_span_includes_its_start_and_not_its_end(world: World) -> None:
    first = "2026-08-01T15:00:00Z"
    span = [f"interval.start_time={first}", "interval.end_time=2026-08-05T17:00:00%2B02:00".replace("%2B", "+")]
    events = table(world, "project.watch_events", "project_id=project-1", *span)
    assert [row["event_time"] for row in events] == ["2026-08-01T15:00:00+00:00"]
    assert len(table(world, "project.watch_events", "project_id=project-1", f"interval.end_time={first}")) == 0


SERIES = [
    ("project.average_playtime", "average_playtime"),
    ("project.total_plays", "plays"),
    ("project.total_playtime", "total_playtime"),
    ("project.unique_users", "unique_users"),
    ("stream.concurrent_plays", "plays"),
]


@pytest.mark.contract("M-75", "M-77", "M-78", "M-79", "M-89")
@pytest.mark.parametrize(("key", "column"), SERIES)
def test_series_are_a_row_for_each_step(world: World, key: str, column: str) -> None:
    place = "stream_id=stream-1" if key.startswith("stream") else "project_id=project-1"
    found = table(world, key, place, "time_step=TIME_STEP_MONTH", *SEASON)
    assert [row["time"][:7] for row in found] == ["2026-08", "2026-09", "2026-10"]
    assert set(found[0]) == {"time", column}
    sent = len(world.simulator.journal)
    refused = world("api", "mycujoo", key, place, "time_step=MONTHLY")
    assert "time_step: must be one of TIME_STEP_UNSPECIFIED, TIME_STEP_MINUTE" in refused.err
    assert len(world.simulator.journal) == sent


@pytest.mark.contract("M-88", "M-90", "M-81", "M-86")
def test_what_nests_is_laid_flat(world: World) -> None:
    stream = "stream_id=stream-1"
    buffering = table(world, "stream.buffer_ratio", stream, "time_step=TIME_STEP_YEAR")
    assert [(row["content_type"], row["time"][:4]) for row in buffering] == [
        ("CONTENT_TYPE_LIVE", "2026"),
        ("CONTENT_TYPE_VOD", "2026"),
    ]
    users = table(world, "stream.total_users", stream)
    assert users[0].keys() == {"stream_id", "content_type", "users_count"}
    assert table(world, "stream.consumption", stream)[-1]["content_type"] == "total"
    stats = table(world, "stream.stats", stream)
    assert {row["series"] for row in stats} == {
        *("buffer_ratio_time_series", "concurrent_plays_time_series"),
        *("total_users_time_series", "video_stats_time_series"),
    }


@pytest.mark.contract("M-18", "M-82", "M-83", "M-84", "M-85", "M-91", "M-92", "M-194")
def test_streams_and_media_sources_differ_in_one_column_and_ids_are_repeated(world: World) -> None:
    many = table(world, "media_source.snapshots", "media_source_ids=source-1", "media_source_ids=source-2")
    assert [(row["media_source_id"], row["snapshot.video_height"]) for row in many] == [("source-1", "1080")]
    asked = [value for name, value in world.simulator.journal[-1].query if name == "media_source_ids"]
    assert asked == ["source-1", "source-2"]
    streams = table(world, "stream.snapshots", "stream_ids=stream-1", "stream_ids=stream-2")
    assert [row["snapshot.resolution"] for row in streams] == ["1080", "1080"]
    one, other = (
        table(world, "media_source.stats", "media_source_id=source-1")[0],
        table(world, "stream.video_stats", "stream_id=stream-1")[0],
    )
    assert (set(one) - set(other), set(other) - set(one)) == ({"video_height"}, {"resolution"})
    assert table(world, "media_source.snapshot", "media_source_id=source-1")[0]["video_height"] == "1080"
    assert table(world, "stream.snapshot", "stream_id=stream-1")[0]["resolution"] == "1080"


@pytest.mark.contract("M-16", "M-76", "M-80", "M-87")
@pytest.mark.parametrize(
    ("key", "words", "count", "usual"),
    [
        ("project.watch_events", ["project_id=project-1"], 24, 10),
        ("project.streams", ["project_id=project-1", "order_by=total_playtime desc"], 3, 20),
        ("stream.activities", ["stream_id=stream-1", "page_size=4"], 6, 4),
    ],
)
@pytest.mark.parametrize("pages", ["full", "short"])
def test_all_pages_come_with_the_same_question(
    world: World, key: str, words: list[str], count: int, usual: int, pages: str
) -> None:
    world.simulator.sims["mycujoo"].set_switch("pages", pages)
    assert len(table(world, key, *words, "--all")) == count
    queries = [[pair for pair in entry.query if pair[0] != "page_token"] for entry in world.simulator.journal]
    assert all(query == queries[0] for query in queries)
    one = world("api", "mycujoo", key, *words)
    assert ("there are more pages: --all" in one.err) == (pages == "short" or usual < count)


@pytest.mark.contract("M-76")
def test_streams_are_ranked_by_names_that_are_not_those_of_their_columns(world: World) -> None:
    found = table(world, "project.streams", "project_id=project-1", "order_by=unique_users desc")
    assert [int(row["total_users"]) for row in found] == sorted(
        (int(row["total_users"]) for row in found), reverse=True
    )
    assert "order_by" in world("api", "mycujoo", "project.streams", "project_id=project-1", "order_by=users").err


@pytest.mark.contract("M-246")
def test_what_is_ordered_by_several_columns_is_ordered_by_the_first_one_first(world: World) -> None:
    words = ["project_id=project-1", "--all"]
    events = table(world, "project.watch_events", *words, "order_by=country_code desc, event_time asc")
    pairs = [(row["country_code"], row["event_time"]) for row in events]
    by_time = sorted(pairs, key=lambda pair: pair[1])
    assert pairs == sorted(by_time, key=lambda pair: pair[0], reverse=True) != by_time
    ranked = table(world, "project.streams", *words, "order_by=title desc,total_plays")
    assert [row["title"] for row in ranked] == sorted((row["title"] for row in ranked), reverse=True)
    for wrong in ("title,", "title down", "title desc asc", "users"):
        asked = f"{world.url}/mycujoo/analytics/v1/consumption/projects/project-1/streams"
        key = {"authorization": CREDENTIALS["mycujoo"]["HEADEND_MYCUJOO_API_KEY"]}
        assert httpx.get(asked, params={"order_by": wrong}, headers=key, trust_env=False).status_code == 400


@pytest.mark.contract("M-51", "M-52", "M-53", "M-248")
def test_batches_leave_as_lists(world: World) -> None:
    (own,) = table(world, "account.myself")
    assert table(world, "account.batch", f"account_ids={own['id']}") == [own]
    assert table(world, "account.batch_by_email", "email_addresses=7", f"email_addresses={own['email']}") == [own]
    assert world("api", "mycujoo", "account.delete", "ids=7", "--dangerous", "account.delete").code == 0
    bodies = [entry.body for entry in world.simulator.journal[-3:]]
    assert bodies == [{"account_ids": [own["id"]]}, {"email_addresses": ["7", own["email"]]}, {"ids": ["7"]}]


@pytest.mark.contract("M-80", "M-87")
def test_filters_go_to_the_platform_as_they_stand(world: World) -> None:
    abroad = table(world, "project.watch_events", "project_id=project-1", 'filter=country_code: "AT"', "--all")
    assert {row["country_code"] for row in abroad} == {"AT"}
    started = table(world, "stream.activities", "stream_id=stream-1", "filter=source:SOURCE_API")
    assert len(started) == 2


# --- accounting --------------------------------------------------------------------------------------------------
@pytest.mark.contract("M-42", "M-43", "M-158")
@pytest.mark.parametrize("words", [["pricing.list"], ["pricing.organization", "org_id=org-1"]])
def test_prices_are_decimal_numbers(world: World, words: list[str]) -> None:
    (row,) = table(world, *words)
    assert (row["price"], row["price.currency_code"], row["msrp"]) == ("0.0125", "EUR", "0.02")
    assert json.loads(row["discounts"])[0]["price"] == "0.0125"


@pytest.mark.contract("M-158")
@pytest.mark.parametrize(
    ("money", "text"),
    [
        ({"units": "-1", "nanos": -750_000_000}, "-1.75"),
        ({"units": "9007199254740993"}, "9007199254740993"),
        ({"nanos": 1}, "0.000000001"),
        ({"currency_code": "EUR"}, "0"),
        ({"units": "100"}, "100"),
    ],
)
def test_money_is_exact_to_the_billionth(money: dict[str, Any], text: str) -> None:
    assert f"{amount(money):f}" == text


@pytest.mark.contract("M-31", "M-32", "M-35", "M-44", "M-45", "M-46", "M-159")
def test_what_was_used_and_paid(world: World) -> None:
    (invoice,) = table(world, "invoice.list", "start_time=2026-11-01T00:00:00Z")
    assert (invoice["id"], invoice["payment.payment_method.card.brand"]) == ("invoice-10", "visa")
    (payment,) = table(world, "payment.list", "invoice_id=invoice-9")
    assert payment["invoice_id"] == "invoice-9"
    link = world("api", "mycujoo", "invoice.download", "invoice_id=invoice-9")
    assert json.loads(link.out) == {"download_url": "(secret)"}
    used = table(world, "usage.list", "aggregate=true", "start_time=2026-09-01T00:00:00Z", "--all")
    assert [(row["sku_id"], row["amount"]) for row in used] == [("minutes", "60")]
    running = table(world, "usage.running")
    assert [(row["amount"], row["cost.amount"]) for row in running] == [("10", "0.125"), ("20", "0.25")]
    assert {(row["total.amount"], row["total.currency"]) for row in running} == {("0.375", "EUR")}
    nothing = rows(TABLE["usage.running"], {"amount": 0, "currency": "EUR", "usages": []})
    assert nothing == [{"total.amount": 0, "total.currency": "EUR"}]
    assert table(world, "vat.validate", "vat_number=CH12345678")[0]["is_valid"] == "true"


@pytest.mark.contract("M-47", "M-62", "M-155", "M-156", "M-157", "M-247")
def test_accounts_the_organisation_and_what_pays(world: World) -> None:
    (own,) = table(world, "account.myself")
    assert own == table(world, "account.get", f"account_id={own['id']}")[0] == table(world, "account.list", "--all")[0]
    assert table(world, "account.get", "account_id=myself") == [own]
    assert table(world, "organization.get", "org_id=org-1")[0]["tax.city"] == "Bern"
    assert [row["is_default"] for row in table(world, "payment_method.list")] == ["true"]


@pytest.mark.contract("M-151", "M-152")
def test_the_catalogue_and_its_categories(world: World) -> None:
    sim: Any = world.simulator.sims["mycujoo"]
    sim.world["categories"] += [{"id": "cat-1", "title": "Used"}, {"id": "cat-2", "title": "Empty"}]
    sim.add_action("act-2", "Replay", category_id="cat-1")
    assert [row["id"] for row in table(world, "action.list", "category_id=cat-1", "--all")] == ["act-2"]
    assert [row["title"] for row in table(world, "action_category.list", "hide_empty=true")] == ["Used"]


@pytest.mark.contract("M-64", "M-65", "M-66", "M-138", "M-154")
def test_what_calls_hold_is_not_shown(world: World) -> None:
    sim: Any = world.simulator.sims["mycujoo"]
    data = {"id": "r", "data": {"card": "4242"}}
    sim.world["calls"]["call-1"] = {"id": "call-1", "group_id": "derby", "request_data": data}
    for words in (["action_call.list", "group_id=derby"], ["action_call.get", "id=call-1"]):
        shown = world("api", "mycujoo", *words).out
        assert "4242" not in shown
        assert "(secret)" in shown
    assert world("api", "mycujoo", "action_call.update", "id=call-1", 'data={"ok":true}').code == 0
    assert sim.world["calls"]["call-1"]["response_data"]["data"] == {"ok": True}
    assert not {"action_call.create", "action_call.delete"} & set(TABLE)


def test_what_is_no_object_is_shown_as_it_is() -> None:
    assert rows(TABLE["action.get"], ["x"]) is None
    assert rows(TABLE["action.list"], {"items": ["x"]}) == [{"value": "x"}]
    assert platforms()["ateme"].rows(TABLE["action.get"], {}) is None


# --- values ------------------------------------------------------------------------------------------------------
SINCE, LATER = "interval.start_time=2026-09-01T00:00:00Z", "interval.end_time=2026-08-01T00:00:00+02:00"
WRONG = [
    ("project.consumption", ["project_id=p", "interval.start_time=2026-09-01"], "must be like 2026-08-01T00:00:00Z"),
    ("project.consumption", ["project_id=p", "interval.start_time=2026-09-31T00:00:00Z"], "must be like"),
    ("stream.consumption", ["stream_id=s", SINCE, LATER], "interval.end_time: must not lie before interval.start_time"),
    ("project.streams", ["project_id=p", "order_by=total_users"], "order_by: must be like total_plays desc"),
    ("project.streams", ["project_id=p", "order_by=title,"], "order_by: must be like total_plays desc"),
    ("project.streams", ["project_id=p", "order_by=title up"], "order_by: must be like total_plays desc"),
    ("stream.activities", ["stream_id=s", "page_size=0"], "page_size: must be 1..2147483647"),
    ("stream.activities", ["stream_id=s", "page_size=2147483648"], "page_size: must be 1..2147483647"),
    ("stream.activities", ["stream_id=s", "page_size=1", "page_size=2"], "page_size: must be one value"),
    ("stream.activities", ["stream_id=s", "pagesize=1"], "pagesize: is not known; takes filter, page_size, page_token"),
    ("payment_method.list", ["page_size=1"], "page_size: is not known; takes no values"),
    ("usage.list", ["aggregate=yes"], "aggregate: must be true or false"),
    ("invoice.list", ["start_time=yesterday"], "start_time: must be like"),
    ("invoice.list", ["start_time=9999-12-31T23:59:59-05:00"], "start_time: must be like"),
    ("action_configuration.list", [], "missing: group_id="),
    ("action_configuration.list", ["group_id="], "group_id: must be 1.. characters"),
    ("action_configuration.create", ["group_id=g", "title=t"], "missing: action_id="),
    ("action_configuration.update", ["id=c", 'fields=[{"field":"delay","number_value":5}]'], "number_value"),
    ("action_configuration.update", ["id=c", 'fields=[{"field":"delay","int_value":5}]'], "int_value: is not known"),
    ("action_configuration.update", ["id=c", 'fields=[{"field":"delay"}]'], "fields: exactly one of bool_value, "),
    (
        "action_configuration.update",
        ["id=c", 'fields=[{"field":"delay","number_value":"9223372036854775808"}]'],
        "number_value: must be -9223372036854775808..9223372036854775807",
    ),
    ("action_configuration.update", ["id=c", "order=2147483648"], "order: must be -2147483648..2147483647"),
    ("action_configuration.update", ["id=c", "order=1.5"], "order: must be a whole number"),
    ("action_configuration.create", ["action_id=a", "group_id=g", "order=1"], "order: is not known"),
    ("action_call.update", ["id=c", "data=text"], "data: must be an object"),
    ("organization.update", ["org_id=o", 'tax={"country":"CHE"}'], "country: must be like CH"),
    ("organization.update", ["org_id=o", "is_enabled=1"], "is_enabled: must be true or false"),
    ("organization.update", ["org_id=o", 'tax={"address_lines":"1 Road"}'], "address_lines: must be a list of texts"),
    ("account.create", ["email=ada"], "email: must be like ada@example.com"),
    ("account.delete", ["--dangerous", "account.delete"], "missing: ids="),
    (
        "payment_method.update",
        ["id=m", "is_default=1", "--dangerous", "payment_method.update"],
        "must be true or false",
    ),
]


@pytest.mark.contract("M-6", "M-16", "M-18", "M-195")
@pytest.mark.parametrize(("key", "words", "said"), WRONG)
def test_a_call_that_can_not_succeed_is_not_sent(world: World, key: str, words: list[str], said: str) -> None:
    refused = world("api", "mycujoo", key, *words)
    assert (refused.code, world.simulator.journal) == (3, [])
    assert said in refused.err


@pytest.mark.contract("M-18")
def test_names_of_the_table_are_those_of_operations_and_each_period_is_judged() -> None:
    assert PARAMETERS.keys() <= TABLE.keys()
    assert SPANS.keys() == {
        key
        for key, parameters in PARAMETERS.items()
        if {one.name.rpartition(".")[2] for one in parameters} >= {"start_time", "end_time"}
    }
