"""The platforms' APIs of one run: settings from environment, stack file and Pulumi config; each opened on first use."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, get_origin
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from headend.core.model.errors import CredentialsError, InputError
from headend.core.model.fields import Secret, mark
from headend.core.model.findings import Problem
from headend.core.wire import registry
from headend.core.wire.client import Client, Limit
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import Platform, Settings, variable_of
from headend.core.wire.requests import checked_url

Also = Callable[[str, str, bool], str]


class Session:
    """`await session("ateme")` is the API of a platform, opened once and shared. Closes what it opened."""

    def __init__(
        self,
        stack_connections: Mapping[str, Mapping[str, Any]],
        env: Mapping[str, str],
        *,
        redactor: Redactor,
        transports: Mapping[str, httpx.AsyncBaseTransport] = {},
        parallelism: int = 16,
        extra: Mapping[str, Mapping[str, Any]] = {},
        platforms: Mapping[str, Platform] | None = None,
        also: Also | None = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        """stack_connections, extra: platform -> {setting: value}, from the stack file's `connections:` and from
        Pulumi's config. The environment comes first, then the stack file, then extra. transports: platform -> what
        stands in for the network. parallelism: requests in flight per host. platforms: other than the registered ones.
        also: one more way to give a setting, for errors: of (platform, setting, whether it is secret).
        tell: takes a line about a host that is waited for.

        No request is made and no connection opened. Raises InputError for an unknown platform or setting, and for a
        secret in the stack file.
        """
        self._platforms = registry.platforms() if platforms is None else platforms
        if problems := [p for name, given in stack_connections.items() for p in self._misplaced(name, given)]:
            raise InputError(problems)
        self.redactor = redactor
        self.clients: dict[str, Client] = {}
        self._sources = (env, stack_connections, extra)
        self._transports = transports
        self._parallelism = parallelism
        self._also = also
        self._tell = tell
        self._limits: dict[object, Limit] = {}
        self._settings: dict[str, Settings] = {}
        self._apis: dict[str, Any] = {}
        self._looks_only = False

    def __repr__(self) -> str:
        return f"Session({', '.join(sorted(self._apis))})"

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def look_anew(self) -> None:
        """For who only reads: all that was read is forgotten, and from now on each read is made once, until the next
        call of this."""
        self._looks_only = True
        for client in self.clients.values():
            client.reads.held = False
            client.reads.drop()
            client.reads.held = True

    def stop_waiting(self) -> None:
        """No host that gets too many requests is waited for any longer."""
        for limit in self._limits.values():
            limit.stop_waiting()

    async def aclose(self) -> None:
        """Closes every API and connection, all of them even if one fails; may be called twice."""
        async with contextlib.AsyncExitStack() as closing:
            for client in self.clients.values():
                closing.push_async_callback(client.aclose)
            for api in self._apis.values():
                if hasattr(api, "aclose"):
                    closing.push_async_callback(api.aclose)
            self._apis, self.clients = {}, {}

    async def __call__(self, platform: str) -> Any:
        """The platform's API. Raises CredentialsError or InputError as `check` does; makes no request."""
        if platform not in self._apis:
            self.check([platform])
            settings = self.settings(platform)
            self._apis[platform] = self._platforms[platform].connect(settings, self._client(platform, settings))
        return self._apis[platform]

    def check(self, platforms: Iterable[str]) -> None:
        """Raises CredentialsError naming all that is missing, with the variables to set; InputError for bad values."""
        if problems := self.missing(platforms):
            raise CredentialsError(*map(str, problems))

    def missing(self, platforms: Iterable[str]) -> list[Problem]:
        """One problem for each setting that is needed and not given, with the variable to set; no request is made.

        Raises InputError for settings with values that can't be used (all of them at once).
        """
        found: list[Problem] = []
        wrong: list[Problem] = []
        for name in sorted(set(platforms)):
            platform = self._platforms[name]
            given = self._given(platform)
            lacking = [group for group in _needs(platform.settings) if not any(field in given for field in group)]
            found += [_lack(platform, group, self._also) for group in lacking]
            absent = {field for group in lacking for field in group}
            try:
                self._settings[name] = platform.settings(**given)
            except ValidationError as error:
                wrong += self._wrong(platform, error, absent)
        if wrong:
            raise InputError(wrong)
        return found

    def settings(self, platform: str) -> Settings:
        """The platform's settings. Raises as `check` does."""
        if platform not in self._settings:
            self.check([platform])
        return self._settings[platform]

    def place(self, platform: str) -> str:
        """Tells where the objects of the platform are, without saying it. Raises as `check` does."""
        settings = self.settings(platform)
        text = json.dumps([str(getattr(settings, field)).rstrip("/") for field in settings.place])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def told(self, platform: str, setting: str) -> Any:
        """One setting as it was given, else its default, whatever else is missing. No request is made."""
        found = self._platforms[platform]
        default = found.settings.model_fields[setting].get_default(call_default_factory=True)
        value = self._given(found).get(setting, default)
        return None if value is PydanticUndefined else value

    def _misplaced(self, name: str, given: Iterable[str]) -> list[Problem]:
        if name not in self._platforms:
            meant = registry.suggest_name(name, self._platforms)
            return [Problem(f"connections: unknown platform {name!r}", remedy=meant)]
        settings = self._platforms[name].settings
        return [problem for field in given if (problem := registry.misplaced(name, settings, field))]

    def _given(self, platform: Platform) -> dict[str, Any]:
        """The settings that anyone gave, the environment before the stack file before Pulumi's config."""
        env, stack, extra = self._sources
        both = {**extra.get(platform.name, {}), **stack.get(platform.name, {})}
        fields = platform.settings.model_fields
        given = {n: _parsed(v, fields[n].annotation) if n in fields else v for n, v in both.items() if v is not None}
        for field in fields:
            variable = variable_of(platform.settings, field)
            if variable and (value := env.get(variable, "").strip("\r\n")):
                # An empty variable counts as absent: CI systems set those for unset secrets.
                given[field] = _parsed(value, fields[field].annotation)
            if mark(platform.settings, field, Secret) and isinstance(given.get(field), str):
                self.redactor.add(given[field])
        return given

    def _wrong(self, platform: Platform, error: ValidationError, absent: set[str]) -> list[Problem]:
        problems = []
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            field = str(detail["loc"][0]) if detail["loc"] else ""
            if field in absent or (absent and not field):  # reported as missing
                continue
            place = ".".join(["connections", platform.name, *map(str, detail["loc"])])
            variable = variable_of(platform.settings, field)
            remedy = f"it may come from {variable} too" if variable else None
            problems.append(Problem(self.redactor.scrub(f"{place}: {detail['msg']}"), remedy=remedy))
        return problems

    def _credentials(self, platform: Platform) -> list[str]:
        """The variables of what proves who is calling, as far as it was given."""
        needed = {field for group in _needs(platform.settings) for field in group} - {"url"}
        fields = [f for f in self._given(platform) if f in needed or mark(platform.settings, f, Secret)]
        return [variable for field in fields if (variable := variable_of(platform.settings, field))]

    def _told(self, host: str, seconds: float) -> None:
        self._tell(f"{host} gets too many requests (429): waiting {seconds:.0f} s")

    def _client(self, platform: str, settings: Settings) -> Client:
        if platform not in self.clients:
            url: str = settings.url  # type: ignore[attr-defined]  # every platform's settings have one
            host = urlsplit(checked_url(url, platform)).netloc.lower()
            rates = (settings.max_rps, settings.patience.total_seconds())
            limit = Limit(self._parallelism, max_rps=rates[0], patience=rates[1], tell=partial(self._told, host))
            self.clients[platform] = Client(
                url,
                platform=platform,
                transport=self._transports.get(platform),
                redactor=self.redactor,
                limit=self._limits.setdefault((host, *rates), limit),
                credentials=self._credentials(self._platforms[platform]),
            )
            self.clients[platform].reads.held = self._looks_only
        return self.clients[platform]


def _parsed(value: Any, annotation: Any) -> Any:
    """The value; decoded where the setting is a mapping and the value is JSON text (pydantic judges the rest)."""
    if isinstance(value, str) and get_origin(annotation) is dict:
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def needed_variables(settings: type[Settings]) -> list[tuple[str, ...]]:
    """The variables that have to be set: of each group, one."""
    groups = (tuple(variable_of(settings, field) for field in group) for group in _needs(settings))
    return [found for group in groups if (found := tuple(filter(None, group)))]


def _needs(settings: type[Settings]) -> tuple[tuple[str, ...], ...]:
    if settings.needs is not None:
        return settings.needs
    return tuple((name,) for name, field in settings.model_fields.items() if field.is_required())


def _lack(platform: Platform, group: tuple[str, ...], also: Also | None) -> Problem:
    variables = " or ".join(filter(None, (variable_of(platform.settings, field) for field in group)))
    places = [field for field in group if not mark(platform.settings, field, Secret)]
    in_file = f", or connections.{platform.name}.{places[0]} in the stack file" if places else ""
    ways = (also(platform.name, name, bool(mark(platform.settings, name, Secret))) for name in group) if also else ()
    other = "".join(f", or {way}" for way in ways)
    return Problem(f"{platform.title}: {' or '.join(group)} is missing", remedy=f"set {variables}{in_file}{other}")
