"""Where settings come from, and how what is missing or wrong is told: before any request, with the variable's name."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import pytest

from headend.core.model.errors import CredentialsError, InputError
from headend.core.model.fields import Secret
from headend.core.wire.client import Client
from headend.core.wire.operations import Operation, Table
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import Env, Platform, Settings
from headend.core.wire.session import Session

CALL = Operation("thing.list", "GET", "/things", "T-1", "list")


class DemoSettings(Settings):
    needs = (("email",), ("api_key", "token"))
    url: Annotated[str, Env("DEMO_URL")] = "https://demo.example"
    email: Annotated[str, Env("DEMO_EMAIL")]
    api_key: Annotated[str | None, Env("DEMO_API_KEY"), Secret()] = None
    token: Annotated[str | None, Env("DEMO_TOKEN"), Secret()] = None
    pause: Annotated[float, Env("DEMO_PAUSE")] = 1.0
    operations: Annotated[dict[str, dict[str, Any]], Env("DEMO_OPERATIONS")] = {}


class OtherSettings(Settings):
    account: Annotated[str, Env("OTHER_ACCOUNT")]
    url: Annotated[str, Env("OTHER_URL")] = "https://demo.example"


class Api:
    def __init__(self, settings: DemoSettings, client: Client) -> None:
        self.settings, self.client, self.closed = settings, client, 0

    async def aclose(self) -> None:
        self.closed += 1


PLATFORMS = {
    "demo": Platform("demo", "Demo", DemoSettings, Api, Table([CALL]), Api.aclose),
    "other": Platform("other", "Other", OtherSettings, Api, Table([]), Api.aclose),
}
ENOUGH = {"DEMO_EMAIL": "a@b.example", "DEMO_API_KEY": "canary-key", "OTHER_ACCOUNT": "x"}


def session(
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    env: Mapping[str, str] | None = None,
    redactor: Redactor | None = None,
    **kw: Any,
) -> Session:
    return Session(
        connections or {}, ENOUGH if env is None else env, redactor=redactor or Redactor(), platforms=PLATFORMS, **kw
    )


def settings(opened: Session) -> DemoSettings:
    found = opened.settings("demo")
    assert isinstance(found, DemoSettings)
    return found


def test_environment_before_stack_file_before_config() -> None:
    given = {"demo": {"email": "stack", "pause": 2}}
    extra = {"demo": {"email": "config", "pause": 3, "url": "https://config.example", "token": "from-config"}}
    found = settings(session(given, ENOUGH, extra=extra))
    assert (found.email, found.pause, found.url, found.token) == (
        "a@b.example",
        2.0,
        "https://config.example",
        "from-config",
    )


def test_empty_variables_count_as_absent_and_line_ends_are_cut() -> None:
    found = settings(session(env={**ENOUGH, "DEMO_URL": "", "DEMO_API_KEY": "canary-key\n"}))
    assert (found.url, found.api_key) == ("https://demo.example", "canary-key")


def test_all_that_is_missing_is_named_with_its_variable() -> None:
    opened = session(env={"DEMO_API_KEY": ""})
    assert [str(problem) for problem in opened.missing(["demo", "other"])] == [
        "Demo: email is missing (set DEMO_EMAIL, or connections.demo.email in the stack file)",
        "Demo: api_key or token is missing (set DEMO_API_KEY or DEMO_TOKEN)",
        "Other: account is missing (set OTHER_ACCOUNT, or connections.other.account in the stack file)",
    ]
    with pytest.raises(CredentialsError, match="DEMO_EMAIL") as caught:
        asyncio.run(opened("demo"))
    assert caught.value.exit_code == 4


def test_one_of_the_secrets_is_enough() -> None:
    assert session(env={"DEMO_EMAIL": "a", "DEMO_TOKEN": "t"}).missing(["demo"]) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"demo": {"api_key": "canary-key"}}, "is a secret.*set DEMO_API_KEY instead"),
        ({"demo": {"emial": "x"}}, "unknown setting 'emial'.*did you mean 'email'"),
        ({"dmo": {}}, "unknown platform 'dmo'.*did you mean 'demo'"),
    ],
)
def test_connections_that_are_refused(given: dict[str, dict[str, Any]], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        session(given)
    assert "canary" not in str(caught.value)


def test_a_value_of_the_wrong_type_names_setting_and_variable_but_not_the_value() -> None:
    with pytest.raises(InputError, match=r"connections\.demo\.pause: .*DEMO_PAUSE") as caught:
        session(env={**ENOUGH, "DEMO_PAUSE": "canary"}).missing(["demo"])
    assert "canary" not in str(caught.value)


def test_a_mapping_in_the_environment_is_json() -> None:
    rows = '{"thing.list": {"path": "/objects"}}'
    found = settings(session(env={**ENOUGH, "DEMO_OPERATIONS": rows}))
    assert found.operations == {"thing.list": {"path": "/objects"}}
    with pytest.raises(InputError, match="DEMO_OPERATIONS"):
        session(env={**ENOUGH, "DEMO_OPERATIONS": "{"}).check(["demo"])


def test_secrets_are_redacted_from_the_moment_they_are_known() -> None:
    redactor = Redactor()
    opened = session(redactor=redactor)
    opened.check(["demo"])
    assert redactor.scrub("key canary-key") == "key (secret)"
    assert "canary" not in repr(opened) + repr(opened.settings("demo"))


def test_rates_by_environment_stack_file_and_config() -> None:
    async def rates(given: dict[str, dict[str, Any]], **env: str) -> list[tuple[float, float]]:
        async with session(given, ENOUGH | env, extra={"other": {"patience": "1h"}}) as opened:
            limits = [(await opened(name)).client.limit for name in ("demo", "other")]
            return [(limit.pace.most, limit.patience) for limit in limits]

    assert asyncio.run(rates({})) == [(math.inf, 900), (math.inf, 3600)]
    assert asyncio.run(rates({"demo": {"max_rps": 20, "patience": "45s"}})) == [(20, 45), (math.inf, 3600)]
    given = {"demo": {"max_rps": 20}, "other": {"max_rps": 5}}
    assert asyncio.run(rates(given, HEADEND_MAX_RPS="7.5", HEADEND_PATIENCE="0s")) == [(7.5, 0), (7.5, 0)]


@pytest.mark.parametrize("given", [{"max_rps": 0}, {"max_rps": "inf"}, {"patience": 900}])
def test_rates_that_are_none(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"connections.demo.*it may come from HEADEND_"):
        session({"demo": given}).settings("demo")


def test_an_api_is_opened_once_shares_its_hosts_limit_and_is_closed() -> None:
    async def go() -> None:
        transports = {"demo": httpx.MockTransport(lambda request: httpx.Response(200, json=[]))}
        async with session(transports=transports, parallelism=3) as opened:
            first, second = await asyncio.gather(opened("demo"), opened("demo"))
            other = await opened("other")
            assert first is second
            assert first.client.limit is other.client.limit
            assert first.client.limit.most == 3
            assert (await first.client.send(CALL)).body == []
            assert opened.clients["demo"].sent == {"thing.list": 1}
        assert (first.closed, other.closed) == (1, 1)
        await opened.aclose()
        assert first.closed == 1

    asyncio.run(go())
