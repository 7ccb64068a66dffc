"""What the engine needs where objects are people: secrets that deletion needs, creates that may not be repeated,
changes that are left alone, and things of which only their existence can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from headend.core.model import kind as kinds_module
from headend.core.model.capabilities import CreatedOnce, MakesClaims, Selection, SelectsChanges, Unasked, Unreadable
from headend.core.model.errors import Ambiguous, CredentialsError, GuardError, InputError, Refused
from headend.core.model.fields import Immutable, Same, Sealed, Secret, Spec, WriteOnly
from headend.core.model.findings import Problem, Source, warning
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.model.seal import Seal
from headend.core.model.stack import Lifecycle, Resource, Stack
from headend.core.reconcile import guards as guard
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire import registry

ADDRESS = "Ada@example.com"


class World:
    """A list of members, a log of what was asked of it, and what to do at the next creation."""

    def __init__(self, key: str = "key") -> None:
        self.seal = Seal(key, "set KEY to the old one")
        self.log: list[str] = []
        self.fails: Exception | None = None
        self.there = True


class MemberSpec(Spec):
    address: Annotated[str, Secret(), Sealed(), Immutable(), Same(str.casefold)]
    note: str | None = None
    stamp: Annotated[str | None, Immutable()] = None


class GuestSpec(Spec):
    badge: Annotated[str, WriteOnly()] = "none"


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "platforms", dict)
    known = dict(kinds_module.kinds)

    class Member(
        Kind[MemberSpec, World],
        Unreadable,
        MakesClaims[MemberSpec],
        CreatedOnce[MemberSpec],
        SelectsChanges[MemberSpec],
    ):
        """Write-only, and known by an address that state may not hold in clear."""

        name, collection, model = "test.member", "members", MemberSpec
        can = Can.CREATE | Can.UPDATE | Can.DELETE
        unreadable = "nobody tells"

        def identity(self, spec: MemberSpec) -> str | None:
            return spec.address and f"m-{len(spec.address)}"

        def claims(self, spec: MemberSpec) -> Mapping[Hashable, Hashable]:
            return {spec.address: spec.note}

        def why_not_again(self, spec: MemberSpec) -> str | None:
            return "they would be greeted twice"

        def select_changes(self, live: Observed, spec: MemberSpec, changes: Sequence[Change]) -> Selection:
            kept = tuple(c for c in changes if c.after is not None)
            refused = "no note may say so" if spec.note == "forbidden" else None
            return Selection(kept, tuple(f"{c.field} stays" for c in changes if c not in kept), refused)

        async def create(self, api: World, spec: MemberSpec) -> Observed:
            if api.fails:
                raise api.fails
            api.log.append(f"create {spec.address}")
            return Observed(str(self.identity(spec)))

        async def update(self, api: World, id: str, spec: MemberSpec, changes: Sequence[Change]) -> None:
            api.log.append(f"update {spec.address}")

        async def delete(self, api: World, id: str, last: MemberSpec, report: Report) -> None:
            api.log.append(f"delete {last.address}")

    class Guest(Kind[GuestSpec, World], Unasked):
        """Of whom only can be asked whether they are there."""

        name, collection, model = "test.guest", "guests", GuestSpec
        can = Can.OBSERVE | Can.CREATE | Can.UPDATE
        unasked = "one request each"

        async def observe(self, api: World, id: str, spec: GuestSpec, *, fresh: bool = False) -> Observed | None:
            api.log.append("look")
            return Observed(id) if api.there else None

        async def create(self, api: World, spec: GuestSpec) -> Observed:
            return Observed("g-1")

        async def complete(self, api: World, id: str, spec: GuestSpec, report: Report) -> Observed:
            return Observed(id)

        async def review(self, api: World, proposal: Proposal[GuestSpec]) -> Sequence[Problem]:
            return [warning("they stay")] if proposal.deletes else ()

    yield
    kinds_module.kinds.clear()
    kinds_module.kinds.update(known)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.db") as opened:
        yield opened


def stack(*specs: Spec, at: Sequence[str] = "ab") -> Stack:
    kinds = {MemberSpec: "test.member", GuestSpec: "test.guest"}
    made = {
        a: Resource(a, a, registry.kinds()[kinds[type(spec)]], spec, Lifecycle(), {"": Source("s", 1)})
        for a, spec in zip(at, specs, strict=False)
    }
    return Stack("test", "s", made)


def go(world: World, state: State, wanted: Stack, **options: Any) -> tuple[Plan, Outcome]:
    async def apis(platform: str) -> World:
        return world

    async def both() -> tuple[Plan, Outcome]:
        plan = await make_plan(wanted, state, apis, **options)
        guard.raise_if_refused(guard.judge(plan, 9, guard.Consent(deletions=True)))
        return plan, await apply(plan, wanted, state, apis)

    return asyncio.run(both())


def member(address: str = ADDRESS, **more: str) -> Stack:
    return stack(MemberSpec(address=address, **more))


def steps(plan: Plan) -> list[tuple[str, str]]:
    return [(step.action.value, step.reason.value) for step in plan.writes()]


# --- sealed secrets ------------------------------------------------------------------------------------------
def test_deletion_gets_back_what_state_does_not_show(state: State, tmp_path: Path) -> None:
    world = World()
    go(world, state, member())
    assert b"example.com" not in b"".join(file.read_bytes() for file in tmp_path.glob("state.db*"))
    assert not go(world, state, member())[0].writes()
    go(world, state, stack())
    assert world.log == [f"create {ADDRESS}", f"delete {ADDRESS}"]


def test_another_key_opens_nothing_and_says_which_is_meant(state: State) -> None:
    go(World(), state, member())
    other = World("other")
    _, outcome = go(other, state, stack())
    assert "set KEY to the old one" in outcome.failed["a"]
    assert outcome.exit_code == CredentialsError.exit_code
    assert (other.log, list(state.records())) == ([], ["a"])


def test_what_is_only_spelt_otherwise_is_no_change_and_goes_by_its_first_spelling(state: State) -> None:
    world = World()
    go(world, state, member())
    assert not go(world, state, member(ADDRESS.lower()))[0].writes()
    go(world, state, member(ADDRESS.lower(), note="n"))
    go(world, state, stack())
    assert world.log == [f"create {ADDRESS}", f"update {ADDRESS}", f"delete {ADDRESS}"]


@pytest.mark.parametrize("text", ["", "a", "ä" * 40, "x" * 33])
def test_a_seal_opens_only_what_it_closed(text: str) -> None:
    seal = Seal("key", "do this")
    closed = seal.close(text)
    assert (seal.open(closed), repr(seal)) == (text, "Seal()")
    assert closed != seal.close(text)
    damaged = ("B" if closed[0] == "A" else "A") + closed[1:]
    for wrong in (damaged, closed[:-4], "?", ""):
        with pytest.raises(CredentialsError, match="do this"):
            seal.open(wrong)


# --- creates that may not be repeated --------------------------------------------------------------------------
def test_a_create_of_unknown_outcome_is_not_repeated_until_someone_looked(state: State) -> None:
    world = World()
    world.fails = Ambiguous("no answer")
    assert go(world, state, member())[1].failed == {"a": "no answer"}
    world.fails = None
    with pytest.raises(GuardError, match=r"a: an earlier run may have made it.*greeted twice.*settle test a"):
        go(world, state, member())
    assert world.log == []
    state.settle("a")
    go(world, state, member())
    assert world.log == [f"create {ADDRESS}"]


def test_one_that_certainly_did_nothing_is(state: State) -> None:
    world = World()
    world.fails = Refused("no")
    go(world, state, member())
    world.fails = None
    assert steps(go(world, state, member())[0]) == [("create", "new")]


def test_a_replacement_that_fails_halfway_says_where_it_stands(state: State) -> None:
    world = World()
    go(world, state, member())
    world.fails = Refused("no")
    _, outcome = go(world, state, member(stamp="s"))
    assert outcome.failed == {"a": "after the old one was deleted: no"}
    assert state.records() == {}


# --- changes that are left alone -------------------------------------------------------------------------------
def test_what_a_kind_leaves_alone_is_told_and_not_done(state: State) -> None:
    world = World()
    go(world, state, member(note="n"))
    plan, _ = go(world, state, member())
    assert (steps(plan), plan.steps[0].warnings) == ([], ("note stays",))
    assert plan.summary()["unverifiable"] == 1
    with pytest.raises(GuardError, match="a: no note may say so"):
        go(world, state, member(note="forbidden"))


def test_a_renamed_key_is_the_same_object_by_its_id(state: State) -> None:
    world = World()
    go(world, state, member())
    wanted = stack(MemberSpec(address=ADDRESS), at="z")
    assert steps(go(world, state, wanted)[0]) == [("move", "renamed")]
    assert world.log == [f"create {ADDRESS}"]


# --- only whether it exists ------------------------------------------------------------------------------------
def test_what_can_only_be_asked_for_is_asked_for_when_told_to(state: State) -> None:
    world = World()
    go(world, state, stack(GuestSpec()))
    plan, _ = go(world, state, stack(GuestSpec()))
    assert (world.log, plan.summary()["unverifiable"], steps(plan)) == ([], 1, [])
    assert "existence" in plan.steps[0].unverifiable
    plan, _ = go(world, state, stack(GuestSpec()), refresh=True)
    assert (world.log, steps(plan), "existence" in plan.steps[0].unverifiable) == (["look"], [], False)
    world.there = False
    assert steps(go(world, state, stack(GuestSpec()), refresh=True)[0]) == [("create", "vanished")]


def test_what_stays_on_a_platform_is_said_when_it_is_forgotten(state: State) -> None:
    world = World()
    go(world, state, stack(GuestSpec()))
    plan, _ = go(world, state, stack())
    assert (steps(plan), plan.steps[0].warnings) == ([("forget", "retained")], ("they stay",))


# --- stack files -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ("{a: {address: x@y, note: n}, b: {address: x@y, note: m}}", r"test\.members\.b: says otherwise.*members\.a"),
        ("{a: {address: x@y, lifecycle: {adopt: match}}}", r"`adopt`: a test\.member can't be looked for"),
    ],
)
def test_what_can_not_be_in_one_stack_is_refused(members: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(f"headend: 1\ntest: {{members: {members}}}\n")
    with pytest.raises(InputError, match=said):
        load(file)
