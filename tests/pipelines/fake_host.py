"""GitHub and GitLab, as far as pipelines ask them: their REST APIs, strict about tokens, with pages of two."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "token-of-this-run"
PAGE = 2  # so that what is looked for is on a later page


def archive(folder: Path, root: Path | None = None) -> bytes:
    """A zip of all files in the folder, named as seen from root."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            opened.write(file, file.relative_to(root or folder))
    return packed.getvalue()


def paged(request: Request, rows: Iterable[Any], of: str | None = None) -> Response:
    """A page, and the link to the next one."""
    rows, page = list(rows), int(request.query_params.get("page", 1))
    shown = rows[(page - 1) * PAGE : page * PAGE]
    more = str(request.url.include_query_params(page=page + 1))
    headers = {"Link": f'<{more}>; rel="next"'} if page * PAGE < len(rows) else {}
    return JSONResponse({of: shown} if of else shown, headers=headers)


@dataclass
class FakeHost:
    """What both have. comments: by number of the pull request. requests: method and path of all that were sent."""

    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: itertools.count(100))

    def guarded(self, work: Callable[[Request, Any], Any], header: str, wanted: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            called = f"{request.method} {request.url.path}"
            self.requests.append(called)
            if request.headers.get(header) != wanted or called in self.refuse:
                return JSONResponse({"message": "Resource not accessible"}, 403)
            body = await request.json() if request.method in {"POST", "PATCH", "PUT"} else None
            try:
                found = work(request, body)
            except LookupError:
                return JSONResponse({"message": "Not Found"}, 404)
            return found if isinstance(found, Response) else JSONResponse(found)

        return answer

    def of(self, number: str) -> list[dict[str, Any]]:
        return self.comments.setdefault(int(number), [])

    def open_ones(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue["state"] in {"open", "opened"}]


def one(rows: Iterable[dict[str, Any]], name: str, value: str) -> dict[str, Any]:
    (row,) = [row for row in rows if str(row[name]) == value]
    return row


@dataclass
class FakeGitHub(FakeHost):
    """pulls: of a commit. runs: those of workflows, the last one first."""

    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        at = "/repos/team/stacks"
        rows: list[tuple[str, str, Callable[[Request, Any], Any]]] = [
            ("GET", "/issues/{number}/comments", lambda r, b: paged(r, self.of(r.path_params["number"]))),
            ("POST", "/issues/{number}/comments", self.add_comment),
            ("PATCH", "/issues/comments/{id}", self.change_comment),
            ("GET", "/issues", lambda r, b: paged(r, self.open_ones())),
            ("POST", "/issues", self.add_issue),
            ("PATCH", "/issues/{number}", self.change_issue),
            ("GET", "/commits/{sha}/pulls", lambda r, b: paged(r, self.pulls.get(r.path_params["sha"], []))),
            ("GET", "/actions/runs", self.list_runs),
            ("GET", "/actions/runs/{id}/artifacts", self.list_artifacts),
            ("GET", "/actions/artifacts/{id}/zip", lambda r, b: Response(self.artifacts[r.path_params["id"]])),
        ]
        routes = [
            Route(at + path, self.guarded(work, "authorization", f"Bearer {TOKEN}"), methods=[method])
            for method, path, work in rows
        ]
        return Starlette(routes=routes)

    def add_comment(self, request: Request, body: Any) -> Any:
        number = request.path_params["number"]
        made = {"id": next(self.ids), "body": body["body"], "html_url": f"https://github.example/pull/{number}"}
        self.of(number).append(made)
        return made

    def change_comment(self, request: Request, body: Any) -> Any:
        found = one(itertools.chain(*self.comments.values()), "id", request.path_params["id"])
        found["body"] = body["body"]
        return found

    def add_issue(self, request: Request, body: Any) -> Any:
        number = next(self.ids)
        made = {"number": number, "state": "open", "html_url": f"https://github.example/issues/{number}", **body}
        self.issues.append(made)
        return made

    def change_issue(self, request: Request, body: Any) -> Any:
        found = one(self.issues, "number", request.path_params["number"])
        found.update(body)
        return found

    def list_runs(self, request: Request, body: Any) -> Any:
        asked = request.query_params
        shown = [
            run
            for run in self.runs
            if (run["event"], run["conclusion"], run["head_sha"])
            == (asked["event"], asked["status"], asked["head_sha"])
        ]
        return paged(request, shown, "workflow_runs")

    def list_artifacts(self, request: Request, body: Any) -> Any:
        run = one(self.runs, "id", request.path_params["id"])
        shown = [a for a in run["artifacts"] if a["name"] == request.query_params["name"]]
        return paged(request, shown, "artifacts")


@dataclass
class FakeGitLab(FakeHost):
    """requests_of: merge requests of a commit. pipelines: of a merge request, the last one first, with their jobs."""

    requests_of: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pipelines: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        rows: list[tuple[str, str, Callable[[Request, Any], Any]]] = [
            ("GET", "/merge_requests/{number}/notes", lambda r, b: paged(r, self.of(r.path_params["number"]))),
            ("POST", "/merge_requests/{number}/notes", self.add_note),
            ("PUT", "/merge_requests/{number}/notes/{id}", self.change_note),
            ("GET", "/issues", lambda r, b: paged(r, self.open_ones())),
            ("POST", "/issues", self.add_issue),
            ("PUT", "/issues/{iid}", self.change_issue),
            ("POST", "/issues/{number}/notes", self.add_note),
            ("GET", "/repository/commits/{sha}/merge_requests", self.list_requests),
            ("GET", "/merge_requests/{number}/pipelines", self.list_pipelines),
            ("GET", "/pipelines/{id}/jobs", self.list_jobs),
            ("GET", "/jobs/{id}/artifacts", lambda r, b: Response(self.artifacts[r.path_params["id"]])),
        ]
        routes = [
            Route("/api/v4/projects/7" + path, self.guarded(work, "private-token", TOKEN), methods=[method])
            for method, path, work in rows
        ]
        return Starlette(routes=routes)

    def add_note(self, request: Request, body: Any) -> Any:
        made = {"id": next(self.ids), "body": body["body"]}
        self.of(request.path_params["number"]).append(made)
        return made

    def change_note(self, request: Request, body: Any) -> Any:
        found = one(self.of(request.path_params["number"]), "id", request.path_params["id"])
        found["body"] = body["body"]
        return found

    def add_issue(self, request: Request, body: Any) -> Any:
        iid = next(self.ids)
        made = {"iid": iid, "state": "opened", "web_url": f"https://gitlab.example/issues/{iid}", **body}
        self.issues.append(made)
        return made

    def change_issue(self, request: Request, body: Any) -> Any:
        found = one(self.issues, "iid", request.path_params["iid"])
        if body.pop("state_event", "") == "close":
            found["state"] = "closed"
        found.update(body)
        return found

    def list_requests(self, request: Request, body: Any) -> Any:
        return paged(request, self.requests_of.get(request.path_params["sha"], []))

    def list_pipelines(self, request: Request, body: Any) -> Any:
        shown = self.pipelines.get(int(request.path_params["number"]), [])
        return paged(request, [{"id": one["id"], "project_id": one["project_id"]} for one in shown])

    def list_jobs(self, request: Request, body: Any) -> Any:
        pipeline = one(itertools.chain(*self.pipelines.values()), "id", request.path_params["id"])
        return paged(request, [j for j in pipeline["jobs"] if j["status"] == request.query_params["scope[]"]])
