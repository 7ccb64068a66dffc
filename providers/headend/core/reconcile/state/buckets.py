"""Buckets: how they are reached, and why one was not."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import from_url

from headend.core.model.errors import StateError

# Of one request. Who waits is told within seconds, and a lease is not used up by one request.
RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=10)}
ABSENT = "the bucket, or an object that was there, is not; see the address, and the endpoint"
ROLES = r"//(169\.254\.|metadata\.)"  # where a machine in a cloud is told its role


class Found(NamedTuple):
    """An object. at: when it was written, by the store's clock."""

    body: bytes
    etag: str
    at: datetime


class Bucket:
    """The objects below an address. Every method raises StateError, which names the place, where the store can't be
    asked; `put` also what obstore raises where its condition doesn't hold."""

    def __init__(self, base: str, place: object) -> None:
        self.place = place
        with self._told():
            self.store = _reach(base)

    def get(self, path: str) -> Found | None:
        """None where there is none."""
        with contextlib.suppress(FileNotFoundError), self._told(absent=True):
            found = obstore.get(self.store, path)
            return Found(bytes(found.bytes()), str(found.meta["e_tag"]), found.meta["last_modified"])
        return None

    def find(self, path: str) -> tuple[str, datetime] | None:
        """Its e-tag, and when it was written; None where there is none."""
        with contextlib.suppress(FileNotFoundError), self._told(absent=True):
            meta = obstore.head(self.store, path)
            return str(meta["e_tag"]), meta["last_modified"]
        return None

    def list(self, prefix: str | None = None) -> dict[str, datetime]:
        """Path -> when it was written. Raises StateError where the bucket isn't there, of which a single object can't
        tell."""
        with self._told():
            return {one["path"]: one["last_modified"] for one in obstore.list(self.store, prefix=prefix).collect()}

    def put(self, path: str, body: bytes, mode: Any) -> str:
        """The new e-tag. mode: "create", "overwrite", or {"e_tag": ...} of the object that it is to take the place of;
        where that isn't there any more, FileNotFoundError."""
        with self._told(absent=isinstance(mode, dict)):
            return str(obstore.put(self.store, path, body, mode=mode)["e_tag"])

    def delete(self, paths: str | Sequence[str], *, absent: bool = False) -> None:
        """absent: FileNotFoundError where one isn't there."""
        with self._told(absent=absent):
            obstore.delete(self.store, paths)

    @contextmanager
    def _told(self, *, absent: bool = False) -> Iterator[None]:
        """absent: that an object isn't there is no fault."""
        try:
            yield
        except (NotFoundError, FileNotFoundError):
            if absent:
                raise FileNotFoundError from None
            raise StateError(f"{self.place}: {ABSENT}") from None
        except (AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, ValueError) as error:
            raise StateError(f"{self.place}: {why(error)}") from None


def _reach(base: str) -> Any:
    """obstore's store. Sends nothing yet."""
    options: Any = {"timeout": "30s", "connect_timeout": "5s", "allow_http": _in_clear()}
    return from_url(base, client_options=options, retry_config=RETRY)


def _in_clear() -> bool:
    """Whether the store's own variable allows plain HTTP, as for a server on this machine."""
    return any(os.environ.get(f"{one}_ALLOW_HTTP", "").lower() in {"1", "true"} for one in ("AWS", "AZURE", "GOOGLE"))


def why(error: Exception) -> str:
    """The first line: what follows may be a request with all its headers."""
    text = str(error).partition("\n")[0][:300] or type(error).__name__
    if re.search(ROLES, text):
        ways = "; `aws configure export-credentials --format env` prints those of a profile" if " S3 " in text else ""
        return f"there are no credentials: the environment holds none, and this machine has no role{ways}"
    return ABSENT if "404 Not Found" in text else text
