"""Arguments and flags that commands share."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated

import typer

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.options import parse_duration


class Adopting(enum.StrEnum):
    """What a run takes over without a word in the stack."""

    MATCH = "match"


class Format(enum.StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    JSON = "json"


File = Annotated[Path, typer.Argument(help="The stack file.", show_default=False)]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The stack file, or several.", show_default=False)]
ChangedSince = Annotated[
    str | None,
    typer.Option(metavar="REVISION", help="Only stacks whose files, overlays, rows or policies changed since, by Git."),
]
StackName = Annotated[
    str | None,
    typer.Option("--stack", metavar="NAME", help="Name of the stack, for a throw-away copy with a state of its own."),
]
Var = Annotated[
    list[str] | None, typer.Option("--var", metavar="KEY=VALUE", help="Over the file's vars; may be repeated.")
]
Simulated = Annotated[
    bool, typer.Option("--simulator", help="Against simulated platforms, their world kept beside the state.")
]
Parallelism = Annotated[int, typer.Option(min=1, max=64, help="Steps, and requests per host, in flight.")]


def _duration(given: str | None) -> str | None:
    if given is not None:
        try:
            parse_duration(given)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    return given


Patience = Annotated[
    str | None,
    typer.Option(
        "--patience",
        metavar="DURATION",
        callback=_duration,
        help="How long to wait out that a host gets too many requests (429), e.g. 1h30m.  [default: 15m]",
    ),
]
MaxRps = Annotated[
    float | None,
    typer.Option("--max-rps", metavar="NUMBER", min=0.01, help="Requests a second, at most; for each host."),
]
LockTimeout = Annotated[
    str | None,
    typer.Option(
        "--lock-timeout",
        metavar="DURATION",
        callback=_duration,
        envvar="HEADEND_LOCK_TIMEOUT",
        show_envvar=True,
        help="How long to wait for a state that another run has, e.g. 5m.",
    ),
]
NoLock = Annotated[
    bool, typer.Option("--no-lock", help="Read what was recorded last, also while another run has the state.")
]
Stateless = Annotated[
    bool,
    typer.Option(
        "--stateless",
        envvar="HEADEND_STATELESS",
        show_envvar=True,
        help="Keep no state: find what is live by its natural key or id, and refuse what can't be told so.",
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="ADDRESS", help="Only this, what lies in it, what it needs; may be repeated."),
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Ask also for what can only be asked one by one, and only whether it exists.")
]
Adopts = Annotated[
    Adopting | None,
    typer.Option(
        "--adopt", help="Take over what is live and like it, as if each resource said `adopt: match` that says nothing."
    ),
]
Shown = Annotated[Format, typer.Option("--format", help="How to print the plan.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show each step or object, also where many are alike.")]
Full = Annotated[bool, typer.Option("--full", help="Show fields that nobody wrote, too: the defaults.")]
ReportTo = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORM=FILE",
        help="Write the plan as md, html, junit, sarif or json, too; `github` prints annotations. May be repeated.",
    ),
]
SourceUrl = Annotated[
    str | None,
    typer.Option("--source-url", metavar="URL", help="Of a stack's line in its repository, with {file} and {line}."),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="ADDRESS",
        help="Write what was changed there outside headend into the stack file; may be repeated.",
    ),
]
Every = Annotated[
    str | None,
    typer.Option("--watch", metavar="DURATION", callback=_duration, help="Look again after this time, e.g. 10m."),
]
Webhook = Annotated[
    str | None,
    typer.Option(
        "--webhook",
        metavar="URL",
        envvar="HEADEND_DRIFT_WEBHOOK",
        show_envvar=True,
        help="Send JSON there when something else differs than before.",
    ),
]
Metrics = Annotated[
    Path | None, typer.Option("--metrics", metavar="FILE", help="Write counts there, in Prometheus' text format.")
]
Interruptions = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-interruption",
        metavar="ADDRESS",
        help="Let the step there, or any step that would cut the schedule there, interrupt what is on air.",
    ),
]
Deletions = Annotated[bool, typer.Option("--allow-deletions", help="Let a plan pass that deletes much of the stack.")]
SecretsOut = Annotated[
    Path | None,
    typer.Option(
        "--secrets-out",
        metavar="FILE",
        help="Append secrets that platforms make and show once to this file, which only you can read.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


def rates(patience: str | None, max_rps: float | None) -> dict[str, str]:
    """The flags, as the environment variables that they stand before."""
    given = {"HEADEND_PATIENCE": patience, "HEADEND_MAX_RPS": max_rps}
    return {variable: str(value) for variable, value in given.items() if value is not None}


@frozen_dataclass
class Flags:
    """Flags that all commands with a stack file share."""

    file: Path
    stack: str | None = None
    var: tuple[str, ...] = ()
    simulator: bool = False
    parallelism: int = 16
    refresh: bool = False
    rates: Mapping[str, str] = field(default_factory=dict)
    adopt: str | None = None
    lock_timeout: str | None = None
    lock: bool = True
    stateless: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """--var KEY=VALUE as a mapping. Raises InputError for those without '=', all of them at once."""
        wrong = [Problem(f"--var {pair}: expected KEY=VALUE") for pair in self.var if "=" not in pair]
        if wrong:
            raise InputError(wrong)
        return dict(pair.split("=", 1) for pair in self.var)
