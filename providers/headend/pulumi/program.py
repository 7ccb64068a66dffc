"""The stack program: declares the stack file named after the selected Pulumi stack."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import Resource as DynamicResource

from headend.core.model.address import outer
from headend.core.model.capabilities import OnAir
from headend.core.model.errors import HeadendError, InputError
from headend.core.model.lookup import find_named
from headend.core.model.references import Query, Reference, filled, pending
from headend.core.model.stack import Adopt, Resource, Stack
from headend.core.model.uploads import File
from headend.core.reconcile.arrange import order
from headend.core.reconcile.difference import secret_fields
from headend.core.reconcile.on_air import downstream
from headend.core.stackfile import load, lookup
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import platforms
from headend.core.wire.session import Session, open_session
from headend.pulumi.p import PROVIDERS, class_name
from headend.pulumi.props import META
from headend.pulumi.runtime import settings_of

TYPES: dict[str, type[DynamicResource]] = {}
for _name in PROVIDERS:
    _type = type(class_name(_name), (DynamicResource,), {}, module="headend", name=class_name(_name))
    TYPES[_name] = _type


def declare(folder: Path, name: str | None = None) -> Mapping[str, DynamicResource]:
    """Declares every resource of <folder>/<stack>.yaml and exports their ids, and what its `lookups:` find. Returns the
    resources by address.

    Secrets come from the environment or HEADEND_SECRETS_FILE, then from `pulumi config set --secret NAME`.
    Raises RunError, which Pulumi shows as it is, with every problem of the file, or all credentials that are missing.
    """
    config, find = pulumi.Config(), lookup()

    def secret(name: str) -> str | None:
        return find(name) or config.get(name)

    try:
        stack = load(folder / f"{name or pulumi.get_stack()}.yaml", secret=secret)
        _check_connections(stack)
        found = asyncio.run(look_up(stack, pulumi.Config("headend").get)) if stack.lookups else {}
    except HeadendError as error:
        raise pulumi.RunError(str(error)) from None
    made: dict[str, DynamicResource] = {}
    for wave in order(stack.resources):
        for address in wave:
            made[address] = _declared(stack, stack.resources[address], made)
    for address, resource in made.items():
        pulumi.export(address, resource.id)
    for address, id in found.items():
        pulumi.export(address, id)
    return made


def _check_connections(stack: Stack) -> None:
    """Raises CredentialsError or InputError here, at once for all, rather than in a provider at the first resource."""
    _session(stack, pulumi.Config("headend").get).check(stack.platforms())


def _session(stack: Stack, config: Callable[[str], Any]) -> Session:
    extra = {name: settings_of(platforms()[name], config) for name in stack.platforms()}
    return open_session(stack.connections, os.environ, redactor=Redactor(), extra=extra)


async def look_up(stack: Stack, config: Callable[[str], Any]) -> dict[str, str]:
    """`lookups.<name>` -> the id that was found. Raises InputError with all that are not to be found."""
    async with _session(stack, config) as session:
        ids, problems = await find_named(stack.lookups, session, set())
    if problems:
        raise InputError(problems)
    return ids


def properties(stack: Stack, resource: Resource, id_of: Callable[[Reference], Any]) -> dict[str, Any]:
    """What the provider is given of a resource: its spec as JSON, what references stand for, and `headend`."""
    plain = resource.spec.model_dump(mode="json", include=set(resource.spec.set_fields()))
    for field, value in resource.spec.set_fields().items():
        if any(True for _ in pending(value)):
            plain[field] = filled(value, lambda one: {"lookup": one.fields} if isinstance(one, Query) else id_of(one))
        if isinstance(value, File):  # the provider runs elsewhere
            plain[field] = value.model_copy(update={"path": str(value.location)}).model_dump()
    return plain | {META: _meta(stack, resource)}


def _declared(stack: Stack, resource: Resource, made: Mapping[str, DynamicResource]) -> DynamicResource:
    hidden = secret_fields(type(resource.spec), resource.secret_fields)
    given = properties(stack, resource, lambda reference: _stands_for(made[reference.address], reference))
    props = {name: pulumi.Output.secret(value) if name in hidden else value for name, value in given.items()}
    life = resource.lifecycle
    options = pulumi.ResourceOptions(
        protect=bool(life.protect),
        depends_on=[made[address] for address in sorted(resource.references()) if address in made],
        delete_before_replace=not resource.kind.create_before_delete,
        ignore_changes=list(life.ignore_changes),
        retain_on_delete=life.retain,
        additional_secret_outputs=sorted({*hidden, "handed_out"}),
        aliases=[pulumi.Alias(name=name) for name in _former(stack, resource.address)],
    )
    kind = resource.kind.name
    return TYPES[kind](PROVIDERS[kind], resource.address, props | {"computed": None}, options)


def _stands_for(resource: DynamicResource, reference: Reference) -> pulumi.Output[Any]:
    if reference.computed is None:
        return resource.id
    computed: pulumi.Output[Any] = resource.computed  # type: ignore[attr-defined]  # every resource here has it
    return computed.apply(lambda values: values[reference.computed])


def _meta(stack: Stack, resource: Resource) -> dict[str, Any]:
    """The property `headend` (see `headend.pulumi.provider`), without what is empty."""
    life = resource.lifecycle
    meta = {
        "address": resource.address,
        "connections": dict(stack.connections.get(resource.kind.platform, {})),
        "adopt": life.adopt.value if life.adopt is not Adopt.NEVER else None,
        "adopt_id": life.adopt_id,
        "adopt_lookup": life.adopt_query.fields if life.adopt_query else None,
        "protect": life.protect,
        "ignore_changes": list(life.ignore_changes),
        "defaulted": sorted(resource.defaulted),
        "options": stack.options.model_dump(mode="json", exclude_defaults=True),
        "carriers": _carriers(stack, resource.address),
        "hidden": sorted(secret_fields(type(resource.spec), resource.secret_fields)),
    }
    return {name: value for name, value in meta.items() if value is not None and value not in ({}, [])}


def _carriers(stack: Stack, address: str) -> list[str]:
    """What goes out through the resource: those downstream that have airtimes and nothing behind them."""
    return [
        a
        for a in downstream(address, stack.dependents)
        if a not in stack.dependents and isinstance(stack.resources[a].kind, OnAir) and a != address
    ]


def _former(stack: Stack, address: str) -> list[str]:
    """The name it went by before its own key, or that of something it lies in, was changed."""
    for above in (*reversed(list(outer(address))), address):
        resource = stack.resources.get(above)
        if resource and resource.lifecycle.renamed_from:
            return [resource.lifecycle.renamed_from + address[len(above) :]]
    return []
