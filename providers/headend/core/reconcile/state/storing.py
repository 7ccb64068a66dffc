"""What a store is: rows of three tables, in the state of one stack. It knows nothing else of states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from headend.core.model.frozen import frozen_dataclass

TABLES: Mapping[str, str] = {"meta": "key", "entries": "address", "intents": "address"}
Row = tuple[Any, ...]
Content = Mapping[str, Sequence[Row]]
"""table -> its rows, the key first."""


@frozen_dataclass
class Change:
    """row: what is there now, None where it is gone."""

    table: str
    key: str
    row: Row | None


class Store(Protocol):
    """Where the state of one stack is. All raise StateError where the store can't be reached, or says no."""

    def read(self) -> Content | None:
        """All rows; None where there is no state."""
        ...

    def held(self, patience: float) -> AbstractContextManager[None]:
        """Within, nobody else writes. Raises StateInUse once `patience` (seconds) has passed, saying who has it.
        Read after that."""
        ...

    def raise_if_lost(self) -> None:
        """Raises StateLost where somebody else may have it by now."""
        ...

    def write(self, changes: Sequence[Change]) -> None:
        """Keeps all of them or none, for good, before it returns. Raises StateLost where it isn't ours any more."""
        ...

    def finish(self, content: Content) -> None:
        """The run ends: what may be tidied is."""
        ...

    def others(self) -> Iterable[tuple[str, Content]]:
        """(stack, rows) of other states in the same store; of entries, `kind`, `id` and `address` will do."""
        ...

    def note(self, doing: str) -> None:
        """What the run that has it is at."""
        ...

    def release(self) -> str:
        """Takes the state from whoever has it; says who that was. For a person who knows that nobody has."""
        ...

    def close(self) -> None: ...
