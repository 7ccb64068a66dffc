"""Did you mean ...?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(word: str, known: Iterable[str], *, show: int = 12) -> str | None:
    """What was probably meant; where nothing is near, the few words that would do; None where there are none."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1) or [w for w in words if _folded(w) == _folded(word)]
    if near:
        return f"did you mean `{near[0]}`?"
    if 0 < len(words) <= show:
        return "one of: " + ", ".join(f"`{w}`" for w in words)
    return None


def _folded(word: str) -> str:
    return word.lower().replace("-", "_")
