"""A person who edits a stack file at random, and whose runs end as they may: what must hold after each."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from convergence.ateme import ENVIRONMENT
from headend.core.wire.registry import kinds
from table.bench import Bench, Kill, open_bench
from table.samples import LISTENER, REPLACED, SAMPLES, Sample

MOST = 4  # objects of the stack: where more are lost at once, headend asks whether that is meant
KINDS = ("input", "label", "action_configuration", "account", "account_categories")
EDITS = ("add", "remove", "move", "rename", "change", "replace", "drift", "lose", "move_the_environment")
kind = st.sampled_from(KINDS)
edits = st.lists(
    st.tuples(st.sampled_from(EDITS), st.integers(0, MOST - 1), st.integers(1, 4), kind), min_size=1, max_size=3
)

At = tuple[str, str]  # (kind, key), or (kind, id)
Edit = tuple[str, int, int, str]
Fields = dict[str, Any]


def shown(kind: str, id: str, row: Any) -> Fields:
    """What the live object is, in the words of the stack."""
    if kind == "input":
        return {"stream_name": row["id"], "variant": row["variant"], "latency": row["latency"]}
    if kind == "account_categories":
        return {"account_id": id.rpartition("/")[2], "categories": sorted(row)}
    names = {"label": ("text",), "action_configuration": ("title", "group_id", "order")}
    return {name: row[name] for name in names.get(kind, ("email", "first_name"))}


def known_as(kind: str, id: str, row: Any) -> str:
    """The id that headend calls it by."""
    return str(row["email"]) if kind == "account" else id.rpartition("/")[2]


def fresh(kind: str, number: int) -> Fields:
    """Another object of the kind, with a name that no other has."""
    name = f"n{number}"
    return {
        "input": {**LISTENER, "stream_name": name, "port": 5000 + number},
        "label": {"text": name},
        "action_configuration": {"action_id": "act-1", "group_id": "derby", "title": name, "order": 1},
        "account": {"email": f"{name}@example.com", "first_name": "Ada"},
        "account_categories": {"account_id": name, "categories": ["sport"]},
    }[kind]


def renamed(kind: str, number: int) -> Fields:
    """Another name: an update for some kinds, a replacement for others."""
    names = {"input": "stream_name", "label": "text", "action_configuration": "title", "account": "email"}
    field = names.get(kind, "account_id")
    return {field: fresh(kind, number)[field]}


def valued(kind: str, value: int) -> Fields:
    """Another value that an update brings."""
    return {
        "input": {"latency": 1000 * value},
        "label": {},
        "action_configuration": {"order": value},
        "account": {"first_name": f"Ada {value}"},
        "account_categories": {"categories": sorted({"sport", f"c{value}"})},
    }[kind]


class People(RuleBasedStateMachine):
    """`one` edits and applies; `two` has a stack of their own, and tries the file of `one` now and then."""

    engine: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.home = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.home)
        self.bench: Bench = self.stack.enter_context(open_bench(self.engine, self.home))
        self.one, self.two = self.bench.side("one"), self.bench.side("two")
        self.environment, self.objects, self.names = "e1", dict[At, Fields](), 0

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def begin(self) -> None:
        ran = self.two.up(self.others(), preview=False)
        assert ran.ok, ran.said
        self.theirs = self.world()
        for number, kind in enumerate(KINDS[:3]):
            self.add(number, 0, kind)
        self.apply()

    # --- what happens between runs ---------------------------------------------------------------------------------
    def edit(self, what: str, pick: int, value: int, kind: str) -> None:
        """One of the changes below; none where there is nothing to change, or no room for more."""
        if what == "add":
            if len(self.objects) < MOST:
                self.add(pick, value, kind)
        elif what == "move_the_environment":
            self.environment = "e2" if self.environment == "e1" else "e1"
        elif what in {"drift", "lose"}:
            live = [at for at in self.world() if at not in self.theirs]
            if live:
                getattr(self, what)(*live[pick % len(live)])
        elif self.objects:
            getattr(self, what)([*self.objects][pick % len(self.objects)], value)

    def add(self, pick: int, value: int, kind: str) -> None:
        self.names += 1
        self.objects.setdefault((kind, f"k{pick}"), fresh(kind, self.names))

    def remove(self, at: At, value: int) -> None:
        del self.objects[at]

    def move(self, at: At, value: int) -> None:
        """Another key for the same object."""
        self.names += 1
        self.objects = {(at[0], f"m{self.names}") if old == at else old: f for old, f in self.objects.items()}

    def rename(self, at: At, value: int) -> None:
        self.names += 1
        self.objects[at] |= renamed(at[0], self.names)

    def change(self, at: At, value: int) -> None:
        self.objects[at] |= valued(at[0], value)

    def replace(self, at: At, value: int) -> None:
        """Changes what can't be changed in place."""
        fields = self.objects[at]
        if at[0] == "input":
            pulled = fields.pop("host", None)
            fields |= {"variant": LISTENER["variant"]} if pulled else REPLACED
        elif at[0] == "action_configuration":
            fields["group_id"] = "cup" if fields["group_id"] == "derby" else "derby"
        else:
            self.rename(at, value)

    def drift(self, kind: str, id: str) -> None:
        """Somebody changes the object by hand."""
        rows = self.bench.table(SAMPLES[kind].table)
        name = {"input": "latency", "label": "text", "action_configuration": "order", "account": "first_name"}
        if kind == "account_categories":  # names that others add stay for good
            rows[id] = rows[id][:1]
        else:
            rows[id][name[kind]] = 77 if isinstance(rows[id][name[kind]], int) else "drifted"

    def lose(self, kind: str, id: str) -> None:
        """Somebody deletes the object."""
        self.bench.lose(SAMPLES[kind].table, id)

    # --- runs ------------------------------------------------------------------------------------------------------
    @rule(edits=edits)
    def run(self, edits: list[Edit]) -> None:
        for one in edits:
            self.edit(*one)
        self.apply()

    @rule(edits=edits, kind=kind)
    def run_that_is_killed(self, edits: list[Edit], kind: str) -> None:
        """Killed at a creation, if there is one of the kind; the next one goes on."""
        for one in edits:
            self.edit(*one)
        if len(self.objects) < MOST:
            self.add(MOST + self.names, 1, kind)
        wanted = self.wanted()
        ran = self.one.up(wanted, Kill(SAMPLES[kind].created), preview=False)
        assert ran.ok or ran.killed, ran.said
        again = self.one.up(wanted, preview=False)
        assert again.ok, again.said
        self.holds(wanted)

    @rule()
    def another_stack_tries_the_file(self) -> None:
        """What is there already is refused, whatever else stands in the file."""
        stranger = self.bench.side("three")
        stranger.refused(self.wanted())
        assert stranger.ids() == {}

    def apply(self) -> None:
        before, wanted = self.world(), self.wanted()
        plan = self.one.preview(wanted)
        assert plan.ok, plan.said
        named = {step.id for step in plan.steps if step.what in {"replace", "delete"}}
        ran = self.one.up(wanted, preview=False)
        assert ran.ok, ran.said
        gone = before.keys() - self.world().keys()
        assert {known_as(*at, before[at]) for at in gone} <= named, "only what the plan named may go"
        self.holds(wanted)

    def holds(self, wanted: Fields) -> None:
        """The world is what is wanted, no more and no less, and there is nothing to do."""
        live = [(at[0], shown(*at, row)) for at, row in self.world().items() if at not in self.theirs]
        want = [
            (kind, {name: fields[name] for name in fields if name not in {"port", "host", "action_id"}})
            for (kind, _), fields in self.objects.items()
        ]
        assert sorted(map(_sorted, live)) == sorted(map(_sorted, want))
        assert len(self.bench.live("ateme.environments")) == 2
        with self.bench.nothing_written():
            again = self.one.up(wanted, preview=False)
        assert again.ok, again.said

    @invariant()
    def what_is_theirs_is_untouched(self) -> None:
        if theirs := getattr(self, "theirs", None):
            now = self.world()
            assert {at: now.get(at) for at in theirs} == theirs

    # --- helpers ---------------------------------------------------------------------------------------------------
    def world(self) -> dict[At, Any]:
        """(kind, id) -> row."""
        return {(kind, id): row for kind in KINDS for id, row in self.bench.live(SAMPLES[kind].table).items()}

    def wanted(self) -> dict[str, Any]:
        found: dict[str, Any] = {"headend": 1, "ateme": {"environments": {self.environment: self.around("matchday")}}}
        for (kind, key), fields in self.objects.items():
            _place(found, SAMPLES[kind], self.environment)[key] = dict(fields)
        return found

    def others(self) -> dict[str, Any]:
        """The stack of `two`: one object of each kind."""
        found: dict[str, Any] = {"headend": 1, "ateme": {"environments": {"far": self.around("elsewhere")}}}
        for kind in KINDS:
            _place(found, SAMPLES[kind], "far")["k0"] = {**fresh(kind, 0)}
        return found

    @staticmethod
    def around(name: str) -> Fields:
        return {**ENVIRONMENT, "name": name}


def _place(stack: dict[str, Any], sample: Sample, environment: str) -> dict[str, Any]:
    """Where objects of the kind stand."""
    platform, collection = kinds()[sample.kind].platform, kinds()[sample.kind].collection
    place = stack.setdefault(platform, {})
    if sample.within:
        place = place["environments"][environment]
    found: dict[str, Any] = place.setdefault(collection, {})
    return found


def _sorted(one: tuple[str, Fields]) -> str:
    return f"{one[0]} {sorted(one[1].items())}"
