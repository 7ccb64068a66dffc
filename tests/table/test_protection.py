"""What is protected is neither replaced nor deleted, until the stack gives that up."""

from __future__ import annotations

import pytest

from table.bench import ENGINES, Bench
from table.rows import FREE
from table.samples import SAMPLES

CARD = SAMPLES["action_configuration"]


@pytest.mark.contract("A-410", "A-971")
@pytest.mark.parametrize("engine", ENGINES)
def test_protection_that_the_stack_gives_up_lets_a_replacement_pass_at_once(bench: Bench) -> None:
    side, protected = bench.side(), {"protect": True}
    assert side.up(CARD.one(protected)).ok
    old = bench.only(CARD.table)
    side.refused(CARD.one(protected, **CARD.fixed), "lifecycle.protect is true; set it to false")
    side.done(CARD.one(FREE, **CARD.fixed))
    assert bench.only(CARD.table) != old


@pytest.mark.parametrize("engine", ENGINES)
def test_a_destroy_goes_by_what_was_applied(bench: Bench) -> None:
    side = bench.side()
    assert side.up(CARD.one({"protect": True})).ok
    assert not side.destroy(CARD.one(FREE)).ok
    assert side.up(CARD.one(FREE)).ok
    assert side.destroy(CARD.one(FREE)).ok
    assert bench.live(CARD.table) == {}
