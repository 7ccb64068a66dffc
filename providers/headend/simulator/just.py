"""A simulated Just: profiles that stay, subscriptions, marks and events; strict where the contract is (section 5)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from headend.core.wire.operations import Operation
from headend.just.wire import FORMS, READS, TABLE
from headend.simulator.base import Call, PlatformSim, Refusal, Reply, Routes, handles

TOKEN = "simulated-just-token"  # noqa: S105  made up
_STAMPS = ("regUrl", "refid", "refidm", "utmSource", "utmMedium", "utmCampaign")
_STATUSES = {
    "Error save data": 500,
    "Error query": 500,
    "Error service": 500,
    "User not found": 404,
    "JUID not found": 404,
    "Subscription not found": 404,
    "Unprocessable Entity": 422,
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class JustSim(PlatformSim):
    """One project. What the contract leaves open, K1 to K12 in its order.

    statuses: by what is wrong, or always 200. unsubscribe_verb, segments_route, daily_route: which form is there.
    utm_data: whether marks come plain or in another pair of quotes. put_multipart: whether PUT reads multipart, or
    nothing else. juid_form, empty_results, text_form, empty_success: how an answer is written. save_failures: how
    often `Error save data` comes first. unsubscribe_missing: what ending no subscription is answered with.
    """

    name = "just"
    table = TABLE
    reads: ClassVar[frozenset[str]] = READS
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "statuses": ("by_text", "always_200"),
        "unsubscribe_verb": ("PUT", "POST", "both"),
        "segments_route": ("segment", "segments", "post"),
        "daily_route": ("stat", "info"),
        "utm_data": ("plain", "wrapped", "both"),
        "put_multipart": ("ignored", "parsed", "only"),
        "juid_form": ("bare", "quoted", "newline"),
        "empty_results": ("list", "object"),
        "text_form": ("plain", "lower", "json"),
        "save_failures": (0,),
        "empty_success": ("nothing", "blank", "quotes"),
        "unsubscribe_missing": ("told", "success"),
    }

    def populate(self) -> None:
        self.world |= {"profiles": {}, "subscriptions": {}, "marks": {}, "events": {}}

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"HEADEND_JUST_TOKEN": TOKEN}

    def add_profile(self, juid: str, *segments: int) -> None:
        """A person who is known already, and in these segments."""
        self.world["profiles"][juid] = {"segments": list(segments)}

    # --- what comes before the handlers -----------------------------------------------------------------------
    def served(self) -> Iterable[Operation]:
        return (op for key in self.table for op in self._served(key))

    def set_switch(self, name: str, value: Any) -> None:
        super().set_switch(name, value)
        self.routes = Routes(self.served())

    def _served(self, key: str) -> tuple[Operation, ...]:
        """The forms of a call that are there, by the switches."""
        forms = (self.table[key], *FORMS.get(key, ()))
        if key.endswith(".unsubscribe"):
            return tuple(op for op in forms if self.switch("unsubscribe_verb") in {op.method, "both"})
        if key == "segment.list":
            return (forms[("segment", "segments", "post").index(self.switch("segments_route"))],)
        if key == "refid.daily":
            return (forms[self.switch("daily_route") == "info"],)
        return forms

    def unknown_route(self, method: str, path: str) -> Reply:
        return Reply(404, "<html><body>Not Found</body></html>", media="text/html")

    def wrong_method(self, method: str, path: str, allowed: Sequence[str]) -> Reply:
        return Reply(405, "Method Not Allowed", {"Allow": ", ".join(sorted(set(allowed)))}, media="text/plain")

    def bad_body(self, call: Call, why: str) -> Reply:
        return Reply(400, why, media="text/plain")

    def fault_body(self, status: int) -> Any:
        return b""

    async def authenticate(self, call: Call) -> Reply | None:
        """The token; then what is wrong with any request, and the failures that were asked for (K10)."""
        if call.headers.get("x-auth-token") != TOKEN:
            always = self.switch("statuses") == "always_200"
            return self.text("User not found") if always else Reply(403, "Forbidden", media="text/plain")
        if "cookie" in call.headers:
            return _strict("no cookie belongs here (J-4)")
        if call.query and call.method != "GET":
            return _strict("a field in the query of a write")
        self._fields(call)
        failed = self.world["counters"].get("unsaved", 0)
        if call.op.key in _UNSAVED and failed < self.switch("save_failures"):
            self.world["counters"]["unsaved"] = failed + 1
            return self.text("Error save data")
        return None

    def _fields(self, call: Call) -> None:
        """Puts the fields into call.body; refuses those that are unknown, repeated or empty, and bodies in a form that
        isn't the verb's. What PUT can't read isn't seen at all (K6)."""
        kind = call.headers.get("content-type", "").partition(";")[0]
        multipart = kind == "multipart/form-data"
        pairs = call.query if call.method == "GET" else _pairs(call, multipart=multipart)
        if call.method == "POST" and call.raw and not multipart:
            raise Refusal(400, "POST takes multipart")
        if call.method == "POST" and not call.raw and (multipart or call.headers.get("content-length") != "0"):
            raise Refusal(400, "an empty body has no parts, and says that it is empty (J-7)")
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names) or not self.takes[call.op.key].issuperset(names) or "" in dict(pairs).values():
            raise Refusal(400, "unknown, repeated or empty field")
        if call.method == "PUT" and multipart is (self.switch("put_multipart") == "ignored"):
            pairs = []
        if call.method == "PUT" and not multipart and self.switch("put_multipart") == "only":
            pairs = []
        call.body = dict(pairs)

    # --- answers ----------------------------------------------------------------------------------------------
    def text(self, text: str) -> Reply:
        """A text of the catalogue, with its status and in the form that the switches say (K1, K9)."""
        status = 200 if self.switch("statuses") == "always_200" else _STATUSES.get(text, 400)
        return Reply(status, self._written(text), media="text/html; charset=UTF-8")

    def _written(self, text: str) -> str:
        form = self.switch("text_form")
        return text.lower() if form == "lower" else json.dumps(text) if form == "json" else text

    def _done(self) -> Reply:
        body = {"nothing": "", "blank": " \n", "quotes": '""'}[self.switch("empty_success")]
        return Reply(200, body, media="text/html; charset=UTF-8")

    def _rows(self, rows: Any) -> Reply:
        empty: Any = [] if self.switch("empty_results") == "list" else {}
        return Reply(200, rows or empty)

    # --- profiles (E1, E8) ------------------------------------------------------------------------------------
    @handles("profile.create", takes=("ip", "name", "gender", "birthDate"))
    async def create_profile(self, call: Call) -> Reply:
        if re.fullmatch(r"-?\d+", call.body.get("birthDate", "0"), re.ASCII) is None:
            raise Refusal(400, "birthDate is no timestamp")
        juid = hashlib.sha256(self.new_id("profile").encode()).hexdigest()[:32]
        self.world["profiles"][juid] = {**call.body, "segments": []}
        written = {"bare": juid, "quoted": f'"{juid}"', "newline": f"{juid}\n"}[self.switch("juid_form")]
        return Reply(200, written, media="text/html; charset=UTF-8")

    @handles("segment.list", takes=("juid",))
    async def segments(self, call: Call) -> Reply:
        profile = self.world["profiles"].get(call.body.get("juid"))
        return self._rows(profile["segments"]) if profile else self.text("JUID not found")

    # --- subscriptions (E2 to E5) -----------------------------------------------------------------------------
    @handles("email.subscribe", takes=("juid", "email", *_STAMPS))
    @handles("sms.subscribe", takes=("juid", "number", *_STAMPS))
    async def subscribe(self, call: Call) -> Reply:
        channel, field, fine = _address(call.op.key)
        if "juid" not in call.body:
            return self.text("JuId empty")
        if not fine.fullmatch(call.body.get(field, "")):
            return self.text(f"Not validate {field}")
        if call.body["juid"] not in self.world["profiles"]:
            return self.text("User not found")
        self.world["subscriptions"][f"{channel}/{call.body['juid']}/{call.body[field]}"] = dict(call.body)
        return self._done()

    @handles("email.unsubscribe", takes=("juid", "email"))
    @handles("sms.unsubscribe", takes=("juid", "number"))
    async def unsubscribe(self, call: Call) -> Reply:
        channel, field, _ = _address(call.op.key)
        if "juid" not in call.body:
            return self.text("JuId is missing")
        if field not in call.body:
            return self.text("Mandatory parameter is missing")
        if call.body["juid"] not in self.world["profiles"]:
            return self.text("User not found")
        name = f"{channel}/{call.body['juid']}/{call.body[field]}"
        if self.world["subscriptions"].pop(name, None) is None and self.switch("unsubscribe_missing") == "told":
            return self.text("Subscription not found")
        return self._done()

    # --- marks and events (E6, E7) ----------------------------------------------------------------------------
    @handles("utm_metric.update", takes=("data",))
    async def mark(self, call: Call) -> Reply:
        channel = call.path["channel"]
        if channel not in {"email", "sms", "push"}:
            return self.unknown_route(call.method, call.url_path)
        if "data" not in call.body:
            return self.text("Mandatory parameter is missing")
        data, form = call.body["data"], self.switch("utm_data")
        wrapped = len(data) > 1 and data[0] == data[-1] == '"'
        if form != "both" and wrapped is not (form == "wrapped"):
            return self.text("Invalid data")
        try:
            values = json.loads(data[1:-1] if wrapped else data, object_pairs_hook=_once)
        except ValueError:
            return self.text("Unprocessable Entity")
        field = "number" if channel == "sms" else channel
        if not isinstance(values, dict) or field not in values or not {field, "refid", "refidm"}.issuperset(values):
            return self.text("Invalid data")
        address = str(values.pop(field))
        marks = self.world["marks"].setdefault(f"{channel}/{address}", {})
        marks.update(values)
        return Reply(200, self._written("Metrics updated"), media="text/html; charset=UTF-8")

    @handles("action.create", takes=("juid", "tags", "label", "article"))
    async def act(self, call: Call) -> Reply:
        if not {"juid", "tags", "label"}.issubset(call.body):
            raise Refusal(400, "a field is missing")
        self.world["events"][self.new_id("event")] = dict(call.body)
        return Reply(200, self._written("Request accepted"), media="text/html; charset=UTF-8")

    # --- statistics (E9, E10) ---------------------------------------------------------------------------------
    @handles("refid.count", takes=("startDate", "endDate"))
    async def counts(self, call: Call) -> Reply:
        start, end = call.body.get("startDate", ""), call.body.get("endDate", "")
        if not (start.isdecimal() and end.isdecimal() and int(start) <= int(end)):
            return self.text("Invalid startDate or endDate")
        counted = self._counted(call.path["channel"])
        return self._rows([{"subscount": n, "refid": refid} for refid, n in counted.items()])

    @handles("refid.daily", takes=("start", "end"))
    async def daily(self, call: Call) -> Reply:
        start, end = call.body.get("start", ""), call.body.get("end", "")
        if not (_MOMENT.fullmatch(start) and _MOMENT.fullmatch(end) and start <= end):
            return self.text("Invalid start or end date")
        counted = self._counted(call.path["channel"])
        return self._rows({f"{self.now():%Y-%m-%d}": counted} if counted else {})

    def _counted(self, channel: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, row in self.world["subscriptions"].items():
            if name.startswith(f"{channel}/") and "refid" in row:
                found[row["refid"]] = found.get(row["refid"], 0) + 1
        return found


_UNSAVED = frozenset({"profile.create", "email.subscribe", "sms.subscribe"})


def _address(key: str) -> tuple[str, str, re.Pattern[str]]:
    """Channel, field and form of an address."""
    if key.startswith("email."):
        return "email", "email", re.compile(r"[^@\s]+@[^@\s]+")
    return "sms", "number", re.compile(r"\d{7,15}", re.ASCII)


def _pairs(call: Call, *, multipart: bool) -> list[tuple[str, str]]:
    """All fields of a body, repeated ones too."""
    if not multipart:
        return parse_qsl(call.raw.decode(), keep_blank_values=True)
    if call.files:
        raise Refusal(400, "a file where a field belongs")
    return [(name, one) for name, value in call.body.items() for one in (value if isinstance(value, list) else [value])]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _strict(why: str) -> Reply:
    return Reply(400, why, media="text/plain")
