"""Plan files: what was approved is what is applied, step by step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import headend
from headend.cli.files import write_out
from headend.core.model.errors import InputError, StaleError
from headend.core.reconcile.plan import FORMAT, Plan


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
    if document.pop("checksum", None) != _checksum(document) or not _is_plan(document):
        raise InputError(f"{path}: the plan file was changed or damaged since it was written; plan again")
    return document


def _is_plan(document: dict[str, Any]) -> bool:
    """Whether it has what `apply` goes by, whoever wrote it."""
    needed = {"stack": str, "file": str, "desired": str, "destroy": bool, "steps": list}
    given = {"targets": list, "refresh": bool} | needed
    return (
        needed.keys() <= document.keys()
        and all(isinstance(document[name], kind) for name, kind in given.items() if name in document)
        and all(isinstance(target, str) for target in document.get("targets", ()))
        and all(isinstance(step, dict) and isinstance(step.get("address"), str) for step in document["steps"])
    )


def _checksum(document: dict[str, Any]) -> str:
    """Of all else in the file. It guards against slips, not against forgers."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def write(path: Path, plan: Plan, targets: Sequence[str], refresh: bool) -> None:
    """Writes the plan document, with the targets it was made for, and whether it was made with --refresh."""
    made_for = ({"targets": list(targets)} if targets else {}) | ({"refresh": True} if refresh else {})
    document = json.loads(json.dumps(plan.document() | made_for, default=str))
    write_out(path, json.dumps(document | {"checksum": _checksum(document)}, indent=1).encode())


def approved(fresh: Plan, document: dict[str, Any]) -> tuple[Plan, list[str]]:
    """The fresh plan's steps that stand in the file as they are now, and the addresses of all others.

    Raises StaleError where nothing of the file can hold, since the stack says something else now.
    """
    if document["desired"] != fresh.desired:
        raise StaleError("the stack, its variables or its secrets changed since the plan; plan again")
    if document.get("lookups", {}) != dict(fresh.lookups):
        raise StaleError("a lookup finds something else since the plan; plan again")
    if document["destroy"] != fresh.destroy:
        raise StaleError("the plan is for destroy; plan again")
    known = {step["address"]: step for step in document["steps"] if step.get("action") != "none"}
    writes = {
        step.address: _comparable(json.loads(json.dumps(step.document(), default=str))) for step in fresh.writes()
    }
    stale = {a for a in known.keys() | writes.keys() if _comparable(known.get(a)) != writes.get(a)}
    return replace(fresh, steps=tuple(s for s in fresh.steps if s.address not in stale)), sorted(stale)


def _comparable(step: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what may differ between two readings of the same thing."""
    differing = {"source", "status", "warnings", "on_air", "refused", "refusals"}
    return {k: v for k, v in step.items() if k not in differing} if step else None
