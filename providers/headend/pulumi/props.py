"""What Pulumi hands over of a resource, and what stands beside its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown

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


def kept(props: Mapping[str, Any]) -> dict[str, Any]:
    """What creation handed out, which nobody can read again, and its mark."""
    return {name: props[name] for name in ("handed_out", "made") if props.get(name)}


def adopted(props: Mapping[str, Any]) -> dict[str, Any]:
    """`{"adopted": True}` of an object that was there before headend, as long as it lives."""
    return {"adopted": True} if (props.get("computed") or {}).get("adopted") else {}
