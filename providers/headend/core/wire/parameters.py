"""What documented values of an operation must look like: a call that can't succeed is refused before it is sent.

Only what is documented is judged: values that no rule names go through as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "flag": ((bool,), "true or false"),
    "object": ((dict,), "an object"),
    "list": ((list,), "a list of objects"),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value, in the path, the query or the body.

    needed: the call is refused without it. type: a key of the table above; numbers may be text, as they are in queries.
    low, high: of a number itself, of a text's length. form: what the whole text must match, and `like`, an example
    of it. time: it must be a moment that exists. beside: a value without which this one is ignored. inner: rules of
    what is in an object, or in each one of a list; nothing else may be in it.
    """

    name: str
    type: str = "text"
    needed: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    form: str = ""
    like: str = ""
    time: bool = False
    beside: str = ""
    inner: tuple[Parameter, ...] = ()

    def errors(self, value: Any) -> Iterator[str]:
        """What is wrong with the value; nothing shows it, since it may be secret."""
        for one in value if isinstance(value, list) and self.type != "list" else [value]:
            yield from self._one(one)

    def _one(self, value: Any) -> Iterator[str]:
        if self.type in {"integer", "number"} and isinstance(value, str):
            value = _number(value)
        kinds, called = _TYPES[self.type]
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.type != "flag"):
            yield f"{self.name}: must be {called}"
        elif self.choices and value not in self.choices:
            yield f"{self.name}: must be one of {', '.join(self.choices)}"
        elif not self._fits(value):
            unit = " characters" if self.type == "text" else ""
            span = "..".join("" if end is None else f"{end:g}" for end in (self.low, self.high))
            yield f"{self.name}: must be {span}{unit}"
        elif (self.form and not re.fullmatch(self.form, str(value))) or (self.time and moment(value) is None):
            yield f"{self.name}: must be like {self.like}"
        elif self.type in {"object", "list"}:
            yield from self._within(value if isinstance(value, list) else [value])

    def _fits(self, value: Any) -> bool:
        size = len(value) if isinstance(value, str) else value
        return (self.low is None or size >= self.low) and (self.high is None or size <= self.high)

    def _within(self, objects: list[Any]) -> Iterator[str]:
        for item in objects:
            if not isinstance(item, Mapping):
                yield f"{self.name}: must be {_TYPES[self.type][1]}"
                return
            known = {rule.name for rule in self.inner}
            yield from (f"{self.name}: {name}: is not known there" for name in item if name not in known)
            yield from (f"{self.name}: {error}" for error in find_errors(self.inner, item))


@dataclass(frozen=True, slots=True)
class Span:
    """Two values between which time passes. days: at most so many. without: it only counts where this isn't given."""

    start: str
    end: str
    days: int | None = None
    without: str = ""

    def errors(self, given: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the two together."""
        first, last = moment(given.get(self.start)), moment(given.get(self.end))
        if first is None or last is None or (self.without and given.get(self.without) is not None):
            return
        if (first.tzinfo is None) != (last.tzinfo is None):
            yield f"{self.end}: must have a time zone where {self.start} has one, and none where not"
        elif last < first:
            yield f"{self.end}: must not lie before {self.start}"
        elif self.days is not None and last - first > timedelta(days=self.days):
            yield f"{self.end}: at most {self.days} days after {self.start}"


def find_errors(rules: tuple[Parameter, ...], given: Mapping[str, Any]) -> Iterator[str]:
    """What is missing, and what isn't as the rules say."""
    for rule in rules:
        if given.get(rule.name) is None:
            if rule.needed:
                yield f"missing: {rule.name}={rule.like or '...'}"
            continue
        yield from rule.errors(given[rule.name])
        if rule.beside and rule.beside not in given:
            yield f"{rule.name}: is ignored without {rule.beside}"


def moment(value: Any) -> datetime | None:
    """The time that a text says, None if it says none."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text
