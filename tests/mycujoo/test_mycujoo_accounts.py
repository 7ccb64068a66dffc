"""The whole life of accounts, against the simulated platform."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from mycujoo_bench import KEY, Bench, changes, quiet
from pydantic import ValidationError

from cli.conftest import world
from cli.harness import World
from headend.core.model.errors import Ambiguous, Conflict, GuardError, InputError, NotFound, Refused, Timeout
from headend.core.model.findings import Level
from headend.core.model.kind import kinds
from headend.core.model.proposal import Action, Proposal
from headend.core.reconcile.difference import Difference, differences
from headend.core.stackfile import load
from headend.core.wire.decode import decode, decode_rows
from headend.mycujoo.account import Account
from headend.mycujoo.answers import Account as Row
from headend.mycujoo.api import MycujooApi

__all__ = ["world"]

KIND = kinds["mycujoo.account"]
ADA = {"email": "Ada@Example.com", "first_name": "Ada"}
LOOK, MAKE, INVITE = "account.batch_by_email", "account.create", "account.invite"


def spec(**values: Any) -> Account:
    return Account(**(ADA | values))


def made(bench: Bench, wanted: Account) -> Any:
    return bench.made("mycujoo.account", wanted)


def people(bench: Bench) -> list[str]:
    return sorted(row["email"] for row in bench.world["accounts"].values() if row["id"] != bench.world["caller"])


# --- creation --------------------------------------------------------------------------------------------------
@pytest.mark.contract("M-48", "M-125", "M-129", "M-187")
def test_creation_is_three_requests_and_hands_its_password_out() -> None:
    bench = Bench()
    first, live = made(bench, spec())
    assert bench.counts == {LOOK: 2, MAKE: 1}
    (row,) = (row for row in bench.world["accounts"].values() if row["email"] == "Ada@Example.com")
    assert first.handed_out == {"password": row["password"]}
    assert (first.id, first.incomplete) == ("ada@example.com", True)
    assert (live.id, live.values["first_name"], live.handed_out) == ("ada@example.com", "Ada", {})
    assert live.computed == {"account_id": row["id"], "is_verified": False}


@pytest.mark.contract("M-56", "M-125", "M-129", "M-187")
def test_an_invitation_is_two_requests_and_has_no_password() -> None:
    bench = Bench()
    first, live = made(bench, spec(invite=True))
    assert bench.counts == {LOOK: 1, INVITE: 1}
    assert first.handed_out == {}
    assert live.computed["account_id"] in bench.world["accounts"]
    assert KIND.handed_out_by_create(spec(invite=True)) == ()
    assert KIND.handed_out_by_create(spec()) == ("password",)


@pytest.mark.contract("M-125", "M-205")
def test_nobody_is_made_twice() -> None:
    bench = Bench()
    bench.mycujoo.add_account("ADA@example.com")
    with pytest.raises(Conflict, match=r"lifecycle\.adopt: match"):
        made(bench, spec())
    assert bench.counts == {LOOK: 1}
    answer = bench.run(lambda api: api.call(LOOK, json={"email_addresses": ["ada@example.com", "nobody@example.com"]}))
    assert [row["email"] for row in answer["accounts"]] == ["ADA@example.com"]
    with pytest.raises(Conflict):
        bench.run(lambda api: api.call(INVITE, json={"email": "ada@example.com"}))


@pytest.mark.contract("M-15", "M-124", "M-125")
@pytest.mark.parametrize(("delay", "posts"), [(0, 1), (1, 2)])
def test_a_lost_answer_loses_the_password_and_headend_says_so(delay: int, posts: int) -> None:
    bench = Bench(by_email_delay=delay)
    bench.sim.fail(MAKE, drop="after")
    first, live = made(bench, spec())
    assert people(bench) == ["Ada@Example.com"]
    assert first.handed_out == {}
    assert "password was lost" in first.warnings[0]
    assert live.computed["account_id"] in bench.world["accounts"]
    assert bench.counts[MAKE] == posts  # the second one, made as nothing was found yet, is refused


@pytest.mark.contract("M-15", "M-125")
def test_a_request_that_did_not_arrive_is_sent_once_more() -> None:
    bench = Bench()
    bench.sim.fail(MAKE, drop="before")
    first, _ = made(bench, spec())
    assert first.handed_out["password"]
    assert bench.counts[MAKE] == 2
    bench.sim.fail(MAKE, status=500, times=2)
    with pytest.raises(Ambiguous):
        made(bench, spec(email="bob@example.com"))
    assert bench.counts[MAKE] == 2


@pytest.mark.contract("M-125")
def test_a_lost_creation_that_cannot_be_looked_up_stays_unclear() -> None:
    bench = Bench()

    async def script(api: MycujooApi) -> None:
        await KIND.find(api, spec())
        bench.sim.fail(MAKE, drop="after")
        bench.sim.fail(LOOK, status=403)
        await KIND.create(api, spec())

    with pytest.raises(Ambiguous):
        bench.run(script)
    assert bench.counts[MAKE] == 1


@pytest.mark.contract("M-125", "M-206")
@pytest.mark.parametrize(("delay", "found"), [(4, True), (5, False)])
def test_a_new_account_is_looked_for_five_times(delay: int, found: bool) -> None:
    bench = Bench(by_email_delay=delay)
    if found:
        made(bench, spec())
        assert bench.counts[LOOK] == 1 + 5
        return
    with pytest.raises(Timeout, match="isn't found by its address yet"):
        made(bench, spec())


@pytest.mark.contract("M-125")
def test_the_password_is_kept_even_where_the_account_is_not_found_and_the_next_run_learns_its_id(
    world: World, tmp_path: Path
) -> None:
    sim = world.simulator.sims["mycujoo"]
    sim.set_switch("by_email_delay", 5)
    world.write("staff.yaml", json.dumps({"headend": 1, "mycujoo": {"accounts": {"ada": ADA}}}))
    refused = world("apply", "staff.yaml", "--yes")
    assert refused.code == 5
    assert "shown once (password)" in refused.err
    applied = world("apply", "staff.yaml", "--yes", "--secrets-out", "new.jsonl")
    assert applied.code == 1
    assert "isn't found by its address yet" in applied.err
    (kept,) = (json.loads(line) for line in (world.home / "new.jsonl").read_text().splitlines())
    passwords = [row["password"] for row in sim.world["accounts"].values()]
    assert (kept["name"], kept["value"] in passwords) == ("password", True)
    again = world("apply", "staff.yaml", "--yes")
    assert again.code == 0, again.err
    assert world("plan", "staff.yaml").code == 0
    everything = b"".join(file.read_bytes() for file in (world.home / ".headend").rglob("*") if file.is_file())
    assert kept["value"].encode() not in everything
    assert kept["value"] not in applied.out + applied.err + again.out


# --- reading ---------------------------------------------------------------------------------------------------
@pytest.mark.contract("M-124", "M-126")
@pytest.mark.parametrize("case", ["kept", "lowered"])
@pytest.mark.parametrize("match", ["any_case", "exact"])
def test_addresses_are_the_same_in_any_case(case: str, match: str) -> None:
    bench = Bench(email_case=case, email_match=match)
    made(bench, spec())
    live = bench.run(lambda api: KIND.observe(api, "ada@example.com", spec()))
    last = {"email": "ada@example.com", "first_name": "Ada", "last_name": "", "invite": True}
    assert differences(spec(), live, last, digest=lambda v: v) == Difference()
    bob = differences(spec(email="bob@example.com"), live, last, digest=lambda v: v)
    assert bob.replaces == ("email",)


@pytest.mark.contract("M-51", "M-52", "M-126", "M-129")
def test_many_accounts_are_read_in_few_batches() -> None:
    bench = Bench()
    emails = [f"person-{n}@example.com" for n in range(250)]
    ids = [bench.mycujoo.add_account(email)["id"] for email in emails]

    async def script(api: MycujooApi) -> list[Any]:
        read = [KIND.observe(api, email, spec(email=email)) for email in [*emails, *emails]]
        return await asyncio.gather(*read, *(api.accounts.by_id(id) for id in ids))

    assert all(bench.run(script))
    assert bench.counts == {LOOK: 3, "account.batch": 3}


@pytest.mark.contract("M-126", "M-11")
def test_absence_is_proven_by_the_address_and_by_the_list_and_a_wrong_url_proves_nothing() -> None:
    bench = Bench(by_email_delay=9, pages="short")
    bench.mycujoo.add_account("ada@example.com", hidden=9)
    live = bench.run(lambda api: KIND.observe(api, "ada@example.com", spec()))
    assert live.values["email"] == "Ada@Example.com"
    assert bench.run(lambda api: KIND.observe(api, "bob@example.com", spec())) is None
    with pytest.raises(NotFound):
        bench.run(lambda api: KIND.observe(api, "ada@example.com", spec()), url="http://127.0.0.1:1/mycujoo/v0")
    bench.sim.fail(LOOK, status=503, times=9)
    with pytest.raises(Exception, match="answered 503"):
        bench.run(lambda api: KIND.observe(api, "ada@example.com", spec()))


@pytest.mark.contract("M-125")
@pytest.mark.parametrize("by", ["id", "email"])
def test_an_account_is_adopted_by_its_id_or_its_address(world: World, by: str) -> None:
    row = world.simulator.sims["mycujoo"].add_account("ada@example.com")  # type: ignore[attr-defined]
    one = ADA | {"lifecycle": {"adopt": {"id": row[by]}}}
    world.write("staff.yaml", json.dumps({"headend": 1, "mycujoo": {"accounts": {"ada": one}}}))
    assert world("apply", "staff.yaml", "--yes").code == 0  # no password is made, so no place is needed for one
    assert row["first_name"] == "Ada"
    planned = world("plan", "staff.yaml", "--format", "json")
    assert planned.code == 0
    assert [step["id"] for step in json.loads(planned.out)["steps"]] == ["ada@example.com"]


# --- changing and deleting -------------------------------------------------------------------------------------
@pytest.mark.contract("M-49", "M-127", "M-188")
def test_changed_names_go_on_the_path_of_their_own() -> None:
    bench = Bench()
    bench.mycujoo.add_account("ada@example.com", last_name="Byron")
    bench.run(lambda api: KIND.update(api, "ada@example.com", spec(), changes("first_name")))
    (write,) = bench.sim.writes()
    assert write.path.startswith("/accounts/v1/accounts/c")
    assert write.body == {"first_name": "Ada"}
    bench.run(lambda api: KIND.update(api, "ada@example.com", spec(), []))
    assert bench.counts == {}


@pytest.mark.contract("M-108", "M-127")
def test_a_name_that_was_not_stored_is_an_error() -> None:
    bench = Bench(patch_zero="ignored")
    bench.mycujoo.add_account("ada@example.com", first_name="Ada", last_name="Byron")
    with pytest.raises(Refused, match="stored something else in: last_name"):
        bench.run(lambda api: KIND.update(api, "ada@example.com", spec(), changes("last_name")))


@pytest.mark.contract("M-53", "M-128", "M-205")
@pytest.mark.parametrize("unknown", ["ignored", "refused"])
def test_deleting_ends_when_it_is_gone_and_what_is_gone_is_no_error(unknown: str) -> None:
    bench = Bench(delete_unknown=unknown)
    row = bench.mycujoo.add_account("ada@example.com")
    bench.run(lambda api: KIND.delete(api, "ada@example.com", spec(), quiet))
    assert people(bench) == []
    assert [entry.body for entry in bench.sim.writes()] == [{"ids": [row["id"]]}]
    bench.run(lambda api: KIND.delete(api, "ada@example.com", spec(), quiet))
    bench.run(lambda api: api.accounts.delete(decode(Row, "x", row)))  # somebody else was faster
    assert people(bench) == []


@pytest.mark.contract("M-53", "M-128")
@pytest.mark.parametrize(("unknown", "posts"), [("ignored", 1), ("refused", 1 + 31)])
def test_many_go_in_one_request_or_one_by_one_where_an_unknown_one_is_refused(unknown: str, posts: int) -> None:
    bench = Bench(delete_unknown=unknown)
    rows = [bench.mycujoo.add_account(f"person-{n}@example.com") for n in range(30)]
    gone = {"id": "gone", "email": "gone@example.com"}
    everyone = decode_rows(Row, "x", [*rows, gone])

    async def script(api: MycujooApi) -> None:
        await asyncio.gather(*(api.accounts.delete(row) for row in everyone))

    bench.run(script)
    assert people(bench) == []
    assert bench.counts == {"account.delete": posts} | ({"account.list": 1} if unknown == "refused" else {})


@pytest.mark.contract("M-57", "M-128")
def test_headend_does_not_delete_itself_and_the_plan_says_so() -> None:
    bench = Bench()
    own = spec(email="noc@example.com")
    going = Proposal(Action.DELETE, None, "noc@example.com", last=own)
    (warning,) = bench.run(lambda api: KIND.review(api, going))
    assert warning.level is Level.WARNING
    assert "headend itself calls with" in warning.message
    with pytest.raises(GuardError, match=r"lifecycle\.retain: true"):
        bench.run(lambda api: KIND.delete(api, "noc@example.com", own, quiet))
    assert bench.world["caller"] in bench.world["accounts"]

    async def several(api: MycujooApi) -> None:
        for name in ("a", "b"):
            await KIND.delete(api, f"{name}@example.com", spec(email=f"{name}@example.com"), quiet)

    for name in ("a", "b"):
        bench.mycujoo.add_account(f"{name}@example.com")
    bench.run(several)
    assert bench.counts == {LOOK: 2, "account.myself": 1, "account.delete": 2}
    bench.mycujoo.add_account("ada@example.com")
    bench.sim.fail("account.myself", status=500, times=9)
    with pytest.raises(Exception, match="answered 500"):
        bench.run(lambda api: KIND.delete(api, "ada@example.com", spec(), quiet))
    assert people(bench) == ["ada@example.com"]


# --- what is refused -------------------------------------------------------------------------------------------
@pytest.mark.contract("M-124")
@pytest.mark.parametrize(
    "wrong", [{"email": ""}, {"email": "ada"}, {"email": "a b@example.com"}, {"is_verified": True}]
)
def test_the_spec_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**wrong)


@pytest.mark.contract("M-124")
def test_one_address_stands_once_in_a_stack(tmp_path: Path) -> None:
    file = tmp_path / "staff.yaml"
    two = {"ada": ADA, "lovelace": {"email": "ada@example.COM"}}
    file.write_text(json.dumps({"headend": 1, "mycujoo": {"accounts": two}}))
    with pytest.raises(InputError, match=r"lovelace: `email`: only one can have it, and mycujoo\.accounts\.ada \("):
        load(file)


@pytest.mark.contract("M-4", "M-192", "M-193")
@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/myself", None, 401),  # although the samples show it without
        ("GET", "/myself", KEY, 200),
        ("GET", "", None, 401),
        ("GET", "?filter=ada", KEY, 400),  # the list's text tells of a filter that isn't there
        ("POST", "/send_password_reset", None, 200),
        ("GET", "/nobody", KEY, 404),
    ],
)
def test_who_may_ask_for_what(method: str, path: str, key: str | None, status: int) -> None:
    bench = Bench()

    async def main() -> httpx.Response:
        headers = {"authorization": key} if key else {}
        body = {"json": {"email": "noc@example.com", "org_id": "org-1"}} if method == "POST" else {}
        async with httpx.AsyncClient(transport=bench.sim.transport(), headers=headers) as client:
            return await client.request(method, f"http://127.0.0.1/mycujoo/accounts/v1{path}", **body)

    assert asyncio.run(main()).status_code == status
