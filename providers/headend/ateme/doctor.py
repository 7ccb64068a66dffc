"""Compares the operations table, most of which is assumed, with the tenant that it is used on.

Nothing is changed there: what is sent is GET, where the contract knows of no side effect, and OPTIONS, by which a
server may tell what a path takes.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from headend.ateme import reads
from headend.ateme.answers import Object, rows, text_id
from headend.ateme.api import Ateme
from headend.ateme.guesses import begins, guesses, move
from headend.ateme.rows import Marks
from headend.core.model.errors import ApiError, DecodeError, NotFound, Refused
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.decode import decode
from headend.core.wire.operations import Operation

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

_ANY = frozenset(range(300, 600)) - {401, 429, 502, 503, 504}  # statuses that are an answer to the question
_SIGN_ON = (
    "session.login",
    "user.me",
    "session.switch_managing",
    "organisation.list",
    "session.switch_organisation",
)
_NOWHERE = Operation("doctor.nowhere", "OPTIONS", "/api/headend-doctor-asks", "", "a path that is surely not there")


WRITES = "they write"
HARMFUL = "headend leaves them alone, for what they do"
NOTHING = "there is nothing to try them on"
DOUBTFUL = "their answers tell nothing"
THERE = "the path and the verb are there"


class Verdict(enum.StrEnum):
    """What came of an operation."""

    WORKS = "works"
    OTHERWISE = "otherwise"
    UNTRIED = "not tried"


@frozen_dataclass
class Finding:
    """One operation. how: what it answers, or why it wasn't tried. override: the row as it should be, None where
    that isn't known. proof: what the override rests on. sort: of one that wasn't tried, what many have in common."""

    op: Operation
    verdict: Verdict
    how: str = ""
    override: Mapping[str, str] | None = None
    proof: str = ""
    sort: str = ""


@frozen_dataclass
class _Asked:
    """Values for one call: its path, the environment whose token it goes with, its headers. row: of the object in the
    path."""

    path: Mapping[str, str]
    scope: str | None
    headers: Mapping[str, str]
    row: Object = field(default_factory=dict)


async def examine(api: Ateme) -> list[Finding]:
    """A finding for every row of the table, in its order.

    Raises Forbidden and CredentialsError where the login is refused: then nothing can be said of anything.
    """
    doctor = _Doctor(api)
    try:
        await api.tokens.get(None)
    except (NotFound, Refused, DecodeError) as error:
        return doctor.locked_out(error)
    for places in range(4):
        due = [op for op in api.table.values() if len(op.names()) == places and not reads.untried(op)]
        found = await asyncio.gather(*(doctor.read(op) for op in due))
        doctor.note(found)
        if places == 0:
            await doctor.enter()
    await doctor.look_at_the_rest()
    return [doctor.findings[key] for key in api.table]


class _Doctor:
    """One examination. samples: place -> values, each with the row it was found in. moves: of paths, as found."""

    def __init__(self, api: Ateme) -> None:
        self.api = api
        self.findings: dict[str, Finding] = {}
        self.samples: dict[str, list[tuple[str, Object]]] = {}
        self.moves: dict[str, str] = {}
        self.environment: str | None = None
        self.why_outside = "there is no environment"

    def note(self, found: Iterable[Finding]) -> None:
        for one in found:
            self.findings[one.op.key] = one
            if one.override and "path" in one.override:
                old, new = move(one.op.path, one.override["path"])
                if not new.endswith("/"):
                    self.moves[old] = new

    def locked_out(self, error: ApiError) -> list[Finding]:
        """Findings where the way in is already another one: it is the last call of the sign-on that was sent."""
        failed = [key for key in _SIGN_ON if self.api.client.sent[key]][-1]
        self.note(
            Finding(op, Verdict.UNTRIED, "there is no login", sort="there is no login")
            for op in self.api.table.values()
        )
        self.note([Finding(self.api.table[failed], Verdict.OTHERWISE, str(error).rpartition(": ")[2])])
        return list(self.findings.values())

    async def enter(self) -> None:
        """Goes into one environment, a running one if there is any."""
        waiting = [f.op for f in self.findings.values() if f.how == self.why_outside]
        known = self.samples.get("environment_id", [])
        running = [row for row in known if decode(Marks, "", row[1]).word in {"running", "started"}]
        for id, _ in [*running, *known][:1]:
            key = "session.switch_environment"
            try:
                await self.api.tokens.get(id)
                self.environment = id
            except (NotFound, Refused, DecodeError) as error:
                self.why_outside = f"{key} does not lead into environment {id}"
                self.note([Finding(self.api.table[key], Verdict.OTHERWISE, str(error).rpartition(": ")[2])])
        self.note(await asyncio.gather(*(self.read(op) for op in waiting)))

    # --- reading -------------------------------------------------------------------------------------------
    async def read(self, op: Operation) -> Finding:
        """Tries a read, and the likely other paths where it isn't as assumed."""
        asked = self.values(op)
        if isinstance(asked, str):
            return Finding(op, Verdict.UNTRIED, asked, sort=NOTHING)
        how, answer = await self.ask(op, asked)
        if answer is None:
            return Finding(op, Verdict.UNTRIED, how, sort=DOUBTFUL)
        if not how:
            self.keep(op, answer)
            return Finding(op, Verdict.WORKS)
        if key := reads.list_key(op, answer.body):
            fixed = replace(op, list_key=key)
            if not reads.misfit(fixed, answer.body, asked.path):
                self.keep(op, replace(answer, body=answer.body[key]))
                return Finding(op, Verdict.OTHERWISE, how, {"list_key": key}, "tried")
        for path in guesses(op, self.api.table, self.moves):
            wrong, other = await self.ask(replace(op, path=path), asked)
            if other is not None and not wrong:
                self.keep(op, other)
                empty = reads.is_list(op) and not rows(op, other.body)
                return Finding(op, Verdict.OTHERWISE, how, {"path": path}, "tried: an empty list" if empty else "tried")
        if why := reads.why_missing(op, asked.row, answer):
            return Finding(op, Verdict.UNTRIED, why, sort=NOTHING)
        return Finding(op, Verdict.OTHERWISE, how)

    async def ask(self, op: Operation, asked: _Asked) -> tuple[str, Answer | None]:
        """(what is wrong, the answer); no answer where it says nothing about path and shape."""
        try:
            answer = await self.api.send(
                op,
                scope=asked.scope,
                path=asked.path,
                query=reads.query(op, self.api.now()),
                headers=asked.headers,
                accept=_ANY,
                repeat=False,
            )
        except ApiError as error:
            return f"can't tell: {str(error).partition(': ')[2]}", None
        if answer.status < 300:
            wrong = reads.misfit(op, answer.body, asked.path)
            return (f"answers another shape: {wrong}" if wrong else ""), answer
        from headend.core.wire.answers import (
            error_message,
        )  # loads httpx, and this module is imported with its platform

        said = self.api.client.redactor.scrub(error_message(answer))[:120]
        how = f"answered {answer.status}" + (f": {said}" if said else "")
        if answer.status in {404, 405} or answer.status < 400:
            allowed = answer.headers.get("allow")
            return how + (f" (the path takes {allowed})" if allowed else ""), answer
        return f"can't tell: {how}", None

    def keep(self, op: Operation, answer: Answer) -> None:
        """Remembers the ids of a list for the calls that need one."""
        for place, (source, names) in reads.PLACES.items():
            if source == op.key and (found := reads.values(op.key, answer.body, names)):
                self.samples[place] = found

    def values(self, op: Operation) -> _Asked | str:
        """What to fill in, or why that can't be."""
        path: dict[str, str] = {}
        row: Object = {}
        scope = None if op.key.startswith("environment.") else self.environment
        for place in op.names():
            found = self.samples.get(place)
            if not found:
                source = reads.PLACES.get(place, ("",))[0]
                return f"no {place} is known" + (f": {source} shows none" if source else "")
            path[place], row = next((one for one in found if reads.has(op, one[1])), found[0])
            if place != "environment_id" and scope is not None:
                scope = text_id(row.get("environment_id")) or scope
        if " ae" in f" {op.role}" and self.environment is None:
            return self.why_outside
        if not op.role.startswith("dep"):
            return _Asked(path, scope, {}, row)
        deployments = self.samples.get("deployment_id")
        if not deployments:
            return "no deployment_id is known: tf_deployment.list shows none"
        return _Asked(path, scope, self.api.within(deployments[0][0]), row)

    # --- what isn't read -----------------------------------------------------------------------------------
    async def look_at_the_rest(self) -> None:
        """By OPTIONS where the server answers that; else by what became of each row's relatives."""
        rest = [op for op in self.api.table.values() if op.key not in self.findings]
        open = [f for f in self.findings.values() if f.override is None]
        rest += [f.op for f in open if f.verdict is Verdict.OTHERWISE or f.op.key in reads.OPTIONAL]
        telling = await self.options_tell()
        self.note(await asyncio.gather(*(self.look_at(op, telling) for op in rest)))

    async def look_at(self, op: Operation, telling: bool) -> Finding:
        known = self.findings.get(op.key)
        why = reads.untried(op)
        plain = known or Finding(op, Verdict.UNTRIED, why, sort=WRITES if why == reads.WRITES else HARMFUL)
        asked = self.values(op)
        if telling and not isinstance(asked, str) and (known is None or op.method != "GET"):
            return await self.asked_what_it_takes(op, asked, plain)
        for old, new in sorted(self.moves.items(), key=lambda pair: -len(pair[0])):
            if begins(op.path, old) and not self.stays(old):
                override = {"path": new + op.path[len(old) :]}
                return replace(plain, override=override, proof=f"not tried: {old} is {new} elsewhere")
        return plain

    def stays(self, start: str) -> bool:
        """Whether something works under the old beginning of a path, so that not all of it moved."""
        return any(f.verdict is Verdict.WORKS and begins(f.op.path, start) for f in self.findings.values())

    async def asked_what_it_takes(self, op: Operation, asked: _Asked, plain: Finding) -> Finding:
        verbs = await self.verbs(op, asked)
        if verbs is None or op.method in verbs:
            there = f"; {THERE}" if verbs is not None else ""
            return replace(plain, how=plain.how + there, sort=plain.sort + there)
        if verbs:
            how = f"the path takes {', '.join(sorted(verbs))}, and not {op.method}"
            others = {row.method for row in self.api.table.values() if row.path == op.path}
            free = sorted((verbs & {"POST", "PUT", "PATCH"}) - others)
            if len(free) == 1 and op.method in {"POST", "PUT", "PATCH"}:
                return Finding(op, Verdict.OTHERWISE, how, {"method": free[0]}, "the server offers it, not tried")
        else:
            how = "there is no such path"
        for path in guesses(op, self.api.table, self.moves):
            if op.method in (await self.verbs(replace(op, path=path), asked) or ()):
                return Finding(op, Verdict.OTHERWISE, how, {"path": path}, "the server offers it, not tried")
        return Finding(op, Verdict.OTHERWISE, how)

    async def options_tell(self) -> bool:
        """Whether OPTIONS is answered by what is there, and not the same for every path."""
        outside = _Asked({}, None, {})
        nowhere, somewhere = await asyncio.gather(
            self.verbs(_NOWHERE, outside), self.verbs(self.api.table["user.me"], outside)
        )
        return nowhere == frozenset() and "GET" in (somewhere or ())

    async def verbs(self, op: Operation, asked: _Asked) -> frozenset[str] | None:
        """What the path takes; nothing where it isn't there; None where that can't be told."""
        try:
            answer: Any = await self.api.send(
                replace(op, method="OPTIONS"),
                scope=asked.scope,
                path=asked.path,
                headers=asked.headers,
                accept=_ANY,
                repeat=False,
            )
        except ApiError:
            return None
        if allowed := answer.headers.get("allow"):
            return frozenset(verb.strip().upper() for verb in allowed.split(","))
        return frozenset() if answer.status == 404 else None
