"""A stored configuration in the words of the stack, and where it differs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import ApiError, DecodeError, Refused
from headend.core.model.observed import Observed
from headend.core.model.secrets import MissingSecret
from headend.core.wire.decode import decode_rows
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.answers import ActionField, Configuration, FieldValue
from headend.mycujoo.definition import default_of, definitions
from headend.mycujoo.values import Value, is_zero, kind_of_type, normal_fields, read, same

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi


async def observed(api: MycujooApi, stored: Configuration, spec: ActionConfiguration) -> Observed:
    """An answer's object in the spec's own types."""
    values = {
        "action_id": stored.action_id,
        "group_id": stored.group_id,
        "title": stored.title,
        "order": stored.order,
        "fields": await _fields(api, stored, spec),
    }
    return Observed(stored.id, values)


async def _fields(api: MycujooApi, stored: Configuration, spec: ActionConfiguration) -> dict[str, Value]:
    """{name: value} as stored. Values equal to the declared ones are in the declared spelling (M-103, M-104);
    undeclared ones that equal the action's default or zero are left out: they are no drift (M-123).
    """
    if spec.fields is None:  # all that is known of it is that it's to be deleted: its values don't matter
        return {}
    declared: Mapping[str, Value] = {} if isinstance(spec.fields, MissingSecret) else spec.fields
    rows: Mapping[str, ActionField] | None = None  # read only when needed: N objects take N requests (M-114)
    found: dict[str, Value] = {}
    for entry in decode_rows(FieldValue, f"mycujoo: action_configuration {stored.id}: fields", stored.fields):
        wanted = declared.get(entry.field)
        kind = next(iter(wanted)) if wanted else None
        try:
            value = read(entry.given(), kind) if len(entry.given()) == 1 else None
            if value is None or (wanted is None and not is_zero(value)):
                rows = await _definitions(api, stored.action_id) if rows is None else rows
                row = rows.get(entry.field)
                value = read(entry.given(), kind_of_type(row.value_type) if row else None, kind)
                if wanted is None and row and value and _is_default(row, value):
                    continue
        except ValueError as error:
            where = f"mycujoo action_configuration {stored.id}: fields.{entry.field}"
            raise DecodeError(f"{where}: {error}") from None
        if wanted is not None and value is not None:
            found[entry.field] = wanted if same(wanted, value) else value
        elif value is not None and not is_zero(value):
            found[entry.field] = value
    return found


async def _definitions(api: MycujooApi, action_id: str) -> Mapping[str, ActionField]:
    """The action's field definitions; nothing where they can't be read."""
    try:
        return definitions(await api.action(action_id))
    except ApiError:
        return {}


def _is_default(row: ActionField, value: Value) -> bool:
    default = default_of(row)
    return default is not None and same(value, default)


def unequal(live: Observed, spec: ActionConfiguration) -> list[str]:
    """Declared keys whose live value differs."""
    wanted: dict[str, Any] = {"title": spec.title, "fields": normal_fields(spec.fields or {})}
    if spec.order is not None:
        wanted["order"] = spec.order
    seen = {**live.values, "fields": normal_fields(live.values["fields"])}
    return [key for key, value in wanted.items() if seen[key] != value]


def refuse_unequal(keys: Sequence[str], id: str) -> None:
    if keys:
        raise Refused(
            f"mycujoo action_configuration {id}: the platform accepted the request and stored something else "
            f"in: {', '.join(keys)}"
        )
