"""What is generated from the registry is in the repository as it would be made now, and every kind is complete."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from commands import ROOT, headend
from convergence.test_convergence import LISTS, stack_of
from headend.core.reconcile.apply import apply
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.state import open_state
from headend.core.stackfile import load
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds
from headend.core.wire.session import Session
from headend.simulator import Simulator

sys.path.insert(0, str(ROOT / "tools"))

import generate

STACKS = sorted([*ROOT.glob("stacks/*.yaml"), *ROOT.glob("examples/*/*.yaml")])
STACKS = [file for file in STACKS if file.name != "Pulumi.yaml"]


@pytest.mark.parametrize("path", generate.files())
def test_generated_files_are_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text() == generate.files()[path], f"{path}: run `make generate`"


def test_the_schema_command_prints_the_committed_schema(tmp_path: Path) -> None:
    printed = headend(tmp_path, "schema").stdout
    assert printed == (ROOT / "stacks" / "headend.schema.json").read_text()


@pytest.mark.parametrize("file", STACKS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_stack_names_the_schema_and_fits_it(file: Path) -> None:
    first = file.read_text().splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    schema = (file.parent / named).resolve()
    assert schema == ROOT / "stacks" / "headend.schema.json"
    stack = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text()))
    errors = list(validator.iter_errors(_retyped(stack)))
    assert not errors, errors[0].message


def _retyped(value: Any) -> Any:
    """Texts as YAML 1.2 reads them, as far as a stack of ours needs it."""
    if isinstance(value, dict):
        return {key: _retyped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_retyped(item) for item in value]
    plain: Any = yaml.safe_load(value)
    return plain if isinstance(plain, bool | int | float | None) else value


@pytest.mark.parametrize("name", kinds())
def test_every_kind_has_a_route_a_list_a_docstring_and_a_page(name: str, tmp_path: Path) -> None:
    kind = kinds()[name]
    module = next((m for m in LISTS if name in m.CASES), None)
    assert module is not None, "no convergence list"
    assert made(module, name, tmp_path), "the simulator has no route that makes one"
    assert len(inspect.getdoc(type(kind)) or "") > 20
    assert f"\n## {name}\n" in (ROOT / "docs" / "kinds" / f"{kind.platform}.md").read_text()


def made(module: Any, name: str, folder: Path) -> bool:
    """Whether applying the first state of the kind's list leaves one in the simulated world."""
    sim = Simulator()
    module.WORLD(sim)
    file = folder / "stack.yaml"
    file.write_text(json.dumps(stack_of(module, name, module.CASES[name][0])))
    stack = load(file)

    async def run() -> bool:
        where = {"transports": dict.fromkeys(sim.sims, sim.transport()), "extra": {"ateme": {"poll_interval": 0}}}
        with open_state(folder / "state.db") as state:
            async with Session({}, sim.settings(), redactor=Redactor(), **where) as session:
                await apply(await make_plan(stack, state, session), stack, state, session)
            return any(entry.kind == name and not entry.incomplete for entry in state.records().values())

    return asyncio.run(run())
