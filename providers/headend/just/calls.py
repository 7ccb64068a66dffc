"""How Just is called: the form of a call that is there, repeats that hurt nobody, outcomes by status and text.

Writes are addressed to real people, and most can't be undone. So a create, a subscription and an event are sent again
only if the first attempt certainly did nothing (J-13 to J-15); everything else may be repeated (J-16, J-17).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from headend.core.model.errors import (
    Ambiguous,
    ApiError,
    DecodeError,
    Forbidden,
    NotFound,
    Refused,
    Unavailable,
    Unreachable,
    Unsettled,
)
from headend.core.wire.limit import LONGEST_WAIT, wait_before
from headend.core.wire.operations import NO_BODY, Operation, Table
from headend.just.answers import Judged, Sort, excerpt, judge
from headend.just.settings import JustSettings
from headend.just.wire import FORMS, HARMLESS, READS, TABLE

if TYPE_CHECKING:
    import httpx

    from headend.core.wire.client import Client

ATTEMPTS = 3  # J-18
READ = 5000  # characters of an answer that are looked at for what to quote
_ANY_STATUS = range(300, 600)  # all that httpx can't read as success: `judge` does

Fields = Mapping[str, str]
NONE: Final[Mapping[str, Any]] = {}


class JustCalls:
    """Sends one operation, and says what its answer means.

    What the document leaves open (verb, route, encoding) is found out once and kept for the session. Raises ApiError;
    NotFound only by the service's own words, never for a mere 404.
    """

    def __init__(
        self,
        settings: JustSettings,
        client: Client,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.table: Table = TABLE.overridden(settings.operations)
        self._settings = settings
        self._client = client
        self._now = now
        self._sleep = sleep
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._routes: dict[str, Operation] = {}
        self._put_body = "multipart" if settings.put_encoding == "multipart" else "form"
        self._unsubscribe_by = "POST" if settings.unsubscribe_method == "POST" else "PUT"

    # --- forms of a call --------------------------------------------------------------------------------------
    async def _route(
        self, key: str, *, path: Fields = NONE, query: Mapping[str, Any] = NONE
    ) -> tuple[Operation, Judged]:
        """A read by the first route that is there; the others are tried only where one is certainly not (J-23)."""
        routes = [self._routes[key]] if key in self._routes else self._forms(key)
        for op in routes:
            judged = await self._attempts(op, path, {} if op.takes_body else query, query if op.takes_body else {})
            if not judged.elsewhere:
                self._routes[key] = op
                break
        return op, judged

    async def _post(self, key: str, fields: Fields, path: Fields = NONE) -> tuple[Operation, Judged]:
        return self.table[key], await self._attempts(self.table[key], path, {}, fields)

    async def _put(self, key: str, fields: Fields, path: Fields = NONE) -> tuple[Operation, Judged]:
        """A call that may be repeated, by the verb and in the encoding that the service takes (J-6, J-21)."""
        verbs, (op, *others) = self._settings.unsubscribe_method, self._forms(key)
        if others and self._unsubscribe_by == "POST":
            op = others[0]
        elif op.body == "form":
            op = replace(op, body=self._put_body)
        judged = await self._attempts(op, path, {}, fields)
        if judged.status == 405 and judged.sort is None and op.method == "PUT" and others and verbs == "auto":
            op = others[0]
            judged = await self._attempts(op, path, {}, fields)
            if judged.status != 405:
                self._unsubscribe_by = "POST"
        elif judged.sort is Sort.FIELDS and op.body == "form" and self._settings.put_encoding == "auto":
            op = replace(op, body="multipart")
            judged = await self._attempts(op, path, {}, fields)
            if judged.sort is not Sort.FIELDS:
                self._put_body = "multipart"
        return op, judged

    def _forms(self, key: str) -> list[Operation]:
        """The row, and what else may answer: nothing where a person has said what it is."""
        row = self.table[key]
        return [row, *FORMS.get(key, ())] if row == TABLE[key] else [row]

    # --- sending ----------------------------------------------------------------------------------------------
    async def _attempts(self, op: Operation, path: Fields, query: Mapping[str, Any], fields: Fields) -> Judged:
        """The last answer of three attempts at most. Raises Unreachable, or Ambiguous if nobody knows what was done."""
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                judged = await self._once(op, path, query, fields)
            except Unreachable:  # nothing was done, or it was a read
                if last:
                    raise
                await self._sleep(wait_before(attempt))
                continue
            except Ambiguous as error:
                if op.key not in HARMLESS:
                    raise Ambiguous(f"{error}; outcome unknown: look before it is run again") from None
                if last:
                    raise
                await self._sleep(wait_before(attempt))
                continue
            wait = wait_before(attempt, judged.answer.headers)
            if judged.ok or last or wait > LONGEST_WAIT or not judged.may_repeat(op.key):
                return judged
            await self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, op: Operation, path: Fields, query: Mapping[str, Any], fields: Fields) -> Judged:
        async with self._slots:
            answer = await self._client.send(
                op,
                path=path,
                query=query,
                json=fields or NO_BODY,
                headers={"accept": "*/*", "x-auth-token": self._settings.token},
                repeat=False,
                prepare=_spaces,
                accept=_ANY_STATUS,
            )
        return judge(op.key, answer)

    @contextlib.asynccontextmanager
    async def _turns(self, *names: str) -> AsyncIterator[None]:
        """The turn of each person and address, taken in one order by all (J-9)."""
        async with contextlib.AsyncExitStack() as stacked:
            for lock in [self._locks.setdefault(name, asyncio.Lock()) for name in sorted(names)]:
                await stacked.enter_async_context(lock)
            yield

    # --- outcomes ---------------------------------------------------------------------------------------------
    def _value(self, op: Operation, judged: Judged, private: Iterable[str] = ()) -> Any:
        """What a success says; raises the error that the answer means."""
        if judged.ok:
            return judged.value
        quoted = excerpt(self._client.redactor.scrub(judged.text[:READ]), [*private, self._settings.token])
        error, what = _meaning(op, judged)
        if judged.text.startswith("<"):
            quoted = "a page"
        quote = f": {quoted}" if quoted and error is not Forbidden else ""
        raise error(f"just {op.key}: {op.method} {op.path}: {what}{quote}", status=judged.status)


def _spaces(request: httpx.Request) -> None:
    """Spaces in a query as %20: the form's + is a plus to some (J-6)."""
    if b"+" in request.url.query:
        request.url = request.url.copy_with(query=request.url.query.replace(b"+", b"%20"))


def _meaning(op: Operation, judged: Judged) -> tuple[type[ApiError], str]:
    """The error of a failed answer, by its text first and its status then, and what it says of what was done."""
    status, token = judged.status, "look at HEADEND_JUST_TOKEN, and whether it is the project's"
    if judged.sort is Sort.ABSENT and op.key == "refid.count":
        return Forbidden, f"answered that there is no such user, where none is named ({token})"
    if judged.sort is Sort.ABSENT:
        return NotFound, "not found (a profile is known only to the token it was made with)"
    if judged.sort is Sort.FIELDS:
        return Refused, "the fields did not arrive, so nothing is known of it; try the setting put_encoding"
    if judged.sort in {Sort.INPUT, Sort.UNSAVED}:
        return Refused, "refused" if judged.sort is Sort.INPUT else "nothing was saved"
    if judged.sort is Sort.SERVICE:
        return Unavailable, "the service failed"
    if status < 300:
        return DecodeError, f"unexpected answer {status}"
    if status in {401, 403}:
        return Forbidden, f"answered {status} ({token})"
    if status < 400:
        return Refused, f"answered {status}: redirects are not followed; is the url right?"
    if status in {404, 405}:
        return Refused, f"answered {status}, not in Just's words; is the url right?"
    if op.key in READS or op.key in HARMLESS:
        return (Unavailable if status == 429 or status >= 500 else Refused), f"answered {status}"
    if status in {429, 503}:
        return Refused, f"answered {status}: overloaded, nothing was done"
    if status >= 500:
        return Unsettled, f"answered {status}; outcome unknown: look before it is run again"
    return Refused, f"answered {status}"
