"""Where `{secret: NAME}` gets its value from: the environment first, then the file that HEADEND_SECRETS_FILE names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem, Problems
from headend.core.stackfile.nodes import read

VARIABLE = "HEADEND_SECRETS_FILE"

FindSecret = Callable[[str], str | None]
"""Gives the secret of that name, or None where there is none."""


def secret_finder(env: Mapping[str, str] | None = None) -> FindSecret:
    """Finds secrets in the environment and the secrets file: a YAML (or JSON) mapping of names to strings.

    Raises InputError for a file that can't be read or holds anything else; its text is never quoted."""
    env = os.environ if env is None else env
    from_file = _file(Path(env[VARIABLE])) if env.get(VARIABLE) else {}

    def find(name: str) -> str | None:
        value = env.get(name) or from_file.get(name) or ""
        return value.removesuffix("\n").removesuffix("\r") or None  # `echo` and block scalars end in one

    return find


def _file(path: Path) -> dict[str, str]:
    problems = Problems()
    # Keys and values may be swapped or glued together by a slip, so that even a key can be a secret: only places.
    root = read(path, problems, quiet=True)
    problems = Problems(p if root is None else Problem("not a plain, unique entry", p.source) for p in problems)
    entries = root.mapping if root else None
    if root and entries is None:
        problems.add("not a mapping of secret names to values", root.source, remedy="write `NAME: value`")
    found: dict[str, str] = {}
    for name, entry in (entries or {}).items():
        if entry.node.text is None or entry.node.value is None:
            problems.add("a secret's value must be a string", entry.node.source)
        else:
            found[name] = entry.node.text
    if problems:
        where = Problem(f"the file that {VARIABLE} names can't be used")
        raise InputError([where, *(_quiet(p) for p in problems)])
    return found


def _quiet(problem: Problem) -> Problem:
    return Problem("has no finished anchor", problem.source) if "alias" in problem.message else problem
