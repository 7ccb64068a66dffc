"""headend's command line as a person types it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def headend(folder: Path, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs `headend WORDS` there. `env` comes on top of this process's own, which holds no setting of headend's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
    own["HEADEND_STATE"] = f"{folder}/.headend/"
    command = [sys.executable, "-m", "headend.cli.main", *map(str, words)]
    return subprocess.run(command, cwd=folder, env=own | env, capture_output=True, text=True, check=False, timeout=120)
