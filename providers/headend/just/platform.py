"""How Just is called."""

from __future__ import annotations

from headend.core.wire.registry import Platform
from headend.just.api import connect
from headend.just.invoke import invoke
from headend.just.settings import JustSettings
from headend.just.wire import TABLE

PLATFORM = Platform(name="just", title="Just", settings=JustSettings, connect=connect, table=TABLE, invoke=invoke)
