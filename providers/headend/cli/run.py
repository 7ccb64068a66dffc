"""What every command that reads or writes needs: the stack, the state, the session, and a place to be asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
from collections import ChainMap
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headend.cli.echo import echo
from headend.cli.loading import load_stack
from headend.cli.options import Flags
from headend.core.model.errors import GuardError, InputError, StateError
from headend.core.model.options import parse_duration
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.core.reconcile.adoption import adopting
from headend.core.reconcile.state import State, is_there, open_nowhere, open_state, open_to_look, peek
from headend.core.reconcile.state.places import VARIABLE, Place, default_place, environment_place
from headend.core.stackfile.secrets import WithSecrets
from headend.core.wire.redaction import Redactor
from headend.core.wire.registry import kinds

if TYPE_CHECKING:
    from headend.core.reconcile.plan import Plan
    from headend.core.wire.session import Session

_NEW_OBJECTS = 200_000  # before a look for garbage, which finds next to none: what a plan makes lasts to its end


def state_place(stack: str, simulator: bool, folder: Path) -> Place:
    """HEADEND_STATE, else .headend/<stack>.db beside the stack file (folder: where that is). A simulated world has a
    state of its own, in a file."""
    place = environment_place(stack, folder)
    return world_state(place, stack, folder) if simulator else place


def world_state(place: Place, stack: str, folder: Path) -> Path:
    """The file of the state of a simulated world."""
    path = place if isinstance(place, Path) else default_place(stack, folder)
    return path.with_suffix(f".simulated{path.suffix}")


@contextlib.contextmanager
def simulated(path: Path) -> Iterator[dict[str, Any]]:
    """The platforms in this process, their world kept beside the state. Gives Session's arguments."""
    from headend.simulator import Simulator  # heavy, and rarely wanted

    simulator = Simulator(by_hand=True)
    file = path.with_suffix(".world.json")
    try:
        if file.exists():
            simulator.load(json.loads(file.read_text()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise StateError(f"{file} is not a simulated world; delete it to begin anew") from None
    try:
        transports = dict.fromkeys(simulator.sims, simulator.transport())
        yield {"env": simulator.settings(), "transports": transports, "extra": {"ateme": {"poll_interval": 0}}}
    finally:
        _keep_world(file, json.dumps(simulator.dump()))


def _keep_world(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.touch(0o600)  # a world holds secrets in the clear
        part.write_text(text)
        part.replace(file)
    except OSError as error:
        raise StateError(f"{file}: {error.strerror or error}; what happened in the simulated world is lost") from None


@contextlib.contextmanager
def connected(
    connections: Mapping[str, Mapping[str, Any]],
    path: Place,
    simulator: bool,
    redactor: Redactor,
    parallelism: int = 16,
    rates: Mapping[str, str] = {},
) -> Iterator[Session]:
    """A session by the environment and a stack's `connections:`, or with the simulated platforms beside `path`."""
    from headend.core.wire.session import Session  # loads httpx: only where requests may be made

    with contextlib.ExitStack() as stacked:
        where: dict[str, Any] = {"env": WithSecrets(os.environ)}
        if simulator:
            assert isinstance(path, Path)  # `state_place` gives a simulated world a file
            where = stacked.enter_context(simulated(path))
            connections = {}
        where["env"] = ChainMap(dict(rates), where["env"])
        gc.freeze()  # neither what is loaded nor the stack will be garbage
        gc.set_threshold(_NEW_OBJECTS)
        gc.enable()
        yield Session(connections, redactor=redactor, parallelism=parallelism, tell=partial(echo, err=True), **where)


@contextlib.asynccontextmanager
async def opened(
    options: Flags,
    redactor: Redactor,
    *,
    need_secrets: bool = True,
    need_variables: bool = True,
    only_look: bool = False,
    of_another_engine: bool = False,
) -> AsyncIterator[tuple[Stack, State, Session]]:
    """Stack, state and session. What is missing is named before anything is requested. only_look: no state is made.
    of_another_engine: also of a stack that was handed over. Raises GuardError for one who would write else."""
    stack = load_stack(options, redactor, need_secrets=need_secrets, need_variables=need_variables)
    stack = adopting(stack, {options.adopt} if options.adopt else ())
    path = state_place(stack.name, options.simulator, options.file.parent)
    heed_stateless(options, stack, path, only_look=only_look)
    with (
        _opened_state(path, stack.name, options, only_look=only_look) as state,
        connected(stack.connections, path, options.simulator, redactor, options.parallelism, options.rates) as session,
    ):
        if not of_another_engine:
            heed_hand_over(state, options.file, only_look=only_look)
        state.need_key()
        used = stack.platforms()
        used |= {kinds()[kind].platform for kind in state.kinds() if kind in kinds()}
        async with session:
            session.check(used)
            state.work_at({platform: session.place(platform) for platform in used}, keep=not only_look)
            if options.stateless:
                from headend.core.reconcile.stateless import find_all

                state.doubts = await find_all(stack, state, session)
            yield stack, state, session


def heed_stateless(options: Flags, stack: Stack, path: Place, *, only_look: bool) -> None:
    """Raises InputError where there is a state that a run without one would leave behind; says what isn't heeded."""
    if not options.stateless:
        return
    if os.environ.get(VARIABLE):
        raise InputError(f"--stateless (HEADEND_STATELESS) keeps no state, but {VARIABLE} names one; leave one out")
    if not only_look and is_there(path):
        raise InputError(f"--stateless would leave the state {path} behind; move it away, or leave out --stateless")
    renamed = any(one.lifecycle.renamed_from for one in stack.resources.values())
    if stack.moved or stack.removed or renamed:
        echo("without state, nobody knows former addresses: moved:, removed: and renamed_from mean nothing", err=True)


def heed_hand_over(state: State, file: Path | str, *, only_look: bool = False) -> None:
    """Raises GuardError where the stack was handed over to Pulumi. only_look: says so."""
    since = state.handed_over
    if since is None:
        return
    told = f"{file}: the stack is Pulumi's since {since}"
    if only_look:
        echo(f"{told}, so that this state may be out of date: `pulumi preview` tells", err=True)
        return
    taken = f"`pulumi stack export --show-secrets | headend pulumi export-state {file}` brings it back"
    never = f"if Pulumi never got it, `headend pulumi take-back {file}`"
    raise GuardError(f"{told}, and headend changes nothing of it: `pulumi up` does. {taken}; {never}")


def _opened_state(path: Place, stack: str, options: Flags, *, only_look: bool) -> AbstractContextManager[State]:
    if options.stateless:
        return open_nowhere(stack)
    patience = lock_patience(options.lock_timeout)
    if only_look:
        return open_to_look(path, stack, patience=patience, lock=options.lock)
    return open_state(path, stack, patience=patience)


def lock_patience(given: str | None = None) -> float:
    """Seconds to wait for a state that another run has: the flag, else HEADEND_LOCK_TIMEOUT, else none."""
    text = given or os.environ.get("HEADEND_LOCK_TIMEOUT")
    try:
        return parse_duration(text).total_seconds() if text else 0
    except ValueError as error:
        raise InputError(f"HEADEND_LOCK_TIMEOUT: {error}") from None


@contextlib.asynccontextmanager
async def looking(stack: Stack, path: Place, options: Flags, redactor: Redactor) -> AsyncIterator[Session]:
    """A session for who only reads. What is missing is named before anything is requested."""
    with connected(stack.connections, path, options.simulator, redactor, options.parallelism, options.rates) as session:
        async with session:
            session.check({r.kind.platform for r in stack.resources.values()})
            yield session


async def check_policies(
    plan: Plan, stack: Stack, records: Callable[[], Mapping[str, Record]], session: Session
) -> Plan:
    """See `policies.check_plan`, which a stack without policies needs nothing of."""
    if not stack.policies:
        return plan
    from headend.core.reconcile.policies import check_plan

    return await check_plan(plan, stack, records, session)


def glimpsed(path: Place, stack: str) -> dict[str, Record] | None:
    """What state holds, for who only looks; None, and a word about it, while another process has the file."""
    records = peek(path, stack)
    if records is None:
        echo(f"{path} is in use by another headend process: objects are found by their names", err=True)
    return records


def stop_on_interrupt(tell: Callable[[str], None], then: Callable[[], None] = lambda: None) -> asyncio.Event:
    """Set by the first Ctrl-C (or SIGTERM, SIGHUP), which `tell` confirms; another one is told that it is
    being done."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            tell("already stopping: waiting for what is in flight, so that it can be recorded")
        else:
            stop.set()
            tell("stopping: nothing new begins; what is in flight is finished and recorded")
            then()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGHUP: the terminal or the SSH session closed
        loop.add_signal_handler(number, ask)
    return stop
