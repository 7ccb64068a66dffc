"""What state holds of objects, with values that their kinds can't have: an error that names the object, or a plan."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convergence.test_convergence import LISTS, side_by_side
from headend.core.model.errors import InputError, StateError
from headend.core.model.record import Digest, Record, recorded
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load

WRONG: tuple[Any, ...] = (7, 7.5, "x", [], {}, {"a": 1}, [1], [[None]], True, "\0")
STACK = "headend: 1\nstack: day\nrights_locker:\n  stream_limits:\n    v: {account_id: v, limit: 1}\n"
LIMIT = "rights_locker.stream_limits.v"


@pytest.mark.parametrize("module", LISTS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_values_of_a_wrong_type_are_told_with_their_address(module: Any, tmp_path: Path) -> None:
    """Of each kind, each field with each wrong value: whatever is let through, the kind can work with."""
    file = tmp_path / "each.yaml"
    file.write_text(str(side_by_side(module, 0)).replace("None", "null"))
    for address, resource in load(file).resources.items():
        kind = resource.kind
        values = recorded(resource.spec, (), lambda value: Digest("d"))
        record = Record(address, kind.name, "id", values)
        for name in values:
            for wrong in WRONG:
                try:
                    spec = replace(record, values={**values, name: wrong}).spec(kind)
                except StateError as error:
                    assert str(error).startswith(f"what state holds of {address} is damaged: ")  # noqa: PT017
                else:
                    if name != "channel":  # chooses among the other fields; a word that is none has never been one
                        kind.identity(spec)
                    kind.natural_key(spec)


def planned(path: Path, stack: str, record: Record) -> None:
    path.with_suffix(".yaml").write_text(stack)
    with open_state(path) as state:
        state.put(record)
        asyncio.run(make_plan(load(path.with_suffix(".yaml")), state, no_platform))


async def no_platform(name: str) -> Any:
    raise AssertionError(name)


@pytest.mark.parametrize("kind", ["rights_locker.later", "later.thing", "rights_locker.entitlement"])
@pytest.mark.parametrize("stack", [STACK, "headend: 1\nstack: day\n"])
def test_another_kind_than_this_headend_has_there_is_told(tmp_path: Path, kind: str, stack: str) -> None:
    if kind == "rights_locker.entitlement" and stack != STACK:
        return  # what else would tell?
    with pytest.raises(StateError, match=f"{LIMIT}: state has it as {kind}, which this headend does not know there"):
        planned(tmp_path / "day.db", stack, Record(LIMIT, kind, "v", {"account_id": "v", "limit": 1}))


def test_a_value_that_an_earlier_version_allowed_is_kept(tmp_path: Path) -> None:
    """Rules become stricter; what was applied by then stays known, so that it can be compared and deleted."""
    file = tmp_path / "day.yaml"
    file.write_text(STACK)
    kind = load(file).resources[LIMIT].kind
    spec = Record(LIMIT, kind.name, "v", {"account_id": "v", "limit": -7}).spec(kind)
    assert (spec.account_id, spec.limit) == ("v", -7)
    file.write_text(STACK.replace("limit: 1", "limit: -7"))
    with pytest.raises(InputError):
        load(file)
