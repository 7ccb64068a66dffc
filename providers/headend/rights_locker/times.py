"""Points in time as Rights Locker takes and gives them: read leniently, written in one form (R-47, R-48)."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from headend.core.model.errors import DecodeError
from headend.core.model.fields import Unit, Written
from headend.core.model.times import LIKE, PATTERN, stack_time, zone_of

_FORM = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})T(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:(Z)|([+-])(\d{2}):?(\d{2}))", re.ASCII
)
_WANTED = "a time with its zone, such as 2026-12-05T15:00:00Z"


@functools.lru_cache(maxsize=4096)  # a season's passes share their dates
def utc(text: str) -> str:
    """The instant as `YYYY-MM-DDThh:mm:ss+00:00`. Raises ValueError for what is no such time."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"must be {_WANTED}")
    *numbers, fraction, zulu, sign, hours, minutes = match.groups()
    if fraction and fraction.strip("0"):
        raise ValueError("must be a whole second")
    offset = "+00:00" if zulu else f"{sign}{hours}:{minutes}"
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        clock = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"
        return datetime.fromisoformat(clock).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise ValueError(f"must be {_WANTED}: there is no such time") from None


def live(text: str) -> str:
    """A time that the service gave, in the same form. Raises DecodeError for what is none: it is no difference."""
    try:
        return utc(text)
    except ValueError as error:
        raise DecodeError(f"rights_locker: a time in the answer {error}", status=200) from None


def _given(value: Any, info: ValidationInfo) -> str:
    """As all times of a stack, and as the service's own document spells them, 2018-6-9T9:40:35+0200 (R-47)."""
    if isinstance(value, str) and _FORM.fullmatch(value):
        return utc(value)
    return utc(stack_time(value, zone_of(info)).replace(" ", "T").upper())


TIME = Unit("time")
Time = Annotated[
    str, BeforeValidator(_given), TIME, Written(rf"{PATTERN}|^\d{{4}}-\d{{1,2}}-\d{{1,2}}T\d{{1,2}}:\d\d:\d\d", LIKE)
]
"""Held as `YYYY-MM-DDThh:mm:ss+00:00`, so that two spellings of one instant are one value, and sort as time goes."""
