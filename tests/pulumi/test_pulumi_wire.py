"""Every kind over the wire that Pulumi's engine speaks: the SDK's provider server in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse

from cli.harness import NO_WAIT, living, serve
from convergence.test_convergence import CASES, stack_of
from headend.core.model.capabilities import CreatedOnce
from headend.core.model.fields import Secret, mark
from headend.core.model.kind import Can, Kind
from headend.core.model.stack import Stack
from headend.core.stackfile import load
from headend.core.wire.registry import Env, kinds, platforms
from headend.pulumi.props import inputs
from headend.pulumi.work import keeps_id
from headend.simulator import Simulator
from pulumi_program import declare
from pulumi_wire import UNKNOWN, Engine, Live, provider

ON_AIR = """
headend: 1
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      inputs: {it: {variant: srt_push, port: 5001, latency: 6000}}
      outputs: {cdn: {variant: rtmp, url: "rtmp://cdn.example.com/live"}}
      schedules: {derby: {input: it, output: cdn, start_time: NOW, end_time: 2999-12-01T17:00:00Z}}
"""
LIMIT = {"account_id": "viewer-17", "limit": 3.0}


class World:
    """A simulator behind a socket, a provider process, and stacks made of a kind's convergence list."""

    def __init__(
        self, module: Any, name: str, folder: Path, simulator: Simulator, env: dict[str, str], engine: Engine
    ) -> None:
        self.module, self.name, self.folder = module, name, folder
        self.simulator, self.env, self.engine = simulator, env, engine
        self.fragments = [dict(fragment) for fragment in module.CASES[name]]

    def stack(self, fragment: dict[str, Any]) -> Stack:
        file = self.folder / "stack.yaml"
        file.write_text(json.dumps(stack_of(self.module, self.name, fragment | {"lifecycle": {"protect": False}})))
        return load(file)

    @property
    def kind(self) -> Kind[Any, Any]:
        return kinds()[self.name]

    @property
    def address(self) -> str:
        return next(a for a in self.engine.state if a.endswith(".it"))


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    module, name = request.param
    simulator = Simulator()
    module.WORLD(simulator)
    with serve(simulator) as url:
        env = simulator.settings(url) | NO_WAIT
        with provider(env) as engine:
            yield World(module, name, tmp_path, simulator, env, engine)


every_kind = pytest.mark.parametrize(
    "world", [pytest.param((module, name), id=name) for module, name in CASES], indirect=True
)


@every_kind
def test_each_state_converges_over_the_wire_and_nothing_is_left(world: World) -> None:
    before = world.simulator.dump()
    for fragment in world.fragments:
        stack = world.stack(fragment)
        world.engine.up(stack)
        world.simulator.reset_journal()
        world.engine.rewritten.clear()
        taken_over = {address for address, live in world.engine.state.items() if "adopt_id" in live.inputs["headend"]}
        assert world.engine.up(stack) == {"same": len(stack.resources)}
        assert (world.simulator.writes(), world.engine.rewritten - taken_over) == ([], set())
        live = world.engine.state[world.address]
        id, inputs, outputs = world.engine.read(live.kind, live.id, live.outputs)
        assert id == live.id
        found = world.engine.diff(live.kind, id, outputs, inputs)
        assert found.changes == DiffResponse.DIFF_NONE  # what a refresh writes into state is no change either
    world.engine.destroy()
    after = world.simulator.dump()
    assert living(after) == living(before)


DONE = {"ateme.tf_job"}  # what isn't shown any more has run, and is complete


@every_kind
def test_what_a_killed_run_made_is_gone_on_with_and_delete_again_is_no_error(world: World) -> None:
    stack = world.stack(world.fragments[0])
    world.engine.up(stack)
    before = living(world.simulator.dump())
    kind = kinds()[world.name]
    live = world.engine.state.pop(world.address)  # killed before the engine recorded it
    if not isinstance(kind, CreatedOnce):  # its id isn't lost, but nothing of it can be seen
        world.engine.up(stack)
        again = world.engine.state[world.address]
        assert (again.id, living(world.simulator.dump())) == (live.id, before)
        live = again
    world.engine._delete(live)
    world.engine._delete(live)
    if Can.OBSERVE | Can.DELETE in kind.can and world.name not in DONE:
        assert world.engine.read(live.kind, live.id, live.outputs) == ("", {}, {})


@every_kind
def test_what_is_gone_is_a_replacement_and_unknown_replaces_nothing(world: World) -> None:
    stack = world.stack(world.fragments[0])
    world.engine.up(stack)
    live = world.engine.state[world.address]
    for name in kinds()[world.name].model.model_fields:
        if name in live.inputs and name != "variant":
            given = live.inputs | {name: UNKNOWN}
            checked, failures = world.engine.check(live.kind, given, {})
            assert (checked[name], failures) == (UNKNOWN, {})
            world.engine.check(live.kind, given, live.inputs)
            found = world.engine.diff(live.kind, live.id, live.outputs, given)
            assert (found.changes, list(found.replaces)) == (DiffResponse.DIFF_SOME, [])
    world.engine._delete(live)
    if Can.OBSERVE | Can.DELETE in kinds()[world.name].can and world.name not in DONE:
        found = world.engine.diff(live.kind, live.id, live.outputs, live.inputs)
        want = world.kind.spec_type(live.inputs.get("variant"))(**inputs(live.inputs))
        chosen = keeps_id(world.kind, want, live.id)
        assert (found.changes, bool(found.replaces)) == (DiffResponse.DIFF_SOME, not chosen)  # in place where it can be


@every_kind
def test_a_wrong_value_is_a_failure_with_the_name_of_its_field(world: World) -> None:
    stack = world.stack(world.fragments[0])
    world.engine.up(stack)
    live = world.engine.state[world.address]
    _, failures = world.engine.check(live.kind, live.inputs | {"nonsense": 1}, live.inputs)
    assert list(failures) == ["nonsense"]


def credentials(simulator: Simulator, url: str) -> tuple[dict[str, str], dict[str, str]]:
    """The environment without secrets, and all secrets as a Pulumi stack's config."""
    env, config = simulator.settings(url), {}
    for platform in platforms().values():
        for field in platform.settings.model_fields:
            variable = mark(platform.settings, field, Env)
            if variable and mark(platform.settings, field, Secret) and variable.variable in env:
                config[f"headend:{platform.name}_{field}"] = env.pop(variable.variable)
    return env, config


def test_credentials_may_come_from_the_stacks_config_and_what_is_missing_is_one_line() -> None:
    simulator = Simulator()
    goal = {"action_id": "act-1", "group_id": "derby", "title": "Goal"}
    with serve(simulator) as url:
        env, config = credentials(simulator, url)
        with provider(env, config) as engine:
            id, _ = engine.create("mycujoo.action_configuration", goal)
            assert id in simulator.sims["mycujoo"].world["configurations"]
        with provider(env) as engine, pytest.raises(grpc.RpcError) as caught:
            engine.create("mycujoo.action_configuration", goal)
    said = caught.value.details()
    assert "HEADEND_MYCUJOO_API_KEY" in said
    assert "Traceback" not in said


def test_how_long_a_busy_platform_is_waited_for_may_stand_in_the_stacks_config() -> None:
    simulator = Simulator()
    goal = {"action_id": "act-1", "group_id": "derby", "title": "Goal"}
    busy: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "0"}, "times": 3}
    with serve(simulator) as url:
        env = simulator.settings(url)
        simulator.fail("mycujoo:*", **busy)
        with (
            provider(env, {"headend:mycujoo_patience": "0s"}) as engine,
            pytest.raises(grpc.RpcError, match="answered 429"),
        ):
            engine.create("mycujoo.action_configuration", goal)
        simulator.faults.clear()
        simulator.fail("mycujoo:*", **busy)
        with provider(env, {"headend:mycujoo_max_rps": 100}) as engine:
            id, _ = engine.create("mycujoo.action_configuration", goal)
    assert list(simulator.sims["mycujoo"].world["configurations"]) == [id]


def test_writes_that_must_take_turns_do_so_in_one_process_of_four_threads() -> None:
    simulator = Simulator(latency=0.02)
    seen: list[str] = []
    simulator.observers.append(lambda entry: seen.append(entry.key))
    with serve(simulator) as url, provider(simulator.settings(url)) as engine, ThreadPoolExecutor(4) as threads:
        named = [{"action_id": "act-1", "group_id": "derby", "title": f"{n}", "order": 9 - n} for n in range(4)]
        list(threads.map(lambda given: engine.create("mycujoo.action_configuration", given), named))
    writes = [key for key in seen if key in {"action_configuration.create", "action_configuration.update"}]
    assert writes == ["action_configuration.create", "action_configuration.update"] * 4


@pytest.mark.parametrize("agreed", ["", "ateme.environments.eu", '["a", "ateme.environments.eu.inputs.it"]'])
def test_what_is_on_air_is_cut_only_where_that_was_agreed_to(agreed: str, tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    file.write_text(ON_AIR)
    with (
        serve(simulator) as url,
        provider(simulator.settings(url) | NO_WAIT, {"headend:allowInterruption": agreed}) as e,
    ):
        e.up(load(file))
        file.write_text(ON_AIR.replace("6000", "2000"))
        if agreed:
            assert e.up(load(file)) == {"same": 3, "update": 1}
            return
        with pytest.raises(grpc.RpcError) as caught:
            e.up(load(file))
        said = caught.value.details()
        assert "inputs.it: would interrupt what is on air" in said
        assert "it carries ateme.environments.eu.schedules.derby" in said
        e.process.terminate()
        assert b"warning: ateme.environments.eu.inputs.it: would interrupt" in e.process.stderr.read()


def test_what_a_write_is_bound_to_fail_of_is_told_by_the_preview(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    file.write_text(ON_AIR)
    with serve(simulator) as url:
        with provider(simulator.settings(url) | NO_WAIT) as engine:
            engine.up(load(file))
            live = engine.state["ateme.environments.eu.outputs.cdn"]
        for row in simulator.sims["ateme"].world["environments"].values():
            row["status"] = "stopped"
        with provider(simulator.settings(url) | NO_WAIT) as engine:  # another phase has another process
            new = live.inputs | {"url": "rtmp://cdn.example.com/new"}
            with pytest.raises(grpc.RpcError, match="is stopped, and takes no writes"):
                engine.diff(live.kind, live.id, live.outputs, new)


def test_whole_numbers_arrive_as_doubles_and_leave_whole() -> None:
    with serve(Simulator()) as url, provider(Simulator().settings(url)) as engine:
        checked, failures = engine.check("rights_locker.stream_limit", LIMIT, {})
        assert (checked, failures) == (LIMIT, {})
        _, failures = engine.check("rights_locker.stream_limit", LIMIT | {"limit": 0.5}, {})
        assert list(failures) == ["limit"]


def test_a_name_taken_from_the_key_stays_when_the_key_changes_and_is_new_in_a_replacement() -> None:
    given = {"name": "new", "cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "medium"}
    given |= {"headend": {"address": "ateme.environments.new", "defaulted": ["name"]}}
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        assert engine.check("ateme.environment", given, given | {"name": "old"})[0]["name"] == "old"
        assert engine.check("ateme.environment", given, {})[0]["name"] == "new"


@pytest.mark.contract("R-29")
def test_what_can_not_be_read_back_is_told_as_such_in_the_outputs() -> None:
    with serve(Simulator()) as url, provider(Simulator().settings(url)) as engine:
        kind = "rights_locker.stream_limit"
        id, made = engine.create(kind, LIMIT)
        read = engine.read(kind, id, made)[2]
        changed = engine.update(kind, id, made, LIMIT | {"limit": 4})
        for outputs in (made, read, changed):
            assert "no call that reads" in outputs["unverifiable"]["limit"]
        assert changed["computed"]["last_applied_at"]
        assert engine.diff(kind, id, made, LIMIT).changes == DiffResponse.DIFF_NONE
        _, seen = engine.create("rights_locker.account_categories", {"account_id": "v1", "categories": ["a"]})
        assert "unverifiable" not in seen


DERBY = {"account_id": "v1", "kind": "assets", "content_id": "derby"}
CUP = {"kind": "labels", "content_id": "cup"}


def rights(**collections: Any) -> dict[str, Any]:
    return {"headend": 1, "rights_locker": collections}


@pytest.mark.contract("R-55")
def test_what_goes_over_to_another_key_or_resource_is_not_deleted_with_the_old_one(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "stack.yaml"
    world = simulator.sims["rights_locker"].world
    limit, names = {"account_id": "v1", "limit": 2}, {"account_id": "v1", "categories": ["a"]}
    row = {key: value for key, value in DERBY.items() if key != "account_id"}
    stacks = [
        rights(entitlements={"old": DERBY}, stream_limits={"old": limit}, account_categories={"old": names}),
        rights(entitlements={"new": DERBY}, stream_limits={"new": limit}, account_categories={"new": names}),
        rights(entitlement_sets={"all": {"account_id": "v1", "entries": [row, CUP]}}),
        rights(entitlement_sets={"some": {"account_id": "v1", "entries": [row]}}),
    ]
    left = [(["assets"], 1, 1), (["assets"], 1, 1), (["assets", "labels"], 0, 0), (["assets"], 0, 0)]
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        for stack, (kinds_left, limits, categories) in zip(stacks, left, strict=True):
            file.write_text(json.dumps(stack))
            engine.up(load(file))
            held = world["entitlements"]["simulated-pcode/v1"]
            assert sorted(kind for kind, rows in held.items() if rows) == kinds_left
            assert (len(world["limits"]), len(world["categories"])) == (limits, categories)
        engine.destroy()
    assert world["entitlements"] == {}


@pytest.mark.contract("R-55")
def test_a_forced_replacement_by_the_same_key_leaves_the_new_one() -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        for kind, given in {"rights_locker.entitlement": DERBY, "rights_locker.stream_limit": LIMIT}.items():
            id, old = engine.create(kind, given)
            _, new = engine.create(kind, given)
            assert new["computed"].get("adopted", False) is (kind == "rights_locker.entitlement")
            assert engine.update(kind, id, new, given)["computed"].get("adopted") == new["computed"].get("adopted")
            assert engine.read(kind, id, new)[2]["computed"].get("adopted") == new["computed"].get("adopted")
            engine._delete(Live(kind, id, dict(given), old))
            world = simulator.sims["rights_locker"].world
            assert len(world["entitlements"]) + len(world["limits"]) == 1
            engine._delete(Live(kind, id, dict(given), new))
            assert world["entitlements"] == world["limits"] == {}


def test_a_replacement_killed_before_its_deletion_does_not_lose_the_new_one() -> None:
    """The next run finds both in its state, by one id, and deletes the old one in another process."""
    simulator = Simulator()
    given = {"rights_locker.entitlement": DERBY, "rights_locker.stream_limit": LIMIT}
    with serve(simulator) as url:
        env = simulator.settings(url)
        with provider(env) as killed:
            made = {kind: [killed.create(kind, spec), killed.create(kind, spec)] for kind, spec in given.items()}
        with provider(env) as engine:
            for kind, ((id, old), (_, new)) in made.items():
                engine.diff(kind, id, new, given[kind])
                engine.remove(kind, id, old)
        world = simulator.sims["rights_locker"].world
        assert len(world["entitlements"]) + len(world["limits"]) == 2


def test_the_first_preview_of_a_new_environment_says_what_is_odd(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    just = "just: {profiles: {fan: {name: Fan}}, email_subscriptions: {fan: {juid: fan, email: fan@example.com}}}\n"
    file.write_text(ON_AIR.replace("5001", "99999") + just)
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        lines, _ = declare(engine.project, load(file), {})
    said = "\n".join(lines)
    assert "inputs.it: warning: port is probably limited to 1..65535" in said
    assert "subscriptions.fan: warning: subscribes a real person" in said
    assert simulator.writes() == []
