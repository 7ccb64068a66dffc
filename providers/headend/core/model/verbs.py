"""Verbs of a platform's own: what is asked of live objects only when a person wants it, and changes nothing.

A platform lists its verbs; each becomes a command, `headend NAME STACK ...`, that knows the objects by their addresses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.observed import Observed


@frozen_dataclass
class Content:
    """Something for a file. media: its type, such as "image/jpeg"."""

    media: str
    data: bytes

    @property
    def suffix(self) -> str:
        """The ending of its file's name."""
        subtype = self.media.partition(";")[0].strip().lower().rpartition("/")[2].partition("+")[0]
        return f".{'jpg' if subtype == 'jpeg' else subtype if subtype.isalnum() else 'bin'}"


@frozen_dataclass
class Verb:
    """name: the command. kind: name of the kind of objects it is about. help: what it does, with its side effects.

    `ask(api, seen, spec)` gets the object as it was just read. Raises ApiError.
    """

    name: str
    kind: str
    help: str


@frozen_dataclass
class FileVerb(Verb):
    """A file of each object, or of those that are named. ask: the content, or why there is none."""

    ask: Callable[[Any, Observed, Any], Awaitable[Content | str]]


@frozen_dataclass
class FieldVerb(Verb):
    """Fields for one object's entry in the stack file. ask: {field: value}."""

    ask: Callable[[Any, Observed, Any], Awaitable[Mapping[str, Any]]]
