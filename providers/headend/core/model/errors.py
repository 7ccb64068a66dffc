"""Everything headend raises on purpose.

    HeadendError                exit 1
     ├─ InputError              exit 3   stack files, variables, secrets, flags: nothing was requested
     ├─ CredentialsError        exit 4   missing, refused or insufficient credentials
     ├─ GuardError              exit 5   a step that headend refuses to take without being told to
     ├─ StaleError              exit 6   the live object or the stack moved since the plan
     ├─ PartialError            exit 7   some steps were applied, some were not
     ├─ StateError              exit 1   the state file: unreadable, locked, full, or of a newer format
     │   ├─ StateInUse                   another process has it
     │   └─ StateLost                    it was removed or replaced while it was in use
     └─ ApiError                exit 1   an answer (or none) from a platform
         ├─ Unreachable                  no connection: nothing was done
         ├─ Ambiguous                    the request left and no answer came: it may have been done
         ├─ DecodeError                  an answer of a shape that the contract does not know
         ├─ NotFound                     404, or the platform's own word for it
         ├─ ForeignAnswer                404 in words that aren't the platform's: proves nothing, and nothing was done
         ├─ Forbidden                    403: never read as "absent"
         ├─ Conflict                     409
         ├─ Refused                      400 and its like: the platform says the request is wrong
         ├─ Unavailable                  429 and 5xx after the last retry
         │   └─ Unsettled                Ambiguous too: a write answered with 5xx, which may have been done
         ├─ PartlyDone                   some of a write is there, some isn't
         └─ Timeout                      an awaited state did not come

Any other exception is a fault of headend itself: exit 8.

Messages are for the person who must act. They carry no secret: what builds them redacts first. What they quote from
outside forges no line, and does nothing to a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headend.core.model.findings import Problem, lines
from headend.core.model.printable import printable


class HeadendError(Exception):
    """The root; `exit_code` is what the command line exits with. `lines`: what is said, each made printable."""

    exit_code = 1

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(map(printable, lines))
        super().__init__("\n".join(self.lines))


class InputError(HeadendError):
    """Input that can't be used; carries every error found, in file order, and says the first of them."""

    exit_code = 3
    MOST_TOLD = 50  # a file of rows can have a hundred thousand, for one and the same reason

    def __init__(self, problems: Sequence[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(*lines(self.problems, "problem", self.MOST_TOLD))


class CredentialsError(HeadendError):
    exit_code = 4


class GuardError(HeadendError):
    exit_code = 5


class StaleError(HeadendError):
    exit_code = 6


class PartialError(HeadendError):
    exit_code = 7


class StateError(HeadendError):
    pass


class StateInUse(StateError):
    pass


class StateLost(StateError):
    pass


class ApiError(HeadendError):
    """An answer that is not the one hoped for. `status` is the HTTP status, None where no answer came."""

    def __init__(self, message: str, *, status: int | None = None, code: int | str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Unreachable(ApiError):
    pass


class Ambiguous(ApiError):
    pass


class DecodeError(ApiError):
    pass


class NotFound(ApiError):
    pass


class ForeignAnswer(ApiError):
    pass


class Forbidden(ApiError):
    exit_code = 4


class Conflict(ApiError):
    pass


class Refused(ApiError):
    pass


class Unavailable(ApiError):
    pass


class Unsettled(Ambiguous, Unavailable):
    pass


class PartlyDone(ApiError):
    """`values`: spec field -> what of it is there, for state to hold instead of what was wanted."""

    def __init__(self, message: str, values: Mapping[str, Any], *, because: HeadendError | None = None) -> None:
        super().__init__(message)
        self.values = values
        self.exit_code = because.exit_code if because else type(self).exit_code


class Timeout(ApiError):
    pass
