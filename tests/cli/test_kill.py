"""kill -9 between a write's request and its answer: the next run goes on, with no duplicate and no orphan."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.harness import World
from headend.simulator.app import Entry

STACK = """\
headend: 1
stack: small
ateme:
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      state: {state}
      inputs:
        stadium: {{variant: srt_push, port: 5001, latency: {latency}, latitude: 48.2, longitude: 16.4}}
      outputs:
        cdn: {{variant: rtmp, url: "rtmp://cdn.example.com/{path}"}}
      schedules:
        derby: {{input: stadium, output: cdn, start_time: "2999-12-05T15:00:00Z", end_time: "2999-12-05T{end}:00:00Z"}}
mycujoo:
  action_configurations:
    replay: {{action_id: act-1, group_id: derby, title: {title}, order: {order}, fields: {{delay: 5}}}}
rights_locker:
  stream_limits:
    viewer: {{account_id: viewer-17, limit: {limit}}}
  account_categories:
    viewer: {{account_id: viewer-17, categories: [{categories}]}}
"""
FIRST = {"state": "started", "latency": 6000, "path": "live", "end": 17, "title": "Replay", "order": 3, "limit": 3}
FIRST |= {"categories": "sport"}
SECOND = FIRST | {"latency": 2000, "path": "new", "end": 18, "title": "Again", "order": 4, "limit": 5}
SECOND |= {"categories": "sport, news"}
STOPPED = FIRST | {"state": "stopped"}

CREATES = (
    "environment.create",
    "input.create.srt_push",
    "input.location",
    "output.create.rtmp",
    "schedule.create",
    "action_configuration.create",
    "action_configuration.update",
    "limit.set",
    "categories.replace",
)
UPDATES = (
    "input.update.srt_push",
    "output.update.rtmp",
    "schedule.update",
    "action_configuration.update",
    "limit.set",
    "categories.replace",
)
DELETES = (
    "schedule.delete",
    "input.delete",
    "output.delete",
    "environment.delete",
    "action_configuration.delete",
    "limit.delete",
    "categories.delete",
)


class Killer:
    """Ends a process with SIGKILL when an operation is called: on arrival, or done and before its answer leaves."""

    def __init__(self, world: World, key: str, moment: str) -> None:
        self.key, self.process, self.kills = key, None, 0
        self.process: subprocess.Popen[str] | None = None
        if moment == "after":
            world.simulator.observers.append(self)
        else:  # the request is journalled, and then lost
            world.simulator.fail(key, drop="before")
            world.simulator.journal = _Journal(self)

    def __call__(self, entry: Entry) -> None:
        if entry.key == self.key and self.process and not self.kills:
            self.process.kill()
            self.process.wait()
            self.kills += 1


class _Journal(list[Any]):
    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self.killer = killer

    def append(self, entry: Any) -> None:
        super().append(entry)
        self.killer(entry)


def stack(world: World, values: dict[str, Any]) -> str:
    return str(world.write("small.yaml", STACK.format(**values)))


def killed(world: World, key: str, moment: str, *words: str) -> None:
    """Runs the command until it is killed at that write."""
    killer = Killer(world, key, moment)
    killer.process = world.start(*words)
    out, err = killer.process.communicate(timeout=60)
    assert killer.kills == 1, out + err
    assert killer.process.returncode == -9


def goes_on(world: World, *words: str) -> None:
    """The next run ends well, state and platforms hold the same objects, and nothing is left to do."""
    again = world(*words)
    assert again.code == 0, again.err
    alive = world.alive()
    assert {name: len(ids) for name, ids in alive.items() if len(ids) > 1} == {}
    listed = [line.split() for line in world("state", "list", "small").out.splitlines()]
    assert all(len(words) == 3 for words in listed), "nothing may be incomplete"
    assert sorted(words[2] for words in listed) == sorted(id for ids in alive.values() for id in ids)
    plan = world("plan", "small.yaml")
    assert plan.code == 0, plan.out


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("key", CREATES)
def test_killed_while_creating(world: World, key: str, moment: str) -> None:
    file = stack(world, FIRST)
    killed(world, key, moment, "apply", file, "--yes")
    goes_on(world, "apply", file, "--yes")


@pytest.mark.parametrize("key", UPDATES)
def test_killed_while_changing(world: World, key: str) -> None:
    assert world("apply", stack(world, FIRST), "--yes").code == 0
    file = stack(world, SECOND)
    killed(world, key, "after", "apply", file, "--yes")
    goes_on(world, "apply", file, "--yes")


@pytest.mark.parametrize("key", DELETES)
def test_killed_while_destroying(world: World, key: str) -> None:
    file = stack(world, FIRST)
    assert world("apply", file, "--yes").code == 0
    killed(world, key, "after", "destroy", file, "--yes")
    again = world("destroy", file, "--yes")
    assert again.code == 0, again.err
    assert not any(world.alive().values())
    assert world("state", "list", "small").out == ""


@pytest.mark.parametrize(("before", "after", "key"), [(FIRST, STOPPED, "stop"), (STOPPED, FIRST, "start")])
def test_killed_while_stopping_or_starting_an_environment(
    world: World, before: dict[str, Any], after: dict[str, Any], key: str
) -> None:
    environment = "\n".join(STACK.split("\n")[:9]) + "\n"
    assert world("apply", str(world.write("small.yaml", environment.format(**before))), "--yes").code == 0
    file = str(world.write("small.yaml", environment.format(**after)))
    killed(world, f"environment.{key}", "after", "apply", file, "--yes")
    assert world("apply", file, "--yes").code == 0
    assert world("plan", file).code == 0


REPLACED = """\
headend: 1
stack: small
ateme:
  environments:
    {name}:
      name: {name}
      cloud_provider: aws
      region: {region}
      instance_type_id: large
      lifecycle: {{protect: false}}
      inputs:
        stadium: {{variant: {variant}, port: 5001{more}}}
mycujoo:
  action_configurations:
    replay: {{action_id: act-1, group_id: {group}, title: Replay, order: 2}}
rights_locker:
  account_categories:
    viewer: {{account_id: {account}, categories: [sport]}}
"""
OLD = {"name": "matchday", "region": "eu-west-1", "variant": "srt_push", "more": "", "group": "derby"}
OLD |= {"account": "viewer-17"}
ANOTHER = OLD | {"group": "cup", "account": "viewer-18", "variant": "srt_pull", "more": ", host: x.example.com"}


@pytest.mark.parametrize(
    ("after", "key"),
    [
        (ANOTHER, "action_configuration.create"),
        (ANOTHER, "action_configuration.update"),
        (ANOTHER, "action_configuration.delete"),
        (ANOTHER, "categories.replace"),
        (ANOTHER, "categories.delete"),
        (ANOTHER, "input.delete"),
        (ANOTHER, "input.create.srt_pull"),
        (OLD | {"region": "us-east-1"}, "environment.delete"),
        (OLD | {"region": "us-east-1"}, "environment.create"),
        (OLD | {"region": "us-east-1"}, "input.create.srt_push"),
    ],
)
def test_killed_while_replacing(world: World, after: dict[str, str], key: str) -> None:
    file = str(world.write("small.yaml", REPLACED.format(**OLD)))
    assert world("apply", file, "--yes").code == 0
    world.write("small.yaml", REPLACED.format(**after))
    killed(world, key, "after", "apply", file, "--yes")
    goes_on(world, "apply", file, "--yes")


def test_two_accounts_that_change_places_keep_what_they_get(world: World) -> None:
    both = "headend: 1\nstack: small\nrights_locker:\n  account_categories:\n"
    row = "    {name}: {{account_id: {account}, categories: [{category}]}}\n"
    a, b = row.format(name="a", account="x", category="sport"), row.format(name="b", account="y", category="news")
    for rows in (a + b, a.replace("x", "y") + b.replace("y", "x"), b.replace("y", "x")):
        world.write("small.yaml", both + rows)
        applied = world("apply", "small.yaml", "--yes")
        assert applied.code == 0, applied.err
        assert world("plan", "small.yaml").code == 0
    found = {
        id.rpartition("/")[2]: names for id, names in world.simulator.dump()["rights_locker"]["categories"].items()
    }
    assert found == {"x": ["news"]}


def test_the_lists_hold_every_write(world: World, tmp_path: Path) -> None:
    for command, values, keys in (("apply", FIRST, CREATES), ("apply", SECOND, UPDATES), ("destroy", SECOND, DELETES)):
        world.simulator.reset_journal()
        assert world(command, stack(world, values), "--yes").code == 0
        assert {entry.key for entry in world.simulator.writes()} == set(keys)
