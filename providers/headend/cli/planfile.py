"""Plan files: what was approved is what is applied, step by step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import headend
from headend.cli.files import write_out
from headend.cli.render import as_json
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
    if not _is_plan(document) or document.pop("checksum", None) != _checksum(document):
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


def _checksum(document: Mapping[str, Any]) -> str:
    """Of all else in the file, its steps one by one. It guards against slips, not against forgers."""
    steps = document.get("steps", ())
    made = hashlib.sha256(_text({**document, "steps": None}))
    for step in steps if isinstance(steps, Iterable) else (steps,):
        made.update(_text(step))
    return made.hexdigest()


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode() + b"\n"


def write(path: Path, plan: Plan, targets: Sequence[str], refresh: bool) -> None:
    """Writes the plan document, with the targets it was made for, and whether it was made with --refresh."""
    head = plan.head() | ({"targets": list(targets)} if targets else {}) | ({"refresh": True} if refresh else {})

    def steps() -> Iterator[dict[str, Any]]:  # made twice: all of them at once would take much more room
        return (step.document() for step in plan.steps)

    head["checksum"] = _checksum(head | {"steps": steps()})
    write_out(path, (piece.encode() for piece in as_json(head, steps())))


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
    stale = set()
    for step in fresh.writes():
        now = json.loads(json.dumps(step.document(), default=str))
        if _comparable(known.pop(step.address, None)) != _comparable(now):
            stale.add(step.address)
    stale |= {address for address, step in known.items() if _comparable(step)}
    return replace(fresh, steps=tuple(s for s in fresh.steps if s.address not in stale)), sorted(stale)


def _comparable(step: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what may differ between two readings of the same thing."""
    differing = {"source", "status", "warnings", "on_air", "refused", "refusals"}
    return {k: v for k, v in step.items() if k not in differing} if step else None
