"""Where secrets get their values from: the environment first, then the file that HEADEND_SECRETS_FILE names, then what
the command prints that HEADEND_SECRETS_COMMAND holds. That goes for `{secret: NAME}`, and for the platforms' logins."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem, Problems
from headend.core.stackfile.nodes import Node, decode, parse, read

VARIABLE = "HEADEND_SECRETS_FILE"
COMMAND = "HEADEND_SECRETS_COMMAND"
LONGEST = 120  # seconds that the command may take: somebody may have to touch a key

FindSecret = Callable[[str], str | None]
"""Gives the secret of that name, or None where there is none."""


def secret_finder(env: Mapping[str, str] | None = None, *, run: bool = True) -> FindSecret:
    """Finds secrets in the environment, the secrets file and what the secrets command prints: a YAML (or JSON) mapping
    of names to strings. run: False: no command is run, for who needs no values.

    The command is run once, when the first name is asked for that is nowhere else. Raises InputError for a file or an
    output that can't be read or holds anything else, and for a command that fails; no text of them is ever quoted."""
    env = os.environ if env is None else env
    from_file = _file(Path(env[VARIABLE])) if env.get(VARIABLE) else {}

    def find(name: str) -> str | None:
        value = env.get(name) or from_file.get(name)
        if not value and run and env.get(COMMAND):
            value = _printed(env[COMMAND]).get(name)
        return (value or "").removesuffix("\n").removesuffix("\r") or None  # `echo` and block scalars end in one

    return find


class WithSecrets(Mapping[str, str]):
    """The environment, with what the secrets file and command hold behind it: for settings of platforms."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._find = secret_finder(env)

    def __getitem__(self, name: str) -> str:
        value = self._env.get(name) or self._find(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)


def _file(path: Path) -> dict[str, str]:
    problems = Problems()
    # Keys and values may be swapped or glued together by a slip, so that even a key can be a secret: only places.
    root = read(path, problems, quiet=True)
    return _entries(root, problems, f"the file that {VARIABLE} names can't be used")


@functools.cache
def _printed(command: str) -> dict[str, str]:
    """What the command prints. Kept: it may ask a person, or cost money."""
    why = f"the command in {COMMAND}"
    try:
        ran = subprocess.run(  # noqa: S602 - a line of the shell's is what is asked for
            command, shell=True, stdout=subprocess.PIPE, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{why} took more than {LONGEST} s, and was stopped") from None
    except OSError as error:
        raise InputError(f"{why} can't be run: {error.strerror}") from None
    if ran.returncode:
        raise InputError(f"{why} failed with code {ran.returncode}; what it said stands above")
    problems = Problems()
    text = decode(ran.stdout, "its output", problems)
    root = None if text is None else parse(text, "its output", problems, quiet=True)
    return _entries(root, problems, f"{why} must print a mapping of names to strings, as YAML or JSON")


def _entries(root: Node | None, problems: Problems, what: str) -> dict[str, str]:
    """Names and values. Raises InputError, which quotes nothing."""
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
        raise InputError([Problem(what), *(_quiet(p) for p in problems)])
    return found


def _quiet(problem: Problem) -> Problem:
    return Problem("has no finished anchor", problem.source) if "alias" in problem.message else problem
