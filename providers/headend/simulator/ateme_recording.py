"""Recording in the simulated Ateme+ Cloud API (A-285..290)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule
from headend.simulator.ateme_schedules import Schedules
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_FORM = "%Y-%m-%dT%H:%M:%S%z"
_TIMES = ("start_time", "stop_time")
_TERMS: Mapping[str, Rule] = {
    "recording_bucket_id": NEEDED,
    **dict.fromkeys(_TIMES, Rule(required=True, form=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")),
    "transcode": Rule(bool),
}

_BUCKET = {
    "name": Rule(required=True, low=1, high=255),
    "bucket_path": Rule(required=True, form="[^/]+/.+"),
    "delivery_type": TEXT,
    "access_key": TEXT,
    "secret_key": TEXT,
}


class RecordingBuckets(Ateme):
    """Made in the active organisation, listed by the managing one; nobody changes or deletes them (A-836)."""

    buckets = AtemeTable(
        "recording_bucket",
        _BUCKET,
        serves=("list", "create"),
        counter="bucket",
        scope="organisation",
        listed="managing",
        readers="operator",
    )

    @buckets.shows
    def without_secrets(self, call: Call, row: Row) -> Row:
        shown = self.switch("secrets_shown")
        return {name: value for name, value in row.items() if shown or name not in {"access_key", "secret_key"}}


class Recordings(Schedules):
    """What is recorded. Each write sends all schedules of the environment again (A-289, A-290)."""

    recordings = AtemeTable(
        "recording_schedule",
        serves=(),
        placed=True,
        counter="rec",
        hidden=("organisation_id", "end_time"),
        holds=("input_id",),
    )

    @handles("recording_schedule.list_upcoming")
    async def upcoming_recordings(self, call: Call) -> Reply:
        """Those of one environment that are yet to start, for members of its owner (A-287)."""
        place = self.row("environments", call.path["environment_id"])
        if place["is_deleted"]:
            raise Refusal(404, {"message": "no such environment"})
        self.need_role(call, "monitor", place["organisation_id"])
        mine = [r for r in self.recordings.live(self) if r["environment_id"] == place["environment_id"]]
        rows = [row for row in mine if not row["is_deleted"] and _instant(row["start_time"]) > self.now()]
        return self.many("recording_schedules", [self._recording(call, row) for row in rows])

    @handles("recording_schedule.create")
    async def create_recording(self, call: Call) -> Reply:
        place = self.active_environment(call)
        self.need_role(call, "operator", place["organisation_id"])
        body = self.body(call, {"input_id": NEEDED, **_TERMS})
        row = {"environment_id": place["environment_id"], "organisation_id": place["organisation_id"]}
        row |= {"transcode": False, "is_deleted": False, **self._fitting(row, body)}
        source = self.world["inputs"].get(row["input_id"])
        if source is None or source["is_deleted"] or source["environment_id"] != row["environment_id"]:
            raise Refusal(404, {"message": f"no such input: {row['input_id']}"})
        async with self.push(row["environment_id"]):
            id = self.new_id("rec")
            self.world["recording_schedules"][id] = row = {"recording_schedule_id": id, **row}
        return self.one("recording_schedule", self._recording(call, row), 201)

    @handles("recording_schedule.update")
    async def update_recording(self, call: Call) -> Reply:
        """Not its start, once that has come."""
        row = self.recordings.found(self, call, "write")
        self.need_role(call, "operator", row["organisation_id"])
        body = self.body(call, _TERMS, partial=self.switch("updates") == "partial" or self._recording_begun(row))
        if "start_time" in body and self._recording_begun(row):
            self.refuse({"start_time": "the recording has started"})
        changed = self._fitting(row, body)
        async with self.push(row["environment_id"]):
            row |= changed
        return self.one("recording_schedule", self._recording(call, row))

    @handles("recording_schedule.delete")
    async def delete_recording(self, call: Call) -> Reply:
        row = self.recordings.found(self, call, "write")
        self.need_role(call, "operator", row["organisation_id"])
        async with self.push(row["environment_id"]):
            row["is_deleted"] = True
        return Reply(204)

    def _recording_begun(self, row: Row) -> bool:
        return _instant(row["start_time"]) <= self.now()

    def _fitting(self, row: Row, body: Row) -> Row:
        """The body as the row keeps it. 400 for times in the wrong order, 404 for a bucket that isn't there."""
        times = {name: datetime.strptime(body[name], _FORM).astimezone(UTC) for name in _TIMES if name in body}
        start, stop = (times.get(name) or _instant(row[name]) for name in _TIMES)
        if stop <= start or stop <= self.now():
            self.refuse({"stop_time": "must be after start_time, and in the future"})
        bucket = self.world["recording_buckets"].get(body.get("recording_bucket_id", row.get("recording_bucket_id")))
        if bucket is None or bucket["organisation_id"] != row["organisation_id"]:
            raise Refusal(404, {"message": "no such recording bucket"})
        return body | {name: time.isoformat() for name, time in times.items()} | {"end_time": stop.isoformat()}

    def _recording(self, call: Call, row: Row) -> Row:
        zone = timezone(timedelta(hours=2)) if self.switch("times") == "offset" else UTC
        times = {name: _instant(row[name]).astimezone(zone).strftime(_FORM) for name in _TIMES}
        return self.recordings.shown(self, call, row) | times


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
