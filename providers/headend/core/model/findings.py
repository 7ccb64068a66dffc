"""What a check finds: an error refuses, a warning or a note is shown. Each says what, where, and what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

from headend.core.model.frozen import frozen_dataclass


class Level(enum.StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  # refuses
    WARNING = "warning"  # may not be what was meant
    NOTE = "note"  # worth knowing


@frozen_dataclass(slots=True)
class Source:
    """A place in a stack file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@frozen_dataclass(slots=True)
class Problem:
    """One finding: what is wrong, where, what to do, and how much it weighs.

    field: of the spec, where the finding is about one; whoever knows the stack file finds its place.
    rule: what `headend lint` calls findings of its sort (`headend.core.stackfile.lint.RULES`).
    """

    message: str
    source: Source | None = None
    address: str | None = None
    remedy: str | None = None
    level: Level = Level.ERROR
    field: str | None = None
    rule: str = ""

    @property
    def refuses(self) -> bool:
        return self.level is Level.ERROR

    @property
    def text(self) -> str:
        """The message and what to do, without place and level."""
        return f"{self.message} ({self.remedy})" if self.remedy else self.message

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        where = f"{self.address}: " if self.address else ""
        level = "" if self.refuses else f"{self.level}: "
        return f"{place}{where}{level}{self.text}"


class Problems(list[Problem]):
    """What was found so far, in the order it was found."""

    def add(
        self, message: str, source: Source | None = None, address: str | None = None, remedy: str | None = None
    ) -> None:
        """Notes one that refuses."""
        self.append(Problem(message, source, address, remedy))


def warning(message: str, *, field: str | None = None, remedy: str | None = None, rule: str = "doubtful") -> Problem:
    return Problem(message, remedy=remedy, level=Level.WARNING, field=field, rule=rule)


def note(message: str, *, field: str | None = None, remedy: str | None = None) -> Problem:
    return Problem(message, remedy=remedy, level=Level.NOTE, field=field)


def errors(found: Iterable[Problem]) -> list[Problem]:
    """Those that refuse."""
    return [problem for problem in found if problem.refuses]


def remarks(found: Iterable[Problem]) -> list[Problem]:
    """Those that are only shown: warnings and notes."""
    return [problem for problem in found if not problem.refuses]


def counted(number: int, noun: str) -> str:
    """ "1 warning", "1,200 warnings"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def lines(found: Sequence[object], noun: str, most: int) -> list[str]:
    """One line each, the first `most` of them; then how many more there are."""
    told = [str(problem) for problem in found[:most]]
    more = len(found) - len(told)
    return [*told, f"and {counted(more, f'more {noun}')}"] if more else told
