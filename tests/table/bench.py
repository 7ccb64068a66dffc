"""A simulated world and people who work on it, each with a stack of theirs, by one of the engines."""

from __future__ import annotations

import copy
import fnmatch
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.harness import NO_WAIT, gone, serve
from forked import COMMAND, Forked, fork
from headend.core.model.errors import HeadendError
from headend.core.model.stack import Stack
from headend.core.stackfile import load
from headend.core.wire.registry import kinds
from headend.simulator import Simulator
from headend.simulator.app import Entry
from pulumi_stack import Did, PulumiStack, Ran, Record
from table.samples import Sample

ENGINES = ("embedded", "pulumi")
STEP = re.compile(r"^\S (create|update|replace|delete|forget|adopt|move) (\S+) \(", re.MULTILINE)
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class Kill:
    """When the run is killed: at the first call of an operation that the platform has carried out. Under Pulumi either
    before the provider has the answer, or (late) when the provider is done and the engine has recorded nothing."""

    key: str
    late: bool = False


class Side:
    """A person with one stack. home: what a fresh machine doesn't have: state, and whatever headend keeps there."""

    def __init__(self, bench: Bench, name: str, home: Path) -> None:
        self.bench, self.name, self.home = bench, name, home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
        self.env = kept | bench.simulator.settings(bench.url) | NO_WAIT
        self.flags: list[str] = []

    def file(self, wanted: Wanted) -> Path:
        file = self.home / f"{self.name}.yaml"
        file.write_text(json.dumps(wanted))
        return file

    def allow_deletions(self) -> None:
        """However much goes from now on is meant."""
        self.flags.append("--allow-deletions")
        self.env["HEADEND_ALLOW_DELETIONS"] = "1"  # Pulumi's way

    def up(self, wanted: Wanted, kill: Kill | None = None, replace: Collection[str] = (), preview: bool = True) -> Ran:
        """Makes the world what is wanted. replace: addresses, under Pulumi only, where a preview comes first, too."""
        raise NotImplementedError

    def preview(self, wanted: Wanted) -> Ran:
        """What `up` would do."""
        raise NotImplementedError

    def destroy(self, wanted: Wanted, kill: Kill | None = None) -> Ran:
        """Deletes all that the stack has."""
        raise NotImplementedError

    def refresh(self) -> Ran:
        """Takes into state what is live, under Pulumi only."""
        raise NotImplementedError

    def ids(self) -> dict[str, str]:
        """address -> id, of what the stack has."""
        raise NotImplementedError

    def done(self, wanted: Wanted, **more: Any) -> Ran:
        """`up`, which must go well, and once more, which must find nothing to do."""
        ran = self.up(wanted, **more)
        assert ran.ok, ran.said
        self.settled(wanted)
        return ran

    def settled(self, wanted: Wanted) -> None:
        """Insists that there is nothing to do."""
        with self.bench.nothing_written():
            again = self.up(wanted)
        assert again.ok, again.said
        assert again.did() == {}, again.said

    def refused(self, wanted: Wanted, *said: str, **more: Any) -> Ran:
        """`up`, which must be refused for a reason that it tells, and write nothing."""
        with self.bench.nothing_written():
            ran = self.up(wanted, **more)
        assert not ran.ok
        assert not ran.killed
        assert "Traceback" not in ran.said
        for words in said:
            assert words in ran.said
        return ran

    def killed(self, wanted: Wanted, kill: Kill) -> None:
        self.bench.simulator.reset_journal()
        ran = self.up(wanted, kill)
        assert ran.killed, ran.said


class Embedded(Side):
    """With headend's commands."""

    def up(self, wanted: Wanted, kill: Kill | None = None, replace: Collection[str] = (), preview: bool = True) -> Ran:
        assert not replace
        file = self.file(wanted)
        words = ["apply", str(file), "--yes", "--secrets-out", str(self.home / "secrets.jsonl"), *self.flags]
        with self.bench.killing(kill) as victim:
            process = self._run(words, victim)
        steps = [Did(what, address, None) for what, address in STEP.findall(process.printed())]
        return self._ran(process, steps, ok=(0,))

    def preview(self, wanted: Wanted) -> Ran:
        file = str(self.file(wanted))
        words = ["plan", file, "--secrets-out", str(self.home / "secrets.jsonl")]
        process = self._run([*words, "--format", "json"])
        out = process.printed()
        steps = [
            Did("same" if step["action"] == "none" else step["action"], step["address"], step.get("id"))
            for step in (json.loads(out)["steps"] if out.startswith("{") else ())
        ]
        return self._ran(self._run(words), steps, ok=(0, 2))

    def destroy(self, wanted: Wanted, kill: Kill | None = None) -> Ran:
        with self.bench.killing(kill) as victim:
            process = self._run(["destroy", str(self.file(wanted)), "--yes"], victim)
        return self._ran(process, [], ok=(0,))

    def ids(self) -> dict[str, str]:
        listed = self._run(["state", "list", self.name]).printed().splitlines()
        return {words[0]: words[2] for line in listed if len(words := line.split()) == 3}

    def _run(self, words: list[str], victim: list[Forked] | None = None) -> Forked:
        process = fork(COMMAND, words, self.env, self.home)
        if victim is not None:
            victim.append(process)
        process.wait()
        return process

    def _ran(self, process: Forked, steps: list[Did], ok: tuple[int, ...]) -> Ran:
        code = process.wait()
        return Ran(code in ok, code == -9, process.printed() + process.printed("stderr"), steps)


class Pulumi(Side):
    """With the small engine over the SDK's own provider server."""

    def __init__(self, bench: Bench, name: str, home: Path) -> None:
        super().__init__(bench, name, home)
        self.stack = PulumiStack(name, home, self.env)

    def load(self, wanted: Wanted) -> Stack:
        return load(self.file(wanted), secret=self.env.get)

    def up(self, wanted: Wanted, kill: Kill | None = None, replace: Collection[str] = (), preview: bool = True) -> Ran:
        try:
            stack = self.load(wanted)
        except HeadendError as error:
            return Ran(False, said=str(error))
        with self.bench.killing(None if kill and kill.late else kill) as victim:
            if not kill:
                return self.stack.up(stack, replace, preview=preview)
            if kill.late:
                self.stack.lose = lambda record: self.bench.made(kill.key, record)
            else:
                self.stack.started = victim.append
            try:
                return self.stack.up(stack, replace, preview=False)
            finally:
                self.stack.lose, self.stack.started = lambda record: False, lambda process: None

    def preview(self, wanted: Wanted) -> Ran:
        try:
            return self.stack.preview(self.load(wanted))
        except HeadendError as error:
            return Ran(False, said=str(error))

    def refresh(self) -> Ran:
        return self.stack.refresh()

    def destroy(self, wanted: Wanted, kill: Kill | None = None) -> Ran:
        with self.bench.killing(kill) as victim:
            self.stack.started = victim.append
            try:
                return self.stack.destroy()
            finally:
                self.stack.started = lambda process: None

    def ids(self) -> dict[str, str]:
        return self.stack.ids()


@dataclass
class Bench:
    """The world of one test. engine: whose turn it is. before: the ids that were there from the start."""

    simulator: Simulator
    url: str
    home: Path
    engine: str
    sides: dict[str, Side] = field(default_factory=dict)
    before: dict[str, set[str]] = field(default_factory=dict)

    def side(self, name: str = "one") -> Side:
        """The person of that name."""
        if name not in self.sides:
            home = self.home / name
            home.mkdir()
            self.sides[name] = (Pulumi if self.engine == "pulumi" else Embedded)(self, name, home)
        return self.sides[name]

    def guest(self, sample: Sample, **objects: Mapping[str, Any]) -> dict[str, Any]:
        """A stack with these objects alone: where they live in an environment, it is another person's."""
        kind = kinds()[sample.kind]
        if not sample.within:
            return sample.stack(**objects)
        if not self.live("ateme.environments"):
            self.side("host").done(sample.stack(life={"retain": True}))
        around: dict[str, Any] = {"environment": {"id": self.only("ateme.environments")}}
        if sample.inputs:
            around["input"] = {"id": self.side("host").ids()["ateme.environments.e1.inputs.stadium"]}
        return {"headend": 1, "ateme": {kind.collection: {key: {**given, **around} for key, given in objects.items()}}}

    # --- the world -------------------------------------------------------------------------------------------------
    def table(self, name: str) -> dict[str, Any]:
        """The rows of "ateme.inputs", to be looked at and changed."""
        platform, _, table = name.partition(".")
        rows: dict[str, Any] = self.simulator.sims[platform].world.setdefault(table, {})
        return rows

    def live(self, table: str) -> dict[str, Any]:
        """Copies of the rows that exist, by id, without those that were there from the start."""
        rows = self.table(table)
        known = self.before.setdefault(table, set())
        return {
            id: copy.deepcopy(row)
            for id, row in rows.items()
            if id not in known and row and not (isinstance(row, dict) and gone(row))
        }

    def only(self, table: str) -> str:
        """The id of the only row that exists."""
        (id,) = self.live(table)
        return id

    def lose(self, table: str, id: str) -> Any:
        """Somebody deletes the object; gives what it was."""
        rows = self.table(table)
        row = copy.deepcopy(rows[id])
        if isinstance(rows[id], dict) and "is_deleted" in rows[id]:
            rows[id]["is_deleted"] = True
        else:
            del rows[id]
        if isinstance(row, dict) and "resulting_input_id" in row and table == "ateme.multi_viewers":
            self.lose("ateme.inputs", row["resulting_input_id"])  # goes with it
        return row

    def double(self, table: str, id: str, twin: str) -> str:
        """Somebody makes another object that is like it; gives the other's id."""
        row = copy.deepcopy(self.table(table)[id])
        for name, value in row.items():
            if value == id:
                row[name] = twin
        if "is_deleted" in row:
            row["is_deleted"] = False
        self.table(table)[twin] = row
        return twin

    @contextmanager
    def written(self) -> Iterator[list[str]]:
        """The operations that write, while it lasts."""
        seen: list[str] = []

        def look(entry: Entry) -> None:
            if entry.write:
                seen.append(entry.key)

        with self.watching(look):
            yield seen

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        with self.written() as seen:
            yield
        assert seen == []

    @contextmanager
    def watching(self, look: Callable[[Entry], None]) -> Iterator[None]:
        self.simulator.observers.append(look)
        try:
            yield
        finally:
            self.simulator.observers.remove(look)

    @contextmanager
    def killing(self, kill: Kill | None) -> Iterator[list[Forked]]:
        """Whoever is in the list is killed."""
        victims: list[Forked] = []

        def look(entry: Entry) -> None:
            if kill and fnmatch.fnmatchcase(entry.key, kill.key) and entry.status < 300:
                while victims:
                    victims.pop().kill()

        with self.watching(look):
            yield victims

    def made(self, key: str, record: Record) -> bool:
        """Whether that operation was part of the creation that just ended."""
        return any(fnmatch.fnmatchcase(entry.key, key) for entry in self.simulator.writes())

    def forget(self, side: Side) -> None:
        """The person gets another machine: what headend kept in the directory is gone."""
        shutil.rmtree(side.home / ".headend", ignore_errors=True)


@contextmanager
def open_bench(engine: str, home: Path, switches: Mapping[str, Any] | None = None) -> Iterator[Bench]:
    """A world with that engine's people in it."""
    simulator = Simulator(switches)
    with serve(simulator) as url:
        bench = Bench(simulator, url, home, engine)
        for platform, tables in simulator.dump().items():
            for table, rows in tables.items():
                if isinstance(rows, dict):
                    bench.before[f"{platform}.{table}"] = set(rows)
        yield bench
