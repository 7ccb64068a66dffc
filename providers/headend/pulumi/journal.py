"""What was being made when a run was killed: a file beside the project, in the form of the embedded engine's state.

Pulumi records nothing of a creation that did not end, so that the next run would not know its own work. What this file
says of an object is dropped as soon as Pulumi's own state shows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from headend.core.model.record import Digest, Record
from headend.core.reconcile.state import State, open_state
from headend.pulumi.props import digest

PATIENCE = 20.0  # s; preview, program and providers share the file for moments
MOMENT = 0.1  # s


def journal_name(stack: str, folder: Path, env: Mapping[str, str]) -> str:
    """What a stack's journal goes by: a stack of the same name in another backend is another stack.
    folder: the project's, whose Pulumi.yaml may name the backend."""
    home = Path(env.get("PULUMI_HOME") or Path(env.get("HOME") or "~").expanduser() / ".pulumi")
    backend = env.get("PULUMI_BACKEND_URL") or read_setting(folder / "Pulumi.yaml", "backend", "url")
    backend = backend or read_setting(home / "credentials.json", "current")
    return f"{stack}.{hashlib.sha256(backend.encode()).hexdigest()[:8]}"


def read_setting(file: Path, *keys: str) -> str:
    """The text below these keys of a YAML or JSON file; "" where it isn't there."""
    with contextlib.suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
        value = yaml.safe_load(file.read_text())
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, str) else ""
    return ""


_open: dict[Path, tuple[State, contextlib.ExitStack]] = {}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[State]:
    """The file, which stays open for the writes that follow in moments: to open it costs ten times a write."""
    if path not in _open:
        stack = contextlib.ExitStack()
        _open[path] = stack.enter_context(open_state(path, patience=PATIENCE)), stack
        asyncio.get_running_loop().call_later(MOMENT, _close, path)
    try:
        yield _open[path][0]
    except BaseException:
        _close(path)
        raise


def _close(path: Path) -> None:
    if path in _open:
        _open.pop(path)[1].close()


class Journal:
    """One stack's file. folder: the project's. name: of `journal_name`. Opened for moments: several processes use it.
    Its writes are made in the event loop of the providers."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder.absolute() / ".headend" / f"{name}.pulumi.db"
        self._begun: dict[str, str] = {}  # address -> id, "" before there is one

    def digest(self, value: Any) -> Digest:
        return digest(value)

    def begin(self, address: str, kind: str, action: str) -> None:
        self._begun[address] = ""
        with _opened(self.path) as state:
            state.begin(address, kind, action)

    def settle(self, address: str) -> None:
        with _opened(self.path) as state:
            state.settle(address)

    def end(self, address: str) -> None:
        """Drops what a run before this one may have begun there."""
        if self.path.exists():
            self.settle(address)

    def put(self, record: Record) -> None:
        """Only creations are noted, and of them the id: all else is Pulumi's to keep."""
        if self._begun.get(record.address, record.id) != record.id:
            self._begun[record.address] = record.id
            with _opened(self.path) as state:
                state.put(replace(record, values={}, computed={}, depends=()))

    def drop(self, address: str) -> None:
        if self.path.exists():
            with _opened(self.path) as state:
                state.drop(address)

    async def saved(self) -> None:
        """Each write is kept when it returns."""

    def made(self, address: str) -> str | None:
        """The id of what this instance has begun to create there, once there is one."""
        return self._begun.get(address) or None

    def set_aside(self, address: str) -> str:
        """Pulumi itself keeps what is being replaced."""
        return address

    def move(self, old: str, new: str) -> None:
        """Nothing was set aside."""

    def unfinished(self, known: Mapping[str, Record]) -> dict[str, str | None]:
        """address -> id, None where it isn't known, of what a run made, or was about to make, and Pulumi's state does
        not show. known: what that state has; the file forgets all of it."""
        if not self.path.exists():
            return {}
        with open_state(self.path, patience=PATIENCE) as state:
            made, begun = state.records(), state.intents()
            for address, record in made.items():
                if address in known and known[address].id == record.id:
                    state.drop(address)
            found: dict[str, str | None] = dict.fromkeys(begun)
            return found | {a: r.id for a, r in made.items() if not (a in known and known[a].id == r.id)}
