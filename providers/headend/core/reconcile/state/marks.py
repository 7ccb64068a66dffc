"""What is noted of a state as a whole: who has locked it by hand, whose the stack is, which plans are recorded."""

from __future__ import annotations

from datetime import UTC, datetime

from headend.core.reconcile.state.database import Database


class Marks:
    """Part of an open state."""

    _db: Database

    @property
    def locked_by(self) -> str | None:
        """Who has locked it by hand, since when and why; None where nobody has."""
        row = self._db.row("SELECT value FROM meta WHERE key = 'locked_by'")
        return str(row[0]) if row else None

    def lock(self, by: str | None) -> None:
        """Locks it for all runs to come; None: unlocks it."""
        if by:
            self._db.write(("INSERT OR REPLACE INTO meta VALUES ('locked_by', ?)", (by,)))
        else:
            self._db.write(("DELETE FROM meta WHERE key = 'locked_by'", ()))

    def has_plan(self, nonce: str) -> bool:
        """Whether `put_plan` took note of the plan."""
        return self._db.row("SELECT 1 FROM meta WHERE key = ?", (f"plan:{nonce}",)) is not None

    def put_plan(self, nonce: str) -> None:
        """Takes note that all that a plan knew is recorded here."""
        self._db.write(("INSERT OR IGNORE INTO meta VALUES (?, ?)", (f"plan:{nonce}", datetime.now(UTC).isoformat())))

    @property
    def handed_over(self) -> str | None:
        """Since when the stack is another engine's, None while it is headend's own: nothing may be applied by it."""
        row = self._db.row("SELECT value FROM meta WHERE key = 'handed_over'")
        return str(row[0]) if row else None

    def hand_over(self) -> None:
        """Notes that the stack is another engine's from now on."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._db.write(("INSERT OR IGNORE INTO meta VALUES ('handed_over', ?)", (now,)))
