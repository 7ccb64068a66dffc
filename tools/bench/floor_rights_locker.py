"""Rights Locker: what an account has is read account by account; limits can't be read."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import floors
from floors import Group


def _account(wanted: dict[str, Any]) -> str:
    return f"/pcode/{os.environ['HEADEND_RIGHTS_LOCKER_PCODE']}/account_id/{wanted['account_id']}"


def _content(wanted: dict[str, Any]) -> str:
    return f"/providers/{os.environ['HEADEND_RIGHTS_LOCKER_PCODE']}/accounts/{wanted['account_id']}/content"


def _grants(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    entries = wanted.get("entries", [wanted])
    return [
        {name: entry[name] for name in ("content_id", "end_time")} | {"external_product_id": "default"}
        for entry in entries
    ]


class Floor(floors.Floor):
    def groups(self, stack: dict[str, Any]) -> list[Group]:
        given = stack["rights_locker"]
        return [{f"{noun}.{name}": wanted for name, wanted in of.items()} for noun, of in given.items()]

    async def look(self, groups: Sequence[Group], verb: str) -> None:
        for group in groups:
            if "limit" not in next(iter(group.values())):
                await self.each(((wanted,) for wanted in group.values()), self._read)

    async def _read(self, wanted: dict[str, Any]) -> None:
        path = _account(wanted) if "categories" in wanted else _content(wanted)
        await self.send("GET", path, absent=True)

    async def create(self, address: str, wanted: dict[str, Any]) -> str:
        if "limit" in wanted:
            await self.send("POST", f"{_account(wanted)}/limit/{wanted['limit']}")
        elif "categories" in wanted:
            await self.send("POST", _account(wanted), json={"categories": wanted["categories"]})
        else:
            await self.send("POST", _content(wanted), json={"labels": _grants(wanted)})
        return wanted["account_id"]

    async def update(self, address: str, id: str, wanted: dict[str, Any]) -> str:
        return await self.create(address, wanted)

    async def delete(self, address: str, id: str) -> None:
        wanted = self.known[address][1]
        if "limit" in wanted:
            await self.send("DELETE", f"{_account(wanted)}/limit")
        elif "categories" in wanted:
            await self.send("DELETE", _account(wanted), json={"categories": wanted["categories"]})
        else:
            for grant in _grants(wanted):
                item = f"{grant['content_id']}/external_products/{grant['external_product_id']}"
                await self.send("DELETE", f"{_content(wanted)}/labels/{item}")

    async def send(self, method: str, path: str, absent: bool = False, **options: Any) -> Any:
        """Signed (R-12, R-13)."""
        body = json.dumps(options.pop("json")).encode() if "json" in options else b""
        given = {"api_key": os.environ["HEADEND_RIGHTS_LOCKER_API_KEY"], "expires": str(int(time.time()) + 240)}
        pairs = "".join(sorted(f"{name}={value}" for name, value in given.items()))
        signed = f"{os.environ['HEADEND_RIGHTS_LOCKER_API_SECRET']}{method}{urlsplit(self.base).path}{path}{pairs}"
        digest = hashlib.sha256(signed.encode() + body).digest()
        given["signature"] = base64.b64encode(digest).decode()[:43]
        sent = {"content": body, "headers": {"content-type": "application/json"}} if body else {}
        return await super().send(method, path, absent, params=given, **sent)
