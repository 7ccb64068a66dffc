"""plan and drift: commands that change nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from headend.cli import planfile
from headend.cli.accept import accept as accepted
from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.files import check_out
from headend.cli.options import (
    Accept,
    Deletions,
    Every,
    File,
    Flags,
    Format,
    Full,
    Interruptions,
    MaxRps,
    Metrics,
    Parallelism,
    Patience,
    Refresh,
    ReportTo,
    SecretsOut,
    Shown,
    Simulated,
    SourceUrl,
    StackName,
    Target,
    Var,
    Verbose,
    Webhook,
    rates,
)
from headend.cli.reading import reading
from headend.cli.render import show
from headend.cli.reports import Reports, failed
from headend.cli.run import opened
from headend.cli.watching import Watcher
from headend.core.model.errors import GuardError, HeadendError, InputError
from headend.core.model.options import parse_duration
from headend.core.reconcile.approval import identities
from headend.core.reconcile.guards import Consent, judge
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.planner import make_plan
from headend.core.reconcile.policies import check_plan


def plan(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    target: Target = None,
    refresh: Refresh = False,
    allow_deletions: Deletions = False,
    allow_interruption: Interruptions = None,
    secrets_out: SecretsOut = None,
    format: Shown = Format.TEXT,
    verbose: Verbose = False,
    full: Full = False,
    report: ReportTo = None,
    source_url: SourceUrl = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plan to this .json file, for `apply`.")
    ] = None,
) -> None:
    """Shows what apply would do. Exit 0: nothing; 2: there are changes; 5: a guard would refuse them.

    Give the consent that apply is to get: `--allow-interruption`, `--allow-deletions` and `--secrets-out`, where
    nothing is written.
    """
    if out:
        check_out(out, ".json")
    options = Flags(file, stack, tuple(var or ()), simulator, parallelism, refresh, rates=rates(patience, max_rps))
    consent = Consent(allow_deletions, allow_interruption or (), secrets_out is not None)
    reports = Reports(report or (), source_url)
    with reports.of_failure(file, stack):
        made = asyncio.run(planned(options, target or [], consent, out=out))
    show(made, format, every=verbose, full=full)
    reports.write_plan(made)
    raise typer.Exit(GuardError.exit_code if made.refused else 2 if made.writes() else 0)


def drift(
    file: File,
    stack: StackName = None,
    var: Var = None,
    simulator: Simulated = False,
    parallelism: Parallelism = 16,
    patience: Patience = None,
    max_rps: MaxRps = None,
    target: Target = None,
    format: Shown = Format.TEXT,
    verbose: Verbose = False,
    full: Full = False,
    report: ReportTo = None,
    source_url: SourceUrl = None,
    accept: Accept = None,
    watch: Every = None,
    webhook: Webhook = None,
    metrics: Metrics = None,
) -> None:
    """Like plan, for a timer: exit 2 if what is live differs from the stack, whoever changed it, or doesn't run as the
    stack wants."""
    options = Flags(file, stack, tuple(var or ()), simulator, parallelism, refresh=True, rates=rates(patience, max_rps))
    reports = Reports(report or (), source_url)
    if metrics:
        check_out(metrics, name="--metrics")
    if accept and watch:
        raise InputError("--accept is for one look; leave out --watch")
    watcher = Watcher(metrics, webhook)

    def look() -> Plan:
        made = asyncio.run(planned(options, target or [], need_secrets=False))
        show(made, format, every=verbose, full=full)
        reports.write_plan(made)
        return made

    if watch:
        watcher.rounds(lambda: _looked(look, reports, file, stack), parse_duration(watch))
        raise typer.Exit
    began = time.monotonic()
    with reports.of_failure(file, stack, lambda document: watcher.note(document, time.monotonic() - began)):
        made = look()
    if metrics or webhook:
        watcher.note(made.document(), time.monotonic() - began)
    for line in accepted(made, accept) if accept else ():
        echo(line)
    raise typer.Exit(2 if made.writes() or made.wrong else 0)


def _looked(look: Callable[[], Plan], reports: Reports, file: Path, stack: str | None) -> dict[str, Any]:
    """The document of one look of many, also where it failed: the next may succeed."""
    try:
        return look().document()
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
    out: Path | None = None,
) -> Plan:
    """The plan; with a consent, also what apply would refuse of it. out: where it is written."""
    async with opened(options, new_redactor(), need_secrets=need_secrets) as (stack, state, session):
        async with reading() as tally:
            made = await make_plan(stack, state, session, targets=targets, refresh=options.refresh, tally=tally)
        if consent:
            made = judge(await check_plan(made, stack, state.records(), session), state.size(), consent)
        if out:
            planfile.write(out, made, identities(state, stack), targets, options.refresh)
        return made
