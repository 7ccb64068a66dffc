"""Loading a text over the fake kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from stack_kinds import KINDS

from headend.core.model.errors import InputError
from headend.core.model.stack import Stack
from headend.core.stackfile import load

Load = Callable[..., Stack]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Loads a text (or {file name: text}, the first being the stack) over the fake kinds."""

    def run(text: str | dict[str, str], secrets: Mapping[str, str] | None = None, **options: Any) -> Stack:
        files = {"test.yaml": text} if isinstance(text, str) else text
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
        return load(tmp_path / next(iter(files)), secret=(secrets or {}).get, kinds=KINDS, **options)

    return run


@pytest.fixture
def refused(read: Load, tmp_path: Path) -> Callable[..., list[str]]:
    """As `read` for what must be refused: each problem as `line:column: rest`, or `file:line:column: rest`."""

    def run(*args: Any, **options: Any) -> list[str]:
        with pytest.raises(InputError) as caught:
            read(*args, **options)
        return [str(p).replace(f"{tmp_path}/test.yaml:", "").replace(f"{tmp_path}/", "") for p in caught.value.problems]

    return run
