"""The real engine: what is on air, and much at once, goes only where that run was allowed to."""

from __future__ import annotations

import json
import re
from typing import Any

from cli.harness import serve
from pulumi_project import CLI, Project

pytestmark = CLI

EU = "ateme.environments.eu"
ALWAYS = {"maintenance": [{"start": "2020-01-01T00:00:00Z", "end": "2999-01-01T00:00:00Z"}]}
DERBY = {"input": "stadium", "output": "cdn", "start_time": "NOW", "end_time": "2035-12-01T17:00:00Z"}


def on_air(latency: int = 6000, **more: Any) -> str:
    """A stack whose derby goes out now. more: `options`, `connections`."""
    inside = {
        "inputs": {"stadium": {"variant": "srt_push", "port": 5001, "latency": latency}},
        "outputs": {"cdn": {"variant": "rtmp", "url": "rtmp://ingest.cdn.example.com/live"}},
        "schedules": {"derby": DERBY},
    }
    environment = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "medium", **inside}
    return json.dumps({"headend": 1, "ateme": {"environments": {"eu": environment}}, **more})


def buttons(count: int, **lifecycle: Any) -> str:
    """A stack of so many action configurations; the first one's lifecycle."""
    configurations: dict[str, dict[str, Any]] = {
        f"button-{n}": {"action_id": "act-1", "group_id": "derby", "title": f"Button {n}"} for n in range(count)
    }
    configurations["button-0"]["lifecycle"] = lifecycle
    return json.dumps({"headend": 1, "mycujoo": {"action_configurations": configurations}})


def test_consent_in_the_config_does_not_outlive_it(project: Project) -> None:
    project("config", "set", "headend:allowInterruption", EU)
    project.write(on_air())
    project.up()
    before = project.living()
    project("config", "rm", "headend:allowInterruption")
    said = project.destroy(fails=True)
    assert "what is on air" in said
    assert project.living() == before
    project.write(on_air(latency=2000))
    assert "what is on air" in project.up(fails=True)


def test_consent_of_the_environment_holds_for_every_command_and_that_run_alone(project: Project) -> None:
    project.write(on_air())
    project.up()
    project.write(on_air(latency=2000))
    assert "HEADEND_ALLOW_INTERRUPTION" in project.up(fails=True)
    project.up(env={"HEADEND_ALLOW_INTERRUPTION": f"{EU}.inputs.stadium"})
    assert project.row("ateme", "inputs")["latency"] == 2000
    project("config", "set", "headend:allowInterruption", EU)
    before = project.living()
    said = project.destroy(fails=True)  # no program runs, so nothing hands the config over
    assert "HEADEND_ALLOW_INTERRUPTION" in said
    assert project.living() == before
    project.destroy(env={"HEADEND_ALLOW_INTERRUPTION": f"mycujoo.nothing, {EU}"})
    assert project.alive() == []


def test_a_span_of_maintenance_that_left_the_file_lets_no_deletion_through(project: Project) -> None:
    project.write(on_air(options=ALWAYS))
    project.up()
    before = project.living()
    project.write(on_air())
    assert "what is on air" in project.destroy(fails=True)
    (project.home / "day.yaml").unlink()
    assert "what is on air" in project.destroy(fails=True)
    assert project.living() == before
    project.write(on_air(options=ALWAYS))
    project.destroy()
    assert project.alive() == []


def test_refresh_and_destroy_go_where_the_stack_file_says_by_now(project: Project) -> None:
    project.env.pop("HEADEND_ATEME_URL")

    def at(url: str) -> str:
        return on_air(options=ALWAYS, connections={"ateme": {"url": f"{url}/{project.simulator.sims['ateme'].prefix}"}})

    with serve(project.simulator) as url:
        project.write(at(url))
        project.up()
    with serve(project.simulator) as url:
        project.write(at(url))
        project.refresh()
        project.destroy()
    assert project.alive() == []


def test_many_deletions_at_once_are_refused_unless_allowed(project: Project) -> None:
    project.write(buttons(8))
    project.up()
    before = project.living()
    project.write(buttons(2))
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        said = project(*command, fails=True)
        assert "6 of 8" in said
        assert "HEADEND_ALLOW_DELETIONS" in said
    assert project.living() == before
    project("config", "set", "headend:allowDeletions", "true")
    assert project.preview() == {"same": 3, "delete": 6}
    project("config", "rm", "headend:allowDeletions")
    project("preview", fails=True)
    project.up(env={"HEADEND_ALLOW_DELETIONS": "1"})
    assert len(project.alive()) == 2


def test_replacements_count_as_deletions(project: Project) -> None:
    project.write(buttons(5))
    project.up()
    project.write(buttons(5).replace("derby", "cup"))
    said = project("preview", fails=True)
    assert "5 of 5" in said
    assert project.preview(env={"HEADEND_ALLOW_DELETIONS": "1"}) == {"same": 1, "replace": 5}


def test_destroy_may_take_everything(project: Project) -> None:
    project.write(buttons(6))
    project.up()
    project.destroy()
    assert project.alive() == []


def test_the_preview_tells_what_a_deletion_would_cut(project: Project) -> None:
    project.write(on_air())
    project.up()
    without = json.loads(on_air())
    for table in ("inputs", "outputs", "schedules"):
        del without["ateme"]["environments"]["eu"][table]
    project.write(json.dumps(without))
    said = project("preview")
    assert "what is on air" in said
    assert "until 2035-12-01 17:00:00 UTC" in said


def test_the_preview_says_that_a_person_is_subscribed_whose_juid_is_still_to_come(project: Project) -> None:
    desk = {"juid": "duty-desk", "email": "desk@example.com"}
    people = {"profiles": {"duty-desk": {}}, "email_subscriptions": {"desk": desk}}
    project.write(json.dumps({"headend": 1, "just": people}))
    said = project("preview")
    assert re.search(r"just\.email_subscriptions\.desk: .*subscribes a real person", said), said


def test_a_protected_object_stops_a_destroy_whole(project: Project) -> None:
    project.write(buttons(2, protect=True))
    project.up()
    before = project.living()
    assert "protect" in project("destroy", "--yes", fails=True)  # its own preview refuses before anything is deleted
    assert project.living() == before


def test_a_policy_fails_the_preview_until_it_is_allowed(project: Project) -> None:
    wish = "{name: fast, kind: ateme.input, message: too fast for that line, condition: %s}"
    project.write(on_air(latency=4000))
    (project.home / "policies.yaml").write_text(f"policies: [{wish % 'spec.latency >= 5000'}]\n")
    said = project("preview", fails=True)
    assert f"{EU}.inputs.stadium: policy fast: too fast for that line" in said
    (project.home / "policies.yaml").write_text(f"policies: [on-air-freeze, {wish % 'spec.latency >= 3000'}]\n")
    project.up()
    before = project.living()
    project.write(on_air(latency=2000, options=ALWAYS))
    said = project.up(fails=True)
    assert "policy fast" in said
    assert "on-air-freeze" not in said  # there is maintenance
    project.write(on_air(latency=5000))
    assert "policy on-air-freeze" in project("preview", fails=True, env={"HEADEND_ALLOW_INTERRUPTION": EU})
    assert project.living() == before
    allowed = json.loads(on_air(latency=5000))
    until = {"policy": "on-air-freeze", "reason": "agreed", "until": "2999-01-01"}
    for table, key in (("inputs", "stadium"), ("outputs", "cdn"), ("schedules", "derby")):
        allowed["ateme"]["environments"]["eu"][table][key]["lifecycle"] = {"allow": [until]}
    project.write(json.dumps(allowed))
    project.up(env={"HEADEND_ALLOW_INTERRUPTION": f"{EU}.inputs.stadium"})
    assert project.row("ateme", "inputs")["latency"] == 5000
