"""What an action's definition says of a configuration's fields (M-115..M-122): checked before any write.

Messages name fields and never values, which may be secret (M-198).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headend.core.model.findings import Level, Problem, warning
from headend.mycujoo.answers import Action, ActionField, Validator, Valued
from headend.mycujoo.values import Value, integer, kind_of_type, read, same


def definitions(action: Action) -> dict[str, ActionField]:
    """{name: definition} of the action's fields."""
    return {row.name: row for row in action.action_fields}


def default_of(row: ActionField) -> Value | None:
    """The default that the definition shows, None if it shows none; the zero may stand for "unset" (M-196)."""
    if row.no_default_value or not row.given():
        return None
    return _quietly(row, kind_of_type(row.value_type))


def check(action: Action, fields: Mapping[str, Value]) -> list[Problem]:
    """All that speaks against these fields, in a stable order; doubts are warnings, the server decides them."""
    rows = definitions(action)
    found = [] if action.is_active else [warning("the action is not active (M-122)")]
    for name, value in fields.items():
        row = rows.get(name)
        if row is None:
            known = ", ".join(sorted(rows)) or "none"
            found.append(Problem(f"fields.{name}: the action has no such field (M-115)", remedy=f"it has: {known}"))
        elif not row.is_configurable:
            found.append(Problem(f"fields.{name}: the action doesn't let this field be set (M-117)"))
        else:
            found += _value(name, row, value)
    for name, row in rows.items():
        if row.is_required and name not in fields:
            found += _missing(name, row)
    return found


def _missing(name: str, row: ActionField) -> Iterator[Problem]:
    if row.no_default_value:
        yield Problem(f"fields.{name}: the action requires it and has no default for it (M-118)")
    elif default_of(row) is None:
        yield warning(f"fields.{name} is required, and the action shows no default for it (M-118)")


def _value(name: str, row: ActionField, value: Value) -> Iterator[Problem]:
    key = next(iter(value))
    wanted = kind_of_type(row.value_type)
    if wanted and key != wanted:
        yield Problem(f"fields.{name}: is a {key}, the action wants a {wanted} (M-119)", remedy=f"{{{wanted}: ...}}")
        return
    options = row.value_options
    shown = [option for entry in options if (option := _quietly(entry, wanted, key)) is not None]
    if options and not any(same(value, option) for option in shown):
        yield Problem(f"fields.{name}: is none of the action's {len(options)} options (M-120)")
    for rule in row.validators:
        yield from _validator(name, rule, value)


def _validator(name: str, rule: Validator, value: Value) -> Iterator[Problem]:
    """One validator; a bound of 0 may mean "unset", and bounds on strings probably mean their length (M-121)."""
    key, raw = next(iter(value.items()))
    if rule.regex and key == "string_value":
        try:
            if not re.search(rule.regex, raw):
                yield Problem(f"fields.{name}: doesn't match the action's pattern (M-121)")
        except re.error:
            yield warning(f"fields.{name}: the action's pattern is none that can be checked here (M-121)")
    if key not in {"number_value", "float_value", "string_value"}:
        return
    size = len(raw) if key == "string_value" else integer(raw) if key == "number_value" else raw
    low, high = rule.min, rule.max
    if low == high == 0:  # a validator of patterns only: zeros stand for absent keys (M-13)
        return
    for bound, broken, limit in (("min", size < low, low), ("max", size > high, high)):
        if broken:
            level = Level.WARNING if limit == 0 or key == "string_value" else Level.ERROR
            yield Problem(f"fields.{name}: is beyond the action's {bound} (M-121)", level=level)


def _quietly(entry: Valued, *preferred: str | None) -> Value | None:
    """The value of an entry, None where it has none or an unreadable one: a doubt that the server decides."""
    try:
        return read(entry.given(), *preferred)
    except ValueError:
        return None
