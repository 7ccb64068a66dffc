"""The one place where headend prints: all of it is printable, and output that is lost never ends a run."""

from __future__ import annotations

import errno
import io
import json
import os
import select
import sys
from typing import TYPE_CHECKING

from headend.core.model.printable import printable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_failed: set[int] = set()
"""Why output on stdout was lost: error numbers."""


def echo(line: str, *, err: bool = False) -> None:
    """Prints one line."""
    print(printable(line), file=sys.stderr if err else sys.stdout, flush=True)


def echo_exact(text: str) -> None:
    """Prints text for programs (JSON, YAML, CSV), or lines whose parts are printable already.

    What isn't printable, or not in stdout's encoding, stands in quoted text there, and becomes a JSON escape, which
    means the same.
    """
    narrow = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")

    def shown(piece: str) -> bool:
        return piece.isprintable() and (piece.isascii() or not narrow)

    lines = (line if shown(line) else "".join(c if shown(c) else _escape(c) for c in line) for line in text.split("\n"))
    print("\n".join(lines), end="", flush=True)


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"


def make_output_last() -> None:
    """From now on stdout and stderr take what is written, whatever becomes of the file, pipe or terminal behind them:
    a run must not end in the middle because nobody reads what it says."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started headend
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
        elif name != "stdin" and stream is getattr(sys, f"__{name}__"):
            file = io.BufferedWriter(_LastingFile(stream.fileno(), "w", closefd=False))
            setattr(sys, name, io.TextIOWrapper(file, stream.encoding, "backslashreplace", line_buffering=True))


def output_lost() -> bool:
    """True if stdout failed. A reader that closed the pipe, such as `head`, had what it wanted: that is no failure."""
    return bool(_failed - {errno.EPIPE})


class _LastingFile(io.FileIO):
    """Once it can't be written to, everything is lost, and said once."""

    lost = False

    def write(self, data: ReadableBuffer) -> int:
        try:
            while not self.lost:
                if (written := super().write(data)) is not None:
                    return written
                select.select([], [self], [])  # another process made it non-blocking, and its reader is slow
        except OSError as error:
            self.lost = True
            self._tell(error)
        return memoryview(data).nbytes

    def _tell(self, error: OSError) -> None:
        if self.fileno() == 1:
            _failed.add(error.errno or errno.EIO)
            if output_lost():
                echo(f"stdout can't be written to ({error.strerror}); the command goes on without it", err=True)
