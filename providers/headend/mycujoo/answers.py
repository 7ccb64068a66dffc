"""What mycujoo answers, as the documents have it: the one place where answers become values.

A zero value may be left out (M-13), so that only ids are required: nothing has an empty one. What is null is no zero,
but messages and times that aren't set are written so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from headend.core.model.errors import ApiError, DecodeError
from headend.core.wire.decode import Shape, TextId
from headend.mycujoo.values import KEYS

if TYPE_CHECKING:
    from headend.core.wire.operations import Operation

_ERROR: Final = frozenset({"code", "message", "error"})
"""Keys that no documented success has at its top, and every error has (M-8)."""


def is_status(body: Any) -> bool:
    """Whether it is an error in the platform's own words, google.rpc.Status (M-8); a proxy's has no code."""
    code = body.get("code") if isinstance(body, Mapping) else None
    return isinstance(code, int) and not isinstance(code, bool) and isinstance(body.get("message", ""), str)


def object_of(op: Operation, body: Any) -> dict[str, Any]:
    """The object that a success holds. Raises DecodeError for anything else, and for an error that calls itself a
    success."""
    if not isinstance(body, dict):
        raise DecodeError(f"mycujoo {op.key}: the answer is not a JSON object")
    if body.keys() & _ERROR:
        raise DecodeError(f"mycujoo {op.key}: answered a success that holds an error")
    return body


def rows_of(op: Operation, body: Any) -> list[Any]:
    """The rows of a list. An empty list may be left out (M-13), but not for keys that no such answer has.

    Raises DecodeError for anything else.
    """
    found = object_of(op, body)
    known = {op.list_key, "next_page_token"} if op.role == "paged" else {op.list_key}
    if found and not found.keys() & known:
        raise DecodeError(f"mycujoo {op.key}: the answer holds no list {op.list_key}")
    rows = found.get(op.list_key or "", [])
    if not isinstance(rows, list):
        raise DecodeError(f"mycujoo {op.key}: {op.list_key} is no list in the answer")
    return rows


def next_token(op: Operation, body: Any) -> str:
    """The token of the next page, "" after the last (M-16). Raises DecodeError for a token of another type."""
    token = object_of(op, body).get("next_page_token", "")
    if not isinstance(token, str):
        raise DecodeError(f"mycujoo {op.key}: next_page_token is no text in the answer")
    return token


# --- accounting ------------------------------------------------------------------------------------------------
class Tax(Shape):
    address_lines: list[str] = []
    city: str = ""
    country: str = ""
    id: str = ""
    name: str = ""
    phone_number: str = ""
    province: str = ""
    zip_code: str = ""


class Organization(Shape):
    id: TextId
    email: str = ""
    invoice_template_id: str = ""
    is_enabled: bool = False
    is_test: bool = False
    name: str = ""
    tax: Tax | None = None


class Card(Shape):
    brand: str = ""
    exp_month: int = 0
    exp_year: int = 0
    last_digits: str = ""
    name: str = ""


class PaymentMethod(Shape):
    id: TextId
    is_default: bool = False
    org_id: str = ""
    provider: str = ""
    card: Card | None = None
    create_time: str | None = None
    update_time: str | None = None


# --- accounts --------------------------------------------------------------------------------------------------
class Account(Shape):
    id: TextId
    email: TextId
    first_name: str = ""
    last_name: str = ""
    is_verified: bool = False


class Created(Shape):
    """What creation answers: a password and no id (M-48)."""

    password: str = ""


class Invited(Shape):
    """What an invitation answers: an id and no password (M-56)."""

    account_id: str = ""


# --- actions ---------------------------------------------------------------------------------------------------
class Valued(Shape):
    """What holds a value under the key of its kind; `values.read` chooses where several are there (M-102, M-105)."""

    bool_value: bool | None = None
    datetime_value: str | None = None
    float_value: float | None = None
    number_value: int | str | None = None
    string_value: str | None = None

    def given(self) -> dict[str, Any]:
        """The values that are there, by their keys."""
        return self.model_dump(include=set(KEYS), exclude_none=True)


class Category(Shape):
    id: TextId
    title: str = ""
    menu_title: str = ""
    description: str = ""


class ActionBrief(Shape):
    id: TextId
    title: str = ""
    category_id: str = ""
    service_id: str = ""
    description: str = ""
    is_active: bool = False


class Validator(Shape):
    max: float = 0
    min: float = 0
    regex: str = ""


class ActionField(Valued):
    name: TextId
    value_type: str = ""
    is_configurable: bool = False
    is_required: bool = False
    no_default_value: bool = False
    validators: list[Validator] = []
    value_options: list[Valued] = []


class Action(ActionBrief):
    action_fields: list[ActionField] = []


class ConfigurationBrief(Shape):
    id: TextId
    action_id: TextId
    group_id: TextId
    title: str = ""
    order: int = 0


class Configuration(ConfigurationBrief):
    """fields: not looked at yet, for what is to be deleted doesn't depend on them."""

    fields: list[Any] = []


class FieldValue(Valued):
    field: TextId


Found = TypeVar("Found", Organization, PaymentMethod, Account, Configuration)


def about(id: str, found: Found) -> Found:
    """The answer, if it is about the object that was asked for. Raises DecodeError."""
    if found.id != id:
        raise DecodeError(f"mycujoo: asked for {id}, the answer is about {found.id}")
    return found


def turned_away(error: ApiError) -> bool:
    """Whether a request was refused at the door, so that nothing was done."""
    return error.status == 429 or error.code == 8
