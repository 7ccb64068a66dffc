"""Events and subscriptions to them in the simulated Ateme+ Cloud API (A-254, A-255, A-259..263)."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from headend.simulator.ateme import Row
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule
from headend.simulator.ateme_schedules import Schedules, in_order, spelt
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_EVENT: Mapping[str, Rule] = {
    "input_id": NEEDED,
    "name": Rule(required=True, low=1, high=255),
    "description": Rule(high=1000),
    "start_time": NEEDED,
    "end_time": NEEDED,
    "label_ids": Rule(list),
}
_UPDATE: Mapping[str, Rule] = {**_EVENT, "remove_old_image": Rule(bool)}
_TIMES = ("start_time", "end_time")
_OWN_TIMES: Mapping[str, Rule] = {"start_time": TEXT, "end_time": TEXT}
_TERMS: Mapping[str, Rule] = {"output_id": NEEDED, "timed_by_event_owner": Rule(bool, required=True), **_OWN_TIMES}


class Events(Schedules):
    """Events of a source, and the schedule entries by which organisations take them."""

    events = AtemeTable("event", serves=(), holds=("input_id",))

    # --- events ------------------------------------------------------------------------------------------------
    @handles("event.list")
    async def list_events(self, call: Call) -> Reply:
        """Active ones of the managing organisation, not those that it may take (A-259)."""
        self.need_role(call, "operator")
        ended = self.switch("ended_schedules") == "kept"
        mine = self.events.lists(self, call)
        return self.many("events", [self._event(row) for row in mine if ended or not self.over(row)])

    @handles("event.create")
    async def create_event(self, call: Call) -> Reply:
        environment = self.active_environment(call)
        self.need_role(call, "operator", environment["organisation_id"])
        body = self._event_body(call, _EVENT)
        id = self.new_id("event")
        row = {"event_id": id, "environment_id": environment["environment_id"], "description": None, "label_ids": []}
        row |= {"organisation_id": environment["organisation_id"], "image": None, "is_deleted": False}
        row |= self._checked_event(call, row, body)
        self.world["events"][id] = row
        return self.one("event", self._event(row), 201)

    @handles("event.update")
    async def update_event(self, call: Call) -> Reply:
        """Only what is passed, but for labels: those go if none are passed (A-261, A-837)."""
        row = self._own_event(call)
        self.active_environment(call)
        body = self._event_body(call, _UPDATE, partial=True)
        if body.pop("remove_old_image", False):
            body.setdefault("image", None)
        changed = self._checked_event(call, row, {"label_ids": [], **body})
        async with self.push(row["environment_id"]):
            row |= changed
            self._tell_subscribers(row)
        return self.one("event", self._event(row))

    @handles("event.delete")
    async def delete_event(self, call: Call) -> Reply:
        """What subscribes to it goes with it."""
        row = self._own_event(call)
        async with self.push(row["environment_id"]):
            for gone in (row, *self._subscriptions(row)):
                gone["is_deleted"] = True
        return Reply(204)

    @handles("event.image")
    async def event_image(self, call: Call) -> Reply:
        """For everybody who has access to the event, through any of their organisations (A-263)."""
        row = self.row("events", call.path["event_id"])
        if row["image"] is None or not self._may_take(call, row):
            raise Refusal(404, {"message": "no image of such an event"})
        media = mimetypes.guess_type(row["image"]["name"])[0] or "application/octet-stream"
        return Reply(200, base64.b64decode(row["image"]["content"]), media=media)

    def _own_event(self, call: Call) -> Row:
        """The event of the path, in the active environment; 404 for any other."""
        row = self.row("events", call.path["event_id"])
        if row["is_deleted"] or row["environment_id"] != self.scope(call, "environment"):
            raise Refusal(404, {"message": "no such event in the active environment"})
        self.need_role(call, "operator", row["organisation_id"])
        return row

    def _event_body(self, call: Call, rules: Mapping[str, Rule], *, partial: bool = False) -> Row:
        """The body, JSON or multipart: in that a list repeats its field, and everything is text."""
        if call.headers.get("content-type", "").startswith("multipart/"):
            given = call.body
            if isinstance(given.get("label_ids"), str):
                given["label_ids"] = [given["label_ids"]]
            if "remove_old_image" in given:
                given["remove_old_image"] = given["remove_old_image"] == "true"
        body = self.body(call, rules, partial=partial)
        self.refuse({name: "is no file of an event" for name in call.files if name != "image"})
        for name, content in call.files.values():
            body["image"] = {"name": name, "content": base64.b64encode(content).decode()}
        return body

    def _checked_event(self, call: Call, row: Row, body: Row) -> Row:
        """The body as the row keeps it. 400 for times, labels or an input that don't fit."""
        errors: dict[str, str] = {}
        times: dict[str, datetime] = {}
        for name in _TIMES:
            text = str(body.get(name, row.get(name)))
            try:
                times[name] = datetime.fromisoformat(text.upper())  # a small z works, too
                if times[name].tzinfo is None or times[name].microsecond or "." in text:
                    raise ValueError
            except ValueError:
                errors[name] = "must be like 2020-08-25T16:30:00+00:00"
        source = self.world["inputs"].get(body.get("input_id", row.get("input_id")))
        if source is None or source["is_deleted"] or source["environment_id"] != row["environment_id"]:
            errors["input_id"] = "must be an input of the event's environment"
        for id in body.get("label_ids", ()):
            label = self.world["labels"].get(id)
            if label is None or label["organisation_id"] != row["organisation_id"]:
                errors["label_ids"] = f"no such label: {id}"
        self.refuse(errors or in_order(times))
        return body | spelt({name: times[name].astimezone(UTC) for name in _TIMES})

    def _subscriptions(self, event: Row) -> list[Row]:
        rows = self.world["schedules"].values()
        return [row for row in rows if row.get("event_id") == event["event_id"] and not row["is_deleted"]]

    def _tell_subscribers(self, event: Row) -> None:
        for row in self._subscriptions(event):
            row["input_id"] = event["input_id"]
            if row["timed_by_event_owner"] and self.switch("event_times") != "stay":
                row |= {name: event[name] for name in _TIMES}

    def _event(self, row: Row) -> Row:
        hidden = {"organisation_id", "image", *(() if row["is_deleted"] else ("is_deleted",))}
        shown = {name: value for name, value in row.items() if name not in hidden}
        for name in _TIMES:
            time = datetime.fromisoformat(row[name])
            offset = timezone(timedelta(hours=2)) if self.switch("times") == "offset" else UTC
            shown[name] = time.astimezone(offset).isoformat()
        return shown | {"has_image": row["image"] is not None}

    # --- subscriptions -----------------------------------------------------------------------------------------
    @handles("event_subscription.create")
    async def subscribe(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        environment_id = self.active_environment(call)["environment_id"]
        body = self.body(call, {"event_id": NEEDED, **_TERMS})
        event = self._taken_event(call, body["event_id"], environment_id)
        fields = self._terms(call, event, body)
        if self.over(fields):
            self.refuse({"end_time": "must lie in the future"})
        fields |= {"event_id": event["event_id"], "input_id": event["input_id"], "is_event_subscription": True}
        return self.one("schedule", self.entry(await self.add_entry(call, environment_id, fields)), 201)

    @handles("event_subscription.update")
    async def resubscribe(self, call: Call) -> Reply:
        """Another output, other times; never another event (A-255)."""
        self.need_role(call, "operator")
        row = self.entry_of(call, "write")
        if not row["is_event_subscription"]:
            raise Refusal(404, {"message": "no such event subscription"})
        body = self.body(call, _TERMS, partial=self.switch("updates") == "partial")
        kept = {name: row[name] for name in ("output_id", "timed_by_event_owner")}
        event = self._taken_event(call, row["event_id"], row["environment_id"])
        changed = self._terms(call, event, kept | body)
        async with self.push(row["environment_id"]):
            row |= changed
        return self.one("schedule", self.entry(row))

    def _taken_event(self, call: Call, id: str, environment_id: str) -> Row:
        """The event, which must be in the output's environment (A-590); 404 for those without access to it."""
        event = self.row("events", id)
        if event["is_deleted"] or not self._may_take(call, event):
            raise Refusal(404, {"message": f"event_id: no such event: {id}"})
        if event["environment_id"] != environment_id:
            self.refuse({"event_id": "is in another environment than the output"})
        return event

    def _may_take(self, call: Call, event: Row) -> bool:
        """Members and guests of the event's organisation."""
        guests = self.world["guests"].get(event["organisation_id"], ())
        return bool(self.role(call, event["organisation_id"])) or self.scope(call, "user") in guests

    def _terms(self, call: Call, event: Row, body: Row) -> Row:
        """Output and times as the row keeps them: the event's, or both of one's own (A-593..595)."""
        self.ours(call, event["environment_id"], {"input_id": event["input_id"], "output_id": body["output_id"]})
        fields = {name: body[name] for name in ("output_id", "timed_by_event_owner")}
        if body["timed_by_event_owner"]:
            return fields | {name: event[name] for name in _TIMES}
        self.refuse({name: "is required unless the event's owner times it" for name in _TIMES if name not in body})
        times, errors = self.times(body, self.now())
        if body["start_time"] == "NOW":
            errors["start_time"] = "must be like 2020-08-25T16:30:00.000Z"
        self.refuse(errors or in_order(times))
        return fields | spelt(times)
