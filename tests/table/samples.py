"""One object of each nature: with a parent, with an id made of what it is, several alike, without a name, ..."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convergence.ateme import ENVIRONMENT, TRANSCODER, VIEWER
from headend.core.wire.registry import kinds

Fields = Mapping[str, Any]
LISTENER = {"variant": "srt_push", "port": 5001, "latency": 6000}
ENTITLEMENT = {"account_id": "viewer-19", "kind": "assets", "content_id": "derby"}


@dataclass(frozen=True)
class Sample:
    """spec: what is wanted of one object. table: where it lives in the simulated world.

    changed: values that an update brings. fixed: values that only a replacement brings. created: the request that
    makes it. lists: what is asked to find it. inputs: what else is in its environment. named: the field that it is
    found by. worded: a field of free text.
    """

    kind: str
    table: str
    spec: Fields
    created: str
    changed: Fields = field(default_factory=dict)
    fixed: Fields = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    inputs: Fields = field(default_factory=dict)
    named: str = ""
    worded: str = ""

    @property
    def within(self) -> bool:
        return kinds()[self.kind].parent is not None

    def address(self, key: str, environment: str = "e1") -> str:
        kind = kinds()[self.kind]
        inside = f"environments.{environment}." if self.within else ""
        return f"{kind.platform}.{inside}{kind.collection}.{key}"

    def stack(self, environment: str = "e1", life: Fields | None = None, **objects: Fields) -> dict[str, Any]:
        """A stack with these objects of the kind, by their keys. life: of the environment that they are in."""
        kind = kinds()[self.kind]
        place: dict[str, Any] = {kind.collection: copy.deepcopy(objects)} if objects else {}
        if self.within:
            inputs = {**self.inputs, **place.pop("inputs", {})}
            inner = {**ENVIRONMENT, **place, **({"inputs": inputs} if inputs else {})}
            place = {"environments": {environment: inner | ({"lifecycle": dict(life)} if life else {})}}
        return {"headend": 1, **({kind.platform: place} if place else {})}

    def one(self, lifecycle: Fields | None = None, **changes: Any) -> dict[str, Any]:
        """A stack with the object as `it`."""
        return self.stack(it=self.fields(lifecycle, **changes))

    def fields(self, lifecycle: Fields | None = None, **changes: Any) -> dict[str, Any]:
        """The object's fields; those that are None are left out."""
        life: Fields = {"lifecycle": dict(lifecycle)} if lifecycle else {}
        return {name: value for name, value in {**self.spec, **changes, **life}.items() if value is not None}


REPLACED = {"variant": "srt_pull", "host": "venue.example.com"}
SAMPLES = {
    sample.kind.partition(".")[2]: sample
    for sample in (
        Sample(
            "ateme.environment",
            "ateme.environments",
            {**ENVIRONMENT, "name": "Matchday"},
            "environment.create",
            changed={"state": "stopped"},
            fixed={"region": "us-east-1"},
            lists=("environment.dropdown", "environment.list_running"),
            named="name",
        ),
        Sample(
            "ateme.input",
            "ateme.inputs",
            {**LISTENER, "stream_name": "Stadium"},
            "input.create.*",
            changed={"latency": 2000},
            fixed=REPLACED,
            lists=("input.list",),
            named="stream_name",
            worded="user_description",
        ),
        Sample(
            "ateme.label",
            "ateme.labels",
            {"text": "Derby"},
            "label.create",
            changed={"text": "The derby"},
            lists=("label.list",),
            named="text",
            worded="text",
        ),
        Sample(
            "ateme.transcoder",
            "ateme.transcoders",
            TRANSCODER,
            "transcoder.create",
            changed={"video_bitrate": 4000},
            fixed={"number_of_audio_tracks": 4},
            lists=("transcoder.list",),
            inputs={"stadium": LISTENER},
        ),
        Sample(
            "ateme.multi_viewer",
            "ateme.multi_viewers",
            {**VIEWER, "tile_inputs": {"1": "stadium"}},
            "multi_viewer.create",
            changed={"pmt_pid": 33},
            fixed={"layout_id": 3},
            inputs={"stadium": LISTENER},
        ),
        Sample(
            "mycujoo.account",
            "mycujoo.accounts",
            {"email": "ada@example.com"},
            "account.create",
            changed={"first_name": "Ada"},
            fixed={"email": "bob@example.com"},
            worded="first_name",
        ),
        Sample(
            "mycujoo.action_configuration",
            "mycujoo.configurations",
            {"action_id": "act-1", "group_id": "derby", "title": "Goal"},
            "action_configuration.create",
            changed={"fields": {"delay": 5}},
            fixed={"group_id": "cup"},
            lists=("action_configuration.list",),
            named="title",
            worded="title",
        ),
        Sample(
            "rights_locker.account_categories",
            "rights_locker.categories",
            {"account_id": "viewer-17", "categories": ["sport"]},
            "categories.replace",
            changed={"categories": ["sport", "news"]},
            fixed={"account_id": "viewer-18"},
        ),
        Sample(
            "rights_locker.entitlement",
            "rights_locker.entitlements",
            {**ENTITLEMENT, "end_time": "2999-06-30T22:00:00Z"},
            "content.upsert",
            changed={"end_time": "2999-12-31T22:00:00Z"},
            fixed={"content_id": "cup"},
            named="content_id",
        ),
        Sample("mycujoo.organization", "mycujoo.organizations", {"org_id": "org-1", "name": "The Club"}, ""),
        Sample("just.profile", "just.profiles", {"name": "Ann"}, "profile.create"),
    )
}
