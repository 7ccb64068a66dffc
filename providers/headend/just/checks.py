"""What values of Just's calls must be. Each check raises ValueError, whose text says what is wrong."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Final

JUID: Final = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
_MILLISECONDS = 10**11  # as seconds, a day in 5138
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def ip_address(text: str) -> None:
    """For place and time zone of a person."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


def timestamp(seconds: int) -> int:
    """Seconds as they are."""
    if abs(seconds) >= _MILLISECONDS:
        raise ValueError("these are milliseconds; seconds are wanted")
    return seconds


def epoch_seconds(text: str) -> int:
    """Epoch seconds of a moment with its zone, or as they are (J-25)."""
    if re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
        return timestamp(int(text))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        raise ValueError("must be epoch seconds, or a moment with its zone such as 2026-12-05T15:00:00Z") from None


def clock_time(text: str) -> datetime:
    """A time as it is: in which zone the service reads it is undocumented (J-25)."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be written as 2026-12-05 15:00:00") from None
