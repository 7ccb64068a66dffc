"""What a word such as `ateme.input.latency` stands for, and all that there is to say of it: `headend explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import Kind, collection_of
from headend.core.model.options import Options
from headend.core.model.rules import NUMBER, cited_rules, without_rules
from headend.core.model.suggest import suggest
from headend.core.stackfile.describe import FieldFacts, describe, describe_part, inner_schema, json_schema_of
from headend.core.stackfile.examples import example_line
from headend.core.stackfile.lifecycle import LifecycleModel
from headend.core.wire import registry

GENERAL: Mapping[str, type[BaseModel]] = {"lifecycle": LifecycleModel, "options": Options}


@frozen_dataclass
class Explained:
    """One field: its facts, an example, the variants that it is so of (none: all), and the rules of the platform's
    contract that say so."""

    facts: FieldFacts
    example: str
    variants: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@frozen_dataclass
class Explanation:
    """What a path means. kind: None for `lifecycle` and `options`. variant: the one that is asked for. field: the path
    below, "" where all fields are asked for. fields: those, or the one, as often as variants differ in it."""

    name: str
    about: str
    kind: Kind[Any, Any] | None
    variant: str
    field: str
    fields: tuple[Explained, ...]


def explain(path: str) -> Explanation:
    """Raises InputError for what there is nothing to say of."""
    words = path.split(".")
    if words[0] in GENERAL:
        model = GENERAL[words[0]]
        about = " ".join((model.__doc__ or "").split())
        return _explained(Explanation(words[0], about, None, "", ".".join(words[1:]), ()), {"": model}, words[1:])
    kind = _kind(words)
    models = dict(kind.variants or {"": kind.model})
    rest = words[2:]
    variant = rest.pop(0) if rest and rest[0] in kind.variants else ""
    if variant:
        models = {variant: models[variant]}
    about = (models[variant] if variant else type(kind)).__doc__ or ""
    return _explained(Explanation(kind.name, about, kind, variant, ".".join(rest), ()), models, rest)


def _kind(words: Sequence[str]) -> Kind[Any, Any]:
    name = ".".join(words[:2])
    known = list(registry.kinds())
    by_collection = {f"{one.partition('.')[0]}.{collection_of(one)}": one for one in known}
    found = name if name in known else by_collection.get(name)
    if found is None:
        platform = words[0] in registry.platforms() and len(words) == 1
        listed = f"`headend kinds {name}` lists its kinds" if platform else "`headend kinds` lists what there is"
        remedy = (None if platform else suggest(name, known, show=0)) or listed
        raise InputError(Problem(f"there is no kind `{name}`", remedy=remedy))
    return registry.kinds()[found]


def _explained(about: Explanation, models: Mapping[str, type[BaseModel]], path: Sequence[str]) -> Explanation:
    if not path:
        names = list(dict.fromkeys(name for model in models.values() for name in model.model_fields))
        fields = [one for name in names for one in _field(about.kind, models, [name])]
        return replace(about, fields=tuple(fields))
    if found := _field(about.kind, models, path):
        return replace(about, fields=tuple(found))
    known = [*_names(models, path[:-1]), *(about.kind.variants if about.kind and len(path) == 1 else ())]
    if not known and len(path) > 1:
        raise InputError(Problem(f"{about.name}: `{'.'.join(path[:-1])}` has no fields"))
    where = ".".join([about.name, *([about.variant] if about.variant else []), *path[:-1]])
    raise InputError(Problem(f"{where} has no field `{path[-1]}`", remedy=suggest(path[-1], known, show=60)))


def _names(models: Mapping[str, type[BaseModel]], path: Sequence[str]) -> list[str]:
    """The fields at the end of the path."""
    if not path:
        return list(dict.fromkeys(name for model in models.values() for name in model.model_fields))
    inner = (inner_schema(json_schema_of(model), path) for model in models.values())
    return list(dict.fromkeys(name for schema in inner if schema for name in schema["properties"]))


def _field(kind: Kind[Any, Any] | None, models: Mapping[str, type[BaseModel]], path: Sequence[str]) -> list[Explained]:
    """The field as each variant has it, those together that have the same."""
    found: dict[tuple[FieldFacts, str], list[str]] = {}
    rules: dict[tuple[FieldFacts, str], list[str]] = {}
    for variant, model in models.items():
        one = _of_model(kind, model, path, tuple(models))
        if one is not None:
            facts, example = one
            texts = facts.about, facts.unverifiable
            about, unread = map(without_rules, texts)
            key = replace(facts, about=about, unverifiable=unread), example
            found.setdefault(key, []).append(variant)
            rules.setdefault(key, []).extend(NUMBER.findall(" ".join(map(cited_rules, texts))))
    everywhere = len(found) == 1 and sum(map(len, found.values())) == len(models)
    return [
        Explained(*key, () if everywhere else tuple(variants), tuple(dict.fromkeys(rules[key])))
        for key, variants in found.items()
    ]


def _of_model(
    kind: Kind[Any, Any] | None, model: type[BaseModel], path: Sequence[str], variants: Sequence[str]
) -> tuple[FieldFacts, str] | None:
    name = path[0]
    if len(path) > 1:
        facts = describe_part(json_schema_of(model), path)
        return (facts, "") if facts else None
    if name not in model.model_fields:
        return None
    facts = describe(kind, model, name)
    if kind and kind.variants and name == "variant":  # what it may be is said once
        about, shape = describe(kind, kind.model, name).about, " or ".join(f"`{one}`" for one in variants)
        return replace(facts, shape=shape, allowed=tuple(variants), about=about), f"variant: {variants[0]}"
    return facts, example_line(model, name)
