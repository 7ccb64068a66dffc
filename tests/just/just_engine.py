"""A simulated Just with a state file, and stacks to bring up there; nothing ever really waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from headend.core.model.record import Record, recorded
from headend.core.model.stack import Stack
from headend.core.reconcile import guards as guard
from headend.core.reconcile.apply import apply
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.resolve import resolve
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator.app import Entry as Sent
from headend.simulator.app import Simulator
from headend.simulator.just import JustSim

JUID = "known-juid-0001"
ANN = "Ann.Other@example.com"
SUBSCRIBED = {"juid": {"id": JUID}, "email": ANN}


class Town:
    """sim: the simulator, with one known profile. home: where stack and state are. given: settings beside the token."""

    def __init__(self, home: Path, switches: Mapping[str, Any] | None = None, **given: Any) -> None:
        self.sim = Simulator({"just": switches or {}}, classes=[JustSim])
        self.just = self.sim.sims["just"]
        self.just.add_profile(JUID, 35, 36)
        self.home, self.given = home, given
        self.env = self.sim.settings()

    @property
    def calls(self) -> list[str]:
        return [entry.key for entry in self.sim.journal]

    def took(self) -> list[Sent]:
        """The journal since the last time."""
        taken = list(self.sim.journal)
        self.sim.reset_journal()
        return taken

    def world(self, table: str) -> dict[str, Any]:
        return dict(self.just.world[table])

    def plan(self, wanted: Mapping[str, Any], **options: Any) -> Plan:
        return self._go(wanted, options, write=False)[0]

    def up(self, wanted: Mapping[str, Any], **options: Any) -> Outcome:
        """Applies; raises what a guard or the stack refuses."""
        return self._go(wanted, options, write=True)[1]

    def bring(self, wanted: Mapping[str, Any], **options: Any) -> Plan:
        """Applies, which must go well; the plan that it carried out."""
        plan, outcome = self._go(wanted, options, write=True)
        assert (outcome.failed, outcome.skipped) == ({}, {})
        return plan

    def down(self, wanted: Mapping[str, Any]) -> Plan:
        """Destroys, which must go well, and leaves nothing in state."""
        plan = self.bring(wanted, destroy=True)
        assert self.entries() == {}
        return plan

    def remember(self, wanted: Mapping[str, Any]) -> None:
        """Fills a new state with all of the stack, as if it had been applied."""
        stack = self._stack(wanted)
        with open_state(self.home / "state.db") as state:
            state._db.connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug
            ids: dict[str, str] = {}
            for address, resource in stack.resources.items():  # profiles stand first in the file
                spec = resolve(resource.spec, ids)
                ids[address] = resource.kind.identity(spec) or f"juid-{len(ids):08}"
                record = recorded(spec, resource.secret_fields, state.digest)
                state.put(Record(address, resource.kind.name, ids[address], record, {}, tuple(resource.references())))

    def entries(self) -> dict[str, Any]:
        with open_state(self.home / "state.db") as state:
            return dict(state.records())

    def state(self) -> bytes:
        """All that is on disk of the state."""
        return b"".join(file.read_bytes() for file in self.home.glob("state.db*"))

    def _stack(self, wanted: Mapping[str, Any]) -> Stack:
        file = self.home / "stack.yaml"
        file.write_text(json.dumps({"headend": 1, "stack": "town", "just": wanted}))
        return load(file)

    def _go(self, wanted: Mapping[str, Any], options: dict[str, Any], *, write: bool) -> tuple[Plan, Outcome]:
        stack = self._stack(wanted)

        async def go() -> tuple[Plan, Outcome]:
            with open_state(self.home / "state.db") as state:
                async with Session(
                    {},
                    self.env,
                    transports={"just": self.sim.transport()},
                    redactor=Redactor(),
                    extra={"just": self.given},
                ) as session:
                    plan = await make_plan(stack, state, session, **options)
                    guard.raise_if_refused(guard.judge(plan, len(state.records()), guard.Consent(deletions=True)))
                    remember(plan, stack, state)
                    return plan, await apply(plan, stack, state, session) if write else Outcome()

        with mock.patch("headend.just.calls.wait_before", return_value=0):
            return asyncio.run(go())


def steps(plan: Plan) -> dict[str, str]:
    """Key -> action, of what the plan would do."""
    return {step.address.rpartition(".")[2]: step.action.value for step in plan.writes()}
