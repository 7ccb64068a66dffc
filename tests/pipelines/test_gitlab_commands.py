"""headend pipeline on GitLab: one note, one issue, and plans of what was merged, in whichever way it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.harness import serve
from pipelines.fake_host import TOKEN, FakeGitHub, FakeGitLab
from pipelines.in_a_pipeline import HEAD, MADE, Pipeline, zipped


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Pipeline]:
    """The same in a pipeline of GitLab's, whose merge request has two pipelines: the last one with a plan for HEAD."""
    host = FakeGitLab()
    made = {"iid": 3, "state": "merged", "sha": HEAD, "merge_commit_sha": MADE, "squash_commit_sha": None}
    host.requests_of[MADE] = [{**made, "target_branch": "main"}]
    for id, commit in (("1", "b" * 40), ("2", HEAD)):
        host.artifacts[id] = zipped({"headend-plan/commit": commit, "headend-plan/eu.json": "{}"})
        job = {"id": id, "name": "headend-plan", "status": "success", "artifacts_file": {"filename": "a.zip"}}
        pipeline = {"id": next(host.ids), "project_id": 7, "jobs": [{**job, "name": "tests"}, job]}
        host.pipelines.setdefault(3, []).insert(0, pipeline)
    (tmp_path / "text.md").write_text("what the plan says\n")
    with serve(host) as url:  # type: ignore[arg-type]
        found = Pipeline(tmp_path, FakeGitHub(), url)
        found.gitlab = host
        found.env = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{url}/api/v4",
            "CI_PROJECT_ID": "7",
            "CI_COMMIT_SHA": MADE,
            "CI_COMMIT_BRANCH": "main",
            "HEADEND_GITLAB_TOKEN": TOKEN,
        }
        yield found


def test_gitlabs_plans_are_those_of_what_was_merged(gitlab: Pipeline) -> None:
    fetched = gitlab("fetch", "plans")
    assert (fetched.code, fetched.out) == (0, "pull request 3: eu.json\n")
    assert (gitlab.folder / "plans" / "eu.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("squashed", ""),
        ("fast-forward", ""),
        ("closed", "no merged pull request made this commit"),
        ("elsewhere", "no merged pull request made this commit"),
        ("another commit", "its plans are of other commits (bbbbbbbbbbbb)"),
        ("failed", "its plans are of other commits (bbbbbbbbbbbb)"),
        ("a fork", "no run of it that succeeded has an artifact `headend-plan`"),
    ],
)
def test_what_gitlab_merged_otherwise(gitlab: Pipeline, wrong: str, why: str) -> None:
    (request,), pipelines = gitlab.gitlab.requests_of[MADE], gitlab.gitlab.pipelines[3]
    if wrong == "squashed":
        request.update(merge_commit_sha=None, squash_commit_sha=MADE)
    elif wrong == "fast-forward":
        request.update(merge_commit_sha=None, sha=MADE)
        gitlab.gitlab.artifacts["2"] = zipped({"headend-plan/commit": MADE})
    elif wrong == "closed":
        request["state"] = "closed"
    elif wrong == "elsewhere":
        request["target_branch"] = "release"
    elif wrong == "another commit":
        del pipelines[0]
    elif wrong == "failed":
        pipelines[0]["jobs"][1]["status"] = "failed"
    else:
        for pipeline in pipelines:
            pipeline["project_id"] = 8
    fetched = gitlab("fetch", "plans")
    assert fetched.code == (6 if why else 0)
    assert why in fetched.err


def test_gitlabs_note_and_issue_are_one_each(gitlab: Pipeline) -> None:
    host = gitlab.gitlab
    host.comments[3] = [{"id": id, "body": text} for id, text in enumerate(("one", "two", "> quoted"))]
    for _ in range(2):
        assert gitlab("comment", "text.md", CI_MERGE_REQUEST_IID="3").code == 0
        assert gitlab("open-issue", "text.md", "--title", "drift").code == 0
    assert len(host.of("3")) == 4
    (issue,) = host.issues
    assert (issue["title"], issue["state"]) == ("drift", "opened")
    assert gitlab("close-issue").code == 0
    assert issue["state"] == "closed"
    assert "HEADEND_GITLAB_TOKEN is not set" in gitlab("close-issue", HEADEND_GITLAB_TOKEN="").err
    assert "the role Developer" in gitlab("close-issue", HEADEND_GITLAB_TOKEN="another").err
