"""`load`: from a file to a checked `Stack`, or an InputError with every problem in it.

The steps: read and overlay; find all resources, so that names can be looked up; fill in variables, secrets and
references and check each resource against its model; check what spans resources. A step goes on past problems as far
as what it reports is not a mere consequence of what is reported already.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headend.core.model.capabilities import HasUniqueFields, MakesClaims, owned_by
from headend.core.model.errors import InputError
from headend.core.model.findings import Problem, Source, errors, remarks
from headend.core.model.options import Options
from headend.core.model.owners import Owners
from headend.core.model.references import filled
from headend.core.model.stack import Resource, Stack, related
from headend.core.stackfile import lookups, secrets
from headend.core.stackfile.check import Input, make, scrub
from headend.core.stackfile.find import Finder, Kinds
from headend.core.stackfile.hints import remedy
from headend.core.stackfile.nodes import Entry, Node
from headend.core.stackfile.overlay import read_stack
from headend.core.stackfile.references import Names, cycles
from headend.core.stackfile.resource import Builder
from headend.core.stackfile.rows import Files
from headend.core.stackfile.values import COMMAND_LINE, Values, Ways
from headend.core.wire import registry
from headend.core.wire.redaction import texts

FORMAT = 1
GENERAL = ("headend", "stack", "extends", "vars", "connections", "options", "lookups")


def load(
    path: str | Path,
    *,
    stack_name: str | None = None,
    variables: Mapping[str, str] | None = None,
    secret: secrets.Lookup | None = None,
    kinds: Kinds | None = None,
    ways: Ways = COMMAND_LINE,
) -> Stack:
    """The stack of a file. stack_name: --stack; variables: --var. secret: gives a secret by name, by default
    `secrets.lookup()` (environment, then HEADEND_SECRETS_FILE). kinds: all registered ones by default.
    ways: how else variables are given, and what errors advise.

    Raises InputError with every problem found, in file order. Makes no request.
    """
    path = Path(path)
    problems: list[Problem] = []
    root = read_stack(path, problems)
    if root is None or root.mapping is None:
        raise InputError(problems)
    kinds = registry.kinds() if kinds is None else kinds
    entries = root.mapping
    values = Values(secrets.lookup() if secret is None else secret, problems, ways)
    values.declare(entries["vars"].node if "vars" in entries else None, variables or {})
    name = _stack_name(path, entries, stack_name, values, problems)
    values.names["stack.name"] = Node(name, root.source, name)
    _top(entries, kinds, root.source, problems)
    connections = _connections(entries, kinds, values, problems)
    options = _options(entries, values, problems)
    wanted = lookups.named(entries, values, problems)
    finder = Finder(kinds, Files(values, problems), problems)
    finder.find(entries)
    drafts = finder.drafts
    build = Builder(finder.files, Names(kinds, drafts, finder.groups), problems).build
    built = {address: build(draft) for address, draft in drafts.items()}
    resources = {address: resource for address, resource in built.items() if resource is not None}
    _owned(resources, problems)
    found = _checked(resources)
    problems += errors(found)
    _claims(resources, problems)
    problems += cycles(resources)
    if problems:
        raise InputError(sorted(dict.fromkeys(problems), key=_place))
    return Stack(name, str(path), resources, connections, options, wanted, sorted(remarks(found), key=_place))


def load_settings(path: str | Path, *, ways: Ways = COMMAND_LINE) -> tuple[Options, dict[str, dict[str, Any]]]:
    """`options:` and `connections:` of a file as it is now, whatever its resources and secrets are.

    Raises InputError with what is wrong with these two, or with the file itself.
    """
    path, problems = Path(path), list[Problem]()
    root = read_stack(path, problems)
    if root is None or root.mapping is None:
        raise InputError(problems)
    entries = root.mapping
    unused: list[Problem] = []  # variables that neither of the two needs may well have no value
    values = Values(lambda name: None, unused, ways)
    values.declare(entries["vars"].node if "vars" in entries else None, {})
    values.names["stack.name"] = Node(path.stem, root.source, path.stem)
    values.problems = problems
    connections = _connections(entries, registry.kinds(), values, problems)
    options = _options(entries, values, problems)
    if problems:
        raise InputError(problems)
    return options, connections


def _place(problem: Problem) -> tuple[Any, ...]:
    source = problem.source
    return (source is None, source and (source.file, source.line, source.column), problem.message)


_NAMABLE = "letters, digits, `.`, `_` and `-`, a letter or digit first: the state file is called by it"


def _unnamable(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) is None


def _stack_name(
    path: Path, entries: Mapping[str, Entry], given: str | None, values: Values, problems: list[Problem]
) -> str:
    if given:
        if _unnamable(given):
            problems.append(Problem(f"--stack {given}: can't be a stack's name", remedy=_NAMABLE))
        return given
    if "stack" not in entries:
        return path.stem
    node = entries["stack"].node
    plain = values.plain(node, secrets=False)
    if plain.broken:
        return path.stem
    if isinstance(plain.value, str) and _unnamable(plain.value):
        problems.append(Problem(f"`{plain.value}` can't be a stack's name", node.source, remedy=_NAMABLE))
        return path.stem
    if isinstance(plain.value, str):
        return plain.value
    problems.append(Problem(f"`stack` is a name, not {node.type_name}", node.source))
    return path.stem


def _top(entries: Mapping[str, Entry], kinds: Kinds, start: Source, problems: list[Problem]) -> None:
    """The keys of the file itself."""
    known = {*GENERAL, *(kind.platform for kind in kinds.values())}
    for key, entry in entries.items():
        if key not in known:
            problems.append(Problem(f"unknown key `{key}`", entry.source, remedy=remedy(key, known - entries.keys())))
    version = entries.get("headend")
    if version is None:
        problems.append(Problem("`headend` is missing", start, remedy=f"begin the file with `headend: {FORMAT}`"))
    elif version.node.value != FORMAT or isinstance(version.node.value, bool):
        problems.append(
            Problem(
                "a format of stack files that this headend doesn't know",
                version.node.source,
                remedy=f"write `headend: {FORMAT}`",
            )
        )


def _mapping(
    key: str, entries: Mapping[str, Entry], values: Values, problems: list[Problem], *, label: str = ""
) -> dict[str, Any]:
    """The plain value of a general key that holds a mapping and no secrets."""
    if key not in entries:
        return {}
    node = entries[key].node
    if node.mapping is None and node.value is not None:
        problems.append(Problem(f"`{label or key}` is a mapping, not {node.type_name}", node.source))
        return {}
    plain = values.plain(node, secrets=False)
    return plain.value if isinstance(plain.value, dict) else {}


def _options(entries: Mapping[str, Entry], values: Values, problems: list[Problem]) -> Options:
    written = _mapping("options", entries, values, problems)
    if not written:
        return Options()
    entry = entries["options"]
    return make(Options, Input(written, entry.node.mapping or {}, entry.source, "options"), problems) or Options()


def _connections(
    entries: Mapping[str, Entry], kinds: Kinds, values: Values, problems: list[Problem]
) -> dict[str, dict[str, Any]]:
    known = {kind.platform for kind in kinds.values()}
    whole = entries.get("connections")
    if whole is None or whole.node.mapping is None:
        _mapping("connections", entries, values, problems)
        return {}
    found: dict[str, dict[str, Any]] = {}
    for name, entry in whole.node.mapping.items():
        if name not in known:
            problems.append(Problem(f"unknown platform `{name}`", entry.source, "connections", remedy(name, known)))
        found[name] = _mapping(name, whole.node.mapping, values, problems, label=f"connections.{name}")
        platform = registry.platforms().get(name)
        for field, setting in (entry.node.mapping or {}).items():
            if platform and (problem := registry.misplaced(name, platform.settings, field)):
                problems.append(replace(problem, source=setting.source))
    return found


def _checked(resources: Mapping[str, Resource]) -> list[Problem]:
    """What the kinds say of resources, and of those together with what they refer to."""
    return [
        replace(p, message=scrub(p.message, _hidden(resource)))
        for resource in resources.values()
        for p in resource.placed(resource.kind.check(resource.spec, related(resource, resources)))
    ]


def _hidden(resource: Resource) -> list[str]:
    """The secret values of a resource, which may not occur in a message."""
    values = [getattr(resource.spec, name, None) for name in resource.secret_fields]
    return [*texts(values), *(str(value) for value in values if type(value) in {int, float})]


def _claims(resources: Mapping[str, Resource], problems: list[Problem]) -> None:
    """What several resources take for themselves, each on its own terms."""
    owners: dict[Hashable, tuple[Resource, Hashable]] = {}
    for resource in resources.values():
        kind = resource.kind
        for thing, terms in kind.claims(resource.spec).items() if isinstance(kind, MakesClaims) else ():
            first, agreed = owners.setdefault(thing, (resource, terms))
            if agreed != terms:
                what = f"says otherwise about what it has in common with {first.address} ({first.source})"
                problems.append(Problem(what, resource.source, resource.address, "say the same, or keep one of them"))


def _owned(resources: Mapping[str, Resource], problems: list[Problem]) -> None:
    """Two resources that would be one object, write the same things, or want what only one can have."""
    owners, identities = Owners(), dict[str, str | None]()
    for address, resource in resources.items():
        kind, spec = resource.kind, resource.spec
        standing_in = {
            name: filled(value, lambda reference: f"reference:{reference.key}")
            for name, value in spec.linked_fields().items()
        }
        spec = spec.model_copy(update=standing_in) if standing_in else spec
        identities[address] = kind.identity(spec)
        found: dict[str, list[str]] = {}
        for owned in owned_by(kind, spec):
            if (other := owners.add(address, owned)) is not None:
                found.setdefault(other, []).append("/".join(owned[1:]))
        for other, names in found.items():
            first = resources[other]
            same = first.kind is kind and identities[other] == identities[address] is not None
            shared = f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if names[3:] else ''}"
            what = "is the same object as" if same else f"has {shared} in common with"
            message = f"{what} {other} ({first.source})"
            problems.append(Problem(message, resource.source, address, "keep one of them"))
        for field, value in kind.unique(spec).items() if isinstance(kind, HasUniqueFields) else ():
            if (other := owners.add(address, (f"{kind.name}.{field}", value))) is not None:
                said = f"`{field}`: only one can have it, and {other} ({resources[other].source}) does"
                source = resource.sources.get(field, resource.source)
                problems.append(Problem(said, source, address, "keep one of them"))
