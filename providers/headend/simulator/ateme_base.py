"""The simulated Ateme+ Cloud API: who is asking, in which scope, and how answers are shaped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from headend.ateme.wire import TABLE
from headend.simulator.ateme_rules import Rule, check
from headend.simulator.base import Call, PlatformSim, Refusal, Reply

Row = dict[str, Any]
ROLES = {"monitor": 1, "operator": 2, "admin": 3}


class AtemeBase(PlatformSim):
    """Users, tokens, organisations and the shapes of answers. Switches are those of A-774."""

    table = TABLE
    secrets = frozenset(
        {
            "stream_key",
            "url",
            "backup_url",
            "technical_details",
            "input_settings",
            "livelink_args",
            "notification_parameters",
        }
    )
    reads = frozenset({"transcoder.probe"})
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "scoping": ("claim", "row"),  # what decides the scope of a call: the JWT, or the user's row
        "old_tokens": ("valid", "revoked"),  # after a switch
        "token_calls": (0,),  # calls that a JWT is good for; 0 = any number
        "organisation_token": (True, False),  # whether switching the organisation answers a JWT
        "polls": (2,),  # reads until an asynchronous operation is done
        "outcome": ("done", "failed"),  # how creating an environment ends
        "initial_environment": ("running", "stopped"),
        "initial_input": ("started", "stopped"),
        "initial_output": ("started", "stopped"),
        "input_get": ("item", "list", "refused"),  # the second "List inputs"
        "envelope": ("bare", "object"),  # of lists
        "wrapped": (False, True),  # items one level down
        "ids": ("named", "plain"),  # {input_id, id} or {id, stream_id}
        "stopped_writes": ("refused", "accepted"),  # on an environment that isn't running
        "deleted": ("gone", "visible"),  # soft-deleted rows: 404, or shown with is_deleted
        "updates": ("partial", "full"),
        "variant_echo": (True, False),  # whether rows of inputs and outputs say what they are
        "latency_echo": ("null", "minus_one"),
        "ttl_limit": (225, 255),
        "unknown_keys": ("refused", "accepted"),
        "push_update_stops": (True, False),
        "secrets_shown": (False, True),
        "references": ("refused", "ignored"),  # deleting what a schedule still uses
        "released_agreements": ("after_tick", "at_once", "finished"),
        "ended_schedules": ("kept", "gone"),
        "times": ("utc", "offset"),  # how schedule times are echoed
        "permanent_start": ("hidden", "shown"),  # whether a permanent schedule says since when
        "event_times": ("reach", "stay", "hidden"),  # whether an event's new times reach its subscriptions
        "push_seconds": (0.002,),  # how long a schedule push holds its environment
        "alert_create": ("object", "list", "message"),  # how a new alert is answered
        "alert_update": ("unmutes", "keeps"),  # what an update does to a muted alert
        "initial_transcoder": ("running", "stopped"),
        "transcoder_outcome": ("done", "failed"),  # how creating one ends
        "stop_mark": ("marked", "wavering", "real"),  # stopped in the record before the machine is; in and out; when
        "transcoder_list": ("full", "brief"),  # whether its rows hold the settings
        "track_numbers": ("given", "filled"),  # whether extra video tracks get the numbers that they were sent without
        "presets": ("grow", "by_name"),  # storing one again: a second one, or the same
        "frame_cap": ("interlaced", "any"),  # which frame types end at 50 frames a second
        "thumbnail": ("image",),  # also late: only the second time; json: within an object; link: to elsewhere
        "probe": ("tracks",),  # also pids: bare numbers; none: no audio; words: without PIDs
        "viewer_details": ("full", "settings", "unlinked"),  # what multi-viewers show; whether their inputs name them
        "viewer_update": ("keeps", "restarts"),  # whether a multi-viewer runs on through its update
        "viewer_outcome": ("done", "failed"),  # how creating one ends
        "system_user": (True, False),  # creating an environment adds one
    }

    def populate(self) -> None:
        """Two users, an organisation of theirs, another one, and one that the first user is a guest of."""
        email, password = self.credentials["HEADEND_ATEME_EMAIL"], self.credentials["HEADEND_ATEME_PASSWORD"]
        scope = {"managing": "org-1", "organisation": "org-1", "environment": None}
        self.world |= {
            "users": {
                "user-1": {"email": email, "password": password, **scope},
                "user-2": {"email": "viewer@example.com", "password": password, **scope},
            },
            "organisations": {
                "org-1": {"name": "Example Broadcasting", "roles": {"user-1": "admin", "user-2": "monitor"}},
                "org-2": {"name": "Second Channel", "roles": {"user-1": "operator"}},
                "org-3": {"name": "Host Broadcaster", "roles": {}},
            },
            "guests": {"org-3": ["user-1"]},
            "catalogue": {
                "aws": {"eu-west-1": ["small", "medium", "large"], "us-east-1": ["small", "medium", "large"]},
                "gcp": {"europe-west1": ["small", "medium", "large"]},
            },
            "tokens": {},
            "environments": {},
            "inputs": {},
            "outputs": {},
            "schedules": {},
            "groups": {},
            "agreements": {},
            "alerts": {},
            "alert_methods": {},
            "labels": {},
            "pushes": {},
        }

    # --- tokens and scope ------------------------------------------------------------------------------------
    def issue(self, user_id: str, *, switch: bool = False) -> str:
        """A new JWT for the scope in the user's row; a switch may revoke the user's older ones."""
        user = self.world["users"][user_id]
        number = self.new_id("jwt")
        token = f"sim.{hashlib.sha256(number.encode()).hexdigest()[:32]}.{number}"
        if switch and self.switch("old_tokens") == "revoked":
            for known in self.world["tokens"].values():
                known["revoked"] = known["revoked"] or known["user"] == user_id
        claims = {key: user[key] for key in ("managing", "organisation", "environment")}
        self.world["tokens"][token] = {"user": user_id, **claims, "calls": 0, "revoked": False}
        return token

    async def authenticate(self, call: Call) -> Reply | None:
        """401 without a good JWT; the scope of the call goes into call.state["scope"] (A-3, A-775)."""
        if call.op.key == "session.login":
            return None
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        known = self.world["tokens"].get(token) if scheme == "Bearer" else None
        if known is None or known["revoked"]:
            return Reply(401, {"message": "missing or invalid token"})
        known["calls"] += 1
        if 0 < self.switch("token_calls") < known["calls"]:
            return Reply(401, {"message": "the token has expired"})
        source = known if self.switch("scoping") == "claim" else self.world["users"][known["user"]]
        scope = {key: source[key] for key in ("managing", "organisation", "environment")}
        call.state["scope"] = {"user": known["user"], **scope}
        return None

    def scope(self, call: Call, name: str) -> str | None:
        """user, managing, organisation or environment of the call."""
        value: str | None = call.state["scope"][name]
        return value

    def role(self, call: Call, organisation_id: str | None) -> str | None:
        """The caller's permission in an organisation; None for guests and strangers."""
        organisation = self.world["organisations"].get(organisation_id, {"roles": {}})
        role: str | None = organisation["roles"].get(self.scope(call, "user"))
        return role

    def need_role(self, call: Call, least: str, organisation_id: str | None = None) -> None:
        """403 unless the caller has at least this permission (in the managing organisation by default)."""
        role = self.role(call, organisation_id or self.scope(call, "managing"))
        if ROLES.get(role or "", 0) < ROLES[least]:
            raise Refusal(403, {"message": f"{call.op.key} needs the role {least}"})

    def active_environment(self, call: Call, *, write: bool = True) -> Row:
        """The environment of the JWT. 400 if there is none, 409 for a write while it isn't running (A-9, A-731)."""
        row = self.world["environments"].get(self.scope(call, "environment"))
        if row is None or row["is_deleted"] or row["organisation_id"] != self.scope(call, "organisation"):
            raise Refusal(400, {"message": "no active environment: switch to one first"})
        if write and row["status"] != "running" and self.switch("stopped_writes") == "refused":
            raise Refusal(409, {"message": f"environment {row['environment_id']} is {row['status']}, not running"})
        found: Row = row
        return found

    # --- bodies and answers --------------------------------------------------------------------------------------
    def body(self, call: Call, rules: Mapping[str, Rule], *, partial: bool = False) -> Row:
        """The body, checked. 400 with the errors by field."""
        if not isinstance(call.body, dict):
            raise Refusal(400, {"message": "the body must be a JSON object", "errors": {}})
        errors = check(call.body, rules, partial=partial, strict=self.switch("unknown_keys") == "refused")
        self.refuse(errors)
        return dict(call.body)

    def refuse(self, errors: Mapping[str, str]) -> None:
        """400 if there is any error."""
        if errors:
            raise Refusal(400, {"message": "validation failed", "errors": dict(errors)})

    def row(self, table: str, id: str, what: str) -> Row:
        """A row by id; 404 if there is none, or it is deleted and hidden."""
        row = self.world[table].get(id)
        if row is None or (row.get("is_deleted") and self.switch("deleted") == "gone"):
            raise Refusal(404, {"message": f"no such {what}: {id}"})
        found: Row = row
        return found

    def live(self, table: str) -> Iterable[Row]:
        """Rows that a list shows."""
        hidden = self.switch("deleted") == "gone"
        return [row for row in self.world[table].values() if not (row.get("is_deleted") and hidden)]

    def many(self, name: str, rows: Iterable[Any]) -> Reply:
        """A list answer in the chosen envelope."""
        return Reply(200, list(rows) if self.switch("envelope") == "bare" else {name: list(rows)})

    def one(self, name: str, row: Mapping[str, Any], status: int = 200) -> Reply:
        """An item answer, wrapped one level if so chosen."""
        return Reply(status, {name: dict(row)} if self.switch("wrapped") else dict(row))
