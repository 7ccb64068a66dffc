"""A simulated mycujoo: the actions service, strict where the contract is (section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from headend.mycujoo.wire import TABLE, UNAUTHENTICATED
from headend.simulator.base import CREDENTIALS, Call, PlatformSim, Refusal, Reply, handles

TOKEN = "simulated-mycujoo-token"  # noqa: S105  made up; the login token accepted beside the API key
_KEYS = ("bool_value", "datetime_value", "float_value", "number_value", "string_value")
_ZEROS = {"bool_value": False, "datetime_value": "1970-01-01T00:00:00Z", "float_value": 0, "number_value": "0"}
_CREATE = frozenset({"action_id", "fields", "group_id", "title"})
_CHANGE = frozenset({"fields", "order", "title"})
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
_TYPES = {
    "VALUE_TYPE_BOOL": "bool_value",
    "VALUE_TYPE_DATETIME": "datetime_value",
    "VALUE_TYPE_FLOAT": "float_value",
    "VALUE_TYPE_NUMBER": "number_value",
    "VALUE_TYPE_STRING": "string_value",
}


def status(http: int, message: str) -> Reply:
    """An error as the platform words it: google.rpc.Status (M-8, M-10)."""
    return Reply(http, {"code": _CODES.get(http, 2), "message": message, "details": []})


def refuse(http: int, message: str) -> Refusal:
    reply = status(http, message)
    return Refusal(reply.status, reply.body)


class MycujooSim(PlatformSim):
    """Actions, their configurations and calls; any group exists by being named.

    missing_as: the status for a configuration that isn't there (M-111). fields_patch: what PATCH does with `fields`
    (M-202). lenient_unknown: unknown keys vanish with a 200 (M-12). emit_zero: zero values are written out (M-204).
    patch_zero: whether PATCH honours zero values (M-231). all_values: fields come back with all five keys (M-105).
    """

    name = "mycujoo"
    table = TABLE
    reads: ClassVar[frozenset[str]] = frozenset({"account.batch", "account.batch_by_email"})
    secrets: ClassVar[frozenset[str]] = frozenset({"authorization", *_KEYS})
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "missing_as": (404, 400, 500),
        "fields_patch": ("replace", "merge"),
        "lenient_unknown": (False, True),
        "emit_zero": (True, False),
        "patch_zero": ("honoured", "ignored"),
        "all_values": (False, True),
    }

    def populate(self) -> None:
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

    # --- what comes before the handlers ------------------------------------------------------------------------
    async def authenticate(self, call: Call) -> Reply | None:
        given = call.headers.get("authorization", "")
        key = CREDENTIALS[self.name]["HEADEND_MYCUJOO_API_KEY"]
        if call.op.key not in UNAUTHENTICATED and given not in {key, f"Bearer {TOKEN}"}:
            return status(401, "request lacks valid credentials")
        if call.method in {"GET", "DELETE"}:
            return status(400, "no body is taken here") if call.raw else None
        if call.headers.get("content-type", "").partition(";")[0] != "application/json":
            return status(415, "the content type must be application/json")
        return None if isinstance(call.body, dict) else status(400, "the body must be an object")

    def unknown_route(self, method: str, path: str) -> Reply:
        return status(404, "Not Found")

    def wrong_method(self, method: str, path: str, allowed: Sequence[str]) -> Reply:
        return status(501, "Method Not Allowed")

    def bad_body(self, call: Call, why: str) -> Reply:
        return status(400, why)

    def fault_body(self, status: int) -> Any:
        return {"code": _CODES.get(status, 2), "message": "injected failure", "details": []}

    # --- actions -------------------------------------------------------------------------------------------------
    @handles("action.get")
    async def action(self, call: Call) -> Reply:
        if found := self.world["actions"].get(call.path["id"]):
            return self._reply({"action": found})
        return status(404, "no such action")

    @handles("action.list")
    async def actions(self, call: Call) -> Reply:
        wanted = {key: value for key in ("service_id", "category_id") if (value := call.q(key))}
        rows = [
            {key: value for key, value in action.items() if key != "action_fields"}
            for action in self.world["actions"].values()
            if all(action.get(key) == value for key, value in wanted.items())
        ]
        return self._page(call, rows)

    @handles("action_category.list")
    async def categories(self, call: Call) -> Reply:
        return self._page(call, self.world["categories"])

    @handles("action_call.list")
    async def calls(self, call: Call) -> Reply:
        group = call.q("group_id")
        return self._reply({"items": [c for c in self.world["calls"].values() if group in {None, c["group_id"]}]})

    @handles("action_call.get", "action_call.update")
    async def action_call(self, call: Call) -> Reply:
        found = self.world["calls"].get(call.path["id"])
        if found is None:
            return status(400, "no such call")
        if call.op.method == "PATCH":
            body = self._body(call, frozenset({"data"}))
            found["response_data"] = {**found.get("response_data", {}), "data": body.get("data", {})}
        return self._reply({"action_call": found})

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
        return self._reply({"items": brief})

    @handles("action_configuration.create")
    async def create(self, call: Call) -> Reply:
        body = self._body(call, _CREATE)
        for key in ("action_id", "group_id"):
            if not isinstance(body.get(key), str) or not body[key]:
                return status(400, f"{key} is required")
        action = self.world["actions"].get(body["action_id"])
        if action is None:
            return status(400, "action_id: no such action")
        fields = _fields(action, body.get("fields", []))
        number = int(self.new_id("configuration").rpartition("-")[2])
        made = {
            "id": f"c{number:024d}",
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
        body = self._body(call, _CHANGE)
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

    def _body(self, call: Call, allowed: frozenset[str]) -> dict[str, Any]:
        unknown = sorted(call.body.keys() - allowed)
        if unknown and not self.switch("lenient_unknown"):
            raise refuse(400, f"unknown field {unknown[0]!r}")
        return {key: value for key, value in call.body.items() if key in allowed}

    def _configuration(self, found: Mapping[str, Any]) -> Reply:
        fields = found["fields"]
        if self.switch("all_values"):
            fields = [{**_ZEROS, "string_value": "", **entry} for entry in fields]
        return self._reply({"action_configuration": {**found, "fields": fields}})

    def _page(self, call: Call, rows: list[Any]) -> Reply:
        start, size = int(call.q("page_token") or 0), min(int(call.q("page_size") or 20), 100)
        token = str(start + size) if start + size < len(rows) else ""
        return self._reply({"items": rows[start : start + size], "next_page_token": token})

    def _reply(self, body: dict[str, Any]) -> Reply:
        return Reply(200, body if self.switch("emit_zero") else _without_zeros(body))


def _without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_zeros(v) for k, v in value.items() if v not in (0, "", [], None) and v != "0"}
    return [_without_zeros(item) for item in value] if isinstance(value, list) else value


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
