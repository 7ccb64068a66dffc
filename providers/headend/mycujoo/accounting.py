"""Calls of the accounting service: the organisation and what pays. Its writes go one at a time (M-14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from headend.core.model.errors import DecodeError, NotFound
from headend.mycujoo.calls import MycujooCalls

Row = dict[str, Any]
_METHODS = ("payment_methods",)


class Accounting:
    """What a credential's organisation is, and pays with, as this run knows it."""

    def __init__(self, api: MycujooCalls) -> None:
        self._api = api
        self._reads = api.client.reads
        self._turn = asyncio.Lock()

    # --- organisation --------------------------------------------------------------------------------------
    async def organization(self, org_id: str, *, fresh: bool = False) -> Row | None:
        """The organisation; the answer wraps it (M-33). None only if the service is there and says 404.

        A wrong base URL answers 404 to everything: the list of payment methods, which is always there, tells them
        apart (M-11, M-131). Raises NotFound then.
        """
        key = ("organization", org_id)

        async def read() -> Row | None:
            try:
                return await self._api.part("organization.get", "organization", path={"org_id": org_id})
            except NotFound:
                await self.methods()
                return None

        if fresh:
            self._reads.drop(*key)
        return await self._reads.get(key, read)

    async def update_organization(self, org_id: str, whole: Mapping[str, Any]) -> Row:
        """Sends the complete object (M-132), and gives what is stored; the answer is bare (M-34, M-133)."""
        async with self._turn:
            self._reads.drop("organization", org_id)
            path = {"org_id": org_id}
            stored = await self._api.call("organization.update", path=path, json=dict(whole))
        await self._api.keep(("organization", org_id), stored)
        return stored

    # --- payment methods -------------------------------------------------------------------------------------
    async def methods(self, *, fresh: bool = False) -> list[Row]:
        """All payment methods, with all their fields, in one request (M-36, M-135)."""
        if fresh:
            self._reads.drop(*_METHODS)
        return await self._reads.get(_METHODS, lambda: self._api.listed("payment_method.list"))

    async def create_method(self, setup_intent_id: str) -> Row:
        """Registers what somebody has confirmed in a browser; the answer is bare (M-37)."""
        async with self._turn:
            try:
                made = await self._api.call("payment_method.create", json={"setup_intent_id": setup_intent_id})
            finally:
                self._reads.drop(*_METHODS)
        if not isinstance(made.get("id"), str) or not made["id"]:
            raise DecodeError("mycujoo payment_method.create: the answer holds no id")
        return made

    async def make_default(self, id: str) -> Row:
        """Makes it the one that pays, and no other (M-136); the answer is bare (M-40)."""
        async with self._turn:
            try:
                return await self._api.call("payment_method.update", path={"id": id}, json={"is_default": True})
            finally:
                self._reads.drop(*_METHODS)

    async def delete_method(self, id: str) -> None:
        """Removes it. A 404 is success once the list, too, says that it is gone (M-135, M-11)."""
        async with self._turn:
            try:
                await self._api.call("payment_method.delete", path={"id": id})
            except NotFound:
                if any(str(row.get("id")) == id for row in await self.methods(fresh=True)):
                    raise
            finally:
                self._reads.drop(*_METHODS)
