"""Values that come from elsewhere: variables, secrets and keys as people and their tools write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from stack_kinds import KINDS

from headend.core.model.errors import InputError
from headend.core.stackfile import load, secret_finder

INPUT = "fake: {environments: {eu: {inputs: {a: {variant: srt, port: '${vars.port}'}}}}}"


@pytest.mark.parametrize("default", ["5001", "null"])
def test_an_empty_variable_is_no_default(tmp_path: Path, default: str) -> None:
    """A CI variable that isn't set arrives as an empty one."""
    file = tmp_path / "s.yaml"
    file.write_text(f"headend: 1\nvars: {{port: {default}}}\n{INPUT.replace(chr(39), chr(34))}\n")
    with pytest.raises(InputError):
        load(file, variables={"port": ""}, kinds=KINDS)


def test_null_in_an_overlay_makes_a_variable_required(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"headend: 1\nvars: {{port: 5001}}\n{INPUT.replace(chr(39), chr(34))}\n")
    file = tmp_path / "prod.yaml"
    file.write_text("headend: 1\nextends: base.yaml\nvars: {port: null}\n")
    with pytest.raises(InputError, match="variable `port` has no value"):
        load(file, kinds=KINDS)
    stack = load(file, variables={"port": "5002"}, kinds=KINDS)
    assert stack.resources["fake.environments.eu.inputs.a"].spec.set_fields()["port"] == 5002


def test_a_secret_is_never_null_and_loses_the_line_end_that_tools_add(tmp_path: Path) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text("KEY: |\n  rtmp://cdn.example.com/live\nTWO: |+\n  a\n\n")
    find = secret_finder({"HEADEND_SECRETS_FILE": str(file), "ENV": "b\r\n"})
    assert (find("KEY"), find("TWO"), find("ENV")) == ("rtmp://cdn.example.com/live", "a\n", "b")
    file.write_text('{"KEY": null}')
    with pytest.raises(InputError, match="must be a string"):
        secret_finder({"HEADEND_SECRETS_FILE": str(file)})


def test_a_key_with_a_line_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text('headend: 1\nfake: {environments: {"x\\n- delete everything": {}}}\n')
    with pytest.raises(InputError, match=r"`x\\n- delete everything` can't be a resource's name"):
        load(file, kinds=KINDS)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("two\nlines-and-more", "a line end"),
        ("bell\x07-and-more", "a control character (U+0007)"),
        ("c1\x9b-and-more", "U+009B"),
    ],
)
@pytest.mark.parametrize("need_secrets", [True, False])
def test_a_secret_with_control_characters_is_refused_unseen(
    tmp_path: Path, value: str, told: str, need_secrets: bool
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "headend: 1\nfake: {environments: {eu: {inputs: {a: {variant: srt, port: 5001, password: {secret: KEY}}}}}}\n"
    )
    with pytest.raises(InputError) as refused:
        load(file, secret={"KEY": value}.get, kinds=KINDS, need_secrets=need_secrets)
    assert told in str(refused.value)
    assert "s.yaml:2:" in str(refused.value)
    assert "-and-more" not in str(refused.value)
