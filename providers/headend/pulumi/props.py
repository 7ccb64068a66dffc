"""What Pulumi hands over of a resource, and what stands beside its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi.output import Unknown

from headend.core.model.capabilities import why_unreadable
from headend.core.model.fields import Found, Ref, Spec, marked
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Observed
from headend.core.model.references import Reference
from headend.core.reconcile.difference import Difference, differences, told_apart_by
from headend.core.reconcile.state import Entry

META = "headend"
NOT_OURS = frozenset({"__provider", "computed", "handed_out", "made", "unverifiable", META})


def inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    """What is set of the spec; whole numbers are whole."""
    return {name: _whole(value) for name, value in props.items() if name not in NOT_OURS and value is not None}


def _whole(value: Any) -> Any:
    """Numbers arrive as floats, also those that are whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def is_unknown(value: Any) -> bool:
    """Whether any part of it is known only after other resources are made."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return any(map(is_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def standing_in(model: type[Spec], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a spec can be made of: a reference stands for each id that isn't known yet; other unknown values are left
    out."""
    ids = {*marked(model, Ref), *marked(model, Found)}
    return {n: _referring(v) if n in ids else v for n, v in given.items() if n in ids or not is_unknown(v)}


def _referring(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _referring(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_referring(item) for item in value]
    return Reference("?") if isinstance(value, Unknown) else value


def kept(props: Mapping[str, Any]) -> dict[str, Any]:
    """What creation handed out, which nobody can read again, and its mark."""
    return {name: props[name] for name in ("handed_out", "made") if props.get(name)}


def adopted(props: Mapping[str, Any]) -> dict[str, Any]:
    """`{"adopted": True}` of an object that was there before headend, as long as it lives."""
    return {"adopted": True} if (props.get("computed") or {}).get("adopted") else {}


def digest(value: Any) -> dict[str, Any]:
    """Stands for a keyed digest: Pulumi keeps secrets itself, so they can be compared as they are."""
    return {"value": value}


def entry(kind: Kind[Any, Any], id: str, old: Mapping[str, Any]) -> Entry:
    """What Pulumi's state knows of an object, in the form of headend's own."""
    return Entry("", kind.name, id, dict(old))


def compared(
    kind: Kind[Any, Any], spec: Spec, live: Observed, last: Mapping[str, Any] | None, meta: Mapping[str, Any]
) -> Difference:
    """What differs. last: the inputs of the resource as Pulumi has them, None for an object that it doesn't know."""
    hidden = frozenset(meta.get("hidden", ()))
    record = None
    if last is not None:
        apart = {name: told_apart_by(type(spec), name, value) for name, value in last.items() if name in hidden}
        record = {**last, **{name: digest(value) for name, value in apart.items()}}
    ignore = meta.get("ignore_changes", ())
    return differences(spec, live, record, digest=digest, hidden=hidden, ignore=ignore, blind=why_unreadable(kind))


def outs(kind: Kind[Any, Any], spec: Spec, made: Observed, meta: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource that was just written."""
    plain = spec.model_dump(mode="json", include=set(spec.set_fields()))
    return plain | {"computed": dict(made.computed), META: dict(meta)} | unseen(kind, spec, made)


def unseen(kind: Kind[Any, Any], spec: Spec, live: Observed) -> dict[str, Any]:
    """What can't be read back, told as such: in the outputs, for a plan has no other place for it here."""
    live = live if Can.OBSERVE in kind.can else replace(live, values={})
    found = differences(spec, live, None, digest=digest, blind=why_unreadable(kind))
    return {"unverifiable": dict(found.unverifiable)} if found.unverifiable else {}
