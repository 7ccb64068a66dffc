"""What a command loads: modules that it has no use for cost every user of it time, so they stay out."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from headend.cli.commands import COMMANDS, AllCommands
from headend.core.model import kind as kind_module
from headend.core.model import lookup as lookup_module
from headend.core.wire.registry import platforms

LOADED = """\
import sys
from headend.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
print(*sys.modules)
"""
SERVERS = {"pulumi", "starlette", "uvicorn", "headend.simulator"}
CLIENTS = {"aiohttp", "asyncio", "cryptography", "headend.core.wire.operations", "httpx", "ssl"}
ENGINE = {"deepdiff", "filelock", "headend.core.reconcile", "sqlite3"}
STACKS = {"headend.core.stackfile", "pydantic", "yaml"}
TERMINALS = {"rich"}
ALL = SERVERS | CLIENTS | ENGINE | STACKS | TERMINALS
PLATFORMS = {f"headend.{name}" for name in platforms()}

ATEME = """\
headend: 1
ateme:
  environments:
    e:
      name: e
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs: {i: {variant: srt_push, port: 5001}}
"""
CARDS = "rights_locker: {stream_limits: {l: {account_id: a, limit: 2}}}\n"
FOUND = "lookups: {best: {straas.playlist: {title: Best}}}\n"
CASES = {
    "--version": ("", ALL | PLATFORMS),
    "--help": ("", ALL | PLATFORMS),
    "plan --help": ("", SERVERS | {"aiohttp", "httpx"} | TERMINALS | PLATFORMS),
    "validate --help": ("", ALL - STACKS | PLATFORMS),
    "kinds just": ("", SERVERS | CLIENTS | ENGINE | TERMINALS | PLATFORMS - {"headend.just"}),
    "validate stack.yaml": (ATEME, ALL - STACKS | PLATFORMS - {"headend.ateme"}),
}
CASES |= {
    f"validate {name}.yaml": (text, ALL - STACKS | PLATFORMS - {f"headend.{one}" for one in used})
    for name, text, used in (
        ("two", ATEME + CARDS, ("ateme", "rights_locker")),
        ("found", "headend: 1\n" + CARDS + FOUND, ("rights_locker", "straas")),
    )
}


def test_a_platforms_kinds_and_lookups_are_all_in_the_modules_that_it_names() -> None:
    for name in platforms():
        package = importlib.import_module(f"headend.{name}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"headend.{name}.{module.name}")
    everything = [*kind_module.kinds.values(), *lookup_module.lookups.values()]
    found = {type(one).__module__ for one in everything}
    named = {
        f"headend.{name}.{module}"
        for name in platforms()
        for module in importlib.import_module(f"headend.{name}").KINDS
    }
    assert {module for module in found if module.startswith("headend.")} == named


@pytest.mark.parametrize(("command", "stack", "unused"), [(c, *case) for c, case in CASES.items()], ids=CASES)
def test_a_command_loads_nothing_that_it_does_not_use(
    command: str, stack: str, unused: set[str], tmp_path: Path
) -> None:
    words = command.split()
    if stack:
        (tmp_path / words[-1]).write_text(stack)
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert unused & set(ran.stdout.splitlines()[-1].split()) == set()


def test_help_names_every_command_in_the_order_of_a_days_work() -> None:
    group = AllCommands(name="headend")
    assert list(group.summaries()) == group.list_commands(None)
    assert group.list_commands(None)[: len(COMMANDS)] == list(COMMANDS)
