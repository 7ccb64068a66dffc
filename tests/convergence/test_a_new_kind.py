"""A kind of this test's own, in the place of one that the project has: its class and a list of states are enough.

Its rows stand in the wire table already (A-297..A-300), as those of all documented calls do.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import Field

from convergence.test_convergence import converge
from headend.ateme.listed import ListedKind
from headend.ateme.rows import Row
from headend.core.model import kind as kinds_module
from headend.core.model.fields import Named, Spec
from headend.core.stackfile.schema import json_schema
from headend.core.wire.decode import OpaqueId, named
from headend.core.wire.registry import kinds, platforms
from headend.pulumi import p as providers

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from generate import page

NAME = "ateme.mtr_host_group"


class HostGroup(Spec):
    """One group."""

    name: Annotated[str, Named(), Field(min_length=1, description="what it is called")]


class HostGroupRow(Row):
    id: OpaqueId = named("group_id", "id")
    name: str | None = None


LIST = SimpleNamespace(SETUP={}, WORLD=lambda sim: None, CASES={NAME: [{}, {"name": "edge"}, {"name": "core"}]})


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    replaced = kinds()[NAME]

    class HostGroupKind(ListedKind[HostGroup]):
        """A group of hosts that network paths are measured to."""

        name = NAME
        noun = "mtr_host_group"
        shape = HostGroupRow
        place = "group_id"
        key = ("name",)
        model = HostGroup

    yield
    kinds_module.kinds[NAME] = replaced


@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=str)
def test_its_states_converge(switches: dict[str, Any], tmp_path: Path) -> None:
    converge(LIST, NAME, tmp_path, switches)


def test_schema_and_reference_have_it() -> None:
    schema: Any = json_schema()
    assert "What it is called" in str(schema["$defs"][NAME])
    assert f"#/$defs/{NAME}" in str(schema["properties"]["ateme"])
    text = page(platforms()["ateme"])
    assert f"\n## {NAME}\n\nA group of hosts" in text
    assert "Found, and adopted, by `name`." in text


def test_pulumi_has_a_provider_for_it() -> None:
    """The module of the providers, as a new process would load it."""
    found = importlib.util.spec_from_file_location("providers_anew", str(providers.__file__))
    assert found
    assert found.loader
    anew = importlib.util.module_from_spec(found)
    found.loader.exec_module(anew)
    assert anew.PROVIDERS[NAME].kind.model is HostGroup
    assert getattr(anew, anew.code(NAME)) is anew.PROVIDERS[NAME]
