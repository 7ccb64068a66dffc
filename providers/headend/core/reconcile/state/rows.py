"""How records stand in the rows of a state file, and what is wrong with a row that can't be one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic_core import from_json

from headend.core.model.errors import InputError, StateError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import FORGET, Digest, Record
from headend.core.reconcile.state.batches import Statement

COLUMNS = "address, kind, id, spec, computed, depends, incomplete, protect, retain, secrets"


Row = tuple[Any, ...]
T = TypeVar("T")


@frozen_dataclass
class Intent:
    """A write that was about to be sent. If the next run finds it, nobody knows whether the write arrived."""

    address: str
    kind: str
    action: str
    begun: str


def read_rows(path: object, rows: Iterable[Row], read: Callable[[Row], T]) -> list[T]:
    """What `read` makes of the rows, whose first column is the address. Raises StateError, with a line for each row of
    which it raises ValueError."""
    found, damaged = [], []
    for row in rows:
        try:
            found.append(read(row))
        except ValueError as error:
            damaged.append(f"{path}: the row of {row[0]} is damaged: {error}")
    if damaged:
        raise StateError(*damaged[: InputError.MOST_TOLD], FORGET)
    return found


def read_record(row: Row) -> Record:
    """The record of a row of COLUMNS. Raises ValueError saying what of it can't be."""
    address, kind, id, spec, computed, depends, incomplete, protect, retain, secrets = row
    raise_if_no_texts(address, kind, id, *(value for value in row[3:] if isinstance(value, str)))
    return Record(
        address,
        kind,
        id,
        read_mapping("spec", spec) | read_digests(secrets),
        read_mapping("computed", computed),
        tuple(read_names(depends)),
        bool(_flag("incomplete", incomplete)),
        None if protect is None else bool(_flag("protect", protect)),
        bool(_flag("retain", retain)),
    )


def read_intent(row: tuple[Any, ...]) -> Intent:
    raise_if_no_texts(*row)
    return Intent(*row)


def raise_if_no_texts(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str) or not value or _is_broken(value):
            raise ValueError("a text is missing, or isn't UTF-8")


def _is_broken(text: str) -> bool:
    """Whether it was no UTF-8 when it was read (`database.connect`)."""
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)


def read_names(text: Any) -> list[str]:
    """The addresses in the column `depends`."""
    names = _json("depends", text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("`depends` is no list of addresses")
    return names


def read_digests(text: Any) -> dict[str, Digest]:
    found = {}
    for name, kept in read_mapping("secrets", text).items():
        texts = isinstance(kept, dict) and all(isinstance(value, str) for value in kept.values())
        if not texts or "text" not in kept or not kept.keys() <= {"text", "sealed"}:
            raise ValueError("`secrets` holds something else than digests")
        found[name] = Digest(**kept)
    return found


def read_mapping(column: str, text: Any) -> dict[str, Any]:
    value = _json(column, text)
    if not isinstance(value, dict):
        raise ValueError(f"`{column}` is no JSON object")  # noqa: TRY004 - of the row, it is the value
    return value


def _json(column: str, text: Any) -> Any:
    if text == "{}":  # most columns of most rows
        return {}
    try:
        return from_json(text, cache_strings="all")  # many records have the same texts
    except (TypeError, ValueError):
        pass
    try:
        return json.loads(text)  # takes half a character, which some platform may have sent
    except (TypeError, ValueError, RecursionError):
        raise ValueError(f"`{column}` is no JSON") from None


def _flag(column: str, value: Any) -> int:
    if value not in {0, 1}:
        raise ValueError(f"`{column}` is neither 0 nor 1")
    return int(value)


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Plain values, and the digests apart: in their own column, no user's value can look like a digest."""
    digests = {name: value for name, value in values.items() if isinstance(value, Digest)}
    secrets = {n: {"text": d.text} | ({"sealed": d.sealed} if d.sealed else {}) for n, d in digests.items()}
    return {name: value for name, value in values.items() if name not in digests}, secrets


_ENCODER = json.JSONEncoder(sort_keys=True, default=str)


def dump(value: Any) -> str:
    """JSON in one spelling: equal values are equal texts, for rows, digests and hashes."""
    return _ENCODER.encode(value)


def record_row(record: Record) -> Statement:
    """The statement that writes the record."""
    values, secrets = split(record.values)
    row = (
        record.address,
        record.kind,
        record.id,
        dump(values),
        dump(record.computed),
        json.dumps(record.depends),
        record.incomplete,
        record.protect,
        record.retain,
        datetime.now(UTC).isoformat(),
        dump(secrets),
    )
    return "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row
