"""A simulated Straas: tokens, members and a small catalogue, strict where the contract is (section 6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from headend.simulator.base import CREDENTIALS, Call, PlatformSim, Refusal, Reply, handles
from headend.simulator.table import Row, Table
from headend.straas.wire import TABLE

PAGING = ("page", "per_page")
FOREIGN = "127.0.0.1:9"  # where links to other pages lead: nobody is meant to follow them (S-15)
_TYPES = ("account_service", "internal_service")


@dataclass(eq=False, kw_only=True)
class StraasTable(Table["StraasSim"]):
    """blank: what a row has that says nothing else. stamped: whether it says since when."""

    blank: Mapping[str, Any]
    stamped: bool = True
    id_field: str = "id"
    serves: Collection[str] = ("list", "get")

    def add(self, sim: StraasSim, row: Row) -> Row:
        """Puts a row into the table, with what all rows of it have (S-50..S-57)."""
        stamps = dict.fromkeys(("created_at", "updated_at"), sim.stamp()) if self.stamped else {}
        made = {**self.blank, **stamps, **row}
        self.rows(sim)[str(made["id"])] = made
        return made

    def missing(self, sim: StraasSim, id: str) -> Refusal:
        return sim.refusal(404, f"Couldn't find {self.words.title().replace(' ', '')} with 'id'={id}")

    def many(self, sim: StraasSim, call: Call, rows: Iterable[Row]) -> Reply:
        return sim.page(call, list(rows))

    def one(self, sim: StraasSim, call: Call, row: Row, status: int = 200) -> Reply:
        return sim.reply(row, status)


class StraasSim(PlatformSim):
    """One account, and how it is spoken to.

    token_ttl: seconds that a token lives (S-180). token_calls: calls that it is good for, 0 = any number. echo_typo:
    registering a member answers another e-mail than it stores (S-103). duplicate: what registering a known id does
    (S-212). unauthorized: the status for what a member may not see (S-139). errors: how an error body looks (S-8).
    paging: whether lists tell in headers how they go on (S-14, S-214).
    """

    name = "straas"
    table = TABLE
    reads: ClassVar[frozenset[str]] = frozenset({"service_token.create"})
    secrets: ClassVar[frozenset[str]] = frozenset({"authorization", "email", "member_email", "stream_key"})
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "token_ttl": (86400,),
        "token_calls": (0,),
        "echo_typo": (False, True),
        "duplicate": ("conflict", "invalid", "updated"),
        "unauthorized": (401, 403),
        "errors": ("text", "object"),
        "paging": ("headers", "bare"),
    }

    def populate(self) -> None:
        self.world |= {"tokens": {}, "restricted": []}

    def kind(self, world: str) -> StraasTable:
        found = self.kinds[world]
        assert isinstance(found, StraasTable)
        return found

    def add(self, world: str, **row: Any) -> Row:
        """Puts a row into a table."""
        return self.kind(world).add(self, row)

    # --- what comes before the handlers ---------------------------------------------------------------------
    async def authenticate(self, call: Call) -> Reply | None:
        """Credentials by the kind of call (S-2, S-168), then what is wrong with any request (S-6)."""
        if call.headers.get("host") == FOREIGN:
            self._count("followed_links")
            return self.error(500, "a link of a list was followed")
        if call.headers.get("cookie", "").strip():
            return self.error(400, "there are no sessions here: a cookie came")
        if call.headers.get("content-type", "").partition(";")[0] != "application/json":
            return self.error(400, "the content type must be application/json")
        if call.op.role == "service":
            return self.error(400, "no Authorization is taken here") if "authorization" in call.headers else None
        if refused := self._unproven(call):
            return refused
        if call.raw and call.op.body == "none":
            return self.error(400, "no body is taken here")
        known = self.takes.get(call.op.key, PAGING if call.op.key.endswith(".list") else ())
        unknown = sorted({name for name, _ in call.query} - set(known))
        return self.error(422, f"unknown parameter {unknown[0]}") if unknown else None

    def _unproven(self, call: Call) -> Reply | None:
        """Why the token doesn't do. A service token is none of a member's, nor the other way round."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return self.error(401, "Unauthorized")
        known = self.world["tokens"].get(token)
        if known is None:
            return self.error(401, "JWT malformed")
        known["calls"] += 1
        if self.now().timestamp() >= known["exp"] or 0 < self.switch("token_calls") < known["calls"]:
            return self.error(401, "JWT expired")
        if (call.op.role == "member") != (known["member"] is not None):
            return self.error(401, "Unauthorized")
        call.state["member"] = known["member"]
        return None

    def unknown_route(self, method: str, path: str) -> Reply:
        return self.error(404, "Not Found")

    def wrong_method(self, method: str, path: str, allowed: Sequence[str]) -> Reply:
        """No other verb exists for any path (S-48, S-107)."""
        self._count("wrong_methods")
        return self.error(404, "Not Found")

    def bad_body(self, call: Call, why: str) -> Reply:
        return self.error(400, why)

    def fault_body(self, status: int) -> Any:
        return self._said(f"injected failure {status}")

    # --- tokens -----------------------------------------------------------------------------------------------
    @handles("service_token.create")
    async def service_token(self, call: Call) -> Reply:
        body = self.body(call, ("uid", "secret", "type"))
        if body["type"] not in _TYPES:
            return self.error(422, "type is invalid")
        known = CREDENTIALS[self.name]
        if (body["uid"], body["secret"]) != (known["HEADEND_STRAAS_UID"], known["HEADEND_STRAAS_SECRET"]):
            return self.error(401, "Unauthorized")
        return self.reply({"token": self._token(None)}, 201)

    @handles("member_token.get", takes=("member_id",))
    async def member_token(self, call: Call) -> Reply:
        id = self.needed(call, "member_id")
        self.kind("members").by_id(self, id)
        return self.reply({"token": self._token(id)})

    def _token(self, member: str | None) -> str:
        """An HS256 JWT with a key of its own, so that no two are the same."""
        expires = int(self.now().timestamp()) + self.switch("token_ttl")
        parts = [{"typ": "JWT", "alg": "HS256"}, {"app_id": 59, "exp": expires}]
        signed = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        key = self.new_id("key").encode()
        token = f"{signed}.{_b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"
        self.world["tokens"][token] = {"member": member, "exp": expires, "calls": 0}
        return token

    # --- answers ----------------------------------------------------------------------------------------------
    def page(self, call: Call, rows: list[Row], *, by: str = "id", told: bool = True) -> Reply:
        """One page, with the headers that say how it goes on (S-11..S-13)."""
        page, size = (self._positive(call, name, default) for name, default in (("page", 1), ("per_page", 10)))
        size = min(size, 100)
        rows = sorted(rows, key=lambda row: row[by])
        shown = rows[(page - 1) * size : page * size]
        if not told or self.switch("paging") == "bare":
            return self.reply(shown)
        headers = {"Total": str(len(rows)), "Per-Page": str(size)}
        last = max(1, -(-len(rows) // size))
        rels = {"first": 1, "prev": page - 1} if page > 1 else {}
        rels |= {"last": last, "next": page + 1} if page < last else {}
        if last > 1:
            address = f"http://{FOREIGN}/{self.prefix}{call.url_path}"
            headers["Link"] = ", ".join(f'<{address}?{urlencode({"page": n})}>; rel="{rel}"' for rel, n in rels.items())
        return self.reply(shown, headers=headers)

    # --- helpers ----------------------------------------------------------------------------------------------
    def body(self, call: Call, names: tuple[str, ...]) -> dict[str, str]:
        """The body, which has these texts and nothing else (S-180, S-181)."""
        body = call.body if isinstance(call.body, dict) else {}
        if missing := [name for name in names if not isinstance(body.get(name), str) or not body[name]]:
            raise self.refusal(422, f"{missing[0]} is missing")
        if unknown := sorted(body.keys() - set(names)):
            raise self.refusal(422, f"unknown key {unknown[0]}")
        return dict(body)

    def needed(self, call: Call, name: str) -> str:
        value = call.q(name)
        if not value:
            raise self.refusal(422, f"{name} is missing")
        return value

    def _positive(self, call: Call, name: str, default: int) -> int:
        value = call.q(name, str(default)) or ""
        if not (value.isascii() and value.isdecimal() and int(value) > 0):
            raise self.refusal(422, f"{name} must be a positive integer")
        return int(value)

    def _said(self, message: str) -> Row:
        return {"error": message if self.switch("errors") == "text" else {"message": message}}

    def error(self, status: int, message: str) -> Reply:
        return self.reply(self._said(message), status)

    def refusal(self, status: int, message: str) -> Refusal:
        reply = self.error(status, message)
        return Refusal(reply.status, reply.body, reply.headers)

    def reply(self, body: Any, status: int = 200, headers: Mapping[str, str] = {}) -> Reply:
        """With a tag and a clock, as the platform answers, and a cookie that nobody may bring back (S-6, S-20)."""
        tag = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
        date = format_datetime(self.now().astimezone(UTC), usegmt=True)
        return Reply(status, body, {"ETag": f'W/"{tag}"', "Date": date, "Set-Cookie": "session=x", **headers})

    def _count(self, what: str) -> None:
        self.world["counters"][what] = self.world["counters"].get(what, 0) + 1

    def stamp(self) -> str:
        now: datetime = self.now().astimezone(UTC)
        return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
