"""headend's commands. Exit codes: 0 done or nothing to do, 1 failure, 2 there are changes, 3 invalid input,
4 credentials, 5 refused by a guard, 6 stale, 7 applied in part."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from headend.cli import planfile
from headend.cli.render import plan_text
from headend.cli.run import Options, load_stack, opened, state_path, stop_on_interrupt
from headend.core import guard
from headend.core.apply import Event, apply
from headend.core.errors import HeadendError, InputError, PartialError, StaleError
from headend.core.lifecycle import remember
from headend.core.plan import Plan
from headend.core.planner import make_plan
from headend.core.redact import Redactor
from headend.core.registry import kinds
from headend.core.stack import json_schema
from headend.core.state import open_state

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
state_app = typer.Typer(no_args_is_help=True, help="What headend's own state file holds.")
app.add_typer(state_app, name="state")

File = Annotated[Path, typer.Argument(help="The stack file.")]
StackName = Annotated[
    str | None, typer.Option("--stack", help="Name of the stack; a throw-away copy has one of its own.")
]
Var = Annotated[list[str] | None, typer.Option("--var", help="KEY=VALUE, over the file's vars; may be repeated.")]
Simulated = Annotated[bool, typer.Option("--simulator", help="Against simulated platforms, kept beside the state.")]
Parallelism = Annotated[int, typer.Option(min=1, max=64, help="Steps and requests in flight.")]
Target = Annotated[
    list[str] | None, typer.Option("--target", help="Only this address, what lies in it, what it needs.")
]
Format = Annotated[str, typer.Option("--format", help="text or json")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]
Deletions = Annotated[bool, typer.Option("--allow-deletions", help="Let a plan pass that deletes most of the stack.")]


@app.command()
def validate(file: File, stack: StackName = None, var: Var = None) -> None:
    """Checks a stack file without a single request."""
    loaded = load_stack(Options(file, stack, tuple(var or ())), Redactor())
    typer.echo(f"{loaded.name}: {len(loaded.resources)} resources, no problems")


@app.command()
def plan(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    target: Target = None,
    format: Format = "text",
    out: Annotated[Path | None, typer.Option(help="Write the plan document to this file.")] = None,
) -> None:
    """Shows what apply would do; exit 2 if there is anything."""
    options = Options(file, stack, tuple(var or ()), simulator, parallelism)
    made = asyncio.run(_planned(options, target or []))
    if out:
        out.write_text(json.dumps(made.document(), indent=1))
    _show(made, format)
    raise typer.Exit(2 if made.writes() else 0)


@app.command()
def drift(file: File, stack: StackName = None, var: Var = None, simulator: Simulated = False) -> None:
    """Like plan, for a schedule: exit 2 if what is live differs from the stack."""
    made = asyncio.run(_planned(Options(file, stack, tuple(var or ()), simulator), []))
    _show(made, "text")
    raise typer.Exit(2 if made.writes() else 0)


@app.command("apply")
def apply_command(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    target: Target = None,
    yes: Yes = False,
    allow_deletions: Deletions = False,
) -> None:
    """Makes what is live equal to the stack; with a plan file, exactly as that plan says."""
    document = planfile.read(file)
    if document:
        file, stack = Path(document["file"]), document["stack"]
    options = Options(file, stack, tuple(var or ()), simulator, parallelism)
    work = _carry_out(options, target or [], yes, allow_deletions, destroy=False, document=document)
    raise typer.Exit(asyncio.run(work))


@app.command()
def destroy(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    target: Target = None,
    yes: Yes = False,
) -> None:
    """Deletes all that the stack manages."""
    options = Options(file, stack, tuple(var or ()), simulator, parallelism)
    raise typer.Exit(asyncio.run(_carry_out(options, target or [], yes, True, destroy=True)))


@app.command("kinds")
def kinds_command(platform: Annotated[str | None, typer.Argument(help="Only this platform's.")] = None) -> None:
    """Lists the kinds of objects headend manages."""
    for name, kind in kinds().items():
        if platform in {None, kind.platform}:
            typer.echo(f"{name:38} {(kind.__doc__ or '').strip().splitlines()[0]}")


@app.command()
def schema() -> None:
    """Prints the JSON Schema of stack files, for editors."""
    typer.echo(json.dumps(json_schema(), indent=1))


@app.command()
def simulate(port: Annotated[int, typer.Option(min=1, max=65535)] = 8480) -> None:
    """Serves simulated platforms on this machine, and prints the settings that lead to them."""
    import uvicorn

    from headend.simulator import Simulator

    simulator = Simulator()
    for name, value in simulator.settings(f"http://127.0.0.1:{port}").items():
        typer.echo(f"export {name}={value}")
    uvicorn.run(simulator.app, host="127.0.0.1", port=port, log_level="warning", interface="asgi3", lifespan="off")


@state_app.command("list")
def state_list(stack: Annotated[str, typer.Argument(help="Name of the stack.")], simulator: Simulated = False) -> None:
    """Every object in state: address, kind, remote id."""
    with open_state(_existing(stack, simulator)) as state:
        for entry in state.entries().values():
            typer.echo(f"{entry.address}  {entry.kind}  {entry.id}{'  (incomplete)' if entry.incomplete else ''}")


@state_app.command("show")
def state_show(
    stack: Annotated[str, typer.Argument(help="Name of the stack.")],
    address: Annotated[str, typer.Argument(help="Address of the object.")],
    simulator: Simulated = False,
) -> None:
    """One object as state knows it; secrets are digests."""
    with open_state(_existing(stack, simulator)) as state:
        entry = state.entries().get(address)
        if entry is None:
            raise InputError(f"{address} is not in the state of {stack}")
        shown = {"id": entry.id, "kind": entry.kind, "spec": entry.spec, "computed": entry.computed}
        typer.echo(json.dumps(shown | {"depends": entry.depends}, indent=1))


def _existing(stack: str, simulator: bool) -> Path:
    path = state_path(stack, simulator)
    if not path.exists():
        raise InputError(f"there is no state file {path}; HEADEND_STATE names another")
    return path


async def _planned(options: Options, targets: list[str]) -> Plan:
    async with opened(options, Redactor()) as (stack, state, session):
        return await make_plan(stack, state, session, targets=targets)


async def _carry_out(
    options: Options,
    targets: list[str],
    yes: bool,
    deletions: bool,
    *,
    destroy: bool,
    document: dict[str, Any] | None = None,
) -> int:
    async with opened(options, Redactor()) as (stack, state, session):
        made = await make_plan(stack, state, session, targets=targets, destroy=destroy)
        made, stale = planfile.approved(made, document) if document else (made, [])
        for address in stale:
            typer.echo(f"{address}: changed since the plan; refused, plan again", err=True)
        _show(made, "text")
        guard.check(made, len(state.entries()), allow_deletions=deletions)
        remember(made, stack, state)
        if not made.writes():
            return StaleError.exit_code if stale else 0
        _agree(yes)
        stop = stop_on_interrupt()
        outcome = await apply(
            made, stack, state, session, parallelism=options.parallelism, on_event=_progress, stop=stop
        )
        typer.echo(f"{len(outcome.done)} done, {len(outcome.failed)} failed, {len(outcome.skipped)} skipped")
        return outcome.exit_code if not stale else PartialError.exit_code


def _agree(yes: bool) -> None:
    """Asks on a terminal; elsewhere only --yes is consent. Raises InputError without it."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask at; say --yes to apply")
    if not typer.confirm("Apply this?"):
        raise typer.Exit(0)


def _progress(event: Event) -> None:
    detail = f": {event.message}" if event.message else ""
    typer.echo(f"{event.address}: {event.action} {event.phase} after {event.seconds:.1f} s{detail}", err=True)


def _show(made: Plan, format: str) -> None:
    if format not in {"text", "json"}:
        raise InputError(f"--format {format}: expected text or json")
    document: dict[str, Any] = made.document()
    typer.echo(json.dumps(document, indent=1) if format == "json" else plan_text(document))


def main() -> None:
    """Entry point: errors that headend knows are one message and an exit code, never a traceback."""
    try:
        app()
    except HeadendError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
