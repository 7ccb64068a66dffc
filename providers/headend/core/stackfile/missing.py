"""Models of which some fields wait for secrets: everything is checked that can be without those."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError, create_model

from headend.core.model.record import field_adapter
from headend.core.model.secrets import MissingSecret, SecretNeeded

M = TypeVar("M", bound=BaseModel)


def validate_without(
    model: type[M], values: Mapping[str, Any], missing: Mapping[str, MissingSecret], context: Any
) -> M:
    """The model, its fields in `missing` as they are. Raises ValidationError for what is wrong with the others.

    A check of several fields that can't do without a secret's value is left out.
    """
    fields = frozenset(missing.keys() & model.model_fields.keys())
    try:
        checked = _open(model, fields).model_validate(dict(values), context=context)
    except (SecretNeeded, TypeError, AttributeError):  # by the model's own checks: each field passed by itself
        return _unchecked(model, {n: v for n, v in values.items() if n in model.model_fields}, fields, context)
    return model.model_construct(_fields_set=set(checked.model_fields_set), **checked.__dict__)


@functools.cache
def _open(model: type[M], fields: frozenset[str]) -> type[M]:
    """The model with fields that take anything, which their own validators don't look at."""
    given: dict[str, Any] = dict.fromkeys(fields, (Any, None))
    checks: dict[str, Any] = {
        name: staticmethod(_for_values(found.func))
        for name, found in model.__pydantic_decorators__.field_validators.items()
        if fields & set(found.info.fields)
    }
    return create_model(model.__name__, __base__=model, __validators__=checks, **given)


def _for_values(check: Callable[..., Any]) -> Callable[..., Any]:
    """The check, which lets what is missing pass."""

    @functools.wraps(check)
    def checked(value: Any, *more: Any) -> Any:
        return value if isinstance(value, MissingSecret) else check(value, *more)

    return checked


def _unchecked(model: type[M], values: Mapping[str, Any], fields: frozenset[str], context: Any) -> M:
    """Each field by itself."""
    made = dict(values)
    for name in values.keys() - fields:
        with contextlib.suppress(ValidationError):  # a check before the others would have changed it
            made[name] = field_adapter(model, name).validate_python(values[name], context=context)
    return model.model_construct(_fields_set=set(made), **made)
