"""plan and drift: commands that change nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.files import check_out, make_plans_folder
from headend.cli.many import choose, one_at_a_time
from headend.cli.moving import joined
from headend.cli.options import (
    Accept,
    Adopts,
    ChangedSince,
    Deletions,
    Every,
    Files,
    Flags,
    Format,
    Full,
    Interruptions,
    LockTimeout,
    MaxRps,
    Metrics,
    NoLock,
    Parallelism,
    Patience,
    Refresh,
    ReportTo,
    SecretsOut,
    Shown,
    Simulated,
    SourceUrl,
    StackName,
    Stateless,
    Target,
    Var,
    Verbose,
    Webhook,
    rates,
)
from headend.cli.plans import Told, Work
from headend.cli.reading import reading
from headend.cli.render import show
from headend.cli.reports import Reports, failed
from headend.cli.run import check_policies, opened
from headend.core.model.errors import GuardError, HeadendError, InputError
from headend.core.model.options import parse_duration
from headend.core.reconcile.guards import Consent, judge
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan

if TYPE_CHECKING:
    from headend.cli.watching import Watcher


def plan(
    file: Files,
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
    destroy: Annotated[bool, typer.Option("--destroy", help="Show what `destroy` would do.")] = False,
    allow_deletions: Deletions = False,
    allow_interruption: Interruptions = None,
    secrets_out: SecretsOut = None,
    format: Shown = Format.TEXT,
    verbose: Verbose = False,
    full: Full = False,
    report: ReportTo = None,
    source_url: SourceUrl = None,
    changed_since: ChangedSince = None,
    no_lock: NoLock = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plan to this .json file, for `apply`.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the plan of each stack there, as STACK.json.")
    ] = None,
) -> None:
    """Shows what apply would do. Exit 0: nothing; 2: there are changes; 5: a guard would refuse them.

    Give the consent that apply is to get: `--allow-interruption`, `--allow-deletions` and `--secrets-out`, where
    nothing is written.
    """
    one_at_a_time(file, stack=stack, target=target, out=out, allow_interruption=allow_interruption)
    if destroy and adopt:
        raise InputError("--destroy takes nothing over; leave out --adopt")
    if out:
        check_out(out, ".json")
    if out_dir:
        make_plans_folder(out_dir)
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
        not no_lock,
        stateless,
    )
    consent = Consent(allow_deletions, allow_interruption or (), secrets_out is not None)
    told = Told(len(file) > 1, options, Reports(report or (), source_url), format, verbose, full)

    def work(options: Flags) -> tuple[Plan, int]:
        made = asyncio.run(planned(options, target or [], consent, destroy=destroy, out=out, out_dir=out_dir))
        return made, GuardError.exit_code if made.refused else 2 if made.writes() else 0

    raise typer.Exit(told.tell(choose(file, options, changed_since), work))


def drift(
    file: Files,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    lock_timeout: LockTimeout = None,
    stateless: Stateless = False,
    target: Target = None,
    format: Shown = Format.TEXT,
    verbose: Verbose = False,
    full: Full = False,
    report: ReportTo = None,
    source_url: SourceUrl = None,
    changed_since: ChangedSince = None,
    accept: Accept = None,
    watch: Every = None,
    webhook: Webhook = None,
    metrics: Metrics = None,
) -> None:
    """Like plan, for a timer: exit 2 if what is live differs from the stack, whoever changed it, or doesn't run as the
    stack wants."""
    one_at_a_time(file, stack=stack, target=target, accept=accept, watch=watch, webhook=webhook, metrics=metrics)
    options = Flags(
        file[0],
        stack,
        tuple(var or ()),
        simulator,
        parallelism,
        True,
        rates=rates(patience, max_rps),
        lock_timeout=lock_timeout,
        stateless=stateless,
    )
    reports = Reports(report or (), source_url)
    chosen = choose(file, options, changed_since)

    def work(options: Flags) -> tuple[Plan, int]:
        made = asyncio.run(planned(options, target or [], need_secrets=False))
        return made, 2 if made.writes() or made.wrong else 0

    told = Told(len(file) > 1, options, reports, format, verbose, full)
    if told.many or not chosen:
        raise typer.Exit(told.tell(chosen, work))
    from headend.cli.watching import Watcher  # a plan needs none of it

    if metrics:
        check_out(metrics, name="--metrics")
    if accept and watch:
        raise InputError("--accept is for one look; leave out --watch")
    raise typer.Exit(_drifted(told, work, Watcher(metrics, webhook), accept or [], watch))


def _drifted(told: Told, work: Work, watcher: Watcher, accept: list[str], watch: str | None) -> int:
    """Looks at one stack, once or in rounds; the exit code."""
    file, stack, reports = told.flags.file, told.flags.stack, told.reports

    def look() -> tuple[Plan, int]:
        made, code = work(told.flags)
        show(made, told.format, every=told.every, full=told.full)
        reports.write_plan(made)
        return made, code

    if watch:
        watcher.rounds(lambda: _looked(look, reports, file, stack), parse_duration(watch))
        return 0
    began = time.monotonic()
    with reports.of_failure(file, stack, lambda document: watcher.note(document, time.monotonic() - began)):
        made, code = look()
    if watcher.metrics or watcher.webhook:
        watcher.note(made.document(), time.monotonic() - began)
    if accept:
        from headend.cli.accept import accept as accepted

        for line in accepted(made, accept):
            echo(line)
    return code


def _looked(look: Callable[[], tuple[Plan, int]], reports: Reports, file: Path, stack: str | None) -> dict[str, Any]:
    """The document of one look of many, also where it failed: the next may succeed."""
    try:
        return look()[0].document()
    except HeadendError as error:
        echo(str(error), err=True)
        document = failed(error, file, stack)
        reports.write(document)
        return document


async def planned(
    options: Flags,
    targets: list[str],
    consent: Consent | None = None,
    *,
    need_secrets: bool = True,
    destroy: bool = False,
    out: Path | None = None,
    out_dir: Path | None = None,
) -> Plan:
    """The plan, or that of destroy; with a consent, also what apply would refuse of it. out, out_dir: where it is
    written."""
    needed = need_secrets and not destroy  # what is deleted is known by state
    told_by = not destroy or options.stateless
    async with opened(options, new_redactor(), need_secrets=needed, need_variables=told_by, only_look=True) as (
        stack,
        state,
        session,
    ):
        known = joined(stack, state, options.simulator)
        async with reading() as tally:
            made = await make_plan(
                stack,
                known,
                session,
                targets=targets,
                destroy=destroy,
                refresh=options.refresh,
                tally=tally,
                doubts=state.doubts,
            )
        if destroy:
            from headend.cli.in_doubt import left_in_doubt

            left_in_doubt(stack, state, made, targets)
        if consent:
            made = judge(await check_policies(made, stack, known.records, session), known.size(), consent)
        for path in filter(None, (out, out_dir and out_dir / f"{stack.name}.json")):
            from headend.cli import planfile
            from headend.core.reconcile.approval import identities

            planfile.write(path, made, identities(known, stack, made), targets, options)
        return made
