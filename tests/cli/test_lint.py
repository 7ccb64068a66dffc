"""`headend lint`: what is odd, by rules with names, at its place; asks neither platforms nor for secrets."""

from __future__ import annotations

import json
import re

import pytest

from cli.harness import World
from commands import ROOT
from headend.core.stackfile.lint import RULES

ODD = """\
headend: 1
vars: {kick_off: 2024-12-01T15:00:00Z, nobody: 1}
options:
  maintenance:
    - {start: 2020-01-01T00:00:00Z, end: 2020-01-01T04:00:00Z}
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_push, port: 5001, latency: 4}
        same: {variant: srt_push, port: 5001, password: {secret: NOT_SET}}
        clear: {variant: zixi_pull, pull_host: a.example.com, pull_port: 99999, password: a-word-in-clear}
        cipher: {variant: srt_pull, host: b.example.com, port: 5000, encryption_type: 3}
      outputs:
        cdn: {variant: rtmp, url: {secret: NOT_SET}, lifecycle: {ignore_changes: [user_description]}}
      schedules:
        derby:
          input: gate
          output: cdn
          start_time: ${vars.kick_off}
          end_time: 2035-12-01T17:00:00Z
          lifecycle: {depends_on: [ateme.environments.eu.inputs.gate]}
  alert_methods:
    noc: {alert_type: slack, notification_parameters: [nowhere]}
"""
POLICIES = """\
policies:
  - name: no-large
    kind: ateme.environment
    condition: spec.instance_type_id != 'large'
    message: large ones are dear
"""
FOUND = {  # line: rule
    2: ["unused-variable"],
    5: ["past-maintenance"],
    8: ["policy/no-large"],
    13: ["milliseconds"],
    14: ["used-twice"],
    15: ["likely-range", "secret-in-clear"],
    16: ["contradiction"],
    18: ["idle-ignore"],
    20: ["needless-depends-on"],
    23: ["past-time"],
    27: ["doubtful"],
}


@pytest.fixture
def odd(world: World) -> World:
    world.write("day.yaml", ODD)
    world.write("policies.yaml", POLICIES)
    return world


def test_each_rule_is_told_at_its_line_and_nothing_is_asked(odd: World) -> None:
    ran = odd("lint", "day.yaml")
    assert (ran.code, ran.err) == (1, "")
    *lines, last = ran.out.splitlines()
    assert last == "12 findings"
    found: dict[int, list[str]] = {}
    for line in lines:
        place = re.match(r"day\.yaml:(\d+):\d+: ([\w/-]+): ", line)
        assert place, line
        found.setdefault(int(place[1]), []).append(place[2])
    assert {line: sorted(rules) for line, rules in found.items()} == FOUND
    assert "a-word-in-clear" not in ran.out
    assert "A-748" not in ran.out


def test_a_secret_that_is_set_is_not_looked_at(odd: World) -> None:
    assert odd("lint", "day.yaml", NOT_SET="short", HEADEND_SECRETS_FILE="/none").out == odd("lint", "day.yaml").out


def test_rules_can_be_left_out_and_the_exit_code_too(odd: World) -> None:
    ran = odd("lint", "day.yaml", "--ignore", "milliseconds", "--ignore", "policy/no-large", "--exit-zero")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "10 findings")
    assert not re.search("milliseconds|no-large", ran.out)
    unknown = odd("lint", "day.yaml", "--ignore", "miliseconds")
    assert (unknown.code, unknown.out) == (3, "")
    assert "did you mean `milliseconds`?" in unknown.err


def test_nothing_odd_exits_0(world: World) -> None:
    names = [str(ROOT / "stacks" / f"{name}.yaml") for name in ("demo", "dev", "prod")]
    ran = world("lint", *names, str(ROOT / "stacks" / "Pulumi.yaml"))
    assert (ran.code, ran.out) == (0, "nothing odd\n")


def test_what_is_no_stack_is_a_finding_beside_those_of_the_others(odd: World) -> None:
    odd.write("bad.yaml", "headend: 1\natme: {}\n")
    ran = odd("lint", "bad.yaml", "day.yaml", "--exit-zero")
    assert ran.code == 3
    assert ran.out.splitlines()[0] == "bad.yaml:2:1: invalid: unknown key `atme` (did you mean `ateme`?)"
    assert ran.out.splitlines()[-1] == "13 findings"


def test_a_variable_of_a_file_that_is_extended_is_its_own_affair(world: World) -> None:
    world.write("base.yaml", "headend: 1\nvars: {a: 1, b: 2}\nateme: {labels: {x: {text: '${vars.a}'}}}\n")
    world.write("over.yaml", "headend: 1\nextends: base.yaml\nvars: {c: 3}\nateme: {labels: {x: null}}\n")
    ran = world("lint", "over.yaml")
    assert ran.out.splitlines() == [
        "over.yaml:3:8: unused-variable: nothing uses the variable `c` (take it out)",
        "1 finding",
    ]


def test_the_other_forms(odd: World) -> None:
    found = json.loads(odd("lint", "day.yaml", "--format", "json").out)
    assert found["form"] == "headend.lint/1"
    assert found["findings"][3] == {
        "rule": "milliseconds",
        "level": "warning",
        "file": "day.yaml",
        "line": 13,
        "column": 56,
        "address": "ateme.environments.eu.inputs.gate",
        "message": "latency is in milliseconds, and 4 is too short for a stream",
        "remedy": "4 s is 4000",
    }
    (run,) = json.loads(odd("lint", "day.yaml", "--format", "sarif").out)["runs"]
    assert len(run["results"]) == 12
    result = run["results"][3]
    assert (result["ruleId"], result["level"]) == ("milliseconds", "warning")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 13, "startColumn": 56}
    assert {"id": "milliseconds", "shortDescription": {"text": RULES["milliseconds"]}} in run["tool"]["driver"]["rules"]
    annotated = odd("lint", "day.yaml", "--format", "github").out.splitlines()
    assert annotated[0].startswith("::error file=day.yaml,line=8,col=5,title=headend%3A policy/no-large::")
    assert len(annotated) == 12


def test_every_rule_has_its_line_on_the_page_and_no_other_is_used() -> None:
    page = (ROOT / "docs" / "stack-files.md").read_text()
    rows = dict(
        re.findall(r"^\| `([\w-]+)` \| (.*) \|$", page.partition("## Lint")[2].partition("\n## ")[0], re.MULTILINE)
    )
    assert rows == RULES
    sources = "".join(file.read_text() for file in (ROOT / "providers").rglob("*.py"))
    assert set(re.findall(r'\brule="([\w-]+)"', sources)) <= set(RULES) | {"secret-unset"}
