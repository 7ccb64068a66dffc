"""Accounts: who may sign in to the organisation (M-124..M-129)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from headend.core.model.capabilities import HandsOutSecrets, HasUniqueFields
from headend.core.model.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    DecodeError,
    GuardError,
    NotFound,
    Refused,
    Timeout,
    Unavailable,
)
from headend.core.model.fields import Ignored, Immutable, Same, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.mycujoo import answers
from headend.mycujoo.answers import turned_away

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi

LOOKS = 5  # for a new account by its address, which the platform may take a moment to show (M-125)
OWN = "it is the account that headend itself calls with"
NAMES = ("first_name", "last_name")


def _address(value: Any) -> Any:
    """Addresses are the same in any case (M-124)."""
    return value.lower() if isinstance(value, str) else value


class Account(Spec):
    """One person, or machine, of the organisation."""

    email: Annotated[
        str,
        Field(
            pattern=r"^[^@\s]+@[^@\s]+$",
            examples=["analyst@example.com"],
            description="Address; what the account is found by, in any case. The platform can't change it (M-124)",
        ),
        Immutable(),
        Same(_address),
    ]
    first_name: Annotated[str, Field(description="The person's first name (M-124)")] = ""
    last_name: Annotated[str, Field(description="The person's last name (M-124)")] = ""
    invite: Annotated[
        bool,
        Field(
            description="true: invite the person, who chooses a password. false: the platform makes a password, which"
            " headend hands out once (M-48, M-56). Looked at on creation only"
        ),
        Ignored(),
    ] = False


class AccountKind(
    Kind[Account, "MycujooApi"], HandsOutSecrets[Account], HasUniqueFields[Account], Listed["MycujooApi"]
):
    """An account of the organisation: an address and names. Which roles it has is not managed.

    Creating one without `invite` makes a password, which is shown that one time: `apply` asks for `--secrets-out FILE`,
    Pulumi keeps it as a secret output. If the answer that holds it is lost, so is the password, and headend says so.
    Deleting an account takes it off all policies, too; headend refuses to delete the one that it calls with.
    """

    name = "mycujoo.account"
    read_together = True
    model = Account
    told_by = ("email",)
    create_before_delete = True  # two addresses are two accounts

    def natural_key(self, spec: Account) -> tuple[Any, ...]:
        return (_address(spec.email),)

    def unique(self, spec: Account) -> Mapping[str, str]:
        return {"email": spec.email.lower()}

    def handed_out_by_create(self, spec: Account) -> tuple[str, ...]:
        return () if spec.invite else ("password",)

    # --- reading -------------------------------------------------------------------------------------------
    async def observe(self, api: MycujooApi, id: str, spec: Account, *, fresh: bool = False) -> Observed | None:
        """By its address, which is its id in headend; an id of the platform's, to adopt it by, is taken too (M-125)."""
        if "@" not in id:
            row = await api.accounts.by_id(id)
        else:
            email = spec.email if spec.email and spec.email.lower() == id.lower() else id
            row = await api.accounts.known(email, fresh=fresh)
        return None if row is None else _observed(row, spec)

    async def list_live(self, api: MycujooApi, within: str | None) -> Sequence[Live]:
        return [Live(row.email.lower(), {"email": row.email}) for row in await api.accounts.everyone()]

    async def find(self, api: MycujooApi, spec: Account) -> list[Observed]:
        row = await api.accounts.by_email(spec.email)
        return [] if row is None else [_observed(row, spec)]

    async def review(self, api: MycujooApi, proposal: Proposal[Account]) -> Sequence[Problem]:
        """The account that headend itself uses is not deleted (M-128)."""
        if not proposal.deletes or proposal.last is None:
            return ()
        try:
            row = await api.accounts.known(proposal.last.email or str(proposal.id))
            own = row is not None and row.id == await api.accounts.own_id()
        except ApiError:  # it is asked again, and then insisted on, before anything is deleted
            return ()
        return (warning(f"{OWN}, so that it will not be deleted (M-128)"),) if own else ()

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: MycujooApi, spec: Account) -> Observed:
        """One POST; settled by the address if its answer was lost, and the password with it (M-125)."""
        if await api.accounts.by_email(spec.email) is not None:
            raise Conflict(f"mycujoo account {spec.email} exists already; lifecycle.adopt: match takes it over")
        try:
            return await self._made(api, spec)
        except (Ambiguous, DecodeError, Unavailable) as error:
            if turned_away(error):
                raise
            return await self._settled(api, spec, error)

    async def _made(self, api: MycujooApi, spec: Account) -> Observed:
        body = {"email": spec.email, "first_name": spec.first_name, "last_name": spec.last_name}
        id = spec.email.lower()
        if spec.invite:
            known = await api.accounts.invite(body)
            return Observed(id, computed={"account_id": known} if known else {}, incomplete=not known)
        password = await api.accounts.create(body)
        if not password:
            return _without_password(spec, "the platform's answer held no password")
        return Observed(id, incomplete=True, handed_out={"password": password})

    async def _settled(self, api: MycujooApi, spec: Account, error: ApiError) -> Observed:
        """What a creation without a clear answer has left behind; if nothing, it's tried once more (M-15, M-125).

        The address is unique, so that a second request can't make a second account.
        """
        try:
            found = await api.accounts.by_email(spec.email, fresh=True)
        except ApiError:
            raise error from None
        if found is None:
            try:
                return await self._made(api, spec)
            except Conflict:  # it was made after all, and isn't shown yet
                pass
        return _without_password(spec, "the answer that held its password was lost")

    async def complete(self, api: MycujooApi, id: str, spec: Account, report: Report) -> Observed:
        """Learns the account's id, which creation doesn't tell, by its address (M-125)."""
        import asyncio  # only where requests are made: `validate` spares it

        for look in range(LOOKS):
            if look:
                report(f"waiting for {spec.email} to be found")
                await asyncio.sleep(api.poll_interval)
            row = await api.accounts.by_email(spec.email, fresh=look > 0)
            if row is not None:
                _refuse_unequal(row, spec, NAMES)
                return _observed(row, spec)
        raise Timeout(f"mycujoo account {spec.email} was made, and isn't found by its address yet; plan again later")

    async def update(self, api: MycujooApi, id: str, spec: Account, changes: Sequence[Change]) -> None:
        """One PATCH with the changed names, and a look at what it stored (M-127)."""
        body = {name: getattr(spec, name) for name in NAMES if name in {change.field for change in changes}}
        if not body:
            return
        row = await api.accounts.known(spec.email)
        if row is None:
            raise NotFound(f"mycujoo account {spec.email} is gone", status=404)
        _refuse_unequal(await api.accounts.update(row, body), spec, tuple(body))

    async def delete(self, api: MycujooApi, id: str, last: Account, report: Report) -> None:
        """Raises GuardError for the account that headend calls with (M-128)."""
        row = await api.accounts.known(last.email or id, fresh=True)
        if row is None:
            return
        if row.id == await api.accounts.own_id():
            raise GuardError(f"mycujoo account {id}: {OWN}; lifecycle.retain: true forgets it instead (M-128)")
        await api.accounts.delete(row)


def _observed(row: answers.Account, spec: Account) -> Observed:
    """A row in the spec's own types."""
    same = bool(spec.email) and spec.email.lower() == row.email.lower()
    values = {"email": spec.email if same else row.email, "first_name": row.first_name, "last_name": row.last_name}
    return Observed(row.email.lower(), values, {"account_id": row.id, "is_verified": row.is_verified})


def _without_password(spec: Account, why: str) -> Observed:
    """An account that exists, and whose password nobody will see."""
    text = f"{why}; whoever is to sign in must reset it" if not spec.invite else ""
    return Observed(spec.email.lower(), incomplete=True, warnings=(text,) if text else ())


def _refuse_unequal(stored: answers.Account, spec: Account, names: Sequence[str]) -> None:
    """Raises Refused where the platform accepted names and stored others (M-12, M-108)."""
    if wrong := [name for name in names if getattr(stored, name) != getattr(spec, name)]:
        text = f"mycujoo account {spec.email}: the platform accepted the request and stored something else in"
        raise Refused(f"{text}: {', '.join(wrong)}")
