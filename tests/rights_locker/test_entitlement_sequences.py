"""Whatever stacks follow each other, an account ends as the last one says, and what others granted is never touched."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headend.core.model.stack import Stack
from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.rights_locker import calls as api_module
from headend.simulator import Simulator

ACCOUNTS = ("v1", "v2")
GRANTS = (("assets", "a"), ("assets", "b"), ("labels", "a"), ("assets_offline", "c"), ("labels_offline", "a"))
TERMS: tuple[dict[str, Any], ...] = (
    {},
    {"end_time": "2099-06-30T22:00:00+00:00"},
    {"publishing_rule_id": "r-1", "num_devices_to_bind": 2},
    {"publishing_rule_id": "theirs", "start_time": "2020-01-01T00:00:00+00:00"},
)
THEIRS = ("labels", "theirs")
SWITCHES = {
    "upsert": ("replace", "merge"),
    "missing_delete": (404, 200),
    "unset": ("omitted", "null"),
    "category_delete": ("all", "listed", "body_ignored"),
    "category_key": ("categories", "users"),
    "dates": ("utc", "offset"),
}
files = itertools.count()

Granted = dict[tuple[str, str], dict[str, Any]]
Account = dict[str, Any]
"""owners: who holds each of GRANTS, in order; terms; exclusive, purge: of set A; categories, limit."""

owned = st.fixed_dictionaries(
    {
        "owners": st.tuples(*[st.sampled_from(["", "", "single", "A", "B"])] * len(GRANTS)),
        "terms": st.tuples(*[st.sampled_from(range(3))] * len(GRANTS)),
        "exclusive": st.sampled_from([False, False, True]),
        "purge": st.booleans(),
        "categories": st.lists(st.sampled_from(["sport", "news", "kids"]), unique=True, max_size=2),
        "limit": st.sampled_from([None, 1, 2]),
    }
)
stacks = st.lists(st.tuples(owned, owned), min_size=1, max_size=4)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "READ_BACK_DELAYS", (0.0, 0.0))


def held(account: Account) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """grant -> (its owner, its terms); an exclusive set holds all that the account has."""
    owners = ["A" if owner and account["exclusive"] else owner for owner in account["owners"]]
    rows = zip(GRANTS, owners, account["terms"], strict=True)
    return {grant: (owner, TERMS[n]) for grant, owner, n in rows if owner}


def is_exclusive(account: Account) -> bool:
    return account["exclusive"] and bool(held(account))


def stack_of(accounts: tuple[Account, ...], file: Path) -> Stack:
    singles, sets, categories, limits = {}, {}, {}, {}
    for name, account in zip(ACCOUNTS, accounts, strict=True):
        for (kind, content), (owner, terms) in held(account).items():
            row = {"kind": kind, "content_id": content, **terms}
            if owner == "single":
                singles[f"{name}-{kind}-{content}"] = {"account_id": name, **row}
                continue
            flags = {"exclusive": account["exclusive"], "purge_on_delete": account["purge"]} if owner == "A" else {}
            entries = sets.setdefault(f"{name}-{owner}", {"account_id": name, "entries": [], **flags})["entries"]
            entries.append(row)
        if account["categories"]:
            categories[name] = {"account_id": name, "categories": account["categories"]}
        if account["limit"]:
            limits[name] = {"account_id": name, "limit": account["limit"]}
    locker = {"entitlements": singles, "entitlement_sets": sets, "account_categories": categories}
    file.write_text(repr({"headend": 1, "rights_locker": {**locker, "stream_limits": limits}}).replace("True", "true"))
    file.write_text(file.read_text().replace("False", "false"))
    return load(file)


class World:
    """A locker in which somebody else granted something, watched at every request."""

    def __init__(self, switches: dict[str, Any], file: Path) -> None:
        self.sim = Simulator({"rights_locker": {"wipe": "allowed", **switches}})
        self.world = self.sim.sims["rights_locker"].world
        self.file = file
        self.others: dict[str, Granted] = {name: {} for name in ACCOUNTS}
        self.may_wipe: set[str] = set()
        self.sim.observers.append(self.watch)

    def somebody_grants(self, *grants: tuple[str, str]) -> None:
        """Each of them that isn't there, with a term of their own."""
        for name, (kind, content) in itertools.product(ACCOUNTS, grants):
            if (kind, content) not in self.grants()[name]:
                self.others[name][kind, content] = TERMS[3]
                row = {"content_id": content, "external_product_id": "default", **TERMS[3]}
                kinds = self.world["entitlements"].setdefault(f"simulated-pcode/{name}", {})
                kinds.setdefault(kind, {})[f"{content}/default"] = row
        self.before = self.grants()

    def grants(self) -> dict[str, Granted]:
        found: dict[str, Granted] = {name: {} for name in ACCOUNTS}
        for account, kinds in self.world["entitlements"].items():
            for kind, rows in kinds.items():
                for row in rows.values():
                    terms = {k: v for k, v in row.items() if v is not None and k in {*TERMS[1], *TERMS[2], *TERMS[3]}}
                    found[account.partition("/")[2]][kind, row["content_id"]] = terms
        return found

    def watch(self, entry: Any) -> None:
        """After each request: no PATCH at all, and nothing wiped but by who may, where nobody else has anything."""
        assert entry.key != "categories.edit"
        assert entry.status < 500
        if entry.key == "content.wipe":
            name = entry.path.split("/")[4]
            assert name in self.may_wipe
            assert not self.before[name].keys() & self.others[name].keys()
        for name, others in self.others.items():
            assert others.items() <= self.grants()[name].items()
        self.before = self.grants()

    def run(self, stack: Stack, state: State, *, destroy: bool = False) -> None:
        """Applies it, and plans again: nothing is left to do."""
        where: dict[str, Any] = {"env": self.sim.settings(), "redactor": Redactor()}
        where["transports"] = dict.fromkeys(self.sim.sims, self.sim.transport())

        async def both() -> None:
            async with Session({}, **where) as session:
                plan = await make_plan(stack, state, session, destroy=destroy)
                assert (await apply(plan, stack, state, session)).failed == {}
            self.sim.reset_journal()
            async with Session({}, **where) as session:
                again = await make_plan(stack, state, session, destroy=destroy)
                assert [step.document() for step in again.writes()] == []
            assert self.sim.writes() == []

        asyncio.run(both())


def check(world: World, accounts: tuple[Account, ...]) -> None:
    """Live is what is desired, and what others granted."""
    for name, account in zip(ACCOUNTS, accounts, strict=True):
        wanted = {grant: terms for grant, (_, terms) in held(account).items()}
        assert world.grants()[name] == wanted | world.others[name]
        assert sorted(world.world["categories"].get(f"simulated-pcode/{name}", [])) == sorted(account["categories"])
        assert world.world["limits"].get(f"simulated-pcode/{name}") == account["limit"]


NOTHING: Account = {
    "owners": ("",) * 5,
    "terms": (0,) * 5,
    "exclusive": False,
    "purge": False,
    "categories": [],
    "limit": None,
}
ALL_A = NOTHING | {"owners": ("A",) * 5}
SWAP = tuple(NOTHING | {"owners": owners} for owners in (("", "single", "A", "", ""), ("", "A", "single", "", "")))
ALONE = ALL_A | {"exclusive": True, "purge": True}


@pytest.mark.contract("R-26", "R-39", "R-51", "R-54", "R-57", "R-60", "R-62")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(ALONE, ALL_A), (NOTHING, ALL_A | {"owners": ("B",) * 5})], {}, False)
@example([(ALONE, ALL_A), (NOTHING, ALL_A | {"owners": ("B",) * 5})], {}, True)
@example([(ALL_A, ALONE), (ALL_A | {"owners": ("single",) * 5}, ALL_A), (ALONE, ALL_A)], {"upsert": "merge"}, True)
@example([(SWAP[0], NOTHING), (SWAP[1], NOTHING)], {}, False)
@given(
    stacks, st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SWITCHES.items()}), st.booleans()
)
def test_no_sequence_of_stacks_wipes_patches_or_ends_what_is_not_its_own(
    tmp_path: Path, steps: list[tuple[Account, Account]], switches: dict[str, Any], comes_back: bool
) -> None:
    folder = tmp_path / str(next(files))
    folder.mkdir()
    world = World(switches, folder / "stack.yaml")
    world.somebody_grants(THEIRS, *GRANTS[:2])
    with open_state(folder / "state.db") as state:
        for accounts in steps:
            stack = stack_of(accounts, world.file)
            for name, account in zip(ACCOUNTS, accounts, strict=True):
                gone = world.others[name] if is_exclusive(account) else held(account).keys()
                world.others[name] = {g: t for g, t in world.others[name].items() if g not in gone}
            world.run(stack, state)
            check(world, accounts)
            told = [name for name, one in zip(ACCOUNTS, accounts, strict=True) if is_exclusive(one) and one["purge"]]
            world.may_wipe = set(told)
            if comes_back:
                world.somebody_grants(THEIRS)
        world.run(stack_of(steps[-1], world.file), state, destroy=True)
        check(world, (NOTHING, NOTHING))
        assert state.records() == {}
