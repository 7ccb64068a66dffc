"""Timed and permanent schedules of the simulated Ateme+ Cloud API; each write pushes all entries to the environment
(A-196, A-244..249)."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_FORMAT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
_AGREEMENT = "permanent_schedule_agreement_id"
_TIMES: Mapping[str, Rule] = {"start_time": NEEDED, "end_time": NEEDED}


class Schedules(Ateme):
    """What all entries have in common, and the timed and permanent ones."""

    switches = {
        "ended_schedules": ("kept", "gone"),
        "times": ("utc", "offset"),  # how schedule times are echoed
        "permanent_start": ("hidden", "shown"),  # whether a permanent schedule says since when
        "event_times": ("reach", "stay", "hidden"),  # whether an event's new times reach its subscriptions
        "push_seconds": (0.002,),  # how long a schedule push holds its environment
    }

    schedules = AtemeTable("schedule", serves=(), scope="taker", placed=True, holds=("input_id", "output_id"))
    _pushing: set[str]

    def populate(self) -> None:
        super().populate()
        self.world["pushes"] = {}
        self._pushing = set()

    @handles("schedule.list")
    async def list_schedules(self, call: Call) -> Reply:
        """Of the managing organisation, without deleted ones (A-244)."""
        gone = self.switch("ended_schedules") == "gone"
        mine = [r for r in self.schedules.lists(self, call) if not (r["is_deleted"] or (gone and self.over(r)))]
        return self.many("schedules", map(self.entry, mine))

    @handles("schedule.get")
    async def get_schedule(self, call: Call) -> Reply:
        return self.one("schedule", self.entry(self.entry_of(call)))

    @handles("schedule.status")
    async def schedule_status(self, call: Call) -> Reply:
        row = self.entry_of(call)
        return self.one("schedule", {"schedule_id": row["schedule_id"], "status": self._status(row)})

    @handles("schedule.create")
    async def create_schedule(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        environment_id = self.active_environment(call)["environment_id"]
        body = self.body(call, {"input_id": NEEDED, "output_id": NEEDED, **_TIMES})
        self.ours(call, environment_id, body)
        now = self.now()
        times, errors = self.times(body, now)
        if not errors and times["end_time"] <= now:
            errors["end_time"] = "must lie in the future"
        self.refuse(errors or in_order(times))
        row = await self.add_entry(call, environment_id, {**body, **spelt(times), "is_event_subscription": False})
        return self.one("schedule", self.entry(row), 201)

    @handles("permanent_schedule.create")
    async def create_permanent(self, call: Call) -> Reply:
        """Of an output with an agreement, for an input whose bitrate the agreement covers; one for each (A-196)."""
        self.need_role(call, "operator")
        environment_id, output_id = self.active_environment(call)["environment_id"], call.path["output_id"]
        ends = {"output_id": output_id, **self.body(call, {"input_id": NEEDED})}
        self.ours(call, environment_id, ends)
        agreement = self.world["agreements"].get(self.world["outputs"][output_id].get(_AGREEMENT))
        if agreement is None:
            self.refuse({"output_id": "is no permanently scheduled output: it has no agreement"})
        bitrate = self.world["inputs"][ends["input_id"]].get("bitrate")
        if bitrate is not None and bitrate > 1000 * agreement.get("bitrate", math.inf):
            self.refuse({"input_id": "its bitrate exceeds that of the agreement"})
        entries = self.world["schedules"].values()
        if any(r["output_id"] == output_id and r["end_time"] is None and not r["is_deleted"] for r in entries):
            raise Refusal(409, {"message": f"output {output_id} is permanently scheduled already"})
        times = {"start_time": self.now().isoformat(), "end_time": None}
        row = await self.add_entry(call, environment_id, {**ends, **times, "is_event_subscription": False})
        return self.one("schedule", self.entry(row), 201)

    async def add_entry(self, call: Call, environment_id: str, fields: Row) -> Row:
        """Makes an entry of the caller's, with a push."""
        async with self.push(environment_id):
            id = self.new_id("sched")
            row = {"schedule_id": id, "environment_id": environment_id, **fields}
            row |= {"taker_organisation_id": self.scope(call, "managing"), "is_deleted": False}
            self.world["schedules"][id] = row
        return row

    @handles("schedule.update")
    async def update_schedule(self, call: Call) -> Reply:
        """Either time or both; the start only until the entry has started (A-745)."""
        self.need_role(call, "operator")
        row = self.entry_of(call, "write")
        if row["is_event_subscription"] or row["end_time"] is None:
            raise Refusal(404, {"message": "no such timed schedule"})
        body = self.body(call, _TIMES, partial=True)
        times, errors = self.times(body, self.now())
        if not body:
            errors["start_time"] = errors["end_time"] = "at least one of both is required"
        if "start_time" in body and _instant(row["start_time"]) <= self.now():
            errors["start_time"] = "the entry has started"
        merged = {name: times.get(name, _instant(row[name])) for name in _TIMES}
        self.refuse(errors or in_order(merged))
        async with self.push(row["environment_id"]):
            row |= spelt(times)
        return self.one("schedule", self.entry(row))

    @handles("schedule.delete")
    async def delete_schedule(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self.entry_of(call, "write")
        async with self.push(row["environment_id"]):
            row["is_deleted"] = True
        return Reply(204)

    def pushes(self, environment_id: str) -> int:
        """Hook: how many times the schedules of an environment were pushed (A-743)."""
        count: int = self.world["pushes"].get(environment_id, 0)
        return count

    # --- helpers -------------------------------------------------------------------------------------------------
    @asynccontextmanager
    async def push(self, environment_id: str) -> AsyncIterator[None]:
        """Holds the environment while its schedules are sent; 409 if that is under way already (A-743)."""
        if environment_id in self._pushing:
            raise Refusal(409, {"message": f"schedules of {environment_id} are being pushed"})
        self._pushing.add(environment_id)
        try:
            await asyncio.sleep(self.switch("push_seconds"))
            self.world["pushes"][environment_id] = self.pushes(environment_id) + 1
            yield
        finally:
            self._pushing.discard(environment_id)

    def ours(self, call: Call, environment_id: str, body: Row) -> None:
        """404 unless source and destination are live, in this environment, and the destination's taker is asking."""
        for field, table in (("input_id", "inputs"), ("output_id", "outputs")):
            row = self.world[table].get(body[field])
            if row is None or row["is_deleted"] or row["environment_id"] != environment_id:
                raise Refusal(404, {"message": f"{field}: no such {table.removesuffix('s')}: {body[field]}"})
            if table == "outputs" and not self.schedules.owns(self, call, row):
                raise Refusal(404, {"message": f"output_id: no such output: {body[field]}"})

    def entry_of(self, call: Call, verb: str = "get") -> Row:
        row = self.schedules.found(self, call, verb)
        if self.switch("ended_schedules") == "gone" and self.over(row):
            raise self.schedules.missing(self, row["schedule_id"])
        return row

    def times(self, body: Row, now: datetime) -> tuple[dict[str, datetime], dict[str, str]]:
        """The times given, NOW resolved, and what is wrong with them by field."""
        times: dict[str, datetime] = {}
        errors: dict[str, str] = {}
        for name in _TIMES:
            if name not in body:
                continue
            if name == "start_time" and body[name] == "NOW":
                times[name] = now.replace(microsecond=now.microsecond // 1000 * 1000)
                continue
            try:
                if not _FORMAT.fullmatch(body[name]):
                    raise ValueError
                times[name] = datetime.fromisoformat(body[name]).astimezone(UTC)
            except ValueError:
                errors[name] = "must be like 2020-08-25T16:30:00.000Z"
        return times, errors

    def _status(self, row: Row) -> str:
        if self.now() < _instant(row["start_time"]):
            return "scheduled"
        return "finished" if self.over(row) else "running"

    def entry(self, row: Row) -> Row:
        shown = {name: value for name, value in row.items() if name not in {"is_deleted", "taker_organisation_id"}}
        if row.get("is_deleted"):
            shown["is_deleted"] = True
        for name in _TIMES:
            shown[name] = row[name] and self._echo(row[name])
        if row["end_time"] is None and self.switch("permanent_start") == "hidden":
            shown["start_time"] = None
        if row.get("timed_by_event_owner") and self.switch("event_times") == "hidden":
            shown |= dict.fromkeys(_TIMES)
        return shown | {"status": self._status(row)}

    def _echo(self, text: str) -> str:
        time = _instant(text)
        if self.switch("times") == "offset":
            time = time.astimezone(timezone(timedelta(hours=2)))
        return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def in_order(times: Mapping[str, datetime]) -> dict[str, str]:
    """The error, by field, of a span that ends before it begins."""
    wrong = times["end_time"] <= times["start_time"]
    return {"end_time": "must be after start_time"} if wrong else {}


def spelt(times: Mapping[str, datetime]) -> dict[str, str]:
    """Times as rows keep them."""
    return {name: time.isoformat() for name, time in times.items()}
