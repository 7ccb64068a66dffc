"""The commands by name, each loaded when it is called: `--help` and `--version` load none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from headend.cli.echo import echo_exact
from headend.cli.summaries import SUMMARIES, VERBS
from headend.core.model.errors import InputError

COMMANDS = {  # name -> module, in the order of a day's work; platforms add verbs of their own
    "init": "init_command",
    "import": "import_command",
    "validate": "validate_command",
    "fmt": "format_command",
    "lint": "lint_command",
    "plan": "plan_commands",
    "drift": "plan_commands",
    "show": "show_command",
    "graph": "picture_commands",
    "timeline": "picture_commands",
    "apply": "apply_commands",
    "destroy": "apply_commands",
    "status": "status_commands",
    "kinds": "info_commands",
    "explain": "explain_command",
    "schema": "info_commands",
    "simulate": "info_commands",
    "api": "api_commands",
    "doctor": "doctor_commands",
    "state": "state_commands",
    "policy": "policy_commands",
    "pulumi": "pulumi_commands",
    "pipeline": "pipeline_commands",
}


def new_app(**given: Any) -> typer.Typer:
    """An app whose help is plain text: what draws boxes takes longer to load than all else."""
    return typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None, **given)


def as_command(name: str, function: Any, help: str | None = None) -> Any:
    """The function as click takes it."""
    app = new_app(add_completion=False)
    app.command(name, help=help)(function)
    return typer.main.get_command(app)


def summary(help: str | None) -> str:
    """The first paragraph, on one line."""
    return " ".join((help or "").partition("\n\n")[0].split())


class Group(TyperGroup):
    """Named alone it prints its help, which has the summary of each command."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def summaries(self) -> Mapping[str, str]:
        return {name: summary(command.help) for name, command in self.commands.items()}

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries().items()))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            echo_exact(f"{ctx.get_help()}\n")
            ctx.exit(InputError.exit_code)
        return super().parse_args(ctx, args)


class AllCommands(Group):
    """headend's own, then those of the platforms."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loaded()  # type: ignore[assignment]  # nothing is ever added

    def summaries(self) -> Mapping[str, str]:
        return SUMMARIES


class _Loaded(Mapping[str, Any]):
    """What is asked for is loaded."""

    def __getitem__(self, name: str) -> Any:
        if name in VERBS:
            from headend.cli.verb_commands import verb_command

            return verb_command(VERBS[name], name)
        module = importlib.import_module(f"headend.cli.{COMMANDS[name]}")
        found = getattr(module, f"{name}_" if name == "import" else name)
        return typer.main.get_command(found) if isinstance(found, typer.Typer) else as_command(name, found)

    def __iter__(self) -> Iterator[str]:
        return iter((*COMMANDS, *VERBS))

    def __len__(self) -> int:
        return len(COMMANDS) + len(VERBS)
