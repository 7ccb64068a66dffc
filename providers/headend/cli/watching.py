"""Drift as others watch it: a file for Prometheus, a message to a webhook when something changes, and rounds."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from headend.cli.echo import echo
from headend.cli.files import replace_file
from headend.core.model.errors import HeadendError

Look = Callable[[], Mapping[str, Any]]
"""Looks once, and gives the plan document; one with `errors` where that failed."""


def state_of(document: Mapping[str, Any]) -> str:
    """ "failed", "drifted" or "in_sync"."""
    if document.get("errors"):
        return "failed"
    return "drifted" if any(map(_differs, document["steps"])) else "in_sync"


def _differs(step: Mapping[str, Any]) -> bool:
    return step["action"] != "none" or "status" in step


@dataclass
class Watcher:
    """metrics: a file in Prometheus' text format. webhook: gets a message when what differs isn't what it was.
    post: sends it."""

    metrics: Path | None = None
    webhook: str | None = None
    post: Callable[[str, Mapping[str, Any]], None] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    told: Any = None

    def note(self, document: Mapping[str, Any], seconds: float) -> None:
        """Tells both of one look. Where a webhook can't be reached, the next look tries again."""
        if self.metrics:
            replace_file(self.metrics, metrics_text(document, seconds, time.time()).encode())
        message = message_of(document)
        news = {name: part for name, part in message.items() if name != "at"}
        first_and_fine = self.told is None and message["state"] == "in_sync"
        if self.webhook and news != self.told and not first_and_fine:
            try:
                (self.post or post)(self.webhook, message)
            except HeadendError as error:
                echo(str(error), err=True)
                return
        self.told = news

    def rounds(self, look: Look, every: timedelta) -> None:
        """Looks until Ctrl-C or SIGTERM."""
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: self.stop.set())
        while not self.stop.is_set():
            self.look(look)
            self.stop.wait(every.total_seconds())

    def look(self, look: Look) -> Mapping[str, Any]:
        """One look, noted."""
        began = time.monotonic()
        document = look()
        self.note(document, time.monotonic() - began)
        return document


def message_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a webhook gets: the state, the counts, and of each object that differs what a plan tells."""
    kept = ("address", "kind", "action", "reason", "impact", "changes", "status", "on_air")
    found: dict[str, Any] = {"stack": document["stack"], "state": state_of(document), "at": document.get("at")}
    found["summary"] = document.get("summary", {})
    found["steps"] = [
        {name: step[name] for name in kept if name in step} for step in filter(_differs, document["steps"])
    ]
    return found | ({"errors": document["errors"]} if document.get("errors") else {})


def metrics_text(document: Mapping[str, Any], seconds: float, now: float) -> str:
    """In Prometheus' text format, as node_exporter's textfile collector reads it."""
    label = document["stack"].replace("\\", "\\\\").replace('"', '\\"')
    summary = document.get("summary", {})
    changes = sum(step["action"] != "none" for step in document["steps"])
    counts = {name: summary.get(name, 0) for name in ("unchanged", "unverifiable", "wrong", "refused")}
    counts = {"changed": changes, **counts}
    rows = [
        ("headend_drift_up", "Whether the last look succeeded.", {"": int(not document.get("errors"))}),
        (
            "headend_drift_objects",
            "Objects of the stack by what the last look found.",
            {f',state="{name}"': count for name, count in counts.items()},
        ),
        ("headend_drift_seconds", "How long the last look took.", {"": round(seconds, 3)}),
        ("headend_drift_timestamp_seconds", "When the last look ended.", {"": round(now, 3)}),
    ]
    lines = []
    for name, help, values in rows:
        lines += [f"# HELP {name} {help}", f"# TYPE {name} gauge"]
        lines += [f'{name}{{stack="{label}"{more}}} {value}' for more, value in values.items()]
    return "\n".join(lines) + "\n"


def post(url: str, message: Mapping[str, Any]) -> None:
    """Sends JSON. Raises HeadendError, without the address, which may hold a token."""
    import httpx

    try:
        answer = httpx.post(url, json=dict(message), timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HeadendError(f"--webhook: {type(error).__name__}; the next look tries again") from None
    if not answer.is_success:
        raise HeadendError(f"--webhook: answered {answer.status_code}; the next look tries again")
