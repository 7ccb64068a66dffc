"""Commands that platforms bring along."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from headend.cli.commands import as_command
from headend.cli.echo import echo, echo_exact
from headend.cli.faults import new_redactor
from headend.cli.loading import load_stack
from headend.cli.options import File, Flags, MaxRps, Patience, Simulated, StackName, Var, rates
from headend.cli.run import glimpsed, looking, state_place
from headend.core.model.errors import ApiError, HeadendError, InputError
from headend.core.model.verbs import Content, FieldVerb, FileVerb, Verb
from headend.core.reconcile.locate import Place, locate
from headend.core.wire.registry import platforms

Address = Annotated[str, typer.Argument(help="Address of the object.", show_default=False)]
Addresses = Annotated[
    list[str] | None,
    typer.Argument(metavar="ADDRESS...", help="Only these; else all of the stack.", show_default=False),
]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for the files; made if need be.")]


def verb_command(platform: str, name: str) -> Any:
    """A platform's verb, as click takes it."""
    return _command(next(verb for verb in platforms()[platform].verbs if verb.name == name))


def _command(verb: Verb) -> Any:
    """The verb as a command of its own."""

    def files(
        file: File,
        out: Folder,
        addresses: Addresses = None,
        stack: StackName = None,
        var: Var = None,
        simulator: Simulated = False,
        patience: Patience = None,
        max_rps: MaxRps = None,
    ) -> None:
        assert isinstance(verb, FileVerb)
        options = Flags(file, stack, tuple(var or ()), simulator, rates=rates(patience, max_rps))
        asked = asyncio.run(_asked(verb, verb.ask, options, addresses or ()))
        for address, answer in asked.items():
            echo(f"{address}: {_kept(out, address, answer) if isinstance(answer, Content) else answer}")
        if any(isinstance(answer, HeadendError) for answer in asked.values()):
            raise typer.Exit(HeadendError.exit_code)

    def fields(
        file: File,
        address: Address,
        stack: StackName = None,
        var: Var = None,
        simulator: Simulated = False,
        patience: Patience = None,
        max_rps: MaxRps = None,
    ) -> None:
        assert isinstance(verb, FieldVerb)
        options = Flags(file, stack, tuple(var or ()), simulator, rates=rates(patience, max_rps))
        (answer,) = asyncio.run(_asked(verb, verb.ask, options, [address])).values()
        if isinstance(answer, HeadendError):
            raise answer
        echo_exact(yaml.safe_dump(dict(answer), default_flow_style=None, sort_keys=False))

    return as_command(verb.name, files if isinstance(verb, FileVerb) else fields, verb.help)


async def _asked(
    verb: Verb, ask: Callable[..., Awaitable[Any]], options: Flags, addresses: Sequence[str]
) -> dict[str, Any]:
    """address -> the answer, or the error; of the named objects, or of all that the verb is for.

    Raises InputError for an address that is no such object, and ApiError where objects can't be found.
    """
    redactor = new_redactor()
    stack = load_stack(options, redactor, need_secrets=False)
    fitting = [address for address, r in stack.resources.items() if r.kind.name == verb.kind]
    for address in addresses:
        if address not in fitting:
            near = difflib.get_close_matches(address, fitting, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(fitting) or 'none'}"
            raise InputError(f"{address}: the stack has no {verb.kind} there; {meant}")
    wanted = list(dict.fromkeys(addresses)) or fitting
    if not wanted:
        raise InputError(f"{options.file}: the stack has no {verb.kind}")
    path = state_place(stack.name, options.simulator, options.file.parent)
    async with looking(stack, path, options, redactor) as session:
        session.look_anew()
        places = await locate(stack, glimpsed(path, stack.name) or {}, session, wanted)

        async def answer(place: Place) -> Any:
            if place.seen is None:
                return ApiError(place.doubt or "the platform has none")
            try:
                return await ask(await session(place.kind.platform), place.seen, place.spec)
            except ApiError as error:
                return error

        answers = await asyncio.gather(*(answer(place) for place in places.values()))
    return dict(zip(places, answers, strict=True))


def _kept(folder: Path, address: str, content: Content) -> str:
    """Writes the file, whole or not at all. Raises InputError where it can't be."""
    path = folder / f"{address}{content.suffix}"
    part = path.with_name(f"{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content.data)
        part.replace(path)
    except OSError as error:
        raise InputError(f"--out {folder}: {error.strerror or type(error).__name__}") from None
    return f"{path} ({content.media}, {len(content.data)} bytes)"
