"""From plain values to a checked model, with pydantic's errors as problems with places."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from headend.core.model.fields import Credential, Secret, marked
from headend.core.model.findings import Problem, Problems, Source, warning
from headend.core.model.secrets import MissingSecret
from headend.core.model.times import with_zone
from headend.core.stackfile.missing import validate_without
from headend.core.stackfile.nodes import KeyValue
from headend.core.stackfile.unknown import explain_unknown
from headend.core.stackfile.values import Plain
from headend.core.wire.redaction import Redactor, find_texts

M = TypeVar("M", bound=BaseModel)


@dataclass
class Input:
    """What a model is to be made of.

    entries: the nodes behind the values. source: where what is missing is reported. known: gives the keys allowed
    beside the model's fields, for did-you-mean. broken: fields whose problem is recorded. secrets: texts from
    `{secret: NAME}`. from_secret: fields that hold such a text. missing: fields whose secret has no value. outside:
    fields that hold a variable's value which no file has. all_secret: no value at all may occur in a message.
    time_zone: of times that are written without one. whole: what stands where the entries do, the collections below it
    too. variants: the other models that a variant of the kind has.
    """

    entries: Mapping[str, KeyValue]
    source: Source
    address: str | None = None
    known: Callable[[], Collection[str]] = tuple
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    broken: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list, repr=False)
    from_secret: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    missing: dict[str, MissingSecret] = field(default_factory=dict)
    all_secret: bool = False
    time_zone: str | None = None
    whole: Mapping[str, KeyValue] = field(default_factory=dict)
    variants: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    def set(self, name: str, plain: Plain) -> None:
        """Takes a field's value."""
        self.values[name] = plain.value
        self.secrets += plain.secrets
        if plain.broken:
            self.broken.add(name)
        if plain.asks_secret:
            self.from_secret.add(name)
        if plain.outside:
            self.outside.add(name)
        if plain.missing:
            self.missing[name] = plain.missing

    def secret_fields(self, model: type[BaseModel]) -> frozenset[str]:
        """Fields whose values are secret."""
        return frozenset({*self.from_secret, *(self.values if self.all_secret else marked(model, Secret))})

    def scrub(self, text: str, model: type[BaseModel]) -> str:
        """The text without secret values."""
        unsaid = self.values if self.all_secret else marked(model, Secret)
        return scrub(text, [*self.secrets, *(t for name in unsaid for t in find_texts(self.values.get(name)))])


_IN_CLEAR = "stands in clear in the file, for all who can read it"
_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@:]*:[^/?#@]+@")


def in_clear(model: type[BaseModel], given: Input) -> list[Problem]:
    """A warning for each password that is no `{secret: NAME}`: a field of its own, or in a URL of a secret field."""
    hidden, credentials = given.secret_fields(model) - given.from_secret - given.outside, marked(model, Credential)
    if not hidden:
        return []
    return [
        warning(
            f"`{name}` {_IN_CLEAR}",
            field=name,
            remedy=f"write `{name}: {{secret: NAME}}`, and give its value apart",
            rule="secret-in-clear",
        )
        for name in sorted(hidden)
        if (value := given.values.get(name))
        and (name in credentials or (isinstance(value, str) and _USERINFO.match(value)))
    ]


def scrub(text: str, hidden: Iterable[str]) -> str:
    """The text without the hidden values."""
    redactor = Redactor()
    for value in hidden:
        redactor.add(value)
    return redactor.scrub(text)


def make(model: type[M], given: Input, problems: Problems) -> M | None:
    """The model, or None with the reasons appended to `problems` (or recorded before: `given.broken`)."""
    before = len(problems)
    spec: M | None = None
    try:
        spec = _validate(model, given)
    except ValidationError as error:
        seen: set[tuple[str, ...]] = set()
        for detail in error.errors(include_url=False, include_input=False):
            if problem := _problem(model, given, detail, seen):
                problems.append(problem)
    except RecursionError:
        problems.add("nested too deeply", given.source, given.address)
    if spec is not None:
        unsaid = given.broken | given.secret_fields(model)
        for name, value in given.values.items():
            made = getattr(spec, name, None)
            if name not in unsaid and (type(made) is not type(value) or isinstance(value, dict | list)):
                problems += _coerced(value, made, given, (name,))
    return None if len(problems) > before or given.broken else spec


def _validate(model: type[M], given: Input) -> M:
    context = with_zone(given.time_zone)
    if given.missing:
        return validate_without(model, given.values, given.missing, context)
    return model.model_validate(given.values, context=context)


def _problem(
    model: type[BaseModel], given: Input, detail: Mapping[str, Any], seen: set[tuple[str, ...]]
) -> Problem | None:
    loc, said = _place(model, detail)
    if (loc and str(loc[0]) in given.broken) or (not loc and given.broken):
        return None  # follows from a problem that is reported already
    path, source, candidates = _locate(model, given, loc, of_key=detail["type"] == "extra_forbidden")
    if detail["type"] == "extra_forbidden":
        key, own = str(loc[-1]), len(loc) == 1
        beside = given.known() if own else ()
        around = (given.whole, beside, given.variants) if own else ({},)
        remedy = explain_unknown(key, {*candidates, *beside} - {key}, *around)
        return Problem(f"unknown key `{'.'.join(path)}`", source, given.address, remedy)
    if path in seen and detail["type"] != "missing":
        return None  # a union says once per member what is wrong with one value
    seen.add(path)
    if detail["type"] == "missing":
        name = ".".join([*path, *([] if path[-1:] == (str(loc[-1]),) else [str(loc[-1])])])
        return Problem(f"`{name}` is missing", source, given.address)
    message, custom = said, detail["type"] in {"value_error", "assertion_error"}
    if not path and loc and loc[0] in model.model_fields:
        path = (str(loc[0]),)  # it isn't written, so that its place is the whole's
    if custom and detail["loc"] and path and path[0] in given.secret_fields(model):
        message = "the secret's value is refused here"
    elif custom:
        message = given.scrub(message, model)
    else:
        message = given.scrub(_in_our_words(detail["type"], message), model)
    return Problem(f"`{'.'.join(path)}`: {message}" if path else message, source, given.address)


_WORDS = {
    "int": "must be a whole number, without a unit",
    "float": "must be a number, without a unit",
    "string": "must be text: put it in quotes",
    "bool": "must be true or false",
    "list": "must be a list: `[...]`, or lines that begin with `-`",
    "tuple": "must be a list: `[...]`, or lines that begin with `-`",
    "dict": "must be a mapping: `key: value`",
    "model": "must be a mapping: `key: value`",
}


def _in_our_words(error: str, said: str) -> str:
    """pydantic's message, in the words of YAML where a value has the wrong type."""
    wanted, _, what = error.partition("_")
    if what in {"type", "parsing", "from_float", "attributes_type", "parsing_size"} and wanted in _WORDS:
        return _WORDS[wanted] if what != "parsing_size" else "the number is too long"
    return said.replace("Input should be", "must be").replace("Input should", "must")


def _place(model: type[BaseModel], detail: Mapping[str, Any]) -> tuple[tuple[Any, ...], str]:
    """Where it is wrong, and what: a model's own check begins with the field that it finds at fault."""
    loc, said = tuple(detail["loc"]), str(detail["msg"])
    if detail["type"] == "refused":
        return (*loc, *detail["ctx"]["path"]), str(detail["ctx"]["why"])
    if detail["type"] not in {"value_error", "assertion_error"}:
        return loc, said
    said = said.partition(", ")[2] or said
    name, _, rest = said.partition(": ")
    return ((name,), rest) if not loc and rest and name in model.model_fields else (loc, said)


def _locate(
    model: type[BaseModel], given: Input, loc: tuple[Any, ...], *, of_key: bool
) -> tuple[tuple[str, ...], Source, set[str]]:
    """The part of pydantic's location that exists in the file, its place (the key's or the value's), and the fields
    that are known beside its last part. Names of union members in the location are passed over."""
    path: list[str] = []
    source = given.source
    entries: Mapping[str, KeyValue] | None = given.entries
    items: tuple[Any, ...] = ()
    models = [model]
    candidates = set(model.model_fields)
    for part in loc:
        candidates = {name for m in models for name in m.model_fields}
        if entries is not None and str(part) in entries:
            entry = entries[str(part)]
            node, source = entry.node, entry.source if of_key else entry.node.source
        elif isinstance(part, int) and part < len(items):
            node = items[part]
            source = node.source
        else:
            continue
        path.append(str(part))
        entries, items = node.mapping, node.value if isinstance(node.value, tuple) else ()
        if isinstance(part, str):
            models = [n for m in models if part in m.model_fields for n in _models(m.model_fields[part].annotation)]
    return tuple(path), source, candidates


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in get_args(annotation) for model in _models(arg)]


def _coerced(raw: Any, value: Any, given: Input, path: tuple[str, ...]) -> list[Problem]:
    """pydantic takes "yes" for true and "5" for 5; a stack file says what it means."""
    if isinstance(raw, dict) and isinstance(value, BaseModel):
        value = vars(value)
    if isinstance(raw, dict) and isinstance(value, Mapping):
        return [p for k, v in raw.items() if k in value for p in _coerced(v, value[k], given, (*path, k))]
    if isinstance(raw, list) and isinstance(value, (list, tuple)) and len(raw) == len(value):
        pairs = zip(raw, value, strict=True)
        return [p for i, (r, v) in enumerate(pairs) for p in _coerced(r, v, given, (*path, str(i)))]
    wanted = None
    if isinstance(value, bool) and not isinstance(raw, bool) and isinstance(raw, (str, int, float)):
        wanted = "true or false"
    elif _numeric(value) and (isinstance(raw, bool) or (isinstance(raw, str) and _is_number(raw))):
        wanted = "a number"
    if wanted is None:
        return []
    quoted = ", without quotes" if wanted == "a number" and isinstance(raw, str) else ""
    source = given.entries[path[0]].node.source if path[0] in given.entries else given.source
    return [Problem(f"`{'.'.join(path)}`: must be {wanted}", source, given.address, f"write it as {wanted}{quoted}")]


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
