"""What documented values of an operation must look like: a call that can't succeed is refused before it is sent.

Only what is documented is judged: where an operation doesn't say that its parameters are complete, values that no rule
names go through as they are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from headend.core.model.frozen import frozen_dataclass


class _Type(NamedTuple):
    """kinds: what it is in JSON. one, many: what it is called. low, high: its own bounds."""

    kinds: tuple[type, ...]
    one: str
    many: str
    low: int | None = None
    high: int | None = None


_TYPES: Mapping[str, _Type] = {
    "text": _Type((str,), "text", "texts"),
    "id": _Type((str, int), "an id", "ids"),  # text or a number: no document says which
    "integer": _Type((int,), "a whole number", "whole numbers"),
    "int32": _Type((int,), "a whole number", "whole numbers", -(2**31), 2**31 - 1),
    "int64": _Type((str,), "a whole number as text", "whole numbers as text", -(2**63), 2**63 - 1),
    "number": _Type((int, float), "a number", "numbers"),
    "digits": _Type((int, str), "digits", "digits"),
    "flag": _Type((bool,), "true or false", "flags"),
    "object": _Type((dict,), "an object", "objects"),
}
_WHOLE = re.compile(r"-?[0-9]{1,300}")
_FRACTION = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")

Place = Literal["path", "query", "header", "body"]


@frozen_dataclass(slots=True)
class Parameter:
    """One value, in the path, the query, a header or the body.

    needed: the call is refused without it. type: a key of the table above. low, high: of a number itself, of a text's
    length. choices: the only values. form: what the whole text must match, and `like`, an example of it. time: it must
    be a moment that exists. check: raises ValueError, whose text says what is wrong and doesn't show the value.
    repeated: there may be several, in JSON always as a list; least, most: how many. nullable: null is a value of it.
    words: of those that the API has in this place of a path, the ones that may be given. secret: its value is shown
    nowhere. beside: a value without which this one is ignored. inner, exactly_one, spans: rules of what is in an
    object; nothing else may be in it. place: where it goes, if not where the others do (`Operation.place`).
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
    check: Callable[[Any], object] | None = None
    repeated: bool = False
    least: int = 0
    most: int | None = None
    nullable: bool = False
    words: tuple[str, ...] = ()
    secret: bool = False
    beside: str = ""
    inner: tuple[Parameter, ...] = ()
    exactly_one: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    place: Place | None = None

    def errors(self, value: Any, *, is_text: bool = False) -> Iterator[str]:
        """What is wrong with the value; nothing shows it, since it may be secret.

        is_text: it goes where all values are text (a query, a form), so that numbers may be text here too.
        """
        if value is None and self.nullable:
            return
        many = value if isinstance(value, list) else [value]
        if isinstance(value, list) and not self.repeated:
            yield f"{self.name}: must be one value, no list"
        elif self.repeated and not is_text and (many is not value or any(self._typed(one) is None for one in many)):
            yield f"{self.name}: must be a list of {_TYPES[self.type].many}"
        elif self.repeated and not self.least <= len(many) <= (len(many) if self.most is None else self.most):
            yield f"{self.name}: must be {_span(self.least, self.most)} values"
        else:
            for one in many:
                fault = self._fault(one, is_text)
                yield from [f"{self.name}: {fault}"] if fault else self._within(one)

    def told(self) -> str:
        """For a person: what the value must be."""
        kind = _TYPES[self.type]
        what = f"one of {', '.join(self.choices)}" if self.choices else kind.many if self.repeated else kind.one
        parts = [f"list of {what}" if self.repeated else what]
        if bounds := _span(*self._bounds()):
            parts.append(bounds + (" characters" if self.type == "text" else ""))
        if self.repeated and (count := _span(self.least or None, self.most)):
            parts.append(f"{count} of them")
        parts += [f"like {self.like}"] if self.like else []
        parts += [f"each with {', '.join(rule.name + '*' * rule.needed for rule in self.inner)}"] if self.inner else []
        parts += [f"or {word}" for word in self.words]
        parts += [f"with {self.beside}"] if self.beside else []
        return ", ".join([*parts, *(["secret"] if self.secret else [])])

    def _fault(self, given: Any, is_text: bool) -> str | None:
        """What is wrong with one value; what is in an object is looked at elsewhere."""
        value = self._typed(given, is_text)
        if value is None:
            return f"must be {_TYPES[self.type].one}"
        if self.check is not None:
            try:
                self.check(value)
            except ValueError as error:
                return str(error)
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}"
        if not self._fits(value):
            unit = " characters" if self.type == "text" else ""
            return f"must be {_span(*self._bounds())}{unit}"
        if (self.form and not re.fullmatch(self.form, str(given))) or (self.time and moment(given) is None):
            return f"must be like {self.like}"
        return None

    def _typed(self, value: Any, is_text: bool = False) -> Any:
        """The value as Python has it; None where it is of another type."""
        if isinstance(value, str) and (is_text or self.type == "int64"):
            value = _parsed(self.type, value)
        elif self.type == "int64":
            return None
        kinds = (int,) if self.type == "int64" else _TYPES[self.type].kinds
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.type != "flag"):
            return None
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def _bounds(self) -> tuple[float | None, float | None]:
        kind = _TYPES[self.type]
        return kind.low if self.low is None else self.low, kind.high if self.high is None else self.high

    def _fits(self, value: Any) -> bool:
        low, high = self._bounds()
        size = len(value) if isinstance(value, str) else value
        return (low is None or size >= low) and (high is None or size <= high)

    def _within(self, item: Any) -> Iterator[str]:
        if isinstance(item, Mapping) and self.inner:
            known = {rule.name for rule in self.inner}
            found = [f"{name}: is not known there" for name in item if name not in known]
            found += [*find_errors(self.inner, item), *check_exactly_one(self.exactly_one, item)]
            found = found or [error for span in self.spans for error in span.errors(item)]
            yield from (f"{self.name}: {error}" for error in found)


@frozen_dataclass(slots=True)
class Span:
    """Two values between which time passes. days: at most so many. without: it only counts where this isn't given.
    read: what time a value says; it raises ValueError, or answers None, where it says none."""

    start: str
    end: str
    days: int | None = None
    without: str = ""
    read: Callable[[Any], Any] | None = None

    def errors(self, given: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the two together."""
        first, last = self._moment(given.get(self.start)), self._moment(given.get(self.end))
        if first is None or last is None or (self.without and given.get(self.without) is not None):
            return
        if isinstance(first, datetime) and (first.tzinfo is None) != (last.tzinfo is None):
            yield f"{self.end}: must have a time zone where {self.start} has one, and none where not"
        elif last < first:
            yield f"{self.end}: must not lie before {self.start}"
        elif self.days is not None and last - first > timedelta(days=self.days):
            yield f"{self.end}: at most {self.days} days after {self.start}"

    def _moment(self, value: Any) -> Any:
        try:
            return None if value is None else (self.read or moment)(value)
        except ValueError:
            return None


def find_errors(
    rules: tuple[Parameter, ...],
    given: Mapping[str, Any],
    is_text: Callable[[Parameter], bool] = lambda rule: False,
) -> Iterator[str]:
    """What is missing, and what isn't as the rules say."""
    for rule in rules:
        if rule.name not in given or (given[rule.name] is None and rule.needed):
            if rule.needed:
                yield f"missing: {rule.name}={rule.like or '...'}"
            continue
        yield from rule.errors(given[rule.name], is_text=is_text(rule))
        if rule.beside and rule.beside not in given:
            yield f"{rule.name}: is ignored without {rule.beside}"


def check_exactly_one(names: tuple[str, ...], given: Mapping[str, Any]) -> Iterator[str]:
    """Whether none or several are given of those of which there must be one."""
    named = [name for name in names if given.get(name) is not None]
    if names and len(named) != 1:
        told = f", not {' and '.join(named)}" if named else ""
        yield f"exactly one of {', '.join(names)} is needed{told}"


def moment(value: Any) -> datetime | None:
    """The time that a text says, None if it says none."""
    try:
        found = datetime.fromisoformat(value.upper())
        found.utctimetuple()  # which fails where it lies beyond the years that a calendar has
    except (AttributeError, ValueError, OverflowError):
        return None
    return found


def read_json(text: str) -> Any:
    """What the text says. Raises ValueError for what no JSON can say: NaN, numbers without bounds, endless depth."""
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON")
    return number


def _span(low: float | None, high: float | None) -> str:
    """`1..9`, `1..`, `..9`; "" where it has no end at all."""
    ends = ["" if end is None else str(end) if isinstance(end, int) else f"{end:g}" for end in (low, high)]
    return "..".join(ends) if any(ends) else ""


def _parsed(type: str, text: str) -> Any:
    """What a text says where all values are text; the text itself where it says nothing of that type."""
    if type == "flag":
        return {"true": True, "false": False}.get(text, text)
    if type in {"integer", "int32", "int64"}:
        return int(text) if _WHOLE.fullmatch(text) else text
    if type == "number":
        return float(text) if _FRACTION.fullmatch(text) else text
    if type == "object":
        try:
            return read_json(text)
        except ValueError:
            return text
    return text
