"""The command `headend`: its groups, and how it ends."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

import headend
from headend.cli.commands import AllCommands, new_app
from headend.cli.echo import echo, make_output_last, output_lost
from headend.core.model.errors import HeadendError, InputError
from headend.core.model.printable import one_line

HELP = """\
Headend as code: streaming set-ups as YAML, compared with the live platforms and applied.

\b
Exit codes:
0 done or nothing to do
1 failure
2 there are changes (plan, drift)
3 invalid input
4 credentials
5 refused by a guard (plan: apply would refuse it)
6 the live object moved since the plan
7 applied in part
8 a fault of headend itself: please report it
  (HEADEND_DEBUG=1 prints its trace)
"""
# Whichever click typer brings along: the root of all that can be wrong with a command's words.
_Usage: type[Exception] = typer.BadParameter.__bases__[0]

app = new_app(cls=AllCommands, help=HELP)


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"headend {headend.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Carries the flags that stand before a command."""


def main() -> None:
    """Entry point: errors are one line each and an exit code, never a traceback."""
    make_output_last()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # there are none; the search takes its time
    gc.disable()  # what is loaded now stays; `run.connected` begins what may last
    try:
        code = app(standalone_mode=False) or 0
        if code == 130:  # what typer makes of Ctrl-C; during an apply it is handled there
            raise typer.Abort
    except HeadendError as error:
        for line in error.lines:
            echo(line, err=True)
        code = error.exit_code
    except _Usage as error:
        said = error.format_message()  # type: ignore[attr-defined]  # as all of click's
        echo(f"headend: {one_line(said)}", err=True)
        code = InputError.exit_code  # click's own 2 would say that there are changes
    except typer.Abort:
        echo("stopped; nothing was changed", err=True)
        code = HeadendError.exit_code
    except Exception as error:
        from headend.cli import faults

        code = faults.tell(error)
    finally:
        gc.unfreeze()
        gc.enable()
    raise SystemExit(code or int(output_lost()))


def run() -> None:
    """The command as a process of its own, which ends at once. By then all is closed and written, and the interpreter
    would take a tenth of a second to drop what thousands of objects leave behind, one by one. With HEADEND_DEBUG it
    does, for profilers."""
    try:
        main()
    except SystemExit as end:
        if os.environ.get("HEADEND_DEBUG") or not isinstance(end.code, int):
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code)


if __name__ == "__main__":
    run()
