"""What the models of this platform share: assumed bounds, instants, the free `extra` map."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from headend.core.model.fields import Lasting, Likely, Ref, Same, Secret, Spec, Unit, WriteOnly, Written, marks
from headend.core.model.findings import Problem, warning
from headend.core.model.secrets import MissingSecret
from headend.core.model.times import LIKE, PATTERN, platform_time, stack_time, zone_of

ENVIRONMENT = Ref("ateme.environment")
INPUT = Ref(
    "ateme.input",
    through=(("ateme.transcoder", "resulting_input_id"), ("ateme.multi_viewer", "resulting_input_id")),
)
GROUP = Ref("ateme.dashboard_group")
DEPLOYMENT = Ref("ateme.tf_deployment")
NOW = "NOW"
MS, KBITS, DEGREES, TIME = Unit("ms"), Unit("kbit/s"), Unit("°"), Unit("time")
instant = platform_time

Extra = Annotated[
    dict[str, Any] | None,
    Secret(),
    WriteOnly("it is sent as it stands, and not known by name"),
    Lasting(),
    Field(
        examples=[{"note": "by hand"}],
        description="merged into the body last; may not name a field that headend knows (A-49)",
    ),
]


def without_nulls(value: Any) -> Any:
    """A document in which what is null is left out."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list | tuple) else value


Document = Annotated[dict[str, Any], BeforeValidator(without_nulls), Same(without_nulls)]
"""What headend keeps and compares by content, and doesn't read. Null counts as left out: Pulumi's engine drops it."""


def unlikely(spec: Spec) -> Sequence[Problem]:
    """A warning for every value outside of assumed bounds; of text, the length counts, of lists each item. Shows no
    value."""
    found = []
    values = spec.__dict__
    for name, bound in _bounds(type(spec)):
        value = values.get(name)
        if value is None or isinstance(value, MissingSecret):
            continue
        sizes = value if isinstance(value, list) else [len(value) if isinstance(value, str) else value]
        low, high = bound.low, bound.high
        if any((low is not None and size < low) or (high is not None and size > high) for size in sizes):
            span = "..".join("" if end is None else f"{end:.12g}" for end in (low, high))
            unit = " characters" if isinstance(value, str) else ""
            found.append(warning(f"{name} is probably limited to {span}{unit}", field=name, rule="likely-range"))
    return found


@functools.cache
def _bounds(model: type[Spec]) -> tuple[tuple[str, Likely], ...]:
    return tuple((name, m) for name in model.model_fields for m in marks(model, name) if isinstance(m, Likely))


BRISK = 20
"""ms: nothing that is sent over a distance arrives in less; who writes such a number has seconds in mind."""


def hasty(spec: Spec) -> Sequence[Problem]:
    """A warning for a latency that is probably in seconds. A negative one, and 0, have meanings of their own."""
    return [
        warning(
            f"{name} is in milliseconds, and {value} is too short for a stream",
            field=name,
            remedy=f"{value} s is {value}000",
            rule="milliseconds",
        )
        for name in ("latency", "max_latency")
        if isinstance(value := spec.__dict__.get(name), int) and 0 < value < BRISK
    ]


def elsewhere(spec: Spec, related: Mapping[str, Spec], names: Sequence[str]) -> list[Problem]:
    """The refusal of each of these fields that names something of the stack in another environment than the spec's
    (A-991). What is known of only one side, as an id or as a name, isn't compared."""
    home = getattr(spec, "environment", None)
    found = []
    for name in names:
        there = getattr(related.get(name), "environment", None)
        if type(there) is type(home) and there != home:
            remedy = "everything that it names must be in its own environment (A-991)"
            found.append(Problem(f"{name}: it is in another environment", remedy=remedy, field=name))
    return found


def check_extra(extra: Mapping[str, Any] | None, known: set[str]) -> None:
    """Raises ValueError where `extra` names a known wire field (A-49)."""
    if taken := sorted(set(extra or ()) & known):
        raise ValueError(f"extra: {taken[0]} is a field of its own")


def _time(given: Any, info: ValidationInfo) -> Any:
    return stack_time(given, zone_of(info))


def _start(given: Any, info: ValidationInfo) -> Any:
    return NOW if given == NOW else stack_time(given, zone_of(info))


Time = Annotated[str, BeforeValidator(_time), TIME, Written(PATTERN, LIKE)]
"""RFC 3339 with Z or an offset, or a local time of the stack's zone."""
Start = Annotated[str, BeforeValidator(_start), TIME, Written(f"^{NOW}$|{PATTERN}", LIKE)]
"""The same, or NOW."""


def check_times(start: str | None, end: str | None, last: str = "end_time") -> None:
    """Raises ValueError where one is missing, and for an end that isn't after its start (A-748). last: its name."""
    begins, ends = instant(start), instant(end)
    if begins is None and start != NOW:
        raise ValueError(f"start_time: must be a time such as {LIKE}")
    if ends is None:
        raise ValueError(f"{last}: must be a time such as {LIKE}")
    if begins is not None and ends <= begins:
        raise ValueError(f"{last}: must be after start_time (A-748)")


def gone_by(start: str | None, end: str | None, what: str, last: str = "end_time") -> list[Problem]:
    """A warning where what the stack wants is over, or should have begun: it may be there already, or not. last: the
    end's name."""
    now, begins, ends = datetime.now(UTC), instant(start), instant(end)
    if ends is not None and ends <= now:
        remedy = f"correct it, or take the {what} out of the stack"
        said = f"{last} has passed: it is over, and is not made any more (A-748)"
        return [warning(said, field=last, remedy=remedy, rule="past-time")]
    if begins is not None and begins <= now:
        said = f"start_time has passed: unless the {what} is there already, it begins as soon as it is made"
        return [
            warning(
                said,
                field="start_time",
                remedy=f"write {NOW} if that is meant" if what == "schedule" else None,
                rule="past-time",
            )
        ]
    return []


def same_instant(value: Any) -> Any:
    """Normal form for comparing times: the instant, or the value itself (A-747)."""
    return instant(value) or value


def milliseconds(value: Any) -> Any:
    """2020-08-25T16:30:00.000Z, the form of schedules and subscriptions (A-581, A-833); NOW stays NOW."""
    moment = instant(value)
    if moment is None:
        return value
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def seconds(value: Any) -> str:
    """2020-08-25T16:30:00+00:00, the form of events (A-615, A-833)."""
    return f"{instant(value):%Y-%m-%dT%H:%M:%S}+00:00"


def compact(value: Any) -> str:
    """2020-06-12T11:05:00+0000, the form of recordings (A-606, A-833)."""
    return f"{instant(value):%Y-%m-%dT%H:%M:%S}+0000"


def same_second(value: Any) -> Any:
    """Normal form for comparing times that are kept to the second (A-747)."""
    moment = instant(value)
    return moment.replace(microsecond=0) if moment else value


def empty_is_none(value: Any) -> Any:
    """Normal form of a text that is cleared by writing an empty one."""
    return value or None


def in_any_order(value: Any) -> Any:
    """Normal form of a list whose order means nothing."""
    return sorted(value, key=str) if isinstance(value, list | tuple) else value


def one_of(rows: Sequence[Any], value: Any) -> bool:
    """Whether a catalogue names the value: as a row, or as any text or number in a row."""
    wanted = str(value)
    for row in rows:
        values = row.values() if isinstance(row, Mapping) else [row]
        if any(isinstance(v, str | int) and str(v) == wanted for v in values):
            return True
    return False
