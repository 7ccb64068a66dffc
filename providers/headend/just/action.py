"""Events of people: what they did, counted once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from pydantic import BeforeValidator, Field

from headend.core.model.capabilities import CreatedOnce, Unadoptable, Unreadable
from headend.core.model.fields import Immutable, Spec, Trigger
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind
from headend.core.model.observed import Observed
from headend.core.model.proposal import Proposal
from headend.just.people import Juid

if TYPE_CHECKING:
    from headend.just.api import Just

_STAYS = "the event stays counted: nothing takes it back"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Tag = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int), Field(pattern=r"^[^,]+$")]


class ActionSpec(Spec):
    """One event."""

    juid: Juid
    tags: Annotated[
        tuple[Tag, ...],
        Field(min_length=1, description="Tags of the event, texts or numbers without commas"),
        Immutable(),
    ]
    label: Annotated[str, Field(min_length=1, description="What happened, e.g. login"), Immutable()]
    article: Annotated[str | None, Field(min_length=1, description="What it happened to"), Immutable()] = None
    triggers: Annotated[
        dict[str, str] | None,
        Field(description="Any values; never sent: changing them counts the event again (J-50)"),
        Trigger(),
    ] = None


_REPLACED = "another event is counted (J-50)"


class Action(Kind[ActionSpec, "Just"], Unreadable, Unadoptable, CreatedOnce[ActionSpec]):
    """An event of a person, sent once when it enters the stack. It is no object: nothing reads it or takes it back.

    A change counts another event; taking it out of the stack only forgets it (J-49, J-50).
    """

    name = "just.action"
    model = ActionSpec
    can = Can.CREATE
    create_before_delete = True
    one_at_a_time_per = "juid"
    unreadable = "Just has no call that reads events"
    unadoptable = "leave it out: nothing can be found"

    def natural_key(self, spec: ActionSpec) -> tuple[Any, ...]:
        return spec.juid, spec.tags, spec.label, spec.article

    def why_not_again(self, spec: ActionSpec) -> str | None:
        return "the event would be counted twice"

    async def create(self, api: Just, spec: ActionSpec) -> Observed:
        """The answer means that the event is queued (J-49). Just gives it no id, so headend makes one."""
        fields = {"juid": str(spec.juid), "tags": ",".join(spec.tags), "label": spec.label}
        await api.act(fields | ({"article": spec.article} if spec.article else {}))
        return Observed(f"action:{spec.juid}:{uuid4().hex}", computed={"readable": False})

    async def review(self, api: Just, proposal: Proposal[ActionSpec]) -> Sequence[Problem]:
        found = [warning(f"{_STAYS} (J-49)")] if proposal.deletes else []
        return [*found, warning(_REPLACED)] if proposal.replaces else found
