"""import: a stack made of what is live."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.files import check_out
from headend.cli.importing import Imported, Importer
from headend.cli.loading import load_stack
from headend.cli.options import Flags, MaxRps, Parallelism, Patience, Simulated, Var, rates
from headend.cli.run import connected, heed_hand_over, lock_patience, state_place
from headend.core.model.errors import InputError, PartialError
from headend.core.model.findings import counted
from headend.core.model.suggest import suggest
from headend.core.reconcile.imports.naming import Wanted
from headend.core.reconcile.state import open_state
from headend.core.stackfile.load import check_name
from headend.core.wire import registry

SHOWN = 20  # lines of what is left out

What = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PLATFORM|KIND]...", help="What to take; else all platforms that have credentials."),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="The stack file to write; it may not exist yet.")
]
Into = Annotated[
    Path | None, typer.Option("--into", metavar="FILE", help="A stack file to add to: what it has stays as it is.")
]
Environments = Annotated[
    list[str] | None,
    typer.Option("--environment", metavar="NAME", help="Only what is in it, and what that needs; may be repeated."),
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="TEXT", help="Only what carries it, and what that needs.")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="PATTERN", help="Only what is called so (`sport-*`), and what that needs."),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--for",
        metavar="ID",
        help="A mycujoo group, Rights Locker account or Straas member: no list shows them. @FILE: one a line.",
    ),
]
SecretsFile = Annotated[
    Path | None,
    typer.Option("--secrets-file", metavar="FILE", help="Write secrets that can be read, for HEADEND_SECRETS_FILE."),
]


def import_(
    what: What = None,
    out: Out = None,
    into: Into = None,
    environment: Environments = None,
    label: Labels = None,
    name: Names = None,
    for_: Given = None,
    secrets_file: SecretsFile = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Writes a stack file, and state, of what is live. The plan of it is empty, which is tried before anything is kept.

    Writes nothing to any platform. Fields that are as they would be anyway are left out, and so is what other objects
    make by themselves. Long collections become CSV files beside the stack. Secrets become names.
    """
    if (out is None) is (into is None):
        raise InputError("name the stack file: --out FILE for a new one, --into FILE for one that exists")
    file = out or into
    assert file is not None
    if out is not None:
        check_out(out, ".yaml")
        check_name(out.stem, f"--out {out}")
        if out.exists():
            raise InputError(f"{out} exists already; --into {out} adds to it")
    if secrets_file is not None:
        check_out(secrets_file, name="--secrets-file")
        if secrets_file.exists():
            raise InputError(f"--secrets-file {secrets_file} exists already; name a new file")
    platforms, kinds = _asked(what or [])
    wanted = Wanted(kinds, environment or (), label or (), name or ())
    flags = Flags(file, None, tuple(var or ()), simulator, parallelism, rates=rates(patience, max_rps))
    given = list(_given(for_ or []))
    done = asyncio.run(imported(flags, wanted, platforms, given, new=out is not None, secrets_file=secrets_file))
    for line in told(done, file, secrets_file):
        echo(line)
    if done.wrong or (what and done.gathered.unread):
        raise typer.Exit(PartialError.exit_code)


def _asked(what: list[str]) -> tuple[list[str], list[str]]:
    """Platforms, and kinds where not all of each are meant."""
    known = registry.platforms()
    kinds = [one for one in what if one not in known]
    for one in kinds:
        if one not in registry.kinds():
            near = suggest(one, [*known, *registry.kinds()])
            raise InputError(f"there is no platform or kind {one}{f': {near}' if near else ''}")
    whole = [one for one in what if one in known]
    kinds += list(registry.kinds_of(set(whole))) if kinds else []
    return list(dict.fromkeys([*whole, *(one.partition(".")[0] for one in kinds)])), kinds


def _given(for_: list[str]) -> Iterable[str]:
    for one in for_:
        if not one.startswith("@"):
            yield one
            continue
        try:
            yield from filter(None, map(str.strip, Path(one[1:]).read_text().splitlines()))
        except OSError as error:
            raise InputError(f"--for {one}: {error.strerror}") from None


async def imported(
    flags: Flags,
    wanted: Wanted,
    platforms: list[str],
    given: list[str],
    *,
    new: bool,
    secrets_file: Path | None = None,
) -> Imported:
    redactor = new_redactor()
    asked: set[str] = set()
    stack = None if new else load_stack(flags, redactor, need_secrets=False, asked=asked)
    name = stack.name if stack else flags.file.stem
    path = state_place(name, flags.simulator, flags.file.parent)
    connections = stack.connections if stack else {}
    with (
        open_state(path, name, patience=lock_patience()) as state,
        connected(connections, path, flags.simulator, redactor, flags.parallelism, flags.rates) as session,
    ):
        if new and (there := state.size()):
            raise InputError(f"{path} has {counted(there, 'object')} of a stack {name}; take another file's name")
        heed_hand_over(state, flags.file)
        state.need_key()
        async with session:
            chosen = platforms or [one for one in registry.platforms() if not session.missing([one])]
            if not chosen:
                session.check(registry.platforms())
            session.check(chosen)
            state.work_at({platform: session.place(platform) for platform in chosen}, keep=True)
            importer = Importer(session, state, flags.file, wanted, given, stack, flags.variables, asked, secrets_file)
            return await importer.run(chosen)


# --- what is told ----------------------------------------------------------------------------------------------
def told(done: Imported, file: Path, secrets_file: Path | None = None) -> Iterable[str]:
    """What is in the stack now, and above all what is not."""
    counts = done.counts()
    if not counts:
        yield _why_none(done)
    else:
        planned = "a plan of it is empty" if done.clean and not done.otherwise else "the state has them as they are"
        yield f"{file}: {counted(sum(counts.values()), 'object')}, and {planned}"
        yield from (f"  {number:>6,} {kind}" for kind, number in sorted(counts.items()))
        for name in done.document.files:
            yield f"  rows in {file.with_name(name)}"
    if done.unheld:
        lost = f"{counted(done.unheld, 'object')} of the stack that the state lacks"
        yield f"{lost}: `headend apply {file} --adopt match` takes over what is live"
    yield from _list("left out:", [f"{k} {i}: {why}" for k, i, why in done.gathered.left_out])
    yield from _list(
        "left out, which is a fault of headend's; please report it:", [f"{a}: {why}" for a, why in done.wrong.items()]
    )
    yield from _list(
        "never shown, so not in the stack; add what an object has before you change that:",
        [f"{kind}: {field} ({counted(number, 'object')})" for (kind, field), number in sorted(done.unseen().items())],
    )
    yield from _list("could not be read:", [f"{kind}: {why}" for kind, why in sorted(done.gathered.unread.items())])
    yield from _list("not listed:", [f"{kind}: {why}" for kind, why in sorted(done.gathered.unlisted.items())])
    yield from _list("secrets that are set to another value than the live one, which an apply writes:", done.otherwise)
    yield from _list("secrets to be set, for a plan too:", _secrets(done, secrets_file))


def _why_none(done: Imported) -> str:
    if done.wrong or done.gathered.unread:
        return "nothing was imported"
    why = "all of it is in the stack" if done.fitting else "nothing that is live fits what was asked for"
    return f"nothing to import: {why}"


def _secrets(done: Imported, secrets_file: Path | None) -> list[str]:
    lines = []
    for name, value in done.drafts.secrets.items():
        one, field = done.drafts.asked[name]
        kept = "" if value is None else f", in {secrets_file}" if secrets_file else ""
        hidden = ", which nobody is shown" if value is None else ""
        lines.append(f"{name}: {field} of {done.document.addresses.get(done.drafts.made[one], one.id)}{hidden}{kept}")
    return lines if any(os.environ.get(name) is None for name in done.drafts.secrets) else []


def _list(head: str, lines: list[str]) -> Iterable[str]:
    if lines:
        yield head
        yield from (f"  {line}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"  ... and {len(lines) - SHOWN:,} more"
