"""Events: made, patched with all their labels, given pictures, and complete once they are over."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import E1, LISTENER, Engine, stack
from headend.ateme.event import Event
from headend.core.model.errors import Forbidden
from headend.core.model.fields import Impact
from headend.core.model.proposal import Action
from headend.core.reconcile.state import open_state

AT = f"{E1}.events.derby"
INPUTS = {"a": LISTENER, "b": {**LISTENER, "port": 5009}}
TIMES = {"start_time": "2026-12-05T15:00:00Z", "end_time": "2026-12-05T17:00:00Z"}
DERBY = {"input": "a", **TIMES}


def wanted(event: Mapping[str, Any] = {}, labels: tuple[str, ...] = (), **children: Any) -> dict[str, Any]:
    """The derby in e1, with these fields more; labels of the stack by their text."""
    made = stack(**{"inputs": INPUTS, "events": {"derby": {**DERBY, **event}}, **children})
    made["ateme"]["labels"] = {text: {} for text in labels}
    return made


def row(engine: Engine) -> dict[str, Any]:
    (found,) = [row for row in engine.world["events"].values() if not row["is_deleted"]]
    return dict(found)


def written(engine: Engine) -> list[tuple[str, Any]]:
    return [(entry.key, entry.body) for entry in engine.sim.writes()]


def drawn(folder: Path, content: bytes = b"derby", name: str = "derby.png") -> dict[str, str]:
    (folder / name).write_bytes(content)
    return {"image": name}


@pytest.mark.contract("A-611", "A-612", "A-613", "A-614", "A-615", "A-616", "A-617", "A-748")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"environment": None}, "environment"),
        ({"input": None}, "input"),
        ({"name": ""}, "name"),
        ({"name": "n" * 256}, "name"),
        ({"description": "d" * 1001}, "description"),
        ({"start_time": "NOW"}, "start_time\n.*must be a time such as"),
        ({"end_time": "tomorrow"}, "end_time\n.*must be a time such as"),
        ({"end_time": TIMES["start_time"]}, "after start_time"),
        ({"labels": "l-1"}, "labels"),
        ({"labels": None}, "labels"),
        ({"extra": {"remove_old_image": True}}, "remove_old_image is a field of its own"),
        ({"extra": {"label_ids": []}}, "label_ids is a field of its own"),
    ],
)
def test_what_an_event_must_be(change: dict[str, Any], said: str) -> None:
    fields = {"environment": "e", "input": "i", "name": "n" * 255, "description": "d" * 1000, **TIMES}
    assert Event(**fields).labels == []
    with pytest.raises(ValidationError, match=said):
        Event(**{**fields, **change})


@pytest.mark.contract(
    "A-259", "A-260", "A-261", "A-262", "A-612", "A-613", "A-615", "A-617", "A-620", "A-833", "A-837", "A-983"
)
@pytest.mark.parametrize(
    "switches", [{}, {"envelope": "object", "wrapped": True}, {"times": "offset", "updates": "full"}], ids=str
)
def test_it_is_made_patched_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(wanted())
    assert engine.plan(wanted()).writes() == ()
    key, body = written(engine)[-1]
    times = {"start_time": "2026-12-05T15:00:00+00:00", "end_time": "2026-12-05T17:00:00+00:00"}
    source = row(engine)["input_id"]
    assert (key, body) == ("event.create", {"input_id": source, "name": "derby", **times, "label_ids": []})
    assert row(engine)["event_id"] == "event-1"
    engine.sim.reset_journal()
    engine.done(wanted({"name": "Derby", "end_time": "2026-12-05T18:30:00+01:00"}))
    patch = {"name": "Derby", "end_time": "2026-12-05T17:30:00+00:00", "label_ids": []}
    assert written(engine) == [("event.update", patch)]
    engine.done(wanted({"name": "Derby", "end_time": "2026-12-05t17:30:00z"}, schedules={}))
    assert len(engine.written()) == 1, "the same instant"
    engine.done(stack(inputs=INPUTS))
    assert engine.written()[-1] == "event.delete"
    assert engine.plan(stack(inputs=INPUTS)).writes() == ()


@pytest.mark.contract("A-617", "A-756", "A-837", "A-738")
def test_all_labels_go_with_every_change_and_come_off_before_they_are_deleted(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    both = ("cup", "english")
    engine.done(wanted({"labels": list(both)}, both))
    ids = {label["text"]: id for id, label in engine.world["labels"].items()}
    engine.sim.reset_journal()
    engine.done(wanted({"labels": list(both), "description": "A derby"}, both))
    assert written(engine) == [("event.update", {"description": "A derby", "label_ids": [ids[n] for n in both]})]
    assert engine.plan(wanted({"labels": ["english", "cup"], "description": "A derby"}, both)).writes() == ()
    engine.sim.reset_journal()
    engine.done(wanted({"labels": ["cup"], "description": "A derby"}, ("cup",)))
    assert [key for key, _ in written(engine)] == ["event.update", "label.delete"]
    engine.world["events"]["event-1"]["label_ids"] = []
    (change,) = engine.step(wanted({"labels": ["cup"], "description": "A derby"}, ("cup",)), AT).changes
    assert (change.field, change.cause) == ("labels", "drift")
    engine.done(wanted({}, ("cup",)))
    assert row(engine)["label_ids"] == []
    engine.done(wanted({}, ("cup",)), destroy=True)


@pytest.mark.contract("A-614", "A-756")
@pytest.mark.parametrize("left", [{}, {"description": None}], ids=["left out", "null"])
def test_a_description_is_cleared_by_an_empty_one(tmp_path: Path, left: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted({"description": "A derby"}))
    engine.sim.reset_journal()
    engine.done(wanted(left))
    assert written(engine) == [("event.update", {"description": "", "label_ids": []})]
    assert engine.plan(wanted(left)).writes() == ()


@pytest.mark.contract("A-618", "A-619", "A-756", "A-52", "A-263")
def test_a_picture_goes_up_with_all_labels_changes_by_its_content_and_is_taken_away(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    labelled = {"labels": ["cup", "english"]}
    texts = ("cup", "english")
    engine.done(wanted({**labelled, **drawn(tmp_path)}, texts))
    ids = sorted(engine.world["labels"])
    key, body = written(engine)[-1]
    assert (key, body["image"], sorted(body["label_ids"])) == ("event.create", "(derby.png, 5 bytes)", ids)
    assert base64.b64decode(row(engine)["image"]["content"]) == b"derby"
    assert engine.plan(wanted({**labelled, **drawn(tmp_path)}, texts)).writes() == ()
    engine.sim.reset_journal()
    engine.done(wanted({**labelled, **drawn(tmp_path, b"final")}, texts))
    ((key, body),) = written(engine)
    assert (key, body["image"], sorted(body["label_ids"])) == ("event.update", "(derby.png, 5 bytes)", ids)
    assert base64.b64decode(row(engine)["image"]["content"]) == b"final"
    engine.sim.reset_journal()
    engine.done(wanted(labelled, texts))
    ((key, body),) = written(engine)
    assert (key, body["remove_old_image"], sorted(body["label_ids"])) == ("event.update", True, ids)
    assert row(engine)["image"] is None
    assert engine.plan(wanted(labelled, texts)).writes() == ()


@pytest.mark.contract("A-973", "A-617", "A-756")
def test_a_picture_without_labels_goes_ahead_of_the_list_that_has_none(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted({"labels": ["cup"]}, ("cup",)))
    engine.sim.reset_journal()
    engine.done(wanted({**drawn(tmp_path), "description": "A derby"}, ("cup",)))
    assert written(engine) == [
        ("event.update", {"image": "(derby.png, 5 bytes)"}),
        ("event.update", {"description": "A derby", "label_ids": []}),
    ]
    assert row(engine)["label_ids"] == []
    assert base64.b64decode(row(engine)["image"]["content"]) == b"derby"
    engine.sim.reset_journal()
    fresh = Engine(tmp_path / "new") if (tmp_path / "new").mkdir() is None else engine
    fresh.done(wanted(drawn(fresh.directory)))
    key, body = written(fresh)[-1]
    assert key == "event.create"
    assert "label_ids" not in body, "a new one has none that would have to go"


@pytest.mark.contract("A-618")
def test_a_picture_that_changed_since_the_plan_is_not_sent(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    drawn(tmp_path)
    engine.sim.observers.append(lambda entry: (tmp_path / "derby.png").write_bytes(b"later"))
    failed = engine.apply(wanted({"image": "derby.png"})).failed
    assert "derby.png: the file changed since the plan" in failed[AT]
    assert "event.create" not in engine.written()


@pytest.mark.contract("A-612", "A-757")
def test_an_input_of_its_environment_is_changed_in_place_and_another_environment_replaces(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    step = engine.step(wanted({"input": "b"}), AT)
    assert (step.action, step.impact) == (Action.UPDATE, Impact.INTERRUPTS)
    engine.done(wanted({"input": "b"}))
    assert engine.world["inputs"][row(engine)["input_id"]]["id"] == "b"
    two = wanted({"input": "b"})
    two["ateme"]["environments"]["e2"] = {**stack()["ateme"]["environments"]["e1"], "inputs": {"c": LISTENER}}
    engine.done(two)
    two["ateme"]["environments"]["e1"]["events"]["derby"]["input"] = "e2/c"
    (problem,) = engine.problems(two)
    assert problem.startswith(f"{AT}: input: it is in another environment than the event")
    del two["ateme"]["environments"]["e1"]["events"]
    two["ateme"]["events"] = {"derby": {**DERBY, "environment": "e1", "input": "e1/b"}}
    engine.done(two)
    two["ateme"]["events"] = {"derby": {**DERBY, "environment": "e2", "input": "e2/c"}}
    step = engine.step(two, "ateme.events.derby")
    assert step.action is Action.REPLACE
    assert "must subscribe to the new one" in step.warnings[0]
    engine.sim.reset_journal()
    engine.done(two)
    assert engine.written() == ["event.delete", "event.create"]
    assert [entry.scope["environment"] for entry in engine.sim.writes()] == ["env-1", "env-2"]


@pytest.mark.contract("A-611", "A-731")
def test_its_environment_must_run(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    stopped = wanted({"description": "new"})
    stopped["ateme"]["environments"]["e1"]["state"] = "stopped"
    (problem,) = engine.problems(stopped)
    assert problem.startswith(f"{AT}: its environment is to be stopped")


@pytest.mark.contract("A-748", "A-259")
@pytest.mark.parametrize("switches", [{}, {"ended_schedules": "gone"}], ids=["kept", "gone"])
def test_one_that_is_over_is_complete_and_none_begins_its_life_over(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(wanted())
    engine.now = engine.now.replace(day=6)
    assert engine.plan(wanted()).writes() == ()
    (problem,) = engine.problems(wanted(events={"derby": DERBY, "new": {**DERBY, "name": "new"}}))
    assert problem.startswith(f"{E1}.events.new: end_time lies in the past")
    engine.done(stack(inputs=INPUTS))
    assert engine.written()[-1] == "event.delete"


@pytest.mark.contract("A-259", "A-770", "A-620")
def test_it_is_known_by_its_name_after_a_lost_answer_and_for_adoption(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.sim.fail("event.create", drop="after")
    engine.apply(wanted())
    engine.done(wanted())
    assert list(engine.world["events"]) == ["event-1"]
    with open_state(tmp_path / "state.db") as state:
        state.drop(AT)
    assert "one like it exists already" in str(engine.step(wanted(), AT).refused)
    adopted = wanted({"lifecycle": {"adopt": "match"}, "description": "new"})
    step = engine.step(adopted, AT)
    assert (step.action, step.id, [c.field for c in step.changes]) == (Action.ADOPT, "event-1", ["description"])
    engine.done(adopted)
    (engine.world["events"]["event-1"])["is_deleted"] = True
    assert engine.step(wanted(), AT).action is Action.CREATE


@pytest.mark.contract("A-743", "A-744", "A-742", "A-54")
def test_changes_take_turns_with_entries_and_a_lost_one_is_looked_for_first(tmp_path: Path) -> None:
    engine = Engine(tmp_path, {"push_seconds": 0.01})
    outputs = {"o": {"variant": "srt_pull", "port": 5002, "latency": 200}}
    entry = {"input": "a", "output": "o", "start_time": "2026-12-05T13:00:00Z", "end_time": "2026-12-05T14:00:00Z"}

    def several(text: str, count: int) -> dict[str, Any]:
        events = {f"e{n}": {**DERBY, "description": text} for n in range(4)}
        return wanted(events=events, outputs=outputs, schedules={f"s{n}": entry for n in range(count)})

    engine.done(several("one", 0))
    assert engine.sim.sims["ateme"].pushes("env-1") == 0
    engine.done(several("two", 1))
    assert engine.sim.sims["ateme"].pushes("env-1") == 5
    assert {entry.status for entry in engine.sim.writes() if entry.key == "event.update"} == {200}
    engine.done(several("two", 1))
    assert engine.sim.sims["ateme"].pushes("env-1") == 5
    for drop, sent in (("after", 1), ("before", 2)):
        engine.sim.reset_journal()
        engine.sim.fail("event.update", drop=drop)
        wanting = several("two", 1)
        wanting["ateme"]["environments"]["e1"]["events"]["e0"]["description"] = f"lost {drop}"
        engine.done(wanting)
        assert engine.written() == ["event.update"] * sent


@pytest.mark.contract("A-259", "A-18")
def test_events_that_may_not_be_read_are_not_absent(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(wanted())
    engine.sim.fail("event.list", times=9, status=403)
    with pytest.raises(Forbidden, match=r"the call needs: mo O\+"):
        engine.plan(wanted())
