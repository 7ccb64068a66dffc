"""Calls of the accounting service: the organisation and what pays. Its writes go one at a time (M-14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from headend.core.model.errors import NotFound
from headend.mycujoo.answers import Organization, PaymentMethod, about
from headend.mycujoo.calls import MycujooCalls

_METHODS = ("payment_methods",)


class Accounting:
    """What a credential's organisation is, and pays with, as this run knows it."""

    def __init__(self, api: MycujooCalls) -> None:
        self._api = api
        self._reads = api.client.reads
        self._turn = asyncio.Lock()

    # --- organisation --------------------------------------------------------------------------------------
    async def organization(self, org_id: str, *, fresh: bool = False) -> Organization | None:
        """The organisation; the answer wraps it (M-33). None only if the service is there and says 404.

        A wrong base URL answers 404 to everything: the list of payment methods, which is always there, tells them
        apart (M-11, M-131). Raises NotFound then.
        """
        key = ("organization", org_id)

        async def read() -> Organization | None:
            try:
                found = await self._api.one(Organization, "organization.get", "organization", path={"org_id": org_id})
                return about(org_id, found)
            except NotFound:
                await self.methods()
                return None

        return await self._reads.get(key, read, fresh=fresh)

    async def update_organization(self, org_id: str, whole: Mapping[str, Any]) -> Organization:
        """Sends the complete object (M-132), and gives what is stored; the answer is bare (M-34, M-133)."""
        async with self._turn:
            self._reads.drop("organization", org_id)
            sent: dict[str, Any] = {"path": {"org_id": org_id}, "json": dict(whole)}
            stored = about(org_id, await self._api.one(Organization, "organization.update", **sent))
        self._reads.keep(("organization", org_id), stored)
        return stored

    # --- payment methods -------------------------------------------------------------------------------------
    async def methods(self, *, fresh: bool = False) -> Mapping[str, PaymentMethod]:
        """All payment methods by id, with all their fields, in one request (M-36, M-135)."""

        async def read() -> Mapping[str, PaymentMethod]:
            return {row.id: row for row in await self._api.listed(PaymentMethod, "payment_method.list")}

        return await self._reads.get(_METHODS, read, fresh=fresh)

    async def method(self, id: str) -> PaymentMethod | None:
        """One payment method, looked at now (M-38). None only if the platform says so itself (M-135)."""
        try:
            found = await self._api.one(PaymentMethod, "payment_method.get", "payment_method", path={"id": id})
        except NotFound:
            return None
        return about(id, found)

    async def create_method(self, setup_intent_id: str) -> PaymentMethod:
        """Registers what somebody has confirmed in a browser; the answer is bare (M-37)."""
        async with self._turn:
            try:
                sent = {"setup_intent_id": setup_intent_id}
                return await self._api.one(PaymentMethod, "payment_method.create", json=sent)
            finally:
                self._reads.drop(*_METHODS)

    async def make_default(self, id: str) -> PaymentMethod:
        """Makes it the one that pays, and no other (M-136); the answer is bare (M-40)."""
        async with self._turn:
            try:
                sent: dict[str, Any] = {"path": {"id": id}, "json": {"is_default": True}}
                return about(id, await self._api.one(PaymentMethod, "payment_method.update", **sent))
            finally:
                self._reads.drop(*_METHODS)

    async def delete_method(self, id: str) -> None:
        """Removes it. A 404 is success once the list, too, says that it is gone (M-135, M-11)."""
        async with self._turn:
            try:
                await self._api.call("payment_method.delete", path={"id": id})
            except NotFound:
                if id in await self.methods(fresh=True):
                    raise
            finally:
                self._reads.drop(*_METHODS)
