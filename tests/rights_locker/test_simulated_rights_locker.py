"""The simulator is as strict as the contract's section 5, so that a careless client can't pass against it."""

import asyncio
import socket
import threading
import time

import httpx
import pytest
import uvicorn

from headend.core.wire.client import Client
from headend.rights_locker.api import RightsLocker
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.wire import TABLE
from headend.simulator.app import Simulator
from headend.simulator.rights_locker import RightsLockerSim

ACCOUNT = "/pcode/p/account_id/v1"


def ask(method, path, switches=None, **request):
    """(answer, world) of one raw request, unsigned unless the switches say otherwise."""
    sim = Simulator({"rights_locker": {"auth": "none"} | (switches or {})}, classes=[RightsLockerSim])
    sim.sims["rights_locker"].world["categories"] = {"p/v1": ["a"]}

    async def run():
        async with httpx.AsyncClient(transport=sim.transport(), base_url="http://127.0.0.1/rights-locker") as client:
            return await client.request(method, path, **request)

    return asyncio.run(run()), sim.sims["rights_locker"].world


def test_the_table_holds_all_eighteen_operations():
    assert [op.number for op in TABLE.values()] == [f"E{number}" for number in range(1, 19)]


@pytest.mark.parametrize("number", range(1, 19))
def test_no_two_operations_answer_to_the_same_address(number):
    (op,) = (op for op in TABLE.values() if op.number == f"E{number}")
    address = op.url(dict.fromkeys(op.names(), "1"))
    matched = RightsLockerSim().match(op.method, address, [])
    assert matched[0].key == op.key


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"),
    [
        ("GET", "/pcode/p/account_id/v1/limit/3/4", {}, 404),
        ("PUT", ACCOUNT, {"json": {"categories": ["a"]}}, 405),
        ("GET", f"{ACCOUNT}/limit", {}, 405),
        ("GET", ACCOUNT, {"params": {"page": "1"}}, 400),
        ("GET", ACCOUNT, {"params": {"api_key": "k"}}, 400),
        ("POST", f"{ACCOUNT}/limit/three", {}, 400),
        ("POST", f"{ACCOUNT}/limit/-1", {}, 400),
        ("POST", f"{ACCOUNT}/limit/3", {"json": {}}, 400),
        ("POST", ACCOUNT, {"json": {"categories": []}}, 400),
        ("POST", ACCOUNT, {"json": {"categories": ["b"], "users": ["b"]}}, 400),
        ("POST", ACCOUNT, {"json": {"categories": [1]}}, 400),
        ("POST", ACCOUNT, {"json": ["b"]}, 400),
        ("POST", ACCOUNT, {"content": b'{"categories": ["b"]}'}, 400),
        ("POST", ACCOUNT, {"content": b"b", "headers": {"content-type": "application/json"}}, 400),
        ("POST", ACCOUNT, {}, 400),
        ("PATCH", ACCOUNT, {"json": {"categories": ["b"]}}, 400),
        ("DELETE", ACCOUNT, {}, 400),
    ],
)
def test_what_the_contract_does_not_know_is_refused_and_changes_nothing(method, path, request_, status):
    answer, world = ask(method, path, **request_)
    assert answer.status_code == status
    assert world["categories"] == {"p/v1": ["a"]}
    assert world["limits"] == {}


def test_an_unknown_path_is_answered_by_a_page_as_a_proxy_would():
    assert ask("GET", "/nothing")[0].headers["content-type"] == "text/html"


@pytest.mark.contract("R-60")
@pytest.mark.parametrize(("patch", "names"), [("union", ["a", "b"]), ("existing_only", ["a"])])
def test_patch_can_be_opted_into(patch, names):
    answer, world = ask("PATCH", ACCOUNT, {"patch": patch}, json={"categories": ["a", "b"]})
    assert answer.json() == {"message": "OK"}
    assert world["categories"]["p/v1"] == names


@pytest.mark.parametrize("query", [{}, {"api_key": "k", "expires": "9999999999", "signature": "x"}])
def test_an_unsigned_or_wrongly_signed_request_gets_plain_text_declared_as_json(query):
    answer, _ = ask("GET", ACCOUNT, {"auth": "signed"}, params=query)
    assert answer.status_code == 403
    assert answer.text == "Unauthorized api_key"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.contract("R-12")
def test_a_signature_that_has_run_out_is_refused(locker):
    box = locker()
    box.api._now = lambda: 1000.0
    with pytest.raises(Exception, match="Unauthorized api_key"):
        asyncio.run(box.api.set_limit("v1", 3))


@pytest.mark.contract("R-3", "R-60")
def test_with_a_prefix_only_prefixed_entitlements_exist(locker):
    sim = RightsLockerSim({"entitlements_prefix": "entitlements"})
    assert sim.match("GET", "/entitlements/providers/p/accounts/a/content", [])[0].key == "content.get"
    assert sim.match("GET", "/providers/p/accounts/a/content", []).status == 404
    assert sim.match("GET", "/pcode/p/account_id/a", [])[0].key == "categories.get"
    assert locker(entitlements_prefix="entitlements").api._settings.entitlements_prefix == "entitlements"


@pytest.mark.contract("R-4", "R-12", "R-60")
def test_signatures_and_odd_ids_survive_a_real_connection():
    """Over a socket: the HTTP library may rewrite percent-encoding, and the signature is made of / and +."""
    sim = Simulator(classes=[RightsLockerSim])
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # asyncio sets TCP_NODELAY only where it sees that
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(sim.app, log_level="error", lifespan="off", interface="asgi3"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        given = sim.settings(f"http://127.0.0.1:{listener.getsockname()[1]}")
        settings = RightsLockerSettings(
            **{name.removeprefix("HEADEND_RIGHTS_LOCKER_").lower(): value for name, value in given.items()}
        )
        accounts = ["someone@example.com", "100%", "a+b", "ü", "a%40b", "a;b=c,d", "a?b#c", *map(str, range(20))]

        async def run():
            async with Client(settings.url, platform="rights_locker") as client:
                api = RightsLocker(settings, client)
                for account in accounts:
                    await api.replace_categories(account, frozenset({f"of {account}"}))
                return [await api.categories(account, fresh=True) for account in accounts]

        try:
            found = asyncio.run(run())
        finally:
            server.should_exit = True
            thread.join()
    assert found == [{f"of {account}"} for account in accounts]
    assert len(sim.sims["rights_locker"].world["categories"]) == len(accounts)
