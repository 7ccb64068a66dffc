"""Several stack files in one command: which of them, one after the other, and the worst exit code of all."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from headend.cli.echo import echo
from headend.cli.options import Flags
from headend.core.model.errors import HeadendError, InputError
from headend.core.stackfile import load, read_name

NO_STACKS = ("Pulumi.yaml", "Pulumi.*.yaml", "policies.yaml")
"""What stands beside stacks, and is caught by `*.yaml`, too."""
WORST_LAST = (0, 2, 5, 7, 6, 3, 4, 1)


def choose(files: Sequence[Path], flags: Flags, since: str | None = None) -> list[Path]:
    """The files to go through. since: a revision; only stacks that changed after it. Raises InputError."""
    if len(files) > 1:
        files = [file for file in files if not any(fnmatchcase(file.name, name) for name in NO_STACKS)]
        if not files:
            raise InputError("none of these files is a stack")
        _raise_if_alike(files, flags)
    if since is None:
        return list(files)
    changed = {folder: _changed(since, folder) for folder in {file.parent for file in files}}
    return [file for file in files if not _files_of(file, flags).isdisjoint(changed[file.parent])]


def _raise_if_alike(files: Iterable[Path], flags: Flags) -> None:
    """What is one stack for headend has one state: the second file would delete what the first one made."""
    seen: dict[str, Path] = {}
    for file in files:
        name = read_name(file, flags.variables)
        if name and seen.setdefault(name, file) is not file:
            raise InputError(f"{seen[name]} and {file} are both the stack {name}: give one of them another name")


def one_at_a_time(files: Sequence[Path], **given: object) -> None:
    """Raises InputError where a flag that means one stack stands with several."""
    flags = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(files) > 1 and flags:
        raise InputError(f"{', '.join(flags)}: of one stack only; give its file alone")


def each(files: Iterable[Path], work: Callable[[Path], int], *, head: bool = True) -> int:
    """Does the work for each file; the worst exit code. What goes wrong with one doesn't keep the others from it."""
    codes = [0]
    for file in files:
        if head:
            echo(f"# {file}")
        try:
            codes.append(work(file))
            if isinstance(codes[-1], Interrupted):
                echo("the stacks after it were not begun", err=True)
                break
        except HeadendError as error:
            for line in error.lines:
                echo(line, err=True)
            codes.append(error.exit_code)
    return worst(codes)


def worst(codes: Iterable[int]) -> int:
    return max(codes, key=WORST_LAST.index)


def _files_of(file: Path, flags: Flags) -> frozenset[Path]:
    """What the stack is read from, and the policies beside it, also where they were deleted."""
    beside = {file, file.parent / "policies.yaml"}
    try:
        stack = load(
            file,
            stack_name=flags.stack,
            variables=flags.variables,
            secret=lambda name: None,  # no file is named by one
            need_secrets=False,
        )
    except InputError:
        return _Any()  # nobody can tell, and what is wrong with it is to be told
    return frozenset(path.resolve() for path in {*beside, *stack.files})


class Interrupted(int):
    """An exit code, where a person stopped the work: nothing else is begun."""


class _Any(frozenset[Path]):
    """Has something in common with whatever there is."""

    def isdisjoint(self, other: Iterable[object]) -> bool:
        return False


def _changed(since: str, folder: Path) -> frozenset[Path]:
    """What differs in the work tree from where its branch left the revision. Raises InputError."""
    root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    if since.startswith("-"):
        raise InputError(f"--changed-since {since}: not a revision")
    names = _git(root, "diff", "--name-only", "--no-renames", "-z", "--merge-base", since, "--")
    names += _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    return frozenset((root / name).resolve() for name in names.split("\0") if name)


def _git(folder: Path, *words: str) -> str:
    try:
        ran = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError as error:
        raise InputError(f"--changed-since needs git: {error.strerror}") from None
    if ran.returncode:
        raise InputError(f"--changed-since: git says: {' '.join(ran.stderr.split())}")
    return ran.stdout
