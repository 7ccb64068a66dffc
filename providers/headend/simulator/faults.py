"""Faults: what goes wrong with calls of an operation, when, and how often.

Tests plant them with `Simulator.fail`, and others over HTTP: both mean the same `Fault`.
"""

from __future__ import annotations

import copy
import difflib
import fnmatch
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, field_validator, model_validator

from headend.simulator.json_patch import PatchError, Step, patched
from headend.simulator.messages import Reply, encode

_COUNTED = {"content-length", "transfer-encoding", "connection"}
_BODIES = ("body", "text", "raw")
Change = Callable[[Any], Any]


class Fault(BaseModel):
    """What goes wrong with calls of an operation.

    With `status`, `body`, `text` or `raw` this is the answer, and the call is not carried out, unless `handled`.
    Without them the call is carried out, and its true answer goes out with what `patch`, `truncate` and `headers` do
    to it. Either may come late (`delay`), or not at all (`drop`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str = Field(
        min_length=1,
        description="key of the operation, e.g. input.create.srt_push, or a pattern (input.*); "
        "a platform and a colon may stand before it (ateme:input.*)",
    )
    first: int = Field(1, ge=1, strict=True, description="which of the operation's calls from now on is the first hit")
    times: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        1, description="how many calls are hit; null: all from then on"
    )
    status: Annotated[int, Field(ge=200, le=599, strict=True)] | None = Field(
        None, description="HTTP status of the answer; with a body alone it is 200"
    )
    headers: dict[str, str] = Field(default_factory=dict, description="headers of the answer, over those it has")
    body: Any = Field(
        None, description="body of the answer, as JSON; by default the platform's own words for the status"
    )
    text: str | None = Field(None, description="body of the answer as it goes out, e.g. an HTML page, or half a JSON")
    raw: Base64Bytes | None = Field(None, description="body of the answer as bytes that are no text, in base64")
    handled: bool = Field(
        False, strict=True, description="the call is carried out before `status` or a body is answered"
    )
    patch: tuple[Step, ...] = Field((), description="changes to the true answer (JSON Patch, RFC 6902)")
    truncate: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="the body ends after so many bytes; what came counts as whole, but for `drop: during`"
    )
    drop: Literal["before", "during", "after"] | None = Field(
        None,
        description="the connection is lost: before the call is carried out, during its answer, or before the answer",
    )
    delay: float = Field(0.0, ge=0, le=3600, allow_inf_nan=False, description="seconds before the answer, or the loss")

    @field_validator("headers")
    @classmethod
    def _sendable(cls, given: dict[str, str]) -> dict[str, str]:
        for name, value in given.items():
            if not name or not name.isascii() or not all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in name):
                raise ValueError(f"{name!r} is no name of a header")
            if not value.isascii() or not all(c.isprintable() or c == "\t" for c in value):
                raise ValueError(f"{name}: a header holds printable ASCII only")
            if name.lower() in _COUNTED:
                raise ValueError(f"{name}: the simulator writes this header; `truncate` and `drop` break answers off")
        return given

    @model_validator(mode="after")
    def _agrees(self) -> Fault:
        bodies = [name for name in _BODIES if name in self.model_fields_set]
        if len(bodies) > 1:
            raise ValueError(f"{' and '.join(bodies)}: an answer has one body")
        if self.handled and not self.replaces:
            raise ValueError("handled: only with status, body, text or raw; else a call is carried out anyway")
        if self.patch and self.replaces:
            raise ValueError("patch changes the true answer; status, body, text and raw stand in its place")
        if self.status in {204, 304} and bodies and self.content():
            raise ValueError(f"status {self.status}: such an answer has no body")
        if self.drop in {"before", "after"} and (self.replaces or self.patch or self.truncate is not None):
            raise ValueError(f"drop {self.drop}: no answer comes, so nothing else can be said of it")
        return self

    @property
    def replaces(self) -> bool:
        """Whether the true answer doesn't go out."""
        return self.status is not None or any(name in self.model_fields_set for name in _BODIES)

    def content(self) -> Any:
        """The body as a Reply takes it, where one is given."""
        if "raw" in self.model_fields_set:
            return self.raw
        if "text" in self.model_fields_set:
            return (self.text or "").encode()
        return json.dumps(self.body).encode()

    def reply(self, by_default: Callable[[int], Any]) -> Reply:
        """The answer that stands in the place of the true one. by_default: the platform's body for a status."""
        status = 200 if self.status is None else self.status
        given = any(name in self.model_fields_set for name in _BODIES)
        body = self.content() if given else None if status in {204, 304} else by_default(status)
        return Reply(status, body, self.headers)

    def shape(self, reply: Reply, change: Change | None = None) -> Reply:
        """The answer as it goes out. change: made to a true answer that is JSON, beside `patch`.

        A patch that doesn't fit the answer is a mistake of who planted it, which an answer 500 tells.
        """
        if not self.replaces and (self.patch or change or self.headers):
            body, headers = copy.deepcopy(reply.body), {**reply.headers, **self.headers}
            if self.patch or change:
                body = json.loads(body) if isinstance(body, bytes) and body else body
                try:
                    body = patched(body, self.patch)
                except PatchError as error:
                    why = f"a fault's patch doesn't fit the answer to {self.operation}: {error}"
                    return Reply(500, {"message": why})
                body = change(body) if change else body
            reply = Reply(reply.status, body, headers, reply.media)
        if self.truncate is not None:
            content, _ = encode(reply)
            reply = Reply(reply.status, content[: self.truncate], reply.headers, reply.media)
        return reply


@dataclass
class Planted:
    """A fault in place. seen, hits: calls that it was asked about, and those that it hit."""

    id: str
    fault: Fault
    change: Change | None = None
    seen: int = 0
    hits: int = 0

    @property
    def left(self) -> int | None:
        """How many calls it will still hit; None: all."""
        return None if self.fault.times is None else self.fault.times - self.hits

    def means(self, names: Collection[str]) -> bool:
        return any(fnmatch.fnmatchcase(name, self.fault.operation) for name in names)


@dataclass
class Faults:
    """All faults of a simulator, in the order in which they were planted: the first that is due hits a call.

    known: platform -> its operations' keys. A fault that can hit none of them is refused.
    """

    known: Mapping[str, Collection[str]]
    planted: list[Planted] = field(default_factory=list)
    _made: int = 0

    def __iter__(self) -> Iterator[Planted]:
        return iter(self.planted)

    def add(self, fault: Fault, change: Change | None = None) -> Planted:
        """Plants it. Raises ValueError if no operation has that name."""
        one = Planted(f"fault-{self._made + 1}", fault, change)
        names = {key: _names(platform, key) for platform, keys in self.known.items() for key in keys}
        if not any(one.means(each) for each in names.values()):
            near = difflib.get_close_matches(fault.operation.rpartition(":")[2], names, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else "; `headend api PLATFORM --list` names them"
            raise ValueError(f"no operation is called {fault.operation!r}{meant}")
        self._made += 1
        self.planted.append(one)
        return one

    def remove(self, id: str) -> None:
        """Takes it away. Raises KeyError for one that isn't there."""
        for one in self.planted:
            if one.id == id:
                self.planted.remove(one)
                return
        raise KeyError(id)

    def clear(self) -> None:
        self.planted.clear()

    def hit(self, platform: str, key: str) -> Planted | None:
        """The fault that this call runs into, counted."""
        names = _names(platform, key)
        asked = [one for one in self.planted if one.left != 0 and one.means(names)]
        for one in asked:
            one.seen += 1
        due = next((one for one in asked if one.seen >= one.fault.first), None)
        if due is not None:
            due.hits += 1
        return due


def _names(platform: str, key: str) -> tuple[str, str]:
    return key, f"{platform}:{key}"
