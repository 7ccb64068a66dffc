"""A simulated mycujoo: the actions service, and all others beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from headend.simulator.base import Call, Reply, handles
from headend.simulator.mycujoo_accounting import Accounting
from headend.simulator.mycujoo_accounts import Accounts
from headend.simulator.mycujoo_analytics import Analytics
from headend.simulator.mycujoo_base import TOKEN, refuse, status

__all__ = ["TOKEN", "MycujooSim"]

_ZEROS = {"bool_value": False, "datetime_value": "1970-01-01T00:00:00Z", "float_value": 0, "number_value": "0"}
_CREATE = frozenset({"action_id", "fields", "group_id", "title"})
_CHANGE = frozenset({"fields", "order", "title"})
_TYPES = {
    "VALUE_TYPE_BOOL": "bool_value",
    "VALUE_TYPE_DATETIME": "datetime_value",
    "VALUE_TYPE_FLOAT": "float_value",
    "VALUE_TYPE_NUMBER": "number_value",
    "VALUE_TYPE_STRING": "string_value",
}


class MycujooSim(Accounts, Accounting, Analytics):
    """Serves /mycujoo. Actions, their configurations and calls stand here; any group exists by being named."""

    name = "mycujoo"

    def populate(self) -> None:
        super().populate()
        self.world |= {"actions": {}, "categories": [], "calls": {}, "configurations": {}}
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
    @handles("action.get")
    async def action(self, call: Call) -> Reply:
        if found := self.world["actions"].get(call.path["id"]):
            return self.reply({"action": found})
        return status(404, "no such action")

    @handles("action.list")
    async def actions(self, call: Call) -> Reply:
        self.asked(call, "service_id", "category_id")
        wanted = {key: value for key in ("service_id", "category_id") if (value := call.q(key))}
        rows = [
            {key: value for key, value in action.items() if key != "action_fields"}
            for action in self.world["actions"].values()
            if all(action.get(key) == value for key, value in wanted.items())
        ]
        return self.page(call, rows)

    @handles("action_category.list")
    async def categories(self, call: Call) -> Reply:
        self.asked(call, "hide_empty")
        used = {action.get("category_id") for action in self.world["actions"].values() if action["is_active"]}
        hidden = call.q("hide_empty") == "true"
        return self.page(call, [row for row in self.world["categories"] if not hidden or row["id"] in used])

    @handles("action_call.list")
    async def calls(self, call: Call) -> Reply:
        group = call.q("group_id")
        return self.reply({"items": [c for c in self.world["calls"].values() if group in {None, c["group_id"]}]})

    @handles("action_call.get", "action_call.update")
    async def action_call(self, call: Call) -> Reply:
        found = self.world["calls"].get(call.path["id"])
        if found is None:
            return status(400, "no such call")
        if call.op.method == "PATCH":
            body = self.body(call, {"data": lambda value: isinstance(value, dict)})
            found["response_data"] = {**found.get("response_data", {}), "data": body.get("data", {})}
        return self.reply({"action_call": found})

    # --- configurations ------------------------------------------------------------------------------------------
    @handles("action_configuration.list")
    async def configurations(self, call: Call) -> Reply:
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

    @handles("action_configuration.create")
    async def create(self, call: Call) -> Reply:
        body = self.body(call, _CREATE)
        for key in ("action_id", "group_id"):
            if not isinstance(body.get(key), str) or not body[key]:
                return status(400, f"{key} is required")
        action = self.world["actions"].get(body["action_id"])
        if action is None:
            return status(400, "action_id: no such action")
        fields = _fields(action, body.get("fields", []))
        if self.switch("defaults") == "copied":
            fields += _defaults(action, {entry["field"] for entry in fields})
        made = {
            "id": self.made_id("configuration"),
            "action_id": body["action_id"],
            "group_id": body["group_id"],
            "title": _text(body.get("title", "")),
            "fields": fields,
            "order": len(self._in(body["group_id"])),
        }
        self.world["configurations"][made["id"]] = made
        return self._configuration(made)

    @handles("action_configuration.get")
    async def get(self, call: Call) -> Reply:
        return self._configuration(self._found(call))

    @handles("action_configuration.delete")
    async def delete(self, call: Call) -> Reply:
        del self.world["configurations"][self._found(call)["id"]]
        return Reply(200, {})

    @handles("action_configuration.update")
    async def update(self, call: Call) -> Reply:
        body = self.body(call, _CHANGE)
        found = self._found(call)
        if self.switch("patch_zero") == "ignored":
            body = {key: value for key, value in body.items() if value}
        if "order" in body and (not isinstance(body["order"], int) or isinstance(body["order"], bool)):
            return status(400, "order must be an int32")
        if "fields" in body:
            given = body["fields"]
            if self.switch("fields_patch") == "merge" and isinstance(given, list):
                new = {entry.get("field") for entry in given if isinstance(entry, dict)}
                given = [entry for entry in found["fields"] if entry["field"] not in new] + given
            body["fields"] = _fields(self.world["actions"].get(found["action_id"], {}), given)
        if "title" in body:
            _text(body["title"])
        if "order" in body and self.switch("order") == "makes_room":
            for other in self._in(found["group_id"]):
                other["order"] += other is not found and other["order"] >= body["order"]
        found.update(body)
        return self._configuration(found)

    # --- helpers -------------------------------------------------------------------------------------------------
    def _in(self, group: str) -> list[dict[str, Any]]:
        return [c for c in self.world["configurations"].values() if c["group_id"] == group]

    def _found(self, call: Call) -> dict[str, Any]:
        found: dict[str, Any] | None = self.world["configurations"].get(call.path["id"])
        if found is None:
            raise refuse(self.switch("missing_as"), "configuration not found")
        return found

    def _configuration(self, found: Mapping[str, Any]) -> Reply:
        fields = found["fields"]
        if self.switch("all_values"):
            fields = [{**_ZEROS, "string_value": "", **entry} for entry in fields]
        return self.reply({"action_configuration": {**found, "fields": fields}})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(400, "title must be a string")
    return value


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
