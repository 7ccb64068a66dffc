"""pipeline comment, open-issue, close-issue and fetch: what a pipeline does besides planning and applying."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headend.cli.commands import Group, new_app
from headend.cli.echo import echo
from headend.cli.files import write_out
from headend.core.model.errors import InputError

if TYPE_CHECKING:
    from headend.pipelines.host import Host

pipeline = new_app(cls=Group, add_completion=False, help="What a pipeline of GitHub's or GitLab's does with a plan.")
File = Annotated[Path, typer.Argument(help="Markdown, such as `--report md=FILE` writes; `-`: stdin.")]
Name = Annotated[str, typer.Option(metavar="NAME", help="Which one it is, for who has several in one place.")]
_NAME = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
Plain = Annotated[
    bool,
    typer.Option("--plain", help="The file is no Markdown: show it as it is, such as what `pulumi preview` prints."),
]
Number = Annotated[
    int | None, typer.Option(metavar="NUMBER", help="Of the pull request; else the one that the pipeline runs for.")
]


@pipeline.command()
def comment(file: File, name: Name = "headend", plain: Plain = False, number: Number = None) -> None:
    """Puts a text into the pull request's one comment of that name: it is made, or what it said before is replaced."""
    from headend.pipelines import host

    text = _read(file, plain)
    with _host(number) as here:
        echo(f"comment: {host.comment(here, _checked(name), text)}")


@pipeline.command()
def open_issue(
    file: File,
    name: Name = "headend",
    plain: Plain = False,
    title: Annotated[str, typer.Option(metavar="TEXT", help="The issue's title.")] = "headend: drift",
) -> None:
    """Puts a text into the one open issue of that name: it is opened, or what it said before is replaced."""
    from headend.pipelines import host

    text = _read(file, plain)
    with _host() as here:
        echo(f"issue: {host.open_issue(here, _checked(name), title, text)}")


@pipeline.command()
def close_issue(
    name: Name = "headend",
    why: Annotated[str, typer.Option(metavar="TEXT", help="What is said there.")] = "Nothing differs any more.",
) -> None:
    """Closes the open issue of that name, if there is one."""
    from headend.pipelines import host

    with _host() as here:
        closed = host.close_issue(here, _checked(name), why)
    echo(f"issue: closed {closed}" if closed else "issue: none is open")


@pipeline.command()
def fetch(
    folder: Annotated[Path, typer.Argument(help="Where the plans go, a file each; it may not exist yet.")],
    name: Name = "headend",
) -> None:
    """Fetches the plans of the pull request that made this commit, for `apply`. Exit 6: nobody reviewed one of what was
    merged."""
    from headend.pipelines import host

    with _host() as here:
        merged, plans = host.reviewed_plans(here, _checked(name))
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}: give the name of a new folder") from None
    for name, content in plans.items():
        write_out(folder / name, [content], 0o600)
    echo(f"pull request {merged.number}: {', '.join(sorted(plans)) or 'it changed no stack'}")


@contextlib.contextmanager
def _host(number: int | None = None) -> Iterator[Host]:
    """That of the pipeline that runs. Raises InputError where none does, or it lacks a setting."""
    if os.environ.get("GITLAB_CI"):
        from headend.pipelines.gitlab import GitLab as Here
    elif os.environ.get("GITHUB_REPOSITORY"):
        from headend.pipelines.github import GitHub as Here  # type: ignore[assignment]
    else:
        raise InputError("neither a pipeline of GitHub's nor of GitLab's: GITHUB_REPOSITORY and GITLAB_CI are not set")
    host = Here.of(os.environ, number)
    with host.rest.client:
        yield host


def _checked(name: str) -> str:
    """A name that can stand in a hidden mark, and in that of an artifact."""
    if not _NAME.fullmatch(name):
        raise InputError(f"--name {name}: letters and digits, with single `-`, `_` or `.` between them")
    return name


def _read(file: Path, plain: bool) -> str:
    from headend.pipelines.host import as_it_is

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}") from None
    return as_it_is(text) if plain else text
