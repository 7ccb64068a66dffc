"""What a plan is compared by, wherever that is done."""

from __future__ import annotations

import json
from pathlib import Path

from headend.core.model.observed import Observed
from headend.core.model.stack import Stack
from headend.core.reconcile.approval import Seeded
from headend.core.reconcile.binding import Binder, moved
from headend.core.reconcile.state import open_state

KEY = b"k" * 32


def test_each_part_of_what_was_seen_is_told_apart() -> None:
    bind = Binder()
    seen = bind.pre_image(Observed("7", {"size": 1, "note": "a"}), ())
    for other, parts in (
        (Observed("7", {"size": 1, "note": "a"}, computed={"status": "on"}), []),
        (Observed("8", {"size": 1, "note": "a"}), ["(id)"]),
        (Observed("7", {"size": 2, "note": "a"}), ["size"]),
        (Observed("7", {"size": 1}), ["note"]),
        (Observed("7", {"size": 1, "note": "a"}, unverifiable={"mail": "x"}), ["(unreadable)"]),
    ):
        assert moved(seen, bind.pre_image(other, ())) == parts
    assert moved(seen, bind.pre_image(None, ())) == ["(id)", "(unreadable)", "note", "size"]


def test_the_order_and_the_reasons_of_what_cannot_be_read_are_nothing() -> None:
    bind = Binder()
    one, other = (Observed("7", unverifiable=why) for why in ({"a": "x", "b": "y"}, {"b": "later", "a": "x"}))
    assert bind.pre_image(one, ()) == bind.pre_image(other, ())


def test_no_secret_enters_without_a_key() -> None:
    guesses = [Observed("7", {"password": word}) for word in ("one", "two")]
    one, two = (Binder("0" * 32).pre_image(guess, {"password"}) for guess in guesses)
    assert one == two, "who has the plan could try passwords"
    one, two = (Binder("0" * 32, KEY).pre_image(guess, {"password"}) for guess in guesses)
    assert moved(one, two) == ["password"]


def test_two_plans_and_two_keys_have_nothing_in_common() -> None:
    binders = [Binder(), Binder(), Binder("0" * 32, KEY), Binder("0" * 32, b"l" * 32), Binder("1" * 32, KEY)]
    assert len({bind.hash(1) for bind in binders}) == 4, "the key is no part of what anybody may know"
    assert len({bind.hash_secret("s") for bind in binders}) == 4
    assert [bind.key_id is None for bind in binders] == [True, True, False, False, False]
    assert len({json.dumps(bind.nonce) for bind in binders}) == 4
    assert "k" * 8 not in repr(binders[2])


def test_a_creation_in_doubt_stays_so_on_another_machine_until_it_is_settled(tmp_path: Path) -> None:
    document = {"nonce": "0" * 32, "steps": [], "intents": [["just.people.ann", "x", "create", "2035-12-01"]]}
    stack = Stack("day", "day.yaml", {})
    with open_state(tmp_path / "day.db", "day") as state:
        Seeded(state, stack, document).keep({"just.people.ann": "moved"})
        assert state.intents().keys() == {"just.people.ann"}
        state.settle("just.people.ann")
        assert Seeded(state, stack, document).intents() == {}
