"""Variables and secrets: from nodes to the plain values that a model takes."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headend.core.model.findings import Level, Problem, Problems, Source
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.secrets import MissingSecret
from headend.core.model.suggest import suggest
from headend.core.stackfile.nodes import KeyValue, Node, scalar
from headend.core.stackfile.secrets import FindSecret

_EXPRESSION = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def variable_name(name: str) -> str:
    """The environment variable that gives a variable of the stack."""
    return f"HEADEND_VAR_{name.upper().replace('-', '_')}"


@frozen_dataclass
class Ways:
    """How an engine is given what a stack file leaves open, and what its errors advise.

    variable: gives a variable's value where no flag does, or None. give_variable, give_secret: sentences.
    """

    variable: Callable[[str], str | None] = lambda name: os.environ.get(variable_name(name))
    give_variable: str = "--var {name}=VALUE, or the environment variable {env}"
    give_secret: str = "set the environment variable {name}, or put it in the file that HEADEND_SECRETS_FILE names"  # noqa: S105


COMMAND_LINE = Ways()


@dataclass
class Plain:
    """A field's value without places. `broken`: a problem is recorded already, so the value says nothing.
    `secrets`: the texts that came from `{secret: NAME}`. `asks_secret`: there is such a place, found or not.
    `missing`: the first secret in it without a value, where that is no problem: it stands for the whole value.
    `outside`: part of it is a variable's value that doesn't stand in a file."""

    value: Any = field(default=None, repr=False)
    broken: bool = False
    secrets: list[str] = field(default_factory=list, repr=False)
    asks_secret: bool = False
    missing: MissingSecret | None = None
    outside: bool = False


class Values:
    """Resolves `${vars.x}`, `${stack.name}` and `{secret: NAME}`; every problem goes to `problems`.

    need_secrets: whether a secret without a value is a problem. If not, it is a remark. remarks: those.
    need_variables: whether a variable without a value is one. If not, what it stands in is left out.
    unsaid: such variables. missed: those of them that something needed."""

    def __init__(
        self,
        secret: FindSecret,
        problems: Problems,
        ways: Ways = COMMAND_LINE,
        *,
        need_secrets: bool = True,
        need_variables: bool = True,
    ) -> None:
        self.secret = secret
        self.ways = ways
        self.need_secrets = need_secrets
        self.need_variables = need_variables
        self.unsaid: dict[str, Problem] = {}
        self.missed: set[str] = set()
        self.remarks: list[Problem] = []
        self.problems = problems
        self.files: set[Path] = set()  # that rows are read from
        self.time_zone: str | None = None  # of times that are written without one
        self.outside: set[str] = set()  # "vars.x" whose value comes from outside of the files
        self.names: dict[str, Node | None] = {}  # "vars.x" -> its value; None: known, but a problem already

    def declare(self, vars_node: Node | None, given: Mapping[str, str]) -> None:
        """Takes `vars:` of the file, and what --var, or else `ways.variable`, says instead."""
        entries = vars_node.mapping if vars_node else {}
        if entries is None:
            self.problems.add("`vars` is a mapping of names to values", vars_node.source if vars_node else None)
            entries = {}
        for name, entry in entries.items():
            self.names[f"vars.{name}"] = self._declared(name, entry, given.get(name, self.ways.variable(name)))
        for name in given:
            if name not in entries:
                hint = suggest(name, entries) or f"declare it under `vars:`, e.g. `vars: {{{name}: null}}`"
                self.problems.add(f"--var {name}: the stack declares no such variable", remedy=hint)

    def _declared(self, name: str, entry: KeyValue, given: str | None) -> Node | None:
        node = entry.node
        message, hint = None, None
        if not NAME.fullmatch(name):
            message, hint = f"`{name}` can't be a variable's name", "letters, digits, `_` and `-`"
        elif node.text is None:
            message, hint = f"variable `{name}` is {node.type_name}", "a variable is one string, number or boolean"
        elif given == "" and node.value is not None and not isinstance(node.value, str):
            message, hint = f"variable `{name}` is given as empty", "a CI variable that isn't set is often the reason"
        elif given is not None:
            self.outside.add(f"vars.{name}")
            return Node(self._typed(given, node.value), node.source, given)
        elif node.value is None:
            message = f"variable `{name}` has no value"
            hint = f"give it one: {self.ways.give_variable.format(name=name, env=variable_name(name))}"
            if not self.need_variables:
                self.unsaid[f"vars.{name}"] = Problem(message, entry.source, remedy=hint)
                return None
        elif isinstance(node.value, str) and "${" in node.value:
            message, hint = f"variable `{name}` refers to another", "write its value out"
        if message is None:
            return node
        self.problems.add(message, entry.source, remedy=hint)
        return None

    @staticmethod
    def _typed(given: str, default: Any) -> Any:
        """A string variable stays a string whatever it looks like; the others follow YAML."""
        if isinstance(default, str) or not given:
            return given
        try:
            return scalar(given)
        except ValueError:
            return given

    def text(self, node: Node) -> Any:
        """A scalar node's value with its variables filled in. Raises _Broken after recording the problem.
        A value that is nothing but one variable keeps the variable's type."""
        if node.data or not isinstance(node.value, str) or "${" not in node.value:
            return node.value
        whole = _EXPRESSION.fullmatch(node.value)
        if whole and whole[1] is not None:
            return self._variable(whole, node.source).value
        return _EXPRESSION.sub(
            lambda m: "${" if m[1] is None else self._variable(m, node.source).text or "", node.value
        )

    def _variable(self, match: re.Match[str], source: Source) -> Node:
        name = match[1].strip()
        if not match[0].endswith("}"):
            message, hint = "`${` without its `}`", "write `$${` for the two characters themselves"
        elif name not in self.names:
            message = f"unknown variable `${{{name}}}`"
            instead = "declare it under `vars:`; `$${` stands for the two characters themselves"
            hint = suggest(name, self.names) or instead
        else:
            found = self.names[name]
            if found is None:
                self.missed |= {name} & self.unsaid.keys()
                raise Broken
            return found
        self.problems.add(message, source, remedy=hint)
        raise Broken

    def plain(self, node: Node, *, secrets: bool = True) -> Plain:
        """The value below a node. secrets=False: `{secret: ...}` is refused there."""
        out = Plain()
        out.value = self._plain(node, out, secrets)
        if out.missing is not None:
            out.value = out.missing
        return out

    def _plain(self, node: Node, out: Plain, secrets: bool) -> Any:
        try:
            wanted = node.sole("secret")
            if wanted is not None:
                out.asks_secret = True
                text = self._secret(wanted, node.source, secrets)
                if isinstance(text, MissingSecret):
                    out.missing = out.missing or text
                else:
                    out.secrets.append(text)
                return text
            if node.mapping is not None:
                return {key: self._plain(entry.node, out, secrets) for key, entry in node.mapping.items()}
            if isinstance(node.value, tuple):
                return [self._plain(item, out, secrets) for item in node.value]
            if self.outside and isinstance(node.value, str):
                out.outside |= any((m[1] or "").strip() in self.outside for m in _EXPRESSION.finditer(node.value))
            return self.text(node)
        except Broken:
            out.broken = True
            return None

    def _secret(self, name: Node, source: Source, allowed: bool) -> str | MissingSecret:
        wanted = self.text(name) if name.text is not None else None
        if not allowed:
            message, hint = "a secret can't stand here", "connection secrets come from the environment"
        elif not isinstance(wanted, str) or not wanted:
            message, hint = "`secret` takes a name", "e.g. `{secret: STADIUM_A}`"
        else:
            found = self.secret(wanted)
            if found and (control := next((char for char in found if unicodedata.category(char) == "Cc"), None)):
                what = "a line end" if control in "\r\n" else f"a control character (U+{ord(control):04X})"
                self.problems.add(f"secret `{wanted}` has {what} in its value", source, remedy="give it without")
                raise Broken
            if found:
                return found
            message = f"secret `{wanted}` is not set"
            hint = self.ways.give_secret.format(name=wanted)
            if not self.need_secrets:
                problem = Problem(message, source, remedy=hint, rule="secret-unset")
                self.remarks.append(replace(problem, level=Level.WARNING))
                return MissingSecret(wanted, problem)
        self.problems.add(message, source, remedy=hint)
        raise Broken


class Broken(Exception):
    """The value can't be had; why is recorded."""
