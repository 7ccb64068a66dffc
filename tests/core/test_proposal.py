"""What a kind is told of a planned step."""

from __future__ import annotations

from typing import Annotated

import pytest

from headend.core.model.fields import Ref, Spec
from headend.core.model.observed import Change
from headend.core.model.proposal import Action, Proposal
from headend.core.model.references import Id, Reference

CHANGE = Change(("size",), 1, 2)


class Thing(Spec):
    home: Annotated[Id, Ref("test.home")]
    tiles: Annotated[dict[str, Id] | None, Ref("test.thing")] = None
    size: int = 1


def test_a_spec_is_resolved_once_nothing_in_it_waits() -> None:
    assert Proposal(Action.CREATE, Thing(home="h-1", tiles={"1": "t-1"})).resolved
    assert not Proposal(Action.CREATE, Thing(home=Reference("a.b"))).resolved
    assert not Proposal(Action.CREATE, Thing(home="h-1", tiles={"1": Reference("a.b")})).resolved
    assert not Proposal[Thing](Action.DELETE, None).resolved


@pytest.mark.parametrize(
    ("action", "creates", "deletes", "edits"),
    [
        (Action.CREATE, True, False, False),
        (Action.UPDATE, False, False, True),
        (Action.REPLACE, True, False, False),
        (Action.ADOPT, False, False, True),
        (Action.NONE, False, False, True),
        (Action.DELETE, False, True, False),
        (Action.FORGET, False, True, False),
    ],
)
def test_what_an_action_does(action: Action, creates: bool, deletes: bool, edits: bool) -> None:
    proposal = Proposal(action, Thing(home="h-1"), "t-1", (CHANGE,))
    assert (proposal.creates, proposal.deletes) == (creates, deletes)
    assert proposal.edits == (CHANGE,) * edits
    assert proposal.writes is (creates or edits)
    assert proposal.replaces is (action is Action.REPLACE)


def test_what_changes_nothing_writes_nothing() -> None:
    assert not Proposal(Action.UPDATE, Thing(home="h-1"), "t-1").writes
