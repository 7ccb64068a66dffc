"""Credentials: what is sent where, the signature's known answers, and that none of it shows."""

import asyncio
import json
import logging

import httpx
import pytest

from headend.core.model.errors import CredentialsError, Forbidden, Unavailable
from headend.core.wire.client import Client
from headend.core.wire.redaction import Redactor
from headend.core.wire.session import Session
from headend.rights_locker.api import RightsLocker, connect
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.signing import signature

QUERY = [("api_key", "P0.k1"), ("expires", "1893456000")]
PATH = "/v2/providers/P0/accounts/acc1/content"
BODY = b'{"assets":[{"content_id":"a1","external_product_id":"default"}]}'


@pytest.mark.contract("R-12", "R-13")
@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GET", b"", "Xjgfjdr1RUufBg1PAYE2pWufaENQ2Qs0YXROKCMwI3o"),
        ("POST", BODY, "TM3WKCWyINjGJM7s001QCAM/Z6Sy11SDa0jFbdrT/e8"),
    ],
)
def test_the_signature_gives_the_known_answers_in_any_order_of_the_query(method, body, expected):
    assert signature("TESTSECRET", method, PATH, QUERY, body) == expected
    assert signature("TESTSECRET", method, PATH, QUERY[::-1], body) == expected


def recorded(settings, answers=(), now=lambda: 1893456000 - 300):
    """(api, requests): a client whose answers are given, 200 {"message": "OK"} after they are used up."""
    requests, left = [], list(answers)

    async def answer(request):
        requests.append(request)
        return left.pop(0) if left else httpx.Response(200, json={"message": "OK"})

    async def no_wait(seconds):
        return None

    client = Client(settings.url, platform="rights_locker", transport=httpx.MockTransport(answer), sleep=no_wait)
    return RightsLocker(settings, client, now=now, sleep=no_wait), requests


@pytest.mark.contract("R-12", "R-11")
def test_a_signed_request_carries_the_known_signature_over_its_whole_path():
    settings = RightsLockerSettings(pcode="P0", api_key="P0.k1", api_secret="TESTSECRET")
    api, requests = recorded(settings, [httpx.Response(200, json={"account_id": "acc1", "content": {}})])
    asyncio.run(api.content("acc1"))
    assert dict(requests[0].url.params) == dict(QUERY) | {"signature": "Xjgfjdr1RUufBg1PAYE2pWufaENQ2Qs0YXROKCMwI3o"}
    assert requests[0].url.path == PATH


@pytest.mark.contract("R-12")
def test_each_attempt_is_signed_anew():
    times = iter([1000.0, 2000.0])
    settings = RightsLockerSettings(pcode="P0", api_key="P0.k1", api_secret="TESTSECRET")
    api, requests = recorded(settings, [httpx.Response(500)], now=lambda: next(times))
    asyncio.run(api.set_limit("acc1", 3))
    assert [r.url.params.get_list("expires") for r in requests] == [["1300"], ["2300"]]
    assert len({r.url.params["signature"] for r in requests}) == 2


@pytest.mark.contract("R-12")
def test_the_signature_covers_the_body_as_it_is_sent():
    settings = RightsLockerSettings(pcode="P0", api_key="P0.k1", api_secret="TESTSECRET")
    api, requests = recorded(settings, [httpx.Response(200, json={"categories": []})])
    asyncio.run(api.replace_categories("acc1", frozenset({"sport"})))
    sent = requests[-1]
    assert json.loads(sent.content) == {"categories": ["sport"]}
    pairs = [(name, value) for name, value in sent.url.params.multi_items() if name != "signature"]
    expected = signature("TESTSECRET", "POST", "/v2/pcode/P0/account_id/acc1", pairs, sent.content)
    assert sent.url.params["signature"] == expected


@pytest.mark.contract("R-10", "R-11")
def test_without_a_secret_the_key_goes_with_entitlement_reads_only():
    api, requests = recorded(
        RightsLockerSettings(pcode="P0", api_key="P0.k1"),
        [httpx.Response(200, json={"account_id": "acc1", "content": {}}), httpx.Response(200, json={"categories": []})],
    )

    async def run():
        await api.content("acc1")
        await api.categories("acc1")
        await api.set_limit("acc1", 3)

    asyncio.run(run())
    assert [dict(r.url.params) for r in requests] == [{"api_key": "P0.k1"}, {}, {}]


@pytest.mark.contract("R-11")
def test_a_secret_without_its_key_is_refused_before_any_request():
    settings = RightsLockerSettings(pcode="P0", api_secret="TESTSECRET")
    with pytest.raises(CredentialsError, match="HEADEND_RIGHTS_LOCKER_API_KEY") as caught:
        connect(settings, Client(settings.url, platform="rights_locker"))
    assert "TESTSECRET" not in str(caught.value)


@pytest.mark.contract("R-7", "R-11")
def test_only_the_provider_code_must_be_given():
    with pytest.raises(CredentialsError, match="HEADEND_RIGHTS_LOCKER_PCODE") as caught:
        Session({}, {}, redactor=Redactor()).check(["rights_locker"])
    assert "API_KEY" not in str(caught.value)
    Session({"rights_locker": {"pcode": "P0"}}, {}, redactor=Redactor()).check(["rights_locker"])


@pytest.mark.contract("R-1", "R-2", "R-3", "R-4", "R-7")
@pytest.mark.parametrize("prefix", ["", "entitlements", "/entitlements/"])
def test_paths_keep_the_base_and_only_entitlements_take_the_prefix(prefix):
    settings = RightsLockerSettings(
        url="https://rl.example.com/v2/", pcode="P/0", limits_pcode="199999", entitlements_prefix=prefix
    )
    api, requests = recorded(settings, [httpx.Response(200, json={"account_id": "a@b", "content": {}})])

    async def run():
        await api.content("a@b")
        await api.set_limit("a@b", 2)

    asyncio.run(run())
    family = "/v2/entitlements" if prefix else "/v2"
    assert requests[0].url.raw_path.decode() == f"{family}/providers/P%2F0/accounts/a%40b/content"
    assert requests[1].url.raw_path.decode() == "/v2/pcode/199999/account_id/a%40b/limit/2"


@pytest.mark.contract("R-8", "R-28")
def test_a_limit_is_one_request_without_a_body():
    api, requests = recorded(RightsLockerSettings(pcode="P0"))
    asyncio.run(api.set_limit("acc1", 2))
    assert len(requests) == 1
    assert requests[0].content == b""
    assert requests[0].headers["content-length"] == "0"


@pytest.mark.contract("R-14")
def test_no_credential_shows_in_errors_logs_or_reprs(caplog):
    caplog.set_level(logging.DEBUG)
    settings = RightsLockerSettings(pcode="P0", api_key="P0.keykey", api_secret="TESTSECRET")
    api, requests = recorded(settings, [httpx.Response(500, json={"message": "Read-only database"})] * 4)
    with pytest.raises(Unavailable, match="Read-only database") as caught:
        asyncio.run(api.set_limit("acc1", 3))
    shown = f"{caught.value!r} {caplog.text} {settings!r} {api!r}"
    for hidden in ("keykey", "TESTSECRET", "signature=", "expires=", requests[0].url.params["signature"]):
        assert hidden not in shown


@pytest.mark.contract("R-18", "R-60")
@pytest.mark.parametrize("auth", ["none", "api_key", "signed"])
def test_the_simulator_accepts_each_way_of_proving_oneself(locker, auth):
    box = locker(auth=auth)
    asyncio.run(box.api.set_limit("v1", 4))
    assert box.world("limits") == {"v1": 4}


@pytest.mark.contract("R-18")
def test_wrong_credentials_are_an_error_at_once_and_never_absence(locker):
    box = locker(settings={"api_secret": "another-secret"})
    with pytest.raises(Forbidden, match="Unauthorized api_key"):
        asyncio.run(box.api.categories("v1"))
    assert box.calls == ["categories.get"]
    assert box.waits == []
