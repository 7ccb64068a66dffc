"""Changes core's decisions one small piece at a time, and asks the fast tests whether they notice (`make mutate`).

mutmut does the work, in a copy of the project below .mutate/, which keeps what earlier runs found. A change that no
test notices is a survivor: it wants a test, or a reason in tools/survivors.yaml. Wording is left out: what only
changes the text of a message is no decision. A reason whose survivor is gone is told too.
Exit codes: 0 every survivor has a reason, 1 some have none, 2 the run itself failed. Arguments are names of mutants or
patterns (`headend.core.reconcile.graph*`); none means all.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
COPY = ROOT / ".mutate"
REASONS = ROOT / "tools" / "survivors.yaml"
MODULES = ("decide", "common", "decision", "difference", "graph", "guards", "on_air", "review", "state/*")
TESTS = (  # of these modules by themselves: what only a whole run would notice, a person would look for long
    *(f"tests/core/test_{name}.py" for name in ("decide", "difference", "graph", "order_of_steps", "guards")),
    *(f"tests/core/test_{name}.py" for name in ("watch", "on_air_rules", "review", "damaged_state")),
    *(f"tests/core/test_state_{name}.py" for name in ("store", "file", "key", "upgrade")),
    "tests/just/test_just_known_by_secrets.py",
)
CONFIG = """\
[mutmut]
source_paths = src
only_mutate =
{modules}
also_copy =
    stacks
    docs
pytest_add_cli_args_test_selection =
{tests}
    -p
    no:cacheprovider
"""


def main(names: list[str]) -> int:
    _copy()
    mutmut = [str(Path(sys.executable).parent / "mutmut")]
    ran = subprocess.run([*mutmut, "run", *names], cwd=COPY, check=False)  # noqa: S603
    if ran.returncode not in {0, 1}:
        return 2
    listed = subprocess.run([*mutmut, "results"], cwd=COPY, check=True, capture_output=True, text=True)  # noqa: S603
    survivors = [line.partition(":")[0].strip() for line in listed.stdout.splitlines() if ": survived" in line]
    untested = [line.partition(":")[0].strip() for line in listed.stdout.splitlines() if ": no tests" in line]
    found = {key: name for name in [*survivors, *untested] if (key := _change(mutmut, name)) is not None}
    return _report(found, yaml.safe_load(REASONS.read_text()) or {}, complete=not names)


def _report(found: dict[tuple[str, str], str], reasons: dict[str, dict[str, str]], *, complete: bool) -> int:
    explained = {(function, change): why for function, own in reasons.items() for change, why in own.items()}
    bare = [key for key in found if key not in explained]
    for function, change in bare:
        print(f"{function}: {change}\n    no test notices ({found[function, change]})")
    if complete:
        for function, change in sorted(explained.keys() - found.keys()):
            print(f"{function}: {change}\n    has a reason, but is no survivor any more")
    print(f"{len(found)} survivors, {len(found) - len(bare)} with a reason")
    return 1 if bare else 0


def _copy() -> None:
    """The project as mutmut wants it: the package below src/."""
    COPY.mkdir(exist_ok=True)
    parts = {"providers": "src", "tests": "tests", "stacks": "stacks", "docs": "docs"}
    for name, target in parts.items():
        shutil.rmtree(COPY / target, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", COPY)
    modules = (f"src/headend/core/reconcile/{name}.py" for name in MODULES)
    (COPY / "setup.cfg").write_text(CONFIG.format(modules=_lines(modules), tests=_lines(TESTS)))


def _lines(words: Iterable[str]) -> str:
    return "\n".join(f"    {word}" for word in words)


def _change(mutmut: list[str], name: str) -> tuple[str, str] | None:
    """(function, what was changed): that stays the same when mutants are numbered anew. None where only the text of a
    string was."""
    shown = subprocess.run([*mutmut, "show", name], cwd=COPY, check=True, capture_output=True, text=True)  # noqa: S603
    lines = list(_changed_lines(shown.stdout))
    if len(lines) == 2 and len({line.replace("XX", "").lower() for line in lines}) == 1:
        return None
    return name.rpartition("__mutmut_")[0], " ⟶ ".join(lines)


def _changed_lines(diff: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"}:
            yield " ".join(line[1:].split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
