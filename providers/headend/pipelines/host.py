"""A code host as a pipeline sees it: texts that are found again by a hidden mark, and plans that were reviewed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Protocol

from headend.core.model.errors import HeadendError, StaleError
from headend.core.model.frozen import frozen_dataclass

LIMIT = 65_000  # characters of a text: code hosts take little more
CUT = "\n\n**Cut here: see the run for the rest.**\n"
COMMIT = "commit"
"""The file beside the plans that tells for which commit of the branch they were made."""
MOST = 1 << 28  # bytes of an unpacked plan


@frozen_dataclass
class Text:
    """A comment or an issue. id: as the host's address has it."""

    id: str
    body: str


@frozen_dataclass
class Merged:
    """A pull request that was merged. head: the last commit of its branch."""

    number: int
    head: str


class Host(Protocol):
    """What GitHub and GitLab do each in their own way. The listings read page by page, as far as they are asked."""

    def comments(self) -> Iterator[Text]:
        """Those of the pull request that this run is for."""

    def add_comment(self, body: str) -> str:
        """Gives its address for people, as all that write do."""

    def change_comment(self, id: str, body: str) -> str: ...

    def open_issues(self) -> Iterator[Text]: ...

    def open_issue(self, title: str, body: str) -> str: ...

    def change_issue(self, id: str, title: str, body: str) -> str: ...

    def close_issue(self, id: str, why: str) -> str: ...

    def merged(self) -> Merged | None:
        """The pull request that made the commit of this run."""

    def plans(self, merged: Merged, artifact: str) -> Iterator[bytes]:
        """Archives of what its runs that succeeded left under that name, the last run first."""


def comment(host: Host, name: str, text: str) -> str:
    """Puts the text into the one comment of that name; its address."""
    body = marked(name, text)
    found = _find(host.comments(), name)
    return host.change_comment(found.id, body) if found else host.add_comment(body)


def open_issue(host: Host, name: str, title: str, text: str) -> str:
    """Puts the text into the one open issue of that name; its address."""
    body = marked(name, text)
    found = _find(host.open_issues(), name)
    return host.change_issue(found.id, title, body) if found else host.open_issue(title, body)


def close_issue(host: Host, name: str, why: str) -> str | None:
    """Closes the issue of that name; None where none is open."""
    found = _find(host.open_issues(), name)
    return host.close_issue(found.id, why) if found else None


def marked(name: str, text: str) -> str:
    """The text, with what it is found by again, and no longer than hosts take."""
    return f"{_mark(name)}\n{_cut(text, LIMIT, CUT)}"


def as_it_is(text: str) -> str:
    """Plain text as Markdown that shows it: nothing in it ends the fence around it."""
    text = _cut(text, LIMIT - 1000, "")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}\n{text.rstrip()}\n{fence}\n"


def _cut(text: str, most: int, end: str) -> str:
    return text if len(text) <= most else text[:most].rpartition("\n")[0] + end


def _mark(name: str) -> str:
    return f"<!-- kept by headend: {name} -->"


def _find(texts: Iterable[Text], name: str) -> Text | None:
    """What begins with the mark: who quotes it does so further below."""
    return next((text for text in texts if text.body.startswith(_mark(name))), None)


def reviewed_plans(host: Host, name: str) -> tuple[Merged, dict[str, bytes]]:
    """The pull request that made this commit, and its plans by file name. Raises StaleError where there are none, or
    none for what was merged."""
    merged = host.merged()
    if merged is None:
        raise StaleError("no merged pull request made this commit, so that nobody reviewed a plan of it")
    of = f"pull request {merged.number}, merged at {merged.head[:12]}"
    others: set[str] = set()
    for archive in host.plans(merged, artifact := f"{name}-plan"):
        files = _unpack(archive, artifact)
        commit = files.pop(COMMIT, b"").decode(errors="replace").strip()
        if commit == merged.head:
            return merged, files
        others.add(commit[:12])
    if others:
        raise StaleError(f"{of}: its plans are of other commits ({', '.join(sorted(others))}); plan and apply by hand")
    raise StaleError(f"{of}: no run of it that succeeded has an artifact `{name}-plan`; plan and apply by hand")


def _unpack(archive: bytes, artifact: str) -> dict[str, bytes]:
    """The plans in an artifact, and COMMIT, by the last part of their names. Raises HeadendError."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            wanted = {
                path.name: entry
                for entry in opened.infolist()
                if (path := PurePosixPath(entry.filename)).name == COMMIT or path.suffix == ".json"
            }
            if sum(entry.file_size for entry in wanted.values()) > MOST:
                raise HeadendError(f"the artifact {artifact} unpacks to more than {MOST >> 20} MiB")
            return {name: opened.read(entry) for name, entry in wanted.items()}
    except zipfile.BadZipFile:
        raise HeadendError(f"the artifact {artifact} is no zip archive") from None
