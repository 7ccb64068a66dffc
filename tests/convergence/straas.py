"""States that must converge: each is applied in turn, and a second plan must change nothing."""

from __future__ import annotations

from typing import Any

SETUP: dict[str, Any] = {}

CASES: dict[str, list[dict[str, Any]]] = {
    "straas.member": [
        {"id": "viewer-17", "email": "viewer-17@example.com"},
        {"id": "viewer-17", "email": "Viewer-17@Example.com"},
        {"id": "someone@example.com", "email": "someone@example.com"},
    ],
}

CONCERNS: dict[str, tuple[str, ...]] = {"unauthorized": (), "paging": ()}
"""Switch -> the kinds that can tell its values apart, where these are not all."""

LASTING = {"members", "tokens"}
"""Tables with what the platform writes for itself, or nobody can delete."""

FREE: dict[str, tuple[Any, ...]] = {"token_calls": (6,), "token_ttl": (1,)}


def WORLD(sim: Any) -> None:
    """Members need no preparation."""
