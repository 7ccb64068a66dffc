"""Writes stacks: resources as a file has them, a long collection as rows of a file beside it."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from headend.core.model.address import row
from headend.core.model.frozen import frozen_dataclass

WIDTH = 110  # columns that a resource may take on one line
MANY = 50  # resources of a collection that are still written out
GROUP = "all"  # what the rows of a file are called together
SEPARATOR = ";"


@dataclass(eq=False)
class Written:
    """A resource as it is to be written. fields: in order; what a field refers to stands there as `Name`, a secret as
    {secret: NAME}. comment: beside its key. inner: collections of what lives in it."""

    key: str
    fields: dict[str, Any]
    comment: str = ""
    inner: dict[str, list[Written]] = field(default_factory=dict)


@frozen_dataclass
class Name:
    """A reference: what it is called is settled once it is known what stands in a file of rows."""

    target: Written
    outer: str = ""  # of another environment: its name, and a slash


@dataclass
class Document:
    """text: the stack file. files: name -> content, of what lies beside it. addresses: of all resources."""

    text: str = ""
    files: dict[str, str] = field(default_factory=dict)
    addresses: dict[Written, str] = field(default_factory=dict)


class Writer:
    """prefix: what the names of files beside the stack begin with. taken: addresses that the stack has already.

    grouped: what becomes a row -> what the rows of its file are called together."""

    def __init__(self, prefix: str, taken: Collection[str] = ()) -> None:
        self.prefix = prefix
        self.taken = {address.partition("[")[0] for address in taken}
        self.document = Document()
        self.grouped: dict[Written, str] = {}

    def collections(self, found: Mapping[str, list[Written]], address: str, indent: int) -> list[str]:
        """The lines of collections. Call `settle` before: a reference may go to what comes later."""
        lines = []
        for name, resources in found.items():
            lines.append(f"{' ' * indent}{name}:")
            lines += [f"{' ' * (indent + 2)}{line}" for line in self.entries(name, resources, address)]
        return lines

    def entries(self, name: str, resources: Sequence[Written], address: str) -> list[str]:
        """The lines of a collection's resources, indented by nothing. address: of what has the collection."""
        if resources[0] in self.grouped:
            return self._rows(resources, f"{address}.{name}")
        return [line for resource in resources for line in self.resource(resource, 0)]

    def settle(self, found: Mapping[str, list[Written]], address: str) -> None:
        """Which collections become files, and the addresses of all."""
        for name, resources in found.items():
            place = f"{address}.{name}"
            if _fits_rows(resources):
                self.grouped |= dict.fromkeys(resources, self._group(place))
            for resource in resources:
                own = f"{place}.{self._key(resource)}"
                self.document.addresses[resource] = own
                self.settle(resource.inner, own)

    def _group(self, place: str) -> str:
        names = (GROUP if number == 1 else f"{GROUP}-{number}" for number in itertools.count(1))
        return next(name for name in names if f"{place}.{name}" not in self.taken)

    def _key(self, resource: Written) -> str:
        """As addresses and references have it."""
        return row(self.grouped[resource], resource.key) if resource in self.grouped else resource.key

    def resource(self, resource: Written, indent: int) -> list[str]:
        """On one line if it fits there."""
        space, fields = " " * indent, {name: self._plain(value) for name, value in resource.fields.items()}
        note = f"  # {resource.comment}" if resource.comment else ""
        inline = f"{space}{_scalar(resource.key)}: {_flow(fields)}"
        if not resource.inner and len(inline) + len(note) <= WIDTH and not any(map(_is_deep, fields.values())):
            return [inline + note]
        lines = [f"{space}{_scalar(resource.key)}:{note}"]
        for name, value in fields.items():
            lines += _block(name, value, indent + 2)
        address = self.document.addresses.get(resource, "")
        return lines + self.collections(resource.inner, address, indent + 2)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Name):
            return value.outer + self._key(value.target)
        if isinstance(value, Mapping):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        return value.replace("${", "$${") if isinstance(value, str) else value

    def _rows(self, resources: Sequence[Written], address: str) -> list[str]:
        """The lines that name the file, which is made."""
        words = address.split(".")
        group = self.grouped[resources[0]]
        outer = words[2::2] if len(words) > 2 else []
        file = "-".join([self.prefix, *outer, words[-1]]) + group.removeprefix(GROUP) + ".csv"
        names = list(dict.fromkeys(name for one in resources for name in one.fields))
        fixed = {n: v for n in names if (v := _common(resources, n)) is not None}
        names = [name for name in names if name not in fixed]
        columns = ["key", *names]
        lists = {n for n in names if any(isinstance(one.fields.get(n), list | tuple) for one in resources)}
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(columns)
        for one in resources:
            table.writerow([one.key, *(_cell(self._row_value(one.fields.get(name))) for name in names)])
        self.document.files[file] = out.getvalue()
        given: dict[str, Any] = {"from_file": file, "key": "key"}
        if lists:
            given["columns"] = {n: {"column": n, "separator": SEPARATOR} if n in lists else n for n in names}
        return self.resource(Written(group, given | fixed), 0)

    def _row_value(self, value: Any) -> Any:
        """Nothing in a row is interpolated."""
        plain = self._plain(value)
        return plain.replace("$${", "${") if isinstance(plain, str) else plain


def _fits_rows(resources: Sequence[Written]) -> bool:
    """Whether they are many, and plain enough for cells: no secret, nothing that is nested, nothing empty."""
    if len(resources) <= MANY or any(one.inner for one in resources):
        return False
    return all(_is_cell(value) for one in resources for value in one.fields.values())


def _is_cell(value: Any) -> bool:
    if isinstance(value, list | tuple):
        plain = not any(isinstance(one, list | tuple) for one in value)
        return bool(value) and plain and all(_is_cell(one) and SEPARATOR not in _word(one) for one in value)
    if isinstance(value, str):
        return bool(value) and value == value.strip() and value.isprintable()
    return isinstance(value, int | float | Name)


def _word(value: Any) -> str:
    return f"{value.outer}{value.target.key}" if isinstance(value, Name) else str(value)


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return SEPARATOR.join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _common(resources: Sequence[Written], name: str) -> Any:
    """The value that all of them have; None where they don't, or where that is a name."""
    values = [one.fields.get(name) for one in resources]
    same = all(type(value) is type(values[0]) and value == values[0] for value in values)
    return values[0] if same and not any(isinstance(one, Name) for one in (values[0], *_held(values[0]))) else None


def _held(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


# --- YAML ----------------------------------------------------------------------------------------------------
class _Dumper(yaml.SafeDumper):
    """Text is quoted only where it must be."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    if not value.isprintable():
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')
    return dumper.represent_scalar("tag:yaml.org,2002:str", value)


_Dumper.add_representer(str, _text)
_TIME = "tag:yaml.org,2002:timestamp"  # no type of stack files: they have times as text
_Dumper.yaml_implicit_resolvers = {
    sign: [one for one in known if one[0] != _TIME] for sign, known in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _flow(value: Any) -> str:
    dumped = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 30
    )
    return dumped.strip()[1:-1]


def _scalar(text: str) -> str:
    return _flow(text)


def _is_deep(value: Any) -> bool:
    """Whether it is better read on lines of its own."""
    held = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(isinstance(one, Mapping | list) for one in held) or (isinstance(value, str) and len(value) > WIDTH)


def _block(name: str, value: Any, indent: int) -> list[str]:
    """A field on lines of its own, as short as it can be."""
    line = f"{' ' * indent}{_scalar(name)}: {_flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, Mapping | list) or not value:
        return [line]
    lines = [f"{' ' * indent}{_scalar(name)}:"]
    if isinstance(value, Mapping):
        for key, item in value.items():
            lines += _block(str(key), item, indent + 2)
        return lines
    return [*lines, *(f"{' ' * (indent + 2)}- {_flow(item)}" for item in value)]
