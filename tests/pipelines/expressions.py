"""GitHub's expressions, as far as the pipelines use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"'(?:[^']|'')*'|&&|\|\||!=|==|[!()]|[A-Za-z_][\w.-]*(?:\(\))?")
_WORDS = {"&&": "and", "||": "or", "!": "not", "always()": "True", "(": "(", ")": ")", "==": "==", "!=": "!="}


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """Raises KeyError for a context that isn't there; a missing entry of one is ''."""
    left = _TOKEN.sub("", text)
    assert not left.strip(), f"not understood: {left!r} in {text!r}"
    words = [_WORDS.get(token) or repr(_value(token, contexts)) for token in _TOKEN.findall(text)]
    return eval(" ".join(words), {"__builtins__": {}})


def fill(text: str, contexts: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1], contexts)), text)


def _value(token: str, contexts: Mapping[str, Any]) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    name, *path = token.split(".")
    value: Any = contexts[name]
    for part in path:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value
