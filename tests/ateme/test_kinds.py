"""The kinds against the simulated platform: made, read back, changed, removed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headend.ateme.environment import Environment, EnvironmentKind
from headend.ateme.input import InputKind
from headend.ateme.output import OutputKind
from headend.ateme.schedule import Schedule, ScheduleKind
from headend.core.model.errors import Refused
from headend.core.model.observed import Change
from headend.core.model.record import Digest
from headend.core.reconcile.difference import differences

INPUTS: dict[str, dict[str, Any]] = {
    "zixi_pull": {"pull_port": 2077, "pull_host": "ingest.example.com", "pull_stream_id": "s", "password": "x" * 12},
    "zixi_push": {"port": 2088, "latency": 4000, "max_allowed_bitrate_kbps": 9000},
    "srt_pull": {"host": "venue.example.com", "port": 5000, "bitrate": 8000},
    "srt_push": {"port": 5001, "encryption_type": 2, "password": "x" * 12},
    "udp_rist": {"port": 6000, "rist_remote_port": 6005},
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "pull": {"port": 2078, "stream_id": "out", "latency": -1},
    "push": {"stream_name": "cdn", "host": "cdn.example.com", "port": 2088, "latency": 500, "password": "x" * 12},
    "rtmp": {"url": "rtmp://live.example.com/app", "bitrate": 100},
    "srt_pull": {"port": 5001, "latency": 200, "encryption_type": 1, "password": "x" * 12},
    "srt_push": {"host": "cdn.example.com", "port": 5001, "latency": 200},
    "udp_rist": {"host": "10.0.0.1", "port": 6000, "fec": 1, "ttl": 225},
}

PLAIN = {"ids": "plain", "envelope": "object", "wrapped": True}


def make(kind: Any, environment: str, variant: str, fields: dict[str, Any]) -> Any:
    fields = {"environment": environment, "variant": variant, **fields}
    if kind.noun == "input":
        fields.setdefault("stream_name", f"in-{variant}")
    return kind.spec_type(variant)(**fields)


def diff(spec: Any, live: Any) -> list[tuple[str, Any, Any]]:
    found = differences(spec, live, None, digest=lambda value: Digest(repr(value)))
    return [(change.field, change.before, change.after) for change in found.changes]


async def applied(kind: Any, api: Any, spec: Any) -> Any:
    made = await kind.create(api, spec)
    return await kind.complete(api, made.id, spec, lambda _: None)


CASES = [(InputKind(), v, f) for v, f in INPUTS.items()] + [(OutputKind(), v, f) for v, f in OUTPUTS.items()]


@pytest.mark.contract("A-411", "A-458", "A-728", "A-804")
@pytest.mark.parametrize(
    "switches", [{}, {"ids": "plain", "envelope": "object", "wrapped": True}], ids=["named", "plain"]
)
@pytest.mark.parametrize(("kind", "variant", "fields"), CASES, ids=[f"{k.noun}-{v}" for k, v, _ in CASES])
def test_what_was_made_reads_back_without_a_difference(
    opened: Any, environment: Any, kind: Any, variant: str, fields: dict[str, Any], switches: dict[str, Any]
) -> None:
    async def run() -> None:
        async with opened(switches) as (api, _):
            env = await environment(api)
            spec = make(kind, env, variant, {**fields, "user_description": "first"})
            live = await applied(kind, api, spec)
            assert diff(spec, live) == []
            listed = await kind.observe(api, live.id, spec)
            assert diff(spec, listed) == []
            assert [one.id for one in await kind.find(api, spec)] in ([live.id], [])

            changed = make(kind, env, variant, {**fields, "user_description": "second", "state": "stopped"})
            change = Change(("user_description",), "first", "second")
            await kind.update(api, live.id, changed, [change])
            assert diff(changed, await kind.complete(api, live.id, changed, lambda _: None)) == []

            await kind.delete(api, live.id, changed, lambda _: None)
            await kind.delete(api, live.id, changed, lambda _: None)
            assert await kind.observe(api, live.id, changed) is None

    asyncio.run(run())


@pytest.mark.contract("A-438", "A-752", "A-809")
def test_an_updated_zixi_push_input_runs_again(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), InputKind()
            spec = make(kind, env, "zixi_push", {"port": 2088})
            live = await applied(kind, api, spec)
            simulator.reset_journal()
            changed = make(kind, env, "zixi_push", {"port": 2089})
            await kind.update(api, live.id, changed, [Change(("port",), 2088, 2089)])
            after = await kind.complete(api, live.id, changed, lambda _: None)
            assert after.values["state"] == "started"
            assert [entry.key for entry in simulator.writes()] == ["input.update.zixi_push", "input.start"]

    asyncio.run(run())


@pytest.mark.contract("A-9", "A-12", "A-775", "A-801")
@pytest.mark.parametrize(("mode", "scoping"), [("token", "claim"), ("session", "row")])
def test_two_environments_keep_their_inputs_apart(opened: Any, environment: Any, mode: str, scoping: str) -> None:
    async def run() -> None:
        async with opened({"scoping": scoping}, scope_mode=mode) as (api, _):
            kind = InputKind()
            envs = [await environment(api, "one"), await environment(api, "two")]
            specs = [make(kind, env, "srt_push", {"port": 5001, "stream_name": "same"}) for env in envs]
            lives = await asyncio.gather(*(applied(kind, api, spec) for spec in specs))
            for spec, live in zip(specs, lives, strict=True):
                assert [one.id for one in await kind.find(api, spec)] == [live.id]
            assert len({live.id for live in lives}) == 2

    asyncio.run(run())


@pytest.mark.contract("A-17")
def test_an_expired_token_is_replaced_once(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened({"token_calls": 4}) as (api, simulator):
            env, kind = await environment(api), InputKind()
            for number in range(4):
                await applied(kind, api, make(kind, env, "srt_push", {"port": 5001, "stream_name": f"in-{number}"}))
            assert len(simulator.sims["ateme"].world["inputs"]) == 4

    asyncio.run(run())


@pytest.mark.contract("A-731")
def test_a_child_of_a_stopped_environment_is_refused_without_a_write(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api, state="stopped")
            simulator.reset_journal()
            with pytest.raises(Refused, match="stopped"):
                await InputKind().create(api, make(InputKind(), env, "srt_push", {"port": 5001}))
            assert simulator.writes() == []

    asyncio.run(run())


@pytest.mark.contract("A-726", "A-766", "A-768")
def test_an_environment_lives_and_goes(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened() as (api, _):
            kind, id = EnvironmentKind(), await environment(api)
            spec = Environment(name="matchday-eu", cloud_provider="aws", region="eu-west-1", instance_type_id="large")
            live = await kind.observe(api, id, spec, fresh=True)
            assert live is not None
            assert diff(spec, live) == []
            assert [one.id for one in await kind.find(api, spec)] == [id]
            assert list(await kind.check_catalogue(api, spec)) == []
            wrong = spec.model_copy(update={"region": "mars-1"})
            said = await kind.check_catalogue(api, wrong)
            assert [p.message for p in said] == ["region: mars-1 is not offered"]
            await kind.delete(api, id, spec, lambda _: None)
            assert await kind.observe(api, id, spec, fresh=True) is None

    asyncio.run(run())


@pytest.mark.contract("A-742", "A-745", "A-747", "A-748")
def test_a_schedule_update_sends_only_what_changed(opened: Any, environment: Any) -> None:
    async def run() -> None:
        async with opened({"times": "offset"}) as (api, simulator):
            env, kind = await environment(api), ScheduleKind()
            source = await applied(InputKind(), api, make(InputKind(), env, "srt_push", {"port": 5001}))
            target = await applied(OutputKind(), api, make(OutputKind(), env, "rtmp", OUTPUTS["rtmp"]))
            base = {"environment": env, "input": source.id, "output": target.id}
            spec = Schedule(**base, start_time="2999-12-05T15:00:00Z", end_time="2999-12-05T18:00:00+01:00")
            live = await applied(kind, api, spec)
            assert diff(spec, live) == []
            assert [one.id for one in await kind.find(api, spec)] == [live.id]
            longer = Schedule(**base, start_time="2999-12-05T15:00:00Z", end_time="2999-12-05T17:30:00Z")
            simulator.reset_journal()
            await kind.update(api, live.id, longer, [Change(("end_time",), spec.end_time, longer.end_time)])
            assert [entry.body for entry in simulator.writes()] == [{"end_time": "2999-12-05T17:30:00.000Z"}]
            await kind.delete(api, live.id, longer, lambda _: None)
            assert await kind.observe(api, live.id, longer) is None
            past = Schedule(**base, start_time="2001-01-01T00:00:00Z", end_time="2001-01-01T01:00:00Z")
            with pytest.raises(Refused, match="past"):
                await kind.create(api, past)

    asyncio.run(run())
