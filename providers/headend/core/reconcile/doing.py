"""What an object does, beside what the stack wants of it: status, plans, drift and providers ask here."""

from __future__ import annotations

from typing import Any

from headend.core.model.fields import Spec
from headend.core.model.kind import Kind
from headend.core.model.observed import Observed, Status
from headend.core.model.stack import Lifecycle
from headend.core.reconcile.resolve import without


async def status_of(
    kind: Kind[Any, Any], api: Any, seen: Observed, spec: Spec, life: Lifecycle, parent: Spec | None = None
) -> Status:
    """The status of an object that was just read. parent: see `Kind.status`. What `ignore_changes` names is left to
    others, so that nothing is wanted of it."""
    found: Status = await kind.status(api, seen, without(spec, life.ignore_changes), parent)
    return found
