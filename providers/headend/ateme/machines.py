"""What transcoders and multi-viewers share: a machine that takes its time, presets, PIDs that may clash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headend.ateme.answers import desired_word, hint
from headend.ateme.rows import Row
from headend.ateme.running import FAILURES, NEW_POLLS
from headend.core.model.errors import Conflict, NotFound, Refused, Timeout
from headend.core.model.fields import WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Report
from headend.core.model.observed import Change

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

UNSEEN = "the answer does not show it"
ONCE = WriteOnly("it is sent once, when it was changed, and never read back", once=True)
PRESET = ("store_preset", "preset_id", "preset_name")

R = TypeVar("R", bound=Row)
Look = Callable[[], Awaitable[R | None]]
"""Reads the machine's row anew; None where there is none."""


class Preset(Protocol):
    """A spec whose settings can be kept as a preset."""

    @property
    def store_preset(self) -> bool | None: ...
    @property
    def preset_id(self) -> int | None: ...
    @property
    def preset_name(self) -> str | None: ...


def preset_doubts(spec: Preset) -> list[Problem]:
    """Warnings of half a preset."""
    named = spec.preset_id is not None or spec.preset_name is not None
    if spec.store_preset and not named:
        return [warning("store_preset without preset_id or preset_name: which preset is meant?", rule="contradiction")]
    if named and not spec.store_preset:
        return [warning("preset_id and preset_name do nothing without store_preset", rule="contradiction")]
    return []


def preset(spec: Preset, changes: Sequence[Change]) -> dict[str, Any]:
    """The preset fields, in the one call in which the user changed them; what was taken away is null (A-50, A-760)."""
    changed = {change.field for change in changes if change.field in PRESET}
    if not changed or not spec.store_preset:
        return {}
    given = {name: getattr(spec, name) for name in PRESET}
    return {name: value for name, value in given.items() if name in changed or value is not None}


def unstored(spec: Preset) -> frozenset[str]:
    """Fields of which nothing is sent: without `store_preset` no preset is stored."""
    return frozenset() if spec.store_preset else frozenset(PRESET)


async def explained(
    api: Ateme, key: str, scope: str, path: Mapping[str, str], body: Mapping[str, Any], repeat: bool | None = None
) -> Any:
    """The call; a refusal of PIDs may come as 409 or as 400, and then means the same (A-972)."""
    try:
        return await api.call(key, scope=scope, path=path, body=body, repeat=repeat)
    except Conflict as error:
        raise hint(error, "PIDs that are taken are answered like this, too") from None


async def settled(api: Ateme, what: str, look: Look[R], report: Report, limit: float, until: str | None = None) -> R:
    """Waits until it runs or has stopped (`until`: which of both). A stop is marked before it has happened: only
    the second look in a row that shows it counts (A-733).

    Raises Refused for a failure state, NotFound for one that stays unknown, Timeout naming the last status.
    """
    word = before = None
    try:
        async for number in api.polls(limit, what):
            row = await look()
            if row is None and number >= NEW_POLLS:
                raise NotFound(f"ateme: {what} does not exist", status=404)
            before, word = word, row.word if row else None
            if word in FAILURES:
                raise Refused(f"ateme: {what}: its status is {word}")
            now = desired_word(word)
            if row is not None and until in {None, now} and (now == "started" or (now and word == before)):
                return row
            report(f"waiting for {what}: {word or 'not there yet'}")
    except Timeout as error:
        raise hint(error, f"its status is {word or 'unknown'}") from None
    raise AssertionError("polling ends by itself")


async def remove(
    api: Ateme, key: str, scope: str | None, path: Mapping[str, str], row: R | None, look: Look[R]
) -> R | None:
    """Tells it to go, unless it goes already: a run that was killed, or whose answer got lost, may have told it so.
    The row by which to wait for that; None where it is gone. A refusal stands unless it is on its way."""
    if row is not None and is_going(row):
        return row
    try:
        return row if await api.delete(key, scope, path) else None
    except (Conflict, Refused):
        now = await look()
        if now is None or is_going(now):
            return now
        raise


def is_going(row: Row) -> bool:
    return row.word == "deleting"


async def gone(api: Ateme, what: str, look: Look[Row], report: Report, limit: float, word: str | None) -> None:
    """Waits until it is there no more. word: its status when it was told to go.

    Raises Refused where the deletion fails, Timeout where it takes too long.
    """
    before = word
    async for _ in api.polls(limit, f"deleting {what}"):
        row = await look()
        if row is None:
            return
        word = row.word
        if word in FAILURES and word != before:
            raise Refused(f"ateme: deleting {what}: its status is {word}")
        report(f"waiting for {what}: {word}")
        before = word
