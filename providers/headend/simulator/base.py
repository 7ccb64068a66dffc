"""What a simulated platform is: a wire table, parts that answer its operations, switches, and one JSON-like world."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Self, TypeVar, cast
from urllib.parse import unquote

from headend.core.model.frozen import frozen_dataclass
from headend.core.wire import operations
from headend.core.wire.operations import Operation
from headend.simulator.messages import Call, Handler, Refusal, Reply
from headend.simulator.table import Table

__all__ = ["CREDENTIALS", "Call", "PlatformSim", "Refusal", "Reply", "handles", "route"]

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

_WHOLE: dict[type[PlatformSim], type[PlatformSim]] = {}
F = TypeVar("F", bound=Callable[..., Awaitable[Reply]])


def handles(*keys: str, takes: Sequence[str] = ()) -> Callable[[F], F]:
    """Marks a method `async def x(self, call: Call) -> Reply` as the handler of these operations; more than one mark
    adds up. takes: the names of what a call may bring, for platforms that look at it before the handler does.
    """

    def mark(function: F) -> F:
        function.__dict__.setdefault("handles", {}).update(dict.fromkeys(keys, frozenset(takes)))
        return function

    return mark


@frozen_dataclass
class Route:
    """A row of the table, ready to match. `words`: how many segments are literal; more of them win (A-45). query: name
    there -> the place that it fills."""

    op: Operation
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    words: int
    query: Mapping[str, str]


def route(op: Operation) -> Route:
    """Compiles one row; a `?a={b}` part asks for the query parameter to be there."""
    path, _, query = op.path.partition("?")
    segments = path.split("/")
    names = tuple(re.findall(r"{([a-z_]+)}", path))
    pattern = re.sub(r"\\{[a-z_]+\\}", "([^/]+)", re.escape(path))
    wanted = {name: place.strip("{}") for name, _, place in (part.partition("=") for part in query.split("&") if part)}
    return Route(op, re.compile(pattern), names, sum("{" not in s for s in segments), wanted)


class Routes:
    """Rows of the table, found by how many segments a path has: no value holds a slash."""

    def __init__(self, rows: Iterable[Operation]) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for row in rows:
            length = row.path.partition("?")[0].count("/")
            self._by_length.setdefault(length, []).append(route(row))

    def matching(self, path: str) -> list[tuple[Route, re.Match[str]]]:
        routes = self._by_length.get(path.count("/"), ())
        return [(row, match) for row in routes if (match := row.pattern.fullmatch(path))]


class PlatformSim:
    """Base of a platform's simulator. The subclass with `name` says how the platform is spoken to; subclasses of it are
    its parts, each with some kinds. Making one makes all parts in headend.simulator together: nobody lists them.

    A part has methods marked with `handles`, tables (`table.Table`), and switches: name -> allowed values, the default
    first; a single value means that any other is allowed too.
    reads: keys of operations that change nothing although they aren't GET. secrets: names of keys, headers and
    query parameters whose values the journal masks. by_hand: switches for who calls by hand: they let pass what headend
    does only where it is told to.
    """

    name: ClassVar[str]
    table: ClassVar[operations.Table]
    switches: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    reads: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()
    by_hand: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        """Gathers the switches of all parts. An operation that the wire table lacks, or two methods for one, is a
        TypeError."""
        super().__init_subclass__(**more)
        own = [base.__dict__.get("switches", {}) for base in reversed(cls.__mro__)]
        cls.switches = {name: values for switches in own for name, values in switches.items()}
        known = getattr(cls, "table", {})
        for kind in _tables(cls):
            kind.operations(known)
        names: dict[str, str] = {}
        for name, keys in _handled(cls):
            for key in keys:
                if key not in known:
                    raise TypeError(f"{cls.__name__}.{name} handles {key!r}, which is no operation")
                if names.setdefault(key, name) != name:
                    raise TypeError(f"{cls.__name__}: both {names[key]} and {name} handle {key!r}")

    def __new__(cls, *args: Any, **more: Any) -> Self:
        """Of all parts together."""
        return cast(Self, object.__new__(_whole(cls)))

    def __init__(
        self, switches: Mapping[str, Any] | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.now = now
        self.published = b""  # a document of the API, for everybody to read
        self.world: dict[str, Any] = {"counters": {}}
        self._chosen = {name: values[0] for name, values in self.switches.items()}
        for name, value in (switches or {}).items():
            self.set_switch(name, value)
        self.handlers: dict[str, Handler] = {}
        self.takes: dict[str, frozenset[str]] = {}
        self.kinds: dict[str, Table[Any]] = {}
        for kind in _tables(type(self)):
            self.kinds[kind.world] = kind
            self.world[kind.world] = {}
            self.handlers |= kind.handlers(self)
        for name, keys in _handled(type(self)):
            self.handlers |= dict.fromkeys(keys, getattr(self, name))
            self.takes |= keys
        self.routes = Routes(self.served())
        self.populate()

    def serve(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Answers where the real platform may be found to answer: {operation: {path?, method?}} over the table."""
        told = {key: {"override_documented": True, **row} for key, row in rows.items()}
        self.routes = Routes(self.table.overridden(told).values())

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
    def served(self) -> Iterable[Operation]:
        """The rows that are there."""
        return self.table.values()

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
        hits = self.routes.matching(path)
        if not hits:
            return self.unknown_route(method, path)
        given = dict(reversed(query))  # of a name that is repeated, the first
        right = [(r, m) for r, m in hits if r.op.method == method and given.keys() >= r.query.keys()]
        if not right:
            return self.wrong_method(method, path, [r.op.method for r, _ in hits])
        # of equal paths the row with a handler, then the one that asks for more of the query
        best, found = max(right, key=lambda hit: (hit[0].words, hit[0].op.key in self.handlers, len(hit[0].query)))
        values = (unquote(value) for value in found.groups())
        asked = {place: given[name] for name, place in best.query.items()}
        return best.op, dict(zip(best.names, values, strict=True)) | asked

    def is_write(self, op: Operation) -> bool:
        """Whether the operation changes the platform; logins and switches of scope don't count."""
        return op.nature not in {"GET", "HEAD"} and not op.key.startswith("session.") and op.key not in self.reads


def _tables(cls: type[PlatformSim]) -> list[Table[Any]]:
    attributes = (getattr(cls, name) for name in dir(cls))
    return [value for value in attributes if isinstance(value, Table)]


def _handled(cls: type[PlatformSim]) -> Iterator[tuple[str, Mapping[str, frozenset[str]]]]:
    """The methods that are handlers, each with its operations and what these take."""
    for name in dir(cls):
        if keys := getattr(getattr(cls, name), "handles", None):
            yield name, keys


def _whole(cls: type[PlatformSim]) -> type[PlatformSim]:
    """The class of all parts of a platform's simulator; a class without parts is whole by itself."""
    _import_all()
    if cls in _WHOLE:
        return _WHOLE[cls]
    parts = [part for part in dict.fromkeys(_subclasses(cls)) if not any(True for _ in _subclasses(part))]
    if not parts:
        return cls
    parts.sort(key=lambda part: (part.__module__, part.__name__))
    made = type(cls.__name__, tuple(parts), {"__doc__": cls.__doc__})
    if lost := set().union(*map(_served, parts)) - _served(made):
        raise TypeError(f"{cls.__name__}: two parts use one name, for {', '.join(sorted(lost))}")
    return _WHOLE.setdefault(cls, made)


def _served(cls: type[PlatformSim]) -> set[str]:
    """The operations that have a method, and the nouns that have a table."""
    return {key for _, keys in _handled(cls) for key in keys} | {kind.noun for kind in _tables(cls)}


def _subclasses(cls: type[PlatformSim]) -> Iterator[type[PlatformSim]]:
    """Those in headend.simulator, at any depth."""
    for part in cls.__subclasses__():
        if part.__module__.startswith(f"{__package__}."):
            yield part
            yield from _subclasses(part)


@functools.cache
def _import_all() -> None:
    package = importlib.import_module(str(__package__))
    for info in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{info.name}")


def discover() -> list[type[PlatformSim]]:
    """The simulators of all platforms, by name."""
    _import_all()
    found = {cls.name: _whole(cls) for cls in _subclasses(PlatformSim) if "name" in cls.__dict__}
    return [found[name] for name in sorted(found)]
