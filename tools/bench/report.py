"""What people read, and what the next release is compared with."""

from __future__ import annotations

import compileall
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from phases import Costs, Subject
from runs import TREE, Cost

_HEAD = f"{'headend / floor':26} {'seconds':>15} {'ratio':>7} {'CPU s':>14} {'MiB':>10}  requests"


class Report:
    """Prints each row as it comes, and keeps it."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.others = [one.name for one in subjects[1:]]
        self.rows: dict[str, dict[int, Costs]] = {}
        self.failures = 0
        print(_HEAD, flush=True)

    def heading(self, part: str, size: int) -> None:
        print(f"{part}, N = {size:,}", flush=True)

    def add(self, part: str, size: int, found: Costs) -> None:
        for phase, costs in found.items():
            for line in self._lines(phase, costs):
                print(f"  {line}", flush=True)
        known = self.rows.setdefault(part, {})
        known[size] = found
        if len(known) > 1:
            for line in _growth(known, min(known), size):
                print(f"  {line}", flush=True)

    def failed(self, failed: Exception) -> None:
        self.failures += 1
        print(f"  FAILED: {failed}", flush=True)

    def document(self) -> str:
        """All figures, as JSON."""
        rows = [
            {"part": part, "size": size, "phase": phase, "costs": {who: asdict(cost) for who, cost in costs.items()}}
            for part, sizes in self.rows.items()
            for size, found in sizes.items()
            for phase, costs in found.items()
        ]
        where = {"python": platform.python_version(), "processors": os.cpu_count(), "machine": platform.platform()}
        made = {
            "version": _version(),
            "commit": git("rev-parse", "HEAD"),
            "changed": bool(git("status", "--porcelain")),
        }
        return json.dumps({"headend": made, "where": where, "others": self.others, "rows": rows}, indent=1)

    def _lines(self, phase: str, costs: dict[str, Cost]) -> Iterator[str]:
        least = costs["floor"]
        if "headend" not in costs:
            yield f"{phase:24} {'-':>7} / {least.seconds:5.2f}"
            return
        cost = costs["headend"]
        over = ">" if cost.late else " "
        refused = f", {cost.refused:,} refused" if cost.refused else ""
        yield (
            f"{phase:24} {over}{cost.seconds:6.2f} / {least.seconds:5.2f} {over}{cost.seconds / least.seconds:6.2f}"
            f" {cost.cpu:6.2f} / {least.cpu:5.2f} {cost.mib:4.0f} / {least.mib:3.0f}"
            f"  {cost.requests:,} / {least.requests:,}{refused}"
        )
        for name in self.others:
            if (other := costs.get(name)) is not None:
                yield (
                    f"{f'  over {name}':24} {cost.seconds / other.seconds:7.2f} x {'':15}{cost.cpu / other.cpu:6.2f} x"
                    f"{'':6}{cost.mib / other.mib:5.2f} x   {cost.requests:,} / {other.requests:,}"
                )


def _growth(known: dict[int, Costs], small: int, large: int) -> Iterator[str]:
    """What an object costs among many over what it costs among few; 1 is as good."""
    yield f"per object, at {large:,} over {small:,}"
    for phase, costs in known[large].items():
        if "headend" in costs and "headend" in known[small].get(phase, {}):
            pairs = [(costs[who], known[small][phase][who]) for who in ("headend", "floor")]
            seconds = " / ".join(f"{many.seconds / few.seconds * small / large:5.2f}" for many, few in pairs)
            cpu = " / ".join(f"{many.cpu / few.cpu * small / large:5.2f}" for many, few in pairs)
            yield f"{phase:24} {seconds:>15} {'':7} {cpu:>14}"


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", TREE, *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()


def _version() -> str:
    return git("describe", "--tags", "--always")


@contextmanager
def revision(name: str | None) -> Iterator[Path | None]:
    """A tree of another revision, used with this one's libraries."""
    if name is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run(["git", "-C", TREE, "worktree", "add", "--quiet", "--detach", tree, name], check=True)  # noqa: S603, S607
        try:
            compileall.compile_dir(tree, quiet=2)  # as this tree is, which has run before
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))
