"""What Pulumi hands over of a resource, and what stands beside its inputs."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi.output import Unknown

from headend.core.model.capabilities import why_unreadable
from headend.core.model.fields import Spec
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Observed
from headend.core.model.record import Digest, Record, compared_form, secret_fields
from headend.core.reconcile.difference import differences

META = "headend"
RUN = "run"  # of META: what is the run's own, and not the resource's
NOT_OURS = frozenset({"__provider", "computed", "handed_out", "live_id", "made", "unverifiable", META})
_KEY = secrets.token_bytes(32)


def digest(value: Any) -> Digest:
    """The digest of a value, good for this process: Pulumi itself keeps secrets for longer."""
    text = json.dumps(value, sort_keys=True, default=str)
    return Digest(hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest())


def meta_of(props: Mapping[str, Any]) -> Mapping[str, Any]:
    """The property `headend`, as the program wrote it. States of earlier versions hold it as an object."""
    given = props.get(META) or {}
    found: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else whole(given)
    return found


def packed(meta: Mapping[str, Any]) -> str:
    """The property `headend` as one text: the engine writes its whole state after each step, and what that costs goes
    by the number of values."""
    return json.dumps(meta, separators=(",", ":"))


def inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    """What is set of the spec; whole numbers are whole."""
    return {name: whole(value) for name, value in props.items() if name not in NOT_OURS and value is not None}


def whole(value: Any) -> Any:
    """Numbers arrive as floats, also those that are whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def is_unknown(value: Any) -> bool:
    """Whether any part of it is known only after other resources are made."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return any(map(is_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def handed_out(props: Mapping[str, Any]) -> dict[str, Any]:
    """What creation handed out, which nobody can read again, and its mark."""
    return {name: props[name] for name in ("handed_out", "made") if props.get(name)}


def record_of(kind: Kind[Any, Any], id: str, props: Mapping[str, Any], address: str | None = None) -> Record:
    """What Pulumi's state knows of an object, as headend records it: outputs of the resource, secrets included."""
    meta, values = meta_of(props), inputs(props)
    model = kind.spec_type(values.get("variant"))
    for name in secret_fields(model, meta.get("hidden", ())):
        if name in values:
            values[name] = replace(digest(compared_form(model, name, values[name])), value=values[name])
    return Record(
        address or meta.get("address") or f"{kind.name} {id}",
        kind.name,
        id,
        values,
        whole(props.get("computed") or {}),
        tuple(meta.get("depends", ())),
        protect=meta.get("protect"),
        retain=bool(meta.get("retain")),
    )


def outputs(kind: Kind[Any, Any], spec: Spec, made: Observed, meta: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource that was just written."""
    return outputs_of(as_json(spec), made.id, made.computed, meta) | unseen(kind, spec, made)


def as_json(spec: Spec) -> dict[str, Any]:
    """What is set of the spec."""
    return spec.model_dump(mode="json", include=set(spec.set_fields()))


def outputs_of(
    values: Mapping[str, Any], id: str, computed: Mapping[str, Any], meta: Mapping[str, Any]
) -> dict[str, Any]:
    """The outputs of a resource by what was applied."""
    lasting = {
        name: value for name, value in meta.items() if name not in {"adopt_id", "freed", "recovering"}
    }  # that was for this one creation
    return {**values, "computed": dict(computed), "live_id": id, META: packed(lasting)}


def remembered(computed: Mapping[str, Any]) -> dict[str, Any]:
    """What a look that doesn't show it can't take away: a mark of headend's own, and ids, which others refer to."""
    return {name: value for name, value in computed.items() if name == "adopted" or name.endswith("_id")}


def unseen(kind: Kind[Any, Any], spec: Spec, live: Observed) -> dict[str, Any]:
    """What can't be read back, told as such: in the outputs, for a plan has no other place for it here."""
    live = live if Can.OBSERVE in kind.can else replace(live, values={})
    found = differences(spec, live, None, digest=digest, blind=why_unreadable(kind))
    return {"unverifiable": dict(found.unverifiable)} if found.unverifiable else {}


def keeps_id(kind: Kind[Any, Any], want: Spec, id: str) -> bool:
    """Whether an object that is made again has the id that it had: the stack's own choice, or the key itself."""
    return kind.identity(want) == id or kind.natural_key(want) == (id,)
