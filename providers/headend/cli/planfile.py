"""Plan files: what was approved is what is applied, step by step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import headend
from headend.core.model.errors import InputError, StaleError
from headend.core.reconcile.plan import FORMAT, Plan


def read(path: Path) -> dict[str, Any] | None:
    """The plan document in a file; None if the file is not JSON (a stack file). Raises InputError for other JSON."""
    if path.suffix != ".json":
        return None
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a plan file: {error}") from None
    if not _is_plan(document):
        raise InputError(f"{path}: not a plan file of this headend (format {FORMAT})")
    return cast(dict[str, Any], document)


def _is_plan(document: Any) -> bool:
    types = {"headend": str, "stack": str, "file": str, "desired": str, "destroy": bool, "steps": list}
    return (
        isinstance(document, dict)
        and document.get("format") == FORMAT
        and all(isinstance(document.get(name), kind) for name, kind in types.items())
        and all(isinstance(step, dict) and {"address", "action"} <= step.keys() for step in document["steps"])
    )


def write(path: Path, plan: Plan, targets: Sequence[str], refresh: bool) -> None:
    """Writes the plan document, with the targets it was made for, and whether it was made with --refresh."""
    made_for = ({"targets": list(targets)} if targets else {}) | ({"refresh": True} if refresh else {})
    try:
        path.write_text(json.dumps(plan.document() | made_for, indent=1))
    except OSError as error:
        raise InputError(f"--out {path}: {error.strerror or type(error).__name__}") from None


def approved(fresh: Plan, document: dict[str, Any]) -> tuple[Plan, list[str]]:
    """The fresh plan's steps that stand in the file as they are now, and the addresses of all others.

    Raises StaleError where nothing of the file can hold: another headend, or a stack that says something else now.
    """
    if document["headend"] != headend.__version__:
        raise StaleError(f"the plan was made by headend {document['headend']}; plan again")
    if document["desired"] != fresh.desired:
        raise StaleError("the stack, its variables or its secrets changed since the plan; plan again")
    if document.get("lookups", {}) != dict(fresh.lookups):
        raise StaleError("a lookup finds something else since the plan; plan again")
    if document["destroy"] != fresh.destroy:
        raise StaleError("the plan is for destroy; plan again")
    known = {step["address"]: step for step in document["steps"] if step["action"] != "none"}
    writes = {
        step.address: _comparable(json.loads(json.dumps(step.document(), default=str))) for step in fresh.writes()
    }
    stale = {a for a in known.keys() | writes.keys() if _comparable(known.get(a)) != writes.get(a)}
    return replace(fresh, steps=tuple(s for s in fresh.steps if s.address not in stale)), sorted(stale)


def _comparable(step: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what may differ between two readings of the same thing."""
    differing = {"source", "warnings", "on_air", "refused", "refusals"}
    return {k: v for k, v in step.items() if k not in differing} if step else None
