"""`import` of names as nobody would choose them, and into stacks that have something already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import convergence.ateme
from cli.harness import World
from imports.worlds import environment, made, take, tenant


def rename(world: World, table: str, field: str, names: list[str]) -> None:
    """Calls the rows of a table so."""
    rows = world.simulator.sims["ateme"].world[table].values()
    for row, name in zip(rows, names, strict=True):
        row[field] = name


def inputs(*numbers: int) -> dict[str, Any]:
    return {f"in-{n}": {"variant": "srt_push", "port": 5000 + n} for n in numbers}


def test_names_of_signs_numbers_and_words_become_keys(world: World) -> None:
    """Digits that are no decimals among them: `1\u1369`."""
    names = [
        "yes",
        "null",
        "1e3",
        "007",
        "a.b/c",
        "${x}",
        "###",
        "\U0001f3a5",
        "line\nbreak",
        "<<",
        "all[x]",
        "1\u1369",
    ]
    made(world, {"ateme": {"environments": {"eu": environment(inputs=inputs(*range(len(names))))}}})
    rename(world, "inputs", "id", names)
    taken = world("import", "ateme.input", "-o", "live.yaml")
    assert taken.code == 0, taken.out + taken.err
    for words in (["plan"], ["fmt"], ["plan"]):
        ran = world(*words, "live.yaml")
        assert ran.code == 0, ran.out + ran.err


def test_a_new_secret_gets_a_name_that_the_stack_has_not(tmp_path: Path) -> None:
    with tenant(convergence.ateme, tmp_path) as world:
        text = """\
headend: 1
ateme:
  alert_methods:
    ours: {alert_type: email, notification_parameters: [{secret: TOLD_1_NOTIFICATION_PARAMETERS_1}]}
"""
        file = world.write("ours.yaml", text)
        assert take(world, convergence.ateme, "--into", "ours.yaml").code == 0
        assert "[{secret: TOLD_1_NOTIFICATION_PARAMETERS_1_2}]" in file.read_text()
        secrets = json.loads((tmp_path / "secrets.json").read_text())
        assert secrets["TOLD_1_NOTIFICATION_PARAMETERS_1_2"] == "told-1@example.com"


def test_secrets_that_were_written_before_stay(world: World) -> None:
    world.write("secrets.json", '{"KEPT": "once"}')
    ran = world("import", "ateme", "-o", "live.yaml", "--secrets-file", "secrets.json")
    assert (ran.code, "secrets.json exists already" in ran.err) == (3, True)
    assert json.loads((world.home / "secrets.json").read_text()) == {"KEPT": "once"}


def test_line_ends_of_the_file_stay(world: World) -> None:
    made(world, {"ateme": {"labels": {"partners": {}}}})
    file = world.home / "ours.yaml"
    file.write_bytes(b"# Ours.\r\nheadend: 1\r\n")
    assert world("import", "ateme.label", "--into", "ours.yaml").code == 0
    text = b"# Ours.\r\nheadend: 1\r\nateme:\r\n  labels:\r\n    partners: {}\r\n"
    assert file.read_bytes() == text


def test_many_more_of_what_is_in_rows_become_rows_of_another_file(world: World) -> None:
    numbers = range(60)
    made(world, {"ateme": {"environments": {"eu": environment(inputs=inputs(*numbers))}}})
    assert world("import", "ateme.input", "-o", "live.yaml").code == 0
    made(world, {"ateme": {"environments": {"eu": environment(inputs=inputs(*range(120)))}}})
    world.write("live-eu-inputs-2.csv", "mine\n")
    ran = world("import", "ateme.input", "--into", "live.yaml")
    assert (ran.code, "live-eu-inputs-2.csv exists already; move it away" in ran.err) == (3, True)
    assert (world.home / "live-eu-inputs-2.csv").read_text() == "mine\n"
    (world.home / "live-eu-inputs-2.csv").unlink()
    ran = world("import", "ateme.input", "--into", "live.yaml")
    assert ran.code == 0, ran.err
    assert (
        "all-2: {from_file: live-eu-inputs-2.csv, key: key, variant: srt_push}"
        in (world.home / "live.yaml").read_text()
    )
    assert world("plan", "live.yaml").code == 0


def test_what_a_killed_import_left_is_no_hindrance(world: World) -> None:
    made(world, {"ateme": {"labels": {f"l-{n}": {} for n in range(60)}}})
    assert world("import", "ateme.label", "-o", "live.yaml").code == 0
    for left in ("live.yaml", ".headend/live.db"):
        (world.home / left).unlink()
    world.write(".live.import.yaml", "headend: 1\nate")
    assert world("import", "ateme.label", "-o", "live.yaml").code == 0
    assert world("plan", "live.yaml").code == 0
    assert not (world.home / ".live.import.yaml").exists()


def test_what_lives_in_a_row_of_a_file_stands_beside_it(world: World) -> None:
    timed = {"start_time": "2999-12-05T15:00:00Z", "end_time": "2999-12-05T17:00:00Z"}
    eu = environment(inputs=inputs(1, 2), events={"derby": {"input": "in-2", **timed}})
    made(world, {"ateme": {"environments": {"eu": eu, "us": environment(inputs=inputs(1))}}})
    world.write("places.csv", "key,region\neu,eu-west-1\nus,eu-west-1\n")
    file = world.write(
        "ours.yaml",
        """\
headend: 1
ateme:
  environments:
    all: {from_file: places.csv, key: key, cloud_provider: aws, instance_type_id: large}
  inputs:
    in-1: {environment: "all[eu]", variant: srt_push, port: 5001}
""",
    )
    assert world("apply", "ours.yaml", "--yes", "--adopt", "match").code == 0
    ran = world("import", "ateme.input", "ateme.event", "--into", "ours.yaml")
    assert ran.code == 0, ran.err
    text = file.read_text()
    assert "in-1-2: {environment: 'all[us]', variant: srt_push, stream_name: in-1, port: 5001}" in text
    assert "in-2: {environment: 'all[eu]', variant: srt_push, port: 5002}" in text
    assert "input: in-2" in text
    assert world("plan", "ours.yaml").code == 0


def test_what_the_state_lost_is_told_and_taken_over_by_apply(world: World) -> None:
    """As where an import was killed between the file and the state."""
    made(world, {"ateme": {"labels": {"ours": {}, "new": {}}}})
    world.write("ours.yaml", "headend: 1\nateme:\n  labels:\n    ours: {}\n")
    ran = world("import", "ateme.label", "--into", "ours.yaml")
    assert ran.code == 0, ran.err
    assert "1 object, and the state has them as they are" in ran.out
    assert "1 object of the stack that the state lacks: `headend apply ours.yaml --adopt match`" in ran.out
    assert world("apply", "ours.yaml", "--adopt", "match", "--yes").code == 0
    ran = world("import", "ateme.label", "--into", "ours.yaml")
    assert ran.out == "nothing to import: all of it is in the stack\n"
    assert (world.simulator.writes(), world("plan", "ours.yaml").code) == ([], 0)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--environment", "EU", "-o", "x.yaml"], 3, "EU: there is none of that name: did you mean `eu`?"),
        (["--environment", "eu", "--environment", "us", "-o", "x.yaml"], 3, "--environment us: there is none"),
        (["--name", "nobody", "-o", "x.yaml"], 0, "nothing that is live fits what was asked for"),
        (["-o", "a b.yaml"], 3, "--out a b.yaml: `a b` can't be a stack's name"),
    ],
)
def test_what_is_asked_for_and_not_there_is_told(world: World, words: list[str], code: int, told: str) -> None:
    made(world, {"ateme": {"environments": {"eu": environment()}}})
    ran = world("import", "ateme", *words)
    assert (ran.code, told in ran.out + ran.err) == (code, True), ran.out + ran.err
    assert not list(world.home.glob("*.yaml"))


def test_a_secret_that_is_set_to_another_value_is_told(tmp_path: Path) -> None:
    """As where names of an earlier import are still set: the object is taken as it is."""
    with tenant(convergence.ateme, tmp_path) as world:
        world.env["TOLD_1_NOTIFICATION_PARAMETERS_1"] = "of-old@example.com"
        ran = world("import", "ateme.alert_method", "-o", "live.yaml")
        assert ran.code == 0, ran.out + ran.err
        assert ran.out.startswith("live.yaml: 3 objects, and the state has them as they are\n")
        said = "secrets that are set to another value than the live one, which an apply writes:\n  TOLD_1_NOTIF"
        assert said in ran.out
        names = {"noc": "IT", "told-2": "TOLD_2"}
        others = {f"{names[n]}_NOTIFICATION_PARAMETERS_1": f"{n}@example.com" for n in names}
        assert world("plan", "live.yaml", **others).code == 2
        right = {"TOLD_1_NOTIFICATION_PARAMETERS_1": "told-1@example.com"}
        assert world("plan", "live.yaml", **others, **right).code == 0


def test_nothing_is_said_of_what_is_in_the_stack_where_nothing_was_read(world: World) -> None:
    ran = world("import", "ateme.label", "-o", "live.yaml", HEADEND_ATEME_PASSWORD="wrong-one")
    assert (ran.code, ran.out.splitlines()[0]) == (7, "nothing was imported")
    ran = world("import", "nix", "-o", "live.yaml")
    assert (ran.code, ran.err) == (3, "there is no platform or kind nix\n")
