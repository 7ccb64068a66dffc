"""The simulated mycujoo: who may ask, how errors are worded, how lists are paged, and what is left to switches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from headend.mycujoo.wire import TABLE, UNAUTHENTICATED
from headend.simulator.base import CREDENTIALS, Call, PlatformSim, Refusal, Reply
from headend.simulator.table import Row, Table

Fits = Callable[[Any], bool]
"""Whether a raw JSON value is of the type that a key takes."""

TOKEN = "simulated-mycujoo-token"  # noqa: S105  made up; the login token accepted beside the API key
VALUES = ("bool_value", "datetime_value", "float_value", "number_value", "string_value")
LARGEST = {"stream.activities": 1000}  # rows of a page; 100 for all others, where nothing is stated (M-16)
USUAL = {"stream.activities": 50, "project.watch_events": 10}  # where no size is asked for; 20 for all others
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}


def status(http: int, message: str) -> Reply:
    """An error as the platform words it: google.rpc.Status (M-8, M-10)."""
    return Reply(http, {"code": _CODES.get(http, 2), "message": message, "details": []})


def refuse(http: int, message: str) -> Refusal:
    reply = status(http, message)
    return Refusal(reply.status, reply.body)


@dataclass(eq=False, kw_only=True)
class MycujooTable(Table["MycujooSim"]):
    """filters: parameters of a list, each the value of the field of that name. absent: the status of what isn't there,
    or the switch that says it."""

    filters: Collection[str] = ()
    absent: int | str = 404
    id_field: str = "id"

    def lists(self, sim: MycujooSim, call: Call) -> Iterable[Row]:
        sim.asked(call, *self.filters)
        wanted = {name: value for name in self.filters if (value := call.q(name))}
        return [row for row in self.rows(sim).values() if all(row.get(n) == value for n, value in wanted.items())]

    def found(self, sim: MycujooSim, call: Call, verb: str = "get") -> Row:
        """A body is looked at before what it is for."""
        if verb == "update":
            self.body(sim, call, verb)
        return super().found(sim, call, verb)

    def missing(self, sim: MycujooSim, id: str) -> Refusal:
        status = sim.switch(self.absent) if isinstance(self.absent, str) else self.absent
        return refuse(status, f"{self.words} not found")

    def body(self, sim: MycujooSim, call: Call, verb: str) -> Row:
        body = sim.body(call, self.fields(sim, call, verb))
        ignored = verb == "update" and sim.switch("patch_zero") == "ignored"
        return {name: value for name, value in body.items() if value or not ignored}

    def new_id(self, sim: MycujooSim) -> str:
        return sim.made_id(self.counter or self.noun)

    def remove(self, sim: MycujooSim, row: Row) -> Reply:
        super().remove(sim, row)
        return sim.reply({})

    def many(self, sim: MycujooSim, call: Call, rows: Iterable[Row]) -> Reply:
        if call.op.role == "paged":
            return sim.page(call, list(rows))
        return sim.reply({str(call.op.list_key): list(rows)})

    def one(self, sim: MycujooSim, call: Call, row: Row, status: int = 200) -> Reply:
        """Success is always 200 (M-7)."""
        return sim.reply({self.noun: row})


class MycujooSim(PlatformSim):
    """Serves /mycujoo: transport, paging and zero values, strict where the contract is (section 6).

    missing_as: the status for a configuration that isn't there (M-111). fields_patch: what PATCH does with `fields`
    (M-202). lenient_unknown: unknown keys vanish with a 200 (M-12). emit_zero: zero values are written out (M-204).
    patch_zero: whether PATCH honours zero values (M-231). all_values: fields come back with all five keys (M-105).
    defaults: copied into what is created without a value (M-239). order: whether the entries behind the one that is
    moved make room for it (M-235, M-197).
    pages: short ones hold half of what was asked for, and the first one nothing (M-16). by_email_delay: for how many
    looks a new account isn't found by its address (M-206). email_case, email_match: whether addresses keep their case,
    and are found in another one (M-241). delete_unknown: what deleting ids that aren't there leads to (M-205).
    org_patch: what the keys that a PATCH leaves out become (M-132). setup_intent_again: what registering the same
    set-up intent once more leads to.
    """

    name = "mycujoo"
    table = TABLE
    reads: ClassVar[frozenset[str]] = frozenset({"account.batch", "account.batch_by_email"})
    secrets: ClassVar[frozenset[str]] = frozenset(
        {"authorization", "client_secret", "new_password", "old_password", "reset_code", "setup_intent_id"}
        | {"verification_code", *VALUES}
    )
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "missing_as": (404, 400, 500),
        "fields_patch": ("replace", "merge"),
        "lenient_unknown": (False, True),
        "emit_zero": (True, False),
        "patch_zero": ("honoured", "ignored"),
        "all_values": (False, True),
        "defaults": ("left_out", "copied"),
        "order": ("alone", "makes_room"),
        "pages": ("full", "short"),
        "by_email_delay": (0,),
        "email_case": ("kept", "lowered"),
        "email_match": ("any_case", "exact"),
        "delete_unknown": ("ignored", "refused"),
        "org_patch": ("overwrite", "merge"),
        "setup_intent_again": ("same", "refused"),
    }

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

    # --- helpers of the handlers ---------------------------------------------------------------------------------
    def made_id(self, counter: str) -> str:
        """A new id as the platform's look: 25 characters, the first a `c` (M-200)."""
        return f"c{int(self.new_id(counter).rpartition('-')[2]):024d}"

    def body(self, call: Call, allowed: Iterable[str] | Mapping[str, Fits]) -> Row:
        """The request's keys, each known and, where `allowed` says how, of its type; unknown ones by switch (M-12)."""
        unknown = sorted(call.body.keys() - set(allowed))
        if unknown and not self.switch("lenient_unknown"):
            raise refuse(400, f"unknown field {unknown[0]!r}")
        given = {key: value for key, value in call.body.items() if key in set(allowed)}
        for key, value in given.items():
            if isinstance(allowed, Mapping) and not allowed[key](value):
                raise refuse(400, f"{key}: wrong type of value")
        return given

    def asked(self, call: Call, *allowed: str) -> None:
        """Refuses parameters that the operation doesn't have."""
        known = {*allowed, *({"page_size", "page_token"} if call.op.role == "paged" else ())}
        if unknown := sorted({name for name, _ in call.query} - known):
            raise refuse(400, f"unknown parameter {unknown[0]!r}")

    def page(self, call: Call, rows: Sequence[Any]) -> Reply:
        """One page; a token holds for the same parameters only, and too large a size is cut (M-16)."""
        rest = json.dumps(sorted(pair for pair in call.query if pair[0] != "page_token"))
        start, _, made_for = (call.q("page_token") or "0").partition(".")
        size = int(call.q("page_size") or 0) if (call.q("page_size") or "0").isdecimal() else -1
        if size < 0 or not start.isdecimal() or (made_for and made_for != _digits(rest)):
            raise refuse(400, "page_size must be positive, and page_token the one of this very walk")
        size = min(size or USUAL.get(call.op.key, 20), LARGEST.get(call.op.key, 100))
        if self.switch("pages") == "short":
            size = max(1, size // 2) if made_for else 0
        end = int(start) + size
        token = f"{end}.{_digits(rest)}" if end < len(rows) else ""
        return self.reply({call.op.list_key or "items": list(rows[int(start) : end]), "next_page_token": token})

    def reply(self, body: Row) -> Reply:
        return Reply(200, body if self.switch("emit_zero") else _without_zeros(body))


def _digits(text: str) -> str:
    """A short mark of a text."""
    return str(sum(place * ord(letter) for place, letter in enumerate(text, 1)))


def _without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_zeros(v) for k, v in value.items() if v not in (0, "", [], None) and v != "0"}
    return [_without_zeros(item) for item in value] if isinstance(value, list) else value


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def instant(call: Call, name: str) -> datetime | None:
    """A time of the query, None where it isn't given; it says its offset (M-6, M-18)."""
    given = call.q(name)
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise refuse(400, f"{name}: a time says its offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refuse(400, f"{name}: not a time") from None


def within(text: str, start: datetime | None, end: datetime | None) -> bool:
    """Whether a time lies in a span: its start belongs to it, its end doesn't (M-18)."""
    moment = datetime.fromisoformat(text)
    return (start is None or start <= moment) and (end is None or moment < end)
