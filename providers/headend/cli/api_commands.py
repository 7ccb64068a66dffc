"""api: any operation of any platform, by hand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.faults import new_redactor
from headend.cli.files import check_out, write_out
from headend.cli.loading import load_stack
from headend.cli.options import Flags, MaxRps, Patience, Simulated, rates
from headend.cli.run import connected, state_place
from headend.cli.tables import Shape, shown
from headend.cli.typed_values import describe_values, fill_request, find_operation
from headend.core.model.errors import GuardError, InputError
from headend.core.wire.invoke import call_operation
from headend.core.wire.operations import BY_TENANT, NO_BODY, Operation, Table
from headend.core.wire.parameters import read_json
from headend.core.wire.redaction import Redactor, mask_keys, texts_under
from headend.core.wire.registry import Platform, platforms

if TYPE_CHECKING:
    from headend.core.wire.client import Answer
    from headend.core.wire.session import Session

SIMULATED = "simulator"  # whose world is used where no stack is named

StackFile = Annotated[
    Path | None, typer.Option("--stack-file", metavar="FILE", help="Take this stack's `connections:`, too.")
]
Named = Annotated[str, typer.Argument(metavar="PLATFORM", help="As in stack files, e.g. ateme.", show_default=False)]


def api(
    platform: Named,
    operation: Annotated[
        str | None, typer.Argument(help="Key of the operation; with --list, what to look for.", show_default=False)
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="Into the path, the query or the body.", show_default=False),
    ] = None,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", help="List the operations: key, method, path, role, mark; and the values of the one named."
        ),
    ] = False,
    body: Annotated[str | None, typer.Option(metavar="FILE|-", help="The body, as JSON; - is standard input.")] = None,
    environment: Annotated[
        str | None, typer.Option(metavar="NAME|ID", help="The environment to work in (Ateme+).")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All pages.")] = False,
    format: Annotated[Shape, typer.Option("--format", help="How to print the answer.")] = Shape.JSON,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answer there as it came, secrets included.")
    ] = None,
    dangerous: Annotated[
        list[str] | None, typer.Option(metavar="OPERATION", help="Call it although headend advises against it.")
    ] = None,
    stack_file: StackFile = None,
    simulator: Simulated = False,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Calls any operation of a platform's API, with its login, its paging and its way to say what is wrong.

    A value fills the place of its name in the path; the others go into the query, or into the body where the
    operation has one, and may be JSON there; what isn't as the platform documents it is refused before it is sent.
    What is on air is not looked at: mind what you stop.
    """
    known = named(platform)
    redactor = new_redactor()
    connections = load_stack(Flags(stack_file), redactor, need_secrets=False).connections if stack_file else {}
    table = known.table.overridden(connections.get(known.name, {}).get("operations", {}))
    if list_:
        _list(table, operation or "", known.filled)
        return
    if operation is None:
        raise InputError(f"which operation? `headend api {platform} --list` shows them")
    key, danger = operation, find_operation(table, operation).danger
    if danger and key not in (dangerous or []):
        raise GuardError(f"{key} {danger}; --dangerous {key} insists")
    if out is not None:
        check_out(out)
    pairs = _pairs(values or [])
    path = state_place(
        stack_file.stem if stack_file else SIMULATED, simulator, stack_file.parent if stack_file else Path()
    )
    where = connected(connections, path, simulator, redactor, rates=rates(patience, max_rps))
    answer, more = asyncio.run(_called(known, key, pairs, _body(body), environment, all_, where, redactor))
    _show(known, table[key], answer, format, out, redactor)
    if more:
        echo("there are more pages: --all", err=True)


async def _called(
    platform: Platform,
    key: str,
    pairs: list[tuple[str, str]],
    body: Any,
    environment: str | None,
    all_pages: bool,
    where: AbstractContextManager[Session],
    redactor: Redactor,
) -> tuple[Answer, bool]:
    """The answer, and whether there are more pages of it."""
    with where as session:
        async with session:
            client = await session(platform.name)
            op = client.table[key]  # as the settings override it
            scope = await _scope(platform, client, environment)
            if scope and "environment_id" in op.names() and "environment_id" not in dict(pairs):
                pairs = [*pairs, ("environment_id", scope)]
            request = fill_request(client.table, op, pairs, body, platform.filled)
            hidden = platform.hidden | {rule.name for rule in op.parameters if rule.secret}
            for text in texts_under({**request.path, **request.query, "": request.body}, hidden):
                redactor.add(text)
            return await call_operation(platform, client, op, request, scope, all_pages=all_pages)


def named(platform: str) -> Platform:
    """The platform of that name. Raises InputError."""
    if platform not in platforms():
        raise InputError(f"{platform}: no such platform; there are: {', '.join(platforms())}")
    return platforms()[platform]


def _pairs(values: list[str]) -> list[tuple[str, str]]:
    """KEY=VALUE, in order. Raises InputError."""
    for value in values:
        if not value.partition("=")[1]:
            raise InputError(f"{value}: expected KEY=VALUE")
    return [(name, text) for name, _, text in (value.partition("=") for value in values)]


async def _scope(platform: Platform, api: Any, environment: str | None) -> str | None:
    if environment is None:
        return None
    if platform.find_scope is None:
        raise InputError(f"--environment: {platform.title} has no environments")
    return await platform.find_scope(api, environment)


def _list(table: Table, wanted: str, filled: Collection[str]) -> None:
    """One operation a line; those with a `!` are refused unless they are named twice. Below the one that is named by
    its key: its values."""
    rows = [(op.key, op.method, op.path, op.role or "?", _evidence(op)) for op in table.values()]
    rows = [row for row in rows if wanted.lower() in " ".join(row).lower()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        echo("  ".join([*cells, row[4]]))
        if row[0] == wanted:
            for line in describe_values(table[wanted], filled):
                echo(f"  {line}")


def _evidence(op: Operation) -> str:
    return ("documented by the tenant" if op.mark == BY_TENANT else op.mark) + ("!" if op.danger else "")


def _body(source: str | None) -> Any:
    """The JSON of --body. Raises InputError."""
    if source is None:
        return NO_BODY
    try:
        return read_json(sys.stdin.read() if source == "-" else Path(source).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"--body {source}: {error}") from None


def _show(
    platform: Platform, op: Operation, answer: Answer, format: Shape, out: Path | None, redactor: Redactor
) -> None:
    """The answer on stdout, without secrets; or as it came in a file that only its owner may read."""
    if out is not None:
        write_out(out, [answer.content], 0o600)
        echo(f"{out}: {len(answer.content)} bytes", err=True)
    elif answer.body is None:
        echo(f"{op.key}: answered {answer.status}, without a body", err=True)
    elif b"\0" in answer.content:
        kind = answer.headers.get("content-type", "binary data")
        echo(f"{op.key}: {len(answer.content)} bytes of {kind}; --out FILE keeps them", err=True)
    else:
        body = mask_keys(answer.body, platform.hidden)
        echo_exact(redactor.scrub(shown(body, format, op.list_key, platform.rows(op, body))))
