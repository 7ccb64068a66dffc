"""The embedded engine's state: SQLite, one file a stack, O(1) for each write."""

from headend.core.reconcile.state.opening import is_there, open_nowhere, open_state, open_to_look, peek
from headend.core.reconcile.state.rows import Intent
from headend.core.reconcile.state.store import State

__all__ = ["Intent", "State", "is_there", "open_nowhere", "open_state", "open_to_look", "peek"]
