"""Straas by `headend api`, and its members over Pulumi's wire."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse

from cli.conftest import world
from cli.harness import World, serve
from headend.core.model.errors import InputError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

__all__ = ["world"]

FIELDS = {"id": "viewer", "email": "viewer@example.com"}
PREVIEWED = r"viewer has another e-mail at Straas, and no call of Straas changes or deletes a member"


def add(world: World, table: str, **row: Any) -> None:
    sim: Any = world.simulator.sims["straas"]
    sim.add(table, **row)


# --- headend api -----------------------------------------------------------------------------------------------
@pytest.mark.contract("S-39", "S-111", "S-135")
def test_a_members_token_is_shown_to_those_only_who_ask_for_a_file(world: World) -> None:
    add(world, "members", **FIELDS)
    shown = world("api", "straas", "member_token.get", "member_id=viewer")
    assert (shown.code, json.loads(shown.out)) == (0, {"token": "(secret)"})
    assert world("api", "straas", "member_token.get", "member_id=viewer", "--out", "token.json").code == 0
    file = world.home / "token.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = json.loads(file.read_text())["token"]
    assert world.simulator.sims["straas"].world["tokens"][token]["member"] == "viewer"
    member = json.loads(world("api", "straas", "member.get", "id=viewer").out)
    assert member == {"email": "(secret)", "membership": "free", "id": "viewer"}


@pytest.mark.contract("S-110")
def test_the_service_token_is_handed_to_nobody(world: World) -> None:
    shown = world("api", "straas", "service_token.create", "--out", "token.json")
    assert shown.code == 0
    assert json.loads((world.home / "token.json").read_text()) == {"token": "(secret)"}
    wrong = world("api", "straas", "service_token.create", HEADEND_STRAAS_SECRET="canary")
    assert (wrong.code, "uid or secret is wrong" in wrong.err, "canary" in wrong.err) == (4, True, False)


@pytest.mark.contract("S-43", "S-46", "S-133", "S-134")
def test_a_video_as_a_member_sees_it(world: World) -> None:
    add(world, "members", **FIELDS)
    add(world, "videos", id="abcdefgh", title="Final")
    seen = world("api", "straas", "member_video.get", "id=abcdefgh", "member_id=viewer")
    assert json.loads(seen.out)["title"] == "Final"
    refused = world("api", "straas", "member_video.get", "id=abcdefgh", "member_token=canary-token")
    assert (refused.code, "JWT malformed" in refused.err, "canary" in refused.err) == (4, True, False)
    whose = world("api", "straas", "member_video.get", "id=abcdefgh")
    assert (whose.code, "exactly one of member_token, member_id is needed" in whose.err) == (3, True)


@pytest.mark.contract("S-14", "S-15", "S-41", "S-136")
@pytest.mark.parametrize("key", ["ad_banner.list", "order.list"])
def test_lists_are_walked_by_their_pages(world: World, key: str) -> None:
    for n in range(100, 350):
        add(world, "ad_banners", id=n, name=f"banner {n}")
        add(world, "orders", id=f"o-{n}", customer={"member_id": "viewer", "member_email": "canary@example.com"})
    values = ["member_id=viewer"] if key == "order.list" else []
    one = world("api", "straas", key, *values)
    assert (len(json.loads(one.out)), one.err) == (100, "there are more pages: --all\n")
    every = world("api", "straas", key, *values, "--all")
    assert (len(json.loads(every.out)), every.err) == (250, "")
    assert "canary" not in every.out
    small = world("api", "straas", key, *values, "per_page=7", "page=36")
    assert (len(json.loads(small.out)), small.err) == (5, "")


@pytest.mark.contract("S-37", "S-39", "S-41", "S-47")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["order.list"], "missing: member_id=..."),
        (["order.list", "member_id=viewer", "includes=customer"], "includes: must be like line_item,transaction"),
        (["member_token.get"], "missing: member_id=..."),
        (["member.create", "id=viewer", "email=viewer"], "email: must be like a@b"),
        (["member.create", "id=viewer"], "missing: email=a@b"),
        (["video.list", "order_by=title"], "order_by: must be one of create_time"),
        (["video.list", "page=0"], "page: must be 1.."),
        (["live.list", "per_page=many"], "per_page: must be a whole number"),
        (["live.list", "page=1.5"], "page: must be a whole number"),
        (["live.list", "title=Derby"], "title: is not known; takes page, per_page"),
        (["ad_banner.get", "id=spring"], "id: must be a whole number"),
        (["video.list", "category_ids=sport"], "category_ids: must be like 1,2"),
        (["video.list", "tag_ids=[1,null]"], "tag_ids: must be like 1,2"),
        (["video.list", "ids=a,,b"], "ids: must be like MaRRu56A,BvDvzuxH"),
        (["member.create", "id=viewer", "email=a@b", "name=Ann"], "name: is not known; takes id, email"),
        (["service_token.create", "type=internal_service"], "type: is not known; takes no values"),
        (["member_video.get", "id=a", "member_id=a", "member_token=b"], "not member_token and member_id"),
    ],
)
def test_what_can_not_succeed_is_not_sent(world: World, words: list[str], said: str) -> None:
    refused = world("api", "straas", *words)
    assert (refused.code, said in refused.err) == (3, True), refused.err
    assert world.simulator.journal == []


@pytest.mark.contract("S-37", "S-41")
def test_what_can_is(world: World) -> None:
    made = world("api", "straas", "member.create", "id=17", "email=viewer@example.com")
    assert json.loads(made.out) == {"id": "17", "email": "(secret)"}
    both = world("api", "straas", "order.list", "member_id=17", "includes=line_item", "includes=transaction", "page=2")
    assert (both.code, json.loads(both.out)) == (0, [])


# --- Pulumi ----------------------------------------------------------------------------------------------------
@pytest.mark.contract("S-100", "S-102", "S-105", "S-106", "S-107", "S-108")
def test_pulumis_preview_refuses_another_email_and_its_destroy_says_what_stays(tmp_path: Path) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    file.write_text(json.dumps({"headend": 1, "straas": {"members": {"viewer": FIELDS}}}))
    members = simulator.sims["straas"].world["members"]
    with serve(simulator) as url:
        with provider(simulator.settings(url)) as engine:
            engine.up(load(file))
            live = engine.state["straas.members.viewer"]
            assert live.outputs["computed"] == {"membership": "free"}
            with pytest.raises(grpc.RpcError, match=PREVIEWED):
                engine.diff(live.kind, live.id, live.outputs, live.inputs | {"email": "new@example.com"})
            new = engine.diff(live.kind, live.id, live.outputs, live.inputs | {"id": "other", "email": "o@example.com"})
            assert (new.changes, list(new.replaces)) == (DiffResponse.DIFF_SOME, ["email", "id"])
        members["viewer"]["email"] = "elsewhere@example.com"
        with provider(simulator.settings(url)) as engine:  # another phase has another process
            with pytest.raises(grpc.RpcError, match=PREVIEWED):
                engine.diff(live.kind, live.id, live.outputs, live.inputs)
            with pytest.raises(InputError, match=PREVIEWED):  # to a stack that doesn't have the member yet
                engine.up(load(file))
            id, inputs, _ = engine.read(live.kind, live.id, live.outputs)
            assert (id, inputs["email"]) == ("viewer", "elsewhere@example.com")
        with provider(simulator.settings(url) | {"HEADEND_STRAAS_IGNORE_EMAIL_DRIFT": "true"}) as engine:
            found = engine.diff(live.kind, live.id, live.outputs, live.inputs)
            assert found.changes == DiffResponse.DIFF_NONE
            engine._delete(live)
            engine.process.terminate()
            said = engine.process.stderr.read().decode()  # type: ignore[union-attr]
            assert "viewer has another e-mail at Straas" in said
            assert "member viewer stays at Straas" in said
        with (
            provider(simulator.settings(url) | {"HEADEND_STRAAS_ON_DELETE": "fail"}) as engine,
            pytest.raises(grpc.RpcError, match="member viewer would stay at Straas"),
        ):
            engine._delete(live)
    assert list(members) == ["viewer"]
    assert len(simulator.writes()) == 1


@pytest.mark.contract("S-105", "S-160")
@pytest.mark.parametrize("wrong", ["URL", "ACCOUNT_PREFIX"])
def test_over_pulumi_a_wrong_address_makes_nothing_look_deleted_either(tmp_path: Path, wrong: str) -> None:
    simulator, file = Simulator(), tmp_path / "day.yaml"
    file.write_text(json.dumps({"headend": 1, "straas": {"members": {"viewer": FIELDS}}}))
    with serve(simulator) as url:
        with provider(simulator.settings(url)) as engine:
            engine.up(load(file))
            live = engine.state["straas.members.viewer"]
        value = f"{url}/mycujoo" if wrong == "URL" else "/api/v1/app"
        with provider(simulator.settings(url) | {f"HEADEND_STRAAS_{wrong}": value}) as engine:
            with pytest.raises(grpc.RpcError, match="HEADEND_STRAAS_URL"):
                engine.read(live.kind, live.id, live.outputs)
            with pytest.raises(grpc.RpcError, match="HEADEND_STRAAS_URL"):
                engine.diff(live.kind, live.id, live.outputs, live.inputs)
