"""Who has a state, since when, and what for: for those who have to wait."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, field, fields
from datetime import UTC, datetime

from headend.core.model.frozen import frozen_dataclass
from headend.core.reconcile.state.places import StoreUrl

EVERY = 5.0  # seconds between two notes of what a run is at


def _purpose() -> str:
    """The command and what it is about, without options: those may hold what is private."""
    words = [word for word in sys.argv[1:4] if not word.startswith("-")]
    return " ".join(["headend", *words[:2]])


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        return f"user {os.getuid()}"


@frozen_dataclass
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
        """None for what is none. What a newer headend says besides is left out."""
        try:
            found = json.loads(text)
            return cls(**{one.name: found[one.name] for one in fields(cls)})
        except (ValueError, TypeError, LookupError):
            return None

    def __str__(self) -> str:
        doing = f"; it is at {self.doing}" if self.doing else ""
        lease = f"; its lease ends at {self.until} unless it renews it" if self.until else ""
        who = f"{self.user} on {self.host} (process {self.pid})"
        return f"{who} has it since {self.since} for `{self.purpose}`{doing}{lease}"


class Beat:
    """Says now and then what a run is at, for those who wait for it. tell: takes the text; a failure is no matter."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._text = self._told = ""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Costs nothing: a thread of its own tells it."""
        self._text = text
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            if self._text != self._told:
                self._told = self._text
                with contextlib.suppress(Exception):  # of any store's library: it is only news
                    self._tell(self._told)
            if self._over.wait(EVERY):
                return

    def end(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()


def in_use(place: object, holder: Holder | None) -> str:
    """What to tell who comes second."""
    freed = " (where there is none, `state unlock --force`)" if isinstance(place, StoreUrl) else ""
    who = f": {holder}" if holder else f", of which no note can be read{freed}"
    ways = "wait for it to end, give it time with --lock-timeout 5m, or look beside it: `status`, `plan --no-lock`"
    return f"{place} is in use by another headend process{who}; {ways}"
