"""headend's commands as they run in a pipeline, in this process."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.harness import Ran, World
from headend.simulator import Simulator
from pipelines.fake_host import TOKEN, FakeGitHub, FakeGitLab

HEAD, MADE = "a" * 40, "c" * 40


def zipped(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return packed.getvalue()


class Pipeline:
    """headend's commands in a run of GitHub's."""

    def __init__(self, folder: Path, host: FakeGitHub, url: str) -> None:
        self.host, self.folder = host, folder
        self.gitlab = FakeGitLab()
        self.world = World(Simulator(), folder, url)
        self.env = {
            "GITHUB_REPOSITORY": "team/stacks",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": url,
            "GITHUB_SHA": MADE,
            "GITHUB_REF_NAME": "main",
        }

    def __call__(self, *words: str, **env: str) -> Ran:
        return self.world("pipeline", *words, **self.env | env)

    def leave(self, **files: str) -> dict[str, Any]:
        """A run that succeeded, and left these as its plan."""
        id = str(next(self.host.ids))
        names = {name: name.replace("__", "/").replace("_json", ".json") for name in files}
        self.host.artifacts[id] = zipped({names[name]: text for name, text in files.items()})
        run = {
            "id": next(self.host.ids),
            "event": "pull_request",
            "head_sha": HEAD,
            "head_repository": {"full_name": "team/stacks"},
            "conclusion": "success",
            "artifacts": [{"id": id, "name": "headend-plan", "expired": False}],
        }
        self.host.runs.insert(0, run)
        return run
