"""A simulated Straas: tokens, members and a small catalogue, strict where the contract is (section 6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from headend.simulator.base import CREDENTIALS, Call, PlatformSim, Refusal, Reply, handles
from headend.straas.wire import TABLE

FOREIGN = "127.0.0.1:9"  # where links to other pages lead: nobody is meant to follow them (S-15)
_LIST = ("page", "per_page")
_QUERIES: Mapping[str, tuple[str, ...]] = {
    "member_token.get": ("member_id",),
    "order.list": ("member_id", "includes", *_LIST),
    "video.list": ("ids", "category_ids", "tag_ids", "order_by", *_LIST),
    "playlist.get": _LIST,  # the document's sample sends them, without effect (S-42)
}
_EXTRAS = ("line_item", "transaction")
_TYPES = ("account_service", "internal_service")


class StraasSim(PlatformSim):
    """One account with a default category, and whatever is put into it.

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
        tables = ("ad_banners", "categories", "lives", "members", "orders", "playlists", "tokens", "videos")
        self.world |= {table: {} for table in tables} | {"restricted": []}
        self.add("categories", id=1, default=True, name="未分類", description="預設分類")
        self.add("playlists", id="plHghl01", title="Highlights", synopsis="The best of the season")

    def add(self, table: str, **row: Any) -> dict[str, Any]:
        """Puts a row into a table, with what all rows of it have (S-50..S-57)."""
        stamps = {} if table in {"members", "orders"} else dict.fromkeys(("created_at", "updated_at"), self._stamp())
        made = {**_BLANK[table], **stamps, **row}
        self.world[table][str(made["id"])] = made
        return made

    # --- what comes before the handlers ---------------------------------------------------------------------
    async def authenticate(self, call: Call) -> Reply | None:
        """Credentials by the kind of call (S-2, S-168), then what is wrong with any request (S-6)."""
        if call.headers.get("host") == FOREIGN:
            self._count("followed_links")
            return self._error(500, "a link of a list was followed")
        if call.headers.get("cookie", "").strip():
            return self._error(400, "there are no sessions here: a cookie came")
        if call.headers.get("content-type", "").partition(";")[0] != "application/json":
            return self._error(400, "the content type must be application/json")
        if call.op.role == "service":
            return self._error(400, "no Authorization is taken here") if "authorization" in call.headers else None
        if refused := self._unproven(call):
            return refused
        if call.raw and call.op.body == "none":
            return self._error(400, "no body is taken here")
        known = _QUERIES.get(call.op.key, _LIST if call.op.key.endswith(".list") else ())
        unknown = sorted({name for name, _ in call.query} - set(known))
        return self._error(422, f"unknown parameter {unknown[0]}") if unknown else None

    def _unproven(self, call: Call) -> Reply | None:
        """Why the token doesn't do. A service token is none of a member's, nor the other way round."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return self._error(401, "Unauthorized")
        known = self.world["tokens"].get(token)
        if known is None:
            return self._error(401, "JWT malformed")
        known["calls"] += 1
        if self.now().timestamp() >= known["exp"] or 0 < self.switch("token_calls") < known["calls"]:
            return self._error(401, "JWT expired")
        if (call.op.role == "member") != (known["member"] is not None):
            return self._error(401, "Unauthorized")
        call.state["member"] = known["member"]
        return None

    def unknown_route(self, method: str, path: str) -> Reply:
        return self._error(404, "Not Found")

    def wrong_method(self, method: str, path: str, allowed: Sequence[str]) -> Reply:
        """No other verb exists for any path (S-48, S-107)."""
        self._count("wrong_methods")
        return self._error(404, "Not Found")

    def bad_body(self, call: Call, why: str) -> Reply:
        return self._error(400, why)

    def fault_body(self, status: int) -> Any:
        return self._said(f"injected failure {status}")

    # --- tokens -----------------------------------------------------------------------------------------------
    @handles("service_token.create")
    async def service_token(self, call: Call) -> Reply:
        body = self._body(call, ("uid", "secret", "type"))
        if body["type"] not in _TYPES:
            return self._error(422, "type is invalid")
        known = CREDENTIALS[self.name]
        if (body["uid"], body["secret"]) != (known["HEADEND_STRAAS_UID"], known["HEADEND_STRAAS_SECRET"]):
            return self._error(401, "Unauthorized")
        return self._reply({"token": self._token(None)}, 201)

    @handles("member_token.get")
    async def member_token(self, call: Call) -> Reply:
        id = self._needed(call, "member_id")
        self._row("members", id)
        return self._reply({"token": self._token(id)})

    def _token(self, member: str | None) -> str:
        """An HS256 JWT with a key of its own, so that no two are the same."""
        expires = int(self.now().timestamp()) + self.switch("token_ttl")
        parts = [{"typ": "JWT", "alg": "HS256"}, {"app_id": 59, "exp": expires}]
        signed = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        key = self.new_id("key").encode()
        token = f"{signed}.{_b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"
        self.world["tokens"][token] = {"member": member, "exp": expires, "calls": 0}
        return token

    # --- members ----------------------------------------------------------------------------------------------
    @handles("member.create")
    async def register(self, call: Call) -> Reply:
        body = self._body(call, ("id", "email"))
        known = self.world["members"].get(body["id"])
        if known is None:
            self.add("members", **body)
        elif self.switch("duplicate") == "updated":
            known["email"] = body["email"]
        else:
            status = 409 if self.switch("duplicate") == "conflict" else 422
            return self._error(status, "id has already been taken")
        typo = {"email": body["email"].replace("m", "n")} if self.switch("echo_typo") else {}
        return self._reply({**body, **typo}, 201)

    # --- one object -------------------------------------------------------------------------------------------
    @handles("member.get", "ad_banner.get", "live.get", "order.get", "playlist.get", "video.get")
    async def single(self, call: Call) -> Reply:
        return self._reply(self._row(_TABLES[call.op.key.partition(".")[0]], call.path["id"]))

    @handles("member_playlist.get", "member_video.get")
    async def as_member(self, call: Call) -> Reply:
        """What the member may see, without the account's id (S-43, S-46)."""
        table = _TABLES[call.op.key.removeprefix("member_").partition(".")[0]]
        row = self._row(table, call.path["id"])
        if call.path["id"] in self.world["restricted"]:
            return self._error(self.switch("unauthorized"), "Unauthorized resource")
        return self._reply({name: value for name, value in row.items() if name != "account_id"})

    # --- lists ------------------------------------------------------------------------------------------------
    @handles("ad_banner.list", "category.list", "live.list", "playlist.list")
    async def listed(self, call: Call) -> Reply:
        return self._page(call, list(self.world[_TABLES[call.op.key.partition(".")[0]]].values()))

    @handles("order.list")
    async def orders(self, call: Call) -> Reply:
        """Without headers that say how many there are (S-41)."""
        member = self._needed(call, "member_id")
        extras = _split(call.q("includes"))
        if wrong := [word for word in extras if word not in _EXTRAS]:
            return self._error(422, f"includes: {wrong[0]} is unknown")
        mine = [row for row in self.world["orders"].values() if row["customer"]["member_id"] == member]
        hidden = set(_EXTRAS) - set(extras)
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in mine]
        return self._page(call, rows, told=False)

    @handles("video.list")
    async def videos(self, call: Call) -> Reply:
        rows = list(self.world["videos"].values())
        if (ids := call.q("ids")) is not None:
            rows = [row for row in rows if row["id"] in _split(ids)]
        if (categories := call.q("category_ids")) is not None:
            rows = [row for row in rows if str((row["category"] or {}).get("id")) in _split(categories)]
        if (tags := call.q("tag_ids")) is not None:
            rows = [row for row in rows if {str(tag["id"]) for tag in row["tags"]} & set(_split(tags))]
        if call.q("order_by") not in {None, "create_time"}:
            return self._error(422, "order_by is invalid")
        return self._page(call, rows, by="created_at" if call.q("order_by") else "id")

    def _page(self, call: Call, rows: list[dict[str, Any]], *, by: str = "id", told: bool = True) -> Reply:
        """One page, with the headers that say how it goes on (S-11..S-13)."""
        page, size = (self._positive(call, name, default) for name, default in (("page", 1), ("per_page", 10)))
        size = min(size, 100)
        rows = sorted(rows, key=lambda row: row[by])
        shown = rows[(page - 1) * size : page * size]
        if not told or self.switch("paging") == "bare":
            return self._reply(shown)
        headers = {"Total": str(len(rows)), "Per-Page": str(size)}
        last = max(1, -(-len(rows) // size))
        rels = {"first": 1, "prev": page - 1} if page > 1 else {}
        rels |= {"last": last, "next": page + 1} if page < last else {}
        if last > 1:
            address = f"http://{FOREIGN}/{self.prefix}{call.url_path}"
            headers["Link"] = ", ".join(f'<{address}?{urlencode({"page": n})}>; rel="{rel}"' for rel, n in rels.items())
        return self._reply(shown, headers=headers)

    # --- helpers ----------------------------------------------------------------------------------------------
    def _row(self, table: str, id: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self.world[table].get(id)
        if found is None:
            raise self._refusal(404, f"Couldn't find {_NAMES[table]} with 'id'={id}")
        return found

    def _body(self, call: Call, names: tuple[str, ...]) -> dict[str, str]:
        """The body, which has these texts and nothing else (S-180, S-181)."""
        body = call.body if isinstance(call.body, dict) else {}
        if missing := [name for name in names if not isinstance(body.get(name), str) or not body[name]]:
            raise self._refusal(422, f"{missing[0]} is missing")
        if unknown := sorted(body.keys() - set(names)):
            raise self._refusal(422, f"unknown key {unknown[0]}")
        return dict(body)

    def _needed(self, call: Call, name: str) -> str:
        value = call.q(name)
        if not value:
            raise self._refusal(422, f"{name} is missing")
        return value

    def _positive(self, call: Call, name: str, default: int) -> int:
        value = call.q(name, str(default)) or ""
        if not (value.isascii() and value.isdecimal() and int(value) > 0):
            raise self._refusal(422, f"{name} must be a positive integer")
        return int(value)

    def _said(self, message: str) -> dict[str, Any]:
        return {"error": message if self.switch("errors") == "text" else {"message": message}}

    def _error(self, status: int, message: str) -> Reply:
        return self._reply(self._said(message), status)

    def _refusal(self, status: int, message: str) -> Refusal:
        reply = self._error(status, message)
        return Refusal(reply.status, reply.body, reply.headers)

    def _reply(self, body: Any, status: int = 200, headers: Mapping[str, str] = {}) -> Reply:
        """With a tag and a clock, as the platform answers, and a cookie that nobody may bring back (S-6, S-20)."""
        tag = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
        date = format_datetime(self.now().astimezone(UTC), usegmt=True)
        return Reply(status, body, {"ETag": f'W/"{tag}"', "Date": date, "Set-Cookie": "session=x", **headers})

    def _count(self, what: str) -> None:
        self.world["counters"][what] = self.world["counters"].get(what, 0) + 1

    def _stamp(self) -> str:
        now: datetime = self.now().astimezone(UTC)
        return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _split(words: str | None) -> list[str]:
    return [word for word in (words or "").split(",") if word]


_TABLES = {
    "ad_banner": "ad_banners",
    "category": "categories",
    "live": "lives",
    "member": "members",
    "order": "orders",
    "playlist": "playlists",
    "video": "videos",
}
_NAMES = {table: name.replace("_", " ").title().replace(" ", "") for name, table in _TABLES.items()}
_ACCOUNT = {"account_id": "simulated-account"}
_SHOWN = {"thumbnail_urls": None, "poster_url": None, "embed_url": None, "user": None, "ad_tag": None}
_TITLED = {**_ACCOUNT, **_SHOWN, "title": "", "synopsis": ""}
_BLANK: Mapping[str, Mapping[str, Any]] = {
    "ad_banners": {**_ACCOUNT, "name": "", "image": {"url": None}, "link": ""},
    "categories": {
        "default": False,
        "name": "",
        "description": "",
        "videos_count": 0,
        "lives_count": 0,
        "parent_id": None,
    },
    "lives": {
        **_TITLED,
        "listed": True,
        "available": True,
        "highest_resolution": None,
        "full_hd_enabled": False,
        "cover_url": None,
        "thumbnail_set": None,
        "category": None,
        "videos": [],
    },
    "members": {"email": "", "membership": "free"},
    "orders": {
        "amount_cent": 0,
        "amount_currency": "TWD",
        "customer": {"member_id": "", "member_email": ""},
        "line_item": None,
        "transaction": None,
    },
    "playlists": {**_TITLED, "videos_count": 0, "ad_play_mode": "once"},
    "videos": {
        **_TITLED,
        "public": True,
        "accomplished": True,
        "duration": 0,
        "resolution": "_1080p",
        "privacy": "PUBLIC",
        "available": True,
        "available_from": None,
        "available_till": None,
        "stream_url": None,
        "metadata": None,
        "download_urls": {},
        "thumbnail_set": None,
        "category": None,
        "tags": [],
        "statistic_summary": None,
        "live_id": None,
        "live_started_at": None,
        "live_ended_at": None,
    },
}
"""What a row has that says nothing else. The samples of the document decide where its tables differ (S-164)."""
