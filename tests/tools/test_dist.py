"""What is shipped: the locks, the wheel, completion, and what is said where an extra is missing."""

from __future__ import annotations

import builtins
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import InputError
from headend.core.stackfile import load

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9._-]+)==([^ ;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


def test_who_only_runs_headend_gets_what_was_tested() -> None:
    tested, run = pins("requirements.lock"), pins("requirements-run.lock")
    assert run.items() <= tested.items()
    assert not {"pulumi", "pytest", "moto"} & run.keys()
    assert {"obstore", "psycopg", "common-expression-language"} <= run.keys()


def test_the_wheel_has_all_that_is_no_code(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    skipped = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "*.egg-info", "build", "dist")
    shutil.copytree(ROOT, tree, ignore=skipped)
    words = [
        "uv",
        "build",
        "--quiet",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--out-dir",
        str(tmp_path),
        str(tree),
    ]
    subprocess.run([f"{Path(sys.executable).parent}/{words[0]}", *words[1:]], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        held = set(opened.namelist())
    source = tree / "providers"
    wanted = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file() and "headend/" in str(p)}
    assert {name for name in wanted if "egg-info" not in name} <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_policies_without_cel_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **given: Any) -> Any:
        if name == "cel":
            raise ImportError(name)
        return real(name, *args, **given)

    policy = "policies:\n  - {name: few, kind: ateme.label, condition: 'false', message: none}\n"
    (tmp_path / "headend.policies.yaml").write_text(policy)
    file = tmp_path / "stack.yaml"
    file.write_text("headend: 1\noptions: {policies: [headend.policies.yaml]}\n")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=re.escape("pip install 'headend[policies]'")):
        load(file)


@pytest.mark.parametrize(
    ("typed", "offered"), [("headend sta", ["status", "state"]), ("headend plan --sou", ["--source-url"])]
)
def test_the_shell_completes(typed: str, offered: list[str]) -> None:
    words = typed.split()
    env = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_HEADEND_COMPLETE": "complete_bash"}
    ran = subprocess.run(
        [str(Path(sys.executable).parent / "headend")],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == offered or set(offered) <= set(ran.stdout.split())
