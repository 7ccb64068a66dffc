"""GitHub, as a workflow's run may use it by its own token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from headend.core.model.errors import CredentialsError, InputError
from headend.pipelines.host import Merged, Text
from headend.pipelines.rest import Rest

ADVICE = (
    "give the job `permissions:` (pull-requests: write, issues: write, actions: read); a fork's runs may write nothing"
)


class GitHub:
    """repository: OWNER/NAME. commit, branch: of this run. number: of its pull request, if it has one."""

    def __init__(self, rest: Rest, repository: str, commit: str, branch: str, number: int | None) -> None:
        self.rest, self.repository, self.commit, self.branch, self.number = rest, repository, commit, branch, number
        self.at = f"/repos/{repository}"

    @classmethod
    def of(cls, environment: Mapping[str, str], number: int | None) -> Self:
        token = environment.get("GITHUB_TOKEN")
        if not token:
            raise CredentialsError("GITHUB_TOKEN is not set: give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`")
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        rest = Rest("GitHub", environment.get("GITHUB_API_URL", "https://api.github.com"), headers, ADVICE)
        return cls(
            rest,
            environment["GITHUB_REPOSITORY"],
            environment.get("GITHUB_SHA", ""),
            environment.get("GITHUB_REF_NAME", ""),
            number or _number_of_event(environment.get("GITHUB_EVENT_PATH")),
        )

    def comments(self) -> Iterator[Text]:
        return map(_text, self.rest.pages(f"{self.at}/issues/{self._number()}/comments"))

    def add_comment(self, body: str) -> str:
        return _url(self.rest.send("POST", f"{self.at}/issues/{self._number()}/comments", {"body": body}))

    def change_comment(self, id: str, body: str) -> str:
        return _url(self.rest.send("PATCH", f"{self.at}/issues/comments/{id}", {"body": body}))

    def open_issues(self) -> Iterator[Text]:
        for issue in self.rest.pages(f"{self.at}/issues?state=open"):
            if "pull_request" not in issue:  # pull requests are among them
                yield Text(str(issue["number"]), issue["body"] or "")

    def open_issue(self, title: str, body: str) -> str:
        return _url(self.rest.send("POST", f"{self.at}/issues", {"title": title, "body": body}))

    def change_issue(self, id: str, title: str, body: str) -> str:
        return _url(self.rest.send("PATCH", f"{self.at}/issues/{id}", {"title": title, "body": body}))

    def close_issue(self, id: str, why: str) -> str:
        self.rest.send("POST", f"{self.at}/issues/{id}/comments", {"body": why})
        return _url(self.rest.send("PATCH", f"{self.at}/issues/{id}", {"state": "closed"}))

    def merged(self) -> Merged | None:
        """Merged into this branch: a commit may be in others, too."""
        for pull in self.rest.pages(f"{self.at}/commits/{self.commit}/pulls"):
            made_it = pull["merged_at"] and pull["merge_commit_sha"] == self.commit
            if made_it and pull["base"]["ref"] == self.branch:
                return Merged(pull["number"], pull["head"]["sha"])
        return None

    def plans(self, merged: Merged, artifact: str) -> Iterator[bytes]:
        """Of runs for pull requests of this repository: what a fork's runs leave, anybody may have made."""
        runs = f"{self.at}/actions/runs?event=pull_request&status=success&head_sha={merged.head}"
        for run in self.rest.pages(runs, "workflow_runs"):
            if (run["head_repository"] or {}).get("full_name") != self.repository:
                continue
            listed = f"{self.at}/actions/runs/{run['id']}/artifacts?name={artifact}"
            for found in self.rest.pages(listed, "artifacts"):
                if not found["expired"]:
                    yield self.rest.download(f"{self.at}/actions/artifacts/{found['id']}/zip")

    def _number(self) -> int:
        if self.number is None:
            raise InputError("this run is for no pull request: say its number by --number")
        return self.number


def _number_of_event(path: str | None) -> int | None:
    if not path:
        return None
    try:
        event = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"GITHUB_EVENT_PATH: {path}: {error}") from None
    number = (event.get("pull_request") or {}).get("number")
    return int(number) if number else None


def _text(answer: Any) -> Text:
    return Text(str(answer["id"]), answer["body"] or "")


def _url(answer: Any) -> str:
    return str(answer["html_url"])
