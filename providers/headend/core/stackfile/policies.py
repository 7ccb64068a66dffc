"""Policy files: policies by name, laid over those that the file extends, each problem with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from headend.core.model.errors import InputError
from headend.core.model.fields import Spec
from headend.core.model.findings import Level, Problem, Problems
from headend.core.model.policies import OF_FILE, OF_PLAN, Example, Policy
from headend.core.model.printable import one_line
from headend.core.model.suggest import suggest
from headend.core.stackfile.check import Input, make
from headend.core.stackfile.nodes import Node, read
from headend.core.stackfile.overlay import merge
from headend.core.stackfile.policy_use import OWN, SHIPPED


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Globs = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class ExampleModel(Spec):
    """One of `examples` as it is written."""

    given: dict[str, Any]
    expect: Literal["holds", "broken", "skipped", "fails"]


class PolicyModel(Spec):
    """A policy as it is written."""

    name: str = Field(min_length=1)
    kind: Globs = ()
    address: Globs = ()
    stack: Globs = ()
    severity: Literal["error", "warning", "off"] = "error"
    params: dict[str, Any] = {}
    condition: str
    message: str = Field(min_length=1)
    examples: tuple[ExampleModel, ...] = ()


def read_policies(path: Path, problems: Problems, files: set[Path]) -> tuple[Policy, ...]:
    """The policies of a file. What is wrong with it goes to `problems`. files: takes what is read."""
    found = _nodes(path, problems, (), files)
    return tuple(policy for node in found.values() if (policy := _policy(node, problems)))


def _nodes(path: Path, problems: Problems, above: tuple[Path, ...], files: set[Path]) -> dict[str, Node]:
    """Name -> the policy as all files together write it."""
    files.add(path)
    root = read(path, problems)
    if root is None:
        return {}
    if root.mapping is None:
        problems.add(f"a policy file is a mapping, not {root.type_name}", root.source)
        return {}
    for key, entry in root.mapping.items():
        if key not in {"extends", "policies"}:
            problems.add(f"unknown key `{key}`", entry.source, remedy=suggest(key, ("extends", "policies")))
    found = _extended(path, root, problems, (*above, path.resolve()), files)
    listed = root.mapping.get("policies")
    if listed is None:
        return found
    if not isinstance(listed.node.value, tuple):
        problems.add(f"`policies` is a list, not {listed.node.type_name}", listed.node.source)
        return found
    seen: set[str] = set()
    for node in listed.node.value:
        name = node.value if isinstance(node.value, str) else (node.mapping or {}).get("name")
        name = name.node.value if name is not None and not isinstance(name, str) else name
        if not isinstance(name, str):
            problems.add("a policy is the name of one, or a mapping with `name`", node.source)
        elif name in seen:
            problems.add(f"policy `{name}` is given twice", node.source, remedy="keep one of them")
        else:
            seen.add(name)
            found[name] = _laid_over(name, node, found, problems)
    return found


def _extended(path: Path, root: Node, problems: Problems, above: tuple[Path, ...], files: set[Path]) -> dict[str, Node]:
    entry = (root.mapping or {}).get("extends")
    if entry is None:
        return {}
    found: dict[str, Node] = {}
    for name in entry.node.value if isinstance(entry.node.value, tuple) else (entry.node,):
        if not isinstance(name.value, str):
            problems.add(f"`extends` takes `{OWN}`, a file name, or a list of them", name.source)
            continue
        target = SHIPPED if name.value == OWN else path.parent / name.value
        if target.resolve() in above:
            problems.add(f"`extends: {name.value}` goes in a circle", name.source)
        elif not target.is_file():
            problems.add(f"`extends: {name.value}`: there is no such file", name.source, remedy=f"looked for {target}")
        else:
            found |= {one: _without_examples(node) for one, node in _nodes(target, problems, above, files).items()}
    return found


def _without_examples(node: Node) -> Node:
    """Examples are of the policy as its own file has it."""
    return Node({key: entry for key, entry in (node.mapping or {}).items() if key != "examples"}, node.source)


def _laid_over(name: str, node: Node, found: Mapping[str, Node], problems: Problems) -> Node:
    """The policy over what is extended; one without a condition of its own over that which ships."""
    base = found.get(name)
    if base is None and (node.mapping is None or "condition" not in node.mapping):
        shipped = _nodes(SHIPPED, problems, (), set())
        if name not in shipped:
            problems.add(f"no policy `{name}` ships", node.source, remedy=suggest(name, shipped, show=9))
            return Node({}, node.source)
        base = _without_examples(shipped[name])
    if node.mapping is None:
        return base or node
    return merge(base, node, problems) if base else node


def _policy(node: Node, problems: Problems) -> Policy | None:
    if not node.mapping:
        return None  # told before
    values = plain(node)
    given = Input(node.mapping, node.source, f"policy {values.get('name')}", values=values)
    written = make(PolicyModel, given, problems)
    if written is None or written.severity == "off":
        return None
    source = node.mapping["condition"].node.source
    program = _compiled(written, problems, source)
    if program is None:
        return None
    examples = node.mapping["examples"].node.value if "examples" in node.mapping else ()
    return Policy(
        written.name,
        written.message,
        Level(written.severity),
        source,
        program,
        frozenset(program.variables()) & (OF_FILE | OF_PLAN),
        written.kind,
        written.address,
        written.stack,
        written.params,
        tuple(
            Example(one.given, one.expect, place.source) for one, place in zip(written.examples, examples, strict=True)
        ),
    )


INSTALL = "install headend with it: pip install 'headend[policies]'"
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")


def _compiled(written: PolicyModel, problems: Problems, source: Any) -> Any:
    """The condition as a program; None where it is none, or names what no condition sees."""
    try:
        import cel  # loads what no stack without policies needs
    except ImportError:
        raise InputError(Problem(f"policy {written.name}: policies need CEL", source, remedy=INSTALL)) from None
    try:
        program = cel.compile(written.condition)
    except ValueError as error:
        why = one_line(str(error)).partition("ERROR: ")[2] or one_line(str(error))
        problems.add(f"policy {written.name}: `condition` is not CEL: {why}", source)
        return None
    known = OF_FILE | OF_PLAN
    unknown = set(program.variables()) - known - set(_BOUND.findall(written.condition))
    for name in sorted(unknown):
        problems.add(f"policy {written.name}: `condition`: there is no `{name}`", source, remedy=suggest(name, known))
    return None if unknown else program


def plain(node: Node) -> Any:
    """The value as it is written: a policy file has no variables."""
    if node.mapping is not None:
        return {key: plain(entry.node) for key, entry in node.mapping.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, tuple) else node.value
