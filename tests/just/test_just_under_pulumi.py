"""The same people over the wire that Pulumi's engine speaks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from just_engine import ANN, JUID
from pulumi.runtime.proto.provider_pb2 import DiffResponse
from test_just_stacks import ONE_OF_EACH, WORDS

from cli.harness import serve
from headend.core.model.stack import Stack
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import Engine, provider


class People:
    """A simulator behind a socket, a provider process, and stacks of people."""

    def __init__(self, simulator: Simulator, engine: Engine, home: Path) -> None:
        self.simulator, self.engine, self.home = simulator, engine, home

    def stack(self, wanted: dict[str, Any]) -> Stack:
        file = self.home / "stack.yaml"
        file.write_text(json.dumps({"headend": 1, "just": wanted}))
        return load(file)

    def up(self, wanted: dict[str, Any]) -> dict[str, int]:
        return self.engine.up(self.stack(wanted))

    def took(self) -> list[str]:
        taken = [entry.key for entry in self.simulator.journal]
        self.simulator.reset_journal()
        return taken

    def said(self) -> str:
        """All that the provider printed; ends it."""
        self.engine.process.terminate()
        assert self.engine.process.stderr is not None
        return self.engine.process.stderr.read().decode()


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    simulator = Simulator()
    simulator.sims["just"].add_profile(JUID)
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        yield People(simulator, engine, tmp_path)


@pytest.mark.contract("J-41", "J-49", "J-51", "J-52", "J-55", "J-56")
def test_one_of_each_is_brought_up_previewed_to_nothing_and_destroyed(people: People) -> None:
    assert people.up(ONE_OF_EACH) == {"create": 5}
    made = people.took()
    assert sorted(made) == sorted(set(made))
    assert people.up(ONE_OF_EACH) == {"same": 5}
    assert people.took() == []
    for live in people.engine.state.values():
        assert people.engine.read(live.kind, live.id, live.outputs)[0] == live.id
    assert people.took() == ["segment.list"]  # a refresh asks for the profile, and for nothing else
    ids = json.dumps({address: live.id for address, live in people.engine.state.items()}).lower()
    people.engine.destroy()
    assert sorted(people.took()) == ["email.unsubscribe", "sms.unsubscribe"]
    assert people.simulator.sims["just"].world["subscriptions"] == {}
    said = people.said()
    assert "just.email_subscription: unverifiable: Just has no call" in said
    assert "personal data stay at Just" in said
    for word in WORDS:
        assert word.lower() not in ids + said.lower(), word


@pytest.mark.contract("J-42", "J-43")
def test_changes_cost_what_they_cost_elsewhere(people: People) -> None:
    def one(**more: Any) -> dict[str, Any]:
        return {"email_subscriptions": {"it": {"juid": {"id": JUID}, "email": ANN, "refid": "a", **more}}}

    people.up(one())
    people.took()
    assert people.up(one(email=ANN.upper())) == {"same": 1}
    assert people.up(one(refid="b")) == {"update": 1}
    assert people.up(one(refid=None)) == {"same": 1}
    assert people.took() == ["utm_metric.update"]
    assert people.up(one(refid="b", utm_source="mail")) == {"replace": 1}
    assert people.took() == ["email.unsubscribe", "email.subscribe"]
    said = people.said()
    assert "refid can't be taken off again" in said
    assert "the person is unsubscribed, and subscribed again" in said


@pytest.mark.contract("J-34")
def test_a_profile_is_not_replaced_where_that_was_refused(people: People) -> None:
    people.up({"profiles": {"ann": {"name": "Annabel"}}})
    live = people.engine.state["just.profiles.ann"]
    found = people.engine.diff(live.kind, live.id, live.outputs, {**live.inputs, "name": "B", "on_change": "ignore"})
    assert found.changes == DiffResponse.DIFF_NONE
    with pytest.raises(grpc.RpcError, match="on_change is fail"):
        people.engine.diff(live.kind, live.id, live.outputs, {**live.inputs, "name": "B", "on_change": "fail"})
    found = people.engine.diff(live.kind, live.id, live.outputs, {**live.inputs, "name": "B"})
    assert (list(found.replaces), found.deleteBeforeReplace) == (["name"], False)


@pytest.mark.contract("J-13", "J-54")
def test_a_lost_answer_is_one_request_and_says_to_look(people: People) -> None:
    people.simulator.fail("profile.create", drop="after")
    with pytest.raises(grpc.RpcError, match="outcome unknown: look before it is run again"):
        people.up({"profiles": {"ann": {}}})
    assert Counter(people.took()) == {"profile.create": 1}
