"""The simulated mycujoo: actions, their configurations and calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from headend.simulator.base import Call, Reply, handles
from headend.simulator.mycujoo import Fits, MycujooSim, MycujooTable, is_text, refuse, status
from headend.simulator.table import Row

_ZEROS = {"bool_value": False, "datetime_value": "1970-01-01T00:00:00Z", "float_value": 0, "number_value": "0"}
_TYPES = {
    "VALUE_TYPE_BOOL": "bool_value",
    "VALUE_TYPE_DATETIME": "datetime_value",
    "VALUE_TYPE_FLOAT": "float_value",
    "VALUE_TYPE_NUMBER": "number_value",
    "VALUE_TYPE_STRING": "string_value",
}


def _any(value: Any) -> bool:
    return True


_FIELDS: Mapping[str, Fits] = {"fields": _any, "title": is_text}


class Actions(MycujooSim):
    """Any group exists by being named."""

    actions = MycujooTable("action", filters=("service_id", "category_id"))
    calls = MycujooTable("action_call", world="calls", filters=("group_id",), absent=400)
    configurations = MycujooTable(
        "action_configuration",
        {**_FIELDS, "action_id": is_text, "group_id": is_text},
        changes={**_FIELDS, "order": lambda value: type(value) is int},
        world="configurations",
        counter="configuration",
        absent="missing_as",
    )

    def populate(self) -> None:
        super().populate()
        self.world["categories"] = []
        self.add_action(
            "act-1",
            "Goal replay",
            [
                {"name": "delay", "value_type": "VALUE_TYPE_NUMBER", "number_value": "3"},
                {"name": "clip", "value_type": "VALUE_TYPE_BOOL", "bool_value": False},
            ],
        )

    def add_action(self, id: str, title: str, fields: Sequence[Mapping[str, Any]] = (), **more: Any) -> None:
        """Puts an action into the catalogue; its fields are configurable unless they say otherwise."""
        rows = [{"is_configurable": True, "label": row["name"], **row} for row in fields]
        self.world["actions"][id] = {"id": id, "title": title, "is_active": True, "action_fields": rows, **more}

    # --- actions -------------------------------------------------------------------------------------------------
    @actions.shows
    def with_fields(self, call: Call, row: Row) -> Row:
        """Only one by itself shows its fields."""
        return {key: value for key, value in row.items() if key != "action_fields" or call.op.key == "action.get"}

    @handles("action_category.list")
    async def categories(self, call: Call) -> Reply:
        self.asked(call, "hide_empty")
        used = {action.get("category_id") for action in self.world["actions"].values() if action["is_active"]}
        hidden = call.q("hide_empty") == "true"
        return self.page(call, [row for row in self.world["categories"] if not hidden or row["id"] in used])

    @handles("action_call.update")
    async def change_call(self, call: Call) -> Reply:
        found = self.calls.found(self, call)
        body = self.body(call, {"data": lambda value: isinstance(value, dict)})
        found["response_data"] = {**found.get("response_data", {}), "data": body.get("data", {})}
        return self.calls.answer(self, call, found)

    # --- configurations ------------------------------------------------------------------------------------------
    @handles("action_configuration.list")
    async def group(self, call: Call) -> Reply:
        group = call.q("group_id")
        if not group:
            return status(400, "group_id is required")
        rows = sorted(self._in(group), key=lambda c: (c["order"], c["id"]))
        brief = [
            {
                **{key: value for key, value in c.items() if key != "fields"},
                "action_title": self.world["actions"].get(c["action_id"], {}).get("title", ""),
            }
            for c in rows
        ]
        return self.reply({"items": brief})

    @configurations.before("create")
    def complete(self, call: Call, row: Row, given: Row) -> None:
        if missing := [key for key in ("action_id", "group_id") if not row.get(key)]:
            raise refuse(400, f"{missing[0]} is required")
        action = self.world["actions"].get(row["action_id"])
        if action is None:
            raise refuse(400, "action_id: no such action")
        fields = _fields(action, given.get("fields", []))
        if self.switch("defaults") == "copied":
            fields += _defaults(action, {entry["field"] for entry in fields})
        row |= {"title": given.get("title", ""), "fields": fields, "order": len(self._in(row["group_id"]))}

    @configurations.before("update")
    def rearrange(self, call: Call, row: Row, given: Row) -> None:
        if "fields" in given:
            fields = given["fields"]
            if self.switch("fields_patch") == "merge" and isinstance(fields, list):
                new = {entry.get("field") for entry in fields if isinstance(entry, dict)}
                fields = [
                    e for e in self.world["configurations"][row["id"]]["fields"] if e["field"] not in new
                ] + fields
            row["fields"] = _fields(self.world["actions"].get(row["action_id"], {}), fields)
        if "order" in given and self.switch("order") == "makes_room":
            for other in self._in(row["group_id"]):
                other["order"] += other["id"] != row["id"] and other["order"] >= row["order"]

    @configurations.shows
    def all_values(self, call: Call, row: Row) -> Row:
        if not self.switch("all_values"):
            return row
        return {**row, "fields": [{**_ZEROS, "string_value": "", **entry} for entry in row["fields"]]}

    # --- helpers -------------------------------------------------------------------------------------------------
    def _in(self, group: str) -> list[dict[str, Any]]:
        return [c for c in self.world["configurations"].values() if c["group_id"] == group]


def _fields(action: Mapping[str, Any], given: Any) -> list[dict[str, Any]]:
    """The fields of a request, checked by the action's definition (M-201); a refusal names the field."""
    rows = {row["name"]: row for row in action.get("action_fields", [])}
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise refuse(400, "fields must be a list of objects")
    names = [str(entry.get("field", "")) for entry in given]
    for name, entry in zip(names, given, strict=True):
        row, keys = rows.get(name), sorted(entry.keys() - {"field"})
        if row is None or names.count(name) > 1:
            raise refuse(400, f"fields: {name}: unknown or given twice")
        if not row["is_configurable"]:
            raise refuse(400, f"fields: {name}: not configurable")
        if len(keys) != 1 or not _is_a(keys[0], entry[keys[0]]):
            raise refuse(400, f"fields: {name}: exactly one well-formed value is needed")
        if keys[0] != _TYPES.get(row.get("value_type", ""), keys[0]):
            raise refuse(400, f"fields: {name}: wrong kind of value")
        options = row.get("value_options", [])
        if options and all(option.get(keys[0]) != entry[keys[0]] for option in options):
            raise refuse(400, f"fields: {name}: not one of the options")
    for name, row in rows.items():
        if row.get("is_required") and row.get("no_default_value") and name not in names:
            raise refuse(400, f"fields: {name}: required")
    return [dict(entry) for entry in given]


def _defaults(action: Mapping[str, Any], given: Collection[str]) -> list[dict[str, Any]]:
    """What the action says that a field is where a configuration says nothing (M-239)."""
    return [
        {"field": row["name"], key: row[key]}
        for row in action.get("action_fields", [])
        for key in _TYPES.values()
        if row["name"] not in given and key in row
    ]


def _is_a(key: str, raw: Any) -> bool:
    """Whether the raw JSON value is spelled as its key wants; int64 is a string (M-6)."""
    match key:
        case "bool_value":
            return isinstance(raw, bool)
        case "float_value":
            return isinstance(raw, int | float) and not isinstance(raw, bool)
        case "string_value":
            return isinstance(raw, str)
        case "number_value":
            return isinstance(raw, str) and raw.removeprefix("-").isdecimal() and abs(int(raw)) <= 2**63
        case "datetime_value":
            try:
                return isinstance(raw, str) and datetime.fromisoformat(raw).tzinfo is not None
            except ValueError:
                return False
    return False
