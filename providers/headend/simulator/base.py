"""What a simulated platform is: a wire table, handlers by the table's keys, switches, and one JSON-like world."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote

from headend.core.wire.operations import Operation, Table

CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "ateme": {
        "HEADEND_ATEME_EMAIL": "noc@example.com",
        "HEADEND_ATEME_PASSWORD": "simulated-password",
        "HEADEND_ATEME_ORGANISATION": "org-1",
    },
    "mycujoo": {"HEADEND_MYCUJOO_API_KEY": "simulated-mycujoo-key"},
    "straas": {"HEADEND_STRAAS_UID": "simulated-uid", "HEADEND_STRAAS_SECRET": "simulated-straas-secret"},
    "rights_locker": {
        "HEADEND_RIGHTS_LOCKER_PCODE": "simulated-pcode",
        "HEADEND_RIGHTS_LOCKER_API_KEY": "simulated-pcode.key01",
        "HEADEND_RIGHTS_LOCKER_API_SECRET": "simulated-locker-secret",
    },
}
"""platform -> {environment variable: value} that its simulator accepts; made up, and good for nothing else."""


@dataclass
class Call:
    """One request, routed. `path`: decoded values of the path's {names}. `body`: decoded JSON or form, None when
    empty. `files`: field -> (name, content) of a multipart body.
    `state`: what `authenticate` found (who, in which scope); "scope" in it goes into the journal."""

    op: Operation
    path: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    raw: bytes
    headers: Mapping[str, str]
    method: str
    url_path: str
    state: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def q(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)


@dataclass
class Reply:
    """An answer. A body of None is empty; str and bytes go out as they are, everything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


class Refusal(Exception):
    """Raised by a handler to answer at once."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.reply = Reply(status, body, headers or {})


Handler = Callable[[Call], Awaitable[Reply]]
F = TypeVar("F", bound=Callable[..., Awaitable[Reply]])


def handles(*keys: str) -> Callable[[F], F]:
    """Marks a method `async def x(self, call: Call) -> Reply` as the handler of these rows of the table."""

    def mark(function: F) -> F:
        function.__dict__["handles"] = keys
        return function

    return mark


@dataclass(frozen=True)
class Route:
    """A row of the table, ready to match. `words`: how many segments are literal; more of them win (A-45)."""

    op: Operation
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    words: int
    query: tuple[str, ...]


def route(op: Operation) -> Route:
    """Compiles one row; a `?a={b}` part asks for the query parameter to be there."""
    path, _, query = op.path.partition("?")
    segments = path.split("/")
    names = tuple(re.findall(r"{([a-z_]+)}", path))
    pattern = re.sub(r"\\{[a-z_]+\\}", "([^/]+)", re.escape(path))
    wanted = tuple(part.partition("=")[0] for part in query.split("&") if part)
    return Route(op, re.compile(pattern), names, sum("{" not in s for s in segments), wanted)


class PlatformSim:
    """Base of a platform's simulator; a subclass with `name` in headend.simulator.* is found by itself.

    switches: name -> allowed values, the default first; a single value means that any other is allowed too.
    reads: keys of operations that change nothing although they aren't GET. secrets: names of keys, headers and
    query parameters whose values the journal masks.
    """

    name: ClassVar[str]
    table: ClassVar[Table]
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    reads: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, switches: Mapping[str, Any] | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.now = now
        self.world: dict[str, Any] = {"counters": {}}
        self._chosen = {name: values[0] for name, values in self.switches.items()}
        for name, value in (switches or {}).items():
            self.set_switch(name, value)
        self.handlers: dict[str, Handler] = {}
        for attribute in dir(type(self)):
            for key in getattr(getattr(type(self), attribute), "handles", ()):
                self.handlers[key] = getattr(self, attribute)
        self.routes = [route(op) for op in self.table.values()]
        self.populate()

    def serve(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Answers where the real platform may be found to answer: {operation: {path?, method?}} over the table."""
        told = {key: {"override_documented": True, **row} for key, row in rows.items()}
        self.routes = [route(op) for op in self.table.overridden(told).values()]

    def populate(self) -> None:
        """Fills a new world with what exists before anyone calls; `self.world` keeps its "counters"."""

    @property
    def prefix(self) -> str:
        """First segment of the URL."""
        return self.name.replace("_", "-")

    @property
    def credentials(self) -> Mapping[str, str]:
        """{environment variable: value} of credentials that this simulator accepts."""
        return CREDENTIALS.get(self.name, {})

    def switch(self, name: str) -> Any:
        """The value of a switch."""
        return self._chosen[name]

    def set_switch(self, name: str, value: Any) -> None:
        """Sets a switch, also in the middle of a run. Raises ValueError for an unknown name or value."""
        if name not in self.switches:
            raise ValueError(f"{self.name}: no switch {name!r}; there are: {', '.join(sorted(self.switches))}")
        allowed = self.switches[name]
        if len(allowed) > 1 and value not in allowed:
            raise ValueError(f"{self.name}: switch {name!r} takes {', '.join(map(repr, allowed))}, not {value!r}")
        self._chosen[name] = value

    def new_id(self, prefix: str) -> str:
        """`prefix-1`, `prefix-2`, ...; the counter is part of the world."""
        counters = self.world["counters"]
        counters[prefix] = counters.get(prefix, 0) + 1
        return f"{prefix}-{counters[prefix]}"

    # --- what platforms override ---------------------------------------------------------------------------
    async def authenticate(self, call: Call) -> Reply | None:
        """Looks at the credentials; fills `call.state`. A Reply refuses the call."""
        return None

    def unknown_route(self, method: str, path: str) -> Reply:
        """No such path."""
        return Reply(404, {"message": f"no such path: {path}"})

    def wrong_method(self, method: str, path: str, allowed: Sequence[str]) -> Reply:
        """The path exists, but not with this verb."""
        return Reply(405, {"message": f"{method} is not allowed here"}, {"Allow": ", ".join(sorted(set(allowed)))})

    def bad_body(self, call: Call, why: str) -> Reply:
        """The body can't be decoded."""
        return Reply(400, {"message": why})

    def fault_body(self, status: int) -> Any:
        """Body of an injected failure that was given none."""
        return {"message": f"injected failure {status}"}

    # --- routing ---------------------------------------------------------------------------------------------
    def match(
        self, method: str, path: str, query: Sequence[tuple[str, str]]
    ) -> tuple[Operation, dict[str, str]] | Reply:
        """The row for a request (path still percent-encoded) and its path values, or the refusal."""
        hits = [(r, m) for r in self.routes if (m := r.pattern.fullmatch(path))]
        if not hits:
            return self.unknown_route(method, path)
        given = {name for name, _ in query}
        right = [(r, m) for r, m in hits if r.op.method == method and given.issuperset(r.query)]
        if not right:
            return self.wrong_method(method, path, [r.op.method for r, _ in hits])
        # of equal paths the row with a handler, then the one that asks for more of the query
        best, found = max(right, key=lambda hit: (hit[0].words, hit[0].op.key in self.handlers, len(hit[0].query)))
        values = (unquote(value) for value in found.groups())
        return best.op, dict(zip(best.names, values, strict=True))

    def is_write(self, op: Operation) -> bool:
        """Whether the operation changes the platform; logins and switches of scope don't count."""
        return op.method not in {"GET", "HEAD"} and not op.key.startswith("session.") and op.key not in self.reads
