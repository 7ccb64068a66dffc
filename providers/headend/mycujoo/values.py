"""The five kinds of field value (M-102..M-105): what authors write, what the wire says, when two are the same.

Inside headend a value is `{"number_value": 5}`: one key that names the kind, and a JSON scalar.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from headend.core.model.times import stack_time

KEYS = ("bool_value", "datetime_value", "float_value", "number_value", "string_value")
Value = dict[str, Any]

_EXACT = 2**53  # beyond it JSON readers that know only doubles lose digits, so a string is kept
_INT64 = 2**63
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)
_EPOCHS = ("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z")


def canonical(given: Any, zone: str | None = None) -> Value:
    """What an author wrote, a plain scalar or `{number_value: "5"}`, as one canonical value. zone: of local times.

    Raises ValueError, without the value in it, for anything that isn't exactly one well-formed value (M-102).
    """
    if isinstance(given, Mapping):
        if len(given) != 1 or (key := next(iter(given))) not in KEYS:
            raise ValueError(f"must be a plain value or exactly one of {', '.join(KEYS)}")
        raw = given[key]
        return {key: stack_time(raw, zone) if key == "datetime_value" else _checked(key, raw)}
    if isinstance(given, bool):
        return {"bool_value": given}
    if isinstance(given, datetime):
        return {"datetime_value": stack_time(given, zone)}
    for kind, key in ((int, "number_value"), (float, "float_value"), (str, "string_value")):
        if isinstance(given, kind):
            return {key: _checked(key, given)}
    raise ValueError("must be a boolean, a number, a string, or a time as {datetime_value: 2026-12-05T15:00:00Z}")


def _checked(key: str, raw: Any) -> Any:
    match key:
        case "bool_value" if isinstance(raw, bool):
            return raw
        case "string_value" if isinstance(raw, str):
            return raw
        case "number_value" if not isinstance(raw, bool):
            number = integer(raw)
            return number if abs(number) <= _EXACT else str(number)
        case "float_value" if isinstance(raw, int | float) and not isinstance(raw, bool):
            try:
                if math.isfinite(real := float(raw)):
                    return real
            except OverflowError:
                pass
            raise ValueError("float_value must be finite (M-104)")
        case "datetime_value":
            if isinstance(raw, str):
                instant(raw)
                return raw
    raise ValueError(f"{key} has a value of the wrong type")


def integer(raw: Any) -> int:
    """An int64 from an int, a whole float or a decimal string (M-103); ValueError otherwise."""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,19}", raw):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not -_INT64 <= raw < _INT64:
        raise ValueError("number_value must be a whole number within 64 bits (M-103)")
    return raw


def instant(text: str) -> str:
    """One spelling for all spellings of an instant, nanoseconds kept (M-104); ValueError without an offset."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError("datetime_value must be RFC 3339 with an offset (M-104)")
    date, clock, fraction, _, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}+00:00")
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            moment = moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        raise ValueError("datetime_value is not a moment of the calendar (M-104)") from None
    rest = (fraction or "").rstrip("0")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + (f".{rest}" if rest else "") + "Z"


def wire(value: Value) -> dict[str, Any]:
    """The value as requests carry it: int64 as a string (M-6, M-103)."""
    key, raw = next(iter(value.items()))
    return {key: str(raw) if key == "number_value" else raw}


def normal(value: Value) -> str:
    """A text that is equal for equal values: integers, instants, and floats as a 32-bit server keeps them."""
    key, raw = next(iter(value.items()))
    if key == "number_value":
        raw = integer(raw)
    elif key == "datetime_value":
        raw = instant(raw)
    elif key == "float_value":
        try:
            raw = struct.unpack("<f", struct.pack("<f", raw))[0] + 0.0
        except OverflowError:  # more than 32 bits can hold: no such server could have kept it
            raw = float(raw)
    return f"{key} {raw}"


def normal_fields(fields: Any) -> Any:
    """{name: normal form}; the order of names means nothing (M-101)."""
    return {name: normal(value) for name, value in fields.items()} if isinstance(fields, Mapping) else fields


def same(one: Value, other: Value) -> bool:
    """Equal by M-103 and M-104; floats within a relative 1e-6."""
    key = next(iter(one))
    if key == "float_value" and key in other:
        return math.isclose(one[key], other[key], rel_tol=1e-6)
    return normal(one) == normal(other)


def is_zero(value: Value) -> bool:
    """Whether an absent key would mean the same (M-13)."""
    key, raw = next(iter(value.items()))
    if key == "datetime_value":
        return instant(raw) in _EPOCHS
    return integer(raw) == 0 if key == "number_value" else not raw


def zero(key: str) -> Value:
    """The value of a kind that an absent key stands for."""
    return {key: {"bool_value": False, "float_value": 0.0, "number_value": 0, "string_value": ""}.get(key, _EPOCHS[0])}


def kind_of_type(value_type: Any) -> str | None:
    """The key that an action's VALUE_TYPE_* asks for; None for members that nobody has seen yet (M-119)."""
    match str(value_type or "").removeprefix("VALUE_TYPE_"):
        case "BOOL" | "BOOLEAN":
            return "bool_value"
        case "DATETIME" | "DATE_TIME" | "TIMESTAMP":
            return "datetime_value"
        case "FLOAT" | "DOUBLE":
            return "float_value"
        case "NUMBER" | "INT" | "INTEGER" | "INT64":
            return "number_value"
        case "STRING" | "TEXT":
            return "string_value"
    return None


def read(entry: Mapping[str, Any], *preferred: str | None) -> Value | None:
    """The value in an answer's object. Several at once: the first preferred kind, else the only non-zero one; none
    at all: the zero of the first preferred kind (M-13, M-105). None: no value and no kind known.

    Raises ValueError when several non-zero values stand there and no kind is preferred.
    """
    known = next((key for key in preferred if key), None)
    found = {key: entry[key] for key in KEYS if entry.get(key) is not None}
    if found.get("datetime_value") == "":
        del found["datetime_value"]
    if known and known in found:
        return {known: _checked(known, found[known])}
    values = [{key: _checked(key, raw)} for key, raw in found.items()]
    if known and all(is_zero(value) for value in values):
        return zero(known)
    if len(values) <= 1:
        return values[0] if values else None
    telling = [value for value in values if not is_zero(value)]
    if len(telling) == 1:
        return telling[0]
    if not telling:
        return None
    raise ValueError("several values at once and no kind to choose by (M-105)")
