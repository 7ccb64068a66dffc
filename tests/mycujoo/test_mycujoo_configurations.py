"""The whole life of action configurations, against the simulated platform."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mycujoo_bench import Bench as General
from mycujoo_bench import changes, quiet

from headend.core.model.errors import Ambiguous, ApiError, DecodeError, Forbidden, NotFound, Refused, Unavailable
from headend.core.model.kind import kinds
from headend.core.model.observed import Observed
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.api import MycujooApi
from headend.simulator.mycujoo import TOKEN

KIND = kinds["mycujoo.action_configuration"]
ACTION = [
    {"name": "delay", "value_type": "VALUE_TYPE_NUMBER", "number_value": "3"},
    {"name": "clip", "value_type": "VALUE_TYPE_BOOL", "bool_value": False},
    {"name": "gain", "value_type": "VALUE_TYPE_FLOAT"},
    {"name": "at", "value_type": "VALUE_TYPE_DATETIME"},
    {"name": "text", "value_type": "VALUE_TYPE_STRING"},
]
ALL = {
    "delay": 0,
    "clip": False,
    "gain": {"float_value": 0.1},
    "at": {"datetime_value": "2026-12-05T16:00:00.500+01:00"},
    "text": "",
}


class Bench(General):
    """With an action that has a field of every kind; operations are counted by their short names."""

    def __init__(self, **switches: Any) -> None:
        super().__init__(**switches)
        self.mycujoo.add_action("act", "Replay", ACTION)
        self.stored: dict[str, dict[str, Any]] = self.world["configurations"]

    def run(self, script: Callable[[MycujooApi], Awaitable[Any]], **settings: Any) -> Any:
        try:
            return super().run(script, **settings)
        finally:
            self.counts = {key.removeprefix("action_configuration."): n for key, n in self.counts.items()}

    def add(self, id: str, **values: Any) -> None:
        base = {"action_id": "act", "group_id": "derby", "title": "Goal", "fields": [], "order": len(self.stored)}
        self.stored[id] = {"id": id, **base, **values}


def spec(**values: Any) -> ActionConfiguration:
    return ActionConfiguration(**({"action_id": "act", "group_id": "derby", "title": "Goal"} | values))


def made(bench: Bench, wanted: ActionConfiguration) -> Observed:
    async def script(api: MycujooApi) -> Observed:
        found = await KIND.create(api, wanted)
        return await KIND.complete(api, found.id, wanted, quiet) if found.incomplete else found

    result: Observed = bench.run(script)
    return result


@pytest.mark.contract("M-106", "M-114")
def test_creation_without_order_is_one_list_and_one_post() -> None:
    bench = Bench()
    live = made(bench, spec(fields={"delay": 5, "clip": True}))
    assert bench.counts == {"list": 1, "create": 1}
    assert bench.stored[live.id]["fields"] == [
        {"field": "clip", "bool_value": True},
        {"field": "delay", "number_value": "5"},
    ]
    assert not live.incomplete


@pytest.mark.contract("M-106", "M-180", "M-197")
def test_order_is_set_by_a_second_write_and_read_again() -> None:
    bench = Bench()
    live = made(bench, spec(order=7))
    assert bench.counts == {"list": 1, "create": 1, "update": 1, "get": 1}
    assert live.values["order"] == 7
    assert [e.body for e in bench.sim.writes()] == [
        {"action_id": "act", "group_id": "derby", "title": "Goal"},
        {"order": 7},
    ]


@pytest.mark.contract("M-106")
def test_an_order_that_creation_happened_to_give_is_not_written() -> None:
    bench = Bench()
    made(bench, spec(order=0))
    assert bench.counts == {"list": 1, "create": 1}


@pytest.mark.contract("M-106")
def test_when_the_order_fails_the_object_is_kept_and_the_next_run_only_patches() -> None:
    bench = Bench()
    bench.sim.fail("action_configuration.update", status=500)
    first = bench.run(lambda api: KIND.create(api, spec(order=7)))
    assert first.incomplete
    with pytest.raises(ApiError):
        bench.run(lambda api: KIND.complete(api, first.id, spec(order=7), quiet))
    live = bench.run(lambda api: KIND.complete(api, first.id, spec(order=7), quiet))
    assert live.values["order"] == 7
    assert "create" not in bench.counts
    assert len(bench.stored) == 1


@pytest.mark.contract("M-13", "M-101", "M-102", "M-103", "M-104", "M-105", "M-204")
@pytest.mark.parametrize("emit_zero", [True, False])
@pytest.mark.parametrize("all_values", [True, False])
def test_every_kind_of_value_comes_back_as_declared(emit_zero: bool, all_values: bool) -> None:
    bench = Bench(emit_zero=emit_zero, all_values=all_values)
    wanted = spec(fields=ALL, order=0)
    first = made(bench, wanted)
    for row in bench.stored[first.id]["fields"]:  # a 32-bit server, and another spelling of the same instant
        if row["field"] == "gain":
            row["float_value"] = 0.10000000149011612
        if row["field"] == "at":
            row["datetime_value"] = "2026-12-05T15:00:00.5Z"
    live = bench.run(lambda api: KIND.observe(api, first.id, wanted))
    assert live.values == wanted.set_fields()


@pytest.mark.contract("M-123")
def test_undeclared_fields_are_drift_unless_default_or_zero() -> None:
    bench = Bench()
    rows = [
        {"field": "delay", "number_value": "3"},  # the action's default
        {"field": "text", "string_value": ""},
        {"field": "clip", "bool_value": True},
    ]
    bench.add("c1", fields=rows)
    live = bench.run(lambda api: KIND.observe(api, "c1", spec()))
    assert live.values["fields"] == {"clip": {"bool_value": True}}
    assert bench.counts == {"get": 1, "action.get": 1}
    bench.run(lambda api: KIND.update(api, "c1", spec(), changes("fields")))
    assert bench.stored["c1"]["fields"] == []


@pytest.mark.contract("M-105")
def test_values_of_an_unknown_kind_are_an_error_that_shows_none_of_them() -> None:
    bench = Bench()
    bench.add("c1", action_id="gone", fields=[{"field": "odd", "string_value": "hidden", "number_value": "99"}])
    with pytest.raises(DecodeError, match=r"odd.*M-105") as caught:
        bench.run(lambda api: KIND.observe(api, "c1", spec(action_id="gone")))
    assert "hidden" not in str(caught.value)


@pytest.mark.contract("M-111", "M-183")
@pytest.mark.parametrize("missing_as", [404, 400, 500])
def test_absence_is_confirmed_by_the_groups_list(missing_as: int) -> None:
    bench = Bench(missing_as=missing_as)
    assert bench.run(lambda api: KIND.observe(api, "gone", spec())) is None
    assert bench.counts == {"get": 1, "list": 1}


@pytest.mark.contract("M-111")
@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (400, Refused), (500, Unavailable)])
def test_an_object_that_is_still_listed_is_not_gone(status: int, error: type[ApiError]) -> None:
    bench = Bench()
    bench.add("c1")
    bench.sim.fail("action_configuration.get", status=status)
    with pytest.raises(error):
        bench.run(lambda api: KIND.observe(api, "c1", spec()))


@pytest.mark.contract("M-111")
@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_refusals_and_overload_never_mean_gone(status: int) -> None:
    bench = Bench()
    bench.sim.fail("action_configuration.get", status=status, times=99)
    with pytest.raises((Forbidden, Unavailable)):
        bench.run(lambda api: KIND.observe(api, "gone", spec()))
    assert "list" not in bench.counts


@pytest.mark.contract("M-11", "M-111", "M-184")
def test_a_wrong_base_url_is_an_error_and_not_an_empty_world() -> None:
    bench = Bench()
    bench.add("c1")
    override = {"action_configuration.get": {"path": "/v0/{id}"}, "action_configuration.list": {"path": "/v0"}}
    rows = {key: {**row, "override_documented": True} for key, row in override.items()}
    with pytest.raises(NotFound):
        bench.run(lambda api: KIND.observe(api, "c1", spec()), operations=rows)


@pytest.mark.contract("M-107")
@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_creation_without_an_answer_makes_exactly_one(drop: str) -> None:
    bench = Bench()
    bench.add("older")  # looks the same, and was there before
    bench.sim.fail("action_configuration.create", drop=drop)
    live = made(bench, spec())
    assert live.id != "older"
    assert set(bench.stored) == {"older", live.id}
    assert bench.counts["create"] == (2 if drop == "before" else 1)


@pytest.mark.contract("M-107", "M-15")
def test_a_creation_is_tried_twice_and_no_more() -> None:
    bench = Bench()
    bench.sim.fail("action_configuration.create", status=500, times=9)
    with pytest.raises(Ambiguous):
        made(bench, spec())
    assert bench.counts == {"list": 2, "create": 2}


@pytest.mark.contract("M-107")
def test_a_lost_creation_that_cannot_be_looked_up_stays_unclear() -> None:
    bench = Bench()

    async def script(api: MycujooApi) -> None:
        await KIND.find(api, spec())
        bench.sim.fail("action_configuration.create", drop="after")
        bench.sim.fail("action_configuration.list", status=403)
        await KIND.create(api, spec())

    with pytest.raises(Ambiguous):
        bench.run(script)
    assert bench.counts["create"] == 1


@pytest.mark.contract("M-112", "M-113", "M-182")
def test_find_takes_one_list_and_one_get() -> None:
    bench = Bench()
    bench.add("c1", fields=[{"field": "delay", "number_value": "5"}])
    bench.add("c2", title="Other")
    found = bench.run(lambda api: KIND.find(api, spec(fields={"delay": 5})))
    assert [(one.id, one.values["fields"]) for one in found] == [("c1", {"delay": {"number_value": 5}})]
    assert bench.counts == {"list": 1, "get": 1}


@pytest.mark.contract("M-113")
def test_find_tells_the_ids_of_several_and_reads_none() -> None:
    bench = Bench()
    bench.add("c1")
    bench.add("c2")
    assert [one.id for one in bench.run(lambda api: KIND.find(api, spec()))] == ["c1", "c2"]
    assert bench.counts == {"list": 1}


@pytest.mark.contract("M-108", "M-208")
def test_update_sends_the_changed_keys_and_the_complete_fields() -> None:
    bench = Bench()
    bench.add("c1", fields=[{"field": "delay", "number_value": "1"}])
    wanted = spec(title="Goal!", fields={"delay": 1, "clip": True})
    bench.run(lambda api: KIND.update(api, "c1", wanted, changes("fields")))
    (write,) = bench.sim.writes()
    assert set(write.body) == {"fields"}
    assert {row["field"] for row in bench.stored["c1"]["fields"]} == {"delay", "clip"}
    bench.run(lambda api: KIND.update(api, "c1", wanted, []))
    assert bench.counts == {}


@pytest.mark.contract("M-108", "M-185", "M-186", "M-230", "M-231")
@pytest.mark.parametrize(
    ("switches", "wanted", "key"),
    [
        ({"fields_patch": "merge"}, {"fields": {"delay": 2}}, "fields"),
        ({"patch_zero": "ignored"}, {"fields": {}}, "fields"),
        ({"patch_zero": "ignored"}, {"order": 0}, "order"),
    ],
)
def test_an_echo_that_differs_is_an_error_naming_the_key(
    switches: dict[str, Any], wanted: dict[str, Any], key: str
) -> None:
    bench = Bench(**switches)
    bench.add("c1", order=4, fields=[{"field": "clip", "bool_value": True}])
    with pytest.raises(Refused, match=rf"stored something else in: {key}$"):
        bench.run(lambda api: KIND.update(api, "c1", spec(**wanted), changes(key)))
    assert bench.counts["update"] == 1


@pytest.mark.contract("M-109")
@pytest.mark.parametrize("missing_as", [404, 400, 500])
def test_deleting_what_is_gone_is_success_once_the_list_says_so(missing_as: int) -> None:
    bench = Bench(missing_as=missing_as)
    bench.add("c1")
    bench.run(lambda api: KIND.delete(api, "c1", spec(), quiet))
    assert bench.stored == {}
    bench.run(lambda api: KIND.delete(api, "c1", spec(), quiet))
    assert bench.counts == {"delete": 1, "list": 1}


@pytest.mark.contract("M-109")
def test_a_failed_deletion_of_what_is_listed_is_an_error() -> None:
    bench = Bench()
    bench.add("c1")
    bench.sim.fail("action_configuration.delete", status=500)
    with pytest.raises(Unavailable):
        bench.run(lambda api: KIND.delete(api, "c1", spec(), quiet))
    assert "c1" in bench.stored


@pytest.mark.contract("M-114", "M-14")
def test_a_refresh_of_many_is_one_get_each_and_eight_at_a_time() -> None:
    bench = Bench()
    bench.sim.latency = 0.002
    for n in range(30):
        bench.add(f"c{n}")

    async def script(api: MycujooApi) -> None:
        await asyncio.gather(*(KIND.observe(api, f"c{n}", spec()) for n in range(30)))
        await asyncio.gather(*(KIND.check_catalogue(api, spec()) for _ in range(30)))
        await asyncio.gather(*(KIND.find(api, spec(title=f"t{n}")) for n in range(30)))

    bench.run(script)
    assert bench.counts == {"get": 30, "action.get": 1, "list": 1}
    assert bench.sim.peak == 8


@pytest.mark.contract("M-114")
def test_a_write_drops_the_groups_list_and_no_other() -> None:
    bench = Bench()

    async def script(api: MycujooApi) -> list[str]:
        await KIND.find(api, spec(group_id="cup"))
        await KIND.create(api, spec())
        found = await KIND.find(api, spec())
        await KIND.find(api, spec(group_id="cup"))
        return [one.id for one in found]

    assert len(bench.run(script)) == 1
    assert bench.counts == {"list": 3, "create": 1}


@pytest.mark.contract("M-2", "M-3")
def test_a_refused_credential_names_the_settings_and_not_itself() -> None:
    bench = Bench()
    with pytest.raises(Forbidden, match=r"`api_key`.*`token`") as caught:
        bench.run(lambda api: KIND.find(api, spec()), api_key=TOKEN)
    assert TOKEN not in str(caught.value)
    bench.run(lambda api: KIND.find(api, spec()), api_key=None, token=TOKEN)
    assert bench.counts == {"list": 1}


@pytest.mark.contract("M-123", "M-108")
def test_defaults_that_the_platform_copies_are_no_drift() -> None:
    bench = Bench(defaults="copied")
    live = made(bench, spec(fields={"clip": True}))
    assert [row["field"] for row in bench.stored[live.id]["fields"]] == ["clip", "delay"]
    seen = bench.run(lambda api: KIND.observe(api, live.id, spec(fields={"clip": True})))
    assert seen.values["fields"] == {"clip": {"bool_value": True}}


@pytest.mark.contract("M-197")
def test_others_may_make_room_and_only_those_that_declare_an_order_are_moved_back() -> None:
    bench = Bench(order="makes_room")
    ids = [made(bench, spec(title=title)).id for title in ("a", "b")]
    made(bench, spec(title="c", order=0))
    assert [bench.stored[id]["order"] for id in ids] == [1, 2]
    live = bench.run(lambda api: KIND.observe(api, ids[0], spec(title="a")))
    assert live.values["order"] == 1  # not managed, so that nothing compares it
    bench.run(lambda api: KIND.complete(api, ids[1], spec(title="b", order=1), quiet))
    assert bench.stored[ids[1]]["order"] == 1
