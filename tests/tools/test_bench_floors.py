"""The floors of the bench do what headend does: make a stack of each kind, see it, change one object, delete it."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from commands import ROOT
from headend.core.stackfile import load
from headend.core.wire.registry import kinds
from headend.simulator import Simulator

SIZE = 3


def bench(name: str) -> Any:
    """A module of the bench."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools" / "bench"))
        return importlib.import_module(name)


SORTS: Mapping[str, Any] = bench("stacks").SORTS
LEFT_OUT = {
    *("ateme.recording_schedule", "mycujoo.organization", "mycujoo.payment_method"),
    *(name for name, kind in kinds().items() if name.startswith("ateme.") and kind.parent is None),
    *(name for name in kinds() if name.startswith("ateme.tf_")),
} - SORTS.keys()
"""What the page says there is a handful of."""


def test_every_kind_is_measured_but_those_that_the_page_names() -> None:
    assert SORTS.keys() | LEFT_OUT == kinds().keys()


@pytest.mark.parametrize("kind", SORTS)
def test_a_floor_makes_sees_changes_and_deletes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sim, platform = Simulator(), kind.partition(".")[0]
    for name, value in sim.settings().items():
        monkeypatch.setenv(name, value)
    module = bench(f"floor_{platform}")
    monkeypatch.setattr(module, "POLL", 0, raising=False)
    bench("stacks").prepare(sim, kind, SIZE)
    known: dict[str, Any] = {}

    def written(*, changed: bool) -> Any:
        file = tmp_path / "stack.yaml"
        file.write_text(bench("stacks").write(kind, SIZE, changed=changed))
        load(file)  # headend takes it, too
        return yaml.safe_load(file.read_text())

    async def run(verb: str, stack: Any) -> int:
        sim.reset_journal()
        async with httpx.AsyncClient(transport=sim.transport()) as client:
            floor = module.Floor(client, sim.settings()[f"HEADEND_{platform.upper()}_URL"], known)
            groups = floor.groups(stack)
            await floor.look(groups, verb)
            await (floor.apply(groups) if verb == "apply" else floor.destroy(groups))
            json.dumps(known)  # it is kept between runs
        assert [entry for entry in sim.journal if entry.status >= 300 and entry.write] == []
        return len(sim.writes())

    first, other = written(changed=False), written(changed=True)
    assert asyncio.run(run("apply", first)) >= SIZE
    assert asyncio.run(run("apply", first)) == 0
    assert asyncio.run(run("apply", other)) == (2 if kind == "ateme.permanent_schedule" else int(SORTS[kind].changes))
    asyncio.run(run("destroy", other))
    assert known == {}
