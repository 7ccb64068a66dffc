"""Files that go up with an object: a path in the stack, known by what is in them."""

from __future__ import annotations

import functools
import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from headend.core.model.errors import InputError, StaleError

MOST = 32 * 1024 * 1024  # bytes: more is a mistake rather than a picture


class File(BaseModel):
    """Value of a field that goes up as a file, and is compared by what is in it: the field's type says so.

    path: as the stack gives it, seen from itself. folder: where that is; never kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    path: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    folder: str = Field(default="", exclude=True)

    @property
    def location(self) -> Path:
        return Path(self.folder) / self.path

    @property
    def part(self) -> tuple[str, bytes, str]:
        """Name, content and media type, as they go up. Raises InputError for a file that is gone, StaleError for one
        that isn't what it was when the stack was read."""
        try:
            content = _content(self.location)
        except ValueError as error:
            raise InputError(f"{self.path}: {error}") from None
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise StaleError(f"{self.path}: the file changed since the plan; plan again")
        return self.location.name, content, mimetypes.guess_type(self.path)[0] or "application/octet-stream"

    def __str__(self) -> str:
        return f"{self.path} (sha256 {self.sha256[:12]})"


@functools.cache
def file_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields that hold a `File`."""
    types = {name: field.annotation for name, field in model.model_fields.items()}
    return frozenset(name for name, given in types.items() if File in {given, *get_args(given)})


def open_file(path: str, folder: Path) -> File:
    """The file as it is now. Raises ValueError saying why it can't be had."""
    return File(path=path, sha256=hashlib.sha256(_content(folder / path)).hexdigest(), folder=str(folder))


def check_file(place: Path) -> Path:
    """The place, if there is a file of a size that can be meant. Raises ValueError saying why not."""
    try:
        if not place.is_file():
            raise ValueError("there is no such file" if not place.exists() else "is not a file")
        if place.stat().st_size > MOST:
            raise ValueError(f"has more than {MOST // 1024 // 1024} MiB")
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from None
    return place


def _content(place: Path) -> bytes:
    try:
        return check_file(place).read_bytes()
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from None


def file_digest(value: Any) -> Any:
    """Normal form of a file, also of one as it was recorded: what is in it."""
    if isinstance(value, File):
        return value.sha256
    return value.get("sha256", value) if isinstance(value, Mapping) else value


def describe_file(value: Any) -> Any:
    """What a plan says of a file, also of one as it was recorded."""
    return str(File.model_validate(value)) if isinstance(value, Mapping) else str(value) if value else value
