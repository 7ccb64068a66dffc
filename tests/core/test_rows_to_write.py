"""What becomes rows of a file beside a stack."""

from __future__ import annotations

from typing import Any

import pytest

from headend.core.stackfile.written import MANY, Name, Writer, Written

TARGET = Written("news", {"name": "a;b"}, "stopped; failing")


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("news", True),
        ([Name(TARGET)], True),  # what else is known of it stands in no cell
        ([Name(Written("a;b", {}))], False),
        (["a", "b"], True),
        (["a;b"], False),
        ([" a"], False),
        ([["a"], ["b"]], False),
        (" a", False),
        ("a\nb", False),
        ({"secret": "A"}, False),
    ],
)
def test_only_what_a_cell_gives_back_as_it_was(value: Any, fits: bool) -> None:
    writer = Writer("live")
    writer.settle({"inputs": [Written(f"in-{n}", {"field": value}) for n in range(MANY + 1)]}, "ateme")
    assert bool(writer.grouped) is fits
