"""kinds, schema and simulate: what headend knows, and platforms to try it on."""

from __future__ import annotations

import gc
import json
from typing import Annotated

import typer

from headend.cli.echo import echo, echo_exact
from headend.core.model.errors import InputError
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
        echo(f"{name:38} {(kind.__doc__ or '').strip().splitlines()[0]}")


def schema() -> None:
    """Prints the JSON Schema of stack files, for editors."""
    from headend.core.stackfile.schema import json_schema

    echo_exact(json.dumps(json_schema(), indent=1) + "\n")


def simulate(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8480,
    control: Annotated[
        bool,
        typer.Option("--control", help="Also serve /control/: journal, faults, worlds, clock (docs/simulator.md)."),
    ] = False,
) -> None:
    """Serves simulated platforms on this machine, and prints the settings that lead to them. Ctrl-C ends it.

    With --control, tests can read the journal, plant faults, change the world and move the clock over HTTP. Only this
    machine can reach it.
    """
    import uvicorn

    from headend.simulator import Simulator
    from headend.simulator.clock import SimulatedClock
    from headend.simulator.control import Control

    clock = SimulatedClock()
    simulator = Simulator(now=clock, by_hand=True)
    base = f"http://127.0.0.1:{port}"
    for name, value in simulator.settings(base).items():
        echo_exact(f"export {name}={value}" + "\n")
    app = Control(simulator, clock) if control else simulator.app
    gc.enable()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", interface="asgi3", lifespan="off")
