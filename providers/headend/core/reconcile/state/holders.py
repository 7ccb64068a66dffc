"""Who has a state, since when, and what for: for those who have to wait."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime


def _purpose() -> str:
    """The command and what it is about, without options: those may hold what is private."""
    words = [word for word in sys.argv[1:4] if not word.startswith("-")]
    return " ".join(["headend", *words[:2]])


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        return f"user {os.getuid()}"


@dataclass(frozen=True)
class Holder:
    """One run that has a state to itself. until: when its lease ends unless it is renewed."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    user: str = field(default_factory=_user)
    host: str = field(default_factory=lambda: os.uname().nodename)
    pid: int = field(default_factory=os.getpid)
    purpose: str = field(default_factory=_purpose)
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    until: str = ""
    doing: str = ""

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str | bytes) -> Holder | None:
        """None for what is none."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    def __str__(self) -> str:
        doing = f"; it is at {self.doing}" if self.doing else ""
        return f"{self.user} on {self.host} (process {self.pid}) has it since {self.since} for `{self.purpose}`{doing}"


def in_use(place: object, holder: Holder | None, remedy: str = "wait for it to end") -> str:
    """What to tell who comes second."""
    who = f": {holder}" if holder else ""
    return f"{place} is in use by another headend process{who}; {remedy}, or give it time with --lock-timeout 5m"
