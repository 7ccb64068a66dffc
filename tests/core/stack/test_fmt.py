"""`headend fmt`: one form for all stack files, in which nothing means anything else, and no comment is lost."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import ROOT, headend
from headend.core.model.errors import InputError
from headend.core.model.fields import Ref, mark, marked
from headend.core.model.findings import Problems
from headend.core.stackfile import load
from headend.core.stackfile.commented import comments
from headend.core.stackfile.fmt import formatted
from headend.core.stackfile.nodes import parse
from headend.core.stackfile.policies import plain
from headend.core.stackfile.policy_use import SHIPPED
from headend.core.wire.registry import in_order, kinds, platforms

MESSY = """\
# yaml-language-server: $schema=headend.schema.json
# A match day.

# how late it begins
vars: {'kickoff': '2035-12-01T15:00:00Z', "late": "yes", n: '5001'}


headend:   1     # the format
ateme:

  environments:
      # the one in Europe
      eu:
          inputs:   # all of them
              gate: {latency: 200,
                  # of the truck
                  port: 5001, variant: 'srt_push'}
                # of the stadium
              # the dish
              dish:
                  user_description: |
                      it's dear

                        by the minute
                  port: 5004   # free
                  variant: udp_rist   # RIST
                                      # not UDP
                  lifecycle: &life
                      retain: true
              # other: {}
          # no outputs yet
          schedules: null
          region: "eu-west-1"
          lifecycle: *life
  labels:
    news: {name: "it's \\"new\\"", lifecycle: {}}
# the end
"""
NEAT = """\
# yaml-language-server: $schema=headend.schema.json
# A match day.

headend: 1  # the format
# how late it begins
vars: {kickoff: 2035-12-01T15:00:00Z, late: "yes", n: "5001"}
ateme:
  labels:
    news: {name: it's "new", lifecycle: {}}
  environments:
    # the one in Europe
    eu:
      region: eu-west-1
      lifecycle: &life
        retain: true
      inputs:  # all of them
        gate: {variant: srt_push,
          # of the truck
          port: 5001, latency: 200}
          # of the stadium
        # the dish
        dish:
          variant: udp_rist  # RIST
                             # not UDP
          port: 5004  # free
          user_description: |
            it's dear

              by the minute
          lifecycle: *life
        # other: {}
      # no outputs yet
      schedules: null
# the end
"""
OURS = [
    *(file for file in sorted(ROOT.glob("stacks/*.yaml")) if file.name != "Pulumi.yaml"),
    *(file for file in sorted(ROOT.glob("examples/*/*.yaml")) if file.name != "Pulumi.yaml"),
    SHIPPED,
]


def test_a_messy_file_becomes_a_neat_one() -> None:
    assert formatted(MESSY) == NEAT
    assert formatted(NEAT) == NEAT
    assert formatted("\ufeff" + MESSY.replace("\n", "\r\n")) == NEAT


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_what_the_repository_shows_is_in_form(file: Path) -> None:
    assert formatted(file.read_text()) == file.read_text()


def test_a_stack_is_the_same_afterwards(tmp_path: Path) -> None:
    def resources(name: str, text: str) -> dict[str, Any]:
        (tmp_path / name).write_text(text)
        loaded = load(tmp_path / name, stack_name="x", secret=lambda name: name).resources
        return {address: replace(one, sources={"": one.source}) for address, one in loaded.items()}

    demo = (ROOT / "stacks" / "demo.yaml").read_text()
    node = parse(demo, "demo.yaml", Problems())
    assert node is not None
    lines = json.dumps(plain(node), sort_keys=True, indent=1)  # "headend" comes last, and all is quoted
    for text in (demo, lines):
        before, after = resources("a.yaml", text), resources("b.yaml", formatted(text))
        assert {a: (r.spec, r.lifecycle) for a, r in before.items()} == {
            a: (r.spec, r.lifecycle) for a, r in after.items()
        }


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("'no'", '"no"'),  # a boolean to readers of YAML 1.1
        ('"12:30"', '"12:30"'),
        ("'1.10'", '"1.10"'),
        ("1.10", "1.10"),
        ("'a: b'", '"a: b"'),
        ("'${vars.x} y'", "${vars.x} y"),
        ('"rtmp://x/y"', "rtmp://x/y"),
        (r'"a\tb"', r'"a\tb"'),
        ('"a\\\\b c: d"', "'a\\b c: d'"),
        ("one\n      two", "one two"),
        ("'one\n\n      two'", r'"one\ntwo"'),
        ("[a,   'b,c', {d: e}]", '[a, "b,c", {d: e}]'),
        ("[ ]", "[]"),
        ("", ""),
        (f"'{'long ' * 60}end'", f"{'long ' * 60}end"),
        (">2-\n        a\n       b\n", ">2-\n       a\n      b"),
    ],
)
def test_quotes_stand_only_where_they_are_needed(written: str, form: str) -> None:
    made = formatted(f"headend: 1\nvars:\n   x:  {written}\n")
    assert made == f"headend: 1\nvars:\n  x: {form}".rstrip() + "\n"
    assert formatted(made) == made


def test_an_alias_that_comes_to_stand_before_its_anchor_trades_places_with_it() -> None:
    text = "ateme:\n  environments:\n    a: {inputs: &x {b: {port: 1}}}\n  labels: *x\nheadend: 1\n"
    made = formatted(text)
    assert made == ("headend: 1\nateme:\n  labels: &x {b: {port: 1}}\n  environments:\n    a: {inputs: *x}\n")


def test_a_comment_behind_an_alias_stands_above_what_takes_its_place() -> None:
    text = "ateme:\n  environments: &x\n    a: {}  # one\n  labels: *x  # two\nheadend: 1\n"
    made = "headend: 1\nateme:\n  # two\n  labels: &x\n    a: {}  # one\n  environments: *x\n"
    assert formatted(text) == made


def test_where_addresses_went_stands_above_the_platforms() -> None:
    text = "removed:\n- then: forget\n  from: ateme.labels.x\nmoved: [{to: b, from: a}]\nateme: {}\nheadend: 1\n"
    form = "headend: 1\nmoved: [{from: a, to: b}]\nremoved:\n  - from: ateme.labels.x\n    then: forget\nateme: {}\n"
    assert formatted(text) == form


def test_a_policy_file_has_its_own_order() -> None:
    text = "policies:\n- message: no\n  condition: 'true'\n  name: a\nextends: headend\n"
    form = 'extends: headend\npolicies:\n  - name: a\n    condition: "true"\n    message: no\n'
    assert formatted(text) == form


@pytest.mark.parametrize(
    "text", ["a: 1\n", "- headend\n", "headend: 1\nheadend: 1\n", "headend: !!int 1\n", "a:\n\t- b\n"]
)
def test_what_is_no_stack_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        formatted(text)


def test_the_order_of_kinds_puts_what_is_referred_to_first() -> None:
    """But for inputs, which a multi-viewer both reads and makes."""
    for platform in platforms():
        names = in_order(platform)
        for at, name in enumerate(names):
            for model in (kinds()[name].model, *kinds()[name].variants.values()):
                found = {ref.kind for field in marked(model, Ref) if (ref := mark(model, field, Ref))}
                if name == "ateme.input":
                    found -= {"ateme.multi_viewer"}
                assert found <= set(names[: at + 1]), name


words = st.text("ab1:#-,'\"{ .", max_size=6)
scalars = words | st.sampled_from(
    ["", "yes", "null", "5001", "2035-12-01", "${vars.x}", "a\nb", "a\n\n b\n", "é\u00a0"]
)
KEYS = "headend vars ateme environments inputs outputs lifecycle variant port latency x"
keys = st.sampled_from(KEYS.split())
remarks = st.sampled_from(["", "", "", "", "# one", "# two: 'x'", "#"])


anchors = itertools.count()
QUOTES = "'\""


def dumped(value: Any, **how: Any) -> str:
    text: str = yaml.safe_dump(value, **{"width": 9999, **how})
    return text.strip()


@st.composite
def entries(draw: Any, depth: int = 0) -> list[str]:
    """The lines of a mapping, with comments and blank lines at every place that takes them."""
    lines: list[str] = []
    wide = draw(st.integers(1, 3))
    for key in draw(st.lists(keys, min_size=1, max_size=4, unique=True)):
        lines += draw(st.lists(st.sampled_from(["", "# head", "   # deep", " " * 12 + "# on"]), max_size=2))
        tail = draw(remarks)
        behind = f"  {tail}" if tail else ""
        shape = draw(st.sampled_from([0, 1, 2, 5, 6] if depth > 2 else range(7)))
        value = draw(scalars)
        if shape == 0:
            lines += [f"{key}: {dumped(value, default_style=draw(st.sampled_from(QUOTES)))}{behind}"]
        elif shape == 1:
            listed = dumped([value, {"b": value}], default_flow_style=True, width=20).replace("\n", "\n ")
            lines += [f"{key}: {listed}{behind}"]
        elif shape == 2:
            lines += [f"{key}: |{behind}", *(f"{' ' * wide}{line}" for line in ("text", "  # text", "", "end"))]
        elif shape == 5:
            lines += [f"{key}: [a,{behind}", "    # inner", f"   {{b: 'c'}}, {tail and f'{tail}'}", f"    d]{behind}"]
        elif shape == 6:
            name = f"n{next(anchors)}"
            inner = [f"{key}: &{name} {{p: 1, q: 'x'}}{behind}", f"z{key}: *{name}{behind}"]
            lines += inner if draw(st.booleans()) else [inner[0].replace(" {", "\n    p: {"), *inner[1:]]
        elif shape == 3:
            inner = draw(entries(depth + 1))
            lines += [f"{key}:{behind}", *(f"{' ' * wide}{line}" if line else "" for line in inner)]
        else:
            inner = draw(entries(depth + 1))
            lines += [f"{key}:{behind}", f"- {tail}", *(f"  {line}" if line else "" for line in inner), "- x"]
    return [part for line in lines for part in line.split("\n")]


@settings(max_examples=150, deadline=None)
@given(entries())
def test_any_file_keeps_its_meaning_and_its_comments_and_stays_in_form(lines: list[str]) -> None:
    text = "\n".join(
        ["headend: 1", "x1:", *(f"  {line}" for line in lines), "ateme:", *(f"  {line}" for line in lines)]
    )
    made = formatted(text)  # raises where the meaning would change
    assert formatted(made) == made
    assert Counter(comments(made)) == Counter(comments(text))


def test_the_command_writes_names_and_checks(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MESSY)
    (tmp_path / "b.yaml").write_text(NEAT)
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    checked = headend(tmp_path, "fmt", "--check", "a.yaml", "b.yaml", "Pulumi.yaml")
    assert checked.returncode == 1
    assert "-headend:   1     # the format\n" in checked.stdout
    assert "b.yaml" not in checked.stdout
    assert (tmp_path / "a.yaml").read_text() == MESSY
    written = headend(tmp_path, "fmt", "none.yaml", "a.yaml", "b.yaml")
    assert (written.returncode, written.stdout) == (3, "a.yaml\n")
    assert written.stderr == "can't read none.yaml: No such file or directory\n"
    assert (tmp_path / "a.yaml").read_text() == NEAT
    assert headend(tmp_path, "fmt", "--check", "a.yaml", "b.yaml").returncode == 0
