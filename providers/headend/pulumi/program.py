"""The stack program: declares the stack file named after the selected Pulumi stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import Resource as DynamicResource

from headend.core.desired import Resource
from headend.core.diff import secret_fields
from headend.core.kind import Reference
from headend.core.planner import order
from headend.core.stack import load, lookup
from headend.pulumi.p import PROVIDERS, class_name
from headend.pulumi.provider import secret_names

TYPES: dict[str, type[DynamicResource]] = {}
for _name in PROVIDERS:
    _type = type(class_name(_name), (DynamicResource,), {}, module="headend", name=class_name(_name))
    TYPES[_name] = _type


def declare(folder: Path, name: str | None = None) -> Mapping[str, DynamicResource]:
    """Declares every resource of <folder>/<stack>.yaml and exports their ids. Returns them by address.

    Secrets come from the environment or HEADEND_SECRETS_FILE, then from `pulumi config set --secret NAME`.
    Raises InputError with every problem of the file.
    """
    config, find = pulumi.Config(), lookup()

    def secret(name: str) -> str | None:
        return find(name) or config.get(name)

    stack = load(folder / f"{name or pulumi.get_stack()}.yaml", secret=secret)
    made: dict[str, DynamicResource] = {}
    for wave in order(stack.resources):
        for address in wave:
            made[address] = _declared(stack.resources[address], made)
    for address, resource in made.items():
        pulumi.export(address, resource.id)
    return made


def _declared(resource: Resource, made: Mapping[str, DynamicResource]) -> DynamicResource:
    hidden = secret_fields(type(resource.spec), resource.secret_fields)
    plain = resource.spec.model_dump(mode="json", include=set(resource.spec.set_fields()))
    props: dict[str, Any] = {"computed": None}
    for field, value in resource.spec.set_fields().items():
        given = made[value.address].id if isinstance(value, Reference) else plain[field]
        props[field] = pulumi.Output.secret(given) if field in hidden else given
    needs = [made[address] for address in sorted(resource.references()) if address in made]
    life = resource.lifecycle
    options = pulumi.ResourceOptions(
        protect=bool(life.protect),
        depends_on=needs,
        delete_before_replace=not resource.kind.create_before_delete,
        ignore_changes=list(life.ignore_changes),
        retain_on_delete=life.retain,
        additional_secret_outputs=[*secret_names(resource.kind.name)],
        aliases=[pulumi.Alias(name=life.renamed_from)] if life.renamed_from else None,
    )
    return TYPES[resource.kind.name](PROVIDERS[resource.kind.name], resource.address, props, options)
