"""Facts about fields, and the model whose fields carry them.

port: Annotated[int, Field(ge=1025, le=65535, description="... (A-492)"), Interrupts()]

Modules of nothing but models go without `from __future__ import annotations`: pydantic would have to evaluate the texts
of each class, and of its bases anew.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.owners import Owned
from headend.core.model.references import Pending, pending


# --- marks on fields ---------------------------------------------------------------------------------------
@frozen_dataclass
class Mark:
    """Base of the facts that an `Annotated` field can carry. Those without values of their own inherit what it takes to
    compare and to print them."""


class Immutable(Mark):
    """A change replaces the object."""


@frozen_dataclass
class Unit(Mark):
    """What the number counts, as people write it behind one: "ms", "kbit/s"."""

    text: str


@frozen_dataclass
class Likely(Mark):
    """Bounds that the document doesn't print for the field: outside of them is a warning, not an error."""

    low: float | None = None
    high: float | None = None


@frozen_dataclass
class Written(Mark):
    """How a text is written that more than its type says: for editors and people; a validator is the judge.

    pattern: takes all that the validator takes. like: an example, which editors show.
    """

    pattern: str
    like: str

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        texts = [one for one in schema.get("anyOf", [schema]) if one.get("type") == "string"]
        for one in texts:
            one |= {"pattern": self.pattern, "patternErrorMessage": f"Write it like {self.like}"}
            one["examples"] = [self.like]
        return schema


class Secret(Mark):
    """Never shown or stored in clear, at any depth below the field."""


class Credential(Secret):
    """A secret that lets in whoever has it: in clear in a stack file, where many can read it, it is warned of."""


class Sealed(Mark):
    """A secret that deletion can't do without: state keeps it sealed with a key of the platform's settings, which its
    API client holds as `seal` (`headend.core.model.seal.Seal`)."""


@frozen_dataclass
class WriteOnly(Mark):
    """Never read back: compared with what was last applied, and called unverifiable.

    used_up_by_create: creation uses the value up: giving it later, or no more, says nothing of the object.
    once: it has an effect of its own when it is sent, so that an object which is made again gets it only if it changed.
    """

    reason: str = "the API never returns it"
    used_up_by_create: bool = False
    once: bool = False


class Ignored(Mark):
    """Takes effect at creation or on headend's own side only; never compared, never a reason to write."""


class Named(Mark):
    """The object's own name: defaults to the resource's key, settled when the object is created."""


class OwnCall(Mark):
    """Creation can't set it: `complete` does, by a request of its own."""


class Lasting(Mark):
    """No call takes it away once it is set: taking it out of the stack changes nothing. See `Spec.clearable`."""


@frozen_dataclass
class Ref(Mark):
    """The field holds the remote id of an object of this kind, or a list or mapping of them; stack files give names.

    through: (kind, computed value) of what makes such objects itself: its name stands for the one that it makes.
    """

    kind: str
    through: tuple[tuple[str, str], ...] = ()


@frozen_dataclass
class Found(Mark):
    """The field holds the id of something that headend looks up but doesn't manage: `{lookup: {title: ...}}`.

    lookup: name of the `Lookup`. keep: what a live object holds stays, found again or not; only what is made asks.
    """

    lookup: str
    keep: bool = False


@frozen_dataclass
class Interrupts(Mark):
    """Changing it in place disturbs a running stream."""

    impact: Impact | None = None


@frozen_dataclass
class Same(Mark):
    """Two values are the same if their normal forms are equal (instants, sets, null and -1, ...)."""

    normal: Callable[[Any], Any]


@frozen_dataclass
class Parts(Mark):
    """The field lists parts of the object that live on the platform by themselves, beside other people's. Those that
    left the list since it was applied are read too, so that they show as changes, but for those that another resource
    lists by now. The kind has the capability `OwnsParts`.

    key: what an item is known by in its list, be it as in the spec or as state keeps it. owned: what one owns by
    listing it, of (spec, item).
    """

    key: Callable[[Any], Hashable]
    owned: Callable[[Any, Any], Owned]


class Trigger(Mark):
    """headend's own: a change of the value causes a write; the value never goes on the wire or comes back."""


class Impact(enum.StrEnum):
    """What a step does to a running stream, worst last."""

    NONE = "none"
    RESTART = "restart"
    INTERRUPTS = "interrupts"
    DESTROYS = "destroys"


# --- refusals ------------------------------------------------------------------------------------------------
def refused(message: str, *path: str | int) -> PydanticCustomError:
    """What a validator raises to say what is wrong with a part of a field, secret or not: the message shows no value.
    path: leads from the field to that part."""
    where = "".join(f"{part}: " for part in path)
    return PydanticCustomError("refused", "{where}{why}", {"where": where, "why": message, "path": path})


# --- values ------------------------------------------------------------------------------------------------
class Spec(BaseModel):
    """Desired state of one object. Unknown keys are errors; unset optional fields are not managed.

    `set_fields()` are the fields that the author gave or that have a default other than None: only they are
    compared and sent.
    """

    clearable: ClassVar[frozenset[str] | None] = None  # where most fields are `Lasting`: those that aren't

    model_config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True, frozen=True, defer_build=True
    )

    def __repr__(self) -> str:  # values may be secret, and reprs end up in tracebacks
        return f"{type(self).__name__}({', '.join(sorted(self.model_fields_set))})"

    __str__ = __repr__

    def set_fields(self) -> dict[str, Any]:
        """{field: value} of all that is set, by the author or by a default; references stay references."""
        given = self.model_fields_set  # every resource of a plan is asked many times: no detour by attributes
        return {name: value for name, value in self.__dict__.items() if value is not None or name in given}

    def linked_fields(self) -> dict[str, Any]:
        """{field: value} of the few that may hold what isn't known yet: those marked `Ref` or `Found`, where set."""
        names = _linked(type(self))
        if not names:
            return {}
        values = self.__dict__
        return {name: value for name in names if (value := values.get(name)) is not None}

    def unresolved(self) -> list[Pending]:
        """What in the spec waits for another resource, or for a lookup."""
        known = self.linked_fields().values()
        return [one for value in known if not isinstance(value, str) for one in pending(value)]


@functools.cache
def _all_marks(spec: type[BaseModel]) -> Mapping[str, tuple[Mark, ...]]:
    """Field -> its marks. Kept: a plan of a thousand objects asks a hundred thousand times."""
    return {name: tuple(m for m in field.metadata if isinstance(m, Mark)) for name, field in spec.model_fields.items()}


@functools.cache
def _linked(spec: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, found in _all_marks(spec).items() if any(isinstance(m, Ref | Found) for m in found))


def marks(spec: type[BaseModel], name: str) -> Iterator[Mark]:
    """The marks on a field, in the order they are written."""
    return iter(_all_marks(spec)[name])


def is_lasting(spec: type[Spec], name: str) -> bool:
    """Whether no call takes the field away once it is set."""
    return mark(spec, name, Lasting) is not None or (spec.clearable is not None and name not in spec.clearable)


M = TypeVar("M", bound=Mark)


@functools.cache
def mark(spec: type[BaseModel], name: str, kind: type[M]) -> M | None:
    """The first mark of that type on the field, or None."""
    return next((found for found in _all_marks(spec).get(name, ()) if isinstance(found, kind)), None)


@functools.cache
def marked(spec: type[BaseModel], kind: type[Mark]) -> tuple[str, ...]:
    """Names of the fields that carry a mark of that type."""
    return tuple(name for name, found in _all_marks(spec).items() if any(isinstance(m, kind) for m in found))
