"""The one place where headend prints. What comes from outside is made printable; lost output never ends a run."""

from __future__ import annotations

import errno
import os
import sys

import typer

_failed: set[int] = set()
"""Why lines were lost on stdout: error numbers."""


def printable(text: str) -> str:
    """The text on one line, without what plays tricks on a terminal: escape sequences, line ends and bidi controls
    become visible escapes such as \\x1b."""
    # A backslash stays as it is: this text is for readers, who see paths and regular expressions too.
    return "".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def echo(line: str, *, err: bool = False) -> None:
    """Prints one line."""
    echo_exact(f"{printable(line)}\n", err=err)


def echo_exact(text: str, *, err: bool = False) -> None:
    """Prints text for programs (JSON, YAML, CSV), or lines whose parts are printable already.

    A stream that can't be written to, such as a closed pipe or a full disk, loses its text from then on.
    """
    try:
        typer.echo(text, nl=False, err=err)
    except OSError as error:
        _lose(err, error)


def _lose(err: bool, error: OSError) -> None:
    if not err:
        _failed.add(error.errno or errno.EIO)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())  # what is still buffered goes there too
    os.close(nowhere)
    if not err and error.errno != errno.EPIPE:
        echo(f"stdout can't be written to ({error.strerror}); the command goes on without it", err=True)


def output_lost() -> bool:
    """True if stdout failed. A reader that closed the pipe, such as `head`, had what it wanted: that is no failure."""
    return bool(_failed - {errno.EPIPE})
