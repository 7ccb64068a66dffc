"""`headend lint`: what is odd in a stack file, by rules with names, without network and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from headend.core.model.findings import Level, Problem, Problems, Source, warning
from headend.core.model.judge import check_stack
from headend.core.model.references import Reference
from headend.core.model.stack import Resource, Stack
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.overlay import read_stack

INVALID, UNSET = "invalid", "secret-unset"
RULES = {
    INVALID: "what no stack can be made of: `headend validate` says the same",
    "secret-in-clear": "a password stands in the file, where all who read it see it",
    "likely-range": "a value that the platform probably refuses",
    "milliseconds": "a delay that is probably meant in seconds",
    "past-time": "a time that has passed",
    "contradiction": "two fields that don't go together, or one that does nothing without another",
    "alike": "two objects that only a secret tells apart",
    "used-twice": "two resources use one thing at the same time, such as a port or an output",
    "doubtful": "anything else that a kind warns of",
    "unused-variable": "a variable that the file declares and nothing in it uses",
    "idle-ignore": "`ignore_changes` names a field that the resource doesn't set: headend leaves that alone anyway",
    "needless-depends-on": "`depends_on` names what a field of the resource refers to: it is written before anyway",
    "past-maintenance": "a span of `options.maintenance` that is over",
}
"""What findings are called by. Those of policies are called `policy/NAME`."""
_USED = re.compile(r"(?<!\$)\$\{\s*vars\.([^}\s]+)\s*\}")


def lint(stack: Stack, now: datetime) -> list[Problem]:
    """The warnings of a loaded stack, in file order. Raises InputError as `check_stack`."""
    found = [problem for problem in stack.remarks if problem.rule != UNSET]
    found += check_stack(stack, now)
    root = read_stack(Path(stack.file), Problems(), set())
    entries = (root.mapping if root else None) or {}
    found += _unused_variables(Path(stack.file), entries)
    for resource in stack.resources.values():
        found += resource.with_places(_idle(resource))
    found += _past_maintenance(stack, entries, now)
    told = [problem if problem.rule else replace(problem, rule="doubtful") for problem in found]
    kept = [problem for problem in dict.fromkeys(told) if problem.level is not Level.NOTE]
    return sorted(kept, key=lambda problem: _place(problem.source))


def _place(source: Source | None) -> tuple[str, int, int]:
    return (source.file, source.line, source.column) if source else ("", 0, 0)


def _unused_variables(path: Path, entries: Mapping[str, KeyValue]) -> Iterator[Problem]:
    """Of those that the file declares itself: one that it extends may have others in mind."""
    if "vars" not in entries:
        return
    used = {name for entry in entries.values() for name in _used(entry.node)}
    for name, entry in (entries["vars"].node.mapping or {}).items():
        if name not in used and Path(entry.source.file) == path:
            said = warning(f"nothing uses the variable `{name}`", remedy="take it out", rule="unused-variable")
            yield replace(said, source=entry.source)


def _used(node: Node) -> Iterator[str]:
    if isinstance(node.value, str):
        yield from _USED.findall(node.value)
    below = (entry.node for entry in node.mapping.values()) if node.mapping is not None else node.value
    for inner in below if node.mapping is not None or isinstance(node.value, tuple) else ():
        yield from _used(inner)


def _idle(resource: Resource) -> Iterator[Problem]:
    """Lines of `lifecycle` that do nothing."""
    fields = resource.spec.set_fields()
    for name in resource.lifecycle.ignore_changes:
        if name.partition(".")[0] not in fields:
            said = f"`ignore_changes`: the stack doesn't set `{name}`, so that its changes are left alone anyway"
            yield warning(said, remedy="take it out", rule="idle-ignore")
    referred = {one.address for one in resource.spec.unresolved() if isinstance(one, Reference)}
    for address in resource.lifecycle.depends_on:
        if address in referred:
            said = f"`depends_on`: a field refers to {address} already"
            yield warning(said, remedy="take it out", rule="needless-depends-on")


def _past_maintenance(stack: Stack, entries: Mapping[str, KeyValue], now: datetime) -> Iterator[Problem]:
    options = entries["options"].node.mapping if "options" in entries else None
    places = options["maintenance"].node.value if options and "maintenance" in options else ()
    for span, node in zip(stack.options.maintenance, places or (), strict=False):
        if span.end <= now:
            said = f"`options.maintenance`: the span that ended at {span.end.isoformat()} is over"
            yield replace(warning(said, remedy="take it out", rule="past-maintenance"), source=node.source)
