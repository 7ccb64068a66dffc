"""The stack program: declares the stack file named after the selected Pulumi stack."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.dynamic.dynamic import PROVIDER_KEY

from headend.core.model.errors import HeadendError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import Record
from headend.core.model.references import Reference
from headend.core.model.stack import Resource, Stack
from headend.core.reconcile.order import waves
from headend.core.stackfile import Ways, load, secret_finder
from headend.core.stackfile.values import variable_name
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds, platforms
from headend.core.wire.session import Session
from headend.pulumi.declaration import Handover, hidden_fields, properties, read_in_file, secret_outputs
from headend.pulumi.journal import Journal, journal_name
from headend.pulumi.p import pickled
from headend.pulumi.preparation import Consent, Prepared, prepare
from headend.pulumi.runtime import say, settings_of
from headend.pulumi.settings import ADOPT, DELETIONS, INTERRUPTION, addresses
from headend.pulumi.snapshot import read_own_stack, read_records, type_token

T = TypeVar("T")
Config = Callable[[str], str | None]


class KindResource(pulumi.CustomResource):
    """A dynamic resource: of a type whose provider is pickled into its inputs.

    It has no __init__ of its own, so that the SDK notes no stack trace. That would be a third of what state holds of a
    resource, and the same lines for each: none of the stack file.
    """

    computed: pulumi.Output[Any]


def declare(folder: Path, name: str | None = None) -> Mapping[str, KindResource]:
    """Declares every resource of <folder>/<stack>.yaml and exports their ids, and what its `lookups:` find. Returns the
    resources by address.

    Secrets come from the environment or HEADEND_SECRETS_FILE, then from `pulumi config set --secret NAME`; variables
    from HEADEND_VAR_<NAME>, then from `pulumi config set headend:var.<name>`. Raises RunError, which Pulumi shows as it
    is, with every problem of the file, all credentials that are missing, or all that is refused.
    """
    config = pulumi.Config("headend").get
    file = folder / f"{name or pulumi.get_stack()}.yaml"
    try:
        stack = load_stack(file, pulumi.Config().get, config)
        records = read_records(read_own_stack())
        project = Project(
            pulumi.get_stack(), Path(), os.path.relpath(file), os.environ, config, pulumi.runtime.is_dry_run()
        )
        prepared, handover = run_apart(lambda: prepare_run(project, stack, records))
    except HeadendError as error:
        raise pulumi.RunError(str(error)) from None
    for line in prepared.lines:
        say(line)
    made: dict[str, KindResource] = {}
    for address in (a for wave in waves(stack.resources, prepared.order.after) for a in wave):
        made[address] = _declared(stack, stack.resources[address], prepared, handover, made)
    for address, resource in made.items():
        pulumi.export(address, resource.id)
    for lookup_name, id in prepared.lookups.items():
        if lookup_name.startswith("lookups."):
            pulumi.export(lookup_name, id)
    return made


def load_stack(file: Path, secrets: Config, config: Config) -> Stack:
    """The stack, with secrets and variables as Pulumi's users give them. Raises InputError."""
    find = secret_finder()
    ways = Ways(
        variable=lambda name: os.environ.get(variable_name(name)) or config(f"var.{name}"),
        give_variable="`pulumi config set headend:var.{name} VALUE`, or the environment variable {env}",
        give_secret="`pulumi config set --secret {name}`, or the environment variable {name}",  # noqa: S106
    )
    return load(file, secret=lambda name: find(name) or secrets(name), ways=ways)


def read_consent(config: Config, env: Mapping[str, str]) -> Consent:
    """What was agreed to: by the environment for every command, by the config only through a program's run."""
    return Consent(
        interruptions=addresses(env.get(INTERRUPTION)) | addresses(config("allowInterruption")),
        adoptions=addresses(env.get(ADOPT)),
        deletions=bool(env.get(DELETIONS) or config("allowDeletions")),
    )


def run_apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs in an event loop of a thread of its own: the program itself runs inside Pulumi's."""
    found: list[T] = []
    wrong: list[BaseException] = []

    def target() -> None:
        try:
            found.append(asyncio.run(work()))
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=target, name="headend")
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]
    return found[0]


@frozen_dataclass
class Project:
    """Where and how a program runs. name: the stack's, as Pulumi has it. folder: the project's. file: the stack file,
    as seen from there. config: gives a setting `headend:<name>`."""

    name: str
    folder: Path
    file: str
    env: Mapping[str, str]
    config: Config
    dry_run: bool = False


async def prepare_run(project: Project, stack: Stack, records: Mapping[str, Record]) -> tuple[Prepared, Handover]:
    """What the program decides, and what it hands over with each resource. Raises as `prepare` does."""
    consent = read_consent(project.config, project.env)
    journal = journal_name(project.name, project.folder, project.env)
    unfinished = Journal(project.folder, journal).unfinished(records)
    async with open_for(project, stack, records) as session:
        prepared = await prepare(
            stack, records, session, unfinished=unfinished, consent=consent, dry_run=project.dry_run, journal=journal
        )
    managed = None if consent.deletions else len(records)
    in_file = read_in_file(stack) if project.file else frozenset()
    return prepared, Handover(journal, project.file, consent.interruptions, managed, prepared.losses, in_file)


def open_for(project: Project, stack: Stack, records: Mapping[str, Record]) -> Session:
    """A session for all platforms that the stack, or what it leaves, is on. Raises CredentialsError or InputError
    here, at once for all, rather than in a provider at the first resource."""
    used = stack.platforms() | {kinds()[record.kind].platform for record in records.values()}
    extra = {name: settings_of(platforms()[name], project.config) for name in used}
    session = Session(stack.connections, project.env, redactor=Redactor(), extra=extra, also=_config_command, tell=say)
    session.check(used)
    return session


def _config_command(platform: str, setting: str, secret: bool) -> str:
    """How a setting is given by the stack's config."""
    return f"`pulumi config set {'--secret ' if secret else ''}headend:{platform}_{setting}`"


def _declared(
    stack: Stack, resource: Resource, prepared: Prepared, handover: Handover, made: Mapping[str, KindResource]
) -> KindResource:
    hidden = hidden_fields(resource, resource.spec)
    given = properties(
        stack, resource, lambda reference: _stands_for(made[reference.address], reference), prepared, handover
    )
    props = {name: pulumi.Output.secret(value) if name in hidden else value for name, value in given.items()}
    life, old = resource.lifecycle, prepared.moved.get(resource.address)
    first = resource.references() | prepared.order.after.get(resource.address, set())
    options = pulumi.ResourceOptions(
        protect=bool(life.protect),
        depends_on=[made[address] for address in sorted(first) if address in made],
        delete_before_replace=None if resource.kind.create_before_delete else True,  # None: the diff decides
        ignore_changes=list(life.ignore_changes),
        retain_on_delete=life.retain,
        additional_secret_outputs=secret_outputs(hidden),
        aliases=[pulumi.Alias(name=old)] if old else [],
    )
    kind = resource.kind.name
    extra = {"computed": None, PROVIDER_KEY: pickled(kind)}
    return KindResource(type_token(kind), resource.address, props | extra, options)


def _stands_for(resource: KindResource, reference: Reference) -> pulumi.Output[Any]:
    if reference.computed is None:
        return resource.id
    return resource.computed.apply(lambda values: values[reference.computed])
