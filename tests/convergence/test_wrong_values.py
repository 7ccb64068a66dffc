"""Whatever stands in a field of any kind: it is taken as it is written, or refused at its place."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convergence.test_convergence import CASES, stack_of
from headend.core.model.errors import InputError
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.stack import Resource
from headend.core.stackfile import load
from headend.core.wire.registry import kinds

ODD = [
    *("null", "true", "5", "-1", "0.5", "1e400", "1" * 30, ".nan", "2026-01-01", "7:30", "no"),
    *('"5"', '"true"', '"null"', '""', '" "', '"x"', '"2026-01-01"', '"4s"', '"\\u0007"'),
    *("[]", "{}", '["x"]', '{"x": 1}', "[null]", "[true]", "[[1]]"),
    *('{"id": 5}', '{"id": null}', '{"secret": 5}', '{"lookup": 5}', '{"vars": "x"}'),
]
EXAMPLES = len(ODD) * 50 if os.environ.get("HEADEND_THOROUGH") else 25
MEANT = {
    "ateme.event.image": {"": None},  # no picture
    "just.profile.birth_date": {"2026-01-01": 1767225600},  # the platform counts seconds
}
"""Field -> what some values are kept as, on purpose."""
DOCUMENTS = {"extra", "configuration", "settings", "buckets_creation_options"}
"""Fields that hold any mapping, as it stands."""


def model_of(name: str, fragment: dict[str, Any]) -> type[Spec]:
    kind = kinds()[name]
    found: type[Spec] = kind.variants[fragment["variant"]] if kind.variants else kind.model
    return found


def meant(name: str, field: str, raw: Any, model: type[Spec]) -> list[Any]:
    """What a value that is taken may be kept as: itself; null is the default, and an id is text."""
    if raw is None:
        return [None, model.model_fields[field].get_default(call_default_factory=True)]
    if field == "fields" and isinstance(raw, dict):  # of an action: each is kept with its type
        typed = {str: "string_value", bool: "bool_value"}
        forms = {key: {typed.get(type(value), "number_value"): value} for key, value in raw.items()}
        return [raw, forms]
    if field == "configuration" and isinstance(raw, dict):
        return [{key: value for key, value in raw.items() if value is not None}]
    if isinstance(raw, dict) and set(raw) == {"id"}:
        return [raw if field in DOCUMENTS else str(raw["id"])]
    if isinstance(raw, list):
        return [raw, tuple(raw)]
    known = MEANT.get(f"{name}.{field}", {})
    return [known[raw]] if isinstance(raw, str) and raw in known else [raw]


def read_json(text: str) -> Any:
    """What the value is by YAML 1.2: what isn't JSON is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@pytest.mark.parametrize(("module", "name"), CASES, ids=[name for _, name in CASES])
def test_a_value_is_taken_as_written_or_refused_at_its_place(module: Any, name: str, tmp_path: Path) -> None:
    fragment = module.CASES[name][0]
    model, file = model_of(name, fragment), tmp_path / "stack.yaml"

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(field=st.sampled_from(sorted(model.model_fields)), value=st.sampled_from(ODD))
    def check(field: str, value: str) -> None:
        before, _, after = json.dumps(stack_of(module, name, fragment | {field: "@@"})).partition('"@@"')
        text = before + value + after
        file.write_text(text)
        problems: list[Problem] = []
        resources: Mapping[str, Resource] = {}
        try:
            resources = load(file, secret=lambda name: f"secret-{name}").resources
        except InputError as error:
            problems = error.problems
        if problems:
            assert all(problem.source is not None for problem in problems)
            begin, end = len(before), len(before + value)
            told = [p for p in problems if p.source and begin < p.source.column <= end]
            assert told or any((p.address or "").endswith(".it") for p in problems)  # two fields that disagree
            return
        kept = getattr(next(r.spec for address, r in resources.items() if address.endswith(".it")), field)
        raw = read_json(value)
        assert any(kept == one and type(kept) is type(one) for one in meant(name, field, raw, model)), (kept, raw)

    check()
