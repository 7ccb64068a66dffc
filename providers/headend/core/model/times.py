"""Points in time: one function reads those of stack files, strictly, and one reads those of platforms."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationInfo

LIKE = "2026-12-05T15:00:00Z"
_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d))?(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))?", re.ASCII
)
PATTERN = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?$"
"""For editors: a file's time may be local, where its stack says in which zone."""
_CONTEXT = "time_zone"


def with_zone(zone: str | None) -> dict[str, Any]:
    """What a model's validation is told of the stack: the zone that its local times are in."""
    return {_CONTEXT: zone}


def zone_of(info: ValidationInfo | None) -> str | None:
    """The zone of the stack that is being checked, None where it declares none."""
    context = info.context if info is not None else None
    found = context.get(_CONTEXT) if isinstance(context, Mapping) else None
    return found if isinstance(found, str) else None


def check_zone(name: Any) -> str:
    """The name of a zone of the IANA database. Raises ValueError for any other."""
    if isinstance(name, str) and name in available_timezones():
        return name
    near = difflib.get_close_matches(name, available_timezones(), n=1) if isinstance(name, str) else []
    raise ValueError(f"must be the name of a time zone, such as {near[0] if near else 'Europe/London'}")


def stack_time(given: Any, zone: str | None = None) -> str:
    """A time of a stack file, with Z or an offset: as it is written, its letters large; or a local time of the stack's
    zone as RFC 3339.

    Raises ValueError, saying why, for anything else: nobody is to guess what a spelling means.
    """
    text = given.isoformat() if isinstance(given, datetime) else given
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"must be a time such as {LIKE}")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction, zulu, sign, hours, minutes = found.groups()[6:]
    try:
        clock = datetime(year, month, day, hour, minute, second, int(f"{fraction or 0:0<6}"[:6]))
        if not zulu and not sign:
            return _local(clock, zone).isoformat()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        clock.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except OverflowError:
        raise ValueError("lies beyond the years that a calendar has, 1 to 9999 UTC") from None
    except _Refused as error:
        raise ValueError(str(error)) from None
    except ValueError:
        raise ValueError(f"is no moment of the calendar; it must be a time such as {LIKE}") from None
    if found[6] is None:
        raise ValueError(f"must say its seconds, too, such as {LIKE}")
    assert isinstance(text, str)
    return text.upper()


class _Refused(Exception):
    """Why a local time is none."""


def _local(clock: datetime, zone: str | None) -> datetime:
    """The moment at which clocks in the zone show that."""
    if zone is None:
        hint = "or declare the stack's zone, `options: {time_zone: Europe/London}`"
        raise _Refused(f"has no time zone: end it with Z or an offset, {LIKE}, {hint}")
    first, second = (clock.replace(tzinfo=_zone(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        first.astimezone(UTC)
        return first
    if first.astimezone(UTC).astimezone(_zone(zone)).replace(tzinfo=None) == clock:
        ways = " or ".join(moment.isoformat()[-6:] for moment in (first, second))
        raise _Refused(f"happens twice in {zone}, for the clocks go back then: write its offset, {ways}")
    raise _Refused(f"does not happen in {zone}: the clocks go forward past it")


_zone = functools.lru_cache(ZoneInfo)


def platform_time(value: Any) -> datetime | None:
    """The instant that a platform means; None for what is no time. Without an offset it is UTC. What lies beyond the
    calendar once it is in UTC counts as its first or last moment."""
    if isinstance(value, str):
        text = value.strip().upper()
        if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():
            text = f"{text[:-2]}:{text[-2:]}"
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return (datetime.max if value.year > 1 else datetime.min).replace(tzinfo=UTC)
