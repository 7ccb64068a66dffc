"""What rarer kinds need of the engine: secrets shown once, objects that can only be adopted, or only be forgotten."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest

from headend.cli.secrets_out import secrets_file
from headend.core.model import kind as kinds_module
from headend.core.model.capabilities import HandsOutSecrets, HasUniqueFields
from headend.core.model.errors import GuardError, InputError
from headend.core.model.fields import Ignored, Immutable, Spec, WriteOnly
from headend.core.model.findings import Problem, Source, warning
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.lookup import Candidate, Lookup, lookups
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Action, Proposal
from headend.core.model.references import query
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile import guards as guard
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.outcome import Sink
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.wire import registry
from headend.core.wire.redaction import Redactor

World = dict[str, dict[str, Any]]
PASSWORD = "generated-0123456789"


class UserSpec(Spec):
    name: str
    role: str = "viewer"
    invited: Annotated[bool, Ignored()] = False
    voucher: Annotated[str | None, Immutable(), WriteOnly("it is used up", used_up_by_create=True)] = None


class Users(Kind[UserSpec, World]):
    """Shared by both kinds below."""

    model = UserSpec
    key = ("name",)

    async def observe(self, api: World, id: str, spec: UserSpec, *, fresh: bool = False) -> Observed | None:
        return Observed(id, dict(api[id])) if id in api else None

    async def find(self, api: World, spec: UserSpec) -> list[Observed]:
        return [Observed(id, dict(row)) for id, row in api.items() if row["name"] == spec.name]

    async def update(self, api: World, id: str, spec: UserSpec, changes: Sequence[Change]) -> None:
        api[id] = spec.set_fields()


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known, finders = dict(kinds_module.kinds), dict(lookups)

    class User(Users, HandsOutSecrets[UserSpec], HasUniqueFields[UserSpec]):
        """Whose password the platform makes."""

        name = "test.user"

        def unique(self, spec: UserSpec) -> Mapping[str, str]:
            return {"name": spec.name.lower()}

        def handed_out_by_create(self, spec: UserSpec) -> tuple[str, ...]:
            return () if spec.invited else ("password",)

        async def create(self, api: World, spec: UserSpec) -> Observed:
            api["u-1"] = {"name": spec.name, "role": spec.role}
            if spec.invited:
                return Observed("u-1", warnings=("nobody was told",))
            return Observed("u-1", handed_out={"password": PASSWORD})

        async def complete(self, api: World, id: str, spec: UserSpec, report: Report) -> Observed:
            return Observed(id, dict(api[id]))

    class Root(Users):
        """Which is there, or not."""

        name = "test.root"
        can = Can.OBSERVE | Can.UPDATE

    class ByName(Lookup[World]):
        """Finds either."""

        name = "test.user"
        fields: ClassVar[dict[str, str]] = {"name": "as it is written", "boss": "the id of another"}
        through: ClassVar[dict[str, str]] = {"boss": "test.user"}

        async def candidates(self, api: World, wanted: Mapping[str, Any]) -> list[Candidate]:
            return [Candidate(id, row) for id, row in api.items()]

    class Guest(Users):
        """Whom nobody can change or delete."""

        name = "test.guest"
        can = Can.OBSERVE | Can.CREATE
        create_before_delete = True

        async def create(self, api: World, spec: UserSpec) -> Observed:
            id = f"g-{len(api)}"
            api[id] = spec.set_fields()
            return Observed(id)

        async def review(self, api: World, proposal: Proposal[UserSpec]) -> Sequence[Problem]:
            if proposal.last is None:
                return ()
            if proposal.last.role == "owner":
                return [Problem(f"{proposal.id} would stay")]
            return [warning(f"{proposal.id} stays")]

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)
    lookups.clear()
    lookups.update(finders)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def stack(kind: str, lifecycle: Lifecycle | None = None, **fields: Any) -> Stack:
    spec = UserSpec(**({"name": "ada"} | fields))
    resource = Resource("it", "it", registry.kinds()[kind], spec, lifecycle or Lifecycle(), {"": Source("s", 1)})
    return Stack("test", "s", {"it": resource})


def carry_out(
    world: World, state: State, wanted: Stack, sink: Sink | None = None, said: list[str] | None = None
) -> Plan:
    async def apis(platform: str) -> World:
        return world

    async def both() -> Plan:
        plan = await make_plan(wanted, state, apis)
        guard.raise_if_refused(guard.judge(plan, 1, guard.Consent(secrets=sink is not None)))
        more: dict[str, Any] = {"sink": sink} if sink else {}
        if said is not None:
            more["on_event"] = lambda event: said.append(event.message)
        assert (await apply(plan, wanted, state, apis, **more)).failed == {}
        return plan

    return asyncio.run(both())


def test_a_secret_that_is_shown_once_needs_a_place_before_anything_is_made(state: State) -> None:
    world: World = {}
    with pytest.raises(GuardError, match=r"it: makes a secret that is shown once \(password\).*--secrets-out FILE"):
        carry_out(world, state, stack("test.user"))
    assert world == {}


def test_it_goes_there_and_nowhere_else(state: State, tmp_path: Path) -> None:
    world: World = {}
    redactor, file = Redactor(), tmp_path / "secrets.jsonl"
    with secrets_file(file, redactor) as sink:
        plan = carry_out(world, state, stack("test.user"), sink)
    assert json.loads(file.read_text()) == {"address": "it", "name": "password", "value": PASSWORD}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert redactor.scrub(f"no {PASSWORD}") == "no (secret)" or PASSWORD not in redactor.scrub(f"no {PASSWORD}")
    assert plan.document()["steps"][0]["hands_out"] == ["password"]
    assert PASSWORD not in json.dumps(plan.document())
    assert PASSWORD.encode() not in b"".join(f.read_bytes() for f in tmp_path.glob("state.db*"))
    assert not carry_out(world, state, stack("test.user")).writes()  # nothing is made, so no place is needed


def test_the_file_is_added_to_and_must_be_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.jsonl"
    for name in ("a", "b"):
        with secrets_file(file, Redactor()) as sink:
            assert sink
            sink("it", name, "value")
    assert [json.loads(line)["name"] for line in file.read_text().splitlines()] == ["a", "b"]
    file.chmod(0o640)
    with pytest.raises(InputError, match="others may read it"), secrets_file(file, Redactor()):
        pass
    with pytest.raises(InputError, match="Is a directory"), secrets_file(tmp_path, Redactor()):
        pass


def test_what_can_not_be_made_is_adopted_without_being_told_to(state: State) -> None:
    world: World = {"root": {"name": "ada", "role": "owner"}}
    plan = carry_out(world, state, stack("test.root", role="viewer"))
    assert [(s.action.value, s.reason.value) for s in plan.steps] == [("adopt", "found")]
    assert world["root"]["role"] == "viewer"
    assert not carry_out(world, state, stack("test.root", role="viewer")).writes()


def test_and_where_it_is_not_there_the_plan_says_so(state: State) -> None:
    with pytest.raises(InputError, match=r"there is no live test\.root like it, and headend can't make one"):
        carry_out({}, state, stack("test.root"))


def test_who_is_made_without_a_secret_needs_no_place_for_one_and_creation_may_warn(state: State) -> None:
    said: list[str] = []
    plan = carry_out({}, state, stack("test.user", invited=True), said=said)
    assert plan.steps[0].hands_out == ()
    assert said.count("nobody was told") == 1


def test_a_run_that_goes_on_after_one_that_was_killed_says_that_its_secret_may_be_lost(state: State) -> None:
    state.begin("it", "test.user", Action.CREATE)
    plan = carry_out({"u-1": {"name": "ada", "role": "viewer"}}, state, stack("test.user"))
    assert plan.steps[0].reason.value == "recovered"
    assert "its password was shown to the run that was killed" in plan.steps[0].warnings[0]


@pytest.mark.parametrize(
    ("first", "then", "replaces"), [("a", "b", True), ("a", None, False), (None, "b", False), ("a", "a", False)]
)
def test_a_value_that_creation_used_up_replaces_only_where_another_follows_it(
    state: State, first: str | None, then: str | None, replaces: bool
) -> None:
    world: World = {}
    carry_out(world, state, stack("test.user", invited=True, voucher=first))

    async def planned() -> Plan:
        async def apis(platform: str) -> World:
            return world

        return await make_plan(stack("test.user", voucher=then), state, apis)

    assert [s.action.value for s in asyncio.run(planned()).writes()] == (["replace"] if replaces else [])


@pytest.mark.parametrize(
    ("match", "id"), [({"name": "bob"}, "u-2"), ({"boss": {"lookup": {"name": "ada"}}}, "u-2"), ({"name": "eve"}, None)]
)
def test_what_is_there_is_taken_over_by_its_fields_and_by_those_of_others(
    state: State, match: dict[str, Any], id: str | None
) -> None:
    world: World = {"u-1": {"name": "ada", "role": "viewer"}, "u-2": {"name": "bob", "boss": "u-1", "role": "owner"}}
    wanted = stack("test.user", Lifecycle(adopt_query=query("test.user", match)), name="bob")
    if id is None:
        with pytest.raises(
            InputError, match=r"lifecycle\.adopt: there is no test\.user with name \"eve\" .*u-1 \(name ada"
        ):
            carry_out(world, state, wanted)
        return
    plan = carry_out(world, state, wanted)
    assert (plan.steps[0].action.value, plan.steps[0].id) == ("adopt", id)
    assert plan.lookups == {"it.lifecycle.adopt": id}
    assert not carry_out(world, state, wanted).writes()
    assert world[id]["role"] == "viewer"


def test_what_can_not_be_made_is_missed_by_the_plan_also_once_it_is_gone(state: State) -> None:
    world: World = {"root": {"name": "ada", "role": "viewer"}}
    carry_out(world, state, stack("test.root"))
    with pytest.raises(InputError, match=r"there is no live test\.root like it, and headend can't make one"):
        carry_out({}, state, stack("test.root"))


NOTHING = Stack("test", "s", {})


def test_what_can_not_be_deleted_is_forgotten_and_said_to_stay(state: State) -> None:
    world: World = {}
    carry_out(world, state, stack("test.guest"))
    (step,) = carry_out(world, state, stack("test.guest", role="editor")).steps
    assert (step.action.value, step.warnings) == ("replace", ("g-0 stays",))
    (step,) = carry_out(world, state, NOTHING).steps
    assert (step.action.value, step.reason.value, step.warnings) == ("forget", "retained", ("g-1 stays",))
    assert list(world) == ["g-0", "g-1"]
    assert state.records() == {}


def test_a_kind_may_refuse_to_be_left_behind_unless_the_stack_says_retain(state: State) -> None:
    world: World = {}
    carry_out(world, state, stack("test.guest", role="owner"))
    for wanted in (NOTHING, stack("test.guest", role="editor")):
        with pytest.raises(GuardError, match="it: g-0 would stay"):
            carry_out(world, state, wanted)
    assert list(state.records()) == ["it"]
    kept = stack("test.guest", Lifecycle(retain=True), role="owner")
    remember(carry_out(world, state, kept), kept, state)
    (step,) = carry_out(world, state, NOTHING).steps
    assert (step.action.value, step.warnings) == ("forget", ())
