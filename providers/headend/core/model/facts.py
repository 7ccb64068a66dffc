"""The values that conditions of policies see. Of a secret they see stars, as many as it has characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.core.model.fields import Named, marked
from headend.core.model.policies import stars
from headend.core.model.record import secret_fields
from headend.core.model.references import Reference, filled, pending
from headend.core.model.secrets import MissingSecret
from headend.core.model.stack import Resource, Stack
from headend.core.model.uploads import File


class Facts:
    """What a stack says of its resources."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._seen: dict[str, dict[str, Any]] = {}

    def of(self, resource: Resource) -> dict[str, Any]:
        """All variables that the file gives."""
        stack, spec = self.stack, resource.spec
        hidden = secret_fields(type(spec), resource.secret_fields) & spec.set_fields().keys()
        return self.seen(resource.address) | {
            "stack": {"name": stack.name, "file": stack.file},
            "secrets": sorted(hidden),
            "references": {name: self._referred(value) for name, value in spec.linked_fields().items()},
            "dependents": [self.seen(address) for address in stack.dependents.get(resource.address, ())],
        }

    def seen(self, address: str) -> dict[str, Any]:
        """One resource, as others see it, too."""
        if address not in self._seen:
            resource = self.stack.resources[address]
            values = values_of(resource)
            self._seen[address] = {
                "address": address,
                "kind": resource.kind.name,
                "key": resource.key,
                "name": _name(resource, values),
                "spec": values,
            }
        return self._seen[address]

    def _referred(self, value: Any) -> Any:
        """What the field names: one resource, or a list of them. What isn't of the stack is left out."""
        found = [self.seen(one.address) for one in pending(value) if isinstance(one, Reference)]
        return found[0] if isinstance(value, Reference) else found


def _name(resource: Resource, values: Mapping[str, Any]) -> str:
    """The object's own name, else the key."""
    fields = (*marked(type(resource.spec), Named), "name")
    return next((name for field in fields if isinstance(name := values.get(field), str)), resource.key)


def values_of(resource: Resource) -> dict[str, Any]:
    """What is set, references by their addresses."""
    spec = resource.spec
    hidden = secret_fields(type(spec), resource.secret_fields)
    given = {name: value for name, value in spec.set_fields().items() if not isinstance(value, MissingSecret)}
    linked = spec.linked_fields()
    plain = spec.model_dump(mode="json", include=given.keys() - linked.keys() - hidden)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in hidden:
            found[name] = stars(value)
        elif isinstance(value, File):
            found[name] = value.path
        elif name in linked:
            found[name] = plain_of(filled(value, lambda one: one.address if isinstance(one, Reference) else str(one)))
        else:
            found[name] = plain[name]
    return found


def plain_of(value: Any) -> Any:
    """As CEL takes it."""
    if isinstance(value, Mapping):
        return {str(key): plain_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_of(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
