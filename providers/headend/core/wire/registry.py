"""Finds the platforms and what they register, and imports nothing of one before it is asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

import headend
from headend.core.model import kind as kind_module
from headend.core.model import lookup as lookup_module
from headend.core.model.fields import Mark, Secret, mark
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind
from headend.core.model.lookup import Lookup
from headend.core.model.options import Duration

if TYPE_CHECKING:
    from headend.core.model.verbs import Verb
    from headend.core.wire.operations import Operation, Table


@frozen_dataclass
class Env(Mark):
    """The environment variable that a connection setting is read from."""

    variable: str


class Settings(BaseModel):
    """Connection settings of a platform. Fields marked Secret may not stand in a stack file; each carries Env. Those of
    every platform stand here.

    needs: groups of fields, of each of which at least one must be given. None: every field without a default.
    place: fields that tell the platform's customers apart, as far as ids of their objects may be alike.
    """

    place: ClassVar[tuple[str, ...]] = ("url",)

    needs: ClassVar[tuple[tuple[str, ...], ...] | None] = None
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True, defer_build=True)

    max_rps: Annotated[
        float | None,
        Env("HEADEND_MAX_RPS"),
        Field(gt=0, allow_inf_nan=False, description="requests a second, at most; else as many as the host takes"),
    ] = None
    patience: Annotated[
        Duration, Env("HEADEND_PATIENCE"), Field(description="how long too many requests (429) are waited out")
    ] = timedelta(minutes=15)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    __str__ = __repr__


@frozen_dataclass
class Platform:
    """name: key in stack files. connect(settings, client): the typed API client over an open transport client
    (`headend.core.wire.client.Client`).

    Any row of the table can be called: `await invoke(api, operation, request, scope)` sends a
    `headend.core.wire.invoke.Request` with the platform's credentials and encoding, and returns its answer (status,
    body, content, headers).
    turn_page(operation, request, answer): what the query of the next page has more, None after the last one.
    find_scope(api, name or id): what `invoke` takes as its scope; None where a platform has no environments.
    examine(api): findings of a comparison of the table with a real tenant, where the table is mostly assumed.
    filled: places of paths that the client fills itself. hidden: names under which answers hold secrets.
    verbs: commands of the platform's own.
    probe: an operation that takes nothing, reads little, and succeeds only with a login; "" where there is none.
    rows(operation, body): what a table of an answer shows, where that isn't just its list; None where it is.
    words: noun of the table -> what else a document of the platform may call it.
    not_managed: what the API can do and no kind of the platform manages -> why, for the reference.
    """

    name: str
    title: str
    settings: type[Settings]
    connect: Callable[..., Any]
    table: Table
    invoke: Callable[..., Awaitable[Any]]
    turn_page: Callable[[Operation, Any, Any], Mapping[str, str] | None] = lambda operation, request, answer: None
    find_scope: Callable[[Any, str], Awaitable[str]] | None = None
    examine: Callable[[Any], Awaitable[Any]] | None = None
    filled: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    verbs: tuple[Verb, ...] = ()
    probe: str = ""
    rows: Callable[[Operation, Any], list[dict[str, Any]] | None] = lambda operation, body: None
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    not_managed: Mapping[str, str] = field(default_factory=dict)


def misplaced(platform: str, settings: type[Settings], name: str) -> Problem | None:
    """Why a setting of that name can't stand under `connections:` in a stack file; None if it can."""
    if name not in settings.model_fields:
        meant = suggest_name(name, settings.model_fields)
        return Problem(f"connections.{platform}: unknown setting {name!r}", remedy=meant)
    if mark(settings, name, Secret):
        variable = variable_of(settings, name)
        what = f"connections.{platform}.{name} is a secret, which no stack file may hold"
        return Problem(what, remedy=f"set {variable} instead" if variable else None)
    return None


def suggest_name(word: str, known: Iterable[str]) -> str:
    """What was probably meant, else all that there is."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"


def variable_of(settings: type[Settings], name: str) -> str:
    """The environment variable of a setting; "" where it has none."""
    found = mark(settings, name, Env)
    return found.variable if found else ""


class _Platforms(Mapping[str, Platform]):
    """Every subpackage of headend that has a module `platform`, by its name."""

    @functools.cached_property
    def _names(self) -> tuple[str, ...]:
        packages = (info.name for info in pkgutil.iter_modules(headend.__path__) if info.ispkg)
        return tuple(
            name for name in packages if name not in {"core", "cli", "pipelines", "pulumi", "reports", "simulator"}
        )

    def __getitem__(self, name: str) -> Platform:
        if name not in self._names:
            raise KeyError(name)
        found: Platform = importlib.import_module(f"headend.{name}.platform").PLATFORM
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


T = TypeVar("T")


class _Registered(Mapping[str, T]):
    """What platforms register, by names that begin with the platform's; each is imported when it is asked for.

    registered: what is imported already. table: the name of a platform's {name: module} of what it has.
    """

    def __init__(self, registered: Mapping[str, T], table: str) -> None:
        self._registered, self._table = registered, table

    def _modules(self, platform: str) -> Mapping[str, str]:
        found: Mapping[str, str] = getattr(importlib.import_module(f"headend.{platform}"), self._table, {})
        return found

    def __getitem__(self, name: str) -> T:
        if name not in self._registered and (platform := name.partition(".")[0]) in platforms():
            importlib.import_module(f"headend.{platform}.{self._modules(platform)[name]}")
        return self._registered[name]

    def __iter__(self) -> Iterator[str]:
        to_come = (name for platform in platforms() for name in self._modules(platform))
        return iter(sorted({*self._registered, *to_come}))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def in_order(self, platform: str) -> list[str]:
        """The platform's, in the order of its table; then what else is registered of it."""
        table = self._modules(platform) if platform in platforms() else ()
        others = sorted(name for name in self._registered if name.partition(".")[0] == platform)
        return list(dict.fromkeys([*table, *others]))


_platforms = _Platforms()
_kinds = _Registered(kind_module.kinds, "KINDS")
_lookups = _Registered(lookup_module.lookups, "LOOKUPS")


def platforms() -> Mapping[str, Platform]:
    """All platforms by name. How one is called is imported when it is first asked for; its name is known before."""
    return _platforms


def kinds() -> Mapping[str, Kind[Any, Any]]:
    """All kinds by name, e.g. "ateme.input"; one is imported when it is first asked for, all names are known before."""
    return _kinds


def in_order(platform: str) -> list[str]:
    """The names of a platform's kinds, in the order of stack files: what others refer to first."""
    return _kinds.in_order(platform)


def lookups() -> Mapping[str, Lookup[Any]]:
    """All lookups, like `kinds`."""
    return _lookups


def kinds_of(names: Container[str]) -> dict[str, Kind[Any, Any]]:
    """The kinds of the platforms among the names. No other platform's are imported."""
    return {name: kinds()[name] for name in kinds() if name.partition(".")[0] in names}
