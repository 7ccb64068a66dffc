"""A field that can't be read now is compared with what was last applied, not forgotten."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from headend.core.model.fields import Immutable, OwnCall, Spec
from headend.core.model.observed import Observed
from headend.core.model.record import Digest
from headend.core.reconcile.difference import differences


class Thing(Spec):
    plain: str | None = None
    fixed: Annotated[str | None, Immutable()] = None
    own: Annotated[str | None, OwnCall()] = None


def found(wanted: dict[str, Any], last: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    seen = Observed("t-1", unverifiable=dict.fromkeys(Thing.model_fields, "it isn't shown"))
    changes = differences(Thing(**wanted), seen, last, digest=lambda value: Digest(repr(value))).changes
    return [(change.field, change.before, change.after) for change in changes]


@pytest.mark.parametrize(
    ("wanted", "last", "changes"),
    [
        ({"plain": "a"}, {"plain": "a"}, []),
        ({"plain": "b"}, {"plain": "a"}, [("plain", "a", "b")]),
        ({"plain": "a"}, {}, [("plain", None, "a")]),
        ({}, {"plain": "a"}, [("plain", "a", None)]),
        ({"fixed": "b"}, {"fixed": "a"}, [("fixed", "a", "b")]),
        ({}, {"fixed": "a"}, []),
        ({"own": "b"}, {"own": "a"}, [("own", "a", "b")]),
        # taken over: what can be written is, to be sure; what has a call of its own is looked at there
        ({"plain": "a", "fixed": "a", "own": "a"}, None, [("plain", None, "a")]),
        ({}, None, []),
    ],
)
def test_what_the_stack_changed_is_a_change(
    wanted: dict[str, Any], last: dict[str, Any] | None, changes: list[tuple[str, Any, Any]]
) -> None:
    assert found(wanted, last) == changes
