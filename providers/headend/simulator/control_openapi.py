"""The OpenAPI document of the control routes, made of the types that check them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

import headend

if TYPE_CHECKING:
    from headend.simulator.control import ControlRoute

_REFUSED = {"description": "What is wrong, in `message`; nothing was changed"}


def describe(routes: Sequence[ControlRoute], prefix: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for route in routes:
        said: dict[str, Any] = {"summary": route.title, "operationId": _name(route)}
        places = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in _places(route)]
        said["parameters"] = places + _query(route, schemas)
        if route.takes is not None:
            content = {"application/json": {"schema": _schema(route.takes, "validation", schemas)}}
            said["requestBody"] = {"required": True, "content": content}
        answer: dict[str, Any] = {"description": "Done"}
        if route.gives is not None:
            answer["content"] = {"application/json": {"schema": _schema(route.gives, "serialization", schemas)}}
        said["responses"] = {"204" if route.gives is None else "200": answer, "4XX": _REFUSED}
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = said
    info = {"title": "headend simulate --control", "version": headend.__version__}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _name(route: ControlRoute) -> str:
    return "_".join([route.method.lower(), *re.findall(r"\w+", route.path)])


def _places(route: ControlRoute) -> list[str]:
    return re.findall(r"{(\w+)}", route.path)


def _query(route: ControlRoute, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    fields = TypeAdapter(route.query).json_schema()["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]


def _schema(type_: Any, mode: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The type's schema; what it is made of goes to `schemas`."""
    made = TypeAdapter(type_).json_schema(mode=mode, ref_template="#/components/schemas/{model}", by_alias=True)
    schemas |= made.pop("$defs", {})
    return made
