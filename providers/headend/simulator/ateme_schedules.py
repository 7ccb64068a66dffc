"""Schedules of the simulated Ateme+ Cloud API; each write pushes all entries to the environment (A-244..250)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

from headend.simulator.ateme_base import AtemeBase, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.base import Call, Refusal, Reply, handles

_FORMAT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
_TIMES: Mapping[str, Rule] = {"start_time": NEEDED, "end_time": NEEDED}


class Schedules(AtemeBase):
    """Timed schedules."""

    _pushing: set[str]

    def populate(self) -> None:
        super().populate()
        self._pushing = set()

    @handles("schedule.list")
    async def schedules(self, call: Call) -> Reply:
        """Of the managing organisation, without deleted ones (A-244)."""
        mine = [row for row in self.world["schedules"].values() if not row["is_deleted"]]
        if self.switch("ended_schedules") == "gone":
            mine = [row for row in mine if _instant(row["end_time"]) > self.now()]
        return self.many("schedules", [self._schedule(row) for row in mine if self._takes(call, row)])

    @handles("schedule.get")
    async def get_schedule(self, call: Call) -> Reply:
        return self.one("schedule", self._schedule(self._entry(call)))

    @handles("schedule.status")
    async def schedule_status(self, call: Call) -> Reply:
        row = self._entry(call)
        return self.one("schedule", {"schedule_id": row["schedule_id"], "status": self._status(row)})

    @handles("schedule.create")
    async def create_schedule(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        environment_id = self.active_environment(call)["environment_id"]
        body = self.body(call, {"input_id": NEEDED, "output_id": NEEDED, **_TIMES})
        self._ours(call, environment_id, body)
        now = self.now()
        times, errors = self._times(body, now)
        if not errors and times["end_time"] <= now:
            errors["end_time"] = "must lie in the future"
        if not errors and times["end_time"] <= times["start_time"]:
            errors["end_time"] = "must be after start_time"
        self.refuse(errors)
        async with self._push(environment_id):
            id = self.new_id("sched")
            row = {"schedule_id": id, "environment_id": environment_id, **body}
            row |= {name: time.isoformat() for name, time in times.items()}
            row |= {"taker_organisation_id": self.scope(call, "managing"), "is_event_subscription": False}
            self.world["schedules"][id] = row | {"is_deleted": False}
        return self.one("schedule", self._schedule(row), 201)

    @handles("schedule.update")
    async def update_schedule(self, call: Call) -> Reply:
        """Either time or both; the start only until the entry has started (A-745)."""
        self.need_role(call, "operator")
        row = self._writable_entry(call)
        body = self.body(call, _TIMES, partial=True)
        times, errors = self._times(body, self.now())
        if not body:
            errors["start_time"] = errors["end_time"] = "at least one of both is required"
        if "start_time" in body and _instant(row["start_time"]) <= self.now():
            errors["start_time"] = "the entry has started"
        merged = {name: times.get(name, _instant(row[name])) for name in _TIMES}
        if not errors and merged["end_time"] <= merged["start_time"]:
            errors["end_time"] = "must be after start_time"
        self.refuse(errors)
        async with self._push(row["environment_id"]):
            row |= {name: time.isoformat() for name, time in times.items()}
        return self.one("schedule", self._schedule(row))

    @handles("schedule.delete")
    async def delete_schedule(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable_entry(call)
        async with self._push(row["environment_id"]):
            row["is_deleted"] = True
        return Reply(204)

    def pushes(self, environment_id: str) -> int:
        """Hook: how many times the schedules of an environment were pushed (A-743)."""
        count: int = self.world["pushes"].get(environment_id, 0)
        return count

    # --- helpers -------------------------------------------------------------------------------------------------
    @asynccontextmanager
    async def _push(self, environment_id: str) -> AsyncIterator[None]:
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

    def _ours(self, call: Call, environment_id: str, body: Row) -> None:
        """404 unless source and destination are live, in this environment, and the destination's taker is asking."""
        for field, table in (("input_id", "inputs"), ("output_id", "outputs")):
            row = self.world[table].get(body[field])
            if row is None or row["is_deleted"] or row["environment_id"] != environment_id:
                raise Refusal(404, {"message": f"{field}: no such {table.removesuffix('s')}: {body[field]}"})
            if table == "outputs" and not self._takes(call, row):
                raise Refusal(404, {"message": f"output_id: no such output: {body[field]}"})

    def _takes(self, call: Call, row: Row) -> bool:
        return bool(row["taker_organisation_id"] == self.scope(call, "managing"))

    def _entry(self, call: Call) -> Row:
        row = self.row("schedules", call.path["schedule_id"], "schedule")
        ended = self.switch("ended_schedules") == "gone" and _instant(row["end_time"]) <= self.now()
        if ended or not self._takes(call, row):
            raise Refusal(404, {"message": "no such schedule of the managing organisation"})
        return row

    def _writable_entry(self, call: Call) -> Row:
        row = self._entry(call)
        if row["is_deleted"] or row["environment_id"] != self.scope(call, "environment"):
            raise Refusal(404, {"message": "no such schedule in the active environment"})
        self.active_environment(call)
        return row

    def _times(self, body: Row, now: datetime) -> tuple[dict[str, datetime], dict[str, str]]:
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
        now = self.now()
        if now < _instant(row["start_time"]):
            return "scheduled"
        return "running" if now < _instant(row["end_time"]) else "finished"

    def _schedule(self, row: Row) -> Row:
        shown = {name: value for name, value in row.items() if name not in {"is_deleted", "taker_organisation_id"}}
        if row.get("is_deleted"):
            shown["is_deleted"] = True
        for name in _TIMES:
            time = _instant(row[name])
            if self.switch("times") == "offset":
                time = time.astimezone(timezone(timedelta(hours=2)))
            shown[name] = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return shown | {"status": self._status(row)}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
