"""One event loop and one session per provider process.

Pulumi restores provider objects from pickles, in threads, one `configure` each: whatever must be shared (clients,
token caches, locks) lives here and not in them (A-11).
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from headend.core.redact import Redactor
from headend.session import Session, open_session

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_session: Session | None = None
_config: dict[str, dict[str, Any]] = {}


def configure(config: Mapping[str, Mapping[str, Any]]) -> None:
    """Takes the stack's config, platform -> {setting: value}; the environment comes before it."""
    with _lock:
        for platform, settings in config.items():
            _config.setdefault(platform, {}).update(settings)


def session() -> Session:
    """The process's session."""
    global _session
    with _lock:
        if _session is None:
            _session = open_session({}, os.environ, redactor=Redactor(), extra=_config)
            atexit.register(_close, _session)
        return _session


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs on the shared loop, from whatever thread; the caller waits."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="headend", daemon=True).start()
    return asyncio.run_coroutine_threadsafe(work, _loop).result()


def _close(opened: Session) -> None:
    """Closes connections at the end of the process, so that nothing is said of them on its last lines."""
    run(opened.aclose())
