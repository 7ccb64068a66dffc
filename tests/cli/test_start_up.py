"""What a command loads: modules that it has no use for cost every user of it time, so they stay out."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cli.harness import World
from headend.cli.commands import COMMANDS, AllCommands
from headend.core.model import kind as kind_module
from headend.core.model import lookup as lookup_module
from headend.core.model.errors import GuardError
from headend.core.wire.registry import platforms

LOADED = """\
import sys
from headend.cli.main import main
try:
    main()
finally:
    print(*sys.modules)
"""
SERVERS = {"pulumi", "starlette", "uvicorn", "headend.simulator"}
CLIENTS = {"aiohttp", "asyncio", "cryptography", "headend.core.wire.operations", "httpx", "ssl"}
ENGINE = {"deepdiff", "filelock", "headend.core.reconcile", "sqlite3"}
STACKS = {"headend.core.stackfile", "pydantic", "yaml"}
TERMINALS = {"click", "pygments", "rich"}
ALL = SERVERS | CLIENTS | ENGINE | STACKS | TERMINALS
PLATFORMS = {f"headend.{name}.*" for name in platforms()}  # all but the tables of what there is
TABLES: dict[str, Any] = {"KINDS": kind_module.kinds, "LOOKUPS": lookup_module.lookups}

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
OTHERS = """\
mycujoo: {accounts: {a: {email: a@example.com, invite: true}}}
straas: {members: {m: {id: member, email: m@example.com}}}
just: {profiles: {p: {}}}
"""
FOUND = "lookups: {best: {straas.playlist: {title: Best}}}\n"
CASES = {
    "--version": ("", ALL | PLATFORMS),
    "--help": ("", ALL | PLATFORMS),
    "plan --help": ("", SERVERS | {"aiohttp", "httpx"} | TERMINALS | PLATFORMS),
    "pulumi import --help": ("", SERVERS | {"aiohttp", "httpx"} | TERMINALS | PLATFORMS),
    "validate --help": ("", ALL - STACKS | PLATFORMS),
    "kinds just": ("", SERVERS | CLIENTS | ENGINE | TERMINALS | PLATFORMS - {"headend.just.*"}),
    "plan stack.yaml": (ATEME, SERVERS | {"aiohttp", "deepdiff"} | TERMINALS | PLATFORMS - {"headend.ateme.*"}),
    "validate stack.yaml": (ATEME, ALL - STACKS | PLATFORMS - {"headend.ateme.*"}),
}
CASES |= {
    f"validate {name}.yaml": (text, ALL - STACKS | PLATFORMS - {f"headend.{one}.*" for one in used})
    for name, text, used in (
        ("two", ATEME + CARDS, ("ateme", "rights_locker")),
        ("five", ATEME + CARDS + OTHERS, ("ateme", "rights_locker", "mycujoo", "straas", "just")),
        ("found", "headend: 1\n" + CARDS + FOUND, ("rights_locker", "straas")),
    )
}


@pytest.mark.parametrize(("table", "registered"), TABLES.items(), ids=TABLES)
def test_a_platform_names_the_module_of_all_that_it_registers(table: str, registered: Any) -> None:
    named = {}
    for name in platforms():
        package = importlib.import_module(f"headend.{name}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"headend.{name}.{module.name}")
        named |= {one: f"headend.{name}.{module}" for one, module in getattr(package, table, {}).items()}
    found = {name: type(one).__module__ for name, one in registered.items()}
    assert {name: module for name, module in found.items() if module.startswith("headend.")} == named


@pytest.mark.parametrize(("command", "stack", "unused"), [(c, *case) for c, case in CASES.items()], ids=CASES)
def test_a_command_loads_nothing_that_it_does_not_use(
    command: str, stack: str, unused: set[str], tmp_path: Path
) -> None:
    words = command.split()
    if stack:
        (tmp_path / words[-1]).write_text(stack)
    code = 4 if command == "plan stack.yaml" else 0  # nothing is set: it ends before it asks
    assert unused & loaded(LOADED, tmp_path, *words, code=code) == set()


def loaded(program: str, folder: Path, *words: str, code: int = 0) -> set[str]:
    """The modules that a program says it has loaded, and `package.*` for each package that has more than itself."""
    command = [sys.executable, "-c", program, *words]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HEADEND_")}
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    modules = ran.stdout.splitlines()[-1].split()
    return {*modules, *(f"{module.rpartition('.')[0]}.*" for module in modules)}


def test_pulumis_provider_process_loads_no_kind_before_it_is_asked_for_one(tmp_path: Path) -> None:
    program = "import sys, headend.pulumi.p; print(*sys.modules)"
    assert (
        loaded(program, tmp_path) & ((SERVERS - {"pulumi"}) | TERMINALS | {"aiohttp", "deepdiff"} | PLATFORMS) == set()
    )


def test_garbage_waits_only_until_requests_may_be_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[bool] = []

    def note(*given: object, **more: object) -> NoReturn:
        collected.append(gc.isenabled())
        raise GuardError("enough")

    world.write("stack.yaml", ATEME)
    monkeypatch.setattr("headend.cli.plan_commands.make_plan", note)
    monkeypatch.setattr("headend.cli.validate_command.load_stack", note)
    assert [world(command, "stack.yaml").code for command in ("validate", "plan")] == [GuardError.exit_code] * 2
    assert [*collected, gc.isenabled(), gc.get_freeze_count()] == [False, True, True, 0]


def test_help_names_every_command_in_the_order_of_a_days_work() -> None:
    group = AllCommands(name="headend")
    assert list(group.summaries()) == group.list_commands(None)
    assert group.list_commands(None)[: len(COMMANDS)] == list(COMMANDS)
