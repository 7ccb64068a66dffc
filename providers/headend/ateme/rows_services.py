"""The documented shapes of what stands beside the signal: contacts, hosts, buckets, guests."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any

from pydantic import model_validator

from headend.ateme.rows import Moment, Row, TimedRow
from headend.core.wire.decode import OpaqueId, TextId, named

NO_GROUP = "null"
"""The id under which hosts are listed that are in no group; null and a missing one say the same (A-842)."""

HOLDERS = ("target_c_env_id", "c_env_id", "environment_id")


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

    @cached_property
    def held(self) -> frozenset[str]:
        """The ids of its hosts."""
        return frozenset(host.id for host in self.hosts or ())

    @model_validator(mode="before")
    @classmethod
    def _ungrouped(cls, body: Any) -> Any:
        known = ("group_id", "mtr_host_group_id", "id", "name")
        nothing = isinstance(body, Mapping) and all(body.get(name) is None for name in known)
        return {**body, "group_id": NO_GROUP} if nothing and body.get("hosts") else body


class BucketRow(Row):
    id: OpaqueId = named("recording_bucket_id", "bucket_id", "id")
    name: str | None = None


class RecordingRow(TimedRow):
    id: OpaqueId = named("recording_schedule_id", "id")
    recording_bucket_id: OpaqueId | None = None
    stop_time: Moment = None


class SavedIpRow(Row):
    """An address, and the environment that holds it, by one of several names: nobody documents which (A-653)."""

    id: OpaqueId = named("saved_ip_id", "id")
    ip_address: str | None = None
    holder: OpaqueId | None = named(*HOLDERS, default=None)

    @property
    def tells_holder(self) -> bool:
        return not self.given.keys().isdisjoint(HOLDERS)


def token_of(body: Any) -> str | None:
    """The token of an invitation, as it came."""
    names = ("source_invitation_token", "token")
    found = [body[name] for name in names if name in body] if isinstance(body, Mapping) else []
    return found[0] if found and isinstance(found[0], str) and found[0] else None


def guest_id(token: str) -> str:
    """What headend calls an invitation: the token, which paths are made of, lets in whoever has it (A-844)."""
    return f"guest-{sha256(token.encode()).hexdigest()[:16]}"


class InvitationRow(Row):
    """A guest, invited or there. Its token is the only way to address it, so that one that isn't shown is an error."""

    id: OpaqueId = named("guest_id")
    token: TextId = named("source_invitation_token", "token")
    number: OpaqueId | None = named("source_invitation_id", "invitation_id", "id", default=None)
    destination_temporary_name: str | None = None
    input_ids: list[OpaqueId] | None = None
    label_ids: list[OpaqueId] | None = None
    environment_visibility: dict[str, bool] | None = None
    environment_max_destinations: dict[str, int] | None = None

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, body: Any) -> Any:
        token = token_of(body)
        return {**body, "guest_id": guest_id(token)} if token else body
