"""fmt: stack files and policy files in the house's form."""

from __future__ import annotations

import difflib
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.files import replace_file
from headend.cli.many import worst
from headend.core.model.errors import HeadendError, InputError
from headend.core.model.findings import Problems
from headend.core.stackfile.fmt import formatted
from headend.core.stackfile.nodes import decode

STDIN = Path("-")
_OF_PULUMI = ("Pulumi.yaml", "Pulumi.*.yaml")


def fmt(
    file: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Stack files and policy files; - for stdin.", show_default=False),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: print what would change, and exit 1 if anything would.")
    ] = False,
) -> None:
    """Puts stack files into one form: order of keys, quotes, spaces. Comments and meaning stay.

    Prints the names of the files that it changes.
    """
    if len(file) > 1:
        file = [one for one in file if not any(fnmatchcase(one.name, name) for name in _OF_PULUMI)]
    codes = [0]
    for one in file:
        try:
            codes.append(_format(one, check))
        except HeadendError as error:
            for line in error.lines:
                echo(line, err=True)
            codes.append(error.exit_code)
    raise typer.Exit(worst(codes))


def _format(file: Path, check: bool) -> int:
    """The exit code. Raises InputError."""
    name = "stdin" if file == STDIN else str(file)
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
    except OSError as error:
        raise InputError(f"can't read {name}: {error.strerror}") from None
    problems = Problems()
    text = decode(data, name, problems)
    if text is None:
        raise InputError(problems)
    made = formatted(text, name=name)
    if check:
        _print_changes(name, text, made)
        return HeadendError.exit_code if made != text else 0
    if file == STDIN:
        echo_exact(made)
    elif made != text:
        replace_file(file, made.encode())
        echo(name)
    return 0


def _print_changes(name: str, text: str, made: str) -> None:
    old, new = (one.splitlines(keepends=True) for one in (text, made))
    for line in difflib.unified_diff(old, new, name, f"{name}, formatted"):
        echo_exact(line if line.endswith("\n") else f"{line}\n")
