"""The stack file of a command."""

from __future__ import annotations

from headend.cli.options import Flags
from headend.core.model.record import secret_fields
from headend.core.model.stack import Stack
from headend.core.stackfile import load, secret_finder
from headend.core.wire.redaction import Redactor, find_texts


def load_stack(
    options: Flags,
    redactor: Redactor,
    *,
    need_secrets: bool = True,
    need_variables: bool = True,
    ask: bool = True,
    asked: set[str] | None = None,
) -> Stack:
    """The stack, with every secret it uses known to the redactor. Raises InputError.
    need_secrets, need_variables: False for commands that send nothing of them. ask: whether HEADEND_SECRETS_COMMAND
    may be run. asked: takes the names of the secrets."""
    find_secret = secret_finder(run=ask)

    def secret(name: str) -> str | None:
        if asked is not None:
            asked.add(name)
        value = find_secret(name)
        if value:
            redactor.add(value)
        return value

    stack = load(
        options.file,
        stack_name=options.stack,
        variables=options.variables,
        secret=secret,
        need_secrets=need_secrets,
        need_variables=need_variables,
    )
    for resource in stack.resources.values():  # a secret may also stand in the file as it is
        for name in secret_fields(type(resource.spec), resource.secret_fields):
            for text in find_texts(getattr(resource.spec, name, None)):
                redactor.add(text)
    return stack
