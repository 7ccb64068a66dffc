"""Policies refuse in validate, plan and apply; what is allowed by name passes until its day, and the plan says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.harness import World
from headend.core.reconcile.state import State

GATE = "ateme.environments.eu.inputs.gate"
STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_pull, host: gate.example.com, port: 9999, latency: 500, password: {secret: PASS}%s}
      outputs:
        far: {variant: udp_rist, host: 192.0.2.7, port: 5000}
"""
SLOW = "policies: [{name: slow, kind: ateme.inp*, message: too fast for that line, condition: %s}]\n"
WISH = SLOW % "spec.latency >= 2000"
PASSWORD = {"PASS": "canary-0123456789"}


def stack(world: World, policies: str, allow: str = "") -> None:
    world.write("day.yaml", STACK % (f", lifecycle: {{allow: [{{{allow}}}]}}" if allow else ""))
    world.write("policies.yaml", policies)


def soon() -> str:
    """The stack, on air in 20 minutes."""
    start = (datetime.now(UTC) + timedelta(minutes=20)).isoformat(timespec="seconds")
    derby = f"{{input: gate, output: far, start_time: '{start}', end_time: 2999-01-01T00:00:00Z}}"
    return f"{STACK % ''}      schedules: {{derby: {derby}}}\n"


def test_what_breaks_a_policy_is_refused_by_every_command(world: World) -> None:
    stack(world, WISH)
    ran = world("validate", "day.yaml", **PASSWORD)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"day.yaml:10:9: {GATE}: policy slow: too fast for that line (`lifecycle.allow`")
    ran = world("plan", "day.yaml", "--format", "json", **PASSWORD)
    assert ran.code == 5
    (refusal,) = [no for step in json.loads(ran.out)["steps"] for no in step.get("refusals", ())]
    assert refusal["guard"] == "policy"
    assert refusal["lift"] == "`lifecycle.allow` lets it for a time"
    ran = world("apply", "day.yaml", "--yes", **PASSWORD)
    assert ran.code == 5
    assert "policy slow" in ran.err
    assert world.simulator.writes() == []


def test_a_warning_is_shown_and_refuses_nothing(world: World) -> None:
    stack(world, WISH.replace("kind:", "severity: warning, kind:"))
    ran = world("validate", "day.yaml", **PASSWORD)
    assert (ran.code, "warning: policy slow" in ran.out) == (0, True)
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    ran = world("plan", "day.yaml", "--report", "md=p.md", "--report", "html=p.html", **PASSWORD)
    assert (ran.code, f"! {GATE}: policy slow: too fast" in ran.out) == (0, True)
    for report in ("p.md", "p.html"):
        assert "policy slow: too fast for that line" in (world.home / report).read_text()


def test_what_is_unchanged_is_refused_too(world: World) -> None:
    stack(world, "policies: []\n")
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    stack(world, WISH)
    ran = world("plan", "day.yaml", **PASSWORD)
    assert ran.code == 5
    assert f"! {GATE}: refused: policy slow" in ran.out


def test_what_is_allowed_passes_until_its_day(world: World) -> None:
    today = datetime.now(UTC).date()
    stack(world, WISH, f"policy: slow, reason: until the new line, until: {today + timedelta(days=1)}")
    ran = world("plan", "day.yaml", **PASSWORD)
    assert ran.code == 2
    assert f"too fast for that line; allowed until {today + timedelta(days=1)}: until the new line" in ran.out
    assert world("validate", "day.yaml", **PASSWORD).code == 0
    stack(world, WISH, f"policy: slow, reason: until the new line, until: {today - timedelta(days=2)}")
    for command, code in {"validate": 3, "plan": 5}.items():
        ran = world(command, "day.yaml", **PASSWORD)
        assert ran.code == code
        assert "of policy slow ended with" in ran.out + ran.err


def test_an_allowance_for_a_policy_that_isnt_there_is_an_error(world: World) -> None:
    stack(world, WISH, "policy: slwo, reason: x, until: 2999-01-01")
    ran = world("validate", "day.yaml", **PASSWORD)
    assert ran.code == 3
    assert "there is no policy `slwo` (did you mean `slow`?)" in ran.err


@pytest.mark.parametrize(
    ("condition", "said"),
    {
        "spec.port >= 'a'": "policy slow can't be evaluated: ",
        "spec.nothing == 1": "policy slow can't be evaluated: there is no 'nothing'",
        "spec.password + 1 == 2": "policy slow can't be evaluated: ",
        "spec.port": "policy slow can't be evaluated: it is neither true nor false",
        "spec.port >": "policy slow: `condition` is not CEL: ",
        "spek.port > 1": "policy slow: `condition`: there is no `spek` (did you mean `spec`?)",
    }.items(),
)
def test_a_condition_that_fails_is_an_error_at_its_line(world: World, condition: str, said: str) -> None:
    stack(world, SLOW % f'"{condition}"')
    for command in ("validate", "plan"):
        ran = world(command, "day.yaml", **PASSWORD)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith("policies.yaml:1:")
        assert said in ran.err
        assert "canary" not in ran.err


def test_a_condition_sees_stars_for_a_secret_and_waits_for_one_without_a_value(world: World) -> None:
    stack(world, SLOW % "\"spec.password == '*****************'\"")
    assert world("validate", "day.yaml", **PASSWORD).code == 0
    for waits in (
        "spec.password == 'x'",
        "secrets.all(name, size(spec[name]) > 90)",
        "references.environment.name != 'eu' || size(spec.password) > 90",
    ):
        stack(world, SLOW % f'"{waits}"')
        assert (world("validate", "day.yaml").code, world("validate", "day.yaml", **PASSWORD).code) == (0, 3)
    stack(world, SLOW.replace("ateme.inp*", "ateme.env*") % '"dependents.all(d, !has(d.spec.password))"')
    assert (world("validate", "day.yaml").code, world("validate", "day.yaml", **PASSWORD).code) == (0, 3)
    stack(world, SLOW % '"size(spec.password) > 90"')
    ran = world("plan", "day.yaml", **PASSWORD)
    assert (ran.code, "canary" in ran.out + ran.err) == (5, False)


def test_a_policy_of_plans_sees_what_is_live_and_what_is_done(world: World) -> None:
    wish = "\"action != 'update' || live.latency == 500 && changes.exists(c, c.path == 'latency' && c.after <= 700)\""
    stack(world, SLOW % wish)
    assert world("validate", "day.yaml", **PASSWORD).code == 0
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    for latency, code in ((700, 2), (800, 5)):
        world.write("day.yaml", (STACK % "").replace("latency: 500", f"latency: {latency}"))
        assert world("plan", "day.yaml", **PASSWORD).code == code


def test_a_policy_of_plans_may_refuse_a_deletion(world: World) -> None:
    stack(world, SLOW.replace("ateme.inp*", "ateme.out*") % "\"action != 'delete' || spec.port != 5000\"")
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    world.write("day.yaml", "\n".join((STACK % "").splitlines()[:-2]) + "\n")
    ran = world("plan", "day.yaml", **PASSWORD)
    assert (ran.code, "refused: policy slow" in ran.out) == (5, True)
    ran = world("destroy", "day.yaml", "--yes", **PASSWORD)
    assert (ran.code, "policy slow" in ran.err) == (5, True)


def test_a_deletion_may_be_allowed_by_its_line_of_removed(world: World) -> None:
    stack(world, SLOW.replace("ateme.inp*", "ateme.out*") % "\"action != 'delete'\"")
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    today = datetime.now(UTC).date()

    def without(policy: str, days: int) -> None:
        allow = f"[{{policy: {policy}, reason: the partner left, until: {today + timedelta(days=days)}}}]"
        left = f"removed: [{{from: ateme.environments.eu.outputs.far, then: delete, allow: {allow}}}]"
        world.write("day.yaml", "\n".join([*(STACK % "").splitlines()[:-2], left, ""]))

    without("slow", 1)
    ran = world("plan", "day.yaml", **PASSWORD)
    assert (ran.code, f"allowed until {today + timedelta(days=1)}: the partner left" in ran.out) == (2, True)
    without("slow", -2)
    ran = world("plan", "day.yaml", **PASSWORD)
    assert (ran.code, "`allow` of policy slow ended with" in ran.out) == (5, True)
    without("slwo", 1)
    ran = world("validate", "day.yaml", **PASSWORD)
    assert ran.code == 3
    assert "there is no policy `slwo` (did you mean `slow`?)" in ran.err
    without("slow", 1)
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    assert world("plan", "day.yaml", **PASSWORD).code == 0


def test_destroy_goes_by_what_the_resource_is_allowed(world: World) -> None:
    until = datetime.now(UTC).date() + timedelta(days=1)
    stack(world, SLOW % "\"action != 'delete'\"", f"policy: slow, reason: the end, until: {until}")
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    assert world("destroy", "day.yaml", "--yes", **PASSWORD).code == 0


def test_what_is_on_air_is_left_alone_even_where_the_change_cuts_nothing(world: World) -> None:
    text = soon()
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    world.write("policies.yaml", "policies: [on-air-freeze]\n")
    assert world("plan", "day.yaml", **PASSWORD).code == 0
    world.write("day.yaml", text.replace("latency: 500", "latency: 500, user_description: The gate"))
    ran = world("plan", "day.yaml", **PASSWORD)
    assert (ran.code, "refused: policy on-air-freeze" in ran.out) == (5, True)
    world.write("policies.yaml", "policies: [{name: on-air-freeze, params: {span: 10m}}]\n")
    assert world("plan", "day.yaml", **PASSWORD).code == 2


def test_a_stack_may_name_its_policies(world: World) -> None:
    stack(world, "policies: nonsense\n")
    text = (STACK % "") + "options: {policies: [headend, strict.yaml]}\n"
    world.write("day.yaml", text)
    ran = world("validate", "day.yaml", **PASSWORD)
    assert ran.code == 3
    assert "`policies`: strict.yaml: there is no such file" in ran.err
    world.write("strict.yaml", WISH)
    assert "policy slow" in world("validate", "day.yaml", **PASSWORD).err


def test_examples_that_come_out_otherwise_are_named_with_their_place(world: World) -> None:
    world.write(
        "p.yaml",
        "policies:\n- name: slow\n  condition: spec.latency > 1\n  message: m\n  examples:\n"
        "  - {given: {spec: {latency: 2}}, expect: holds}\n"
        "  - {given: {spec: {latency: 2}}, expect: broken}\n"
        "  - {given: {}, expect: fails}\n",
    )
    ran = world("policy", "test", "p.yaml")
    assert (ran.code, ran.out) == (1, "p.yaml: 1 policy, 3 examples, 1 otherwise\n")
    assert ran.err == "p.yaml:7:5: policy slow: holds, and should be: broken\n"
    ran = world("policy", "test", "headend")
    assert (ran.code, "all as they should be" in ran.out) == (0, True)


def test_nothing_is_loaded_or_asked_for_a_stack_without_policies(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cel", None)
    world.write("day.yaml", STACK % "")
    assert world("plan", "day.yaml", **PASSWORD).code == 2


def test_a_plan_file_is_judged_again_when_it_is_applied(world: World) -> None:
    stack(world, "policies: []\n")
    assert world("plan", "day.yaml", "--out", "plan.json", **PASSWORD).code == 2
    stack(world, WISH)
    ran = world("apply", "plan.json", "--yes", **PASSWORD)
    assert (ran.code, "policy slow" in ran.err, world.simulator.writes()) == (5, True, [])


def test_what_is_taken_over_is_on_air_like_any_other(world: World) -> None:
    text = soon()
    world.write("day.yaml", text)
    assert world("apply", "day.yaml", "--yes", **PASSWORD).code == 0
    adopt = "lifecycle: {adopt: match}"
    text = text.replace("large\n", f"large\n      {adopt}\n").replace("latency: 500", "user_description: The gate")
    world.write("day.yaml", text.replace("{variant", f"{{{adopt}, variant").replace("{input:", f"{{{adopt}, input:"))
    world.write("policies.yaml", "policies: [on-air-freeze]\n")
    ran = world("plan", "day.yaml", HEADEND_STATE="other.db", **PASSWORD)
    assert (ran.code, "policy on-air-freeze" in ran.out) == (5, True)


def test_without_policies_state_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read = State.records
    monkeypatch.setattr(State, "records", lambda state: reads.append(1) or read(state))  # type: ignore[func-returns-value]
    world.write("day.yaml", STACK % "")
    for policies, times in (("policies: []\n", 1), (SLOW % "spec.latency >= 0", 2)):
        world.write("policies.yaml", policies)
        reads.clear()
        assert world("plan", "day.yaml", **PASSWORD).code == 2
        assert len(reads) == times
