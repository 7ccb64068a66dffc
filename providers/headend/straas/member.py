"""Members: registered once, read, and never changed or deleted, because no call does that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from headend.core.model.errors import Ambiguous, Conflict, DecodeError, NotFound, Refused
from headend.core.model.fields import Immutable, Same, Secret, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.straas import answers

if TYPE_CHECKING:
    from headend.straas.api import Straas

_LATER_RULE = re.compile(r"[-_A-Za-z0-9.]{3,50}|[^@\s]+@[^@\s]+", re.ASCII)
_FIXED = "no call of Straas changes or deletes a member"


def _id(value: str) -> str:
    if value in {".", ".."} or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("may not be . or .., and holds no control characters (S-18)")
    return value


def _email(value: str) -> str:
    name, at, host = value.partition("@")
    if not (name.strip() and at and host.strip()) or "@" in host:
        raise ValueError("must have one @ with text on both sides (S-101)")
    return value


def _spelling(value: str | None) -> str | None:
    return value.casefold() if isinstance(value, str) else None


class MemberSpec(Spec):
    """One member."""

    id: Annotated[
        str,
        Field(
            min_length=1,
            description="What the member is called by, yours to choose; may be an e-mail address (S-100)",
        ),
        AfterValidator(_id),
        Immutable(),
    ]
    email: Annotated[
        str,
        Field(
            min_length=1,
            description="Personal data, so it is shown nowhere. It can't be changed: a plan that would have to is"
            " refused (S-100, S-106)",
        ),
        AfterValidator(_email),
        Secret(),
        Same(_spelling),
    ]


class Member(Kind[MemberSpec, "Straas"], Listed["Straas"]):
    """A registered member of the account. One that is there already, with the same e-mail, is taken over.

    Straas has calls that register and read a member, and none that changes or deletes one. So another e-mail is an
    error of the plan, and a member that leaves the stack, or gets another id, stays at Straas: headend says so and
    forgets it, or refuses it with the setting `on_delete: fail` (S-100 to S-109). `membership` is Straas's own.
    """

    name = "straas.member"
    read_together = True
    model = MemberSpec
    key = ("id",)
    listed_by = "a member's id"
    told_by = ("id",)
    can = Can.OBSERVE | Can.CREATE
    create_before_delete = True

    def identity(self, spec: MemberSpec) -> str:
        return spec.id

    def check(self, spec: MemberSpec, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Limits that a later generation of the API states (S-101)."""
        if _LATER_RULE.fullmatch(spec.id):
            return ()
        limits = "3 to 50 letters, digits, `-`, `_` and `.`, or an e-mail address"
        return [warning(f"Straas may refuse this id: later it took {limits} (S-101)", field="id")]

    # --- reading ----------------------------------------------------------------------------------------
    async def observe(self, api: Straas, id: str, spec: MemberSpec, *, fresh: bool = False) -> Observed | None:
        """The member; None only once the API is known to be where it is looked for (S-105)."""
        row = await api.member(id, fresh=fresh)
        if row is None:
            await api.vouch()
            return None
        return _observed(row, spec, ignoring=api.settings.ignore_email_drift)

    async def list_live(self, api: Straas, within: str | None) -> Sequence[Live]:
        """One member: no call lists them."""
        row = await api.member(str(within))
        return [] if row is None else [Live(row.id, {"id": row.id})]

    async def find(self, api: Straas, spec: MemberSpec) -> list[Observed]:
        """The member of that id and e-mail; one of another e-mail is in the way, and `review` says so."""
        row = await api.member(spec.id)
        return [_observed(row, spec)] if row is not None and _is_it(row, spec) else []

    async def review(self, api: Straas, proposal: Proposal[MemberSpec]) -> Sequence[Problem]:
        """Another e-mail, whoever changed it, and whatever was planned to mend it (S-100, S-102, S-106); and that a
        member stays behind, each time (S-107, S-172)."""
        spec = proposal.spec
        if proposal.deletes:
            return self._left_behind(api, str(proposal.id))
        if spec is None or not proposal.writes:
            return ()
        row = await api.member(spec.id)
        if row is None or _is_it(row, spec):
            return ()
        remedy = "write the e-mail that it has at Straas, or another id"
        if proposal.creates or any(change.cause != "you" for change in proposal.changes):
            remedy += "; ignore_email_drift lets a change that was made there pass"
        return [Problem(f"member {spec.id} has another e-mail at Straas, and {_FIXED} (S-106)", remedy=remedy)]

    def _left_behind(self, api: Straas, id: str) -> Sequence[Problem]:
        if api.settings.on_delete == "fail":
            remedy = "keep it in the stack, or forget it: lifecycle.retain, or on_delete: forget"
            return [Problem(f"member {id} would stay at Straas: {_FIXED}, and on_delete is fail", remedy=remedy)]
        return [warning(f"member {id} stays at Straas: {_FIXED}")]

    # --- writing ----------------------------------------------------------------------------------------
    async def create(self, api: Straas, spec: MemberSpec) -> Observed:
        """Looks first, and looks again where the answer leaves open whether it was made; then sends it once more.

        Raises Conflict where the id has another e-mail: nothing was written then (S-102, S-104).
        """
        if not await self._is_there(api, spec):
            try:
                await api.register(spec.id, spec.email)
            except (Ambiguous, Conflict, DecodeError, Refused) as error:
                if isinstance(error, Refused) and error.status != 422:
                    raise
                if not await self._is_there(api, spec):
                    await api.register(spec.id, spec.email)
        return Observed(spec.id, values={"id": spec.id}, incomplete=True)

    async def complete(self, api: Straas, id: str, spec: MemberSpec, report: Report) -> Observed:
        """Reads what creation doesn't answer; its echo of the e-mail is not believed (S-103, S-166)."""
        row = await api.member(id)
        if row is None:
            raise NotFound(f"straas: member {id} is gone right after it was written", status=404)
        return _observed(row, spec)

    async def update(self, api: Straas, id: str, spec: MemberSpec, changes: Sequence[Change]) -> None:
        """Raises Refused; no plan gets that far."""
        raise Refused(f"straas: member {id} can't be changed: {_FIXED} (S-106)")

    async def _is_there(self, api: Straas, spec: MemberSpec) -> bool:
        row = await api.member(spec.id, fresh=True)
        if row is not None and not _is_it(row, spec):
            raise Conflict(f"straas: member {spec.id} exists with another e-mail, and {_FIXED}", status=409)
        return row is not None


def _is_it(row: answers.Member, spec: MemberSpec) -> bool:
    return _spelling(row.email) == _spelling(spec.email)


def _observed(row: answers.Member, spec: MemberSpec, *, ignoring: bool = False) -> Observed:
    """ignoring: an e-mail that was changed at Straas is told, and neither drift nor in sync (S-106)."""
    id, values = row.id, {"id": row.id}
    unknown: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    if ignoring and spec.email is not None and not _is_it(row, spec):
        unknown["email"] = "it is another one at Straas, and ignore_email_drift is set"
        warnings = (f"member {id} has another e-mail at Straas, and {_FIXED} (S-106)",)
    else:
        values["email"] = row.email
    membership = {"membership": row.membership} if row.membership is not None else {}
    return Observed(id, values=values, computed=membership, unverifiable=unknown, warnings=warnings)
