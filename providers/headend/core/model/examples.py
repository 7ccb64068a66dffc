"""Examples of policies: values that somebody gives, and what should come of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from headend.core.model.policies import ConditionFailed, Example, Policy

_NOTHING: Mapping[str, Any] = {
    "kind": "",
    "address": "",
    "key": "",
    "name": "",
    "spec": {},
    "secrets": [],
    "references": {},
    "dependents": [],
    "stack": {"name": "", "file": ""},
    "action": "none",
    "reason": "unchanged",
    "impact": "none",
    "id": None,
    "live": None,
    "changes": [],
    "status": None,
    "on_air": [],
    "maintenance": False,
}


def try_out(policy: Policy, example: Example) -> str:
    """What comes of the example, in the words of `expect`; a failure with its reason behind it."""
    given = dict(example.given)
    policy = replace(policy, params={**policy.params, **given.pop("params", {})})
    facts = {**_NOTHING, **given}
    if not policy.selects(facts["kind"], facts["address"], facts["stack"].get("name", "")):
        return "skipped"
    try:
        facts |= {name: _moments(facts[name]) for name in ("now", "on_air") if name in facts}
        return "holds" if policy.holds(facts) else "broken"
    except (ConditionFailed, ValueError) as error:
        return f"fails: {error}"


def _moments(value: Any) -> Any:
    """With times where a plan has some. Raises ValueError for what is none."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return [{k: _moments(v) if k in {"start", "end"} else v for k, v in one.items()} for one in value]
