"""A simulated Rights Locker: credentials, stream limits and category sets, strict where the contract is (section 5)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from headend.core.wire.operations import Operation
from headend.rights_locker.wire import TABLE
from headend.simulator.base import Call, PlatformSim, Refusal, Reply, handles

_OK = {"message": "OK"}
_FORBIDDEN = Reply(403, b"Unauthorized api_key")  # plain text, although declared JSON


class RightsLockerSim(PlatformSim):
    """Accounts exist by being referred to; any pcode will do.

    patch (K2), category_delete (K3), category_key (K4), no_categories (K5), entitlements_prefix (K6), auth (K7),
    write_failures (K9, a number): what the contract leaves open. A refused PATCH answers 400 unless a test opts in.
    """

    name = "rights_locker"
    by_hand: ClassVar[Mapping[str, Any]] = {"patch": "union", "wipe": "allowed"}
    table = TABLE
    secrets: ClassVar[frozenset[str]] = frozenset({"api_key", "signature", "expires"})
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "patch": ("refused", "union", "existing_only"),
        "category_delete": ("all", "listed", "body_ignored"),
        "category_key": ("categories", "users", "both"),
        "no_categories": ("list", "object", "404"),
        "entitlements_prefix": ("", "entitlements"),
        "auth": ("signed", "api_key", "none"),
        "write_failures": (0,),
    }

    def populate(self) -> None:
        self.world |= {"limits": {}, "categories": {}}

    @property
    def credentials(self) -> Mapping[str, str]:
        given = dict(super().credentials)
        if self.switch("auth") != "signed":
            del given["HEADEND_RIGHTS_LOCKER_API_SECRET"]
        if self.switch("auth") == "none":
            del given["HEADEND_RIGHTS_LOCKER_API_KEY"]
        if self.switch("entitlements_prefix"):
            given["HEADEND_RIGHTS_LOCKER_ENTITLEMENTS_PREFIX"] = self.switch("entitlements_prefix")
        return given

    # --- what comes before the handlers -------------------------------------------------------------------
    def match(
        self, method: str, path: str, query: Sequence[tuple[str, str]]
    ) -> tuple[Operation, dict[str, str]] | Reply:
        prefix = self.switch("entitlements_prefix")
        if not prefix:
            return super().match(method, path, query)
        if path.startswith("/providers/"):
            return self.unknown_route(method, path)
        return super().match(method, path.removeprefix(f"/{prefix}"), query)

    def unknown_route(self, method: str, path: str) -> Reply:
        return Reply(404, "<html><body>Not Found</body></html>", media="text/html")

    async def authenticate(self, call: Call) -> Reply | None:
        """Credentials, then what is wrong with any request, then the failures asked for (K9)."""
        auth = self.switch("auth")
        known = self.takes.get(call.op.key, frozenset())
        signed, keyed = auth == "signed", "api_key" in known
        if signed:
            known |= {"api_key", "expires", "signature"}
        if any(name not in known for name, _ in call.query) or len(dict(call.query)) != len(call.query):
            return _refused("unknown query parameter")
        if signed and not self._is_signed(call):
            return _FORBIDDEN
        if auth == "api_key" and keyed and call.q("api_key") != self._credential("API_KEY"):
            return _FORBIDDEN
        if call.raw and call.op.body == "none":
            return _refused("no body is expected")
        if call.raw and not call.headers.get("content-type", "").startswith("application/json"):
            return _refused("the body must be declared as application/json")
        failed = self.world["counters"].get("failed_writes", 0)
        if self.is_write(call.op) and failed < self.switch("write_failures"):
            self.world["counters"]["failed_writes"] = failed + 1
            return Reply(500, {"message": "Read-only database"})
        return None

    def _is_signed(self, call: Call) -> bool:
        expires = call.q("expires") or ""
        if call.q("api_key") != self._credential("API_KEY") or not expires.isdecimal():
            return False
        if int(expires) <= self.now().timestamp():
            return False
        text = self._credential("API_SECRET") + call.method + unquote(f"/{self.prefix}{call.url_path}")
        text += "".join(sorted(f"{name}={value}" for name, value in call.query if name != "signature"))
        digest = hashlib.sha256(text.encode() + call.raw).digest()
        return call.q("signature") == base64.b64encode(digest).decode().rstrip("=")

    def _credential(self, name: str) -> str:
        return super().credentials[f"HEADEND_RIGHTS_LOCKER_{name}"]

    # --- stream limit (E1, E2) ----------------------------------------------------------------------------
    @handles("limit.set")
    async def set_limit(self, call: Call) -> Reply:
        if not (call.path["limit"].isascii() and call.path["limit"].isdecimal()):
            return _refused("max_concurrent_streams limit should be a number")
        self.world["limits"][account(call)] = int(call.path["limit"])
        return Reply(200, _OK)

    @handles("limit.delete")
    async def delete_limit(self, call: Call) -> Reply:
        self.world["limits"].pop(account(call), None)
        return Reply(200, _OK)

    # --- categories (E3 to E6) ----------------------------------------------------------------------------
    @handles("categories.replace")
    async def replace_categories(self, call: Call) -> Reply:
        self.world["categories"][account(call)] = _named(call)
        return Reply(200, _OK)

    @handles("categories.get")
    async def get_categories(self, call: Call) -> Reply:
        names = self.world["categories"].get(account(call), [])
        if not names and self.switch("no_categories") == "404":
            return Reply(404)
        if not names and self.switch("no_categories") == "object":
            return Reply(200, {})
        key = self.switch("category_key")
        return Reply(200, {k: names for k in ("categories", "users") if key in {k, "both"}})

    @handles("categories.edit")
    async def edit_categories(self, call: Call) -> Reply:
        if self.switch("patch") == "refused":
            return _refused("PATCH is not for use (R-39); the switch patch allows it")
        names, current = _named(call), self.world["categories"].get(account(call), [])
        if self.switch("patch") == "union":
            self.world["categories"][account(call)] = current + [n for n in names if n not in current]
        return Reply(200, _OK)

    @handles("categories.delete")
    async def delete_categories(self, call: Call) -> Reply:
        way = self.switch("category_delete")
        listed = [] if way == "body_ignored" else _named(call)
        current = self.world["categories"].pop(account(call), [])
        if way == "listed" and (rest := [name for name in current if name not in listed]):
            self.world["categories"][account(call)] = rest
        return Reply(200, _OK)


def _refused(why: str) -> Reply:
    return Reply(400, {"message": why})


def _named(call: Call) -> list[str]:
    """The category names in a body; refuses every other shape, and an empty list."""
    names = call.body.get("categories") if isinstance(call.body, dict) and len(call.body) == 1 else None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise Refusal(400, {"message": "categories should be a list of names"})
    return list(dict.fromkeys(names))


def account(call: Call) -> str:
    return f"{quote(call.path['pcode'], safe='')}/{quote(call.path['account_id'], safe='@')}"
