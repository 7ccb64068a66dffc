"""Inputs and outputs of the simulated Ateme+ Cloud API (A-145..203)."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_office import Agreements
from headend.simulator.ateme_rules import INPUTS, NEEDED, OUTPUTS, Rule, joint_errors, update_rules
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_LOCATION = {"latitude": Rule(float, required=True), "longitude": Rule(float, required=True)}
_SECRETS = frozenset({"password", "stream_key"})
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


@dataclass(eq=False, kw_only=True)
class SignalTable(AtemeTable):
    """Inputs or outputs: variants with fields and calls of their own. updates_id: variants whose update names it."""

    variants: Mapping[str, Mapping[str, Rule]]
    updates_id: Collection[str] = ()
    partial: bool = True
    soft: bool = True

    def fields(self, sim: Ateme, call: Call, verb: str) -> Mapping[str, Rule]:
        variant = _variant(call)
        rules = self.variants[variant]
        if "ttl" in rules:
            rules = {**rules, "ttl": Rule(int, 0, sim.switch("ttl_limit"))}
        return update_rules(rules, id_listed=variant in self.updates_id) if verb == "update" else rules

    def found(self, sim: Ateme, call: Call, verb: str = "get") -> Row:
        row = super().found(sim, call, verb)
        if verb == "update" and row["variant"] != _variant(call):
            raise Refusal(404, {"message": f"the {self.noun} is a {row['variant']}"})
        return row

    def new(self, sim: Ateme, call: Call, given: Row) -> Row:
        return super().new(sim, call, given) | {"variant": _variant(call)}

    def shown(self, sim: Ateme, call: Call, row: Row) -> Row:
        """Without secrets unless chosen, the ids named as chosen (A-774)."""
        drop = frozenset() if sim.switch("secrets_shown") else _SECRETS
        drop |= frozenset() if sim.switch("variant_echo") else {"variant"}
        out = {name: value for name, value in super().shown(sim, call, row).items() if name not in drop}
        if sim.switch("ids") == "plain":
            submitted = out.pop("id", None)
            out["id"] = out.pop(self.id_field)
            if submitted is not None:
                out.setdefault("stream_id", submitted)
        return out


class _Named:
    """The rows of a table by stream id, which never changes. Of a table that has grown only the new rows are read."""

    def __init__(self) -> None:
        self._table: dict[str, Row] = {}
        self._count, self._last = 0, ""
        self._keys: dict[Any, list[str]] = {}

    def rows(self, table: dict[str, Row], id: Any) -> list[Row]:
        new = list(takewhile(lambda key: key != self._last, reversed(table)))
        if table is not self._table or len(new) + self._count != len(table):
            new, self._keys = list(reversed(table)), {}
        for key in reversed(new):
            self._keys.setdefault(table[key].get("id"), []).append(key)
        self._table, self._count, self._last = table, len(table), next(reversed(table), "")
        return [table[key] for key in self._keys.get(id, ())]


class Signal(Ateme):
    """What inputs and outputs have in common."""

    switches = {
        "ids": ("named", "plain"),  # {input_id, id} or {id, stream_id}
        "variant_echo": (True, False),  # whether rows of inputs and outputs say what they are
    }

    @handles("input.start", "input.stop", "output.start", "output.stop")
    async def run(self, call: Call) -> Reply:
        """409 if it already is."""
        kind, row = self._target(call)
        wanted = "started" if call.op.key.endswith(".start") else "stopped"
        if row["status"] == wanted:
            raise Refusal(409, {"message": f"already {wanted}"})
        row["status"] = wanted
        if kind.noun == "input" and wanted == "started":
            row |= {"input_stopped": False, "warning_sent": False}
        return kind.answer(self, call, row)

    @handles("input.location", "output.location")
    async def locate(self, call: Call) -> Reply:
        kind, row = self._target(call)
        row |= self.body(call, _LOCATION)
        return kind.answer(self, call, row)

    @handles("input.dashboard_group", "output.dashboard_group")
    async def group(self, call: Call) -> Reply:
        """Groups for multi-viewers and transcoders are joined by the input that they make (A-418)."""
        kind, row = self._target(call)
        id = self.body(call, {"dashboard_group_id": NEEDED})["dashboard_group_id"]
        group = self.world["groups"].get(id)
        if group is None or group["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": f"no such dashboard group: {id}"})
        source = "mv" if row["variant"] == "local_ts" else "transcoder" if row.get("is_transcoded_input") else "source"
        if group["group_type"] != (source if kind.noun == "input" else "destination"):
            self.refuse({"dashboard_group_id": f"is a group of type {group['group_type']}"})
        row["dashboard_group_id"] = id
        return kind.answer(self, call, row)

    def _target(self, call: Call) -> tuple[AtemeTable, Row]:
        """The input or output that the call changes."""
        self.need_role(call, "operator")
        kind = self.kind(f"{call.op.key.partition('.')[0]}s")
        return kind, kind.found(self, call, "write")

    def clash(self, table: str, row: Row) -> None:
        """409 for a stream id that is taken in the environment (A-53)."""
        id, place = row.get("id"), row["environment_id"]
        same = [] if id is None else self._named.setdefault(table, _Named()).rows(self.world[table], id)
        if any(r["environment_id"] == place and not r["is_deleted"] for r in same):
            raise Refusal(409, {"message": f"the stream id {id} is taken in this environment"})

    @functools.cached_property
    def _named(self) -> dict[str, _Named]:
        return {}


class Inputs(Signal):
    """Inputs of all variants."""

    switches = {
        "initial_input": ("started", "stopped"),
        "input_get": ("item", "list", "refused"),  # the second "List inputs"
        "push_update_stops": (True, False),
        "viewer_details": ("full", "settings", "unlinked"),  # what multi-viewers show; whether their inputs name them
    }

    inputs = SignalTable(
        "input",
        variants=INPUTS,
        updates_id=INPUTS.keys() - {"zixi_pull", "local_ts"},
        scope="environment",
        listed="organisation",
        placed=True,
        counter="in",
    )

    @handles("input.get")
    async def get_input(self, call: Call) -> Reply:
        if self.switch("input_get") == "list":
            return self.inputs.answer_all(self, call)
        if self.switch("input_get") == "refused":
            return Reply(405, {"message": "GET is not allowed here"})
        return self.inputs.answer(self, call, self.inputs.found(self, call))

    @inputs.before("create")
    def begins(self, call: Call, row: Row, given: Row) -> None:
        self.clash("inputs", row)
        row |= self._begun()

    @inputs.before("update")
    def keeps_id(self, call: Call, row: Row, given: Row) -> None:
        if row.get("id") != self.world["inputs"][row["input_id"]].get("id"):
            self.refuse({"id": "can't be changed"})
        if row["variant"] == "zixi_push" and self.switch("push_update_stops"):
            row["status"] = "stopped"

    @inputs.before("delete")
    def unused_input(self, call: Call, row: Row, given: Row) -> None:
        self.unused("input_id", row["input_id"])

    @inputs.shows
    def seen(self, call: Call, row: Row) -> Row:
        """Some of it only by members of the owner."""
        hidden = set() if self.role(call, row["organisation_id"]) else _MEMBERS
        if self.switch("viewer_details") == "unlinked":
            hidden = hidden | {"multi_viewer_id"}
        alerts = [r for r in self.world["alerts"].values() if not r["is_deleted"]]
        details = {"host": f"{row['input_id']}.cenv.example.com"}
        watched = any(r.get("input_id") == row["input_id"] for r in alerts)
        row = {"technical_details": details, **row, "has_alerts": watched}
        return {name: value for name, value in row.items() if name not in hidden}

    def _begun(self) -> Row:
        made = {"is_transcoded_input": False, "is_being_transcoded": False, "associated_transcoder_id": None}
        return made | {"status": self.switch("initial_input"), "input_stopped": False, "warning_sent": False}

    def add_input(self, environment: Row, variant: str, body: Mapping[str, Any]) -> Row:
        """Hook: makes an input, also one that no call creates (Local-TS, a transcoder's)."""
        id = self.new_id("in")
        row = {name: rule.default for name, rule in INPUTS[variant].items() if rule.default is not None}
        row |= {"input_id": id, "variant": variant, **body, **self._begun(), "is_deleted": False}
        row |= {name: environment[name] for name in ("environment_id", "organisation_id")}
        self.world["inputs"][id] = row
        return row

    def stop_by_bitrate(self, input_id: str) -> None:
        """Hook: the environment stops an input that runs above its maximum (A-779)."""
        self.world["inputs"][input_id] |= {"status": "stopped", "input_stopped": True, "warning_sent": True}


class Outputs(Signal, Agreements):
    """Outputs of all variants; read and deleted by taker organisation, written in their environment (A-23)."""

    switches = {
        "initial_output": ("started", "stopped"),
        "latency_echo": ("null", "minus_one"),
        "ttl_limit": (225, 255),
    }

    outputs = SignalTable("output", variants=OUTPUTS, scope="taker", placed=True, counter="out")

    @handles("output.list_all")
    async def all_outputs(self, call: Call) -> Reply:
        """Of the taker organisation, over all environments, deleted ones too (A-203)."""
        mine = [row for row in self.world["outputs"].values() if self.outputs.owns(self, call, row)]
        marked = [self.outputs.shown(self, call, row) | {"is_deleted": row["is_deleted"]} for row in mine]
        return self.many("outputs", marked)

    @outputs.before("create", "update")
    def with_fec(self, call: Call, row: Row, given: Row) -> None:
        """Rows and columns default to 10, only with FEC, and end with it (A-501, A-502)."""
        if row["variant"] == "udp_rist":
            rows = {"rows_d": 10, "columns_l": 10}
            kept = {name: row.pop(name, default) for name, default in rows.items()}
            row |= kept if row.get("fec") in {1, 2} else {}
        self.refuse(joint_errors(row, given))

    @outputs.before("create")
    def begins_output(self, call: Call, row: Row, given: Row) -> None:
        self.clash("outputs", row)
        row.setdefault("permanent_schedule_agreement_id", None)
        row["status"] = self.switch("initial_output")
        self.assign_agreement(call, row["permanent_schedule_agreement_id"])

    @handles("output.delete")
    async def delete_output(self, call: Call) -> Reply:
        """By its taker, from anywhere."""
        self.need_role(call, "operator")
        row = self.outputs.found(self, call)
        environment = self.world["environments"][row["environment_id"]]
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the output is deleted"})
        if environment["status"] != "running" and self.switch("stopped_writes") == "refused":
            raise Refusal(409, {"message": f"environment {row['environment_id']} is {environment['status']}"})
        self.unused("output_id", row["output_id"])
        self.release_agreement(row)
        return self.outputs.remove(self, row)

    @handles("output.states")
    async def output_states(self, call: Call) -> Reply:
        """Active destinations of the active environment, which must be running (A-201)."""
        environment_id = self.active_environment(call)["environment_id"]
        rows = [row for row in self.live("outputs") if row["environment_id"] == environment_id]
        return self.many("outputs", [{"output_id": row["output_id"], "status": row["status"]} for row in rows])

    @outputs.shows
    def with_latency(self, call: Call, row: Row) -> Row:
        """A remote configuration is written in one of two ways (A-772)."""
        if row["variant"] in {"pull", "push"} and (row.get("latency") is None or row["latency"] < 0):
            return row | {"latency": None if self.switch("latency_echo") == "null" else -1}
        return row


def _variant(call: Call) -> str:
    return call.op.key.rpartition(".")[2]
