"""`drift --accept`: what somebody changed outside headend becomes what the stack says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headend.cli.files import replace_file
from headend.core.model.errors import InputError
from headend.core.model.fields import Ref, mark
from headend.core.model.findings import Problem
from headend.core.model.observed import Change
from headend.core.model.record import Marker
from headend.core.reconcile.plan import Plan, Step
from headend.core.reconcile.values import Holder
from headend.core.stackfile.edit import Unwritable, with_value


def accept(plan: Plan, addresses: Sequence[str]) -> list[str]:
    """Writes the live values of these objects into their stack files, which keep all else as it is; a line for each.

    Raises InputError with all that can't be written: then nothing is."""
    steps = {step.address: step for step in plan.steps}
    texts: dict[Path, str] = {}
    told: list[str] = []
    wrong: list[Problem] = []
    for address in addresses:
        step = steps.get(address)
        drifted = [change for change in step.changes if change.cause != "you"] if step else []
        if step is None or step.resource is None or not drifted:
            wrong.append(Problem(f"--accept {address}: nothing of it was changed outside headend"))
            continue
        for change in drifted:
            source = step.resource.sources.get(change.field, step.resource.source)
            file, where = Path(source.file), ".".join(change.path)
            try:
                value = _value(step, change, plan.holder)
                path = [*address.split("."), *change.path]
                texts[file] = with_value(texts.get(file) or file.read_bytes().decode(), path, value)
            except (OSError, UnicodeDecodeError, Unwritable) as error:
                wrong.append(Problem(f"{where}: {error}", source, address, "change the file by hand"))
            else:
                told.append(f"{file}: {address}: {where} is {value!r} now, as it is live")
    if wrong:
        raise InputError(wrong)
    for file, text in texts.items():
        replace_file(file, text.encode())
    return told


def _value(step: Step, change: Change, holder: Holder) -> Any:
    """The live value as the stack writes it: what it refers to by name."""
    if "[" in step.address:
        raise Unwritable("it is a row of a file")
    if isinstance(change.before, Marker):
        raise Unwritable("it is a secret")
    assert step.resource is not None
    ref = mark(type(step.resource.spec), change.field, Ref)
    if ref is None or change.before is None:
        return change.before
    address = holder(ref.kind, change.before) if isinstance(change.before, str) else None
    if address is None:
        raise Unwritable("it names something that the stack doesn't have")
    own, keys = step.address.split(".")[2::2], address.split(".")[2::2]
    return keys[-1] if keys[:-1] in ([], own[:-1]) else "/".join(keys)
