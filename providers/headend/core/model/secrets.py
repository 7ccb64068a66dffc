"""What stands in a spec for a secret whose value isn't there, for commands that need no values of secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from headend.core.model.errors import InputError
from headend.core.model.findings import Problem
from headend.core.model.frozen import frozen_dataclass

T = TypeVar("T")


class SecretNeeded(InputError):
    """Something can't be done without the value of a secret."""


@frozen_dataclass(slots=True)
class MissingSecret:
    """Stands for the value of a field that a secret without a value belongs to. It is equal to itself by name, and no
    text: who would use it as one gets SecretNeeded, so that no made-up value ever reaches a platform.

    name: the secret's. problem: where it is asked for, and how to give it.
    """

    name: str
    problem: Problem = field(compare=False, repr=False)

    def needed(self) -> SecretNeeded:
        """What to raise where the value itself is wanted."""
        return SecretNeeded(replace(self.problem, message=f"{self.problem.message}, and this can't do without it"))

    def __str__(self) -> str:
        raise self.needed()

    def __format__(self, spec: str) -> str:
        raise self.needed()

    def __len__(self) -> int:
        raise self.needed()

    def __bool__(self) -> bool:
        return True  # a secret is never empty

    def __iter__(self) -> Iterator[Any]:
        raise self.needed()

    def __contains__(self, part: object) -> bool:
        raise self.needed()

    def __getattr__(self, name: str) -> Any:
        if hasattr(str, name):
            raise self.needed()
        raise AttributeError(name)


def missing_secrets(value: Any) -> Iterator[MissingSecret]:
    """The secrets without a value in something, at any depth."""
    if isinstance(value, str):  # as nearly all are
        return
    if isinstance(value, MissingSecret):
        yield value
    elif isinstance(value, BaseModel):
        yield from missing_secrets(vars(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from missing_secrets(item)
    elif isinstance(value, list | tuple | frozenset):
        for item in value:
            yield from missing_secrets(item)


def missing_fields(spec: BaseModel) -> dict[str, MissingSecret]:
    """field -> the secret that its value waits for. Such a secret anywhere in it stands for the whole."""
    return {name: value for name, value in spec.__dict__.items() if isinstance(value, MissingSecret)}


def ask_without(specs: Iterable[BaseModel], ask: Callable[[], T], otherwise: T) -> T:
    """The answer, or `otherwise` where it can't be given without a secret that one of the specs waits for."""
    try:
        return ask()
    except (SecretNeeded, TypeError, AttributeError):
        if any(missing_fields(spec) for spec in specs):
            return otherwise
        raise
