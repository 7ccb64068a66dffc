"""Alerts and alert methods of the simulated Ateme+ Cloud API (A-229..243)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_table import AtemeTable
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


class Alerts(Ateme):
    """Alerts on inputs and outputs of the active environment."""

    switches = {
        "alert_create": ("object", "list", "message"),  # how a new alert is answered
        "alert_update": ("unmutes", "keeps"),  # what an update does to a muted alert
    }

    alerts = AtemeTable(
        "alert",
        _ALERT,
        scope="environment",
        placed=True,
        partial=True,
        soft=True,
        holds=("input_id", "output_id", "alert_method_id"),
        hidden=("input_id", "output_id"),
    )

    @alerts.shows
    def _alert(self, call: Call, row: Row) -> Row:
        """The deprecated names of the target are still there (A-570)."""
        return row | {"source_id": None, "destination_id": None}

    @alerts.before("update")
    def update_alert(self, call: Call, row: Row, given: Row) -> None:
        """Everything but the targets (A-830)."""
        row.setdefault("alert_after_time", None)
        self._refuse_alert(call, row)
        if self.switch("alert_update") == "unmutes":
            row["status"] = "active"

    # --- reading -----------------------------------------------------------------------------------------------
    @handles("input.alerts", "output.alerts")
    async def alerts_of(self, call: Call) -> Reply:
        """For members of the organisation that has the input, or takes the output (A-166, A-197)."""
        noun = call.op.key.partition(".")[0]
        target = self.row(f"{noun}s", call.path[f"{noun}_id"])
        owner = target["organisation_id"] if noun == "input" else target["taker_organisation_id"]
        if not self.role(call, owner):
            raise Refusal(403, {"message": f"the {noun} belongs to another organisation"})
        return self.many("alerts", self._watching(call, noun, call.path[f"{noun}_id"]))

    @handles("alert.overview")
    async def alert_overview(self, call: Call) -> Reply:
        """Environments of the active organisation, their inputs and outputs, and the alerts of these (A-229)."""
        self.need_role(call, "operator")
        own = [r for r in self.live("environments") if r["organisation_id"] == self.scope(call, "organisation")]
        return self.many("environments", [row | self._tree(call, row["environment_id"]) for row in map(_named, own)])

    @handles("alert.targets")
    async def alert_targets(self, call: Call) -> Reply:
        id = self.active_environment(call, write=False)["environment_id"]
        tree = self._tree(call, id)
        return Reply(
            200, {name: [{k: v for k, v in row.items() if k != "alerts"} for row in tree[name]] for name in tree}
        )

    def _tree(self, call: Call, environment_id: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for noun in ("input", "output"):
            here = [row for row in self.live(f"{noun}s") if row["environment_id"] == environment_id]
            ids = [row[f"{noun}_id"] for row in here]
            found[f"{noun}s"] = [{f"{noun}_id": id, "alerts": self._watching(call, noun, id)} for id in ids]
        return found

    def _watching(self, call: Call, noun: str, id: str) -> list[Row]:
        return [self.alerts.shown(self, call, row) for row in self.live("alerts") if row.get(f"{noun}_id") == id]

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
            made.append(self.alerts.shown(self, call, self.world["alerts"][id]))
        if self.switch("alert_create") == "message":
            return Reply(201, {"message": f"{len(made)} created"})
        if self.switch("alert_create") == "list" or len(made) > 1:
            return Reply(201, self.many("alerts", made).body)
        return self.one("alert", made[0], 201)

    @handles("alert.action")
    async def mute_alert(self, call: Call) -> Reply:
        """activate or deactivate; the record stays (A-735)."""
        self.need_role(call, "operator")
        row, status = self.alerts.found(self, call, "write"), _STATUS.get(call.path["action"])
        if status is None:
            self.refuse({"action": f"must be one of {', '.join(_STATUS)}"})
        if row["status"] == status:
            raise Refusal(409, {"message": f"the alert is {status} already"})
        row |= {"status": status, "is_alerting": False}
        return self.alerts.answer(self, call, row)

    @handles("alert.delete_environment")
    async def delete_all_alerts(self, call: Call) -> Reply:
        """Those on its channels, and those on destinations that the caller's organisation takes (A-984). headend never
        calls it (A-237)."""
        self.need_role(call, "operator")
        taker = self.scope(call, "managing")
        for row in self.world["alerts"].values():
            output = self.world["outputs"].get(row.get("output_id"))
            if row["environment_id"] == call.path["environment_id"]:
                row["is_deleted"] |= output is None or output["taker_organisation_id"] == taker
        return Reply(204)

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


class AlertMethods(Ateme):
    """An organisation's ways to be told (A-240..243)."""

    alert_methods = AtemeTable("alert_method", _METHOD, partial=True, soft=True, counter="method")

    @alert_methods.before("create", "update")
    def addressed(self, call: Call, row: Row, given: Row) -> None:
        addresses = row["notification_parameters"]
        if not addresses or not all(isinstance(one, str) and one for one in addresses):
            self.refuse({"notification_parameters": "must be a list of valid addresses"})

    @alert_methods.before("delete")
    def unwatched(self, call: Call, row: Row, given: Row) -> None:
        self.unused("alert_method_id", row["alert_method_id"])

    @alert_methods.shows
    def mask_keys(self, call: Call, row: Row) -> Row:
        """Slack addresses are shown only where secrets are."""
        if row["alert_type"] != "slack" or self.switch("secrets_shown"):
            return row
        return {name: value for name, value in row.items() if name != "notification_parameters"}


def _named(row: Row) -> Row:
    return {"environment_id": row["environment_id"], "name": row["name"]}
