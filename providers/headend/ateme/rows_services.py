"""The documented shapes of what stands beside the signal: contacts, hosts, buckets."""

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from headend.ateme.rows import Row
from headend.core.wire.decode import OpaqueId, named

NO_GROUP = "null"
"""The id under which hosts are listed that are in no group; null and a missing one say the same (A-842)."""


class ContactRow(Row):
    id: OpaqueId = named("contact_id", "shared_contact_id", "id")
    name: str | None = None
    email: str | None = None


class HostRow(Row):
    """A host whose way is measured."""

    id: OpaqueId = named("host_id", "mtr_host_id", "id")
    host_name: str | None = None


class HostGroupRow(Row):
    """A group of them. Those in no group are listed as one more, which has no name, and often no id (A-627)."""

    id: OpaqueId = named("group_id", "mtr_host_group_id", "id")
    name: str | None = None
    hosts: list[HostRow] | None = None

    @model_validator(mode="before")
    @classmethod
    def _ungrouped(cls, body: Any) -> Any:
        known = ("group_id", "mtr_host_group_id", "id", "name")
        nothing = isinstance(body, Mapping) and all(body.get(name) is None for name in known)
        return {**body, "group_id": NO_GROUP} if nothing and body.get("hosts") else body


class BucketRow(Row):
    id: OpaqueId = named("recording_bucket_id", "bucket_id", "id")
    name: str | None = None
