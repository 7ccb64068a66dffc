"""Files that a command writes for a person."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from headend.core.model.errors import HeadendError, InputError


def check_out(path: Path, suffix: str = "", name: str = "--out") -> None:
    """Raises InputError for what can't be written to: ask before anything is requested."""
    try:
        fits = path.suffix.endswith(suffix) and path.parent.is_dir() and not path.is_dir()
        fits = fits and os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError:
        fits = False
    if not fits:
        named = f"a name that ends in {suffix}" if suffix else "the name of a file"
        raise InputError(f"{name} {path}: expected {named}, in a folder that can be written to")


def make_plans_folder(path: Path) -> None:
    """A folder without plans of an earlier run, which would be applied with those of this one. Raises InputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        old = min(path.glob("*.json"), default=None)
    except OSError as error:
        raise InputError(f"--out-dir {path}: {error.strerror or error}") from None
    if old:
        raise InputError(f"--out-dir {path}: {old.name} is there from an earlier run; remove it")


def write_out(path: Path, content: Iterable[bytes], mode: int = 0o666, name: str = "--out") -> None:
    """Raises HeadendError where the disk is full, or the like."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "wb") as file:
            file.writelines(content)
    except OSError as error:
        raise HeadendError(f"{name} {path}: {error.strerror or error}; the file can't be used") from None


def replace_file(path: Path, content: bytes) -> None:
    """Writes the file so that it is the old one or the new one at any moment. Raises HeadendError."""
    target = path.resolve()
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise HeadendError(f"{path}: {error.strerror or error}; nothing was changed") from None
