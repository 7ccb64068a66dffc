"""The dynamic providers: one class a kind, made from the registry, stateless, found again by name.

`p.Input` and its like are a promise: they stand in users' state files and are never renamed without an alias.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar
from zlib import crc32

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pydantic import ValidationError

from headend.core.diff import differences, secret_fields
from headend.core.errors import InputError
from headend.core.kind import Can, Immutable, Kind, Observed, Spec, mark
from headend.core.registry import kinds, platforms
from headend.pulumi.runtime import configure, run, session

NOT_OURS = frozenset({"__provider", "computed"})


def _plain(value: Any) -> dict[str, Any]:
    """Stands for a keyed digest: Pulumi keeps secrets itself, so they can be compared as they are."""
    return {"value": value}


class KindProvider(ResourceProvider):
    """CRUD of one kind, in Pulumi's words. No attributes: its pickle is its name."""

    serialize_as_secret_always = False
    kind_name: ClassVar[str]

    def __reduce__(self) -> str:
        return f"k{crc32(self.kind_name.encode()):08x}"

    @property
    def kind(self) -> Kind[Any, Any]:
        return kinds()[self.kind_name]

    def configure(self, req: ConfigureRequest) -> None:
        """Reads headend:<platform><Setting> of the stack's config for every setting of the kind's platform."""
        platform = platforms()[self.kind.platform]
        given = {}
        for name in platform.settings.model_fields:
            value = req.config.get(f"headend:{platform.name}_{name}")
            if value is not None:
                given[name] = value
        configure({platform.name: given})

    def check(self, _olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
        """Validates all that is known; whole numbers come back whole."""
        given = _inputs(news)
        try:
            spec = self._spec(given)
        except ValidationError as error:
            failures = [CheckFailure(str(e["loc"][0] if e["loc"] else ""), e["msg"]) for e in error.errors()]
            unknown = {name for name, value in given.items() if isinstance(value, Unknown)}
            return CheckResult(dict(given), [f for f in failures if f.property and f.property not in unknown])
        known = spec.model_dump(mode="json", include=set(given))
        return CheckResult({n: v if isinstance(v, Unknown) else known.get(n, v) for n, v in given.items()}, [])

    def diff(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> DiffResult:
        """Against the live object too, so that a plain preview sees drift. Unknowns may change, but replace nothing."""
        given = _inputs(_news)
        unknown = [name for name, value in given.items() if isinstance(value, Unknown)]
        old = _inputs(_olds)
        kind = self.kind
        spec = self._spec({n: old.get(n) if n in unknown else v for n, v in given.items()})
        where = self._spec({n: old[n] if n in old and self._placed(n) else v for n, v in spec.set_fields().items()})
        live = run(self._observe(_id, where))
        if live is None:  # gone: only a replacement makes it again
            return DiffResult(True, [next(iter(given))], [], True)
        found = differences(
            spec, live, old, digest=_plain, blind=kind.unreadable if Can.OBSERVE not in kind.can else None
        )
        changed = bool(found.changes or unknown or live.incomplete)
        replaces = list(found.replaces)
        if found.changes and Can.UPDATE not in kind.can:
            replaces = sorted({c.field for c in found.changes})
        return DiffResult(changed, replaces, [], not kind.create_before_delete)

    def create(self, props: Mapping[str, Any]) -> CreateResult:
        """Takes over what an interrupted create of this very object left behind, else creates."""
        spec = self._spec(_inputs(props))
        made = run(self._create(spec))
        return CreateResult(made.id, _outs(spec, made))

    async def _create(self, spec: Spec) -> Observed:
        api, kind = await session()(self.kind.platform), self.kind
        found = await kind.find(api, spec) if Can.OBSERVE in kind.can else []
        if len(found) > 1:
            raise InputError(f"{len(found)} live objects are like it: {', '.join(o.id for o in found)}")
        made = found[0] if found else await kind.create(api, spec)
        if Can.OBSERVE not in kind.can:
            return made
        if found:
            await self._correct(api, made.id, spec, {})
        return await kind.complete(api, made.id, spec, _quiet)

    def read(self, id_: str, props: Mapping[str, Any]) -> ReadResult:
        """Exactly the managed inputs, as they are live; an absent object has no id."""
        old = _inputs(props)
        spec = self._spec(old)
        live = run(self._observe(id_, spec))
        if live is None:
            return ReadResult(None, {})
        now = old | {name: value for name, value in live.values.items() if name in old}
        now = type(spec).model_construct(**now).model_dump(mode="json", include=set(now), warnings=False)
        return ReadResult(id_, now | {"computed": dict(live.computed)}, now)

    def update(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> UpdateResult:
        spec = self._spec(_inputs(_news))
        return UpdateResult(_outs(spec, run(self._update(_id, spec, _inputs(_olds)))))

    async def _update(self, id: str, spec: Spec, old: Mapping[str, Any]) -> Observed:
        api, kind = await session()(self.kind.platform), self.kind
        await self._correct(api, id, spec, old)
        return await kind.complete(api, id, spec, _quiet) if Can.OBSERVE in kind.can else Observed(id)

    async def _correct(self, api: Any, id: str, spec: Spec, old: Mapping[str, Any]) -> None:
        kind = self.kind
        live = await kind.observe(api, id, spec, fresh=True) if Can.OBSERVE in kind.can else Observed(id)
        if live is None:
            raise InputError(f"{kind.name} {id} is gone; run `pulumi refresh`")
        blind = kind.unreadable if Can.OBSERVE not in kind.can else None
        if changes := differences(spec, live, dict(old) or None, digest=_plain, blind=blind).changes:
            await kind.update(api, id, spec, changes)

    def delete(self, _id: str, _props: Mapping[str, Any]) -> None:
        if Can.DELETE in self.kind.can:
            run(self._delete(_id, self._spec(_inputs(_props))))

    async def _delete(self, id: str, spec: Spec) -> None:
        await self.kind.delete(await session()(self.kind.platform), id, spec, _quiet)

    async def _observe(self, id: str, spec: Spec) -> Observed | None:
        if Can.OBSERVE not in self.kind.can:
            return Observed(id)
        return await self.kind.observe(await session()(self.kind.platform), id, spec, fresh=True)

    def _spec(self, given: Mapping[str, Any]) -> Spec:
        return self._model(given)(**{n: v for n, v in given.items() if not isinstance(v, Unknown)})

    def _model(self, given: Mapping[str, Any]) -> type[Spec]:
        return self.kind.spec_type(given.get("variant"))

    def _placed(self, name: str) -> bool:
        return name != "variant" and mark(self.kind.model, name, Immutable) is not None


def _quiet(text: str) -> None:
    """Pulumi shows no progress of dynamic providers."""


def _inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _whole(value) for name, value in props.items() if name not in NOT_OURS and value is not None}


def _whole(value: Any) -> Any:
    """Numbers arrive as floats, also those that are whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _outs(spec: Spec, made: Observed) -> dict[str, Any]:
    return spec.model_dump(mode="json", include=set(spec.set_fields())) | {"computed": dict(made.computed)}


@functools.cache
def secret_names(kind: str) -> tuple[str, ...]:
    """Fields whose outputs Pulumi must encrypt."""
    known = kinds()[kind]
    models = known.variants.values() if known.variants else (known.model,)
    return tuple(sorted({name for model in models for name in secret_fields(model)}))
