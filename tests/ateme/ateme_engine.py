"""Stacks planned and applied against a simulated Ateme+, with the clock in hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.observed import Status
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.plan import Plan, Step
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import State, open_state
from headend.core.reconcile.status import Look, look
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.simulator import Simulator

ENVIRONMENT = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
LISTENER = {"variant": "srt_push", "port": 5001}
NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
E1 = "ateme.environments.e1"


def stack(environment: Mapping[str, Any] = {}, **children: Any) -> dict[str, Any]:
    """A stack with environment e1. children: inputs, outputs, schedules."""
    return {"headend": 1, "stack": "one", "ateme": {"environments": {"e1": {**ENVIRONMENT, **environment, **children}}}}


class Engine:
    """A directory with a state, and a simulated platform; `now` is the time on both sides."""

    def __init__(self, directory: Path, switches: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.directory, self.now = directory, NOON
        self.sim = Simulator({"ateme": switches or {}}, now=lambda: self.now)
        self.settings = {"poll_interval": 0, **settings}
        self.said: list[str] = []

    @property
    def world(self) -> dict[str, Any]:
        return self.sim.sims["ateme"].world

    def written(self) -> list[str]:
        """Operations of the writes so far."""
        return [entry.key for entry in self.sim.writes()]

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[State, Session]]:
        transports = dict.fromkeys(self.sim.sims, self.sim.transport())
        where: dict[str, Any] = {"env": self.sim.settings(), "transports": transports}
        with open_state(self.directory / "state.db") as state:
            async with Session({}, redactor=Redactor(), **where, extra={"ateme": self.settings}) as session:
                (await session("ateme")).now = lambda: self.now
                yield state, session

    def _load(self, wanted: Mapping[str, Any]) -> Any:
        file = self.directory / "stack.yaml"
        file.write_text(json.dumps(wanted))
        return load(file)

    def plan(self, wanted: Mapping[str, Any], **more: Any) -> Plan:
        async def run() -> Plan:
            async with self._open() as (state, session):
                return await make_plan(self._load(wanted), state, session, **more)

        return asyncio.run(run())

    def look(self, wanted: Mapping[str, Any]) -> dict[str, Status]:
        """What each object does, by its address."""

        async def run() -> Look:
            async with self._open() as (state, session):
                return await look(self._load(wanted), state.records(), session, now=lambda: self.now)

        return {sight.address: sight.status for sight in asyncio.run(run()).sights}

    def apply(self, wanted: Mapping[str, Any], allowed: list[str] | None = None, **more: Any) -> Outcome:
        """Plans and applies; `said` holds what was reported meanwhile. allowed: guards what is on air by the engine's
        own clock, and what may be interrupted all the same; None: by the wall clock, at which nothing is on air."""
        guard: dict[str, Any] = {} if allowed is None else {"now": lambda: self.now, "allowed": allowed}

        async def run() -> Outcome:
            async with self._open() as (state, session):
                loaded = self._load(wanted)
                plan = await make_plan(loaded, state, session, **more)
                return await apply(
                    plan, loaded, state, session, on_event=lambda e: self.said.append(e.message), **guard
                )

        return asyncio.run(run())

    def done(self, wanted: Mapping[str, Any], **more: Any) -> None:
        """Applies, and insists that all of it went well."""
        failed = self.apply(wanted, **more).failed
        assert failed == {}, failed

    def step(self, wanted: Mapping[str, Any], address: str) -> Step:
        return next(step for step in self.plan(wanted).steps if step.address == address)

    def problems(self, wanted: Mapping[str, Any]) -> list[str]:
        """What the plan is refused for; [] if it isn't."""
        try:
            self.plan(wanted)
        except InputError as error:
            return [f"{problem.address}: {problem.message}" for problem in error.problems]
        return []
