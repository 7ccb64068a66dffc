"""Credentials of a TitanFile deployment: secrets that nobody can read back, known by deployment and name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from convergence.ateme import CLUSTER, S3
from headend.ateme.tf_credentials import TfCredentials
from headend.core.model.proposal import Action

KEPT = {"deployment": "d", "name": "n"}


def at(name: str = "cluster") -> str:
    return f"ateme.tf_deployments.{name}.tf_credentials.archive"


def stack(*clusters: str, **fields: Any) -> dict[str, Any]:
    wanted = {**S3, **fields}
    made = {name: {**CLUSTER, "tf_credentials": {"archive": wanted}} for name in clusters or ("cluster",)}
    return {"headend": 1, "stack": "one", "ateme": {"tf_deployments": made}}


@pytest.mark.contract("A-664", "A-665", "A-666", "A-667", "A-668", "A-669")
def test_s3_needs_both_keys_and_others_take_any_settings() -> None:
    assert TfCredentials(**KEPT, **S3).protocol == "s3"
    assert TfCredentials(**KEPT, protocol="azure", settings={"account": "a"}).access_key is None
    for bad, said in (
        ({"access_key": None}, "s3 needs"),
        ({"secret_key": None}, "s3 needs"),
        ({"protocol": ""}, "protocol"),
        ({"name": ""}, "name"),
        ({"settings": {"protocol": "x"}}, "settings: protocol"),
        ({"extra": {"secret_key": "x"}}, "extra: secret_key"),
        ({"settings": {"a": 1}, "extra": {"a": 1}}, "extra: a"),
    ):
        with pytest.raises(ValidationError, match=said):
            TfCredentials(**{**KEPT, **S3, **bad})


@pytest.mark.contract("A-21", "A-320", "A-321", "A-322", "A-323", "A-324", "A-663", "A-848", "A-850", "A-669")
@pytest.mark.parametrize("switches", [{}, {"envelope": "object", "wrapped": True}], ids=["bare", "wrapped"])
def test_they_are_made_by_post_changed_by_put_and_removed(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, {**switches, "unknown_keys": "accepted"})
    engine.done(stack())
    engine.done(stack(buckets_creation_options={"region": "us-east-1"}))
    engine.done(stack(protocol="azure", settings={"account": "a"}))
    calls = [(e.key, e.method, e.path) for e in engine.sim.writes()][1:]
    assert calls == [
        ("tf_credentials.create", "POST", "/api/titanfile/credentials"),
        ("tf_credentials.put", "PUT", "/api/titanfile/credentials/archive"),
        ("tf_credentials.put", "PUT", "/api/titanfile/credentials/archive"),
    ]
    (row,) = engine.world["tf_credentials"].values()
    assert (row["deployment_id"], row["protocol"], row["account"]) == ("deployment-1", "azure", "a")
    assert row["secret_key"] == S3["secret_key"]
    engine.done(stack(), destroy=True)
    assert engine.world["tf_credentials"] == {}


@pytest.mark.contract("A-667", "A-771")
def test_another_secret_key_is_sent_and_the_live_one_is_never_called_in_sync(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    step = engine.step(stack(), at())
    assert (step.action, "secret_key" in step.unverifiable) == (Action.NONE, True)
    engine.done(stack(secret_key="another-one"))
    (row,) = engine.world["tf_credentials"].values()
    assert row["secret_key"] == "another-one"
    assert "another-one" not in (engine.directory / "state.db").read_bytes().decode("latin-1")
    row["access_key"] = "by hand"
    (change,) = engine.step(stack(secret_key="another-one"), at()).changes
    assert (change.field, change.cause, change.secret) == ("access_key", "drift", True)


@pytest.mark.contract("A-663", "A-664", "A-762")
def test_deployments_may_each_have_some_of_that_name_and_another_name_makes_new_ones(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack("north", "south"))
    assert sorted(row["deployment_id"] for row in engine.world["tf_credentials"].values()) == [
        "deployment-1",
        "deployment-2",
    ]
    assert engine.plan(stack("north", "south")).writes() == ()
    assert engine.step(stack("north", "south", name="vault"), at("north")).action is Action.REPLACE


@pytest.mark.contract("A-850")
def test_credentials_that_are_there_already_are_not_written_over(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    (engine.directory / "state.db").unlink()
    engine.sim.reset_journal()
    taking = {"lifecycle": {"adopt": "match"}}
    wanted = stack()
    cluster = wanted["ateme"]["tf_deployments"]["cluster"]
    cluster |= taking
    assert "one like it exists already (deployment-1/archive)" in str(engine.step(wanted, at()).refused)
    cluster["tf_credentials"]["archive"] |= taking
    step = engine.step(wanted, at())
    assert (step.action, step.id) == (Action.ADOPT, "deployment-1/archive")
    assert engine.written() == []


@pytest.mark.contract("A-850")
def test_some_that_somebody_deleted_are_made_again_by_post(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["tf_credentials"].clear()
    engine.sim.reset_journal()
    engine.done(stack())
    assert engine.written() == ["tf_credentials.create"]


@pytest.mark.contract("A-737", "A-740")
def test_they_go_with_their_deployment(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack())
    engine.world["tf_deployments"].clear()
    engine.world["tf_credentials"].clear()
    engine.done(stack(), destroy=True)
    assert engine.written()[-1] == "tf_credentials.create"


@pytest.mark.contract("A-848")
def test_the_header_may_have_another_name(opened: Any) -> None:
    async def go() -> None:
        async with opened(deployment_header="deployment_id") as (api, _):
            assert api.within("7") == {"deployment_id": "7"}
            assert api.within(None) == {}

    asyncio.run(go())
