"""One event loop, one session per set of connections, and the keyed locks, per provider process.

Pulumi restores provider objects from pickles, in threads, one `configure` each: whatever must be shared (clients,
token caches, locks) lives here and not in them (A-11).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from headend.core.model.capabilities import owned_by
from headend.core.model.errors import HeadendError
from headend.core.model.fields import Spec
from headend.core.model.kind import Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.owners import Elsewhere, Owned
from headend.core.model.printable import printable
from headend.core.reconcile.turns import Turns
from headend.core.stackfile.secrets import WithSecrets
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import Platform
from headend.core.wire.session import Session

T = TypeVar("T")
Connections = Mapping[str, Mapping[str, Any]]
PAUSE = 1.0  # s; the engine keeps its own state between writes, and then begins the next
PARALLELISM = 16  # writes at once; the engine and the SDK's server see to fewer

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_sessions: dict[str, Session] = {}
_config: dict[str, dict[str, Any]] = {}
TAKEN: set[str] = set()
"""What exclusive lookups of this process have used up."""
UNREAD: set[str] = set()
"""Kinds of which this process has said that they can't be read back."""
TO_ADOPT: dict[str, Observed] = {}
"""address -> what takes the place of an object that vanished, for the creation that follows."""
_made: dict[Owned, str] = {}  # what objects of this process own -> the mark of the one that wrote it last
_kept: dict[Owned, str | None] = {}  # what known resources of this run own -> the mark of the creation that state has
_writing: list[str] = []  # addresses of what writes now
_turns = Turns(PARALLELISM)  # theirs
_rests = 0.0  # since when nothing writes, by `time.monotonic`


def configure(config: Connections) -> None:
    """Takes the Pulumi stack's config, platform -> {setting: value}; environment and stack file come before it."""
    with _lock:
        for platform, settings in config.items():
            _config.setdefault(platform, {}).update(settings)


def owned(kind: Kind[Any, Any], spec: Spec, mark: str) -> None:
    """Notes what an object owns that was just written. mark: stands in its outputs, and differs for each creation."""
    _made.update(dict.fromkeys(owned_by(kind, spec), mark))


def kept(kind: Kind[Any, Any], id: str, spec: Spec, mark: str | None) -> None:
    """Notes that a resource stays: what an earlier run, killed before it could delete, left to be deleted of the same
    name, must not take it away."""
    _kept.update(dict.fromkeys([(kind.name, id), *owned_by(kind, spec)], mark))


def released(kind: Kind[Any, Any], id: str, last: Spec, mark: str | None) -> None:
    """Notes that a resource that stayed goes after all."""
    for one in [(kind.name, id), *owned_by(kind, last)]:
        if _kept.get(one) == mark:
            _kept.pop(one, None)


def left_to_others(mark: str | None) -> Elsewhere:
    """What a deletion leaves alone: what `elsewhere` says, and what resources that stay own."""
    others = elsewhere(mark)
    return lambda one: others(one) or any(_kept.get(one[:n], mark) != mark for n in range(1, len(one) + 1))


def elsewhere(mark: str | None) -> Elsewhere:
    """What another object owns by now: the same thing under a new key, or put together with others."""
    return lambda one: any(_made.get(one[:n], mark) != mark for n in range(1, len(one) + 1))


def made(kind: str, id: str, mark: str) -> None:
    """Notes which creation an object comes from."""
    _made[kind, id] = mark


def is_made_anew(kind: str, id: str, mark: str | None) -> bool:
    """Whether the object was made again since, by this run or an earlier one, so that its old entry must not take it
    away."""
    return _made.get((kind, id), mark) != mark or _kept.get((kind, id), mark) != mark


def settings_of(platform: Platform, get: Callable[[str], Any]) -> dict[str, Any]:
    """The platform's settings that stand in a Pulumi stack's config, as <platform>_<setting>."""
    given = {name: get(f"{platform.name}_{name}") for name in platform.settings.model_fields}
    return {name: value for name, value in given.items() if value is not None}


def session(connections: Connections) -> Session:
    """The process's session over those `connections:` of a stack file."""
    key = json.dumps(connections, sort_keys=True)
    with _lock:
        if key not in _sessions:
            _sessions[key] = Session(connections, WithSecrets(os.environ), redactor=Redactor(), extra=_config, tell=say)
            atexit.register(_close, _sessions[key])
        return _sessions[key]


@contextlib.asynccontextmanager
async def turn(
    kind: Kind[Any, Any], value: Any, node: str, after: Collection[str]
) -> AsyncIterator[Callable[[], None]]:
    """One's turn to write (see `headend.core.reconcile.turns`). value: of the field that the kind's writes are one at a
    time per. Looks are shared by writes that follow each other at once, and by no others."""
    global _turns, _rests
    if not _writing and time.monotonic() > _rests + PAUSE:
        _turns = Turns(PARALLELISM)
    turns = _turns
    lock = (kind.one_at_a_time_per, str(value)) if kind.one_at_a_time_per else None
    _writing.append(node)
    try:
        async with turns.take(node, after, lock, completes=kind.completes_in_turn) as written:
            yield written
    finally:
        _writing.remove(node)
        _rests = time.monotonic()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs on the shared loop, from whatever thread; the caller waits."""
    try:
        return start(work).result()
    except Exception as error:
        raise told(error) from None


def start(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Runs on the shared loop; the caller goes on."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="headend", daemon=True).start()
    return asyncio.run_coroutine_threadsafe(work, _loop)


def told(error: Exception) -> Exception:
    """The error, ready to be raised into the SDK, which shows failures as tracebacks.

    Those that headend raises on purpose say what to do in their message, so they are cut to it; anything else is a
    bug and keeps its traceback.
    """
    sys.tracebacklimit = 0 if isinstance(error, HeadendError) else 1000
    return error


def say(text: str) -> None:
    """A line for the person at the engine, which shows what its plugins print."""
    print(printable(text), file=sys.stderr, flush=True)


def tell(meta: Mapping[str, Any], text: str) -> None:
    """A line about the resource."""
    say(f"{meta.get('address')}: {text}")


def told_change(change: Change) -> str | None:
    """A line for a change that the engine's own display can't show, or not as what it is."""
    path = ".".join(change.path)
    if change.cause == "drift":
        return f"{path} was changed outside headend: {change.before} -> {change.after}"
    if change.secret:
        return f"{path} changed (secret)"
    return f"{path}: {change.before} -> {change.after}" if len(change.path) > 1 else None


def named(meta: Mapping[str, Any], kind: Kind[Any, Any], id: str) -> str:
    return f"{meta.get('address') or kind.name} ({id})"


def reporter(meta: Mapping[str, Any]) -> Report:
    return lambda text: tell(meta, text)


def _close(opened: Session) -> None:
    """Closes connections at the end of the process, so that nothing is said of them on its last lines."""
    run(opened.aclose())
