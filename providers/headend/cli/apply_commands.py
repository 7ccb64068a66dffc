"""apply and destroy: commands that write."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from headend.cli import planfile
from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.in_doubt import approved, left_in_doubt
from headend.cli.many import Interrupted, choose, each, one_at_a_time
from headend.cli.moving import carry_over, joined
from headend.cli.options import (
    Adopts,
    ChangedSince,
    Deletions,
    File,
    Flags,
    Format,
    Interruptions,
    LockTimeout,
    MaxRps,
    Parallelism,
    Patience,
    Refresh,
    SecretsOut,
    Simulated,
    StackName,
    Stateless,
    Target,
    Var,
    Verbose,
    Yes,
    rates,
)
from headend.cli.progress import Progress, progress
from headend.cli.reading import reading
from headend.cli.render import show
from headend.cli.run import check_policies, opened, stop_on_interrupt
from headend.cli.secrets_out import secrets_file
from headend.core.model.errors import HeadendError, InputError, PartialError, StaleError
from headend.core.model.frozen import frozen_dataclass
from headend.core.reconcile import guards
from headend.core.reconcile.apply import apply as carry_out
from headend.core.reconcile.approval import Seeded
from headend.core.reconcile.lifecycle import remember
from headend.core.reconcile.outcome import Outcome, Sink
from headend.core.reconcile.planner import make_plan
from headend.core.wire.redaction import Redactor

Stacks = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help="The stack file, or a plan that `plan --out` wrote; or several.", show_default=False
    ),
]


def apply(
    file: Stacks,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    lock_timeout: LockTimeout = None,
    stateless: Stateless = False,
    target: Target = None,
    refresh: Refresh = False,
    adopt: Adopts = None,
    yes: Yes = False,
    verbose: Verbose = False,
    allow_deletions: Deletions = False,
    allow_interruption: Interruptions = None,
    secrets_out: SecretsOut = None,
    changed_since: ChangedSince = None,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Carry out a plan file only if all of it still holds.")
    ] = False,
) -> None:
    """Makes what is live equal to the stack; with a plan file, exactly as that plan says.

    Ctrl-C finishes what is in flight, records it and exits 7; the next apply goes on.
    """
    one_at_a_time(file, stack=stack, target=target, allow_interruption=allow_interruption)
    options = Flags(
        file[0],
        stack,
        tuple(var or ()),
        simulator,
        parallelism,
        refresh,
        rates(patience, max_rps),
        adopt,
        lock_timeout,
        stateless=stateless,
    )
    agreed = Agreed(yes, allow_deletions, allow_interruption or (), secrets_out, verbose, all_or_nothing)
    chosen = choose(file, options, changed_since)
    if len(file) == 1 and chosen:
        raise typer.Exit(_apply(options, target or [], agreed))
    if not chosen:
        echo("no stack changed")
    raise typer.Exit(each(chosen, lambda one: _apply(replace(options, file=one), [], agreed)))


def _apply(options: Flags, targets: list[str], agreed: Agreed) -> int:
    """The exit code."""
    file, document = options.file, planfile.read(options.file)
    if document:
        if options.stack or targets or options.adopt:
            fixed = "which fixes stack, targets and adoptions; leave out --stack, --target and --adopt"
            raise InputError(f"{file} is a plan, {fixed}")
        targets, refresh = document.get("targets", []), bool(document.get("refresh", False))
        options = replace(options, file=Path(document["file"]), stack=document["stack"], refresh=refresh)
        if options.stateless and not document.get("stateless"):
            raise InputError(f"{file} is a plan that was made with state; leave out --stateless, or plan again with it")
        options = replace(options, adopt=document.get("adopt"), stateless=document.get("stateless", False))
    destroy = bool(document and document["destroy"])
    return asyncio.run(_run(options, targets, agreed, destroy=destroy, document=document))


def destroy(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    lock_timeout: LockTimeout = None,
    stateless: Stateless = False,
    target: Target = None,
    yes: Yes = False,
    verbose: Verbose = False,
    allow_interruption: Interruptions = None,
) -> None:
    """Deletes all that the stack manages, in reverse order; needs the stack file for its connections.

    Secrets, and variables of resources, need no values: state knows what there is.
    """
    options = Flags(
        file,
        stack,
        tuple(var or ()),
        simulator,
        parallelism,
        rates=rates(patience, max_rps),
        lock_timeout=lock_timeout,
        stateless=stateless,
    )
    agreed = Agreed(yes, deletions=True, interruptions=allow_interruption or (), verbose=verbose)
    raise typer.Exit(asyncio.run(_run(options, target or [], agreed, destroy=True)))


@frozen_dataclass
class Agreed:
    """What the person who types the command has agreed to, whether each step is told, and whether a plan file
    is carried out as a whole or not at all."""

    yes: bool
    deletions: bool = False
    interruptions: Sequence[str] = ()
    secrets_out: Path | None = None
    verbose: bool = False
    whole: bool = False


def _nowhere(address: str, name: str, value: str) -> None:
    """The guard lets nothing pass that would come here."""


async def _run(
    options: Flags,
    targets: list[str],
    agreed: Agreed,
    *,
    destroy: bool = False,
    document: dict[str, Any] | None = None,
) -> int:
    """Plans, shows, asks, applies; the exit code."""
    redactor = new_redactor()
    with secrets_file(agreed.secrets_out, redactor) as sink:
        return await _carried_out(options, targets, agreed, redactor, sink, destroy, document)


async def _carried_out(
    options: Flags,
    targets: list[str],
    agreed: Agreed,
    redactor: Redactor,
    sink: Sink | None,
    destroy: bool,
    document: dict[str, Any] | None,
) -> int:
    needed = not destroy  # what is deleted is known by state
    told_by = needed or options.stateless
    async with opened(options, redactor, need_secrets=needed, need_variables=told_by) as (stack, state, session):
        held = joined(stack, state, options.simulator)
        known = Seeded(held, stack, document) if document else None
        async with reading() as tally:
            made = await make_plan(
                stack,
                known or held,
                session,
                targets=targets,
                destroy=destroy,
                refresh=options.refresh,
                tally=tally,
                bind=planfile.bind_of(document) if document else None,
                doubts=state.doubts,
            )
        stale: dict[str, str] = {}
        if document and known:
            made, stale = approved(made, document, known, agreed.whole)
        made = await check_policies(made, stack, (known or held).records, session)
        consent = guards.Consent(agreed.deletions, agreed.interruptions, bool(sink))
        made = guards.judge(made, (known or held).size(), consent)
        show(made, Format.TEXT, every=agreed.verbose)
        doubtful = left_in_doubt(stack, state, made, targets)
        guards.raise_if_refused(made)
        agrees = made.writes() and _agreed(agreed.yes)
        if known and (agrees or not made.writes()):
            known.keep(stale)
        if not agrees:
            remember(made, stack, state)  # an apply does it itself
            if made.writes():
                return HeadendError.exit_code
            return StaleError.exit_code if stale else PartialError.exit_code if destroy and doubtful else 0
        carry_over(stack, state, options.simulator, {step.address for step in made.steps})
        with progress(len(made.writes()), every=agreed.verbose) as told:
            outcome = await _watched(
                told,
                carry_out(
                    made,
                    stack,
                    state,
                    session,
                    parallelism=options.parallelism,
                    on_event=told.event,
                    stop=stop_on_interrupt(told.note, session.stop_waiting),
                    allowed=agreed.interruptions,
                    sink=sink or _nowhere,
                ),
            )
    if outcome.lost:
        for line in (str(outcome.lost), *(f"in no state file: {line}" for line in outcome.written)):
            echo(line, err=True)
    echo(_summary(outcome))
    if outcome.interrupted:
        return Interrupted(outcome.exit_code)
    in_part = stale or (destroy and doubtful)
    return PartialError.exit_code if in_part and outcome.exit_code == 0 else outcome.exit_code


async def _watched(told: Progress, work: Any) -> Outcome:
    """The outcome of the work, with signs of life while a step takes long."""
    beat = asyncio.ensure_future(told.beat())
    try:
        outcome: Outcome = await work
        return outcome
    finally:
        beat.cancel()


def _agreed(yes: bool) -> bool:
    """Asks on a terminal; elsewhere only --yes is consent. Raises InputError without it."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask at; say --yes to apply")
    agreed = typer.confirm("Apply this?", err=True)
    if not agreed:
        echo("nothing was changed", err=True)
    return agreed


def _summary(outcome: Outcome) -> str:
    counts = f"{len(outcome.done)} done, {len(outcome.failed)} failed, {len(outcome.skipped)} skipped"
    return f"{counts}; interrupted, the next apply goes on" if outcome.interrupted else counts
