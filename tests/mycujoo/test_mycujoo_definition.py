"""Plan-time checks: field values as authors write them, and what an action's definition says of them."""

from __future__ import annotations

import asyncio
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from headend.core.model.capabilities import Catalogued
from headend.core.wire.client import Client
from headend.core.wire.decode import decode
from headend.core.wire.registry import kinds
from headend.mycujoo.action_configuration_spec import ActionConfiguration
from headend.mycujoo.answers import Action as Definition
from headend.mycujoo.definition import check
from headend.mycujoo.platform import PLATFORM
from headend.mycujoo.settings import MycujooSettings
from headend.mycujoo.values import canonical, instant, kind_of_type, normal, same, wire
from headend.simulator.app import Simulator
from headend.simulator.mycujoo import MycujooSim


def row(name: str, value_type: str = "VALUE_TYPE_STRING", **more: Any) -> dict[str, Any]:
    return {"name": name, "value_type": value_type, "is_configurable": True, **more}


def said(rows: list[dict[str, Any]], fields: dict[str, Any], *, is_active: bool = True) -> list[str]:
    action = decode(Definition, "x", {"id": "act", "is_active": is_active, "action_fields": rows})
    found = check(action, {k: canonical(v) for k, v in fields.items()})
    return [str(problem) for problem in found]


NUMBER, FLOAT = "VALUE_TYPE_NUMBER", "VALUE_TYPE_DOUBLE"

ERRORS = [
    ("M-115", [row("a")], {"b": "x"}, "fields.b: the action has no such field"),
    ("M-117", [row("a", is_configurable=False)], {"a": "x"}, "doesn't let this field be set"),
    ("M-117", [{"name": "a"}], {"a": "x"}, "doesn't let this field be set"),
    ("M-118", [row("a", is_required=True, no_default_value=True)], {}, "fields.a: the action requires it"),
    ("M-119", [row("a", NUMBER)], {"a": "5"}, "is a string_value, the action wants a number_value"),
    ("M-119", [row("a", FLOAT)], {"a": 5}, "is a number_value, the action wants a float_value"),
    ("M-120", [row("a", value_options=[{"string_value": "x"}])], {"a": "y"}, "none of the action's 1 options"),
    ("M-121", [row("a", validators=[{"regex": "^x"}, {"regex": "y$"}])], {"a": "xz"}, "match the action's pattern"),
    ("M-121", [row("a", NUMBER, validators=[{"min": 2, "max": 4}])], {"a": 5}, "beyond the action's max"),
    ("M-121", [row("a", FLOAT, validators=[{"min": 2, "max": 4}])], {"a": 1.5}, "beyond the action's min"),
]


@pytest.mark.contract("M-115", "M-117", "M-118", "M-119", "M-120", "M-121")
@pytest.mark.parametrize(("number", "rows", "fields", "text"), ERRORS)
def test_what_the_definition_forbids_is_one_error(
    number: str, rows: list[dict[str, Any]], fields: dict[str, Any], text: str
) -> None:
    (problem,) = said(rows, fields)
    assert text in problem
    assert number in problem
    assert not problem.startswith("warning: ")


WARNINGS = [
    ([row("a", is_required=True)], {}, "shows no default"),
    ([row("a", validators=[{"regex": "("}])], {"a": "x"}, "none that can be checked here"),
    ([row("a", NUMBER, validators=[{"min": 0, "max": 4}])], {"a": -1}, "beyond the action's min"),
    ([row("a", NUMBER, validators=[{"min": -4}])], {"a": 1}, "beyond the action's max"),
    ([row("a", validators=[{"min": 2, "max": 3}])], {"a": "xxxx"}, "beyond the action's max"),
]


@pytest.mark.contract("M-118", "M-121", "M-196")
@pytest.mark.parametrize(("rows", "fields", "text"), WARNINGS)
def test_doubts_only_warn(rows: list[dict[str, Any]], fields: dict[str, Any], text: str) -> None:
    (problem,) = said(rows, fields)
    assert problem.startswith("warning: ")
    assert text in problem


FINE = [
    ([row("a", NUMBER, value_options=[{"number_value": "7"}])], {"a": 7}),
    ([row("a", NUMBER, value_options=[{"label": "none"}])], {"a": 0}),
    ([row("a", NUMBER, validators=[{"regex": "x", "min": 0, "max": 0}])], {"a": -5}),
    ([row("a", "VALUE_TYPE_COLOUR")], {"a": 5}),
    ([row("a", is_required=True, string_value="x")], {}),
    ([row("a", validators=[{"regex": "b"}])], {"a": "abc"}),
]


@pytest.mark.contract("M-119", "M-120", "M-121")
@pytest.mark.parametrize(("rows", "fields"), FINE)
def test_what_the_definition_allows_is_said_nothing_of(rows: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    assert said(rows, fields) == []


@pytest.mark.contract("M-122")
def test_an_inactive_action_warns() -> None:
    (problem,) = said([], {}, is_active=False)
    assert problem.startswith("warning: the action is not active")


@pytest.mark.contract("M-198")
def test_messages_name_fields_and_never_values() -> None:
    rows = [row("a", validators=[{"regex": "^x"}], value_options=[{"string_value": "x"}])]
    assert all("hunter2" not in text for text in said(rows, {"a": "hunter2", "b": "hunter2"}))
    with pytest.raises(ValidationError) as caught:
        spec(fields={"a": {"number_value": "hunter2"}})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(spec(fields={"a": "hunter2"}))


def spec(**values: Any) -> ActionConfiguration:
    return ActionConfiguration(**({"action_id": "act-1", "group_id": "derby", "title": "Goal"} | values))


@pytest.mark.contract("M-102", "M-103", "M-104")
@pytest.mark.parametrize(
    "value",
    [
        None,
        [1],
        {},
        {"number_value": "5", "bool_value": True},
        {"number": 5},
        {"number_value": 2**63},
        {"number_value": 1.5},
        {"number_value": True},
        {"bool_value": 1},
        {"float_value": float("inf")},
        {"float_value": 10**400},
        float("nan"),
        {"datetime_value": "2026-12-05T15:00:00"},
        {"datetime_value": "2026-13-05T15:00:00Z"},
        {"datetime_value": 5},
    ],
)
def test_values_that_are_not_exactly_one_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="delay"):
        spec(fields={"delay": value})


@pytest.mark.contract("M-100")
@pytest.mark.parametrize("wrong", [{"title": ""}, {"action_id": ""}, {"group_id": ""}, {"order": 2**31}, {"id": "x"}])
def test_the_spec_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**wrong)


@pytest.mark.contract("M-6", "M-102", "M-103", "M-181")
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (False, {"bool_value": False}),
        (0, {"number_value": "0"}),
        ({"number_value": "-9223372036854775808"}, {"number_value": "-9223372036854775808"}),
        ({"number_value": 5.0}, {"number_value": "5"}),
        (0.0, {"float_value": 0.0}),
        ("", {"string_value": ""}),
        ("2026-12-05T15:00:00Z", {"string_value": "2026-12-05T15:00:00Z"}),
        ({"datetime_value": "2026-12-05T15:00:00Z"}, {"datetime_value": "2026-12-05T15:00:00Z"}),
    ],
)
def test_presence_and_not_truth_decides_what_is_sent(given: Any, sent: dict[str, Any]) -> None:
    assert wire(canonical(given)) == sent


@pytest.mark.contract("M-103", "M-104")
def test_equal_values_have_one_normal_form() -> None:
    assert normal({"number_value": "9007199254740993"}) == normal({"number_value": 9007199254740993})
    assert normal({"float_value": 0.1}) == normal({"float_value": 0.10000000149011612})
    assert normal({"number_value": 1}) != normal({"bool_value": True})
    assert normal({"float_value": 1e300}) != normal({"float_value": 2e300})
    assert same({"float_value": 1.0}, {"float_value": 1.0000009})
    assert not same({"float_value": 1.0}, {"float_value": 1.00001})
    assert instant("2026-12-05T16:30:00.10+01:30") == instant("2026-12-05t15:00:00.1Z") == "2026-12-05T15:00:00.1Z"
    assert instant("2026-12-05T15:00:00.123456789Z") != instant("2026-12-05T15:00:00.123456788Z")


@pytest.mark.contract("M-119")
@pytest.mark.parametrize(
    ("value_type", "key"),
    [
        ("VALUE_TYPE_BOOLEAN", "bool_value"),
        ("VALUE_TYPE_TIMESTAMP", "datetime_value"),
        ("VALUE_TYPE_DOUBLE", "float_value"),
        ("VALUE_TYPE_INT64", "number_value"),
        ("VALUE_TYPE_TEXT", "string_value"),
        ("VALUE_TYPE_UNSPECIFIED", None),
        (None, None),
    ],
)
def test_the_kind_that_a_value_type_asks_for(value_type: str | None, key: str | None) -> None:
    assert kind_of_type(value_type) == key


def validated(action_id: str, *, status: int | None = None) -> list[str]:
    sim = Simulator(classes=[MycujooSim])
    if status:
        sim.fail("action.get", status=status)
    env = sim.settings()

    async def main() -> list[str]:
        settings = MycujooSettings(url=env["HEADEND_MYCUJOO_URL"], api_key=env["HEADEND_MYCUJOO_API_KEY"])
        async with Client(settings.url, platform="mycujoo", transport=sim.transport()) as client:
            wanted = spec(action_id=action_id, fields={"delay": 5, "clip": True})
            kind = kinds()["mycujoo.action_configuration"]
            assert isinstance(kind, Catalogued)
            found = await kind.check_catalogue(PLATFORM.connect(settings, client), wanted)
            return [str(problem) for problem in found]

    return asyncio.run(main())


@pytest.mark.contract("M-114", "M-19")
def test_only_a_missing_action_is_an_error_an_unreadable_one_warns() -> None:
    assert validated("act-1") == []
    assert validated("nope") == ["action_id: no such action: nope"]
    assert validated("configurations") == ["action_id: no such action: configurations"]
    (warning,) = validated("act-1", status=500)
    assert warning.startswith("warning: the action's definition can't be read")


@pytest.mark.contract("M-100", "M-102")
def test_the_schema_for_editors_takes_plain_and_explicit_values() -> None:
    validator = jsonschema.Draft202012Validator(ActionConfiguration.model_json_schema())
    base = {"action_id": "a", "group_id": "g", "title": "t"}
    assert validator.is_valid(
        {**base, "fields": {"delay": 5, "clip": True, "at": {"datetime_value": "2026-12-05T15:00:00Z"}}}
    )
    assert not validator.is_valid({**base, "fields": {"delay": {"number": 5}}})
    assert not validator.is_valid({**base, "fields": {"delay": {"number_value": 5, "bool_value": True}}})
