"""`destroy` where neither the branch's variables nor its secrets are known, as when a pull request is closed."""

from __future__ import annotations

import pytest

from cli.harness import World, living
from headend.core.model.errors import InputError
from headend.core.stackfile import load

STACK = """\
headend: 1
stack: review
vars: {commit: null, port: null, size: medium}
ateme:
  environments:
    review:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: ${vars.size}
      lifecycle: {protect: false}
      inputs:
        feed: {variant: srt_push, port: "${vars.port}", encryption_type: 1, password: {secret: FEED}}
      outputs:
        player: {variant: srt_pull, port: 6001, latency: 500}
      schedules:
        show: {input: feed, output: player, start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T17:00:00Z}
  labels:
    mark: {text: "at ${vars.commit}"}
"""
EVERYWHERE = """\
headend: 1
vars: {x: null}
lookups: {act: {mycujoo.action: {title: "${vars.x}"}}}
rights_locker:
  stream_limits: {viewers: {from_file: "rows-${vars.x}.csv", key: account_id}}
ateme:
  environments:
    e:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: small
      inputs:
        guarded: {variant: srt_push, port: 5001, lifecycle: {protect: "${vars.x}"}}
        formed: {variant: "${vars.x}", port: 5002}
        referred: {variant: srt_push, port: "${vars.x}"}
      outputs:
        whole:
          {variant: srt_pull, port: 6001, latency: 500, lifecycle: {depends_on: [ateme.environments.e.inputs.referred]}}
      schedules:
        timed: {input: referred, output: whole, start_time: "${vars.x}", end_time: 2035-12-01T17:00:00Z}
mycujoo:
  action_configurations:
    found: {action_id: {lookup: {title: "${vars.x}"}}, group_id: d, title: t}
    free: {action_id: act-1, group_id: d, title: t}
moved: [{from: "ateme.environments.e.inputs.${vars.x}", to: ateme.environments.e.inputs.referred}]
"""
GIVEN = {"HEADEND_VAR_COMMIT": "3f2a9c1", "HEADEND_VAR_PORT": "5001", "FEED": "a long passphrase"}


def test_nothing_that_only_resources_need_is_asked_for(world: World) -> None:
    before = living(world.simulator.dump())
    world.write("review.yaml", STACK)
    assert world("apply", "review.yaml", "--yes", **GIVEN).code == 0
    assert world("plan", "review.yaml").code == 3, "what makes something needs them"
    destroyed = world("destroy", "review.yaml", "--yes")
    assert destroyed.code == 0, destroyed.err
    assert "5 done, 0 failed" in destroyed.out
    assert living(world.simulator.dump()) == before
    assert world("state", "list", "review").out == ""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("connections: {ateme: {organisation: '${vars.org}'}}", "org"),
        ("options: {time_zone: '${vars.org}'}", "org"),
        ("stack: review-${vars.org}", "org"),
    ],
)
def test_what_says_where_and_how_is_still_needed(world: World, line: str, name: str) -> None:
    lines = STACK.replace("size: medium}", "size: medium, org: null}").splitlines(keepends=True)
    lines = [text for text in lines if text.partition(":")[0] != line.partition(":")[0]]
    world.write("review.yaml", "".join([*lines, line, "\n"]))
    refused = world("destroy", "review.yaml", "--yes")
    assert refused.code == 3
    assert f"variable `{name}` has no value" in refused.err
    assert "commit" not in refused.err
    assert world.simulator.journal == []


def test_what_state_lacks_and_a_variable_tells_stays_in_doubt(world: World) -> None:
    world.write("review.yaml", STACK)
    world.simulator.fail("label.create", drop="after", times=None)
    assert world("apply", "review.yaml", "--yes", **GIVEN).code == 7
    world.simulator.faults.clear()
    destroyed = world("destroy", "review.yaml", "--yes")
    assert destroyed.code == 7
    assert "ateme.labels.mark: nobody knows whether an earlier run made it" in destroyed.err
    found = world("destroy", "review.yaml", "--yes", **GIVEN)
    assert found.code == 0, found.err
    assert all(row["text"] != "at 3f2a9c1" for row in world.simulator.dump()["ateme"]["labels"].values())


def test_what_lies_in_something_left_out_is_found_by_state(world: World) -> None:
    """A schedule of unknown outcome refers to an input whose port isn't told."""
    before = living(world.simulator.dump())
    world.write("review.yaml", STACK)
    world.simulator.fail("schedule.create", drop="after", times=None)
    assert world("apply", "review.yaml", "--yes", **GIVEN).code == 7
    world.simulator.faults.clear()
    destroyed = world("destroy", "review.yaml", "--yes")
    assert destroyed.code == 0, destroyed.err
    assert living(world.simulator.dump()) == before


def test_whatever_a_variable_stands_in_is_left_out_and_nothing_else(world: World) -> None:
    """Wherever it stands: in a lookup, the name of a file of rows, a variant, a lifecycle, a move."""
    world.write("stack.yaml", EVERYWHERE)
    with pytest.raises(InputError):
        load(world.home / "stack.yaml")
    stack = load(world.home / "stack.yaml", need_variables=False)
    assert {address.rpartition(".")[2] for address in stack.resources} == {"e", "whole", "free"}
    assert world("destroy", "stack.yaml", "--yes").code == 0
