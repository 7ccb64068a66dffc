"""What an action's definition says of a configuration's fields (M-115..M-122): checked before any write.

Messages name fields and never values, which may be secret (M-198).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headend.core.model.findings import Level, Problem, warning
from headend.mycujoo.values import KEYS, Value, integer, kind_of_type, read, same

Definition = Mapping[str, Any]


def definitions(action: Mapping[str, Any]) -> dict[str, Definition]:
    """{name: definition} of the action's fields; rows without a name are of no use."""
    rows = action.get("action_fields") or []
    return {str(row["name"]): row for row in rows if isinstance(row, dict) and row.get("name")}


def default_of(row: Definition) -> Value | None:
    """The default that the definition shows, None if it shows none; the zero may stand for "unset" (M-196)."""
    if row.get("no_default_value") or not any(row.get(key) is not None for key in KEYS):
        return None
    return _quietly(row, kind_of_type(row.get("value_type")))


def check(action: Mapping[str, Any], fields: Mapping[str, Value]) -> list[Problem]:
    """All that speaks against these fields, in a stable order; doubts are warnings, the server decides them."""
    rows = definitions(action)
    found = [] if action.get("is_active") else [warning("the action is not active (M-122)")]
    for name, value in fields.items():
        row = rows.get(name)
        if row is None:
            known = ", ".join(sorted(rows)) or "none"
            found.append(Problem(f"fields.{name}: the action has no such field (M-115)", remedy=f"it has: {known}"))
        elif not row.get("is_configurable"):
            found.append(Problem(f"fields.{name}: the action doesn't let this field be set (M-117)"))
        else:
            found += _value(name, row, value)
    for name, row in rows.items():
        if row.get("is_required") and name not in fields:
            found += _missing(name, row)
    return found


def _missing(name: str, row: Definition) -> Iterator[Problem]:
    if row.get("no_default_value"):
        yield Problem(f"fields.{name}: the action requires it and has no default for it (M-118)")
    elif default_of(row) is None:
        yield warning(f"fields.{name} is required, and the action shows no default for it (M-118)")


def _value(name: str, row: Definition, value: Value) -> Iterator[Problem]:
    key = next(iter(value))
    wanted = kind_of_type(row.get("value_type"))
    if wanted and key != wanted:
        yield Problem(f"fields.{name}: is a {key}, the action wants a {wanted} (M-119)", remedy=f"{{{wanted}: ...}}")
        return
    options = row.get("value_options") or []
    shown = [option for entry in options if (option := _quietly(entry, wanted, key)) is not None]
    if options and not any(same(value, option) for option in shown):
        yield Problem(f"fields.{name}: is none of the action's {len(options)} options (M-120)")
    for rule in row.get("validators") or []:
        yield from _validator(name, rule, value)


def _validator(name: str, rule: Mapping[str, Any], value: Value) -> Iterator[Problem]:
    """One validator; a bound of 0 may mean "unset", and bounds on strings probably mean their length (M-121)."""
    key, raw = next(iter(value.items()))
    if (pattern := rule.get("regex")) and key == "string_value":
        try:
            if not re.search(str(pattern), raw):
                yield Problem(f"fields.{name}: doesn't match the action's pattern (M-121)")
        except re.error:
            yield warning(f"fields.{name}: the action's pattern is none that can be checked here (M-121)")
    if key not in {"number_value", "float_value", "string_value"}:
        return
    size = len(raw) if key == "string_value" else integer(raw) if key == "number_value" else raw
    low, high = rule.get("min") or 0, rule.get("max") or 0
    if low == high == 0:  # a validator of patterns only: zeros stand for absent keys (M-13)
        return
    for bound, broken, limit in (("min", size < low, low), ("max", size > high, high)):
        if broken:
            level = Level.WARNING if limit == 0 or key == "string_value" else Level.ERROR
            yield Problem(f"fields.{name}: is beyond the action's {bound} (M-121)", level=level)


def _quietly(entry: Mapping[str, Any], *preferred: str | None) -> Value | None:
    """The value of an entry, None where it has none or an unreadable one: a doubt that the server decides."""
    try:
        return read(entry, *preferred)
    except ValueError:
        return None
