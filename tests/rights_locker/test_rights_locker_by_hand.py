"""`headend api rights_locker`: what can't succeed isn't sent, and what headend never does by itself can be called."""

from __future__ import annotations

import json

import pytest

from cli.conftest import world as world  # the fixture
from cli.harness import World

V1, ITEM = "account_id=v1", '{"content_id":"c","external_product_id":"default"'
WHO = ["content_type=asset", "content_id=c", "external_product_id=default"]
WRONG = [
    (["limit.set", V1, "limit=-1.5"], "limit: must be a whole number"),
    (["limit.set", V1, "limit=0"], "limit: must be 1.."),
    (["limit.set", "account_id=a|b", "limit=1"], "account_id: may not contain / & |"),
    (["limit.set", f"account_id={'a' * 255}", "limit=1"], "account_id: must be 1..254 characters"),
    (["limit.delete", V1, "limit=1"], "limit: is not known; takes account_id"),
    (["categories.replace", V1], "missing: categories="),
    (["categories.replace", V1, "categories=[]"], "categories: must be 1.. values"),
    (["categories.replace", V1, 'categories=["a",1]'], "categories: must be a list of texts"),
    (["categories.replace", V1, "categories="], "categories: must be 1.. characters"),
    (["content.upsert", V1], "exactly one of assets, assets_offline, labels, labels_offline is needed"),
    (["content.upsert", V1, f"assets=[{ITEM}}}]", f"labels=[{ITEM}}}]"], "not assets and labels"),
    (["content.upsert", V1, 'assets=[{"content_id":"c"}]'], "assets: missing: external_product_id="),
    (["content.upsert", V1, f'assets=[{ITEM},"updated_at":"x"}}]'], "updated_at: is not known there"),
    (["content.upsert", V1, f'assets=[{ITEM},"num_devices_to_bind":"2"}}]'], "num_devices_to_bind: must be a whole"),
    (["content.upsert", V1, f'assets=[{ITEM},"start_time":20130902}}]'], "start_time: must be text"),
    (
        ["content.upsert", V1, f'assets=[{ITEM},"start_time":"2026-12-05"}}]'],
        "start_time: must be a time with its zone",
    ),
    (
        [
            "content.upsert",
            V1,
            f'assets=[{ITEM},"start_time":"2026-12-05T15:00:00Z","end_time":"2026-12-5T9:00:00Z"}}]',
        ],
        "end_time: must not lie before start_time",
    ),
    (["users.list", "content_type=assets", *WHO[1:]], "content_type: must be one of asset, assets_offline, label,"),
    (["users.list", *WHO, "last_shard=abc", "last_id=1"], "last_shard: must be a whole number"),
    (["users.list", *WHO, "last_shard=0"], "last_shard: is ignored without last_id"),
    (["users.list", *WHO, "api_key=mine"], "api_key: is not known"),
]


@pytest.mark.contract("R-6", "R-22", "R-25", "R-33", "R-38", "R-43", "R-44", "R-47", "R-49")
@pytest.mark.parametrize(("words", "said"), WRONG)
def test_a_call_that_can_not_succeed_is_not_sent(world: World, words: list[str], said: str) -> None:
    refused = world("api", "rights_locker", *words)
    assert (refused.code, said in refused.err) == (3, True), refused.err
    assert world.simulator.journal == []


@pytest.mark.contract("R-42", "R-43", "R-47")
def test_what_can_is_as_it_was_typed(world: World) -> None:
    granted = f'assets=[{ITEM},"start_time":"2018-6-9T9:40:35+0200","num_devices_to_bind":2}}]'
    assert world("api", "rights_locker", "content.upsert", V1, granted).code == 0
    assert world("api", "rights_locker", "categories.replace", V1, "categories=7").code == 0
    assert world.simulator.journal[-1].body == {"categories": ["7"]}
    found = json.loads(world("api", "rights_locker", "users.list", *WHO).out)
    assert found == {"users": ["v1"]}


@pytest.mark.contract("R-39", "R-54")
def test_the_simulator_of_the_command_line_lets_pass_what_is_called_by_hand(world: World) -> None:
    def call(key: str, *words: str) -> int:
        return world("api", "rights_locker", key, V1, *words, "--simulator").code

    assert call("categories.replace", 'categories=["live"]') == 0
    assert call("categories.edit", 'categories=["vod"]') == 0
    kept = json.loads(world("api", "rights_locker", "categories.get", V1, "--simulator").out)
    assert kept == {"categories": ["live", "vod"]}
    assert call("content.upsert", f"labels=[{ITEM}}}]") == 0
    assert call("content.wipe") == 5
    assert call("content.wipe", "--dangerous", "content.wipe") == 0
    assert call("content.get") == 1
