"""What each row of the decision table means, played out in the world: the same for both engines.

| known to state? | live? | ours elsewhere? | what is done |
|---|---|---|---|
| yes | yes | - | compare: nothing, update, replace |
| yes | no, by a fresh read of the id and by natural key | - | create (vanished) |
| yes | it is being deleted | - | wait until it is gone, then create (vanished) |
| yes | another object has the natural key | no | refuse, name it, `adopt` takes it over |
| no | one like it | its old address left the stack | move (no request) |
| no | one like it | another resource has it | refuse |
| no | one like it | no; a run was killed while making it | recovered |
| no | one like it | no | refuse; `adopt` takes it over, if no immutable field differs |
| no | the stack alone says which | no | take over, showing all that it changes |
| replacing | the object being replaced | itself | never taken for the new one |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from table.bench import ENGINES, Bench, Side
from table.samples import SAMPLES, Sample

Play = Callable[[Bench, Side, Sample], None]
FREE = {"protect": False}
OBSERVED = ("environment", "input", "label", "transcoder", "multi_viewer", "account", "action_configuration")
NAMED = ("environment", "input", "label", "account", "action_configuration")
EVERY = (*OBSERVED, "account_categories", "entitlement")


@dataclass(frozen=True)
class Row:
    """One case of the table. why: the reason, as a sentence. kinds: samples of different nature."""

    name: str
    why: str
    kinds: tuple[str, ...]
    play: Play
    engines: tuple[str, ...] = ENGINES


ROWS: list[Row] = []


def row(why: str, *kinds: str, engines: tuple[str, ...] = ENGINES) -> Callable[[Play], Play]:
    """Adds the function as a row, under its own name."""

    def add(play: Play) -> Play:
        assert SAMPLES.keys() >= set(kinds)
        ROWS.append(Row(getattr(play, "__name__", ""), why, kinds, play, engines))
        return play

    return add
