"""A REST API with pages, as both code hosts have it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from headend.core.model.errors import CredentialsError, HeadendError

PAUSES = (2.0, 10.0)  # s before a request is sent again


class Rest:
    """Sends requests to one API. host: its name. advice: what to give a token that may not do something."""

    def __init__(
        self,
        host: str,
        base: str,
        headers: Mapping[str, str],
        advice: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host, self.base, self.advice, self.pause = host, base.rstrip("/"), advice, pause
        self.client = httpx.Client(headers=dict(headers), timeout=60, follow_redirects=True)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the answer says. Raises CredentialsError or HeadendError."""
        return self._answer(method, path, body).json()

    def download(self, path: str) -> bytes:
        return self._answer("GET", path).content

    def pages(self, path: str, of: str | None = None) -> Iterator[Any]:
        """The entries of a list, page by page. of: the key that they are under."""
        next_one: str | None = f"{path}{'&' if '?' in path else '?'}per_page=100"
        while next_one:
            answer = self._answer("GET", next_one)
            found = answer.json()
            yield from found[of] if of else found
            next_one = answer.links.get("next", {}).get("url")

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """path: below the base, or the whole address of a next page. What may be repeated is, a few times."""
        url = path if path.startswith(f"{self.base}/") else self.base + path
        for pause in (*PAUSES, None):
            try:
                answer = self.client.request(method, url, json=body)
                again = answer.status_code == 429 or (answer.status_code >= 500 and method != "POST")
                said = f"answered {answer.status_code}: {_message(answer)}"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                answer, said = None, type(error).__name__
                again = method != "POST" or isinstance(error, httpx.ConnectError)
            if not again or pause is None:
                break
            self.pause(pause)
        if answer is not None and answer.is_success:
            return answer
        told = f"{self.host}: {method} {path}: {said}"
        if answer is not None and answer.status_code in {401, 403}:
            raise CredentialsError(f"{told}; {self.advice}")
        raise HeadendError(told)


def _message(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    found = said.get("message") or said.get("error") if isinstance(said, dict) else ""
    return " ".join(str(found or "").split())[:300]
