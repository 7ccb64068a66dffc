"""How mycujoo is called."""

from __future__ import annotations

from headend.core.wire.registry import Platform
from headend.mycujoo.api import connect
from headend.mycujoo.invoke import HIDDEN, NOT_MANAGED, invoke
from headend.mycujoo.paging import next_page
from headend.mycujoo.settings import MycujooSettings
from headend.mycujoo.tabular import rows
from headend.mycujoo.wire import TABLE

PLATFORM = Platform(
    name="mycujoo",
    title="mycujoo",
    settings=MycujooSettings,
    connect=connect,
    table=TABLE,
    invoke=invoke,
    turn_page=lambda operation, request, answer: next_page(operation, answer.body),
    hidden=HIDDEN,
    probe="action.list",
    rows=rows,
    not_managed=NOT_MANAGED,
)
