"""`import` of names as nobody would choose them, and into stacks that have something already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
