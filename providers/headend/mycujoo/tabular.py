"""Answers as rows of a table: what nests in mycujoo's answers laid flat, for people and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from headend.core.wire.operations import Operation

Row = dict[str, Any]
_MONEY = {"currency_code", "nanos", "units"}
_CONSUMED = (
    ("watch_minutes", "watch_time", "content_type_watch_time", "minutes", "total_minutes"),
    ("average_watch_minutes", "average_watch_time", "content_type_watch_time", "minutes", "total_minutes"),
    ("unique_users", "unique_users", "content_type_users", "users_count", "total_users"),
)
"""Columns of a consumption: the part it is in, where that has its rows by content type, and what holds their values and
the total (M-74)."""


def rows(op: Operation, body: Any) -> list[Row] | None:
    """The rows that a table of the answer has; None where it is to be shown as any other."""
    if not isinstance(body, Mapping):
        return None
    if op.key in {"project.consumption", "stream.consumption"}:
        return list(_consumption(body))
    lists = {name: value for name, value in body.items() if _is_list(value)}
    if op.key == "stream.stats":
        return [{"series": name, **row} for name, found in lists.items() for one in found for row in _spread(one)]
    if op.list_key is not None:
        lists = {op.list_key: body.get(op.list_key) or []}
    if len(lists) == 1:
        ids, sums = _about({name: value for name, value in body.items() if name not in lists})
        spread = [ids | sums | row for found in lists.values() for one in found for row in _spread(one)]
        return spread or ([ids | sums] if sums else [])
    inner = next(iter(body.values())) if len(body) == 1 else None
    return [_flat(inner if isinstance(inner, Mapping) else body)]


def _consumption(body: Mapping[str, Any]) -> Iterator[Row]:
    """One row for each content type, and one for all of them: minutes watched, on average too, and people."""
    about = {name: body[name] for name in ("project_id", "stream_id") if name in body}
    found: dict[str, Row] = {}
    total: Row = {}
    for column, part, key, value, whole in _CONSUMED:
        inner = body.get(part) or {}
        total[column] = inner.get(whole) or 0
        for row in inner.get(key) or []:
            found.setdefault(str(row.get("content_type") or ""), {})[column] = row.get(value) or 0
    for content_type, values in [*found.items(), ("total", total)]:
        yield {**about, "content_type": content_type, **{column: values.get(column, 0) for column in total}}


def _about(beside: Row) -> tuple[Row, Row]:
    """What is said of all rows: ids, and what else stands beside the list, under names that no row has. Where the list
    goes on, and the step that was asked for, is said of none."""
    said = {name: value for name, value in beside.items() if name not in {"next_page_token", "time_step"}}
    ids = {name: value for name, value in said.items() if name.endswith("_id")}
    return ids, _flat({f"total.{name}": value for name, value in said.items() if name not in ids})


def _spread(row: Any) -> Iterator[Row]:
    """A row for each of its points, where it has points; else the row."""
    if not isinstance(row, Mapping):
        yield {"value": row}
        return
    about = {name: value for name, value in row.items() if name != "points"}
    for point in row.get("points", [{}]):
        yield _flat({**about, **point})


def _flat(row: Mapping[str, Any]) -> Row:
    """Objects become columns `outer.inner`, amounts of money a number and their currency; lists stay lists."""
    found: Row = {}
    for name, value in row.items():
        if _is_money(value):
            found |= {name: f"{amount(value):f}", f"{name}.currency_code": value.get("currency_code") or ""}
        elif isinstance(value, Mapping):
            found |= {f"{name}.{inner}": cell for inner, cell in _flat(value).items()}
        else:
            found[name] = [_flat(item) for item in value] if _is_list(value) else value
    return found


def amount(money: Mapping[str, Any]) -> Decimal:
    """Whole units, an int64 as text, and billionths of one with the same sign (M-158); absent is zero (M-13)."""
    units, nanos = (Decimal(int(money.get(name) or 0)) for name in ("units", "nanos"))
    return (units + nanos.scaleb(-9)).normalize()


def _is_money(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and set(value) <= _MONEY


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
