"""The last resort: an error that headend doesn't know is one line, and a trace for whoever mends it."""

from __future__ import annotations

import os
import re
import tempfile
import traceback

from headend.cli.echo import echo
from headend.core.model.errors import HeadendError
from headend.core.wire.redaction import Redactor

EXIT_CODE = 8
DEBUG = "HEADEND_DEBUG"
_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)  # pydantic's: it may be a part of a secret
_redactors: list[Redactor] = []


def new_redactor() -> Redactor:
    """The redactor of the command that runs now. It cleans a trace too."""
    _redactors[:] = [Redactor()]
    return _redactors[0]


def tell(error: Exception) -> int:
    """Says what went wrong, in one line; the exit code."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        echo(f"{error.filename}: {error.strerror}; mend that, then run the command again", err=True)
        return HeadendError.exit_code
    trace = _scrubbed("".join(traceback.format_exception(error)))
    what = _scrubbed(f"{type(error).__name__}: {error}")
    echo(f"headend itself is at fault, please report it: {what}; {_kept(trace)}", err=True)
    return EXIT_CODE


def _kept(trace: str) -> str:
    """Prints the trace, or writes it to a file that only its owner can read; says where it is."""
    if os.environ.get(DEBUG):
        for line in trace.splitlines():
            echo(line, err=True)
        return "the trace stands above"
    try:
        number, path = tempfile.mkstemp(prefix="headend-", suffix=".trace")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
    except OSError:
        return f"{DEBUG}=1 prints the trace"
    return f"the trace is in {path}"


def _scrubbed(text: str) -> str:
    for redactor in _redactors:
        text = redactor.scrub(text)
    return _INPUT.sub("input_value=..., input_type=", text)
