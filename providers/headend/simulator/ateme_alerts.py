"""Alerts, alert methods and labels of the simulated Ateme+ Cloud API (A-229..243, A-264..267)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from headend.simulator.ateme_base import AtemeBase, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_signal import Signal
from headend.simulator.base import Call, Refusal, Reply, handles

_DURATION = re.compile(r"(?=\d)(\d+h)?(\d+m)?(\d+s)?")
_METRICS = ("net_send.rtt", "net_recv.bitrate", "net_recv.jitter", "net_recv.loss_millipercent", "arq_recv.dropped")
_REPEATS = "5m 10m 15m 20m 25m 30m 45m 1h 1h30m 2h 2h30m 3h 4h 5h 7m30m 10h 15h 20h 24h"
_LENGTHS = {"gt": 1, "lt": 1, "outside_range": 2, "within_range": 2, "no_value": 0}
_ALERT: Mapping[str, Rule] = {
    "alert_method_id": NEEDED,
    "alert_on_query": Rule(required=True, choices=(*_METRICS, "is_connected")),
    "query_param": Rule(required=True, choices=tuple(_LENGTHS)),
    "query_value": Rule(list, required=True),
    "query_time_range": Rule(required=True, choices=("10s", "1m", "5m", "10m", "15m", "1h")),
    "alert_check_frequency": NEEDED,
    "alert_after_time": Rule(null=True),
    "alert_repeat": Rule(required=True, choices=tuple(_REPEATS.split())),
}
_TARGETS: Mapping[str, Rule] = {"input_ids": Rule(list), "output_ids": Rule(list)}
_METHOD: Mapping[str, Rule] = {
    "name": Rule(required=True, low=1, high=65),
    "alert_type": Rule(required=True, choices=("email", "slack")),
    "notification_parameters": Rule(list, required=True),
}
_STATUS = {"activate": "active", "deactivate": "paused"}


class Alerts(Signal):
    """Alerts on inputs and outputs of the active environment, and the organisation's ways to be told."""

    # --- reading -----------------------------------------------------------------------------------------------
    @handles("input.alerts", "output.alerts")
    async def alerts_of(self, call: Call) -> Reply:
        """For members of the organisation that has the input, or takes the output (A-166, A-197)."""
        noun = call.op.key.partition(".")[0]
        target = self.row(f"{noun}s", call.path[f"{noun}_id"], noun)
        owner = target["organisation_id"] if noun == "input" else target["taker_organisation_id"]
        if not self.role(call, owner):
            raise Refusal(403, {"message": f"the {noun} belongs to another organisation"})
        return self.many("alerts", map(self._alert, self._watching(noun, call.path[f"{noun}_id"])))

    @handles("alert.overview")
    async def alert_overview(self, call: Call) -> Reply:
        """Environments of the active organisation, their inputs and outputs, and the alerts of these (A-229)."""
        self.need_role(call, "operator")
        own = [r for r in self.live("environments") if r["organisation_id"] == self.scope(call, "organisation")]
        return self.many("environments", [row | self._tree(row["environment_id"]) for row in map(_named, own)])

    @handles("alert.targets")
    async def alert_targets(self, call: Call) -> Reply:
        id = self.active_environment(call, write=False)["environment_id"]
        tree = self._tree(id)
        return Reply(
            200, {name: [{k: v for k, v in row.items() if k != "alerts"} for row in tree[name]] for name in tree}
        )

    def _tree(self, environment_id: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for noun in ("input", "output"):
            here = [row for row in self.live(f"{noun}s") if row["environment_id"] == environment_id]
            ids = [row[f"{noun}_id"] for row in here]
            found[f"{noun}s"] = [
                {f"{noun}_id": id, "alerts": list(map(self._alert, self._watching(noun, id)))} for id in ids
            ]
        return found

    def _watching(self, noun: str, id: str) -> list[Row]:
        return [row for row in self.live("alerts") if row.get(f"{noun}_id") == id]

    def _alert(self, row: Row) -> Row:
        """As shown: the target is what was asked for; the deprecated names of it are still there (A-570)."""
        hidden = {"input_id", "output_id", *(() if row["is_deleted"] else ("is_deleted",))}
        shown = {name: value for name, value in row.items() if name not in hidden}
        return shown | {"source_id": None, "destination_id": None}

    # --- writing -----------------------------------------------------------------------------------------------
    @handles("alert.create")
    async def create_alerts(self, call: Call) -> Reply:
        """One alert for each target named (A-828)."""
        self.need_role(call, "operator")
        environment_id = self.active_environment(call)["environment_id"]
        body = self.body(call, {**_ALERT, **_TARGETS})
        targets = [(n, id) for n in ("input", "output") for id in body.pop(f"{n}_ids", [])]
        self._refuse_alert(call, body, {} if targets else {"input_ids": "or output_ids: one is required"})
        for noun, id in targets:
            target = self.world[f"{noun}s"].get(id)
            if target is None or target["is_deleted"] or target["environment_id"] != environment_id:
                raise Refusal(404, {"message": f"{noun}_ids: no such {noun} in the active environment: {id}"})
        made = []
        for noun, target_id in targets:
            id = self.new_id("alert")
            row = {"alert_id": id, "environment_id": environment_id, f"{noun}_id": target_id, "alert_after_time": None}
            self.world["alerts"][id] = row | body | {"status": "active", "is_alerting": False, "is_deleted": False}
            made.append(self._alert(self.world["alerts"][id]))
            self._noted()
        if self.switch("alert_create") == "message":
            return Reply(201, {"message": f"{len(made)} created"})
        if self.switch("alert_create") == "list" or len(made) > 1:
            return Reply(201, self.many("alerts", made).body)
        return self.one("alert", made[0], 201)

    @handles("alert.update")
    async def update_alert(self, call: Call) -> Reply:
        """Everything but the targets (A-830)."""
        self.need_role(call, "operator")
        row = self._own_alert(call)
        partial = self.switch("updates") == "partial"
        body = self.body(call, _ALERT, partial=partial)
        result = row | ({} if partial else {"alert_after_time": None}) | body
        self._refuse_alert(call, result)
        if self.switch("alert_update") == "unmutes":
            result["status"] = "active"
        self.world["alerts"][row["alert_id"]] = result
        return self.one("alert", self._alert(result))

    @handles("alert.action")
    async def mute_alert(self, call: Call) -> Reply:
        """activate or deactivate; the record stays (A-735)."""
        self.need_role(call, "operator")
        row, status = self._own_alert(call), _STATUS.get(call.path["action"])
        if status is None:
            self.refuse({"action": f"must be one of {', '.join(_STATUS)}"})
        if row["status"] == status:
            raise Refusal(409, {"message": f"the alert is {status} already"})
        row |= {"status": status, "is_alerting": False}
        return self.one("alert", self._alert(row))

    @handles("alert.delete")
    async def delete_alert(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        self._own_alert(call)["is_deleted"] = True
        self._noted()
        return Reply(204)

    @handles("alert.delete_environment")
    async def delete_all_alerts(self, call: Call) -> Reply:
        """All of the environment; headend never calls it (A-237)."""
        self.need_role(call, "operator")
        for row in self.world["alerts"].values():
            row["is_deleted"] |= row["environment_id"] == call.path["environment_id"]
        self._noted()
        return Reply(204)

    def _own_alert(self, call: Call) -> Row:
        """404 for one that is deleted, or outside of the active environment (A-775)."""
        row = self.row("alerts", call.path["alert_id"], "alert")
        if row["is_deleted"] or row["environment_id"] != self.active_environment(call)["environment_id"]:
            raise Refusal(404, {"message": "no such alert in the active environment"})
        return row

    def _refuse_alert(self, call: Call, row: Row, errors: Mapping[str, str] = {}) -> None:
        """400 for what one field says about another."""
        found, values = dict(errors), row["query_value"]
        if len(values) != _LENGTHS[row["query_param"]] or not all(type(n) in (int, float) for n in values):
            found["query_value"] = f"must be {_LENGTHS[row['query_param']]} numbers"
        elif values != sorted(values):
            found["query_value"] = "must be low, then high"
        elif row["alert_on_query"] == "net_recv.loss_millipercent" and not all(0 <= n <= 100_000 for n in values):
            found["query_value"] = "must be 0 to 100,000"
        elif row["alert_on_query"] == "is_connected" and not {0, 1}.issuperset(values):
            found["query_value"] = "must be 1 or 0"
        for name in ("alert_check_frequency", "alert_after_time"):
            if row.get(name) is not None and not _DURATION.fullmatch(row[name]):
                found[name] = "must be like 1h30m"
        method = self.world["alert_methods"].get(row["alert_method_id"])
        if method is None or method["is_deleted"] or method["organisation_id"] != self.scope(call, "managing"):
            found["alert_method_id"] = "no such alert method of the managing organisation"
        self.refuse(found)

    def _noted(self) -> None:
        """Inputs say whether they have alerts (A-427)."""
        watched = {row.get("input_id") for row in self.world["alerts"].values() if not row["is_deleted"]}
        for id, row in self.world["inputs"].items():
            row["has_alerts"] = id in watched

    def unused(self, field: str, id: str) -> None:
        """409 while an alert watches it, too (A-739)."""
        super().unused(field, id)
        self._refuse_users("alert", (r["alert_id"] for r in self.world["alerts"].values() if _live(r, field, id)))

    def _refuse_users(self, what: str, ids: Iterable[Any]) -> None:
        if (used := list(ids)) and self.switch("references") == "refused":
            raise Refusal(409, {"message": f"{what} {used[0]} uses it"})

    # --- alert methods -----------------------------------------------------------------------------------------
    @handles("alert_method.list")
    async def methods(self, call: Call) -> Reply:
        mine = [r for r in self.live("alert_methods") if r["organisation_id"] == self.scope(call, "managing")]
        return self.many("alert_methods", map(self._method, mine))

    @handles("alert_method.create")
    async def create_method(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        body = self._addressed(self.body(call, _METHOD))
        id = self.new_id("method")
        row = {"alert_method_id": id, "organisation_id": self.scope(call, "managing"), **body, "is_deleted": False}
        self.world["alert_methods"][id] = row
        return self.one("alert_method", self._method(row), 201)

    @handles("alert_method.update")
    async def update_method(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._own(call, "alert_methods", "alert_method_id")
        body = self.body(call, _METHOD, partial=self.switch("updates") == "partial")
        row |= self._addressed({"notification_parameters": row["notification_parameters"], **body})
        return self.one("alert_method", self._method(row))

    @handles("alert_method.delete")
    async def delete_method(self, call: Call) -> Reply:
        """409 while an alert uses it (A-53)."""
        self.need_role(call, "operator")
        row = self._own(call, "alert_methods", "alert_method_id")
        users = (r for r in self.world["alerts"].values() if _live(r, "alert_method_id", row["alert_method_id"]))
        self._refuse_users("alert", (r["alert_id"] for r in users))
        row["is_deleted"] = True
        return Reply(204)

    def _addressed(self, body: Row) -> Row:
        addresses = body["notification_parameters"]
        if not addresses or not all(isinstance(one, str) and one for one in addresses):
            self.refuse({"notification_parameters": "must be a list of valid addresses"})
        return body

    def _method(self, row: Row) -> Row:
        """Slack addresses are shown only where secrets are."""
        masked = row["alert_type"] == "slack" and not self.switch("secrets_shown")
        drop = {"organisation_id", *(("notification_parameters",) if masked else ())}
        return {name: value for name, value in row.items() if name not in drop}

    def _own(self, call: Call, table: str, id_field: str) -> Row:
        row = self.row(table, call.path[id_field], table.removesuffix("s"))
        if row["is_deleted"] or row["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": f"the managing organisation has none: {call.path[id_field]}"})
        return row


class Labels(AtemeBase):
    """Access permissions labels."""

    @handles("label.list")
    async def labels(self, call: Call) -> Reply:
        mine = [row for row in self.world["labels"].values() if row["organisation_id"] == self.scope(call, "managing")]
        return self.many("labels", map(self._label, mine))

    @handles("label.create")
    async def create_label(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        id = self.new_id("label")
        row = {"label_id": id, "organisation_id": self.scope(call, "managing"), **self.body(call, {"text": NEEDED})}
        self.world["labels"][id] = row
        return self.one("label", self._label(row), 201)

    @handles("label.update", "label.delete")
    async def change_label(self, call: Call) -> Reply:
        """Deletes only what nothing refers to (A-267)."""
        self.need_role(call, "operator")
        id = call.path["label_id"]
        row = self.world["labels"].get(id)
        if row is None or row["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": f"no such label: {id}"})
        if call.op.key == "label.update":
            row |= self.body(call, {"text": NEEDED})
            return self.one("label", self._label(row))
        if self._carried(id):
            raise Refusal(409, {"message": "the label is referenced"})
        del self.world["labels"][id]
        return Reply(204)

    def _carried(self, id: str) -> bool:
        """Whether anything alive, of whatever sort, has the label among its labels."""
        tables = (table for table in self.world.values() if isinstance(table, dict))
        rows = (row for table in tables for row in table.values() if isinstance(row, dict))
        return any(id in (row.get("label_ids") or ()) and not row.get("is_deleted") for row in rows)

    def _label(self, row: Row) -> Row:
        return {"label_id": row["label_id"], "text": row["text"]}


def _named(row: Row) -> Row:
    return {"environment_id": row["environment_id"], "name": row["name"]}


def _live(row: Row, field: str, id: str) -> bool:
    return row.get(field) == id and not row["is_deleted"]
