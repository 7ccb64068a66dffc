"""What there is of a kind on a live platform, for `import`.

A capability like those of `headend.core.model.capabilities`: a kind inherits it beside `Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Final, Generic

from headend.core.model.fields import Named, Spec, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.kind import A


@frozen_dataclass(slots=True)
class Withheld:
    """Stands for a value that is there, and that the platform never shows."""


WITHHELD: Final = Withheld()


@frozen_dataclass(slots=True)
class Live:
    """One object that a list shows.

    fields: what is known of its spec, enough to read the rest by: `variant` where the kind has several. What is
    `WITHHELD` becomes a secret of the stack. left_out: why no stack is to have it; "" if it may.
    """

    id: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    left_out: str = ""


class Listed(Generic[A]):
    """All objects of the kind can be told, so that a stack can be made of them.

    listed_by: what has to be said to be shown them, "a group's id"; "": nothing. told_by: the fields whose values
    become an object's key in a stack file; those marked `Named` where there are none.
    """

    listed_by: ClassVar[str] = ""
    told_by: ClassVar[tuple[str, ...]] = ()

    def told(self, model: type[Spec], values: Mapping[str, Any]) -> Sequence[str]:
        """The fields that become an object's key, for one with these values."""
        return [name for name in self.told_by or marked(model, Named) if values.get(name) not in (None, "")]

    async def list_live(self, api: A, within: str | None) -> Sequence[Live]:
        """The objects there are, those that have ended or are being deleted left out. Only reads, which the run shares.

        within: the id of what they live in, for a kind with a parent; what `listed_by` asks for; else None.
        """
        raise NotImplementedError


def spec_of(model: type[Spec], fields: Mapping[str, Any]) -> Any:
    """A spec that says just these fields, unchecked: to read by. Defaults are as they are, what is needed is None."""
    known = {name: value for name, value in fields.items() if name in model.model_fields and value is not WITHHELD}
    values = {
        name: None if info.is_required() else info.get_default(call_default_factory=True)
        for name, info in model.model_fields.items()
    }
    return model.model_construct(_fields_set=set(known), **(values | known))
