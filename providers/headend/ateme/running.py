"""How the state of what runs, or doesn't, is told to the person on call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headend.ateme.answers import desired_word
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.observed import Change, Observed, Status

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

NEW_POLLS = 6  # looks during which a new object may still be unknown: a minute at the usual interval
FAILURES = frozenset({"failed", "error"})
TRIGGER = "restart_trigger"
RESTING = "its environment is not running"
BROKEN = FAILURES | {"deleting", "deleted"}
"""Words of what is wrong whatever is wanted of it."""
PASSING = frozenset({"creating", "starting", "stopping", "upgrading"})
"""Words of what is about to be something else (A-408, A-535)."""


def running(seen: Observed, spec: Spec, parent: Spec | None, *, rests: bool | None = None) -> Status:
    """The status of an object that runs or rests by its field `state`; one without such a field is there to run.

    rests: whether its environment does; None: as `seen` says of the state. One in an environment that rests does not
    run, whatever its own record says (A-730): that is in order only where the stack wants it so. Where the platform
    doesn't show at all what it does, nothing is wrong that anybody could see; an answer without a word is.
    """
    wanted, word = getattr(spec, "state", "started"), seen.computed.get("status")
    said = [text for text in seen.warnings if text != f"its status is {word}"]
    if seen.unverifiable.get("state") == RESTING if rests is None else rests:
        meant = getattr(parent, "state", None) == "stopped"
        return Status("not running", "; ".join([RESTING, *said]), wanted == "started" and not meant)
    if word is None:
        silent = "status" not in seen.computed
        reason = [seen.unverifiable.get("state", "the answer does not show it"), *said]
        return Status("unknown", "; ".join(reason), wanted is not None and not silent)
    differs = wanted is not None and desired_word(word) != wanted
    if differs:
        said.append(f"the stack wants it {wanted}")
    return Status(str(word), "; ".join(said), differs or word in BROKEN, "state")


def restart_in_vain(live: Observed, spec: Spec, changes: Sequence[Change]) -> frozenset[str]:
    """The trigger where it restarts nothing: it was taken out of the stack, or what it is for is not running, so that
    its next start is as good."""
    asked = any(c.field == TRIGGER and c.after is not None for c in changes)
    runs = getattr(spec, "state", None) == "started" == live.values.get("state")
    return frozenset() if asked and runs else frozenset({TRIGGER})


async def resting(api: Ateme, environment: object, parent: Spec | None) -> list[Problem]:
    """The plan-time refusal of a write in an environment that doesn't run, or is to be stopped first (A-731).

    environment: its id, or a reference to one that is yet to be made. parent: what the stack wants of it, if it does.
    """
    remedy = "let it run (state: started) for this change"
    if parent is not None:
        if getattr(parent, "state", None) != "stopped":
            return []
        return [Problem("its environment is to be stopped, and takes no writes then (A-731)", remedy=remedy)]
    if isinstance(environment, str) and not await api.is_running(environment):
        word = await api.status(environment)
        return [Problem(f"environment {environment} is {word}, and takes no writes (A-731)", remedy=remedy)]
    return []
