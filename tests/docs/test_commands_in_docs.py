"""Documentation is run: each command of a page has the exit code that its comment says, and prints what stands below.

```console blocks hold commands after "$ ", "# exit N" where it isn't 0, and pieces of what is printed. ```yaml blocks
with a file name are files that the commands find. Pages are run from top to bottom, each in a folder of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from commands import ROOT

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("examples/*/README.md"))]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("git ", "make ", "cd ", "pulumi ")  # what other tests run, or nothing here can
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
LINKING = [*PAGES, ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*/*.md"))]


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """("file", "NAME\\nTEXT") or ("command", "COMMAND\\nOUTPUT"), in the page's order."""
    for language, name, text in BLOCK.findall(page.read_text()):
        if language == "yaml" and name:
            yield "file", f"{name}\n{text}"
        elif language == "console":
            for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                yield "command", command


def prepared(page: Path, folder: Path) -> Path:
    """A copy of what the page's commands are run in: the example, or a folder with this repository's stacks."""
    if page.parent.parent.name == "examples":
        return Path(shutil.copytree(page.parent, folder / page.parent.name))
    shutil.copytree(ROOT / "stacks", folder / "stacks")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    folder = prepared(page, tmp_path)
    env = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    for what, text in steps(page):
        first, _, rest = text.partition("\n")
        if what == "file":
            (folder / first).write_text(rest)
            continue
        command, _, comment = first.partition("   # ")
        if command.startswith(ELSEWHERE):
            continue
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            env[name] = value
            continue
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert f"exit {done.returncode}" == (comment or "exit 0"), f"{command}\n{said}"
        assert [line for line in rest.splitlines() if line not in said] == [], f"{command}\n{said}"


@cache
def anchors(page: Path) -> set[str]:
    """What a link to the page may name after "#": headings, as GitHub spells them, and anchors of its own."""
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    spelled = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return spelled | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [(path, place) for path, place in LINK.findall(page.read_text()) if path or place]
    targets = [(page.parent / path if path else page, place) for path, place in links]
    assert [str(target) for target, _ in targets if not target.exists()] == []
    assert [(str(target), place) for target, place in targets if place and place not in anchors(target)] == []


def test_pages_show_commands_at_all() -> None:
    shown = [command for page in PAGES for what, command in steps(page) if what == "command"]
    assert len(shown) > 20
