"""`headend status`: what runs now, why not, what is on air and what comes next; in few requests, and no write."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ateme.alert_stacks import watched
from cli.harness import COMMAND, World
from headend.core.model.record import Record
from headend.core.reconcile.state import open_state, peek

EU = "ateme.environments.eu"
STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      state: {state}
      inputs:
        stadium: {{variant: srt_push, port: 5001, max_allowed_bitrate_kbps: 9000}}
        spare: {{variant: srt_push, port: 5002, state: stopped}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/canary-key"}}
      transcoders:
        sd: {{input: stadium, video_codec: HEVC, video_frame_size: 1280x720, video_frame_rate: "50",
             video_bitrate: 4000, video_gop: 50, audio_codec: MPEG AAC, audio_sample_rate: 48 kHz,
             audio_bitrate: 128Kbps, number_of_audio_tracks: 2}}
      schedules:
        derby: {{input: stadium, output: cdn, start_time: "{start}", end_time: "{end}"}}
        talk: {{input: sd, output: cdn, start_time: "{end}", end_time: "{later}"}}
rights_locker:
  stream_limits:
    newsroom: {{account_id: newsroom, limit: 3}}
"""


def stack(state: str = "started") -> str:
    """The derby has begun ten minutes ago, and the talk follows it."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    ends = start + timedelta(hours=2)
    return STACK.format(
        state=state, start=start.isoformat(), end=ends.isoformat(), later=(ends + timedelta(hours=1)).isoformat()
    )


@pytest.fixture
def day(world: World) -> World:
    """The stack, applied."""
    world.write("day.yaml", stack())
    applied = world("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    world.simulator.reset_journal()
    return world


def objects(world: World, *words: str, code: int = 0) -> dict[str, Any]:
    """Address below the environment -> its object in the document."""
    ran = world("status", "day.yaml", "--format", "json", *words)
    assert ran.code == code, ran.err or ran.out
    document = json.loads(ran.out)
    assert (document["format"], document["stack"]) == ("headend.status/1", "day")
    assert document["wrong"] == sum(one["wrong"] for one in document["objects"])
    return {one["address"].removeprefix(f"{EU}."): one for one in document["objects"]}


def id_of(world: World, address: str) -> str:
    with open_state(world.home / ".headend" / "day.db") as state:
        entry = state.record(f"{EU}.{address}")
    assert entry is not None
    return entry.id


def test_all_runs_and_the_derby_is_on_air_with_the_talk_to_come(day: World) -> None:
    found = objects(day)
    words = {address: one["status"] for address, one in found.items()}
    assert words == {
        EU: "running",
        "inputs.stadium": "started",
        "inputs.spare": "stopped",
        "outputs.cdn": "started",
        "transcoders.sd": "running",
        "schedules.derby": "running",
        "schedules.talk": "scheduled",
        "rights_locker.stream_limits.newsroom": "unverifiable",
    }
    derby, talk = f"{EU}.schedules.derby", f"{EU}.schedules.talk"
    for address in ("inputs.stadium", "outputs.cdn", EU):
        assert [cut["address"] for cut in found[address]["on_air"]] == [derby]
        assert found[address]["next"]["address"] == talk, "also what goes out through a transcoder"
    assert found["transcoders.sd"]["on_air"] == []
    assert found["transcoders.sd"]["next"]["address"] == talk
    assert found["inputs.spare"]["next"] is None
    assert found["schedules.derby"]["on_air"][0]["end"] == found["schedules.talk"]["next"]["start"]


def test_the_text_has_a_table_for_each_environment_and_names_programmes_by_their_keys(day: World) -> None:
    ran = day("status", "day.yaml")
    head, *lines = ran.out.splitlines()
    assert head == EU
    rows = {line.split("  ")[0]: re.split(r" {2,}", line.strip()) for line in lines}
    assert rows["environment"][1] == "running"
    assert rows["inputs.stadium"][1] == "started"
    assert re.fullmatch(r"derby until (\d{4}-\d\d-\d\d )?\d\d:\d\dZ", rows["inputs.stadium"][2])
    assert re.fullmatch(r"talk at (\d{4}-\d\d-\d\d )?\d\d:\d\dZ", rows["inputs.stadium"][3])
    assert rows["schedules.derby"][2].startswith("until ")
    assert "rights_locker" in lines
    assert re.fullmatch(r"day: 8 objects, all as the stack wants, [\d-]+ [\d:]+Z", lines[-1])
    assert "canary-key" not in ran.out


def test_it_costs_one_list_each_and_writes_nothing(day: World) -> None:
    objects(day)
    asked = Counter(entry.key for entry in day.simulator.journal if not entry.key.startswith("session."))
    assert asked.keys() <= {"user.me", "organisation.list", "environment.get"} | {
        *("input.list", "output.list", "transcoder.list", "schedule.list", "event.list")
    }
    assert set(asked.values()) == {1}
    assert day.simulator.writes() == []


@pytest.mark.parametrize(
    ("meant", "found", "why"),
    [
        ({"inputs.stadium": "started"}, "stop_by_bitrate", "stopped by its bitrate limit; the stack wants it started"),
        ({"inputs.stadium": "started"}, "stopped", "the stack wants it started"),
    ],
)
def test_what_is_to_run_and_does_not_is_told_with_its_reason_and_exit_1(
    day: World, meant: dict[str, str], found: str, why: str
) -> None:
    sim, id = day.simulator.sims["ateme"], id_of(day, "inputs.stadium")
    if found == "stopped":
        sim.world["inputs"][id]["status"] = found
    else:
        sim.stop_by_bitrate(id)  # type: ignore[attr-defined]
    seen = objects(day, code=1)
    assert seen["inputs.stadium"]["reason"] == why
    assert [address for address, one in seen.items() if one["wrong"]] == list(meant)
    assert "1 not as the stack wants" in day("status", "day.yaml").out


def test_what_runs_although_it_is_to_be_stopped_is_an_alarm_too(day: World) -> None:
    day.simulator.sims["ateme"].world["inputs"][id_of(day, "inputs.spare")]["status"] = "started"
    spare = objects(day, code=1)["inputs.spare"]
    assert (spare["status"], spare["reason"], spare["wrong"]) == ("started", "the stack wants it stopped", True)


@pytest.mark.parametrize("word", ["failed", "upgrading"])
def test_what_is_broken_is_an_alarm_and_drift_though_no_write_mends_it(day: World, word: str) -> None:
    row = day.simulator.sims["ateme"].world["transcoders"][id_of(day, "transcoders.sd")]
    row |= {"status": word, "polls": 99}
    assert objects(day, code=1)["transcoders.sd"]["reason"] == "the stack wants it started"
    drift = day("drift", "day.yaml")
    assert drift.code == 2
    assert f"! {EU}.transcoders.sd: {word} (the stack wants it started)" in drift.out
    assert drift.out.splitlines()[-1] == "day: 6 unchanged, 1 unverifiable, 1 wrong"
    document = json.loads(day("drift", "day.yaml", "--format", "json").out)
    told = {step["address"]: step["status"] for step in document["steps"] if "status" in step}
    reason = "the stack wants it started"
    assert told == {f"{EU}.transcoders.sd": {"status": word, "reason": reason, "wrong": True}}
    assert day("plan", "day.yaml").code == 0, "there is nothing to apply"
    assert day("plan", "day.yaml", "--out", "plan.json").code == 0
    row["status"] = "running"
    assert day("apply", "plan.json", "--yes").code == 0, "what it does is no part of what was approved"
    assert day("drift", "day.yaml").code == 0


def test_what_is_missing_or_was_never_made_is_an_alarm(day: World) -> None:
    day.simulator.sims["ateme"].world["outputs"][id_of(day, "outputs.cdn")]["is_deleted"] = True
    day.write(
        "day.yaml", stack().replace("        spare:", "        new: {variant: srt_push, port: 5009}\n        spare:")
    )
    seen = objects(day, code=1)
    assert [address for address, one in seen.items() if one["wrong"]] == ["inputs.new", "outputs.cdn"]
    assert (seen["outputs.cdn"]["status"], seen["outputs.cdn"]["id"]) == ("missing", None)


@pytest.mark.contract("A-730")
@pytest.mark.parametrize(("state", "code"), [("started", 1), ("stopped", 0)])
def test_in_an_environment_that_rests_nothing_is_said_to_run(day: World, state: str, code: int) -> None:
    day.write("day.yaml", stack(state))
    (environment,) = day.simulator.sims["ateme"].world["environments"].values()
    environment["status"] = "stopped"
    seen = objects(day, code=code)
    for address in ("inputs.stadium", "outputs.cdn", "transcoders.sd"):
        assert seen[address]["status"] == "not running"
        assert seen[address]["reason"] == "its environment is not running"
        assert seen[address]["wrong"] is (code == 1)


def test_what_the_stack_no_longer_names_still_shows(day: World) -> None:
    day.write("day.yaml", re.sub(r"        spare: .*\n", "", stack()))
    spare = objects(day)["inputs.spare"]
    assert (spare["status"], spare["reason"]) == ("stopped", "no longer in the stack")


def test_without_a_state_objects_are_found_by_their_names(day: World) -> None:
    before = objects(day)
    (day.home / ".headend" / "day.db").unlink()
    day.simulator.reset_journal()
    after = objects(day)
    assert {a: (o["status"], o["id"]) for a, o in after.items() if o["kind"] != "rights_locker.stream_limit"} == {
        a: (o["status"], o["id"]) for a, o in before.items() if o["kind"] != "rights_locker.stream_limit"
    }
    asked = Counter(entry.key for entry in day.simulator.journal)
    assert all(asked[key] == 1 for key in ("environment.dropdown", "input.list", "output.list", "schedule.list"))
    assert not (day.home / ".headend" / "day.db").exists(), "who only looks makes no state"


def test_without_a_state_what_is_ambiguous_is_told_and_no_alarm(day: World) -> None:
    known = day.simulator.sims["ateme"].world["transcoders"]
    known["tr-9"] = {**known["tr-1"], "transcoder_id": "tr-9"}
    (day.home / ".headend" / "day.db").unlink()
    seen = objects(day)
    sd, talk = seen["transcoders.sd"], seen["schedules.talk"]
    assert (sd["status"], sd["reason"]) == ("unknown", "several may be meant: tr-1, tr-9")
    assert (talk["status"], talk["reason"]) == ("unknown", f"it hangs on {EU}.transcoders.sd, which can't be told")


def test_what_was_not_made_to_its_end_says_so(day: World) -> None:
    with open_state(day.home / ".headend" / "day.db") as state:
        entry = state.record(f"{EU}.inputs.stadium")
        assert entry is not None
        state.put(replace(entry, incomplete=True))
    assert objects(day)["inputs.stadium"]["reason"] == "not made to its end: apply goes on"


def test_it_works_while_an_apply_holds_the_state(day: World) -> None:
    with open_state(day.home / ".headend" / "day.db", "day"):
        ran = day("status", "day.yaml")
    assert ran.code == 0
    assert "is in use by another headend process: objects are found by their names" in ran.err
    assert day("apply", "day.yaml", "--yes").code == 0


def test_a_peek_at_the_state_keeps_nobody_out_and_knows_its_stack(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    assert peek(path, "day") == {}
    with open_state(path, "day"):
        assert peek(path, "day") is None
    assert peek(path, "day") == {}
    with pytest.raises(Exception, match="state of the stack day, not of night"):
        peek(path, "night")
    path.write_text("no database, but long enough to be taken for one")
    with pytest.raises(Exception, match="not a headend state file"):
        peek(path, "day")


def test_one_platform_that_is_dead_hides_no_other(day: World) -> None:
    day.write(
        "day.yaml",
        stack().replace(
            "stream_limits:", "account_categories:\n    n: {account_id: n, categories: [live]}\n  stream_limits:"
        ),
    )
    ran = day("status", "day.yaml", "--format", "json", HEADEND_RIGHTS_LOCKER_URL="http://127.0.0.1:9")
    assert ran.code == 1
    words = {one["address"]: one for one in json.loads(ran.out)["objects"]}
    assert words["rights_locker.account_categories.n"]["status"] == "unreadable"
    assert words[f"{EU}.inputs.stadium"]["status"] == "started"


def test_where_nothing_can_be_read_the_error_is_the_answer(day: World) -> None:
    ran = day("status", "day.yaml", "--target", EU, HEADEND_ATEME_PASSWORD="wrong-password")
    assert (ran.code, ran.out) == (4, "")
    assert "wrong-password" not in ran.err


def test_what_one_object_may_not_be_asked_for_is_told_of_it(day: World) -> None:
    day.simulator.fail("transcoder.list", status=403, times=9)
    seen = objects(day, code=1)
    assert seen["transcoders.sd"]["status"] == "unreadable"
    assert "403" in seen["transcoders.sd"]["reason"]
    assert seen["outputs.cdn"]["status"] == "started"


def test_a_target_shows_that_and_what_it_needs(day: World) -> None:
    assert set(objects(day, "--target", f"{EU}.inputs.stadium")) == {EU, "inputs.stadium"}
    assert day("status", "day.yaml", "--target", "ateme.nothing").code == 3


def test_what_lives_in_an_environment_of_another_stack_has_a_table_of_its_own(day: World) -> None:
    (environment,) = day.simulator.sims["ateme"].world["environments"]
    reporter = f"{{environment: {{id: {environment}}}, variant: srt_push, port: 5020}}"
    day.write("guest.yaml", f"headend: 1\nateme: {{inputs: {{reporter: {reporter}}}}}\n")
    assert day("apply", "guest.yaml", "--yes").code == 0
    lines = day("status", "guest.yaml").out.splitlines()
    assert lines[0] == f"ateme environment {environment}"
    assert lines[2].split() == ["ateme.inputs.reporter", "started"]
    day.simulator.sims["ateme"].world["environments"][environment]["status"] = "stopped"
    ran = day("status", "guest.yaml")
    assert ran.code == 1, "it is to run, and nobody said that its environment may rest"
    assert "not running" in ran.out


def test_an_object_of_a_kind_that_this_headend_does_not_know_is_told(day: World) -> None:
    with open_state(day.home / ".headend" / "day.db") as state:
        state.put(Record("later.things.one", "later.thing", "1", {}))
    (one,) = [one for address, one in objects(day).items() if address == "later.things.one"]
    assert (one["status"], one["reason"]) == ("unknown", "this headend does not know the kind later.thing")


def test_an_alert_that_fires_says_so(day: World) -> None:
    stack = watched(lost={}, quiet={"muted": True, "output": "o"})
    day.write("day.yaml", yaml.safe_dump(stack | {"stack": "alerts"}))
    applied = day("apply", "day.yaml", "--yes")
    assert applied.code == 0, applied.err
    ran = day("status", "day.yaml", "--format", "json")
    words = {one["address"].rpartition(".")[2]: one for one in json.loads(ran.out)["objects"]}
    assert (words["lost"]["status"], words["quiet"]["status"]) == ("active", "paused")
    assert (words["quiet"]["reason"], words["noc"]["status"]) == ("muted", "present")
    for row in day.simulator.sims["ateme"].world["alerts"].values():
        row["is_alerting"] = row["status"] == "active"
    assert re.search(r"alerts\.lost +alerting", day("status", "day.yaml").out)


# --- watching --------------------------------------------------------------------------------------------------
def test_watching_prints_a_line_of_json_for_each_look_until_ctrl_c(day: World) -> None:
    process = day.start("status", "day.yaml", "--watch", "--interval", "0.1", "--format", "json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    day.simulator.sims["ateme"].stop_by_bitrate(id_of(day, "inputs.stadium"))  # type: ignore[attr-defined]
    for line in process.stdout:
        later = json.loads(line)
        if later["wrong"]:
            break
    assert first["wrong"] == 0
    allowed = ["--allow-interruption", f"{EU}.inputs.stadium"]
    assert day("apply", "day.yaml", "--yes", *allowed).code == 0, "who watches keeps nobody from applying"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    logins = [entry for entry in day.simulator.journal if entry.key == "session.login"]
    assert len(logins) == 2, "one of the watch, one of the apply"


def test_watching_goes_on_after_a_look_that_failed(day: World) -> None:
    day.write("day.yaml", re.sub(r"rights_locker:[\s\S]*", "", stack()))
    process = day.start("status", "day.yaml", "--watch", "--interval", "0.1", "--format", "json")
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["stack"] == "day"
    day.simulator.fail("*", status=401, times=8)
    assert "401" in process.stderr.readline()
    for line in process.stdout:
        if json.loads(line)["wrong"] == 0 and all(fault.left == 0 for fault in day.simulator.faults):
            break
    process.terminate()
    assert process.wait(timeout=20) == 0
    process.stdout.close()
    process.stderr.close()


def test_a_look_that_hangs_ends_with_ctrl_c_at_once(day: World) -> None:
    day.simulator.latency = 3
    process = day.start("status", "day.yaml", "--watch")
    deadline = time.monotonic() + 20
    while not day.simulator._in_flight and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    day.simulator.latency = 0
    assert (process.returncode, out) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_each_look_takes_the_place_of_the_one_before(day: World) -> None:
    ours, theirs = pty.openpty()
    words = [*COMMAND, "status", "day.yaml", "--watch", "--interval", "0.1"]
    env = day.env | {"TERM": "xterm-256color", "COLUMNS": "160", "LINES": "60"}
    process = subprocess.Popen(words, cwd=day.home, env=env, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    seen = b""
    while seen.count(b"all as the stack wants") < 3:
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            if not (more := os.read(ours, 65536)):
                break
        except OSError:  # the other end is closed
            break
        seen += more
    _, err = process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, err) == (0, b"")
    assert b"\x1b[1A" in seen, "goes back up before it writes again"
    assert b"\x1b[?25h" in seen, "shows the cursor again at the end"
    assert b"derby until" in seen
