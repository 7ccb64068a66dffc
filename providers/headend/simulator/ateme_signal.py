"""Inputs and outputs of the simulated Ateme+ Cloud API (A-145..203)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headend.simulator.ateme_accounts import Environments
from headend.simulator.ateme_base import AtemeBase, Row
from headend.simulator.ateme_rules import INPUTS, NEEDED, OUTPUTS, Rule, joint_errors, update_rules
from headend.simulator.base import Call, Refusal, Reply, handles

_LOCATION = {"latitude": Rule(float, required=True), "longitude": Rule(float, required=True)}
_HIDDEN = frozenset({"password", "stream_key"})
_MEMBERS = frozenset(
    {
        "technical_details",
        "input_settings",
        "livelink_args",
        "is_transcoded_input",
        "associated_transcoder_id",
        "is_being_transcoded",
        "has_alerts",
    }
)


class Signal(AtemeBase):
    """What inputs and outputs have in common."""

    def shown(self, row: Row, id_field: str, hidden: frozenset[str] = frozenset()) -> Row:
        """A row as answered: without secrets unless chosen, the ids named as chosen (A-774)."""
        if not self.switch("secrets_shown"):
            hidden = hidden | _HIDDEN
        drop = hidden | {"organisation_id"}
        if not self.switch("variant_echo"):
            drop = drop | {"variant"}
        if self.switch("deleted") == "gone":
            drop = drop | {"is_deleted"}
        out = {name: value for name, value in row.items() if name not in drop}
        if self.switch("ids") == "plain":
            submitted = out.pop("id", None)
            out["id"] = out.pop(id_field)
            if submitted is not None:
                out.setdefault("stream_id", submitted)
        return out

    def item(self, call: Call, table: str, id_field: str) -> Row:
        """The row of the path, in the active environment; 404 for any other (A-775)."""
        row = self.row(table, call.path[id_field], table.removesuffix("s"))
        if row["environment_id"] != self.scope(call, "environment"):
            raise Refusal(404, {"message": f"no such {table.removesuffix('s')} in the active environment"})
        return row

    def changed(self, row: Row, rules: Mapping[str, Rule], given: Row) -> Row:
        """The row after an update, partial or full; keys with a default go back to it in a full one."""
        if self.switch("updates") == "partial":
            return row | given
        reset = {name: rule.default for name, rule in rules.items() if name != "id" and rule.default is not None}
        kept = {name: value for name, value in row.items() if name not in rules or name == "id"}
        return kept | reset | given

    def clash(self, table: str, environment_id: str, stream_id: str | None) -> None:
        """409 for a stream id that is taken in the environment (A-53)."""
        rows = self.world[table].values()
        if stream_id is not None and any(
            r.get("id") == stream_id and r["environment_id"] == environment_id and not r["is_deleted"] for r in rows
        ):
            raise Refusal(409, {"message": f"the stream id {stream_id} is taken in this environment"})

    def run(self, call: Call, row: Row) -> None:
        """Starts or stops; 409 if it already is."""
        wanted = "started" if call.op.key.endswith(".start") else "stopped"
        if row["status"] == wanted:
            raise Refusal(409, {"message": f"already {wanted}"})
        row["status"] = wanted

    def group(self, call: Call, row: Row, group_type: tuple[str, ...]) -> None:
        """Puts the row into a dashboard group of the fitting type."""
        id = self.body(call, {"dashboard_group_id": NEEDED})["dashboard_group_id"]
        group = self.world["groups"].get(id)
        if group is None or group["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": f"no such dashboard group: {id}"})
        if group["group_type"] not in group_type:
            self.refuse({"dashboard_group_id": f"is a group of type {group['group_type']}"})
        row["dashboard_group_id"] = id

    def unused(self, field: str, id: str) -> None:
        """409 while a schedule that has not ended uses it, a transcoder takes it as its source, or a multi-viewer shows
        it (A-739)."""
        if self.switch("references") == "ignored":
            return
        for row in self.world.get("transcoders", {}).values():
            if field == "input_id" and row["input_id"] == id and not row["is_deleted"]:
                raise Refusal(409, {"message": f"transcoder {row['transcoder_id']} uses it"})
        for row in self.world.get("multi_viewers", {}).values():
            shown = {tile["input_id"] for tile in row["tiles"].values()}
            if field == "input_id" and id in shown and not row["is_deleted"]:
                raise Refusal(409, {"message": f"multi-viewer {row['multi_viewer_id']} shows it"})
        now = self.now()
        for row in self.world["schedules"].values():
            over = row["end_time"] is not None and datetime.fromisoformat(row["end_time"]) <= now
            if row[field] == id and not row["is_deleted"] and not over:
                raise Refusal(409, {"message": f"schedule {row['schedule_id']} uses it"})


class Inputs(Signal):
    """Inputs of all variants."""

    @handles("input.list")
    async def inputs(self, call: Call) -> Reply:
        """All of the active organisation (A-145)."""
        rows = [r for r in self.live("inputs") if r["organisation_id"] == self.scope(call, "organisation")]
        return self.many("inputs", [self._input(call, row) for row in rows])

    @handles("input.get")
    async def get_input(self, call: Call) -> Reply:
        if self.switch("input_get") == "list":
            return await self.inputs(call)
        if self.switch("input_get") == "refused":
            return Reply(405, {"message": "GET is not allowed here"})
        return self.one("input", self._input(call, self.item(call, "inputs", "input_id")))

    @handles(*(f"input.create.{variant}" for variant in INPUTS if variant != "local_ts"))
    async def create_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        variant = call.op.key.rpartition(".")[2]
        environment = self.active_environment(call)
        rules = INPUTS[variant]
        body = self.body(call, rules)
        self.clash("inputs", environment["environment_id"], body["id"])
        row = self.add_input(environment, variant, body)
        return self.one("input", self._input(call, row), 201)

    def add_input(self, environment: Row, variant: str, body: Mapping[str, Any]) -> Row:
        """Hook: makes an input, also one that no call creates (Local-TS, a transcoder's)."""
        id = self.new_id("in")
        defaults = {name: rule.default for name, rule in INPUTS[variant].items() if rule.default is not None}
        where = {"environment_id": environment["environment_id"], "organisation_id": environment["organisation_id"]}
        made = {"is_transcoded_input": False, "is_being_transcoded": False, "has_alerts": False}
        row = {"input_id": id, **where, "variant": variant, **defaults, **body}
        row |= {"status": self.switch("initial_input"), "input_stopped": False, "warning_sent": False, **made}
        row |= {"associated_transcoder_id": None, "technical_details": {"host": f"{id}.cenv.example.com"}}
        self.world["inputs"][id] = row | {"is_deleted": False}
        found: Row = self.world["inputs"][id]
        return found

    @handles(*(f"input.update.{variant}" for variant in INPUTS))
    async def update_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        variant = call.op.key.rpartition(".")[2]
        row = self._writable(call)
        if row["variant"] != variant:
            raise Refusal(404, {"message": f"the input is a {row['variant']}"})
        rules = update_rules(INPUTS[variant], id_listed=variant not in {"zixi_pull", "local_ts"})
        body = self.body(call, rules, partial=self.switch("updates") == "partial")
        if body.get("id", row.get("id")) != row.get("id"):
            self.refuse({"id": "can't be changed"})
        self.world["inputs"][row["input_id"]] = row = self.changed(row, rules, body)
        if variant == "zixi_push" and self.switch("push_update_stops"):
            row["status"] = "stopped"
        return self.one("input", self._input(call, row))

    @handles("input.start", "input.stop")
    async def run_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable(call)
        self.run(call, row)
        if row["status"] == "started":
            row |= {"input_stopped": False, "warning_sent": False}
        return self.one("input", self._input(call, row))

    @handles("input.location")
    async def locate_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable(call)
        row |= self.body(call, _LOCATION)
        return self.one("input", self._input(call, row))

    @handles("input.dashboard_group")
    async def group_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable(call)
        # groups for multi-viewers and transcoders are joined by the input they make
        made = "mv" if row["variant"] == "local_ts" else "transcoder" if row["is_transcoded_input"] else "source"
        self.group(call, row, (made,))
        return self.one("input", self._input(call, row))

    @handles("input.delete")
    async def delete_input(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable(call)
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the input is deleted"})
        self.unused("input_id", row["input_id"])
        row["is_deleted"] = True
        return Reply(204)

    def stop_by_bitrate(self, input_id: str) -> None:
        """Hook: the environment stops an input that runs above its maximum (A-779)."""
        self.world["inputs"][input_id] |= {"status": "stopped", "input_stopped": True, "warning_sent": True}

    def _writable(self, call: Call) -> Row:
        row = self.item(call, "inputs", "input_id")
        self.active_environment(call)
        return row

    def _input(self, call: Call, row: Row) -> Row:
        member = self.role(call, row["organisation_id"])
        if self.switch("viewer_details") == "unlinked":
            row = {name: value for name, value in row.items() if name != "multi_viewer_id"}
        return self.shown(row, "input_id", frozenset() if member else _MEMBERS)


class Outputs(Signal, Environments):
    """Outputs of all variants; read and deleted by taker organisation, written in their environment (A-23)."""

    @handles("output.list", "output.list_all")
    async def outputs(self, call: Call) -> Reply:
        """Of the taker organisation, over all environments; list_all also shows deleted ones (A-203)."""
        rows = self.world["outputs"].values() if call.op.key == "output.list_all" else self.live("outputs")
        mine = [row for row in rows if row["taker_organisation_id"] == self.scope(call, "managing")]
        marked = [{**self._output(row), "is_deleted": row["is_deleted"]} for row in mine]
        return self.many("outputs", marked if call.op.key == "output.list_all" else map(self._output, mine))

    @handles("output.get")
    async def get_output(self, call: Call) -> Reply:
        return self.one("output", self._output(self._taken(call)))

    @handles(*(f"output.create.{variant}" for variant in OUTPUTS))
    async def create_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        variant = call.op.key.rpartition(".")[2]
        environment = self.active_environment(call)
        rules = self._rules(variant)
        body = self.body(call, rules)
        defaults = {name: rule.default for name, rule in rules.items() if rule.default is not None}
        row = self._with_fec({"variant": variant, **defaults, **body})
        self.refuse(joint_errors(row, body))
        self.clash("outputs", environment["environment_id"], body.get("id"))
        row.setdefault("permanent_schedule_agreement_id", None)
        self._assign(call, body.get("permanent_schedule_agreement_id"))
        id = self.new_id("out")
        where = {"environment_id": environment["environment_id"], "organisation_id": environment["organisation_id"]}
        row |= {"output_id": id, **where, "taker_organisation_id": self.scope(call, "managing")}
        row |= {"status": self.switch("initial_output"), "is_deleted": False}
        self.world["outputs"][id] = row
        return self.one("output", self._output(row), 201)

    @handles(*(f"output.update.{variant}" for variant in OUTPUTS))
    async def update_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        variant = call.op.key.rpartition(".")[2]
        row = self._writable_output(call)
        if row["variant"] != variant:
            raise Refusal(404, {"message": f"the output is a {row['variant']}"})
        rules = update_rules(self._rules(variant), id_listed=False)
        body = self.body(call, rules, partial=self.switch("updates") == "partial")
        result = self._with_fec(self.changed(row, rules, body))
        self.refuse(joint_errors(result, body))
        self.world["outputs"][row["output_id"]] = result
        return self.one("output", self._output(result))

    @handles("output.start", "output.stop")
    async def run_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable_output(call)
        self.run(call, row)
        return self.one("output", self._output(row))

    @handles("output.location")
    async def locate_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable_output(call)
        row |= self.body(call, _LOCATION)
        return self.one("output", self._output(row))

    @handles("output.dashboard_group")
    async def group_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._writable_output(call)
        self.group(call, row, ("destination",))
        return self.one("output", self._output(row))

    @handles("output.delete")
    async def delete_output(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self._taken(call)
        environment = self.world["environments"][row["environment_id"]]
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the output is deleted"})
        if environment["status"] != "running" and self.switch("stopped_writes") == "refused":
            raise Refusal(409, {"message": f"environment {row['environment_id']} is {environment['status']}"})
        self.unused("output_id", row["output_id"])
        row["is_deleted"] = True
        self.release_agreement(row)
        return Reply(204)

    @handles("output.states")
    async def output_states(self, call: Call) -> Reply:
        """Active destinations of the active environment, which must be running (A-201)."""
        environment_id = self.active_environment(call)["environment_id"]
        rows = [row for row in self.live("outputs") if row["environment_id"] == environment_id]
        return self.many("outputs", [{"output_id": row["output_id"], "status": row["status"]} for row in rows])

    def _rules(self, variant: str) -> dict[str, Rule]:
        rules = dict(OUTPUTS[variant])
        if "ttl" in rules:
            rules["ttl"] = Rule(int, 0, self.switch("ttl_limit"))
        return rules

    def _with_fec(self, row: Row) -> Row:
        """Rows and columns default to 10, only with FEC, and end with it (A-501, A-502)."""
        if row["variant"] != "udp_rist":
            return row
        if row.get("fec") in {1, 2}:
            return {"rows_d": 10, "columns_l": 10} | row
        return {name: value for name, value in row.items() if name not in {"rows_d", "columns_l"}}

    def _assign(self, call: Call, agreement_id: str | None) -> None:
        """Takes an agreement that is neither assigned nor finished (A-461)."""
        if agreement_id is None:
            return
        agreement = self.world["agreements"].get(agreement_id)
        if agreement is None or agreement["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": f"no such agreement: {agreement_id}"})
        if agreement["is_assigned"] or agreement["is_finished"]:
            self.refuse({"permanent_schedule_agreement_id": "is assigned or finished"})
        agreement["is_assigned"] = True

    def _taken(self, call: Call) -> Row:
        row = self.row("outputs", call.path["output_id"], "output")
        if row["taker_organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": "no such output of the managing organisation"})
        return row

    def _writable_output(self, call: Call) -> Row:
        self._taken(call)
        row = self.item(call, "outputs", "output_id")
        self.active_environment(call)
        return row

    def _output(self, row: Row) -> Row:
        shown = self.shown(row, "output_id")
        if row["variant"] in {"pull", "push"} and (row.get("latency") is None or row["latency"] < 0):
            shown["latency"] = None if self.switch("latency_echo") == "null" else -1  # remote configuration
        return shown
