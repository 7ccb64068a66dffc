"""Many steps: people are told of the few that stand for the others, how far all of it is, and of each failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cli.harness import World
from cli.test_progress import ESCAPE, on_terminal
from headend.cli import render
from headend.cli.progress import HEARTBEAT, LAST, ROWS, LiveProgress, Progress, _Running
from headend.cli.standing import Standing
from headend.core.model.errors import InputError
from headend.core.model.proposal import Action
from headend.core.reconcile.outcome import Event
from headend.reports.alike import FEW, MANY, NEWS, Few
from headend.reports.text import lines

ROWS_OF_FILE = 30
STACK = """headend: 1
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}}
"""


def rows(world: World, count: int) -> World:
    world.write("rights.yaml", STACK)
    world.write("viewers.csv", "account,streams\n" + "".join(f"v{number:03},3\n" for number in range(count)))
    return world


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A stack of so many rows that they count as many."""
    for module in ("reports.alike", "cli.progress"):
        monkeypatch.setattr(f"headend.{module}.MANY", ROWS_OF_FILE - 1)
    return rows(world, ROWS_OF_FILE)


def told(world: World, *words: str, **env: str) -> list[str]:
    return world(words[0], "rights.yaml", *words[1:], **env).out.splitlines()


# --- plans ---------------------------------------------------------------------------------------------------
def test_a_plan_of_many_alike_is_a_table_and_counts_the_others(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.reports.tables.MOST", 3)
    title, limit, *rows, last, hint, summary = told(many, "plan")
    assert title == f"+ create {ROWS_OF_FILE} of rights_locker.stream_limit in rights_locker.stream_limits (new)"
    assert (limit, rows[0].split()) == ("    all have limit: 3", ["account_id"])
    assert [row.split()[0][:8] for row in rows[1:]] == ["viewers["] * 3
    assert last == f"    and {ROWS_OF_FILE - 3} more like these"
    assert hint == "(some are only counted; --verbose shows each)"
    assert summary == f"rights: {ROWS_OF_FILE} create"
    assert len(told(many, "plan", "--verbose")) == 3 * ROWS_OF_FILE + 1


def test_json_holds_every_step(many: World) -> None:
    document = json.loads(many("plan", "rights.yaml", "--format", "json").out)
    assert len(document["steps"]) == document["summary"]["create"] == ROWS_OF_FILE


def test_what_cannot_be_verified_is_counted_too(many: World) -> None:
    many("apply", "rights.yaml", "--yes")
    assert [line[:2] for line in told(many, "drift")] == ["? "] * (FEW + 1) + ["(s", "ri"]
    assert len(told(many, "drift", "--verbose")) == ROWS_OF_FILE + 1


def test_status_shows_a_few_of_many(many: World) -> None:
    many("apply", "rights.yaml", "--yes")
    title, _, *rows, _, last = told(many, "status")
    assert title == "rights_locker"
    assert len(rows) == FEW + 1
    assert rows[-1].split("  ")[0] == f"{ROWS_OF_FILE - FEW} more of rights_locker.stream_limit"
    assert last.startswith(f"rights: {ROWS_OF_FILE} objects, all as the stack wants")
    assert len(told(many, "status", "--verbose")) == ROWS_OF_FILE + 4


def step(number: int, **more: Any) -> dict[str, Any]:
    return {"address": f"a.{number}", "kind": "a.b", "action": "update", "reason": "changed", "impact": "none", **more}


def shown(steps: Iterator[dict[str, Any]]) -> str:
    return "\n".join(text for text, _ in lines({"stack": "s", "summary": {}, "steps": steps}))


def test_what_only_one_step_says_is_shown() -> None:
    def steps() -> Iterator[dict[str, Any]]:
        for number in range(10 * MANY):
            paths = ("limit", "name") if number == 500 else ("limit",)
            changes = [{"path": path, "before": 1, "after": 2, "cause": "you"} for path in paths]
            cut = {"address": "s.derby", "start": None, "end": None}
            more = {501: {"warnings": ["mind this"]}, 502: {"on_air": [cut]}, 503: {"impact": "interrupts"}}
            refused = {"refused": "no", "refusals": [{"guard": "protect", "why": "no"}]}
            yield step(number, changes=changes, **{504: refused, **more}.get(number, {}))

    text = shown(steps())
    assert re.findall(r"(?<=update a\.)\d+", text) == ["0", "1", "2", "3", "4", "500", "501", "502", "503", "504"]
    assert "~ update 990 more of a.b (changed)\n" in f"{text}\n"


def test_what_each_step_says_anew_is_counted_at_last() -> None:
    text = shown(step(number, warnings=[f"it was {number}"]) for number in range(10 * MANY))
    assert text.count("it was") == NEWS
    assert f"{10 * MANY - NEWS} more of a.b" in text


def test_no_more_is_held_than_shown() -> None:
    few = Few[int]()
    for number in range(50 * MANY):
        few.add(number, number % 3)
    held = sum(len(group.kept) for group in few._groups.values()) + len(few._order)
    assert held <= 2 * MANY + 3 * FEW
    assert list(few)[: FEW + 1] == [(0, 0), (3, 0), (6, 0), (9, 0), (12, 0), (0, 50 * MANY // 3 + 1 - FEW)]


def test_a_plan_file_is_written_step_by_step(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []
    written = render.as_json

    def counted(*given: Any) -> Iterator[str]:
        return (pieces.append(len(piece)) or piece for piece in written(*given))  # type: ignore[func-returns-value]

    monkeypatch.setattr("headend.cli.planfile.as_json", counted)
    assert many("plan", "rights.yaml", "--out", "plan.json").code == 2
    assert len(pieces) == ROWS_OF_FILE + 2
    assert max(pieces) < 1_000
    many.write("viewers.csv", (many.home / "viewers.csv").read_text().replace(",3", ",4"))
    changed = many("apply", "plan.json", "--yes")
    assert (changed.code, changed.err.count("limit: 4 now, was 3; plan again\n")) == (6, ROWS_OF_FILE)
    rows(many, ROWS_OF_FILE)
    assert many("apply", "plan.json", "--yes").out.endswith(f"{ROWS_OF_FILE} done, 0 failed, 0 skipped\n")


def test_what_moved_since_the_plan_is_told_of_few(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InputError, "MOST_TOLD", 3)
    many("plan", "rights.yaml", "--out", "plan.json")
    many("apply", "rights.yaml", "--yes")
    said = many("apply", "plan.json", "--yes").err.splitlines()
    assert len([line for line in said if "moved since the plan" in line]) == 3
    assert said[3] == f"and {ROWS_OF_FILE - 3} more steps"


# --- progress ------------------------------------------------------------------------------------------------
def test_a_log_gets_failures_and_how_far_it_is(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.cli.progress.EVERY", 0.0)
    many.simulator.fail("rights_locker:limit.set", first=10, times=3, status=400)
    applied = many("apply", "rights.yaml", "--yes")
    said = applied.err.splitlines()
    assert len([line for line in said if "create failed after" in line]) == 3
    warnings = [line for line in said if "any stream limit that the account had before is overwritten" in line]
    assert len(warnings) == FEW + 1
    assert warnings[-1].startswith(f"{ROWS_OF_FILE - 3 - FEW} more like this: create: ")
    rest = set(said) - set(warnings)
    assert {re.sub(r"[\d.]+", "N", line) for line in rest if "failed after" not in line} >= {"N of N done"}
    assert not [line for line in said if "create start" in line or "create done" in line]


def test_verbose_tells_each_event(many: World) -> None:
    said = many("apply", "rights.yaml", "--yes", "--verbose")
    assert said.err.count("create done after") == said.err.count("create start") == ROWS_OF_FILE
    assert said.out.count("+ create") == ROWS_OF_FILE


def test_a_terminal_shows_the_last_and_a_line_for_all(world: World) -> None:
    ran = on_terminal(rows(world, MANY + 1), "apply", "rights.yaml", "--yes")
    text = ESCAPE.sub("", ran.replace("\r", "\n"))
    assert f" of {MANY + 1} done" in text
    assert f"{MANY + 1} done, 0 failed, 0 skipped" in text
    assert len([line for line in text.splitlines() if "overwritten" in line]) == FEW + 1


class Quiet(LiveProgress):
    def note(self, text: str, style: str = "") -> None:
        self.noted = [*getattr(self, "noted", []), text]


def events(number: int) -> Iterator[Event]:
    for n in range(number):
        yield Event(f"a.{n}", Action.CREATE, "start")
        yield Event(f"a.{n}", Action.CREATE, "failed" if n == 7 else "done")


def test_a_hundred_thousand_steps_leave_nothing_behind() -> None:
    progress = Quiet(100_000)
    for event in events(100_000):
        progress.event(event)
    assert (progress.running, len(progress.noted), len(progress.last)) == ({}, 1, LAST)
    assert progress.how_far() == "100,000 of 100,000 done; 1 failed of these"
    for n in range(50):
        progress.event(Event(f"b.{n}", Action.CREATE, "start"))
    with progress.live.console.capture() as drawn:
        progress.live.console.print(progress.view())
    assert len(drawn.get().splitlines()) == LAST + ROWS + 2


def test_of_many_that_take_long_only_the_first_are_named() -> None:
    for total, named in ((MANY, MANY), (MANY + 1, ROWS)):
        progress = Progress(total)
        for n in range(total):
            progress.running[f"a.{n}"] = _Running(Event(f"a.{n}", Action.CREATE, "start"), 0, 0)
        assert [step.event.address for step in progress._silent(HEARTBEAT)] == [f"a.{n}" for n in range(named)]


def test_a_replacement_is_counted_once() -> None:
    progress = Progress(2)
    for phase in ("start", "done", "start", "failed"):
        progress.event(Event("a.b", Action.REPLACE, phase))
    assert (progress.running, dict(+progress.counts)) == ({}, {"failed": 1})


@pytest.mark.parametrize(
    ("seconds", "done", "text"),
    [
        (1, 50, "50 of 100,000 done"),
        (10, 3_100, "3,100 of 100,000 done, 310/s, about 5 min left"),
        (10, 20, "20 of 100,000 done, 2.0/s, about 13 h 53 min left"),
        (60, 6, "6 of 100,000 done, 6.0/min, about 277 h 46 min left"),
        (10, 99_000, "99,000 of 100,000 done, 9,900/s, about 1 s left"),
        (10, 100_000, "100,000 of 100,000 done, 10,000/s"),
    ],
)
def test_rate_and_rest_are_in_words(seconds: float, done: int, text: str) -> None:
    assert Standing(0).told(done, 100_000, seconds, " done") == text


def test_the_rate_is_that_of_the_last_minute() -> None:
    standing = Standing(0)
    for second in range(10, 310, 10):
        standing.told(second * 100, 100_000, second)
    for second in range(310, 410, 10):
        said = standing.told(30_000 + (second - 300), 100_000, second)
    assert said == "30,100 of 100,000, 1.0/s, about 19 h 25 min left"


def test_long_reading_tells_how_far_it_is(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headend.cli.reading.QUIET", 0.0)
    monkeypatch.setattr("headend.cli.reading.EVERY", 0.0)
    for words in (["plan"], ["drift"], ["status"], ["apply", "--yes"], ["destroy", "--yes"]):
        ran = many(words[0], "rights.yaml", *words[1:])
        assert re.search(rf"^reading \d+ of {ROWS_OF_FILE}$", ran.err, re.MULTILINE), words
        assert "reading" not in ran.out


def test_short_reading_says_nothing(many: World) -> None:
    assert many("plan", "rights.yaml").err == ""
