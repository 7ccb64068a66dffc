"""`load`: from a file to a checked `Stack`, or an InputError with every problem in it.

The steps: read and overlay; find all resources, so that names can be looked up; fill in variables, secrets and
references and check each resource against its model; check what spans resources. A step goes on past problems as far
as what it reports is not a mere consequence of what is reported already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from headend.core.model.errors import InputError
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem, Problems, Source, errors, remarks
from headend.core.model.options import NO_OPTIONS, Options
from headend.core.model.secrets import ask_without
from headend.core.model.stack import Resource, Stack, related
from headend.core.model.suggest import suggest
from headend.core.model.uploads import file_fields
from headend.core.stackfile.check import Input, make, scrub
from headend.core.stackfile.drafts import DraftFinder, Kinds
from headend.core.stackfile.lookups import read_named_lookups
from headend.core.stackfile.moved import MovedReader
from headend.core.stackfile.nodes import KeyValue, Node
from headend.core.stackfile.overlay import read_stack
from headend.core.stackfile.owners import check_claims, check_owners
from headend.core.stackfile.policy_use import check_allowed, policy_files
from headend.core.stackfile.references import Names, find_cycles, name_references
from headend.core.stackfile.resource import ResourceBuilder
from headend.core.stackfile.rows import RowReader
from headend.core.stackfile.secrets import FindSecret, secret_finder
from headend.core.stackfile.together import check_together
from headend.core.stackfile.unknown import explain_unknown
from headend.core.stackfile.values import COMMAND_LINE, Values, Ways
from headend.core.wire import registry
from headend.core.wire.redaction import find_texts

if TYPE_CHECKING:
    from headend.core.model.policies import Policy

FORMAT = 1
GENERAL = ("headend", "stack", "extends", "vars", "options", "connections", "lookups", "moved", "removed")
"""In the order of `headend fmt`."""


def load(
    path: str | Path,
    *,
    stack_name: str | None = None,
    variables: Mapping[str, str] | None = None,
    secret: FindSecret | None = None,
    kinds: Kinds | None = None,
    ways: Ways = COMMAND_LINE,
    need_secrets: bool = True,
    need_variables: bool = True,
) -> Stack:
    """The stack of a file. stack_name: --stack; variables: --var. secret: gives a secret by name, by default
    `secret_finder()` (environment, then HEADEND_SECRETS_FILE). kinds: by default those of the platforms in the file.
    ways: how else variables are given, and what errors advise. need_secrets: False for who writes nothing: a secret
    without a value is a warning then, and `MissingSecret` the value of its field. need_variables: False for who
    deletes: a resource that a variable without a value stands in is left out then; names and settings need theirs.

    Raises InputError with every problem found, in file order. Makes no request.
    """
    path, problems = Path(path), Problems()
    files: set[Path] = set()
    root, entries = _read_root(path, problems, files)
    kinds = registry.kinds() if kinds is None else kinds
    find_secret = secret or secret_finder()
    values = Values(find_secret, problems, ways, need_secrets=need_secrets, need_variables=need_variables)
    name = _declare(path, root, entries, stack_name, variables or {}, values)
    platforms = {*registry.platforms(), *(name.partition(".")[0] for name in kinds)}
    _check_keys(entries, platforms, root.source, problems)
    connections, options = _settings(entries, platforms, values)
    wanted = read_named_lookups(entries, values)
    rows = RowReader(values)
    finder = DraftFinder(kinds, rows, problems)
    finder.find_drafts(entries)
    names = Names(kinds, finder.drafts, finder.groups)
    said = MovedReader(entries, values, names, path.parent)
    moved, removed = said.moved(), said.removed()
    builder = ResourceBuilder(rows, names, problems)
    built = [builder.build(draft) for draft in finder.drafts.values()]
    resources = {resource.address: resource for resource in built if resource is not None}
    resources, found = _checked_all(resources, problems)
    policies = _policies(list(policy_files(path, entries, problems)), problems, files)
    check_allowed(resources, removed, policies, problems)
    _raise_if_any(problems)
    read = frozenset(files | values.files | _uploads(resources))
    told = _told(found, values.remarks)
    return Stack(name, str(path), resources, connections, options, wanted, told, policies, read, moved, removed)


def _checked_all(resources: Mapping[str, Resource], problems: Problems) -> tuple[dict[str, Resource], list[Problem]]:
    """The resources with the remarks that each gives and that the whole gives, and all that is found. Errors go to
    `problems`."""
    named = {address: name_references(one.spec) for address, one in resources.items()}
    check_owners(resources, named, problems)
    checked, found = check_together(resources, named, _check_by_kinds(resources))
    problems += errors(found)
    check_claims(checked, problems)
    find_cycles(checked, problems)
    return checked, found


def _declare(
    path: Path,
    root: Node,
    entries: Mapping[str, KeyValue],
    given: str | None,
    variables: Mapping[str, str],
    values: Values,
) -> str:
    """Takes the variables; the name of the stack, which is one of them."""
    values.declare(entries["vars"].node if "vars" in entries else None, variables)
    name = _stack_name(path, entries, given, values)
    values.names["stack.name"] = Node(name, root.source, name)
    return name


def _raise_if_any(problems: Problems) -> None:
    if problems:
        raise InputError(sorted(dict.fromkeys(problems), key=_place))


def _uploads(resources: Mapping[str, Resource]) -> set[Path]:
    specs = (one.spec for one in resources.values())
    files = (getattr(spec, name) for spec in specs for name in file_fields(type(spec)))
    return {file.location for file in files if file is not None}


def _policies(paths: Sequence[Path], problems: Problems, files: set[Path]) -> tuple[Policy, ...]:
    if not paths:  # as of most stacks
        return ()
    from headend.core.stackfile.policies import read_policies

    return tuple(policy for path in paths for policy in read_policies(path, problems, files))


def _told(found: Sequence[Problem], more: Sequence[Problem]) -> list[Problem]:
    """The remarks, in file order; each once."""
    return sorted(dict.fromkeys([*remarks(found), *more]), key=_place)


def read_name(path: Path, variables: Mapping[str, str]) -> str | None:
    """The name of the stack of a file; None where something is wrong with that, or with the file."""
    problems = Problems()
    try:
        _, entries = _read_root(path, problems, set())
    except InputError:
        return None
    values = Values(lambda name: None, problems)
    values.declare(entries["vars"].node if "vars" in entries else None, variables)
    before = len(problems)
    name = _stack_name(path, entries, None, values)
    return name if len(problems) == before else None


def load_settings(path: str | Path, *, ways: Ways = COMMAND_LINE) -> tuple[Options, dict[str, dict[str, Any]]]:
    """`options:` and `connections:` of a file as it is now, whatever its resources and secrets are.

    Raises InputError with what is wrong with these two, or with the file itself.
    """
    path, problems = Path(path), Problems()
    root, entries = _read_root(path, problems, set())
    values = Values(lambda name: None, Problems(), ways)  # variables that neither needs may well have no value
    values.declare(entries["vars"].node if "vars" in entries else None, {})
    values.names["stack.name"] = Node(path.stem, root.source, path.stem)
    values.problems = problems
    connections, options = _settings(entries, set(registry.platforms()), values)
    if problems:
        raise InputError(problems)
    return options, connections


def _read_root(path: Path, problems: Problems, files: set[Path]) -> tuple[Node, Mapping[str, KeyValue]]:
    """The file, laid over what it extends, and its entries."""
    root = read_stack(path, problems, files)
    if root is None or root.mapping is None:
        raise InputError(problems)
    return root, root.mapping


def _place(problem: Problem) -> tuple[Any, ...]:
    source = problem.source
    return (source is None, source and (source.file, source.line, source.column), problem.message)


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NAME_HINT = "letters, digits, `.`, `_` and `-`, a letter or digit first: the state file is called by it"


def check_name(name: str, given: str) -> None:
    """Raises InputError for what no stack may be called. given: where the name is from."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{given}: `{name}` can't be a stack's name ({_NAME_HINT})")


def _stack_name(path: Path, entries: Mapping[str, KeyValue], given: str | None, values: Values) -> str:
    if given:
        if not _NAME.fullmatch(given):
            values.problems.add(f"--stack {given}: can't be a stack's name", remedy=_NAME_HINT)
        return given
    if "stack" not in entries:
        return path.stem
    node = entries["stack"].node
    plain = values.plain(node, secrets=False)
    if isinstance(plain.value, str) and _NAME.fullmatch(plain.value):
        return plain.value
    if isinstance(plain.value, str):
        values.problems.add(f"`{plain.value}` can't be a stack's name", node.source, remedy=_NAME_HINT)
    elif not plain.broken:
        values.problems.add(f"`stack` is a name, not {node.type_name}", node.source)
    return path.stem


def _check_keys(entries: Mapping[str, KeyValue], platforms: set[str], start: Source, problems: Problems) -> None:
    """The keys of the file itself."""
    known = {*GENERAL, *platforms}
    for key, entry in entries.items():
        if key not in known:
            remedy = explain_unknown(key, known - entries.keys(), entries, platforms)
            problems.add(f"unknown key `{key}`", entry.source, remedy=remedy)
    version = entries.get("headend")
    if version is None:
        problems.add("`headend` is missing", start, remedy=f"begin the file with `headend: {FORMAT}`")
    elif version.node.value != FORMAT or isinstance(version.node.value, bool):
        message = "a format of stack files that this headend doesn't know"
        problems.add(message, version.node.source, remedy=f"write `headend: {FORMAT}`")


def _settings(
    entries: Mapping[str, KeyValue], platforms: set[str], values: Values
) -> tuple[dict[str, dict[str, Any]], Options]:
    """`connections:` and `options:`. Variables without a value that they, or the name of the stack, need are told."""
    connections = _connections(entries, platforms, values)
    options = _plain_mapping("options", entries, values)
    values.problems += [values.unsaid[name] for name in sorted(values.missed)]
    if not options:
        return connections, NO_OPTIONS
    entry = entries["options"]
    if (zone := options.get("time_zone")) is not None:
        known = isinstance(zone, str) and zone in available_timezones()
        values.time_zone = zone if known else "UTC"  # what is none is told once
    given = Input(entry.node.mapping or {}, entry.source, "options", values=options, time_zone=values.time_zone)
    return connections, make(Options, given, values.problems) or NO_OPTIONS


def _plain_mapping(key: str, entries: Mapping[str, KeyValue], values: Values, *, label: str = "") -> dict[str, Any]:
    """The plain value of a general key that holds a mapping and no secrets."""
    if key not in entries:
        return {}
    node = entries[key].node
    if node.mapping is None and node.value is not None:
        values.problems.add(f"`{label or key}` is a mapping, not {node.type_name}", node.source)
        return {}
    plain = values.plain(node, secrets=False)
    return plain.value if isinstance(plain.value, dict) else {}


def _connections(entries: Mapping[str, KeyValue], known: set[str], values: Values) -> dict[str, dict[str, Any]]:
    whole = entries.get("connections")
    if whole is None or whole.node.mapping is None:
        return _plain_mapping("connections", entries, values)
    found: dict[str, dict[str, Any]] = {}
    for name, entry in whole.node.mapping.items():
        if name not in known:
            values.problems.add(f"unknown platform `{name}`", entry.source, "connections", suggest(name, known))
        found[name] = _plain_mapping(name, whole.node.mapping, values, label=f"connections.{name}")
        platform = registry.platforms().get(name)
        for field, setting in (entry.node.mapping or {}).items():
            if platform and (problem := registry.misplaced(name, platform.settings, field)):
                values.problems.append(replace(problem, source=setting.source))
    return found


def _check_by_kinds(resources: Mapping[str, Resource]) -> list[Problem]:
    """What the kinds say of resources, and of those together with what they refer to."""
    return [
        replace(p, message=scrub(p.message, _secret_texts(resource)))
        for resource in resources.values()
        for p in resource.with_places(_checked(resource, related(resource, resources)))
    ]


def _checked(resource: Resource, around: Mapping[str, Spec]) -> list[Problem]:
    kind, spec = resource.kind, resource.spec
    return ask_without((spec, *around.values()), lambda: list(kind.check(spec, around)), [])


def _secret_texts(resource: Resource) -> list[str]:
    """The secret values of a resource, which may not occur in a message."""
    values = [getattr(resource.spec, name, None) for name in resource.secret_fields]
    return [*find_texts(values), *(str(value) for value in values if type(value) in {int, float})]
