"""Section 6 of the contract: what is no kind can be called all the same, what nobody should call only by insisting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from cli.harness import World, serve
from headend.cli.typed_values import fill_request
from headend.core.model.errors import ApiError, InputError
from headend.core.wire.invoke import call_operation
from headend.core.wire.operations import NO_BODY, Operation
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session
from headend.simulator import Simulator

ATEME = platforms()["ateme"]
DS, CLI, NO, INTERNAL = "data", "command", "not offered", "internal"

ROWS: dict[str, dict[str, str]] = {
    "A-901": {"user.me": DS, "user.permissions": DS},
    "A-902": {
        "user.get": NO,
        "user.active_org": NO,
        "user.getting_started_seen": NO,
        "user.mute_notifications": NO,
        "user.delete": NO,
    },
    "A-903": {"session.login": INTERNAL, "session.switch_*": INTERNAL},
    "A-904": {"organisation.list": DS, "organisation.manageable": DS, "organisation.guest_of": DS},
    "A-905": {
        "organisation.root_user": CLI,
        "organisation.leave": CLI,
        "org_invitation.remove": CLI,
        "org_invitation.decline": CLI,
        "source_invitation.accept": CLI,
    },
    "A-906": {
        "cloud.providers": DS,
        "cloud.regions": DS,
        "cloud.instance_types": DS,
        "tf.providers": DS,
        "tf.regions": DS,
        "multi_viewer.layouts": DS,
    },
    "A-907": {"environment.soft_restart": CLI, "environment.upgrade": CLI, "upgrade.list": DS, "upgrade.update": CLI},
    "A-908": {"environment.list_running": DS, "environment.dropdown": DS, "environment.zixi_configs": DS},
    "A-909": {
        "environment_image.*": NO,
        "transcoder_image.*": NO,
        "environment.update_from_git": NO,
        "cloud.region_location": NO,
    },
    "A-910": {
        "input.zixi_config": DS,
        "input.overview": DS,
        "input.dropdown": DS,
        "input.schedules": DS,
        "input.statistics": DS,
        "input.analysis": DS,
        "input.thumbnail": DS,
    },
    "A-911": {
        "input.statistics_reset": CLI,
        "input.analysis_start": CLI,
        "input.analysis_stop": CLI,
        "input.analysis_reset": CLI,
    },
    "A-912": {
        "input.mark_stopped": NO,
        "input.warn_hot": NO,
        "alert.push": NO,
        "schedule.refresh": NO,
        "schedule.refresh_worker": NO,
    },
    "A-913": {
        "output.states": DS,
        "output.overview": DS,
        "output.schedules": DS,
        "output.statistics": DS,
        "output.list_all": DS,
    },
    "A-914": {"output.statistics_reset": CLI},
    "A-915": {"transcoder.probe": CLI},
    "A-916": {"transcoder.restart": CLI, "transcoder.update_full": NO},
    "A-917": {
        "transcoder_preset.list": DS,
        "mv_preset.list": DS,
        "transcoder_preset.delete": CLI,
        "mv_preset.delete": CLI,
    },
    "A-918": {"transcoder.list": DS, "tf_credentials.list": DS, "tf_template.list": DS, "tf_job_template.list": DS},
    "A-919": {"multi_viewer.audio_tracks": DS, "multi_viewer.active_audio": CLI},
    "A-920": {"alert.overview": DS, "alert.targets": DS, "alert.bulk_*": NO, "alert.delete_environment": NO},
    "A-921": {"schedule.overview": DS, "schedule.status": DS, "schedule.dump": NO},
    "A-922": {"agreement.list": DS, "agreement.price_selectors": DS, "agreement.create": CLI},
    "A-923": {"event.image": DS},
    "A-924": {"source_invitation.delete_destinations": CLI},
    "A-925": {"shared_contact.with_me": DS},
    "A-926": {
        "mtr_report.create": CLI,
        "mtr_report.list": DS,
        "mtr_report.get": DS,
        "mtr_report.delete": CLI,
        "mtr_report.geolocate": CLI,
    },
    "A-927": {
        "tf_job.list": DS,
        "tf_job.state": DS,
        "tf_job.esam_report": DS,
        "tf_job.restart": CLI,
        "tf_job.start": CLI,
        "tf_job.stop": CLI,
        "tf_job.priority": CLI,
    },
    "A-928": {"tf_job_cost.query": DS},
    "A-929": {
        "notification.list": DS,
        "notification.get": DS,
        "notification.muted_get": DS,
        "notification.read": CLI,
        "notification.delete": CLI,
        "notification.bulk_*": CLI,
        "notification.muted_set": CLI,
    },
    "A-930": {"activity.list": DS},
    "A-931": {"webhook.slack": NO},
    "A-932": {
        "billing.get": DS,
        "billing.cards": DS,
        "billing.credits": DS,
        "pricing.managing": DS,
        "pricing.permanent": DS,
    },
    "A-933": {"billing.put": CLI, "billing.payment_method": CLI},
    "A-934": {
        "pricing.default": NO,
        "pricing.default_update": NO,
        "pricing.organisation": DS,
        "pricing.custom": NO,
    },
    "A-935": {"consumption.report": DS, "consumption.report_v2": DS, "consumption.hourly": DS},
    "A-936": {"stats.destination_orgs": DS, "stats.inputs": DS, "stats.outputs": DS, "stats.packets": DS},
    "A-937": {"admin.*": NO, "cogs.*": NO, "organisation.delete": NO},
}
INSISTED = {
    *("organisation.root_user", "organisation.leave", "environment.upgrade", "agreement.create", "billing.put"),
    *("source_invitation.delete_destinations", "notification.bulk_delete", "billing.payment_method"),
}
"""Commands that are called only by insisting: they buy, hand over, or destroy in bulk."""

PERIOD = {"time_from": "2020-09-16T12:37:00+0000", "time_to": "2020-09-16T13:37:00+0000"}
DAYS = {"time_from": "2020-09-16", "time_to": "2020-09-17"}
VALUES: dict[str, dict[str, str]] = {
    "mtr_report.create": {"hostname": "far.example.com"},
    "tf_job.priority": {"new_priority": "1"},
    "billing.put": {"currency": "eur"},
    "billing.payment_method": {"id": "pm_1"},
    "stats.inputs": PERIOD,
    "stats.outputs": PERIOD,
    "stats.packets": DAYS,
}
"""What a call needs beside its path."""


def operations(number: str) -> list[tuple[Operation, str]]:
    """The row's operations, each with its use."""
    found = [
        (op, use) for name, use in ROWS[number].items() for op in ATEME.table.values() if fnmatchcase(op.key, name)
    ]
    assert {name for name in ROWS[number] if not any(fnmatchcase(op.key, name) for op, _ in found)} == set()
    return found


def given(op: Operation, environment: str = "env-1") -> list[tuple[str, str]]:
    """Values that the call can be sent with."""
    places = {name: environment if name == "environment_id" else "x-1" for name in op.names()}
    deployment = {"deployment_id": "dep-1"} if op.key.startswith("tf_") else {}
    return list((places | deployment | VALUES.get(op.key, {})).items())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    simulator = Simulator()
    with serve(simulator) as url:
        yield World(simulator, tmp_path_factory.mktemp("world"), url)


class Caller:
    """A session of the simulated platform with a running environment."""

    def __init__(self) -> None:
        self.sim = Simulator()

    async def _prepared(self, session: Session) -> str:
        api = await session("ateme")
        body = {"name": "e", "cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "small"}
        made: str = (await api.call("environment.create", scope=None, body=body)).body["environment_id"]
        while await api.status(made) == "creating":
            api.changed("environment.get")
        return made

    def sent(self, ops: list[Operation]) -> dict[str, tuple[str, str, int]]:
        """key -> (method, path, status) of what arrived when each was called by `headend api`'s way."""

        async def run() -> None:
            where: dict[str, Any] = {"transports": dict.fromkeys(self.sim.sims, self.sim.transport())}
            async with Session({}, self.sim.settings(), redactor=Redactor(), **where) as session:
                environment, api = await self._prepared(session), await session("ateme")
                self.sim.reset_journal()
                for op in ops:
                    request = fill_request(ATEME.table, op, given(op, environment), NO_BODY, ATEME.filled)
                    try:
                        await call_operation(ATEME, api, op, request, environment, all_pages=False)
                    except ApiError as error:
                        assert error.status in {400, 403, 404, 409, 500, 501}, error  # noqa: PT017 - it arrived

        asyncio.run(run())
        return {entry.key: (entry.method, entry.path, entry.status) for entry in self.sim.journal}


def test_every_row_of_the_section_is_held() -> None:
    assert list(ROWS) == [f"A-{number}" for number in range(901, 938)]


@pytest.mark.parametrize("number", [pytest.param(n, marks=pytest.mark.contract(n)) for n in ROWS])
def test_each_operation_can_be_called_or_is_refused_as_its_row_says(number: str, world: World) -> None:
    found = operations(number)
    for op, use in found:
        insisted = use == NO or op.key in INSISTED or (use == INTERNAL and op.key != "session.login")
        assert bool(op.danger) is insisted, op.key
        if not op.danger:
            continue
        world.simulator.reset_journal()
        words = [f"{name}={value}" for name, value in given(op)]
        refused = world("api", "ateme", op.key, *words)
        assert (refused.code, refused.out, world.simulator.journal) == (5, "", []), op.key
        assert refused.err == f"{op.key} {op.danger}; --dangerous {op.key} insists\n"
        assert "(A-" in op.danger, op.key
    called = [op for op, use in found if use != INTERNAL]
    arrived = Caller().sent(called)
    for op in called:
        method, path, status = arrived[op.key]
        assert method == op.method
        assert len(path.split("/")) == len(op.path.partition("?")[0].split("/"))
        assert status != 405


@pytest.mark.contract("A-913", "A-203")
def test_only_the_list_of_all_outputs_holds_deleted_ones(world: World) -> None:
    created = ["cloud_provider=aws", "region=eu-west-1", "instance_type_id=small"]
    world("api", "ateme", "environment.create", "name=gone", *created, "--dangerous", "environment.create")
    for _ in range(3):
        world("api", "ateme", "environment.get", "--environment", "gone")
    where = ["--environment", "gone"]
    assert world("api", "ateme", "output.create.srt_pull", "port=6002", "latency=200", *where).code == 0
    assert world("api", "ateme", "output.delete", "output_id=out-1", *where).code == 0
    assert "out-1" in world("api", "ateme", "output.list_all").out
    assert "out-1" not in world("api", "ateme", "output.list").out


# --- what the document says of values --------------------------------------------------------------------------
def faults(key: str, **values: Any) -> list[str]:
    return ATEME.table[key].faults(values)


@pytest.mark.contract("A-936")
@pytest.mark.parametrize("key", ["stats.inputs", "stats.outputs"])
def test_traffic_statistics_need_both_times_in_the_one_format(key: str) -> None:
    assert faults(key, **PERIOD) == []
    assert faults(key, time_from=PERIOD["time_from"]) == ["missing: time_to=2020-09-16T12:37:00+0000"]
    for wrong in ("2020-09-16T12:37:00Z", "2020-09-16T12:37:00+00:00", "2020-09-16", "2020-13-16T12:37:00+0000", "NOW"):
        assert faults(key, **PERIOD | {"time_to": wrong}) == ["time_to: must be like 2020-09-16T12:37:00+0000"]
    swapped = {"time_from": PERIOD["time_to"], "time_to": PERIOD["time_from"]}
    assert faults(key, **swapped) == ["time_to: must not lie before time_from"]


@pytest.mark.contract("A-936")
def test_packets_take_days_and_destinations_need_no_times() -> None:
    assert faults("stats.packets", **DAYS) == []
    assert [error.partition(":")[0] for error in faults("stats.packets")] == ["missing", "missing"]
    assert faults("stats.packets", **DAYS | {"time_to": PERIOD["time_to"]}) == ["time_to: must be like 2020-09-16"]
    assert faults("stats.destination_orgs") == []
    assert faults("stats.destination_orgs", time_to="2020-09-16") == [
        "time_to: must be like 2020-09-16T12:37:00+0000",
    ]


@pytest.mark.contract("A-936")
def test_what_is_wrong_is_told_at_once_and_before_any_request(world: World) -> None:
    world.simulator.reset_journal()
    ran = world("api", "ateme", "stats.packets", "time_from=today")
    assert (ran.code, world.simulator.journal) == (3, [])
    assert ran.err.splitlines() == [
        "stats.packets: time_from: must be like 2020-09-16",
        "stats.packets: missing: time_to=2020-09-16",
    ]


@pytest.mark.contract("A-935")
def test_consumption_goes_by_days_and_at_most_500_hours_a_page() -> None:
    days = {"start_date": "2020-08-25", "end_date": "2020-08-25"}
    for key in ("consumption.report", "consumption.report_v2", "consumption.hourly"):
        assert faults(key, **days) == []
        assert faults(key, **days | {"end_date": "2020-08-25T00:00:00Z"}) == ["end_date: must be like 2020-09-16"]
        assert faults(key, **days | {"end_date": "2020-08-24"}) == ["end_date: must not lie before start_date"]
    assert faults("consumption.hourly", items_per_page="500") == []
    assert faults("consumption.hourly", items_per_page="501") == ["items_per_page: must be 1..500"]
    assert faults("consumption.hourly", items_per_page="many") == ["items_per_page: must be a whole number"]


@pytest.mark.contract("A-928")
def test_costs_of_jobs_are_filtered_by_what_is_documented() -> None:
    query = {"sort": [{"field": "job_id", "direction": "asc"}], "status": "crashed", "type": "uhd", "limit": 200}
    spans = {
        "created_at": {"gt": "1991-09-25T13:22:18", "lt": "1992-09-25T13:22:18"},
        "duration": {"gt": 90, "lt": 180},
    }
    assert faults("tf_job_cost.query", **query, **spans, cost_calculated={"lt": 1.5}, id=7, offset=0, name="7") == []
    cases: list[tuple[dict[str, Any], str]] = [
        ({"limit": 201}, "limit: must be 1..200"),
        ({"status": "failed"}, "status: must be one of finished, aborted, crashed"),
        ({"type": "4k"}, "type: must be one of hd, uhd, sd"),
        ({"sort": "job_id"}, "sort: must be a list of objects"),
        ({"sort": [{"direction": "asc"}]}, "sort: missing: field=..."),
        ({"sort": [{"field": "job_id", "direction": "up"}]}, "sort: direction: must be one of asc, desc"),
        ({"duration": {"above": 90}}, "duration: above: is not known there"),
        ({"duration": {"gt": "soon"}}, "duration: gt: must be a number"),
        ({"created_at": {"gt": "1991-09-25"}}, "created_at: gt: must be like 1991-09-25T13:22:18"),
        ({"id": "x"}, "id: must be a whole number"),
    ]
    for values, said in cases:
        assert faults("tf_job_cost.query", **values) == [said]
    (unknown,) = faults("tf_job_cost.query", sort=[{"field": "price"}])
    for name in (
        *("job_id", "created_at", "job_name", "status", "job_start_time", "job_finish_time", "source_filename"),
        *("destination_filename", "duration", "cost_calculated", "job_type", "region", "deployment_name"),
    ):
        assert name in unknown
        assert faults("tf_job_cost.query", sort=[{"field": name}]) == []


@pytest.mark.contract("A-926")
def test_a_report_of_a_path_is_about_exactly_one_thing_with_the_documented_options() -> None:
    key, one = "mtr_report.create", {"hostname": "far.example.com"}
    told = "exactly one of hostname, mtr_host_id, mtr_host_group_id is needed"
    assert faults(key) == [told]
    assert faults(key, **one, mtr_host_id="h-1") == [f"{told}, not hostname and mtr_host_id"]
    for name in ("hostname", "mtr_host_id", "mtr_host_group_id"):
        assert faults(key, **{name: "x"}) == []
    flags = ["ipv4_only", "ipv6_only", "udp", "tcp", "mpls", "no-dns", "show-ips", "aslookup", "geolocate"]
    numbers = [
        "first-ttl",
        "max-ttl",
        "max-unknown",
        "port",
        "localport",
        "psize",
        "bitpattern",
        "tos",
        "report-cycles",
    ]
    numbers += ["interval", "gracetime", "timeout"]
    documented = dict.fromkeys(flags, True) | dict.fromkeys(numbers, 3) | {"interface": "eth0", "address": "192.0.2.1"}
    assert faults(key, **one, **documented) == []
    for name in flags:
        assert faults(key, **one, **{name: "yes"}) == [f"{name}: must be true or false"]
    for name in numbers:
        assert faults(key, **one, **{name: True})[0].startswith(f"{name}: must be a")


@pytest.mark.contract("A-926")
def test_a_host_that_a_report_saves_has_a_name_and_groups_nothing_without() -> None:
    key, one = "mtr_report.create", {"hostname": "far.example.com"}
    assert faults(key, **one, create_new_mtr_host_name="Far end_1.a-b", create_new_mtr_host_group_name="g") == []
    for short_long in ("ab", "x" * 51):
        assert faults(key, **one, create_new_mtr_host_name=short_long) == [
            "create_new_mtr_host_name: must be 3..50 characters"
        ]
    assert faults(key, **one, create_new_mtr_host_name="straße")[0].startswith("create_new_mtr_host_name: must be like")
    for name in ("create_new_mtr_host_group_name", "add_to_existing_host_group_id"):
        assert faults(key, **one, **{name: "g"}) == [f"{name}: is ignored without create_new_mtr_host_name"]


@pytest.mark.contract("A-937")
def test_reports_of_costs_span_a_year_of_one_organisation_or_90_days_of_all() -> None:
    day = "2023-{}-01 00:00:00.00+00".format
    year = {"time_from": day("01"), "time_to": "2023-12-31 23:59:59.99+00"}
    assert faults("cogs.create", **year, organisation_id="org-1") == []
    assert faults("cogs.create", **year) == ["time_to: at most 90 days after time_from"]
    assert faults("cogs.create", time_from=day("01"), time_to=day("03")) == []
    longer = year | {"time_to": "2024-01-02 00:00:00.00+00"}
    assert faults("cogs.create", **longer, organisation_id="o") == ["time_to: at most 365 days after time_from"]
    assert faults("cogs.create", time_from=day("03"), time_to=day("01")) == ["time_to: must not lie before time_from"]
    assert "time zone" in faults("cogs.create", time_from=day("01"), time_to="2023-03-01 00:00:00.00")[0]
    assert faults("cogs.create", time_from="2023-03-01") == ["time_from: must be like 2023-01-01 00:00:00.00+00"]


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        pytest.param("tf_job.priority", "new_priority=1", "new_priority=0", marks=pytest.mark.contract("A-927")),
        pytest.param(
            "agreement.create",
            "number_of_agreements=10",
            "number_of_agreements=11",
            marks=pytest.mark.contract("A-922", "A-710", "A-257"),
        ),
        pytest.param("billing.payment_method", "id=pm_1x", "id=card_1x", marks=pytest.mark.contract("A-933")),
        pytest.param("billing.put", "currency=gbp", "currency=chf", marks=pytest.mark.contract("A-933")),
        pytest.param(
            "multi_viewer.active_audio",
            "turn_active_input_off=true",
            "turn_active_input_off=off",
            marks=pytest.mark.contract("A-919"),
        ),
        pytest.param("alert.action", "action=deactivate", "action=mute"),
    ],
)
def test_a_value_that_is_not_as_documented_is_refused_where_it_is_filled_in(key: str, right: str, wrong: str) -> None:
    op = ATEME.table[key]
    name, _, text = right.partition("=")
    filled = [(n, v) for n, v in given(op) if n != name]
    fill_request(ATEME.table, op, [*filled, (name, text)], NO_BODY)
    with pytest.raises(InputError, match=f"{key}: {name}: must be "):
        fill_request(ATEME.table, op, [*filled, (name, wrong.partition("=")[2])], NO_BODY)


def test_a_text_that_looks_like_a_number_stays_one() -> None:
    op = ATEME.table["tf_job_cost.query"]
    assert fill_request(ATEME.table, op, [("name", "2024"), ("id", "7")]).body == {"name": "2024", "id": 7}
