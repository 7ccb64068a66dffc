"""How Rights Locker is called."""

from __future__ import annotations

from headend.core.wire.registry import Platform
from headend.rights_locker.api import connect
from headend.rights_locker.invoke import FILLED, HIDDEN, invoke, next_page
from headend.rights_locker.settings import RightsLockerSettings
from headend.rights_locker.wire import TABLE

PLATFORM = Platform(
    name="rights_locker",
    title="Rights Locker",
    settings=RightsLockerSettings,
    connect=connect,
    table=TABLE,
    invoke=invoke,
    turn_page=lambda operation, request, answer: next_page(operation, answer.body),
    filled=FILLED,
    hidden=HIDDEN,
)
