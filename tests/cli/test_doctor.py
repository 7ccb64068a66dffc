"""`headend doctor`: a platform that isn't as assumed is found out by safe reads, and its overrides set things right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from cli.harness import World
from headend.ateme.guesses import begins, guesses, move, spellings
from headend.ateme.reads import list_key, misfit, untried
from headend.ateme.wire import TABLE

STACK = """\
headend: 1
vars: {latency: 2000}
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: small
      lifecycle: {protect: false}
      inputs:
        stadium: {variant: srt_push, port: 5001, latency: "${vars.latency}"}
      outputs:
        cdn: {variant: rtmp, url: "rtmp://ingest.example.com/live", state: stopped}
      schedules:
        derby: {input: stadium, output: cdn, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
"""
INPUTS = {
    key: {"path": op.path.replace("/api/inputs", "/api/sources")} for key, op in TABLE.items() if key[:6] == "input."
}
MOVED: dict[str, dict[str, str]] = {
    **INPUTS,
    "cloud.providers": {"path": "/api/cloud-providers"},
    "cloud.regions": {"path": "/api/cloud-providers/{cloud_provider}/regions"},
    "environment.dropdown": {"path": "/api/customer_environment/list"},
    "output.get": {"path": "/api/destinations/{output_id}"},
    "agreement.list": {"path": "/api/permanent_schedule_agreements"},
    "agreement.create": {"path": "/api/permanent_schedule_agreements"},
    "agreement.price_selectors": {"path": "/api/permanent_schedule_agreements/price_selectors"},
    "schedule.update": {"method": "PATCH"},
    "output.start": {"method": "PUT"},
}


@pytest.fixture
def applied(world: World) -> World:
    """A tenant with one object of each kind, whose paths are then changed."""
    world.write("match.yaml", STACK)
    assert world("apply", "match.yaml", "--yes").code == 0
    return world


def findings(world: World, *words: str) -> dict[str, dict[str, Any]]:
    ran = world("doctor", "ateme", "--format", "json", *words)
    assert ran.code in {0, 2}, ran.err
    return {row["operation"]: row for row in json.loads(ran.out)}


def test_a_platform_as_assumed_has_nothing_otherwise(applied: World) -> None:
    ran = applied("doctor", "ateme", "--out", "overrides.yaml")
    assert ran.code == 0
    assert " 0 otherwise\nWhat to do\n- `--openapi FILE_OR_URL` compares all" in ran.out
    assert yaml.safe_load((applied.home / "overrides.yaml").read_text())["connections"]["ateme"]["operations"] == {}
    found = findings(applied)
    assert list(found) == list(TABLE)
    working = {key for key, row in found.items() if row["verdict"] == "works"}
    assert working >= {"user.me", "input.list", "input.get", "output.get", "schedule.status", "output.states"}
    assert all(row["how"] for row in found.values() if row["verdict"] == "not tried")


@pytest.mark.contract("A-15", "A-174", "A-802")
def test_nothing_is_written_and_no_read_with_a_side_effect_is_made(applied: World) -> None:
    applied.simulator.reset_journal()
    before = applied.simulator.dump()["ateme"]
    found = findings(applied)
    asked = {entry.key for entry in applied.simulator.journal}
    assert applied.simulator.writes() == []
    assert not {"environment.get", "input.thumbnail", "schedule.dump", "user.active_org", "user.get"} & asked
    assert {e.method for e in applied.simulator.journal if not e.key.startswith("session.")} == {"GET", "OPTIONS"}
    after = applied.simulator.dump()["ateme"]
    assert {k: v for k, v in after.items() if k not in {"tokens", "users", "counters"}} == {
        k: v for k, v in before.items() if k not in {"tokens", "users", "counters"}
    }
    assert "A-15" in found["environment.get"]["how"]
    assert all(untried(op) for op in TABLE.values() if op.method != "GET")


@pytest.mark.contract("A-41")
def test_each_changed_row_is_found_and_with_the_stub_everything_works_again(applied: World) -> None:
    applied.simulator.sims["ateme"].serve(MOVED)
    assert applied("plan", "match.yaml").code == 1
    ran = applied("doctor", "ateme", "--out", "overrides.yaml")
    assert ran.code == 2
    written = yaml.safe_load((applied.home / "overrides.yaml").read_text())["connections"]["ateme"]["operations"]
    assert written == MOVED
    applied.write("right.yaml", "headend: 1\nstack: match\nextends: [match.yaml, overrides.yaml]\n")
    assert "0 otherwise" in applied("doctor", "ateme", "--stack-file", "right.yaml").out
    assert applied("plan", "right.yaml").code == 0
    changes = "outputs: {cdn: {state: started}}, schedules: {derby: {end_time: 2035-12-01T18:00:00Z}}"
    text = f"headend: 1\nstack: match\nextends: right.yaml\nateme: {{environments: {{eu: {{{changes}}}}}}}\n"
    longer = applied.write("longer.yaml", text)
    done = applied("apply", str(longer), "--yes", "--var", "latency=3000")
    assert done.code == 0, done.err
    assert applied("plan", str(longer), "--var", "latency=3000").code == 0
    assert applied("destroy", str(longer), "--yes").code == 0


def test_what_is_the_same_is_told_once_and_each_only_on_demand(applied: World) -> None:
    """The most common first; of five or less, each."""
    short, long = applied("doctor", "ateme"), applied("doctor", "ateme", "--verbose")
    assert len(short.out.splitlines()) < 25
    assert "  they write (" in short.out
    assert len(long.out.splitlines()) > 200
    assert short.out.splitlines()[-3:] == long.out.splitlines()[-3:]
    sizes = [int(size) for size in re.findall(r"^  [a-z].* \(([0-9]+)\): ", short.out, re.MULTILINE)]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 5


def test_without_any_hint_of_the_server_relatives_tell_where_writes_went(applied: World) -> None:
    """A server that answers OPTIONS alike everywhere, as one with CORS does, says nothing by it."""
    sim = applied.simulator.sims["ateme"]
    sim.serve(INPUTS)
    matched = sim.match
    sim.match = lambda method, *rest: matched("GET" if method == "OPTIONS" else method, *rest)  # type: ignore[method-assign]
    found = findings(applied)
    assert found["input.list"]["proof"] == "tried"
    assert found["input.delete"]["override"] == INPUTS["input.delete"]
    assert found["input.delete"]["proof"] == "not tried: /api/inputs is /api/sources elsewhere"
    assert "override" not in found["output.delete"]


EVENT = "{input: stadium, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}"


@pytest.mark.contract("A-263", "A-618")
def test_an_event_needs_no_picture_so_a_404_to_one_proves_nothing(applied: World) -> None:
    applied.write("match.yaml", f"{STACK}      events:\n        plain: {EVENT}\n        shown: {EVENT}\n")
    assert applied("apply", "match.yaml", "--yes").code == 0
    ran = applied("doctor", "ateme", "--verbose")
    assert ran.code == 0
    assert "  event.image  GET /api/events/{event_id}/image: no event with a picture is known" in ran.out
    ateme = applied.simulator.sims["ateme"]
    [*_, shown] = ateme.world["events"].values()
    shown["image"] = {"name": "derby.png", "content": "iVBORw=="}
    assert findings(applied)["event.image"]["verdict"] == "works", "the one that says it has one is asked"
    ateme.serve({"event.image": {"path": "/api/events/{event_id}/poster"}})
    found = findings(applied)["event.image"]
    assert found["verdict"] == "otherwise", "it says that it has one"
    shown["image"] = None
    ateme.serve({key: {"path": op.path.replace("events", "event")} for key, op in TABLE.items() if key[:6] == "event."})
    moved = findings(applied)["event.image"]
    assert (moved["verdict"], moved["override"]) == ("not tried", {"path": "/api/event/{event_id}/image"})


@pytest.mark.contract("A-356")
def test_an_organisation_need_not_have_billing_details(world: World) -> None:
    found = findings(world)["billing.get"]
    assert (found["verdict"], "no billing details yet" in found["how"]) == ("not tried", True)


@pytest.mark.contract("A-47")
def test_an_answer_of_another_shape_is_never_an_empty_list(applied: World) -> None:
    applied.simulator.fail("output.list", status=200, body="<html>welcome</html>", times=9)
    applied.simulator.fail("schedule.list", status=200, body={"count": 0}, times=9)
    page = {"outputs": [{"output_id": "o"}], "warnings": [{"text": "old"}]}
    applied.simulator.fail("output.list_all", status=200, body={"a": [], "b": []}, times=9)
    applied.simulator.fail("input.list", status=200, body={"inputs": [{"input_id": "in-1"}], "notes": []}, times=9)
    ran = applied("doctor", "ateme", "--out", "overrides.yaml")
    otherwise = ran.out.partition("\notherwise (")[2]
    assert "  output.list  GET /api/outputs: answers another shape: no JSON\n" in otherwise
    assert "  schedule.list  GET /api/schedules: answers another shape: the answer is no list" in otherwise
    assert "writes 1 corrections: look at each" in otherwise
    assert "ask the platform's people how these are called: " in otherwise
    stub = (applied.home / "overrides.yaml").read_text()
    assert yaml.safe_load(stub)["connections"]["ateme"]["operations"] == {"input.list": {"list_key": "inputs"}}
    assert "# schedule.list: {method: GET, path: /api/schedules, override_documented: true}" in stub
    assert list_key(TABLE["output.list"], page) == "outputs"
    assert misfit(TABLE["output.list"], {"outputs": [{"name": "o"}]}, {}) == "rows without output_id or id"
    assert "asked for" in misfit(TABLE["output.get"], {"output_id": "2"}, {"output_id": "1"})


def test_what_can_not_be_told_is_not_called_otherwise(applied: World) -> None:
    applied.simulator.fail("label.list", status=403)
    applied.simulator.fail("agreement.list", status=500)
    found = findings(applied)
    for key, status in (("label.list", "403"), ("agreement.list", "500")):
        assert found[key]["verdict"] == "not tried"
        assert f"answered {status}" in found[key]["how"]


@pytest.mark.parametrize("key", ["session.login", "user.me"])
def test_a_way_in_that_is_another_one_is_told_as_that(world: World, key: str) -> None:
    world.simulator.sims["ateme"].serve({key: {"path": "/api/elsewhere"}})
    ran = world("doctor", "ateme", "--out", "overrides.yaml")
    assert ran.code == 2
    assert f"otherwise (1)\n  {key}  " in ran.out
    assert "not tried (279)\n  there is no login (279): " in ran.out
    assert "0 works, 279 not tried, 1 otherwise" in ran.out
    assert f"# {key}: {{" in (world.home / "overrides.yaml").read_text()


def test_a_switch_that_leads_nowhere_leaves_what_is_in_the_environment_untried(applied: World) -> None:
    applied.simulator.sims["ateme"].serve({"session.switch_environment": {"path": "/api/switch"}})
    found = findings(applied)
    assert found["session.switch_environment"]["verdict"] == "otherwise"
    assert "session.switch_environment" in found["output.states"]["how"]


def test_a_refused_login_is_a_matter_of_credentials(world: World) -> None:
    assert world("doctor", "ateme", HEADEND_ATEME_PASSWORD="wrong-password").code == 4
    assert "documented" in world("doctor", "mycujoo").err


def test_spellings_and_what_a_found_path_says_of_others() -> None:
    assert {"labels", "access-labels", "accessLabels", "access_label"} <= set(spellings("access_labels"))
    assert guesses(TABLE["input.get"], TABLE, {"/api/inputs": "/x"})[0] == "/x/{input_id}"
    taken = {op.path for op in TABLE.values() if op.method == "GET"}
    assert all(not taken & set(guesses(op, TABLE, {})) for op in TABLE.values() if op.method == "GET")
    assert move("/api/inputs/dropdown", "/api/sources/dropdown") == ("/api/inputs", "/api/sources")
    assert move("/api/inputs", "/api/v1/inputs") == ("/api", "/api/v1")
    assert begins("/api/inputs/pull", "/api/inputs")
    assert not begins("/api/inputs_old", "/api/inputs")
