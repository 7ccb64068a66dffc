"""init: from nothing, a tenant or an example to a repository with a stack, a schema for editors and a pipeline."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headend.cli import starting
from headend.cli.echo import echo
from headend.cli.faults import new_redactor
from headend.cli.options import Flags, MaxRps, Patience, Simulated, rates
from headend.cli.run import connected, state_place
from headend.core.model.errors import ApiError, CredentialsError, HeadendError, InputError
from headend.core.model.suggest import suggest
from headend.core.stackfile import load
from headend.core.wire.registry import platforms
from headend.core.wire.session import needed_variables

if TYPE_CHECKING:
    from headend.core.wire.session import Session

ACTION = re.compile(r"[\w.-]+(/[\w.-]+)+@[\w./-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FROM = ("nothing", "tenant", *starting.EXAMPLES)


class CiHost(enum.StrEnum):
    """What runs pipelines."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


def init(
    folder: Annotated[Path, typer.Argument(help="Where the files go; it may not exist yet.")] = Path(),
    platform: Annotated[
        list[str] | None, typer.Option(metavar="PLATFORM", help="What the stack is of; may be repeated.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="|".join(FROM), help="What the stack is made of.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="The stack's name.")] = "first",
    ci: Annotated[CiHost | None, typer.Option(help="What runs the pipelines; else what the folder tells.")] = None,
    headend: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME@REVISION", help="Headend's repository, where pipelines get it from."),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A stack of which each pull request gets a copy; it may not exist yet."),
    ] = None,
    pulumi: Annotated[
        bool,
        typer.Option("--pulumi", help="The stacks are a Pulumi project: `pulumi up` makes them, also in pipelines."),
    ] = False,
    skip_login: Annotated[bool, typer.Option("--skip-login", help="Don't try whether the logins work.")] = False,
    simulator: Simulated = False,
    patience: Patience = None,
    max_rps: MaxRps = None,
) -> None:
    """Makes a repository of stacks: a first stack, its schema for editors, .gitignore, and the pipelines.

    Asks for what the options don't say. No file that is there is changed, and no secret is asked for: it says which
    variables are needed, and tries the login by one read.
    """
    if from_ is not None and from_ not in FROM:
        raise InputError(f"--from {from_}: {suggest(from_, FROM) or 'one of ' + ', '.join(FROM)}")
    if pulumi and review:
        raise InputError("--review is for headend's own engine: leave out --pulumi")
    if not NAME.fullmatch(name):
        raise InputError(f"--name {name}: letters, digits, `.`, `_` and `-`, a letter or digit first")
    for one in platform or ():
        _known(one)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from None
    with contextlib.chdir(folder):
        paced = rates(patience, max_rps)
        _begin(Wishes(name, platform or [], from_, ci, headend, review, pulumi, skip_login, simulator, paced))


@dataclass
class Wishes:
    """What the options say; what they don't is asked for."""

    name: str
    platforms: list[str]
    source: str | None
    ci: CiHost | None
    headend: str | None
    review: Path | None
    pulumi: bool
    skip_login: bool
    simulator: bool
    rates: Mapping[str, str]
    secrets: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return starting.STACKS / f"{self.name}.yaml"


def _begin(wishes: Wishes) -> None:
    """All questions first, then the logins, then the files."""
    if not wishes.file.exists():
        if wishes.source is None:
            wishes.source = _ask("Begin the stack from", "--from", FROM, "nothing")
        if wishes.source == "nothing" and not wishes.platforms:
            given = _ask_list("Platforms", "--platform", list(platforms()), _with_credentials(wishes))
            wishes.platforms = given
    ci = _ci(wishes)
    files = [wishes.file, *([wishes.review] if wishes.review else [])]
    _used([file for file in files if file.exists()])  # what is wrong with them is told before anything is written
    texts = _texts(wishes)
    _try_logins(wishes, texts)
    if wishes.source == "tenant" and not wishes.file.exists():
        _import(wishes)
    for line in starting.keep(texts):
        echo(line)
    used, secrets = _used(files)
    names = [name for name in platforms() if name in used or name in wishes.platforms]
    more = {starting.SCHEMA: starting.schema_text(), Path(".gitignore"): starting.IGNORED}
    more |= starting.pulumi_project() if wishes.pulumi else {}
    for line in starting.keep(more | (ci.files(names, sorted(secrets)) if ci else {})):
        echo(line)
    way = f"headend plan {wishes.file}"
    if wishes.pulumi:
        imported = wishes.source == "tenant"
        way = (
            "hand the stack over (`headend pulumi import --help`)"
            if imported
            else f"pulumi preview --cwd {starting.STACKS}"
        )
    echo(f"next: {way}" + (", then commit, and set what the pipeline's `env` names" if ci else ""))


def _texts(wishes: Wishes) -> dict[Path, str]:
    """The stacks that aren't made of a tenant, and are to be written."""
    found: dict[Path, str] = {}
    if wishes.file.exists():
        echo(f"{wishes.file}: is there, and stays as it is")
    elif wishes.source == "nothing":
        found[wishes.file] = starting.first_stack(wishes.platforms, wishes.file)
    elif wishes.source in starting.EXAMPLES:
        found[wishes.file] = starting.example(wishes.source, wishes.file)
    if wishes.review and not wishes.review.exists():
        found[wishes.review] = starting.example(starting.REVIEW, wishes.review)
    return found


def _ci(wishes: Wishes) -> starting.Ci | None:
    here = Path.cwd()
    host = wishes.ci or starting.find_host(here)
    if host is None:
        host = _ask("What runs the pipelines", "--ci", [str(one) for one in CiHost], "none")
    if host == CiHost.NONE:
        if wishes.review:
            raise InputError("--review is for pipelines: say --ci github or --ci gitlab")
        return None
    root = starting.find_root(here)
    if root.resolve() != here.resolve():
        raise InputError(f"pipelines lie at the top of a repository: say `headend init {root}`, or --ci none")
    action = wishes.headend or starting.find_headend()
    if action is None:
        action = _ask("Headend's repository, as OWNER/NAME@REVISION", "--headend")
    if not ACTION.fullmatch(action):
        raise InputError(f"--headend {action}: expected OWNER/NAME@REVISION")
    pulumi = wishes.name if wishes.pulumi else None
    return starting.Ci(host, action, starting.find_branch(here), wishes.review, pulumi)


def _import(wishes: Wishes) -> None:
    """Raises InputError where there is nothing to make a stack of."""
    from headend.cli.files import replace_file
    from headend.cli.import_command import imported, told
    from headend.core.reconcile.imports.naming import Wanted

    wishes.file.parent.mkdir(exist_ok=True)
    flags = Flags(wishes.file, simulator=wishes.simulator, rates=wishes.rates)
    done = asyncio.run(imported(flags, Wanted((), (), (), ()), wishes.platforms, [], new=True))
    for line in told(done, wishes.file):
        echo(line)
    if not wishes.file.exists():
        raise InputError("there is nothing to make a stack of: --from nothing begins one")
    replace_file(wishes.file, starting.with_schema(wishes.file.read_text(), wishes.file).encode())


def _used(files: Iterable[Path]) -> tuple[set[str], set[str]]:
    """The platforms of the stacks, and the names of the secrets that they ask for."""
    used: set[str] = set()
    secrets: set[str] = set()

    def note(name: str) -> None:
        secrets.add(name)

    for file in files:
        stack = load(file, secret=note, need_secrets=False, need_variables=False)
        used |= stack.platforms()
    return used, secrets


# --- logins ----------------------------------------------------------------------------------------------------
def _session(wishes: Wishes) -> contextlib.AbstractContextManager[Session]:
    place = state_place(wishes.name, wishes.simulator, wishes.file.parent)
    return connected({}, place, wishes.simulator, new_redactor(), rates=wishes.rates)


def _with_credentials(wishes: Wishes) -> list[str]:
    """The platforms whose variables are set."""
    with _session(wishes) as session:
        found = []
        for name in platforms():
            with contextlib.suppress(HeadendError):
                found += [] if session.missing([name]) else [name]
        return found


def _try_logins(wishes: Wishes, texts: dict[Path, str]) -> None:
    """Says what each platform needs. Raises CredentialsError where a login is refused, so that nothing is written."""
    names = wishes.platforms or [name for name in platforms() if any(f"\n{name}:" in text for text in texts.values())]
    if wishes.source == "tenant" and not names:
        names = _with_credentials(wishes)
    asyncio.run(_tried(wishes, names))


async def _tried(wishes: Wishes, names: Sequence[str]) -> None:
    with _session(wishes) as session:
        async with session:
            for name in names:
                platform = platforms()[name]
                needed = ", ".join(" or ".join(group) for group in needed_variables(platform.settings))
                if missing := session.missing([name]):
                    echo(f"{name} needs {needed}")
                    for problem in missing:
                        echo(f"  {problem}")
                elif not platform.probe or wishes.skip_login:
                    echo(f"{name} needs {needed}: set, and not tried")
                else:
                    await _probe(session, name)
                    echo(f"{name} needs {needed}: set, and the login works")


async def _probe(session: Session, name: str) -> None:
    from headend.core.wire.invoke import Request

    platform = platforms()[name]
    try:
        api = await session(name)
        await platform.invoke(api, api.table[platform.probe], Request(), None)
    except ApiError as error:
        raise CredentialsError(
            *error.lines, f"{name}: the login was not proved; --skip-login goes on without"
        ) from None


# --- questions -------------------------------------------------------------------------------------------------
def _ask(question: str, option: str, choices: Sequence[str] = (), default: str | None = None) -> str:
    """Raises InputError where nobody can answer."""
    _raise_without_terminal(question, option)

    def one_of(text: str) -> str:
        if choices and text not in choices:
            raise typer.BadParameter(f"one of {', '.join(choices)}")
        return text

    shown = f"{question} ({', '.join(choices)})" if choices else question
    answer: str = typer.prompt(shown, default=default, value_proc=one_of, err=True)
    return answer


def _ask_list(question: str, option: str, choices: Sequence[str], default: Sequence[str]) -> list[str]:
    _raise_without_terminal(question, option)

    def some_of(text: str) -> list[str]:
        names = [name for name in re.split(r"[,\s]+", text) if name]
        if not names or not set(names) <= set(choices):
            raise typer.BadParameter(f"some of {', '.join(choices)}")
        return list(dict.fromkeys(names))

    shown = f"{question} ({', '.join(choices)})"
    answer: list[str] = typer.prompt(shown, default=" ".join(default) or None, value_proc=some_of, err=True)
    return answer


def _raise_without_terminal(question: str, option: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"{question}? There is no terminal to ask at: say {option}")


def _known(name: str) -> None:
    if name not in platforms():
        raise InputError(f"--platform {name}: {suggest(name, platforms()) or 'one of ' + ', '.join(platforms())}")
