"""Plan files: what was approved is what is applied, step by step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import headend
from headend.cli.files import write_out
from headend.cli.options import Flags
from headend.cli.render import as_json
from headend.core.model.errors import InputError, StaleError
from headend.core.reconcile.approval import binder_of
from headend.core.reconcile.binding import Binder
from headend.core.reconcile.plan import FORMAT, Plan
from headend.core.reconcile.signal import pictures
from headend.core.reconcile.state.key import VARIABLE, environment_key


def read_any(path: Path) -> dict[str, Any]:
    """The plan document in a file, also of another version, to look at. Raises InputError for anything else."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        _raise_if_no_plan(document)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a plan: {error}") from None
    return document


def read(path: Path) -> dict[str, Any] | None:
    """The plan document in a file; None if the file is not JSON (a stack file). Raises InputError for other JSON."""
    if path.suffix != ".json":
        return None
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a plan file: {error}") from None
    version = document.get("headend") if isinstance(document, dict) and document.get("format") == FORMAT else None
    if not isinstance(version, str):
        raise InputError(f"{path}: not a plan file of this headend (format {FORMAT})")
    if version != headend.__version__:
        raise StaleError(f"{path}: the plan was made by headend {version}; plan again")
    if document.pop("checksum", None) != _checksum(document):
        raise InputError(f"{path}: the plan file was changed or damaged since it was written; plan again")
    try:
        _raise_if_no_plan(document)
    except ValueError as error:
        raise InputError(f"{path}: not a plan file: {error}") from None
    return document


def _raise_if_no_plan(document: Any) -> None:
    from headend.core.reconcile.document import raise_if_no_plan  # its models are loaded only where a plan is read

    raise_if_no_plan(document)


def _checksum(document: Mapping[str, Any]) -> str:
    """Of all else in the file, its steps one by one. It guards against slips, not against forgers."""
    steps = document.get("steps", ())
    made = hashlib.sha256(_text({**document, "steps": None}))
    for step in steps if isinstance(steps, Iterable) else (steps,):
        made.update(_text(step))
    return made.hexdigest()


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode() + b"\n"


def write(path: Path, plan: Plan, identities: Mapping[str, Any], targets: Sequence[str], options: Flags) -> None:
    """Writes the plan document, with what its pictures show, what the plan went by, the targets it was made for, and
    whether it was made with --refresh and --adopt."""
    given = {"targets": list(targets), "refresh": options.refresh, "adopt": options.adopt}
    head = plan.head() | dict(identities) | pictures(plan) | {name: value for name, value in given.items() if value}
    head["checksum"] = _checksum(head | {"steps": plan.step_documents()})  # made twice: all at once take much more room
    write_out(path, (piece.encode() for piece in as_json(head, plan.step_documents())))


def raise_if_other(fresh: Plan, document: Mapping[str, Any]) -> None:
    """Raises StaleError where nothing of the file can hold."""
    if document.get("lookups", {}) != dict(fresh.lookups):
        raise StaleError("a lookup finds something else since the plan; plan again")
    if document["destroy"] != fresh.destroy:
        raise StaleError("the plan is for destroy; plan again")


def bind_of(document: Mapping[str, Any]) -> Binder:
    """What compares a fresh plan with the file. Raises StaleError where its secrets can't be compared here."""
    bind = binder_of(document, environment_key())
    if bind is None:
        here = f"{VARIABLE} is another one here" if environment_key() else f"{VARIABLE} isn't set here"
        raise StaleError(f"the plan's secrets are bound with the {VARIABLE} that it was made with, and {here}")
    return bind
