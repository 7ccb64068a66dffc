"""Many entitlements of one viewer as one object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from headend.core.model.capabilities import OwnsParts, Selection, SelectsChanges, note_down
from headend.core.model.errors import ApiError, HeadendError, PartlyDone
from headend.core.model.fields import Parts, Same, Spec, Trigger
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.owners import Owned
from headend.rights_locker.account import AccountId
from headend.rights_locker.content import Content, Grant, shown
from headend.rights_locker.entitlement import FAMILY
from headend.rights_locker.terms import (
    Entry,
    GrantSpec,
    cleared,
    differing,
    grant_of,
    joined,
    leftover,
    live_terms,
    past,
    terms_of,
)

if TYPE_CHECKING:
    from headend.rights_locker.api import RightsLocker

Terms = Mapping[Grant, Mapping[str, Any]]
NAMED = 10  # entries that a message names; there may be a hundred thousand


class EntitlementEntry(GrantSpec):
    """One entitlement of a set."""


def _by_grant(entries: Iterable[GrantSpec | Entry]) -> dict[str, dict[str, Any]]:
    """Entries by what they grant, so that a change shows as that of one entry, and their order doesn't matter."""
    return {joined(grant): terms for grant, terms in _terms(entries).items()}


def _terms(entries: Iterable[GrantSpec | Entry]) -> dict[Grant, dict[str, Any]]:
    return {grant_of(entry): terms_of(entry) for entry in entries}


def _owned(spec: EntitlementSetSpec, entry: EntitlementEntry) -> Owned:
    return (FAMILY, spec.account_id, *grant_of(entry))


class EntitlementSetSpec(Spec):
    """A set of entitlements of one account."""

    account_id: AccountId
    entries: Annotated[
        list[EntitlementEntry],
        Field(
            min_length=1,
            description="What is granted, in any order and each content of a product once: the fields of an"
            " entitlement, without account_id and on_existing",
        ),
        Same(_by_grant),
        Parts(grant_of, _owned),
    ]
    exclusive: Annotated[
        bool,
        Field(
            description="Whether the account may have nothing else: entitlements that the set doesn't list are deleted."
            " Kinds of content that headend doesn't know stay (R-26, R-56)"
        ),
        Trigger(),
    ] = False
    purge_on_delete: Annotated[
        bool,
        Field(
            description="Of an exclusive set: deleting it may end all entitlements of the account in one request, if"
            " there are no others then (R-57)"
        ),
        Trigger(),
    ] = False

    @field_validator("entries")
    @classmethod
    def _each_once(cls, entries: list[EntitlementEntry]) -> list[EntitlementEntry]:
        seen: set[Grant] = set()
        for entry in entries:
            grant = grant_of(entry)
            if grant in seen:
                raise ValueError(f"{shown(grant)} is listed twice")
            seen.add(grant)
        return entries


class EntitlementSet(
    Kind[EntitlementSetSpec, "RightsLocker"], OwnsParts[EntitlementSetSpec], SelectsChanges[EntitlementSetSpec]
):
    """Many entitlements of one viewer: one read, and as few writes as the differences take, a hundred entries each.

    Entitlements that it doesn't list are left alone, unless it is exclusive. Destroying it ends those that it lists
    (R-44, R-56, R-57).
    """

    name = "rights_locker.entitlement_set"
    read_together = True
    model = EntitlementSetSpec
    key = ("account_id",)
    one_at_a_time_per = "account_id"
    create_before_delete = True

    def identity(self, spec: EntitlementSetSpec) -> str:
        """What it is made of. The entries of an existing set may change: what it goes by is the account."""
        grants = sorted(joined(grant_of(entry)) for entry in spec.entries)
        return joined((spec.account_id, sha256("\n".join(grants).encode()).hexdigest()[:16]))

    def owns(self, spec: EntitlementSetSpec) -> Iterable[Owned]:
        """Of an exclusive set, all of the account's (R-40)."""
        if spec.exclusive:
            return ((FAMILY, spec.account_id),)
        return (_owned(spec, entry) for entry in spec.entries)

    def check(self, spec: EntitlementSetSpec, related: Mapping[str, Spec]) -> Sequence[Problem]:
        found = []
        if spec.purge_on_delete and not spec.exclusive:
            found.append(
                warning(
                    "purge_on_delete does nothing: the set is not exclusive",
                    field="purge_on_delete",
                    rule="contradiction",
                )
            )
        if ended := [shown(grant_of(entry)) for entry in spec.entries if past(entry)]:
            found.append(warning(f"end_time has passed, so these grant nothing: {_named(ended)}", rule="past-time"))
        return found

    def select_changes(self, live: Observed, spec: EntitlementSetSpec, changes: Sequence[Change]) -> Selection:
        """What else an exclusive set ends shows among the entries; how it is deleted counts when it is."""
        return note_down(changes, {"exclusive", "purge_on_delete"})

    # --- reading ---------------------------------------------------------------------------------------------
    async def observe(
        self, api: RightsLocker, id: str, spec: EntitlementSetSpec, *, fresh: bool = False
    ) -> Observed | None:
        """What the account has of the set's entries; if it is exclusive, all that it has."""
        live = await api.content(spec.account_id, fresh=fresh)
        there = _there(live) if spec.exclusive else _there(live, map(grant_of, spec.entries))
        return _observed(spec.account_id, there) if there else None

    async def find(self, api: RightsLocker, spec: EntitlementSetSpec) -> list[Observed]:
        """What is there already of what the set would own: taken over, and changed as the plan shows."""
        found = await self.observe(api, spec.account_id, spec)
        return [found] if found else []

    # --- writing ---------------------------------------------------------------------------------------------
    async def create(self, api: RightsLocker, spec: EntitlementSetSpec) -> Observed:
        """Grants what isn't there as it should be. Once some of it is granted, no failure hides that from state."""
        live = await api.content(spec.account_id)
        missing = list(_missing(spec, live).items())
        warnings: tuple[str, ...] = ()
        try:
            await api.grant(spec.account_id, missing)
        except HeadendError as error:
            if not _there(await api.content(spec.account_id), [grant for grant, _ in missing]):
                raise
            warnings = (f"granting stopped half-way: {error}",)
        return Observed(spec.account_id, incomplete=True, warnings=warnings)

    async def update(self, api: RightsLocker, id: str, spec: EntitlementSetSpec, changes: Sequence[Change]) -> None:
        """Grants first, then ends what left the set and, of an exclusive one, all else (R-56).

        Raises PartlyDone where it doesn't come to its end, with what of the old and the new entries is there.
        """
        live = await api.content(spec.account_id)
        named = {change.path[1] for change in changes if change.field == "entries" and len(change.path) > 1}
        keep = {grant_of(entry) for entry in spec.entries}
        leaving = [grant for grant in live.rows if grant not in keep and joined(grant) in named]
        try:
            await api.grant(spec.account_id, _missing(spec, live).items())
            await self._end(api, spec.account_id, leaving)
        except HeadendError as error:
            there = _there(await api.content(spec.account_id), (*keep, *leaving))
            raise PartlyDone(str(error), _held(there), because=error) from error

    async def complete(self, api: RightsLocker, id: str, spec: EntitlementSetSpec, report: Report) -> Observed:
        """Reads all back at once. Raises PartlyDone with the entries that are there (R-45, R-46, R-56)."""
        live, wrong = await self._settled(api, spec)
        warnings: tuple[str, ...] = ()
        stuck = [g for g, w in wrong.items() if g in live.rows and leftover(w, live_terms(live.rows[g]))]
        if stuck:
            for grant in stuck:
                await api.revoke(spec.account_id, grant)
            await api.grant(spec.account_id, [(grant, wrong[grant]) for grant in stuck])
            names = sorted({name for g in stuck for name in differing(wrong[g], live_terms(live.rows[g]))})
            warnings = (cleared(names, _named(map(shown, stuck))),)
            live, wrong = await self._settled(api, spec)
        there = _there(live, map(grant_of, spec.entries))
        if wrong:
            raise PartlyDone(f"rights_locker: not granted as it was sent: {_named(_lacks(wrong, there))}", _held(there))
        return _observed(spec.account_id, there, warnings)

    async def _settled(
        self, api: RightsLocker, spec: EntitlementSetSpec
    ) -> tuple[Content, dict[Grant, dict[str, Any]]]:
        """What the account has, and which entries aren't as they should be, once none is or it stays so."""

        async def read(again: bool) -> tuple[Content, dict[Grant, dict[str, Any]]]:
            live = await api.content(spec.account_id, fresh=again)
            return live, _missing(spec, live)

        return await api.settle(read, lambda found: not found[1])

    async def delete(self, api: RightsLocker, id: str, last: EntitlementSetSpec, report: Report) -> None:
        """Ends what it listed, one by one; all at once only where it may, and where nothing else is there (R-57)."""
        live = await api.content(last.account_id, fresh=True)
        ours = {grant_of(entry) for entry in last.entries}
        nothing_else = not live.others and live.rows.keys() <= ours
        if live.rows and last.exclusive and last.purge_on_delete and nothing_else:
            await api.wipe(last.account_id)
            await self._gone(api, last.account_id, list(live.rows))
        else:
            await self._end(api, last.account_id, [grant for grant in live.rows if grant in ours])

    async def _end(self, api: RightsLocker, account_id: str, grants: Sequence[Grant]) -> None:
        for grant in grants:
            await api.revoke(account_id, grant)
        if grants:
            await self._gone(api, account_id, grants)

    async def _gone(self, api: RightsLocker, account_id: str, grants: Sequence[Grant]) -> None:
        """Raises ApiError if they aren't."""

        async def still(again: bool) -> list[str]:
            rows = (await api.content(account_id, fresh=again)).rows
            return [shown(grant) for grant in grants if grant in rows]

        if left := await api.settle(still, lambda left: not left):
            raise ApiError(f"rights_locker: still there after deletion: {_named(left)}")


def _missing(spec: EntitlementSetSpec, live: Content) -> dict[Grant, dict[str, Any]]:
    """The entries that aren't there as they should be, with their terms."""
    return {
        grant: wanted
        for grant, wanted in _terms(spec.entries).items()
        if grant not in live.rows or differing(wanted, live_terms(live.rows[grant]))
    }


def _there(live: Content, grants: Iterable[Grant] | None = None) -> dict[Grant, dict[str, Any]]:
    """What the account has, of these grants."""
    chosen = live.rows if grants is None else (grant for grant in grants if grant in live.rows)
    return {grant: live_terms(live.rows[grant]) for grant in chosen}


def _lacks(wrong: Terms, there: Terms) -> list[str]:
    """Each entry with the terms that were lost; without any, where there is nothing of it."""
    return [
        f"{shown(g)} ({', '.join(differing(wanted, there[g]))})" if g in there else shown(g)
        for g, wanted in wrong.items()
    ]


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - NAMED:,} more" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more


def _observed(account_id: str, there: Terms, warnings: tuple[str, ...] = ()) -> Observed:
    entries = [{**grant._asdict(), **terms} for grant, terms in there.items()]
    return Observed(account_id, {"account_id": account_id, "entries": entries}, warnings=warnings)


def _held(there: Terms) -> dict[str, Any]:
    """What state is to hold of it."""
    return {"entries": [EntitlementEntry.model_construct(**grant._asdict(), **terms) for grant, terms in there.items()]}
