"""The documented shapes of what the platform answers, one for each sort of object.

An id may be text or a number (A-44), and is never null or missing. What steers a decision is decoded strictly. A word
for the state that is no text is one that isn't shown. The fields of specs are left in `given`: `readable` takes them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from headend.ateme.fields import instant
from headend.core.wire.decode import OpaqueId, Shape, named


def _timed(value: str | None) -> str | None:
    if value is not None and instant(value) is None:
        raise PydanticCustomError("time", "no time")
    return value


Word = Annotated[str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)]
Flag = Annotated[bool | None, BeforeValidator(lambda value: value if isinstance(value, bool) else None)]
Moment = Annotated[str | None, AfterValidator(_timed)]


class Marks(Shape):
    """What any object may say of itself."""

    status: Word = None
    state: Word = None
    is_running: Flag = None
    is_started: Flag = None
    is_deleted: bool | int | None = None
    deleted: bool | int | None = None
    deleted_at: str | int | float | bool | None = None

    @property
    def word(self) -> str | None:
        """What the object does, whatever the field is called; None where the row has none (A-955)."""
        if word := self.status if self.status is not None else self.state:
            return word.lower()
        started = self.is_running if self.is_running is not None else self.is_started
        return None if started is None else "started" if started else "stopped"

    @property
    def gone(self) -> bool:
        """Whether it carries a deleted mark: deletes are soft (A-726, A-765)."""
        return bool(self.is_deleted or self.deleted or self.deleted_at) or self.status == "deleted"


class Row(Marks):
    """What any object has. given: the object as it came. id: the platform's."""

    given: dict[str, Any]
    id: OpaqueId
    environment_id: OpaqueId | None = None

    @model_validator(mode="before")
    @classmethod
    def _keep(cls, body: Any) -> Any:
        return {**body, "given": body} if isinstance(body, Mapping) else body

    @property
    def told(self) -> dict[str, str | None]:
        """What the object does, for `computed`; nothing where the platform doesn't show that at all."""
        shown = not self.given.keys().isdisjoint({"status", "state", "is_running", "is_started"})
        return {"status": self.word} if shown or self.word else {}

    def in_environment(self, id: object) -> bool:
        """Whether it lies there, as far as it says (A-767)."""
        return self.environment_id in {None, id}


class EnvironmentRow(Row):
    id: OpaqueId = named("environment_id", "id")
    name: str | None = None


class GroupRow(Row):
    id: OpaqueId = named("dashboard_group_id", "id")
    name: str | None = None
    group_type: str | None = None


class EndpointRow(Row):
    """An input or output."""

    variant: str | None = None
    dashboard_group_id: OpaqueId | None = None

    @property
    def plain(self) -> bool:
        """Whether `id` is the platform's, so that the submitted one stands elsewhere (A-804)."""
        return id_names(type(self))[0] not in self.given

    @property
    def shown(self) -> Mapping[str, Any]:
        """As it came, but for ids that came as numbers: whoever chose them, they compare as text (A-44)."""
        numbers = {key: str(value) for key in ("id", "stream_id") if type(value := self.given.get(key)) is int}
        return self.given | numbers


class InputRow(EndpointRow):
    id: OpaqueId = named("input_id", "id")
    multi_viewer_id: OpaqueId | None = None
    associated_transcoder_id: OpaqueId | None = None
    is_transcoded_input: bool | None = None
    input_stopped: bool | None = None

    @property
    def maker(self) -> str | None:
        """The transcoder that makes it (A-427, A-536). Only members see which that is."""
        return self.associated_transcoder_id if self.is_transcoded_input else None

    @property
    def of_viewer(self) -> bool:
        """Whether a multi-viewer makes it (A-557)."""
        return self.multi_viewer_id is not None or self.variant == "local_ts"


class OutputRow(EndpointRow):
    id: OpaqueId = named("output_id", "id")


class SourcedRow(Row):
    """What carries an input: nobody documents what the source is called (A-579)."""

    input_id: OpaqueId | None = None
    source_id: OpaqueId | None = None

    @property
    def input(self) -> str | None:
        return self.input_id or self.source_id


class TranscoderRow(SourcedRow):
    id: OpaqueId = named("transcoder_id", "id")


class ViewerRow(Row):
    id: OpaqueId = named("multi_viewer_id", "id")
    resulting_input_id: OpaqueId | None = None
    input_id: OpaqueId | None = None

    @property
    def made(self) -> str | None:
        return self.resulting_input_id or self.input_id


class TimedRow(SourcedRow):
    """What begins and ends."""

    start_time: Moment = None
    end_time: Moment = None

    @property
    def start(self) -> datetime | None:
        return instant(self.start_time)

    @property
    def end(self) -> datetime | None:
        return instant(self.end_time)

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        return self.start, self.end


class EventRow(TimedRow):
    id: OpaqueId = named("event_id", "id")
    name: str | None = None
    label_ids: list[OpaqueId] | None = None


class EntryRow(TimedRow):
    """An entry of the schedule. Its ends have either of two names (A-579, A-580)."""

    id: OpaqueId = named("schedule_id", "id")
    output_id: OpaqueId | None = None
    destination_id: OpaqueId | None = None
    event_id: OpaqueId | None = None
    is_event_subscription: bool | None = None
    timed_by_event_owner: bool | None = None

    @property
    def output(self) -> str | None:
        return self.output_id or self.destination_id


class OrganisationRow(Row):
    id: OpaqueId = named("organisation_id", "id")
    name: str | None = None


def id_names(shape: type[Row]) -> tuple[str, ...]:
    """What the id of such objects may be called, the likeliest first."""
    alias = shape.model_fields["id"].validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else ("id",)


class Me(Shape):
    """Who is logged in (A-6)."""

    managing_organisation_id: OpaqueId | None = None
    active_organisation_id: OpaqueId | None = None
    active_environment_id: OpaqueId | None = None
    is_invitation_suspended: bool | None = None
