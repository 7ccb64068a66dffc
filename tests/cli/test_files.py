"""Files that commands read and write, where they can't be: one line, before anything is asked of a platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.harness import World

STACK = """\
headend: 1
stack: day
rights_locker:
  stream_limits:
    v: {account_id: v, limit: 1}
"""
WRITERS = {
    "plan": ("plan", "day.yaml", "--out"),
    "api": ("api", "mycujoo", "action_configuration.list", "group_id=g", "--out"),
    "doctor": ("doctor", "ateme", "--out"),
}


@pytest.fixture
def day(world: World) -> World:
    world.write("day.yaml", STACK)
    (world.home / "folder.json").mkdir()
    (world.home / "full.json").symlink_to("/dev/full")
    return world


@pytest.mark.parametrize("name", ["folder.json", "no/such/folder.json", "day.yaml/x.json", f"{'n' * 300}.json"])
@pytest.mark.parametrize("command", WRITERS)
def test_what_cannot_be_written_to_is_refused_before_anything_is_asked(day: World, command: str, name: str) -> None:
    ran = day(*WRITERS[command], name)
    (line,) = ran.err.splitlines()
    assert (ran.code, ran.out) == (3, "")
    assert line.startswith(f"--out {name}: expected ")
    assert day.simulator.journal == []


@pytest.mark.parametrize("command", WRITERS)
def test_a_full_disk_is_told(day: World, command: str) -> None:
    ran = day(*WRITERS[command], "full.json")
    (line,) = ran.err.splitlines()
    assert (ran.code, line) == (1, "--out full.json: No space left on device; the file can't be used")


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b"9" * 5000])
def test_a_body_that_cannot_be_read_is_told(day: World, content: bytes) -> None:
    (day.home / "body.json").write_bytes(content)
    for name in ("body.json", "folder.json", "none.json"):
        ran = day("api", "ateme", "label.create", "--body", name)
        (line,) = ran.err.splitlines()
        assert (ran.code, line.startswith(f"--body {name}: ")) == (3, True)
    assert day.simulator.journal == []


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"ateme": 7}', "[" * 100_000, None])
def test_a_damaged_simulated_world_is_told(day: World, content: str | None) -> None:
    file = day.home / ".headend" / "day.simulated.world.json"
    file.parent.mkdir()
    file.mkdir() if content is None else file.write_text(content)
    ran = day("plan", "day.yaml", "--simulator")
    assert (ran.code, ran.err) == (
        1,
        ".headend/day.simulated.world.json is not a simulated world; delete it to begin anew\n",
    )


def test_a_simulated_world_that_cannot_be_kept_is_told(day: World) -> None:
    (day.home / ".headend" / "day.simulated.world.part").mkdir(parents=True)
    ran = day("apply", "day.yaml", "--simulator", "--yes")
    (line,) = [line for line in ran.err.splitlines() if ".world.json" in line]
    assert (ran.code, line.endswith("; what happened in the simulated world is lost")) == (1, True)


@pytest.mark.parametrize("place", ["/", "."])
def test_a_state_without_a_name_is_told(day: World, place: str) -> None:
    for flags in ([], ["--simulator"]):
        ran = day("plan", "day.yaml", *flags, HEADEND_STATE=place)
        assert (ran.code, ran.err) == (3, f"HEADEND_STATE={place} names no file\n")


def test_a_rows_file_without_the_right_to_read_is_told(day: World, monkeypatch: pytest.MonkeyPatch) -> None:
    day.write("day.yaml", STACK.replace("{account_id: v, limit: 1}", "{from_file: rows.csv, key: account_id}"))
    day.write("rows.csv", "account_id,limit\nv,1\n")
    opened = Path.open

    def closed(path: Path, *words: str) -> object:
        if path.suffix == ".csv":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *words)

    monkeypatch.setattr(Path, "open", closed)
    ran = day("validate", "day.yaml")
    assert (ran.code, "rows.csv" in ran.err, "Permission denied" in ran.err) == (3, True, True)
