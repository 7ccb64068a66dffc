"""The core stays readable: short files, short functions, and no two modules that need each other."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from headend import core

ROOT = Path(core.__path__[0])
MODULES = {
    ".".join(["headend.core", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 50


def imports(tree: ast.Module) -> Iterator[str]:
    """Modules of the core that are imported, those for type checkers and those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)} & MODULES.keys())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_file_and_its_functions_are_short(name: str) -> None:
    text = MODULES[name].read_text()
    assert len(text.splitlines()) <= MOST_LINES
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {
        f.name: found for f in functions if (found := (f.end_lineno or 0) - f.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    }
    assert not long


def test_no_two_modules_need_each_other_not_even_for_their_types() -> None:
    packages = {name for name in MODULES if MODULES[name].name == "__init__.py"}  # they re-export what is in them
    graph = {name: set(imports(ast.parse(path.read_text()))) - packages for name, path in MODULES.items()}
    graph = {name: needed for name, needed in graph.items() if name not in packages}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, naming the circle


def test_frozen_dataclasses_are_those_that_cost_little() -> None:
    others = [path for path in ROOT.parent.rglob("*.py") if "@dataclass(frozen" in path.read_text()]
    assert others == []
