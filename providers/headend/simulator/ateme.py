"""The simulated Ateme+ Cloud API: who is asking, in which scope, and how answers are shaped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from headend.ateme.wire import TABLE
from headend.simulator.ateme_rules import Rule, check
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, PlatformSim, Refusal, Reply
from headend.simulator.table import Row

__all__ = ["ROLES", "Ateme", "Row"]

ROLES = {"monitor": 1, "operator": 2, "admin": 3}


def held(roles: str | list[str] | None) -> list[str]:
    """The permissions of a user in an organisation."""
    return [roles] if isinstance(roles, str) else roles or []


class Ateme(PlatformSim):
    """Serves /ateme: users, tokens, organisations and the shapes of answers. A-774 has the switches of all parts."""

    name = "ateme"
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
        "envelope": ("bare", "object"),  # of lists
        "wrapped": (False, True),  # items one level down
        "stopped_writes": ("refused", "accepted"),  # on an environment that isn't running
        "deleted": ("gone", "visible"),  # soft-deleted rows: 404, or shown with is_deleted
        "updates": ("partial", "full"),
        "unknown_keys": ("refused", "accepted"),
        "secrets_shown": (False, True),
        "references": ("refused", "ignored"),  # deleting what a schedule still uses
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
        """The caller's highest permission in an organisation; None for guests and strangers."""
        organisation = self.world["organisations"].get(organisation_id, {"roles": {}})
        return max(held(organisation["roles"].get(self.scope(call, "user"))), key=ROLES.__getitem__, default=None)

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

    # --- bodies --------------------------------------------------------------------------------------
    def body(self, call: Call, rules: Mapping[str, Rule], *, partial: bool = False) -> Row:
        """The body by headend's words, checked. 400 with the errors by field."""
        if not isinstance(call.body, dict):
            raise Refusal(400, {"message": "the body must be a JSON object", "errors": {}})
        words = {name: word for word, name in call.op.keys.items()}
        given = {words.get(name, name if name not in call.op.keys else f"{name} "): v for name, v in call.body.items()}
        errors = check(given, rules, partial=partial, strict=self.switch("unknown_keys") == "refused")
        self.refuse(call.op.named(errors))
        return given

    def refuse(self, errors: Mapping[str, str]) -> None:
        """400 if there is any error."""
        if errors:
            raise Refusal(400, {"message": "validation failed", "errors": dict(errors)})

    # --- rows --------------------------------------------------------------------------------------------------
    def kind(self, world: str) -> AtemeTable:
        found = self.kinds[world]
        assert isinstance(found, AtemeTable)
        return found

    def row(self, world: str, id: str) -> Row:
        """A row by id; 404 if there is none, or it is deleted and hidden."""
        return self.kind(world).by_id(self, id)

    def live(self, world: str) -> list[Row]:
        """Rows that a list shows."""
        return self.kind(world).live(self)

    def everything(self) -> list[Row]:
        """Every row of every table."""
        tables = [table for table in self.world.values() if isinstance(table, dict)]
        return [row for table in tables for row in table.values() if isinstance(row, dict)]

    def changed(self, row: Row, rules: Mapping[str, Rule], given: Row) -> Row:
        """The row after an update, partial or full; keys with a default go back to it in a full one."""
        if self.switch("updates") == "partial":
            return row | given
        reset = {name: rule.default for name, rule in rules.items() if name != "id" and rule.default is not None}
        kept = {name: value for name, value in row.items() if name not in rules or name == "id"}
        return kept | reset | given

    # --- what refers to what, and until when -------------------------------------------------------------------
    def over(self, row: Row) -> bool:
        """Whether a schedule or an event has ended; what has no end never has."""
        return row.get("end_time") is not None and datetime.fromisoformat(row["end_time"]) <= self.now()

    def referrers(self, field: str, id: str) -> Iterator[str]:
        """What refers by this field to the object with this id, in words; nothing that is deleted or over."""
        for kind in map(self.kind, self.kinds):
            if field in kind.holds:
                rows = [row for row in kind.rows(self).values() if not row["is_deleted"] and not self.over(row)]
                yield from (f"{kind.words} {row[kind.id_field]}" for row in rows if row.get(field) == id)

    def unused(self, field: str, id: str) -> None:
        """409 while something refers to it (A-53, A-739)."""
        if self.switch("references") == "refused" and (user := next(self.referrers(field, id), None)):
            raise Refusal(409, {"message": f"{user} uses it"})

    # --- answers -----------------------------------------------------------------------------------------------
    def many(self, name: str, rows: Iterable[Any]) -> Reply:
        """A list answer in the chosen envelope."""
        return Reply(200, list(rows) if self.switch("envelope") == "bare" else {name: list(rows)})

    def one(self, name: str, row: Mapping[str, Any], status: int = 200) -> Reply:
        """An item answer, wrapped one level if so chosen."""
        return Reply(status, {name: dict(row)} if self.switch("wrapped") else dict(row))
