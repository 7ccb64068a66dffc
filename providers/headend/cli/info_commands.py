"""kinds, schema and simulate: what headend knows, and platforms to try it on."""

from __future__ import annotations

import enum
import gc
import json
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.files import check_out, write_out
from headend.core.model.errors import InputError
from headend.core.model.rules import without_rules
from headend.core.wire.registry import kinds_of, platforms


def kinds(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[PLATFORM]...", help="Only these platforms'.", show_default=False)
    ] = None,
) -> None:
    """Lists the kinds of objects headend manages."""
    for platform in wanted or ():
        if platform not in platforms():
            raise InputError(f"{platform}: no such platform; there are: {', '.join(platforms())}")
    for name, kind in kinds_of(wanted or platforms()).items():
        echo(f"{name:38} {without_rules((kind.__doc__ or '').strip().splitlines()[0])}")


class Documents(enum.StrEnum):
    """What has a schema."""

    STACK = "stack"
    PLAN = "plan"


def schema(
    of: Annotated[Documents, typer.Argument(help="Of stack files, or of plan documents.")] = Documents.STACK,
) -> None:
    """Prints the JSON Schema of stack files, for editors, or of plan documents, for tools."""
    if of is Documents.PLAN:
        from headend.core.reconcile.document import json_schema as plan_schema

        found = plan_schema()
    else:
        from headend.core.stackfile.schema import json_schema

        found = json_schema()
    echo_exact(json.dumps(found, indent=1) + "\n")


def simulate(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8480,
    control: Annotated[
        bool,
        typer.Option("--control", help="Also serve /control/: journal, faults, worlds, clock (docs/simulator.md)."),
    ] = False,
    openapi: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write Ateme+'s OpenAPI document there; it is also at /ateme/swagger.json."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="With --openapi: change every path, verb and open name of Ateme+ at random.")
    ] = None,
) -> None:
    """Serves simulated platforms on this machine, and prints the settings that lead to them. Ctrl-C ends it.

    With --control, tests can read the journal, plant faults, change the world and move the clock over HTTP. Only this
    machine can reach it.
    """
    if seed is not None and openapi is None:
        raise InputError("--seed: only with --openapi, which tells what it changes")
    if openapi is not None:
        check_out(openapi, name="--openapi")
    import uvicorn

    from headend.simulator import Simulator
    from headend.simulator.clock import SimulatedClock
    from headend.simulator.control import Control

    clock = SimulatedClock()
    simulator = Simulator(now=clock, by_hand=True)
    if openapi is not None:
        write_out(openapi, [simulator.document("ateme", seed)], name="--openapi")
    base = f"http://127.0.0.1:{port}"
    for name, value in simulator.settings(base).items():
        echo_exact(f"export {name}={value}" + "\n")
    app = Control(simulator, clock) if control else simulator.app
    gc.enable()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", interface="asgi3", lifespan="off")
