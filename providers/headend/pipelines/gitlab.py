"""GitLab, by a token of the project: a job's own may write neither notes nor issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from headend.core.model.errors import CredentialsError, InputError
from headend.pipelines.host import Merged, Text
from headend.pipelines.rest import Rest

TOKEN = "HEADEND_GITLAB_TOKEN"  # noqa: S105
ADVICE = f"{TOKEN} needs the scope `api` and the role Developer"


class GitLab:
    """commit, branch: of this run. number: of its merge request, if it has one."""

    def __init__(self, rest: Rest, project: str, commit: str, branch: str, number: int | None) -> None:
        self.rest, self.commit, self.branch, self.number = rest, commit, branch, number
        self.at = f"/projects/{project}"

    @classmethod
    def of(cls, environment: Mapping[str, str], number: int | None) -> Self:
        token = environment.get(TOKEN)
        if not token:
            raise CredentialsError(f"{TOKEN} is not set: an access token of the project; {ADVICE}")
        rest = Rest("GitLab", environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": token}, ADVICE)
        here = environment.get("CI_MERGE_REQUEST_IID")
        return cls(
            rest,
            environment["CI_PROJECT_ID"],
            environment.get("CI_COMMIT_SHA", ""),
            environment.get("CI_COMMIT_BRANCH", ""),
            number or (int(here) if here else None),
        )

    def comments(self) -> Iterator[Text]:
        return map(_text, self.rest.pages(f"{self.at}/merge_requests/{self._number()}/notes"))

    def add_comment(self, body: str) -> str:
        return self._of_note(self.rest.send("POST", f"{self.at}/merge_requests/{self._number()}/notes", {"body": body}))

    def change_comment(self, id: str, body: str) -> str:
        path = f"{self.at}/merge_requests/{self._number()}/notes/{id}"
        return self._of_note(self.rest.send("PUT", path, {"body": body}))

    def open_issues(self) -> Iterator[Text]:
        for issue in self.rest.pages(f"{self.at}/issues?state=opened"):
            yield Text(str(issue["iid"]), issue["description"] or "")

    def open_issue(self, title: str, body: str) -> str:
        return _url(self.rest.send("POST", f"{self.at}/issues", {"title": title, "description": body}))

    def change_issue(self, id: str, title: str, body: str) -> str:
        return _url(self.rest.send("PUT", f"{self.at}/issues/{id}", {"title": title, "description": body}))

    def close_issue(self, id: str, why: str) -> str:
        self.rest.send("POST", f"{self.at}/issues/{id}/notes", {"body": why})
        return _url(self.rest.send("PUT", f"{self.at}/issues/{id}", {"state_event": "close"}))

    def merged(self) -> Merged | None:
        """Merged into this branch: a commit may be in others, too. Without a merge commit it is the branch's own."""
        for request in self.rest.pages(f"{self.at}/repository/commits/{self.commit}/merge_requests"):
            commits = (request[name] for name in ("merge_commit_sha", "squash_commit_sha", "sha"))
            if request["state"] == "merged" and request["target_branch"] == self.branch and self.commit in commits:
                return Merged(request["iid"], request["sha"])
        return None

    def plans(self, merged: Merged, artifact: str) -> Iterator[bytes]:
        """Of pipelines in this project: what a fork's pipelines leave, anybody may have made."""
        project = self.at.rpartition("/")[2]
        for pipeline in self.rest.pages(f"{self.at}/merge_requests/{merged.number}/pipelines"):
            if str(pipeline["project_id"]) != project:
                continue
            for job in self.rest.pages(f"{self.at}/pipelines/{pipeline['id']}/jobs?scope[]=success"):
                if job["name"] == artifact and job.get("artifacts_file"):
                    yield self.rest.download(f"{self.at}/jobs/{job['id']}/artifacts")

    def _number(self) -> int:
        if self.number is None:
            raise InputError("this pipeline is for no merge request: say its number by --number")
        return self.number

    def _of_note(self, answer: Any) -> str:
        return f"merge request {self._number()}, note {answer['id']}"


def _text(answer: Any) -> Text:
    return Text(str(answer["id"]), answer["body"] or "")


def _url(answer: Any) -> str:
    return str(answer["web_url"])
