"""Reads that are shared, and what an empty one proves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from headend.core.wire.reads import Reads, find_surely


class Lists:
    """Answers in turn; `asked` counts."""

    def __init__(self, *answers: Any) -> None:
        self.reads, self.answers, self.asked = Reads(), list(answers), 0

    async def ask(self) -> Any:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def finds(self, wanted: str, **how: bool) -> Callable[[], Awaitable[list[str]]]:
        async def find() -> list[str]:
            return [row for row in await self.reads.get("rows", self.ask, **how) or () if row == wanted]

        return find


@pytest.mark.parametrize(
    ("answers", "wanted", "found", "asked"),
    [
        ([["a"]], "a", ["a"], 1),
        ([["a"]], "b", [], 1),  # a list with rows is believed
        ([[], ["a"]], "a", ["a"], 2),
        ([{}, {"a": 1}], "a", ["a"], 2),
        ([[], []], "a", [], 2),
        ([None, ["a"]], "a", [], 1),  # the platform's own word
    ],
)
def test_an_empty_list_is_asked_for_once_more(answers: list[Any], wanted: str, found: list[str], asked: int) -> None:
    lists = Lists(*answers)
    assert asyncio.run(_surely(lists, wanted)) == [found]
    assert lists.asked == asked


def test_nothing_is_no_proof_where_the_reader_says_so() -> None:
    lists = Lists(None, ["a"])
    assert asyncio.run(_surely(lists, "a", none_is_proof=False)) == [["a"]]


def test_many_askers_share_both_reads() -> None:
    lists = Lists([], ["a"])
    assert asyncio.run(_surely(lists, *"abcdefgh")) == [["a"], *([[]] * 7)]
    assert lists.asked == 2


def test_who_does_not_doubt_takes_the_first_answer_and_a_write_forgets_both() -> None:
    async def go() -> list[Any]:
        lists = Lists([], ["a"], [], ["b"])
        first = await find_surely(lists.finds("a"))
        plain = await lists.finds("a")()
        lists.reads.drop("rows")
        return [first, plain, await find_surely(lists.finds("b")), lists.asked]

    assert asyncio.run(go()) == [["a"], [], ["b"], 4]


async def _surely(lists: Lists, *wanted: str, **how: bool) -> list[Any]:
    return list(await asyncio.gather(*(find_surely(lists.finds(one, **how)) for one in wanted)))
