"""What `headend init` need not ask: what runs the pipelines, and where this headend is from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headend.cli import starting


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("having", "host"),
    [
        ({"folder": ".github"}, "github"),
        ({"file": ".gitlab-ci.yml"}, "gitlab"),
        ({"remote": "git@github.example:team/streams.git"}, "github"),
        ({"remote": "https://gitlab.example.com/team/streams.git"}, "gitlab"),
        ({"folder": ".github", "file": ".gitlab-ci.yml"}, None),
        ({"folder": ".github", "remote": "https://gitlab.example.com/team/streams.git"}, "github"),
        ({}, None),
    ],
)
def test_the_folder_tells_what_runs_its_pipelines(tmp_path: Path, having: dict[str, str], host: str | None) -> None:
    if "folder" in having:
        (tmp_path / having["folder"]).mkdir()
    if "file" in having:
        (tmp_path / having["file"]).touch()
    if "remote" in having:
        git(tmp_path, "init", "-q")
        git(tmp_path, "remote", "add", "origin", having["remote"])
    assert starting.find_host(tmp_path) == host


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"url": "https://git.example/team/headend.git", "vcs_info": {"requested_revision": "v1"}}, "team/headend@v1"),
        ({"url": "ssh://git@git.example/a/b/headend", "vcs_info": {"commit_id": "3f2a9c1"}}, "a/b/headend@3f2a9c1"),
        ({"url": "file:///srv/headend", "dir_info": {"editable": True}}, None),
        (None, None),
    ],
)
def test_a_headend_from_a_repository_knows_it(monkeypatch: pytest.MonkeyPatch, told: Any, found: str | None) -> None:
    class Installed:
        @staticmethod
        def read_text(name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(told) if told else None

    monkeypatch.setattr(starting.metadata, "distribution", lambda name: Installed)
    assert starting.find_headend() == found
