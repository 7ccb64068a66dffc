"""Operations tables: how every documented call of a platform looks on the wire.

Providers and simulator share these tables and nothing else. A row can be overridden by its key without code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Any, Final
from urllib.parse import quote

from headend.core.model.errors import InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.parameters import Parameter, Place, Span, check_exactly_one, find_errors

NO_BODY: Final = object()
"""Stands for "no body at all"; None is a body too (JSON null)."""

PLACE = re.compile(r"{([a-z_]+)}")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
BY_TENANT = "T"
_WRITTEN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")


@frozen_dataclass(slots=True)
class Operation:
    """One row. `path` is relative to the platform's base URL, with {names} for path values and `?a={b}` for queries.

    mark: evidence, "D" documented, "D*" documented but for a prefix, "A" assumed, "S" the document as such, "T"
    documented by the tenant (`headend doctor --openapi`).
    number: the contract's number ("A-145"). body: json, form, multipart or none. list_key: where a list answer
    holds its rows, None = a bare array or the only array in the object. danger: why a person must name the call twice
    to make it, as the contract has it ("is a purchase (A-858)"); "" for all others. parameters, exactly_one, spans,
    together: what is documented of its values, one by one and together; `faults` checks values. complete: the
    parameters are all that it takes. keys: headend's word -> the name on the wire, of what a body holds and the
    document names nowhere. shipped: the method before it was overridden, which says what the call does.
    """

    key: str
    method: str
    path: str
    number: str
    title: str
    mark: str = "D"
    role: str = ""
    note: str = ""
    body: str = "json"
    list_key: str | None = None
    id_field: str | None = None
    danger: str = ""
    parameters: tuple[Parameter, ...] = ()
    exactly_one: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    together: tuple[Callable[[Mapping[str, Any]], Iterable[str]], ...] = ()
    complete: bool = False
    keys: Mapping[str, str] = field(default_factory=dict, hash=False)
    shipped: str = ""

    @property
    def nature(self) -> str:
        """The method that says what the call does, and so whether it may be repeated: a creation stays one where a
        platform makes it by PUT."""
        return self.shipped or self.method

    @property
    def takes_body(self) -> bool:
        """Whether values that aren't part of the path go into a body; else they go into the query."""
        return self.body != "none" and self.method not in {"GET", "HEAD"}

    def names(self) -> tuple[str, ...]:
        return tuple(PLACE.findall(self.path))

    def place(self, rule: Parameter) -> Place:
        """Where a value goes."""
        return rule.place or ("path" if rule.name in self.names() else "body" if self.takes_body else "query")

    def rule(self, name: str) -> Parameter | None:
        """What is documented of the value of that name."""
        return next((rule for rule in self.parameters if rule.name == name), None)

    def faults(self, given: Mapping[str, Any]) -> list[str]:
        """What is wrong with the values of a call by what is documented of them."""
        found: list[str] = []
        if self.complete:
            known = [rule.name for rule in self.parameters]
            told = f"takes {', '.join(known)}" if known else "takes no values"
            found += [f"{name}: is not known; {told}" for name in given if name not in {*known, *self.names()}]
        found += find_errors(self.parameters, given, lambda rule: self.place(rule) != "body" or self.body != "json")
        found += check_exactly_one(self.exactly_one, given)
        checks = (*(span.errors for span in self.spans), *self.together)
        return list(dict.fromkeys(found or (error for check in checks for error in check(given))))

    def named(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body in headend's words, by the names on the wire."""
        return {self.keys.get(word, word): value for word, value in body.items()}

    def url(self, values: Mapping[str, str]) -> str:
        """The path with every value percent-encoded as one segment.

        Raises InputError for a missing, empty, '.' or '..' value, or one with control characters: such a value
        can turn an item's address into its collection's (A-44, M-19, R-5).
        """

        def segment(match: re.Match[str]) -> str:
            value = str(values.get(match[1], ""))
            if value in {"", ".", ".."} or any(ord(c) < 32 or ord(c) == 127 for c in value):
                raise InputError(f"{self.key}: {match[1]} must be a non-empty id, without control characters")
            return quote(value, safe="")

        return PLACE.sub(segment, self.path)


class Table(dict[str, Operation]):
    """The operations of one platform, by key."""

    def __init__(self, rows: Mapping[str, Operation] | Iterable[Operation]) -> None:
        super().__init__(rows if isinstance(rows, Mapping) else {row.key: row for row in rows})

    def overridden(self, rows: Mapping[str, Mapping[str, Any]]) -> Table:
        """A copy with the user's rows: {key: {method?, path?, list_key?, id_field?, body?, keys?, documented?,
        override_documented?}}.

        `keys` names only what is called otherwise. documented: the tenant's own document says so. Raises InputError for
        an unknown key, attribute or word in `keys`, for a path or a method that no call can have, and for a documented
        row ("D") without `override_documented: true` or `documented: true` (A-41).
        """
        table = dict(self)
        for key, given in rows.items():
            if key not in table:
                raise InputError(f"operations: unknown operation {key!r}")
            allowed = {"method", "path", "list_key", "id_field", "body", "keys"}
            changes = dict(given)
            told = changes.pop("documented", False)
            insists = changes.pop("override_documented", False) or told
            if unknown := sorted(changes.keys() - allowed):
                raise InputError(f"operations.{key}: unknown key {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}")
            if table[key].mark == "D" and not insists:
                raise InputError(f"operations.{key}: documented as it is; override_documented: true insists")
            if why := _why_not(table[key], changes):
                raise InputError(f"operations.{key}.{why}")
            if "keys" in changes:
                changes |= _renamed(table[key], changes["keys"])
            if "method" in changes:
                changes["shipped"] = table[key].nature
            if told:
                changes["mark"] = BY_TENANT
            table[key] = replace(table[key], **changes)
        return Table(table)


def _why_not(op: Operation, changes: Mapping[str, Any]) -> str:
    """Why a row can't be so; "" if it can."""
    if changes.get("method", "GET") not in VERBS:
        return f"method: must be one of {', '.join(VERBS)}"
    if "path" in changes:
        if fault := path_fault(changes["path"]):
            return f"path: {fault}"
        if unknown := sorted(set(PLACE.findall(changes["path"])) - set(op.names())):
            return f"path: unknown place {{{unknown[0]}}}; known: {', '.join(op.names()) or 'none'}"
    return ""


def path_fault(path: Any) -> str:
    """Why a path can't be one of a table, since it would lead elsewhere than to the platform; "" if it can."""
    route, _, query = path.partition("?") if isinstance(path, str) else ("", "", "")
    if not route.startswith("/"):
        return "must be text that begins with a slash"
    if "//" in route:
        return "holds two slashes in a row, after which a host may stand"
    if any(segment in {".", ".."} for segment in route.split("/")):
        return "holds a segment of dots, which leads out of it"
    if not all(_WRITTEN.fullmatch(PLACE.sub("", part)) for part in (route, query)):
        return "holds a character that no path may hold: letters, digits, and ._~!$&'()*+,;=:@- only, nothing encoded"
    return ""


def _renamed(op: Operation, given: Any) -> Mapping[str, Any]:
    """The row's keys with those that are called otherwise, and what is documented of their values by the new names."""
    known = ", ".join(sorted(op.keys)) or "none"
    if not isinstance(given, Mapping) or not all(isinstance(name, str) and name for name in given.values()):
        raise InputError(f"operations.{op.key}.keys: must be a mapping of words to names; words: {known}")
    if unknown := sorted(given.keys() - op.keys.keys()):
        raise InputError(f"operations.{op.key}.keys: unknown word {unknown[0]!r}; known: {known}")
    keys = {**op.keys, **given}
    if len(set(keys.values())) < len(keys):
        raise InputError(f"operations.{op.key}.keys: two words have one name")
    names = {op.keys[word]: name for word, name in keys.items()}
    return {"keys": keys, "parameters": tuple(replace(p, name=names.get(p.name, p.name)) for p in op.parameters)}
