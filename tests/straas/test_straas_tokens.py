"""Whose token goes along: one service token for all calls, renewed in time and once on a 401, and members' own."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from headend.core.model.errors import CredentialsError, DecodeError, Forbidden, InputError
from headend.core.wire.invoke import Request
from headend.simulator.base import CREDENTIALS
from headend.straas.platform import PLATFORM

SECRET = CREDENTIALS["straas"]["HEADEND_STRAAS_SECRET"]


@pytest.mark.contract("S-2", "S-3", "S-31", "S-170")
def test_uid_and_secret_go_into_the_body_of_one_call_and_the_token_along_with_all_others(straas: Any) -> None:
    account = straas()
    account.run(account.api.listed("category.list"))
    login, read = account.requests
    assert (login.method, login.url.path) == ("POST", "/straas/api/v1/service/token")
    known = {"uid": "simulated-uid", "secret": SECRET, "type": "account_service"}
    assert json.loads(login.content) == known
    assert "authorization" not in login.headers
    token = read.headers["authorization"].removeprefix("Bearer ")
    assert list(account.platform.world["tokens"]) == [token]
    assert SECRET not in str(read.url) + str(read.headers)


@pytest.mark.contract("S-5")
def test_parallel_calls_share_one_token(straas: Any) -> None:
    account = straas()
    account.run(*(account.api.member(f"m-{n}") for n in range(20)))
    assert account.calls.count("service_token.create") == 1
    assert len({r.headers.get("authorization") for r in account.requests}) == 2


@pytest.mark.contract("S-4", "S-180")
@pytest.mark.parametrize(("minutes", "logins"), [(1, 1), (1429, 1), (1431, 2)])
@pytest.mark.parametrize("off", [0, -7200, 7200])
def test_it_is_renewed_when_less_than_ten_minutes_remain_by_the_platforms_clock(
    straas: Any, minutes: int, logins: int, off: int
) -> None:
    account = straas()
    account.clock.off = off
    account.run(account.api.member("a"))
    account.clock.passes(minutes=minutes)
    account.run(account.api.member("b"))
    assert account.calls.count("service_token.create") == logins


@pytest.mark.contract("S-4")
@pytest.mark.parametrize("token", ["opaque-token", "a.%%%.c", f"a.{base64.b64encode(b'{}').decode()}.c"])
def test_a_token_that_tells_no_end_is_taken_to_live_a_day(straas: Any, token: str) -> None:
    account = straas()
    account.sim.fail("service_token.create", times=9, status=201, body={"token": token})
    for hours, logins in ((0, 1), (23, 1), (1, 2)):
        account.clock.passes(hours=hours)
        assert account.run(account.api.token.get()) == token
        assert len(account.requests) == logins


@pytest.mark.contract("S-180")
def test_a_short_life_is_used_to_the_half(straas: Any) -> None:
    account = straas(token_ttl=60)
    for seconds, logins in ((0, 1), (29, 1), (2, 2)):
        account.clock.passes(seconds=seconds)
        account.run(account.api.member("a", fresh=True))
        assert account.calls.count("service_token.create") == logins


@pytest.mark.contract("S-5")
def test_a_401_costs_one_new_token_and_one_repetition_whoever_meets_it(straas: Any) -> None:
    account = straas()
    account.run(account.api.member("a"))
    account.platform.world["tokens"].clear()  # the platform forgot it
    account.run(*(account.api.member(f"m-{n}") for n in range(8)))
    assert account.calls.count("service_token.create") == 2
    account.platform.world["tokens"].clear()
    account.run(account.api.register("viewer", "viewer@example.com"))  # not executed, so that a write repeats, too
    assert account.calls[-3:] == ["member.create", "service_token.create", "member.create"]


@pytest.mark.contract("S-5")
def test_a_second_401_is_an_error(straas: Any) -> None:
    account = straas()
    account.sim.fail("member.get", times=9, status=401, body={"error": "JWT expired"})
    with pytest.raises(Forbidden, match="JWT expired"):
        account.run(account.api.member("a"))
    assert account.calls == ["service_token.create", "member.get"] * 2


@pytest.mark.contract("S-5")
@pytest.mark.parametrize("wrong", [{"uid": "who"}, {"secret": "canary-secret"}])
def test_refused_credentials_are_said_at_once_and_not_told(straas: Any, wrong: dict[str, str]) -> None:
    account = straas(wrong)
    with pytest.raises(CredentialsError, match="uid or secret is wrong") as caught:
        account.run(account.api.member("a"))
    assert account.calls == ["service_token.create"]
    assert "canary" not in str(caught.value)


@pytest.mark.contract("S-5", "S-110")
def test_the_token_is_told_nowhere(straas: Any) -> None:
    account = straas()
    token = account.run(account.api.token.get())
    account.sim.fail("member.get", status=422, body={"error": f"what is {token}?"})
    with pytest.raises(Exception, match=r"what is \(secret\)\?"):
        account.run(account.api.member("a"))
    assert token not in repr(account.api.token) + repr(vars(account.api.client.redactor).keys())
    row = PLATFORM.table["service_token.create"]
    answer = account.run(PLATFORM.invoke(account.api, row, Request(), None))
    assert answer.body == {"token": "(secret)"}
    assert b"eyJ" not in answer.content
    with pytest.raises(InputError, match="takes no values"):
        account.run(PLATFORM.invoke(account.api, row, Request(body={"uid": "x"}), None))


@pytest.mark.contract("S-7", "S-161")
def test_each_operation_has_its_own_success(straas: Any) -> None:
    account = straas()
    account.sim.fail("service_token.create", status=200, body={"token": "t"})
    with pytest.raises(DecodeError, match="answered 200 instead of 201"):
        account.run(account.api.token.get())
    account.sim.fail("member_token.get", status=201, body={"token": "t"})
    with pytest.raises(DecodeError, match="answered 201 instead of 200"):
        account.run(account.api.member_token("a"))


@pytest.mark.contract("S-39", "S-111")
def test_a_members_token_is_made_anew_by_each_call_and_never_twice_for_one(straas: Any) -> None:
    account = straas()
    account.platform.add("members", id="viewer", email="viewer@example.com", membership="free")
    first, second = (account.run(account.api.member_token("viewer")) for _ in range(2))
    assert first != second
    made = account.requests[1]
    assert (made.method, str(made.url.query, "ascii")) == ("GET", "member_id=viewer")
    account.sim.reset_journal()
    account.sim.fail("member_token.get", times=9, status=503)
    with pytest.raises(Exception, match="answered 503"):
        account.run(account.api.member_token("viewer"))
    assert account.calls == ["member_token.get"]
    account.sim.fail("member.get", status=422, body={"error": first})
    with pytest.raises(Exception, match=r"\(secret\)"):
        account.run(account.api.member("a"))


@pytest.mark.contract("S-43", "S-46", "S-168")
@pytest.mark.parametrize(("key", "table"), [("member_video.get", "videos"), ("member_playlist.get", "playlists")])
def test_what_a_member_sees_is_asked_with_a_members_token_alone(straas: Any, key: str, table: str) -> None:
    account = straas()
    account.platform.add("members", id="viewer", email="viewer@example.com", membership="free")
    account.platform.add(table, id="abcdefgh", title="Final")
    row = account.api.table[key]
    answer = account.run(PLATFORM.invoke(account.api, row, Request({"id": "abcdefgh"}, {"member_id": "viewer"}), None))
    assert (answer.body["title"], "account_id" in answer.body) == ("Final", False)
    assert account.calls == ["service_token.create", "member_token.get", key]
    *_, asked = account.requests
    assert asked.url.query == b""
    token = asked.headers["authorization"].removeprefix("Bearer ")
    assert account.platform.world["tokens"][token]["member"] == "viewer"
    service = account.run(account.api.token.get())
    with pytest.raises(Forbidden):  # which a service token is not
        account.run(account.api.single(key, "abcdefgh", member_token=service))
    with pytest.raises(InputError, match="member_id"):
        account.run(PLATFORM.invoke(account.api, row, Request({"id": "abcdefgh"}), None))


@pytest.mark.contract("S-139")
@pytest.mark.parametrize("status", [401, 403])
def test_an_unauthorized_resource_renews_no_token(straas: Any, status: int) -> None:
    account = straas(unauthorized=status)
    account.platform.add("members", id="viewer", email="viewer@example.com", membership="free")
    account.platform.add("videos", id="abcdefgh", title="Final")
    account.platform.world["restricted"].append("abcdefgh")
    token = account.run(account.api.member_token("viewer"))
    account.sim.reset_journal()
    with pytest.raises(Forbidden, match="Unauthorized resource"):
        account.run(account.api.single("member_video.get", "abcdefgh", member_token=token))
    assert account.calls == ["member_video.get"]
    assert account.run(account.api.single("member_video.get", "gone0000", member_token=token)) is None
