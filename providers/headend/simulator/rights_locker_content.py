"""The entitlements family of a simulated Rights Locker (E7 to E18), strict where the contract is."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from headend.simulator.base import Call, Refusal, Reply, handles
from headend.simulator.rights_locker import RightsLockerSim, account

KINDS = ("assets", "assets_offline", "labels", "labels_offline")
_USERS_OF = {
    "asset": "assets",
    "assets_offline": "assets_offline",
    "label": "labels",
    "label_offline": "labels_offline",
}
_OFFERS = {"offer", "offer_offline"}
_TEXTS = ("content_id", "external_product_id", "publishing_rule_id")
_TIMES = ("start_time", "end_time")
_OPTIONAL = (*_TIMES, "num_devices_to_bind")
_BATCH = 100
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d):(\d\d)(Z|[+-]\d\d:?\d\d)")
_SHARDS = 2


class Entitlements(RightsLockerSim):
    """World: `<pcode>/<account>` -> {kind: {`<content>/<product>`: row}}, dates canonical, ids percent-encoded.

    upsert (K1), content_answers (K8), dates (K10), missing_delete (K11), unset (K12), page_size and number_ids (K13,
    any): what the contract leaves open. wipe: E8 answers 400 unless a test opts in.
    """

    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "upsert": ("replace", "merge"),
        "content_answers": ("empty", "ok"),
        "dates": ("utc", "z", "offset"),
        "missing_delete": (404, 200),
        "unset": ("omitted", "null"),
        "page_size": (1000,),
        "number_ids": (False,),
        "wipe": ("refused", "allowed"),
    }

    def populate(self) -> None:
        super().populate()
        self.world["entitlements"] = {}

    # --- an account (E7 to E9) ----------------------------------------------------------------------------
    @handles("content.get", takes=("api_key",))
    async def get_content(self, call: Call) -> Reply:
        kinds = self.world["entitlements"].get(account(call))
        if kinds is None:
            return Reply(404)
        return self._envelope(call, {kind: list(rows.values()) for kind, rows in kinds.items() if rows})

    @handles("content.wipe")
    async def wipe(self, call: Call) -> Reply:
        if self.switch("wipe") == "refused":
            raise Refusal(400, {"message": "removing all is not for use (R-54); the switch wipe allows it"})
        self.world["entitlements"].pop(account(call), None)
        return self._done()

    @handles("content.upsert")
    async def upsert(self, call: Call) -> Reply:
        kind, items = _items(call)
        rows = [_row(item) for item in items]  # all of them are looked at before the first is stored
        held = self.world["entitlements"].setdefault(account(call), {}).setdefault(kind, {})
        for row in rows:
            key = f"{quote(row['content_id'], safe='')}/{quote(row['external_product_id'], safe='')}"
            kept = held.get(key, {}) if self.switch("upsert") == "merge" else {}
            held[key] = {**kept, **row, "updated_at": self.now().isoformat(timespec="seconds")}
        return self._done()

    # --- one entitlement (E10 to E17) -----------------------------------------------------------------------
    @handles(*(f"{kind}.get" for kind in KINDS), takes=("api_key",))
    async def get_item(self, call: Call) -> Reply:
        kind = call.op.key.partition(".")[0]
        row = self.world["entitlements"].get(account(call), {}).get(kind, {}).get(_key(call))
        return self._envelope(call, {kind: [row]}) if row else Reply(404)

    @handles(*(f"{kind}.delete" for kind in KINDS))
    async def delete_item(self, call: Call) -> Reply:
        kind, all_of = call.op.key.partition(".")[0], self.world["entitlements"]
        kinds = all_of.get(account(call), {})
        if kinds.get(kind, {}).pop(_key(call), None) is None and self.switch("missing_delete") == 404:
            return Reply(404)
        if not any(kinds.values()):
            all_of.pop(account(call), None)
        return self._done()

    # --- who has it (E18) -------------------------------------------------------------------------------------
    @handles("users.list", takes=("api_key", "last_shard", "last_id"))
    async def users(self, call: Call) -> Reply:
        content_type = call.path["content_type"]
        if content_type not in _USERS_OF | dict.fromkeys(_OFFERS):
            raise Refusal(400, {"message": "no such content type"})
        kind, pcode = _USERS_OF.get(content_type), quote(call.path["pcode"], safe="")
        accounts = (name.partition("/") for name in self.world["entitlements"])
        having = [
            unquote(name)
            for code, _, name in accounts
            if code == pcode and _key(call) in self.world["entitlements"][f"{code}/{name}"].get(kind, {})
        ]
        users = sorted((zlib.crc32(name.encode()) % _SHARDS, name) for name in having)
        if not users:
            return Reply(404)
        return self._page(call, users)

    def _page(self, call: Call, users: list[tuple[int, str]]) -> Reply:
        shard, last = call.q("last_shard"), call.q("last_id")
        if (shard is None) != (last is None) or not (shard is None or shard.isdecimal()):
            raise Refusal(400, {"message": "last_shard and last_id belong together"})
        after = [user for user in users if last is None or user > (int(shard or 0), last)]
        size = self.switch("page_size")
        body: dict[str, Any] = {"users": [name for _, name in after[:size]]}
        if len(after) > size:
            shard_of, name = after[size - 1]
            number = self.switch("number_ids") and name.isdecimal() and str(int(name)) == name
            body |= {"last_shard": shard_of, "last_id": int(name) if number else name}
        return Reply(200, body)

    # --- answers ------------------------------------------------------------------------------------------------
    def _done(self) -> Reply:
        return Reply(200, {"message": "OK"} if self.switch("content_answers") == "ok" else None)

    def _envelope(self, call: Call, kinds: Mapping[str, list[dict[str, Any]]]) -> Reply:
        content = {kind: [self._shown(row) for row in rows] for kind, rows in kinds.items()}
        return Reply(200, {"pcode": call.path["pcode"], "account_id": call.path["account_id"], "content": content})

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        unset = dict.fromkeys(_OPTIONAL) if self.switch("unset") == "null" else {}
        times = {name: self._time(row[name]) for name in _TIMES if name in row}
        return {"publishing_rule_id": None, **unset, **row, **times}

    def _time(self, stored: str) -> str:
        moment, way = datetime.fromisoformat(stored), self.switch("dates")
        if way == "offset":
            return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(timespec="seconds")
        return stored.replace("+00:00", "Z") if way == "z" else stored


def _key(call: Call) -> str:
    return f"{quote(call.path['content_id'], safe='')}/{quote(call.path['external_product_id'], safe='')}"


def _items(call: Call) -> tuple[str, list[dict[str, Any]]]:
    """The one kind of a body and its items; refuses every other shape."""
    if not isinstance(call.body, dict) or len(call.body) != 1:
        raise Refusal(400, {"message": "one kind of content is expected"})
    ((kind, items),) = call.body.items()
    whole = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    if kind not in KINDS or not whole or not 1 <= len(items) <= _BATCH:
        raise Refusal(400, {"message": f"{kind}: 1 to {_BATCH} entitlements are expected"})
    return kind, items


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """What is stored of an item. Raises Refusal for unknown keys, missing ids, nulls and wrong types."""
    if unknown := sorted(item.keys() - {*_TEXTS, *_OPTIONAL}):
        raise Refusal(400, {"message": f"unknown key {unknown[0]}"})
    if not {"content_id", "external_product_id"} <= item.keys():
        raise Refusal(400, {"message": "content_id and external_product_id are required"})
    if not all(isinstance(item[name], str) and item[name] for name in _TEXTS if name in item):
        raise Refusal(400, {"message": "ids are non-empty strings"})
    devices = item.get("num_devices_to_bind", 1)
    if not isinstance(devices, int) or isinstance(devices, bool) or devices < 1:
        raise Refusal(400, {"message": "num_devices_to_bind should be a number"})
    return item | {name: _canonical(item[name]) for name in _TIMES if name in item}


def _canonical(value: Any) -> str:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refusal(400, {"message": "unparsable date"})
    year, month, day, hour, minute, second, zone = match.groups()
    text = f"{year}-{month:>02}-{day:>02}T{hour:>02}:{minute}:{second}{zone.replace('Z', '+00:00')}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise Refusal(400, {"message": "unparsable date"}) from None
