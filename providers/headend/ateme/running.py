"""How the state of what runs, or doesn't, is told to the person on call."""

from __future__ import annotations

from collections.abc import Sequence

from headend.ateme.api import FAILURES
from headend.core.model.fields import Spec
from headend.core.model.observed import Change, Observed, Status

TRIGGER = "restart_trigger"
RESTING = "its environment is not running"


def running(seen: Observed, spec: Spec, parent: Spec | None) -> Status:
    """The status of an object with a field `state`. One in an environment that rests does not run, whatever its own
    record says (A-730): that is in order only where the stack wants it so."""
    word, wanted, live = seen.computed.get("status"), getattr(spec, "state", None), seen.values.get("state")
    said = list(seen.warnings)
    if seen.unverifiable.get("state") == RESTING:
        meant = getattr(parent, "state", None) == "stopped"
        return Status("not running", "; ".join([RESTING, *said]), wrong=wanted == "started" and not meant)
    if word is None:
        return Status("unknown", "; ".join([seen.unverifiable.get("state", "the answer does not show it"), *said]))
    if live != wanted:
        said.append(f"the stack wants it {wanted}")
    return Status(str(word), "; ".join(said), wrong=word in FAILURES or (wanted == "started" != live))


def restart_in_vain(live: Observed, spec: Spec, changes: Sequence[Change]) -> frozenset[str]:
    """The trigger where it restarts nothing: it was taken out of the stack, or what it is for is not running, so that
    its next start is as good."""
    asked = any(c.field == TRIGGER and c.after is not None for c in changes)
    runs = getattr(spec, "state", None) == "started" == live.values.get("state")
    return frozenset() if asked and runs else frozenset({TRIGGER})
