"""Where states are: files, and stores that a team shares, by their addresses."""

from __future__ import annotations

import os
import re
from pathlib import Path

from headend.core.model.errors import InputError
from headend.core.model.frozen import frozen_dataclass

VARIABLE = "HEADEND_STATE"
OBJECTS = {"s3": "s3", "gs": "s3", "az": "s3"}  # scheme -> the extra of headend that brings its library
DATABASES = {"postgresql": "postgres", "postgres": "postgres"}
SCHEMES = {**OBJECTS, **DATABASES}


@frozen_dataclass
class StoreUrl:
    """A state in a store: the store's address, and whose state is meant. Its text shows no password."""

    url: str
    stack: str

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    @property
    def is_one(self) -> bool:
        """Whether the address is that of one state, and not of a store of many."""
        return self.scheme in OBJECTS and "/" in self.url.partition("://")[2] and not self.url.endswith("/")

    def of(self, stack: str) -> StoreUrl:
        """The state of another stack in the same store."""
        return StoreUrl(self.url, stack)

    def __str__(self) -> str:
        scheme, _, rest = self.url.partition("://")
        place = f"{scheme}://{_shown(rest)}"
        return place if self.is_one else f"{place.rstrip('/')} (stack {self.stack})"


def _shown(rest: str) -> str:
    """Host and path of an address, and nothing that may be part of a password, however it is written."""
    authority, slash, path = rest.partition("/")
    found = re.match(r"([^@?]*@)?([\w.-]+|\[[0-9a-fA-F:.]+\]|)(:\d*)?(?=[,?#]|$)", authority)
    if not found or "@" in authority[found.end() :] + path:
        return "..."
    return found[2] + slash + re.split("[?#]", path)[0]


Place = Path | StoreUrl


def place_of(given: str, stack: str) -> Place:
    """The state that HEADEND_STATE, or the like, names: a file, a folder of files (with a `/` at its end), or a store.
    Raises InputError for an address of no store that is known."""
    given = given.strip()
    scheme, mark, rest = given.partition("://")
    if not mark:
        if (word := given.partition(":")[0]) in SCHEMES and ":" in given:
            raise InputError(f"{VARIABLE}: an address begins with {word}://; a file of that name with ./")
        path = Path(given).expanduser()
        if not path.name:
            raise InputError(f"{VARIABLE}={given} names no file")
        return path / f"{stack}.db" if given.endswith("/") else path
    if scheme == "file":
        return place_of(rest, stack)
    if scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise InputError(f"{VARIABLE}: there is no store {scheme}://; known: {known}")
    if not rest.strip("/"):
        raise InputError(f"{VARIABLE}: {scheme}:// names no {'database' if scheme in DATABASES else 'bucket'}")
    return StoreUrl(given, stack)


def default_place(stack: str, folder: Path) -> Path:
    """Where a stack's state is unless somebody says so: beside its file. Raises InputError where it still is beside
    where headend runs, as earlier versions had it."""
    path, former = folder / ".headend" / f"{stack}.db", Path(".headend") / f"{stack}.db"
    if not path.exists() and former.exists() and folder.resolve() != Path.cwd():
        where = f"state is beside the stack file by now, and {former} is beside where headend runs"
        raise InputError(f"{where}: move that folder to {folder}, or set {VARIABLE}={former}")
    return path


def environment_place(stack: str, folder: Path) -> Place:
    """The state of a stack, by HEADEND_STATE or by default."""
    given = os.environ.get(VARIABLE)
    return place_of(given, stack) if given else default_place(stack, folder)
