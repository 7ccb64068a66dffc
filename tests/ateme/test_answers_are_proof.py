"""An answer is proof, or it is an error: rows without usable ids, values of another type, 404s of a proxy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import Engine, stack
from headend.ateme.alert import observed
from headend.ateme.alert_spec import Alert
from headend.ateme.environment import Environment, catalogue
from headend.ateme.environment import observed as observed_environment
from headend.ateme.label import Label, LabelKind
from headend.ateme.rows import EnvironmentRow
from headend.ateme.rows_office import AlertRow
from headend.core.model.errors import DecodeError, ForeignAnswer
from headend.core.wire.decode import decode

BAD_IDS: list[Any] = [{}, {"label_id": None}, {"label_id": True}, {"label_id": ["l-1"]}, {"label_id": ""}]
HTML = "<html><h1>404 Not Found</h1></html>"


@pytest.mark.contract("A-44", "A-766")
@pytest.mark.parametrize("id", BAD_IDS, ids=str)
def test_a_row_without_a_usable_id_is_no_vanished_object(opened: Any, id: dict[str, Any]) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            spec = Label(text="sport")
            made = await LabelKind().create(api, spec)
            for look in (LabelKind().observe(api, made.id, spec, fresh=True), LabelKind().find(api, spec)):
                api.changed("label.list")
                simulator.fail("label.list", status=200, body=[{**id, "text": "sport"}])
                with pytest.raises(DecodeError, match=r"label\.list.*row 1: label_id"):
                    await look

    asyncio.run(go())


@pytest.mark.contract("A-48")
@pytest.mark.parametrize("id", BAD_IDS, ids=str)
def test_a_creation_that_names_no_usable_id_is_looked_for(opened: Any, id: dict[str, Any]) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("label.create", change=lambda row: {**id, "text": "sport"})
            made = await LabelKind().create(api, Label(text="sport"))
            assert made.id in simulator.sims["ateme"].world["labels"]
            assert len(simulator.writes()) == 1

    asyncio.run(go())


@pytest.mark.contract("A-48")
def test_a_creation_stays_in_doubt_where_nobody_can_look(opened: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("label.create", status=201, body={"label_id": None})
            simulator.fail("label.list", status=403, body={"message": "no"}, times=9)
            with pytest.raises(DecodeError, match="names no id, and a look for the object failed"):
                await LabelKind().create(api, Label(text="sport"))

    asyncio.run(go())


@pytest.mark.contract("A-53", "A-727")
def test_a_404_of_a_proxy_deletes_nothing(opened: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            made = await LabelKind().create(api, Label(text="sport"))
            simulator.fail("label.delete", status=404, body=HTML.encode())
            with pytest.raises(ForeignAnswer, match="does a proxy answer"):
                await LabelKind().delete(api, made.id, Label(text="sport"), lambda _: None)
            assert made.id in simulator.sims["ateme"].world["labels"]

    asyncio.run(go())


@pytest.mark.contract("A-402", "A-403")
@pytest.mark.parametrize(
    "body", [{"message": "internal error"}, "<html>", [{"region": None}], [{"other": "eu"}], [None], [True], {"a": {}}]
)
def test_a_bad_catalogue_offers_nothing_and_refuses_nothing(opened: Any, body: Any) -> None:
    async def go() -> None:
        async with opened() as (api, simulator):
            simulator.fail("cloud.regions", status=200, body=body)
            with pytest.raises(DecodeError, match=r"cloud\.regions"):
                await catalogue(api, "cloud.regions", {"cloud_provider": "aws"})

    asyncio.run(go())


@pytest.mark.contract("A-410")
def test_a_value_of_another_type_replaces_no_environment() -> None:
    row = {"environment_id": "e", "name": "n", "cloud_provider": None, "region": 5, "instance_type_id": "m"}
    spec = Environment(name="n", cloud_provider="aws", region="eu", instance_type_id="m")
    seen = observed_environment(decode(EnvironmentRow, "", row), spec)
    assert seen.unverifiable["cloud_provider"] == "the answer's cloud_provider: expected a value, got null"
    assert seen.unverifiable["region"] == "the answer's region: expected text, got a number"
    assert "region" not in seen.values


@pytest.mark.contract("A-735")
def test_a_status_that_is_no_word_is_none() -> None:
    spec = Alert.model_construct(environment="e", input="i")
    seen = observed("input", "i", decode(AlertRow, "", {"alert_id": "a", "status": []}), spec)
    assert seen.unverifiable["muted"] == "the answer does not show it"


@pytest.mark.contract("A-766")
@pytest.mark.parametrize("key", ["environment.dropdown", "input.list", "output.list"])
def test_one_empty_list_makes_nothing_a_second_time(tmp_path: Path, key: str) -> None:
    engine = Engine(tmp_path)
    wanted = stack(
        inputs={"a": {"variant": "srt_push", "port": 5001}},
        outputs={"o": {"variant": "srt_push", "host": "h.example.com", "port": 6001, "latency": 500}},
    )
    engine.done(wanted)
    engine.sim.reset_journal()
    engine.sim.fail(key, status=200, body=[])
    engine.done(wanted)
    assert engine.sim.writes() == []
