"""Users of the organisation, and what each is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from headend.ateme.answers import item
from headend.ateme.fields import Extra, check_extra, in_any_order
from headend.ateme.listed import ListedKind
from headend.ateme.listing import Listing
from headend.ateme.rows import id_names
from headend.ateme.rows_office import UserRow
from headend.core.model.capabilities import CreatedInStages, HandsOutSecrets, HasUniqueFields
from headend.core.model.errors import Forbidden, GuardError, NotFound
from headend.core.model.fields import Ignored, Immutable, Same, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.ateme.rows import Row

OWN = "it is the login that headend itself calls with"
KEPT = f"admin: {OWN}, and the platform would take the right away at once (A-761)"
CREATED = ("email", "first_name", "last_name")


def _address(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class OrganisationUser(Spec):
    """One user."""

    email: Annotated[
        str,
        Immutable(),
        Same(_address),
        Field(
            pattern=r"^[^@\s]+@[^@\s]+$",
            examples=["operator@example.com"],
            description="what the user is found by, in any case (A-686)",
        ),
    ]
    first_name: Annotated[str | None, Ignored(), Field(description="used where the account is made (A-687)")] = None
    last_name: Annotated[str | None, Ignored(), Field(description="used where the account is made (A-687)")] = None
    permissions: Annotated[
        list[Literal["admin", "operator", "monitor"]],
        Same(in_any_order),
        Field(min_length=1, description="all that the user has here; others are taken away (A-688)"),
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.permissions)) < len(self.permissions):
            raise ValueError("permissions: one is named twice")
        check_extra(self.extra, {*CREATED, "permissions", "permission_type", "enabled"})
        return self


class OrganisationUserKind(
    ListedKind[OrganisationUser],
    CreatedInStages[OrganisationUser, "Ateme"],
    HandsOutSecrets[OrganisationUser],
    HasUniqueFields[OrganisationUser],
):
    """A user of the organisation, known by an address. Users that the stack doesn't name are nobody's business.

    Where there is no account with the address the platform makes one, and shows its password that one time: `apply`
    asks for `--secrets-out FILE`, Pulumi keeps it as a secret output. Permissions are granted before others are taken
    away. headend neither removes the login that it calls with, nor takes its admin right away. To remove a user may
    delete the whole account (A-854).
    """

    name = "ateme.organisation_user"
    collection = "organisation_users"
    noun = "org_user"
    place = "user_id"
    shape = UserRow
    model = OrganisationUser
    key = ("email",)
    told_by = ("email",)

    def natural_key(self, spec: Any) -> tuple[Any, ...]:
        return (_address(spec.email),)

    def unique(self, spec: OrganisationUser) -> Mapping[str, str]:
        return {"email": spec.email.lower()}

    def handed_out_by_create(self, spec: OrganisationUser) -> tuple[str, ...]:
        return ("password",)

    def fields(self) -> list[str]:
        return ["email", "permissions"]

    # --- reading -----------------------------------------------------------------------------------------
    async def rows(self, api: Ateme, spec: OrganisationUser, *, fresh: bool = False) -> Listing[Row]:
        """One row a user. Raises Forbidden where the login is shown no one but itself: that proves nothing (A-766)."""
        rows = (await api.listed("org_user.list", None, UserRow, fresh=fresh)).once("users", _one_each)
        if all(_is_own(api, row.email) and "admin" not in (row.permissions or ()) for row in rows):
            text = "the login sees no user but itself, which proves nothing of others; it needs the role admin (A-766)"
            raise Forbidden(f"ateme: org_user.list: {text}", status=403)
        return cast("Listing[Row]", rows)

    def observed(self, row: Row, spec: OrganisationUser) -> Observed:
        found = super().observed(row, spec)
        return replace(found, computed={"user_id": row.id})

    async def review(self, api: Ateme, proposal: Proposal[OrganisationUser]) -> Sequence[Problem]:
        spec = proposal.last if proposal.deletes else proposal.spec
        own = spec is not None and _is_own(api, spec.email)
        if proposal.deletes:
            if own:
                return (Problem(f"{OWN}, and is never removed (A-761)", remedy="lifecycle.retain: true forgets it"),)
            return (warning("its whole account may go with it (A-854)"),)
        if spec is not None and own and proposal.writes and "admin" not in spec.permissions:
            return (Problem(f"permissions: {KEPT}", field="permissions", remedy="add admin"),)
        return ()

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: OrganisationUser) -> Observed:
        """Adds the user; the password that the answer holds is that of an account which was just made."""
        body = {name: value for name in CREATED if (value := getattr(spec, name)) is not None}
        try:
            answer = await api.call("org_user.add", scope=None, body=body | (spec.extra or {}))
        finally:  # also where the answer got lost
            api.changed("org_user.list")
        id = await api.made_id("org_user.add", answer.body, UserRow, partial(self.find, api, spec))
        shown = item(api.table["org_user.add"], answer.body, *id_names(UserRow), "password")
        password = shown.get("password")
        if not isinstance(password, str) or not password:
            lost = () if password is None else ("the answer held a password that is no text: it is lost",)
            return Observed(id, incomplete=True, warnings=lost)
        api.client.redactor.add(password)
        return Observed(id, incomplete=True, handed_out={"password": password})

    async def furnish(self, api: Ateme, id: str, spec: OrganisationUser, report: Report) -> None:
        await self._permit(api, id, spec)

    async def update(self, api: Ateme, id: str, spec: OrganisationUser, changes: Sequence[Change]) -> None:
        if any(change.field == "permissions" for change in changes):
            await self._permit(api, id, spec)

    async def _permit(self, api: Ateme, id: str, spec: OrganisationUser) -> None:
        """A call for each permission that differs, grants before revocations (A-761)."""
        row = (await self.rows(api, spec, fresh=True)).row(id)
        if not isinstance(row, UserRow):
            raise NotFound(f"ateme: user {spec.email} is not in the organisation", status=404)
        has, wanted = set(row.permissions or ()), set(spec.permissions)
        if _is_own(api, row.email) and "admin" in has - wanted:
            raise GuardError(f"ateme: user {spec.email}: {KEPT}")
        for enabled, names in ((True, wanted - has), (False, has - wanted)):
            for name in sorted(names):
                await self.change(api, "permission", id, {"permission_type": name, "enabled": enabled})

    async def delete(self, api: Ateme, id: str, last: OrganisationUser, report: Report) -> None:
        if _is_own(api, last.email):
            raise GuardError(f"ateme: user {last.email}: {OWN}, and is never removed (A-761)")
        await api.delete("org_user.remove", None, self.path(id))
        api.changed("org_user.list")


def _one_each(rows: Listing[UserRow]) -> Listing[UserRow]:
    found: dict[str, UserRow] = {}
    for row in rows:
        known = found.get(row.id)
        found[row.id] = row if known is None else known.and_also(row)
    return Listing(found.values())


def _is_own(api: Ateme, email: str | None) -> bool:
    return email is not None and email.lower() == api.settings.email.lower()
