"""How Straas is called."""

from __future__ import annotations

from headend.core.wire.registry import Platform
from headend.straas.api import connect
from headend.straas.invoke import HIDDEN, NOT_MANAGED, invoke
from headend.straas.paging import turn_page
from headend.straas.settings import StraasSettings
from headend.straas.wire import TABLE

PLATFORM = Platform(
    name="straas",
    title="Straas",
    settings=StraasSettings,
    connect=connect,
    table=TABLE,
    invoke=invoke,
    turn_page=turn_page,
    hidden=HIDDEN,
    probe="category.list",
    not_managed=NOT_MANAGED,
)
