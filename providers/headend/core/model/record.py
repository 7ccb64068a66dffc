"""What was last applied of an object, and the values that stand for what headend doesn't keep or doesn't know yet.

Secrets and unknown values are types of their own, so that no text or key of a user's data can be taken for them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from headend.core.model.capabilities import KnownBySecrets, LeavesBehind
from headend.core.model.errors import CredentialsError, StateError
from headend.core.model.fields import Same, Sealed, Secret, Spec, mark, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Can, Kind
from headend.core.model.seal import Seal
from headend.core.model.secrets import missing_fields


@frozen_dataclass(slots=True)
class Marker:
    """A word of headend's own where a value would stand."""

    text: str

    def __str__(self) -> str:
        return self.text


HIDDEN: Final = Marker("(secret)")
UNKNOWN: Final = Marker("(known after apply)")


@frozen_dataclass(slots=True)
class Digest:
    """Stands for a secret value: equal secrets have equal digests.

    sealed: the value, readable only with a key of the platform's settings. value: the secret itself, where the engine
    keeps secrets (Pulumi). Both are left out of comparisons and of what is printed.
    """

    text: str
    sealed: str | None = field(default=None, compare=False, repr=False)
    value: Any = field(default=None, compare=False, repr=False)


NO_DIGEST: Final = Digest("")  # of what isn't known: no secret has it
UNTOLD: Final = Digest(
    "?"
)  # of what was there before headend, and nobody is shown: what the stack gives is taken for it

Digester = Callable[[Any], Digest]
"""Makes the keyed digest of a value; equal values of one state have equal digests."""


@frozen_dataclass(slots=True)
class Record:
    """What was last applied of one object.

    values: field -> last applied value as JSON, references resolved, secrets as `Digest`.
    depends: addresses that it referred to. incomplete: it exists, but its creation has not run to the end.
    protect and retain outlive the stack's line.
    """

    address: str
    kind: str
    id: str
    values: Mapping[str, Any]
    computed: Mapping[str, Any] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    incomplete: bool = False
    protect: bool | None = None
    retain: bool = False
    _spec: Any = field(default=None, init=False, repr=False, compare=False)  # as made before: deletions ask often

    def spec(self, kind: Kind[Any, Any], seal: Seal | None = None) -> Any:
        """The last applied spec: enough to read or delete the object. Secrets are None unless the engine keeps them
        or `seal` opens them. Raises CredentialsError where the seal is another one, StateError for values that the kind
        can't have."""
        if seal is not None:
            return self._made(kind, seal)
        if self._spec is None:
            object.__setattr__(self, "_spec", self._made(kind, None))
        return self._spec

    def _made(self, kind: Kind[Any, Any], seal: Seal | None) -> Any:
        try:
            model = kind.spec_type(self.values.get("variant"))
            values: dict[str, Any] = dict.fromkeys(model.model_fields)
            for name, kept in self.values.items():
                if kept is not None and name in values:
                    values[name] = _revived(model, name, kept, seal)
        except (KeyError, TypeError, _Damaged) as error:
            what = error if isinstance(error, _Damaged) else "no variant of the kind"
            why = f"what state holds of {self.address} is damaged: {what}"
            raise StateError(f"{why}; {FORGET}") from None
        return model.model_construct(_fields_set={n for n, v in values.items() if v is not None}, **values)

    def is_deletable(self, kind: Kind[Any, Any]) -> bool:
        """Whether the object is deleted when it leaves the stack; else it is forgotten."""
        stays = isinstance(kind, LeavesBehind) and kind.leaves_behind(self.spec(kind))
        return Can.DELETE in kind.can and not stays


def _revived(model: type[Spec], name: str, kept: Any, seal: Seal | None) -> Any:
    if isinstance(kept, Digest):
        if kept.sealed and seal:
            return seal.open(kept.sealed)
        kept = kept.value
    if kept is None:
        return None
    try:
        return field_adapter(model, name).validate_python(kept)
    except ValidationError as error:
        wrong = _OF_TYPE if isinstance(kept, str) else (*_OF_TYPE, "literal_error", "value_error")
        if any(problem["type"].endswith(wrong) for problem in error.errors(include_url=False)):
            raise _Damaged(f"{name} can't be {type(kept).__name__}") from None
        return kept  # an earlier version allowed it


class _Damaged(Exception):
    """Its text says what can't be."""


_OF_TYPE = ("_type", "_parsing", "int_from_float", "missing")
FORGET = "put back a copy of the state, or `headend state rm STACK ADDRESS` and let `adopt` find the object again"


@functools.cache
def field_adapter(model: type[Spec], name: str) -> TypeAdapter[Any]:
    """Kept: to build one costs more than a thousand validations."""
    annotation = model.model_fields[name].annotation
    return TypeAdapter(Any if annotation is None else annotation)


def secret_fields(spec: type[Spec], given: Collection[str] = ()) -> frozenset[str]:
    """Fields marked Secret and those that the stack gave as {secret: ...}."""
    return _secret_fields(spec, frozenset(given))


@functools.cache
def _secret_fields(spec: type[Spec], given: frozenset[str]) -> frozenset[str]:
    """The same set for all resources of which it is equal."""
    return frozenset(marked(spec, Secret)) | given


def recorded(spec: Spec, secrets: Collection[str], digest: Digester, seal: Seal | None = None) -> dict[str, Any]:
    """What is recorded of an applied spec: {field: JSON value}, secrets as digests. seal: for those deletion needs.
    A secret without a value has a digest that no value has."""
    model, missing = type(spec), missing_fields(spec)
    plain = spec.model_dump(mode="json", include=set(spec.set_fields()) - missing.keys())
    values = {n: digest(compared_form(model, n, v)) if n in secrets else v for n, v in plain.items()}
    values |= dict.fromkeys(missing, NO_DIGEST)
    for name in marked(model, Sealed) if seal else ():
        if (value := getattr(spec, name)) is not None and seal:
            values[name] = replace(values[name], sealed=seal.close(value))
    return values


def compared_form(model: type[Spec], name: str, value: Any) -> Any:
    """What a recorded value is compared by: of text that has several spellings, the normal one."""
    rule = mark(model, name, Same)
    return rule.normal(value) if rule and isinstance(value, str) else value


def keep_spelling(spec: Spec, now: Mapping[str, Any], last: Record, seal: Seal | None) -> Spec:
    """A copy in which sealed secrets that only changed their spelling are what the object was made with.

    now: the spec as it would be recorded. What can't be opened is left as the stack has it.
    """
    known: dict[str, Any] = {}
    for name in marked(type(spec), Sealed):
        old = last.values.get(name)
        if isinstance(old, Digest) and old == now.get(name):
            with contextlib.suppress(CredentialsError):
                known[name] = seal.open(old.sealed) if seal and old.sealed else old.value or getattr(spec, name)
    return spec.model_copy(update=known) if known else spec


def forgotten(values: Mapping[str, Any]) -> frozenset[str]:
    """The secrets of which it isn't known any more what was last applied."""
    return frozenset(name for name, kept in values.items() if type(kept) is Digest and kept == NO_DIGEST)


def untold(values: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that were there before headend, and of which nothing is known yet."""
    return frozenset(name for name, kept in values.items() if type(kept) is Digest and kept == UNTOLD)


def secret_key(kind: Kind[Any, Any], values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What an object of a kind that is known by secrets is recorded by; None where that was forgotten."""
    if not isinstance(kind, KnownBySecrets):
        return None
    found = tuple(values.get(name) for name in kind.known_by)
    return None if NO_DIGEST in found else (kind.name, *found)


def frozen(key: Any) -> Any:
    """A natural key, hashable, whatever values it is made of."""
    if isinstance(key, str):  # as nearly all are
        return key
    if isinstance(key, Mapping):
        return tuple(sorted((name, frozen(value)) for name, value in key.items()))
    return tuple(map(frozen, key)) if isinstance(key, list | tuple) else key
