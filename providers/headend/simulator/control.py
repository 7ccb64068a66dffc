"""Control routes beside the simulated platforms: the journal, faults, worlds, switches, latency and clock, over HTTP.

`Control(simulator)` is an ASGI app: what is below /control/ is answered here, all else by the simulator.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError

from headend.core.model.frozen import frozen_dataclass
from headend.simulator.app import Receive, Scope, Send, Simulator, chunks
from headend.simulator.clock import SimulatedClock
from headend.simulator.control_models import (
    ClockChange,
    ClockNow,
    FaultEntry,
    JournalEntry,
    JournalQuery,
    Latency,
    Patch,
    Switches,
    Worlds,
)
from headend.simulator.faults import Fault
from headend.simulator.json_patch import PatchError, patched

PREFIX = "/control"


class Refused(Exception):
    """The request can't be done: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@frozen_dataclass
class ControlRoute:
    """One route. takes, gives: types of the bodies, None: no body. query: type of the query's values."""

    method: str
    path: str
    title: str
    handler: Callable[..., Any]
    takes: Any = None
    gives: Any = None
    query: Any = None


class Control:
    """The control routes of a simulator, and the simulator beside them. clock: the one that the simulator has."""

    def __init__(self, simulator: Simulator, clock: SimulatedClock) -> None:
        self.simulator, self.clock = simulator, clock

    @cached_property
    def routes(self) -> tuple[ControlRoute, ...]:
        add = ControlRoute
        return (
            add(
                "GET",
                "/journal",
                "Shows the requests so far",
                self._journal,
                gives=list[JournalEntry],
                query=JournalQuery,
            ),
            add("DELETE", "/journal", "Empties the journal", self._reset),
            add("GET", "/faults", "Lists the faults", self._faults, gives=list[FaultEntry]),
            add("POST", "/faults", "Adds a fault", self._add_fault, takes=Fault, gives=FaultEntry),
            add("PUT", "/faults", "Replaces all faults", self._put_faults, takes=list[Fault], gives=list[FaultEntry]),
            add("DELETE", "/faults", "Removes all faults", self._clear_faults),
            add("DELETE", "/faults/{id}", "Removes a fault", self._remove_fault),
            add("GET", "/world", "Shows what the platforms hold", self._world, gives=Worlds),
            add("PUT", "/world", "Replaces the tables that are given", self._put_world, takes=Worlds, gives=Worlds),
            add("PATCH", "/world", "Changes what the platforms hold", self._patch_world, takes=Patch, gives=Worlds),
            add("GET", "/switches", "Shows how the platforms behave", self._switches, gives=Switches),
            add("PUT", "/switches", "Sets the switches given", self._put_switches, takes=Switches, gives=Switches),
            add("GET", "/latency", "Shows the latency", self._latency, gives=Latency),
            add("PUT", "/latency", "Sets the latency", self._put_latency, takes=Latency, gives=Latency),
            add("GET", "/clock", "Shows the platforms' time", self._clock, gives=ClockNow),
            add("PUT", "/clock", "Sets, moves or stops the clock", self._put_clock, takes=ClockChange, gives=ClockNow),
            add("GET", "/openapi.json", "Describes these routes", self._openapi, gives=dict[str, Any]),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self.simulator(scope, receive, send)
            return
        raw = b"".join([chunk async for chunk in chunks(receive)])
        try:
            status, answer = self._answer(scope["method"], path.removeprefix(PREFIX), scope["query_string"], raw)
        except Refused as refused:
            status, answer = refused.status, json.dumps({"message": refused.why}).encode()
        fields = [(b"content-length", str(len(answer)).encode())]
        fields += [(b"content-type", b"application/json")] if answer else []
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, method: str, path: str, query: bytes, raw: bytes) -> tuple[int, bytes]:
        found = [(route, values) for route in self.routes if (values := _match(route.path, path)) is not None]
        if not found:
            paths = ", ".join(dict.fromkeys(PREFIX + route.path for route in self.routes))
            raise Refused(404, f"no such control route: {PREFIX}{path}; there are: {paths}")
        route, values = next(((r, v) for r, v in found if r.method == method), (None, {}))
        if route is None:
            raise Refused(405, f"{PREFIX}{path} takes {', '.join(r.method for r, _ in found)}")
        given: list[Any] = list(values.values())
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        if route.query is not None:
            given.append(_read(route.query, dict(pairs)))
        elif pairs:
            raise Refused(400, f"unknown query parameter {pairs[0][0]!r}; this route takes none")
        if route.takes is not None:
            given.append(_read_json(route.takes, raw))
        elif raw:
            raise Refused(400, "this route takes no body")
        try:
            result = route.handler(*given)
        except (ValueError, OverflowError) as error:
            raise Refused(400, str(error)) from None
        if route.gives is None:
            return 204, b""
        # what was not given stays away, so that what is listed can be sent again
        return 200, TypeAdapter(route.gives).dump_json(result, by_alias=True, exclude_unset=True)

    # --- journal -------------------------------------------------------------------------------------------------
    def _journal(self, query: JournalQuery) -> list[JournalEntry]:
        return [
            JournalEntry(
                number=number,
                platform=e.platform,
                operation=e.key,
                method=e.method,
                path=e.path,
                query=list(e.query),
                body=e.body,
                status=e.status,
                write=e.write,
            )
            for number, e in enumerate(self.simulator.journal, 1)
            if number > query.since
            and query.platform in {None, e.platform}
            and (query.operation is None or fnmatch.fnmatchcase(e.key, query.operation))
            and (query.write is None or (query.write == "true") == e.write)
        ]

    def _reset(self) -> None:
        self.simulator.reset_journal()

    # --- faults --------------------------------------------------------------------------------------------------
    def _faults(self) -> list[FaultEntry]:
        return [FaultEntry.of(one) for one in self.simulator.faults]

    def _add_fault(self, fault: Fault) -> FaultEntry:
        return FaultEntry.of(self.simulator.faults.add(fault))

    def _put_faults(self, given: list[Fault]) -> list[FaultEntry]:
        kept = [*self.simulator.faults]
        self.simulator.faults.clear()
        try:
            return [self._add_fault(fault) for fault in given]
        except ValueError:  # bad input changes nothing
            self.simulator.faults.planted[:] = kept
            raise

    def _clear_faults(self) -> None:
        self.simulator.faults.clear()

    def _remove_fault(self, id: str) -> None:
        try:
            self.simulator.faults.remove(id)
        except KeyError:
            raise Refused(404, f"no fault {id!r}") from None

    # --- worlds and switches -------------------------------------------------------------------------------------
    def _world(self) -> Worlds:
        return self.simulator.dump()

    def _put_world(self, worlds: Worlds) -> Worlds:
        self._known(worlds, "platform", self.simulator.sims)
        for name, tables in worlds.items():
            self._known(tables, f"table of {name}", self.simulator.sims[name].world)
            for table, rows in tables.items():
                if type(rows) is not type(self.simulator.sims[name].world[table]):
                    raise ValueError(
                        f"{name}.{table}: the table holds {type(self.simulator.sims[name].world[table]).__name__}"
                    )
        self.simulator.load(worlds)
        return self.simulator.dump()

    def _patch_world(self, steps: Patch) -> Worlds:
        try:
            return self._put_world(TypeAdapter(Worlds).validate_python(patched(self.simulator.dump(), steps)))
        except PatchError as error:
            raise Refused(409, str(error)) from None

    def _switches(self) -> Switches:
        return {n: {switch: sim.switch(switch) for switch in sim.switches} for n, sim in self.simulator.sims.items()}

    def _put_switches(self, given: Switches) -> Switches:
        self._known(given, "platform", self.simulator.sims)
        before = self._switches()
        try:
            self._set_switches(given)
        except ValueError:
            self._set_switches(before)
            raise
        return self._switches()

    def _set_switches(self, given: Switches) -> None:
        for name, switches in given.items():
            for switch, value in switches.items():
                self.simulator.sims[name].set_switch(switch, value)

    @staticmethod
    def _known(given: Any, what: str, known: Any) -> None:
        for name in given:
            if name not in known:
                raise ValueError(f"no {what} {name!r}; there are: {', '.join(sorted(known))}")

    # --- time ----------------------------------------------------------------------------------------------------
    def _latency(self) -> Latency:
        return Latency(latency=self.simulator.latency)

    def _put_latency(self, given: Latency) -> Latency:
        self.simulator.latency = given.latency
        return given

    def _clock(self) -> ClockNow:
        return ClockNow(now=self.clock(), frozen=self.clock.frozen)

    def _put_clock(self, given: ClockChange) -> ClockNow:
        self.clock.change(given.now, given.advance, given.frozen)
        return self._clock()

    def _openapi(self) -> dict[str, Any]:
        from headend.simulator.control_openapi import describe

        return describe(self.routes, PREFIX)


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """The values of the pattern's places, None if the path is another."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    pairs = [*zip(wanted, given, strict=True)]
    if any(w != g and not (w.startswith("{") and g) for w, g in pairs):
        return None
    return {w.strip("{}"): g for w, g in pairs if w.startswith("{")}


def _read_json(type_: Any, raw: bytes) -> Any:
    try:
        given = json.loads(raw)
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    return _read(type_, given)


def _read(type_: Any, given: Any) -> Any:
    try:
        return TypeAdapter(type_).validate_python(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        said = (
            f"{'.'.join(map(str, e['loc'])) or 'the body'}: {e['msg'].removeprefix('Value error, ')}" for e in found
        )
        raise Refused(400, "; ".join(said)) from None
