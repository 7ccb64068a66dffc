"""An agreement that an output holds stays its own, whatever happens to the output's key or to the state."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.ateme import ENVIRONMENT
from table.bench import ENGINES, Bench, Kill, Side

E1, ID = "ateme.environments.e1", "permanent_schedule_agreement_id"
OUTPUTS = "ateme.outputs"
TITLES = ("Goal replay", "Replay")
FOUND = {ID: {"lookup": {"bitrate": 20}}}
CALLED_BY_KEY = {"variant": "push", "host": "cdn.example.com", "port": 2088, **FOUND}
WITH_A_KEY = {"variant": "srt_push", "host": "cdn.example.com", "port": 7000, "latency": 120, **FOUND}
WITHOUT_A_KEY = {"variant": "pull", "port": 2077, **FOUND}
BOTH = pytest.mark.parametrize("engine", ENGINES)
NATURES = pytest.mark.parametrize(
    "fields", [CALLED_BY_KEY, WITH_A_KEY, WITHOUT_A_KEY], ids=["called by key", "with a key", "without a key"]
)


def free(bench: Bench, *ids: str) -> None:
    rows = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    bench.table("ateme.agreements").update({id: {"agreement_id": id, **rows} for id in ids})


def stack(environment: str = "e1", adopting: Any = None, **outputs: Any) -> dict[str, Any]:
    """adopting: how the environment is taken over."""
    life = {"lifecycle": {"adopt": adopting}} if adopting else {}
    return {"headend": 1, "ateme": {"environments": {environment: {**ENVIRONMENT, **life, "outputs": outputs}}}}


def adopted(fields: dict[str, Any], adopt: Any) -> dict[str, Any]:
    return {**fields, "lifecycle": {"adopt": adopt}}


def with_the_only_agreement(bench: Bench, fields: dict[str, Any]) -> tuple[Side, str]:
    """A person whose output `cdn` holds it; the output's id."""
    free(bench, "agr-1")
    side = bench.side()
    assert side.up(stack(cdn=fields), preview=False).ok
    return side, bench.only(OUTPUTS)


@BOTH
@NATURES
def test_another_key_is_the_same_output_with_the_same_agreement(bench: Bench, fields: dict[str, Any]) -> None:
    side, id = with_the_only_agreement(bench, fields)
    with bench.nothing_written():
        side.done(stack(main=fields))
        free(bench, "agr-2")
        side.up(stack(best={**fields, "lifecycle": {"renamed_from": "main"}}))
        assert side.ids()[f"{E1}.outputs.best"] == id
        side.done(stack("e2", best=fields))
    assert side.ids()["ateme.environments.e2.outputs.best"] == id


@BOTH
@NATURES
def test_lost_state_takes_the_output_over_with_its_agreement(bench: Bench, fields: dict[str, Any]) -> None:
    side, id = with_the_only_agreement(bench, fields)
    environment = {"id": side.ids()[E1]}
    with bench.nothing_written():
        two = bench.side("two")
        two.done(stack("e1", environment, cdn=adopted(fields, {"id": id})))
        two.settled(stack("e1", cdn=fields))
        free(bench, "agr-2")
        three = bench.side("three")
        three.done(stack("e1", "match", cdn=adopted(fields, {"id": id} if fields is WITHOUT_A_KEY else "match")))
    assert two.ids() == three.ids() == side.ids()


@BOTH
def test_lost_state_without_adopt_is_refused_for_what_is_there_not_for_the_lookup(bench: Bench) -> None:
    _, id = with_the_only_agreement(bench, WITH_A_KEY)
    bench.side("two").refused(stack("e1", "match", cdn=WITH_A_KEY), f"one like it exists already ({id})")


@BOTH
def test_a_killed_creation_goes_on_with_the_agreement_that_it_has_used_up(bench: Bench) -> None:
    free(bench, "agr-1")
    side = bench.side()
    side.up(stack(), preview=False)
    side.killed(stack(cdn=WITH_A_KEY), Kill("output.create.*"))
    side.done(stack(cdn=WITH_A_KEY))
    assert bench.live(OUTPUTS)[side.ids()[f"{E1}.outputs.cdn"]][ID] == "agr-1"


@BOTH
def test_what_is_made_anew_takes_another_agreement(bench: Bench) -> None:
    side, id = with_the_only_agreement(bench, WITH_A_KEY)
    free(bench, "agr-2", "agr-3")
    bench.lose(OUTPUTS, id)
    side.done(stack(cdn=WITH_A_KEY))
    assert [row[ID] for row in bench.live(OUTPUTS).values()] == ["agr-2"]
    side.done(stack(cdn={**WITHOUT_A_KEY, "stream_id": "cdn"}))
    assert [row[ID] for row in bench.live(OUTPUTS).values()] == ["agr-3"]


@BOTH
def test_what_takes_the_place_of_what_vanished_keeps_its_own(bench: Bench) -> None:
    side, id = with_the_only_agreement(bench, WITH_A_KEY)
    bench.table(OUTPUTS)[bench.double(OUTPUTS, id, "out-9")][ID] = "agr-2"
    bench.lose(OUTPUTS, id)
    side.done(stack(cdn=adopted(WITH_A_KEY, "match")))
    assert side.ids()[f"{E1}.outputs.cdn"] == "out-9" == bench.only(OUTPUTS)


@BOTH
def test_an_agreement_asked_for_later_replaces_the_output_and_uses_up_one(bench: Bench) -> None:
    side = bench.side()
    side.up(stack(cdn={name: value for name, value in WITH_A_KEY.items() if name != ID}), preview=False)
    free(bench, "agr-1")
    side.done(stack(cdn=WITH_A_KEY))
    assert [row[ID] for row in bench.live(OUTPUTS).values()] == ["agr-1"]


@BOTH
def test_an_output_taken_over_that_does_not_show_its_agreement_keeps_it(bench: Bench) -> None:
    side, id = with_the_only_agreement(bench, WITH_A_KEY)
    environment = {"id": side.ids()[E1]}
    bench.table(OUTPUTS)[id].pop(ID)
    two = bench.side("two")
    with bench.nothing_written():
        two.done(stack("e1", environment, cdn=adopted(WITH_A_KEY, {"id": id})))
    assert two.ids() == side.ids()


@BOTH
def test_another_key_of_what_is_made_of_something_looked_up_is_the_same_object(bench: Bench) -> None:
    """Two configurations of one title: only what their lookups find tells them apart."""
    goal, replay = ({"action_id": {"lookup": {"title": title}}, "group_id": "g", "title": "Final"} for title in TITLES)
    bench.simulator.sims["mycujoo"].add_action("act-9", TITLES[1])  # type: ignore[attr-defined]
    side = bench.side()

    def wanted(**configurations: Any) -> dict[str, Any]:
        return {"headend": 1, "mycujoo": {"action_configurations": configurations}}

    side.up(wanted(a=goal, b=replay), preview=False)
    ids = side.ids()
    with bench.nothing_written():
        side.done(wanted(b2=replay, a2=goal))
    at = "mycujoo.action_configurations."
    assert side.ids() == {f"{at}a2": ids[f"{at}a"], f"{at}b2": ids[f"{at}b"]}
