"""How much of a work is done: counted by who does it, read by who tells a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """total: how many things there are. done: how many of them are through."""

    total: int = 0
    done: int = 0
