"""Files that a stack names: found where the file that names them is, known by their content, sent as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from stack_kinds import KINDS

from headend.core.model.errors import InputError, StaleError
from headend.core.model.fields import Spec, WriteOnly
from headend.core.model.observed import Observed
from headend.core.model.record import Digest, recorded
from headend.core.model.stack import Stack
from headend.core.model.uploads import MOST, File, open_file
from headend.core.reconcile.difference import differences
from headend.core.stackfile.schema import json_schema
from headend.pulumi.declaration import properties

ONE = "headend: 1\nfake:\n  rules:\n    r: {account: x, picture: PATH}\n"


class Poster(Spec):
    picture: Annotated[File | None, WriteOnly("it may be made smaller")] = None


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "art" / "derby.png"
    file.parent.mkdir()
    file.write_bytes(b"derby")
    return file


def file_in(stack: Stack) -> File:
    found: File = stack.resources["fake.rules.r"].spec.picture  # type: ignore[attr-defined]
    return found


def test_a_path_is_seen_from_the_file_that_gives_it(read: Any, picture: Path) -> None:
    assert file_in(read(ONE.replace("PATH", "art/derby.png"))).part == ("derby.png", b"derby", "image/png")
    over = "headend: 1\nextends: art/base.yaml\nfake: {rules: {r: {limit: 1}}}\n"
    stack = read({"test.yaml": over, "art/base.yaml": ONE.replace("PATH", "derby.png")})
    assert file_in(stack).location == picture
    variable = ONE.replace("PATH", '"art/${vars.name}.png"') + "vars: {name: derby}\n"
    assert file_in(read(variable)).part[1] == b"derby"
    assert read(ONE.replace("PATH", "null")).resources["fake.rules.r"].spec.picture is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("gone.png", "4:30: fake.rules.r: `picture`: gone.png: there is no such file (it is looked for in "),
        ("art", "`picture`: art: is not a file"),
        ('"nul\\0.png"', "`picture`: nul\0.png: there is no such file"),
        ("n" * 300, "can't be read: File name too long"),
        ("7", "`picture`: must be the path of a file"),
        ("{secret: A}", "a secret can't stand here"),
        ("art/big.iso", "`picture`: art/big.iso: has more than 32 MiB"),
    ],
)
def test_what_is_no_file_is_told_with_its_place(refused: Any, picture: Path, given: str, said: str) -> None:
    with picture.with_name("big.iso").open("wb") as big:
        big.truncate(MOST + 1)
    (problem,) = refused(ONE.replace("PATH", given), {"A": "x"})
    assert said in problem


def test_what_is_sent_is_what_was_planned(picture: Path) -> None:
    file = open_file("derby.png", picture.parent)
    picture.write_bytes(b"final")
    with pytest.raises(StaleError, match=r"derby\.png: the file changed since the plan"):
        _ = file.part
    picture.unlink()
    with pytest.raises(InputError, match=r"derby\.png: there is no such file"):
        _ = file.part


def test_only_content_counts_and_the_plan_tells_both(picture: Path) -> None:
    def change(spec: Poster, last: dict[str, Any] | None) -> Any:
        return differences(spec, Observed("x"), last, digest=lambda value: Digest("d"))

    first = Poster(picture=open_file("derby.png", picture.parent))
    last = recorded(first, (), lambda value: {"$digest": "d"})
    assert set(last["picture"]) == {"path", "sha256"}
    picture.rename(picture.with_name("moved.png"))
    moved = Poster(picture=open_file("moved.png", picture.parent))
    assert change(moved, last).changes == ()
    assert change(moved, last).unverifiable == {"picture": "it may be made smaller"}
    picture.write_bytes(b"final")
    (found,) = change(Poster(picture=open_file("derby.png", picture.parent)), last).changes
    assert found.before.startswith("derby.png (sha256 ")
    assert found.after.startswith("derby.png (sha256 ")
    assert found.before != found.after
    (gone,) = change(Poster(), last).changes
    assert (gone.before, gone.after) == (found.before, None)


def test_under_pulumi_the_path_is_absolute_for_the_provider_runs_elsewhere(read: Any, picture: Path) -> None:
    stack = read(ONE.replace("PATH", "art/derby.png"))
    given = properties(stack, stack.resources["fake.rules.r"], lambda reference: None)["picture"]
    assert given["path"] == str(picture)
    assert File(**given).part[1] == b"derby"


def test_the_schema_wants_a_path() -> None:
    rule = json_schema(KINDS)["$defs"]["fake.rule"]["properties"]
    assert rule["picture"] == {"type": ["string", "null"], "description": "For example `picture: files/picture`."}


def test_what_resources_make_together_is_checked(refused: Any) -> None:
    text = "headend: 1\nfake:\n  environments: {e: {inputs: {a: {variant: rtmp, url: u, latency: 4711}}}}\n"
    (problem,) = refused(text + "  rules:\n    r: {account: x, input: e/a}\n")
    assert problem == "5:5: fake.rules.r: that input is no good (take another)"
