"""headend pipeline: one comment, one issue, and plans of what was merged and nothing else."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.harness import serve
from headend.core.model.errors import HeadendError
from headend.pipelines.rest import Rest
from pipelines.fake_host import TOKEN, FakeGitHub
from pipelines.in_a_pipeline import HEAD, MADE, Pipeline


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
