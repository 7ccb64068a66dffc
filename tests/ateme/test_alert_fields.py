"""Every field of alerts: what is taken, what is refused, what goes onto the wire and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from ateme.alert_stacks import A1, LOW, watched
from ateme.ateme_engine import Engine
from headend.ateme.alert import AlertKind, observed
from headend.ateme.alert_spec import Alert, Comparison, Metric, Repeat, Window, seconds
from headend.ateme.rows_office import AlertRow
from headend.core.model.errors import NotFound, Refused
from headend.core.model.fields import Immutable, OwnCall, marked
from headend.core.model.observed import Change
from headend.core.model.record import Digest
from headend.core.reconcile.difference import differences
from headend.core.wire.decode import decode

LOSS, LINK = "net_recv.loss_millipercent", "is_connected"
PRINTED = ("5m", "10m", "15m", "20m", "25m", "30m", "45m", "1h", "1h30m", "2h", "2h30m", "3h", "4h", "5h", "7m30m")
PRINTED += ("10h", "15h", "20h", "24h")


def spec(**changes: Any) -> Alert:
    target = {} if {"input", "output"} & changes.keys() else {"input": "in-1"}
    return Alert(**{"environment": "env-1", "alert_method": "told", **LOW, **target, **changes})


def case(number: str, field: str, value: Any, **also: Any) -> Any:
    return pytest.param({**also, field: value}, field, id=f"{field}-{value}", marks=pytest.mark.contract(number))


TAKEN = [
    *(case("A-562", "alert_on_query", one, query_value=[1]) for one in get_args(Metric)),
    *(case("A-563", "query_param", one, query_value=[1]) for one in ("gt", "lt")),
    *(case("A-563", "query_param", one, query_value=[1, 1]) for one in ("outside_range", "within_range")),
    case("A-832", "query_value", [], query_param="no_value"),
    case("A-564", "query_value", [-1.5, 2], query_param="within_range"),
    case("A-564", "query_value", [0, 100_000], query_param="outside_range", alert_on_query=LOSS),
    case("A-564", "query_value", [0, 1], query_param="within_range", alert_on_query=LINK),
    *(case("A-565", "query_time_range", one) for one in ("10s", "1m", "5m", "10m", "15m", "1h")),
    *(case("A-566", "alert_check_frequency", one) for one in ("1m", "3h", "1h30m", "45s", "1h5s", "1h2m3s")),
    *(case("A-567", "alert_after_time", one) for one in ("5m", "15s", "1h", None)),
    *(case("A-568", "alert_repeat", one) for one in PRINTED),
]
REFUSED = [
    case("A-562", "alert_on_query", "net_recv.rtt"),
    case("A-563", "query_param", "ge"),
    case("A-832", "query_value", []),
    case("A-832", "query_value", [1, 2]),
    case("A-832", "query_value", [1], query_param="within_range"),
    case("A-832", "query_value", [1, 2, 3], query_param="outside_range"),
    case("A-832", "query_value", [1], query_param="no_value"),
    case("A-564", "query_value", [2, 1], query_param="within_range"),
    case("A-564", "query_value", [100_001], alert_on_query=LOSS),
    case("A-564", "query_value", [-1], alert_on_query=LOSS),
    case("A-564", "query_value", [2], alert_on_query=LINK),
    case("A-564", "query_value", [0.5], alert_on_query=LINK),
    case("A-564", "query_value", [True]),
    case("A-564", "query_value", ["4000"]),
    case("A-565", "query_time_range", "30m"),
    *(case("A-566", "alert_check_frequency", one) for one in ("", "1", "1d", "30m1h", "1h 30m", "-1m", "1.5h")),
    *(case("A-567", "alert_after_time", one) for one in ("", "soon")),
    *(case("A-568", "alert_repeat", one) for one in ("7h30m", "90m", "6m", "60m", None, 5)),
]


def wire(fields: dict[str, Any]) -> dict[str, Any]:
    return {**LOW, "alert_method_id": "told", **fields}


@pytest.mark.contract("A-827", "A-568")
def test_the_lists_are_those_that_are_printed() -> None:
    assert get_args(Repeat) == PRINTED
    assert (len(get_args(Metric)), len(get_args(Comparison)), len(get_args(Window))) == (6, 5, 6)


@pytest.mark.parametrize(("fields", "field"), TAKEN)
def test_a_value_is_taken_sent_and_read_back(opened: Any, environment: Any, fields: dict[str, Any], field: str) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            kind, env = AlertKind(), await environment(api)
            simulator.sims["ateme"].world["alert_methods"]["told"] = {
                "organisation_id": "org-1",
                "is_deleted": False,
                "alert_method_id": "told",
            }
            row = simulator.sims["ateme"].world["environments"][env]
            source = simulator.sims["ateme"].add_input(row, "srt_push", {"id": "a", "port": 5001})["input_id"]
            wanted = spec(**fields, environment=env, input=source)
            simulator.reset_journal()
            made = await kind.complete(api, (await kind.create(api, wanted)).id, wanted, lambda _: None)
            (write,) = simulator.writes()
            assert write.body == {"input_ids": [source], **wire(fields)}
            found = differences(wanted, made, None, digest=lambda value: Digest(repr(value)))
            assert (found.changes, found.unverifiable) == ((), {})

    asyncio.run(run())


@pytest.mark.contract("A-56")
@pytest.mark.parametrize(("fields", "field"), REFUSED)
def test_a_value_is_refused_here_and_there(opened: Any, environment: Any, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        spec(**fields)

    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            sim = simulator.sims["ateme"]
            sim.world["alert_methods"]["told"] = {"organisation_id": "org-1", "is_deleted": False}
            id = sim.add_input(sim.world["environments"][env], "srt_push", {"id": "a", "port": 5001})["input_id"]
            with pytest.raises(Refused, match=field):
                await api.call("alert.create", scope=env, body={"input_ids": [id], **wire(fields)})
            assert sim.world["alerts"] == {}

    asyncio.run(run())


@pytest.mark.contract("A-827")
@pytest.mark.parametrize(("written", "meant"), [("7h30m", "7m30m"), ("90m", "1h30m"), ("1h0m", "1h")])
def test_a_repeat_that_is_not_on_the_list_names_the_one_that_is(tmp_path: Path, written: str, meant: str) -> None:
    (problem,) = Engine(tmp_path).problems(watched(a1={"alert_repeat": written}))
    assert problem.startswith(f"{A1}: `alert_repeat`: ")
    assert f"did you mean `{meant}`?" in problem


@pytest.mark.contract("A-559", "A-560", "A-828")
def test_an_alert_has_one_target() -> None:
    for both in ({"input": "i", "output": "o"}, {"input": None, "output": None}):
        with pytest.raises(ValidationError, match="either input or output"):
            spec(**both)
    assert spec(output="o").input is None


@pytest.mark.contract("A-558", "A-762", "A-569")
def test_what_replaces_and_what_has_a_call_of_its_own() -> None:
    assert set(marked(Alert, Immutable)) == {"environment", "input", "output"}
    assert set(marked(Alert, OwnCall)) == {"muted"}


@pytest.mark.contract("A-566", "A-567")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("90m", "1h30m", True),
        ("1h", "60m0s", True),
        ("1m", "1h", False),
        ("7m30m", "37m30s", False),
        (None, "0s", False),
    ],
)
def test_durations_are_compared_by_length(one: Any, other: Any, same: bool) -> None:
    assert (seconds(one) == seconds(other)) is same


@pytest.mark.contract("A-570", "A-571", "A-572", "A-573", "A-773")
def test_what_is_deprecated_or_moves_by_itself_is_not_compared() -> None:
    row = {**wire({}), "alert_id": "al-1", "status": "active", "is_alerting": True, "source_id": "x"}
    row |= {"destination_id": "y", "has_alerts": 1}
    seen = observed("input", "in-1", decode(AlertRow, "", row), spec())
    assert differences(spec(), seen, None, digest=lambda value: Digest("")).changes == ()
    assert seen.computed == {"alert_id": "al-1", "status": "active", "is_alerting": True}
    assert (seen.values["input"], "output" in seen.values) == ("in-1", False)


@pytest.mark.contract("A-572")
def test_what_a_row_does_not_say_is_unverifiable() -> None:
    row = {name: value for name, value in wire({}).items() if name not in {"alert_method_id", "alert_repeat"}}
    seen = observed("input", "in-1", decode(AlertRow, "", row | {"alert_id": "al-1", "status": "resting"}), spec())
    assert set(seen.unverifiable) == {"alert_method", "alert_repeat", "muted"}
    assert seen.unverifiable["muted"] == "the status is resting"


@pytest.mark.contract("A-50", "A-51", "A-561", "A-570", "A-830")
@pytest.mark.parametrize("how", ["partial", "full"])
def test_an_update_sends_everything_but_the_target(tmp_path: Path, how: str) -> None:
    engine = Engine(tmp_path, {"updates": how})
    engine.done(watched(a1={"alert_after_time": "5m"}))
    engine.sim.reset_journal()
    engine.done(watched(a1={"alert_after_time": "5m", "query_value": [3000]}))
    (write,) = engine.sim.writes()
    everything = {"alert_method_id": "method-1", **LOW, "alert_after_time": "5m"}
    assert (write.key, write.body) == ("alert.update", {**everything, "query_value": [3000]})
    engine.sim.reset_journal()
    engine.done(watched(a1={}))
    (write,) = engine.sim.writes()
    assert write.body == {**everything, "alert_after_time": None}
    engine.world["alerts"]["alert-1"]["alert_after_time"] = "15s"  # by somebody else, and not managed
    engine.sim.reset_journal()
    engine.done(watched(a1={"query_value": [1]}))
    (write,) = engine.sim.writes()
    assert write.body["alert_after_time"] == "15s"


@pytest.mark.contract("A-49", "A-570")
@pytest.mark.parametrize("name", ["source_id", "destination_id", "input_ids", "alert_repeat"])
def test_extra_holds_no_field_that_is_known_or_deprecated(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        spec(extra={name: "x"})


def test_a_lost_change_is_refused(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            sim = simulator.sims["ateme"]
            id = sim.add_input(sim.world["environments"][env], "srt_push", {"id": "a", "port": 5001})["input_id"]
            change = [Change(("alert_repeat",), "1h", "2h")]
            with pytest.raises(NotFound, match="alert al-9 does not exist"):
                await AlertKind().update(api, "al-9", spec(environment=env, input=id), change)
            assert [entry.key for entry in simulator.writes()] == ["environment.create"]

    asyncio.run(run())
