"""`options:` of a stack file: how headend is to guard what the stack describes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

from headend.core.model.fields import Written
from headend.core.model.times import LIKE, PATTERN, check_zone, stack_time, zone_of

# Six digits are a century of hours: more than that, and no clock could be set forward by it.
_DURATION = re.compile(r"(?=.)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def parse_duration(given: Any) -> Any:
    """`1h30m`, `30m`, `45s`."""
    if isinstance(given, timedelta):
        return given
    found = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError("must be a duration such as 30m, 1h30m or 45s")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def format_duration(span: timedelta) -> str:
    """The duration as stack files write it, to whole seconds."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if n) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=str),
    PlainSerializer(format_duration),
    Written(r"^(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$", "1h30m"),
]


def _moment(given: Any, info: ValidationInfo) -> datetime:
    return datetime.fromisoformat(stack_time(given, zone_of(info)))


Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str), Written(PATTERN, LIKE)]
"""A point in time, with its zone."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Maintenance(_Model):
    """A span in which interruptions are agreed: the on-air guard lets everything pass."""

    start: Moment = Field(description="When it begins: with Z or an offset, or local in the stack's time_zone.")
    end: Moment = Field(description="When it is over.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end: must be after start")
        return self

    def covers(self, now: datetime) -> bool:
        return self.start <= now < self.end


class Options(_Model):
    """`options:` as it is written."""

    on_air_window: Duration = Field(
        default=timedelta(minutes=30), description="What goes on air within it counts as on air, e.g. 30m or 1h30m."
    )
    clock_skew: Duration = Field(
        default=timedelta(seconds=30), description="How far the platforms' clocks and this one may be apart."
    )
    time_zone: Annotated[str, AfterValidator(check_zone)] | None = Field(
        default=None,
        description="The zone of times that are written without one, e.g. Europe/London; without it they are refused.",
    )
    maintenance: tuple[Maintenance, ...] = Field(default=(), description="Spans in which interruptions are agreed.")
    policies: str | tuple[str, ...] | None = Field(
        default=None,
        description="Policy files, `headend` for those that ship; without it, the policies.yaml beside the stack file.",
    )


NO_OPTIONS = Options.model_construct()
"""All as by default, without a look at it."""
