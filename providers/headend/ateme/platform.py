"""How Ateme+ Cloud is called."""

from __future__ import annotations

from typing import Any

from headend.ateme.api import Ateme, connect
from headend.ateme.invoke import HIDDEN, find_environment, invoke
from headend.ateme.settings import AtemeSettings
from headend.ateme.verbs import VERBS
from headend.ateme.wire import TABLE, WORDS
from headend.core.wire.registry import Platform


async def examine(api: Ateme) -> Any:
    from headend.ateme.doctor import examine  # only doctor has a use for it

    return await examine(api)


PLATFORM = Platform(
    name="ateme",
    title="Ateme+ Cloud",
    settings=AtemeSettings,
    connect=connect,
    table=TABLE,
    invoke=invoke,
    find_scope=find_environment,
    examine=examine,
    hidden=HIDDEN,
    verbs=VERBS,
    probe="user.me",
    words=WORDS,
)
