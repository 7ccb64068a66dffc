"""Saved addresses: registered, renamed, and moved by the cloud's name of the environment that they leave."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import ENVIRONMENT, LISTENER, NOON, Engine
from headend.ateme.saved_ip import SavedIp, SavedIpKind
from headend.core.model.proposal import Action
from headend.core.reconcile.apply import apply
from headend.core.reconcile.outcome import Outcome
from headend.core.reconcile.planner import make_plan

AT = "ateme.saved_ips.gate"
ADDRESS = {"ip_address": "192.0.2.17", "cloud_provider": "aws", "region": "eu-west-1"}
MAIN = "the environment that the address moves to becomes the main one (A-988)"


def stack(*environments: str, **fields: Any) -> dict[str, Any]:
    places = {name: dict(ENVIRONMENT) for name in environments}
    return {"headend": 1, "stack": "one", "ateme": {"environments": places, "saved_ips": {"gate": ADDRESS | fields}}}


def ids(engine: Engine) -> dict[str, str]:
    return {row["name"]: id for id, row in engine.world["environments"].items() if not row["is_deleted"]}


def sent(engine: Engine) -> list[tuple[str, Any]]:
    return [(entry.key, entry.body) for entry in engine.sim.writes() if entry.key.startswith("saved_ip")]


@pytest.mark.contract("A-649", "A-650", "A-651", "A-652", "A-653", "A-654")
def test_an_address_is_one_and_on_gcp_it_has_a_zone() -> None:
    assert SavedIp(**ADDRESS | {"ip_address": "2001:db8::1"}).name is None
    for bad in ({"ip_address": "gate"}, {"ip_address": "192.0.2.0/24"}, {"region": ""}, {"cloud_provider": ""}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            SavedIp(**ADDRESS | bad)
    with pytest.raises(ValidationError, match="cloud_details"):
        SavedIp(**ADDRESS, extra={"cloud_details": "1"})
    for provider, region, warnings in (
        ("gcp", "europe-west1", 1),
        ("gcp", "europe-west1-b", 0),
        ("aws", "eu-west-1", 0),
    ):
        spec = SavedIp(ip_address="192.0.2.1", cloud_provider=provider, region=region)
        assert len(SavedIpKind().check(spec, {})) == warnings


@pytest.mark.contract("A-307", "A-308", "A-309", "A-311", "A-650", "A-655", "A-988")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True, "ip_holder": "hidden"}])
def test_it_is_registered_renamed_and_given_up(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack())
    assert engine.plan(stack()).writes() == ()
    engine.done(stack(name="Gate"))
    engine.done(stack())
    assert sent(engine) == [("saved_ip.create", ADDRESS), *[("saved_ip.rename", {"name": n}) for n in ("Gate", "")]]
    engine.done(stack(), destroy=True)
    assert engine.world["saved_ips"] == {}


@pytest.mark.contract("A-310", "A-653", "A-654", "A-759", "A-847", "A-988", "A-737")
@pytest.mark.parametrize("holder", ["shown", "hidden"])
def test_it_moves_with_the_clouds_name_of_what_it_leaves(tmp_path: Path, holder: str) -> None:
    engine = Engine(tmp_path, {"ip_holder": holder})
    first = stack("e1", "e2", environment="e1")
    assert MAIN in engine.step(first, AT).warnings
    engine.done(first)
    one, two = (ids(engine)[name] for name in ("e1", "e2"))
    assert sent(engine)[1:] == [("saved_ip.move", {"target_c_env_id": one})]
    assert engine.plan(first).writes() == ()
    engine.sim.reset_journal()
    wanted = stack("e1", "e2", environment="e2", previous_cloud_details="249421054")
    assert MAIN in engine.step(wanted, AT).warnings
    engine.done(wanted)
    assert sent(engine) == [("saved_ip.move", {"target_c_env_id": two, "cloud_details": "249421054"})]
    for same in (wanted, stack("e1", "e2", environment="e2"), wanted | {}):
        assert engine.plan(same).writes() == (), "what a move started from is no difference"


@pytest.mark.contract("A-654", "A-759", "A-847")
def test_a_plan_refuses_a_move_that_does_not_say_where_it_starts_and_any_end(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("e1", "e2", environment="e1"))
    holder = ids(engine)["e1"]
    (problem,) = engine.problems(stack("e1", "e2", environment="e2"))
    assert problem == (
        f"{AT}: previous_cloud_details: environment {holder} holds the address, and the cloud's name of that one is"
        " needed (A-654)"
    )
    (problem,) = engine.problems(stack("e1", "e2"))
    assert problem == f"{AT}: environment: no call detaches an address (A-759)"


@pytest.mark.contract("A-759", "A-771", "A-739")
def test_it_stays_while_its_environment_is_made_anew_and_moves_there(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    first = stack("e1", environment="e1")
    first["ateme"]["environments"]["e1"]["lifecycle"] = {"protect": False}
    engine.done(first)
    first["ateme"]["environments"]["e1"]["region"] = "us-east-1"
    engine.sim.reset_journal()
    step = engine.step(first, AT)
    assert (step.action, any("unless it goes before" in text for text in step.warnings)) == (Action.UPDATE, True)
    engine.done(first)
    assert sent(engine) == [("saved_ip.move", {"target_c_env_id": ids(engine)["e1"]})], "the old one holds it no more"
    assert engine.plan(first).writes() == ()


@pytest.mark.contract("A-759")
@pytest.mark.parametrize("taken", [True, False])
def test_what_somebody_did_with_it_since_the_plan_stops_a_move_unless_it_is_just_let_go(
    tmp_path: Path, taken: bool
) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("e1", "e2", "e3", environment="e1"))
    known, wanted = ids(engine), stack("e1", "e2", "e3", environment="e2", previous_cloud_details="1")

    async def run() -> Outcome:
        async with engine._open() as (state, session):
            loaded = engine._load(wanted)
            plan = await make_plan(loaded, state, session)
            engine.world["saved_ips"]["ip-1"]["target_c_env_id"] = known["e3"] if taken else None
            return await apply(plan, loaded, state, session)

    failed = asyncio.run(run()).failed
    assert ("changed since the plan" in failed.get(AT, "")) == taken
    assert engine.world["saved_ips"]["ip-1"]["target_c_env_id"] == known["e3" if taken else "e2"]


@pytest.mark.contract("A-762", "A-763")
@pytest.mark.parametrize("change", [{"ip_address": "192.0.2.18"}, {"cloud_provider": "gcp"}, {"region": "us-east-1"}])
def test_another_address_or_place_is_another_one(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.sim.reset_journal()
    engine.done(stack(**change))
    assert engine.written() == ["saved_ip.delete", "saved_ip.create"]


@pytest.mark.contract("A-649", "A-770")
def test_it_is_taken_over_by_its_address_however_that_is_spelt(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    for id, address in (("ip-8", "2001:db8::17"), ("ip-9", "192.0.2.17")):
        row = {"saved_ip_id": id, "target_c_env_id": None, "organisation_id": "org-1", **ADDRESS}
        engine.world["saved_ips"][id] = row | {"ip_address": address}
    wanted = stack(ip_address="2001:0DB8:0:0::17", lifecycle={"adopt": "match"})
    step = engine.step(wanted, AT)
    assert (step.action, step.id) == (Action.ADOPT, "ip-8")
    engine.done(wanted)
    assert (engine.written(), engine.plan(wanted).writes()) == ([], ())


@pytest.mark.contract("A-653")
def test_a_move_is_refused_while_something_goes_out_where_the_address_is(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    first, moved = (stack("e1", "e2", environment=name, previous_cloud_details="1") for name in ("e1", "e2"))
    for wanted in (first, moved):
        times = {"start_time": f"{NOON:%Y-%m-%dT11:00:00Z}", "end_time": f"{NOON:%Y-%m-%dT13:00:00Z}"}
        inner = {
            "inputs": {"cam": LISTENER},
            "outputs": {"cdn": {"variant": "srt_pull", "port": 5002, "latency": 200}},
            "schedules": {"derby": {"input": "cam", "output": "cdn", **times}},
        }
        wanted["ateme"]["environments"]["e1"] |= inner
    engine.done(first)
    failed = engine.apply(moved, allowed=[]).failed
    assert "would interrupt what is on air" in failed[AT]
    engine.done(moved, allowed=[AT])
