"""What kinds say of the ways that streams take: pictures of a plan are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Generic

from headend.core.model.fields import Spec
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import S

Span = tuple[datetime | None, datetime | None]
"""None: it has begun long ago, or is for good."""


@frozen_dataclass
class Line:
    """Where a stream leaves or comes in over the network. host: that is called; None: it waits at the port."""

    protocol: str
    port: int
    host: str | None
    leaves: bool


class Carries(Generic[S]):
    """A stream comes through the object; or, where `target` is set, the object joins two that it comes through."""

    sources: ClassVar[tuple[str, ...]] = ()  # fields that name what the stream comes from
    target: ClassVar[str | None] = None  # the field that names where it goes

    def span(self, spec: S, related: Mapping[str, Spec]) -> Span | None:
        """When it carries a stream; None where nothing of the stack says so. related: as for `Kind.check`."""
        return None

    def line(self, spec: S) -> Line | None:
        """What it calls or where it waits, if another environment may be at the other end."""
        return None


class HoldsAddress(Generic[S]):
    """An environment is reached by the address that the object stands for."""

    def address_of(self, spec: S) -> tuple[str, str]:
        """The field that names the environment; the address."""
        raise NotImplementedError
