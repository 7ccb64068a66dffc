"""headend init: by options, by questions at a terminal, from nothing, a tenant and examples; twice changes nothing."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.harness import COMMAND, World
from commands import ROOT
from headend.cli import starting
from headend.core.stackfile import load
from headend.core.stackfile.fmt import formatted
from headend.core.wire.registry import platforms

GITHUB = ("--ci", "github", "--headend", "team/headend@v1")
NOTHING = ("init", "--from", "nothing", "--platform", "mycujoo")


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file's content, and when it was written."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_a_repository_begins_by_options_alone_and_a_second_run_changes_nothing(world: World) -> None:
    chosen = [word for name in platforms() for word in ("--platform", name)]
    words = ("init", "streams", "--from", "nothing", *chosen, *GITHUB, "--review", "review.yaml")
    made = world(*words)
    assert made.code == 0, made.err
    home = world.home / "streams"
    before = tree(home)
    assert sorted(before) == [
        ".github/workflows/headend-review.yml",
        ".github/workflows/headend.yml",
        ".gitignore",
        "review.yaml",
        "stacks/first.yaml",
        "stacks/headend.schema.json",
    ]
    assert made.out.count(": written\n") == len(before)
    again = world(*words)
    assert (again.code, tree(home)) == (0, before)
    assert "written" not in again.out
    text = (home / "stacks/first.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=headend.schema.json\n")
    assert formatted(text) == text
    assert load(home / "stacks/first.yaml").platforms() == {"ateme", "mycujoo", "rights_locker"}
    uncommented = "".join(
        line.removeprefix("# ") if line.startswith("# ") else line for line in text.splitlines(True)[5:]
    )
    assert {*yaml.safe_load(uncommented)} == {*platforms()}, "what is not to be made by accident is there to read"
    assert world("validate", "streams/stacks/first.yaml").code == 0
    assert (home / "review.yaml").read_text().startswith("# yaml-language-server: $schema=stacks/headend.schema.json\n")
    ignored = (home / ".gitignore").read_text().splitlines()
    assert {".headend/", "*.key", "*.world.json", "secrets.yaml", "*-plan/", "plan.json"} <= {*ignored}
    workflow = yaml.load((home / ".github/workflows/headend.yml").read_text(), Loader=yaml.BaseLoader)
    assert workflow["env"]["HEADEND_ATEME_PASSWORD"] == "${{ secrets.HEADEND_ATEME_PASSWORD }}"
    assert workflow["env"]["HEADEND_ATEME_URL"] == "${{ vars.HEADEND_ATEME_URL }}"
    assert workflow["jobs"]["plan"]["steps"][1]["uses"] == "team/headend@v1"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ((), "--from"),
        (("--from", "nothing"), "--platform"),
        (("--from", "match-day"), "--ci"),
        (("--from", "match-day", "--ci", "github"), "--headend"),
    ],
)
def test_where_nobody_can_answer_the_option_is_named_and_nothing_written(
    world: World, words: tuple[str, ...], option: str
) -> None:
    refused = world("init", "streams", *words)
    assert refused.code == 3
    assert f"There is no terminal to ask at: say {option}\n" in refused.err
    assert tree(world.home) == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "nothin"), "--from nothin: did you mean `nothing`?"),
        (("--platform", "atme"), "--platform atme: did you mean `ateme`?"),
        (("--name", "../up"), "--name ../up: letters"),
        ((*GITHUB[:3], "headend"), "--headend headend: expected OWNER/NAME@REVISION"),
        (("--ci", "none", "--review", "review.yaml"), "--review is for pipelines"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything(world: World, words: tuple[str, ...], why: str) -> None:
    refused = world("init", "--from", "match-day", *words)
    assert refused.code == 3
    assert why in refused.err
    assert tree(world.home) == {}


def test_the_login_is_tried_by_one_read(world: World) -> None:
    made = world(*NOTHING, "--platform", "ateme", "--platform", "just", "--ci", "none", HEADEND_JUST_TOKEN="")
    assert made.code == 0, made.err
    assert "mycujoo needs HEADEND_MYCUJOO_API_KEY or HEADEND_MYCUJOO_TOKEN: set, and the login works" in made.out
    assert "HEADEND_ATEME_PASSWORD: set, and the login works" in made.out
    assert "just needs HEADEND_JUST_TOKEN\n  " in made.out
    sent = {f"{entry.platform} {entry.key}" for entry in world.simulator.journal}
    assert sent == {"mycujoo action.list", "ateme session.login", "ateme user.me"}


def test_a_login_that_is_refused_ends_it_and_skip_login_does_not_try(world: World) -> None:
    wrong = {"HEADEND_ATEME_PASSWORD": "not the one"}
    words = ("init", "--from", "nothing", "--platform", "ateme", "--ci", "none")
    refused = world(*words, **wrong)
    assert refused.code == 4
    assert "ateme: the login was not proved; --skip-login goes on without" in refused.err
    assert "not the one" not in refused.err + refused.out
    assert tree(world.home) == {}
    assert world(*words, "--skip-login", **wrong).code == 0


def test_a_tenant_becomes_a_stack_of_which_the_plan_is_empty(world: World) -> None:
    world.write("made.yaml", EVERYTHING)
    assert world("apply", "made.yaml", "--yes", FEED="a long passphrase").code == 0
    made = world("init", "live", "--from", "tenant", "--platform", "ateme", "--name", "live", *GITHUB)
    assert made.code == 0, made.err
    assert "and a plan of it is empty" in made.out
    home = world.home / "live"
    text = (home / "stacks/live.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=headend.schema.json\n# Made of what was live")
    secrets = [line.strip() for line in (home / ".github/workflows/headend.yml").read_text().splitlines()]
    (name,) = re.findall(r"secret: (\w+)", text)
    assert f"{name}: ${{{{ secrets.{name} }}}}" in secrets
    before = tree(home)
    again = world("init", "live", "--from", "tenant", "--name", "live", *GITHUB)
    assert (again.code, tree(home)) == (0, before)
    assert "stacks/live.yaml: is there, and stays as it is" in again.out


EVERYTHING = """\
headend: 1
ateme:
  environments:
    hall:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: small
      inputs:
        feed: {variant: srt_push, port: 5001, encryption_type: 1, password: {secret: FEED}}
"""


def test_an_empty_tenant_gives_no_stack(world: World) -> None:
    refused = world("init", "--from", "tenant", "--platform", "rights_locker", "--ci", "none")
    assert refused.code == 3
    assert "there is nothing to make a stack of: --from nothing begins one" in refused.err
    assert not (world.home / ".gitignore").exists()


def test_what_is_there_stays_and_is_told(world: World) -> None:
    world.write(".gitlab-ci.yml", "ours: {script: [make]}\n")
    world.write(".gitignore", "*.pyc\n.headend/\n")
    (world.home / "stacks").mkdir()
    world.write("stacks/first.yaml", "headend: 1\n")
    before = tree(world.home)
    made = world("init", "--headend", "team/headend@v1")
    assert made.code == 0, made.err
    after = tree(world.home)
    assert after.pop("stacks/headend.schema.json")
    assert after == before
    assert "stacks/first.yaml: is there, and stays as it is\n" in made.out
    include = "include:\n    - component: $CI_SERVER_FQDN/team/headend/headend@v1\n"
    assert f".gitlab-ci.yml: is there, and stays as it is; add to it:\n  {include}" in made.out
    assert ".gitignore: is there, and stays as it is; add to it:\n  *.headend.db*\n  *.key\n" in made.out
    assert "  .headend/\n" not in made.out


def test_a_stack_that_is_there_and_wrong_is_told_before_anything_is_written(world: World) -> None:
    (world.home / "stacks").mkdir()
    world.write("stacks/first.yaml", "headend: 7\n")
    before = tree(world.home)
    assert world("init", "--ci", "none").code == 3
    assert tree(world.home) == before


def test_an_example_asks_in_the_pipeline_for_its_secrets(world: World) -> None:
    made = world("init", "--from", "match-day", "--ci", "gitlab", "--headend", "tools/headend@1.2", "--skip-login")
    assert made.code == 0, made.err
    text = (world.home / "stacks/first.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=headend.schema.json\n")
    document = yaml.safe_load((world.home / ".gitlab-ci.yml").read_text())
    (included,) = document["include"]
    assert included["component"] == "$CI_SERVER_FQDN/tools/headend/headend@1.2"
    assert included["inputs"] == {"project": "tools/headend", "revision": "1.2", "files": "stacks/*.yaml"}
    told = (world.home / ".gitlab-ci.yml").read_text()
    asked = {name for name in ("HEADEND_GITLAB_TOKEN", "HEADEND_STATE", "HEADEND_ATEME_PASSWORD") if name in told}
    assert len(asked) == 3


def test_every_example_validates_where_it_is_written(world: World) -> None:
    for name in (*starting.EXAMPLES, starting.REVIEW):
        path = Path("stacks") / f"{name}.yaml"
        (world.home / "stacks").mkdir(exist_ok=True)
        world.write(str(path), starting.example(name, path))
        assert load(
            world.home / path, variables={"commit": "1"} if name == "review" else None, need_secrets=False
        ).resources


@pytest.mark.parametrize(
    ("ci", "pipeline"), [("github", ".github/workflows/headend-pulumi.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_stacks_may_be_pulumis(world: World, ci: str, pipeline: str) -> None:
    words = ("init", "--from", "first", "--name", "day", "--pulumi", "--ci", ci, "--headend", "team/headend@v1")
    made = world(*words, "--skip-login")
    assert made.code == 0, made.err
    assert "next: pulumi preview --cwd stacks" in made.out
    assert (world.home / "stacks/Pulumi.yaml").read_text() == (ROOT / "stacks/Pulumi.yaml").read_text()
    assert (world.home / "stacks/__main__.py").read_text() == (ROOT / "stacks/__main__.py").read_text()
    text = (world.home / pipeline).read_text()
    assert "HEADEND_ATEME_PASSWORD" in text
    document = yaml.safe_load(text)
    stack = document["env"]["STACK"] if ci == "github" else document["include"][0]["inputs"]["stack"]
    assert stack == "day"
    assert not (world.home / ".github/workflows/headend.yml").exists()
    assert world(*words, "--review", "review.yaml").code == 3


def test_pipelines_are_not_written_where_nobody_reads_them(world: World) -> None:
    git(world.home, "init", "-q")
    refused = world("init", "below", "--from", "first", *GITHUB, "--skip-login")
    assert refused.code == 3
    assert f"say `headend init {world.home}`, or --ci none" in refused.err
    assert tree(world.home) == {}


def test_questions_are_asked_at_a_terminal_and_no_secret_is(world: World) -> None:
    """Also a wrong answer is asked for again. What the folder and the environment tell is not asked."""
    ours, theirs = pty.openpty()
    answers = "nothing\nateme, mycujo\nmycujoo\ngithub\nteam/headend@v1\n"
    env = {**world.env, **{name: "" for name in world.env if name.startswith("HEADEND_ATEME")}}
    process = subprocess.Popen(
        [*COMMAND, "init"], cwd=world.home, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    os.write(ours, answers.encode())
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    text = said.decode()
    assert process.returncode == 0, text
    questions = [
        "Begin the stack from",
        "Platforms",
        "some of ateme",
        "Platforms",
        "What runs the pipelines",
        "Headend's",
    ]
    places = [text.index(questions[0])]
    for question in questions[1:]:
        places.append(text.index(question, places[-1] + 1))
    assert "password" not in text.lower()
    assert (world.home / ".github/workflows/headend.yml").exists()
    assert load(world.home / "stacks/first.yaml").platforms() == {"mycujoo"}
