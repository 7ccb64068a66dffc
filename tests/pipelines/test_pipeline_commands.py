"""headend pipeline: one comment, one issue, and plans of what was merged and nothing else."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.harness import Ran, World, serve
from headend.core.model.errors import HeadendError
from headend.pipelines.rest import Rest
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


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    host = FakeGitHub()
    pull = {"number": 17, "merged_at": "2035-12-01T12:00:00Z", "merge_commit_sha": MADE}
    host.pulls[MADE] = [{**pull, "head": {"sha": HEAD}, "base": {"ref": "main"}}]
    with serve(host) as url:  # type: ignore[arg-type]
        (tmp_path / "text.md").write_text("what the plan says\n")
        yield Pipeline(tmp_path, host, url)


def test_comments_of_two_pipelines_are_two_and_each_is_replaced(pipeline: Pipeline) -> None:
    words = ("comment", "text.md", "--number", "17")
    for name in ("eu", "us", "eu", "us"):
        assert pipeline(*words, "--name", name).code == 0
    bodies = [one["body"] for one in pipeline.host.of("17")]
    assert bodies == [f"<!-- kept by headend: {name} -->\nwhat the plan says\n" for name in ("eu", "us")]


def test_a_comment_is_found_on_a_later_page_and_never_by_a_quoted_mark(pipeline: Pipeline) -> None:
    mark = "<!-- kept by headend: headend -->"
    texts = ["one", f"> {mark}", None, f"what is {mark}?", f"{mark}\nold"]
    pipeline.host.comments[17] = [{"id": id, "body": text, "html_url": "there"} for id, text in enumerate(texts)]
    assert pipeline("comment", "text.md", "--number", "17").code == 0
    assert [one["body"] for one in pipeline.host.of("17")] == [*texts[:4], f"{mark}\nwhat the plan says\n"]


def test_a_text_longer_than_hosts_take_is_cut_at_a_line(pipeline: Pipeline) -> None:
    (pipeline.folder / "text.md").write_text("".join(f"line {number}\n" for number in range(9000)))
    assert pipeline("comment", "text.md", "--number", "17").code == 0
    (comment,) = pipeline.host.of("17")
    assert len(comment["body"]) < 65_536
    assert comment["body"].endswith("\n\n**Cut here: see the run for the rest.**\n")


def test_plain_text_is_shown_as_it_is(pipeline: Pipeline) -> None:
    for text, shown in (("# no title\n", "```\n# no title\n```\n"), ("a ```` b", "`````\na ```` b\n`````\n")):
        (pipeline.folder / "text.md").write_text(text)
        assert pipeline("comment", "text.md", "--number", "17", "--plain").code == 0
        assert pipeline.host.of("17")[0]["body"] == f"<!-- kept by headend: headend -->\n{shown}"
    (pipeline.folder / "text.md").write_text("a line\n" * 20_000)
    assert pipeline("comment", "text.md", "--number", "17", "--plain").code == 0
    assert len(pipeline.host.of("17")[0]["body"]) < 65_536
    assert pipeline.host.of("17")[0]["body"].endswith("\na line\n```\n")


def test_one_issue_is_opened_changed_and_closed(pipeline: Pipeline) -> None:
    mark = "<!-- kept by headend: headend -->"
    pipeline.host.issues = [
        {"number": 1, "state": "open", "body": mark, "pull_request": {}},
        {"number": 2, "state": "open", "body": None},
        {"number": 3, "state": "open", "body": f"what is {mark}?"},
        {"number": 4, "state": "closed", "body": mark},
    ]
    assert pipeline("close-issue").out == "issue: none is open\n"
    for title in ("drift", "still"):
        assert pipeline("open-issue", "text.md", "--title", title).code == 0
    (issue,) = pipeline.host.issues[4:]
    assert (issue["title"], issue["state"], issue["body"]) == ("still", "open", f"{mark}\nwhat the plan says\n")
    assert pipeline("close-issue").code == 0
    assert issue["state"] == "closed"
    assert [one["state"] for one in pipeline.host.issues[:3]] == ["open"] * 3


def test_plans_are_those_of_the_last_run_for_what_was_merged(pipeline: Pipeline) -> None:
    pipeline.leave(commit=HEAD, eu_json="old")
    pipeline.leave(commit=f"{HEAD}\n", deep__eu_json="new", us_json="{}", plan="# not a plan")
    fetched = pipeline("fetch", "plans")
    assert (fetched.code, fetched.out) == (0, "pull request 17: eu.json, us.json\n")
    assert sorted(path.name for path in (pipeline.folder / "plans").iterdir()) == ["eu.json", "us.json"]
    assert (pipeline.folder / "plans" / "eu.json").read_text() == "new"
    again = pipeline("fetch", "plans")
    assert again.code == 3
    assert "give the name of a new folder" in again.err


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"conclusion": "failure"}, "no run of it that succeeded"),
        ({"event": "push"}, "no run of it that succeeded"),
        ({"head_sha": "b" * 40}, "no run of it that succeeded"),
        ({"head_repository": {"full_name": "stranger/stacks"}}, "no run of it that succeeded"),
        ({"head_repository": None}, "no run of it that succeeded"),
        ({"artifacts": []}, "no run of it that succeeded"),
    ],
)
def test_the_plan_of_another_run_is_not_applied(pipeline: Pipeline, wrong: dict[str, Any], why: str) -> None:
    pipeline.leave(commit=HEAD, eu_json="{}").update(wrong)
    refused = pipeline("fetch", "plans")
    assert refused.code == 6
    assert f"pull request 17, merged at {HEAD[:12]}: {why}" in refused.err
    assert not (pipeline.folder / "plans").exists()


def test_a_plan_for_another_commit_is_not_applied(pipeline: Pipeline) -> None:
    pipeline.leave(commit="b" * 40, eu_json="{}")
    pipeline.leave(eu_json="{}")["artifacts"][0]["expired"] = True
    refused = pipeline("fetch", "plans")
    assert refused.code == 6
    assert "its plans are of other commits (bbbbbbbbbbbb)" in refused.err


@pytest.mark.parametrize("wrong", [{"merged_at": None}, {"merge_commit_sha": HEAD}, {"base": {"ref": "release"}}])
def test_a_commit_that_no_pull_request_made_has_no_plan(pipeline: Pipeline, wrong: dict[str, Any]) -> None:
    pipeline.leave(commit=HEAD, eu_json="{}")
    pipeline.host.pulls[MADE][0].update(wrong)
    refused = pipeline("fetch", "plans")
    assert refused.code == 6
    assert "no merged pull request made this commit" in refused.err


def test_an_archive_that_unpacks_to_too_much_or_is_none_is_refused(pipeline: Pipeline) -> None:
    run = pipeline.leave(commit=HEAD)
    pipeline.host.artifacts[run["artifacts"][0]["id"]] = b"no zip"
    assert "is no zip archive" in pipeline("fetch", "plans").err


def test_what_a_token_lacks_is_told_and_the_token_is_not(pipeline: Pipeline) -> None:
    pipeline.host.refuse.add("POST /repos/team/stacks/issues/17/comments")
    refused = pipeline("comment", "text.md", "--number", "17")
    assert refused.code == 4
    assert "answered 403: Resource not accessible" in refused.err
    assert "pull-requests: write" in refused.err
    assert TOKEN not in refused.err
    assert "GITHUB_TOKEN is not set" in pipeline("comment", "text.md", GITHUB_TOKEN="").err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("comment", "text.md"), "say its number by --number"),
        (("comment", "none.md", "--number", "17"), "none.md"),
        (("comment", "text.md", "--name", "a --> b"), "--name a --> b: letters and digits"),
    ],
)
def test_what_cant_be_done_is_told(pipeline: Pipeline, words: tuple[str, ...], why: str) -> None:
    refused = pipeline(*words)
    assert refused.code == 3
    assert why in refused.err
    assert not pipeline.host.comments


def test_outside_of_a_pipeline_nothing_is_sent(pipeline: Pipeline) -> None:
    refused = pipeline("comment", "text.md", "--number", "17", GITHUB_REPOSITORY="")
    assert refused.code == 3
    assert "GITHUB_REPOSITORY and GITLAB_CI are not set" in refused.err


def test_the_number_is_that_of_the_event(pipeline: Pipeline) -> None:
    event = pipeline.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 18}}))
    assert pipeline("comment", "text.md", GITHUB_EVENT_PATH=str(event)).code == 0
    assert len(pipeline.host.of("18")) == 1


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


class _Busy(FakeGitHub):
    """Answers 502 at first."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.busy = itertools.chain([True] * times, itertools.repeat(False))

    @property
    def app(self) -> Any:
        inner = super().app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and next(self.busy):
                self.requests.append(scope["method"])
                await send({"type": "http.response.start", "status": 502, "headers": []})
                return await send({"type": "http.response.body", "body": b"<html>"})
            return await inner(scope, receive, send)

        return app


@pytest.mark.parametrize(("method", "tries"), [("GET", 3), ("POST", 1)])
def test_what_may_be_repeated_is_sent_again_and_a_second_comment_never(method: str, tries: int) -> None:
    host, pauses = _Busy(times=2), list[float]()
    with serve(host) as url:  # type: ignore[arg-type]
        rest = Rest("GitHub", url, {"Authorization": f"Bearer {TOKEN}"}, "ask", pauses.append)
        path = "/repos/team/stacks/issues"
        with rest.client:
            if method == "GET":
                assert rest.send("GET", path) == []
            else:
                with pytest.raises(HeadendError, match="POST /repos/team/stacks/issues: answered 502"):
                    rest.send("POST", path, {"title": "x", "body": "y"})
    assert (len(host.requests), pauses) == (tries, [2.0, 10.0][: tries - 1])
