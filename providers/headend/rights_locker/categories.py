"""Which stream-limit categories a viewer belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from headend.core.model.errors import Conflict
from headend.core.model.fields import Ignored, Same, Spec
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.rights_locker.account import AccountId

if TYPE_CHECKING:
    from headend.rights_locker.api import RightsLocker


def _as_set(names: Iterable[str]) -> list[str]:
    return sorted(set(names))


class AccountCategoriesSpec(Spec):
    """All categories of one account, by name."""

    account_id: AccountId
    categories: Annotated[
        list[Annotated[str, StringConstraints(min_length=1)]],
        Field(
            min_length=1,
            description="The whole set of category names, case-sensitive, in any order. Names only: the number of"
            " streams belongs to the category, which another product keeps (R-34, R-36)",
        ),
        Same(_as_set),
    ]
    on_existing: Annotated[
        Literal["adopt", "fail"],
        Field(
            description="When the account has categories before headend gives it any: adopt replaces them with a"
            " warning, fail refuses (R-41)",
        ),
        Ignored(),
    ] = "adopt"

    @field_validator("categories")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) != len(names):
            raise ValueError("a category may be named once only")
        return names


class AccountCategories(Kind[AccountCategoriesSpec, "RightsLocker"], Listed["RightsLocker"]):
    """The set of stream-limit categories of one viewer, owned as a whole: names that are not listed are removed.

    Destroying it removes the names that headend put there and leaves those that others added (R-34 to R-41).
    """

    name = "rights_locker.account_categories"
    read_together = True
    model = AccountCategoriesSpec
    key = ("account_id",)
    one_at_a_time_per = "account_id"
    listed_by = "an account's id"
    told_by = ("account_id",)
    create_before_delete = True

    def identity(self, spec: AccountCategoriesSpec) -> str:
        return spec.account_id

    async def observe(
        self, api: RightsLocker, id: str, spec: AccountCategoriesSpec, *, fresh: bool = False
    ) -> Observed | None:
        """The set as it is; an empty one is the same as none."""
        names = await api.categories(id, fresh=fresh)
        return _observed(id, names) if names else None

    async def list_live(self, api: RightsLocker, within: str | None) -> Sequence[Live]:
        """Of one account: no call lists accounts."""
        names = await api.categories(str(within))
        return [Live(str(within), {"account_id": within})] if names else []

    async def find(self, api: RightsLocker, spec: AccountCategoriesSpec) -> list[Observed]:
        """Raises Conflict where there is something to find and the spec says `on_existing: fail`."""
        names = await api.categories(spec.account_id, fresh=True)
        if names and spec.on_existing == "fail":
            raise Conflict(f"account has categories already ({', '.join(sorted(names))}); on_existing is fail")
        return [_observed(spec.account_id, names, _removed(names, spec))] if names else []

    async def create(self, api: RightsLocker, spec: AccountCategoriesSpec) -> Observed:
        """Raises Conflict if the account has categories already and the spec says `on_existing: fail`."""

        def admit(existing: frozenset[str]) -> None:
            if existing and spec.on_existing == "fail":
                raise Conflict(f"account has categories already ({', '.join(sorted(existing))}); on_existing is fail")

        before = await api.replace_categories(spec.account_id, frozenset(spec.categories), admit)
        seen = _observed(spec.account_id, frozenset(spec.categories), _removed(before, spec))
        return Observed(id=seen.id, values=seen.values, warnings=seen.warnings, incomplete=True)

    async def complete(self, api: RightsLocker, id: str, spec: AccountCategoriesSpec, report: Report) -> Observed:
        """Reads the set back: the service may answer OK and store nothing (R-36)."""
        return _observed(id, await api.await_categories(id, frozenset(spec.categories)))

    async def update(self, api: RightsLocker, id: str, spec: AccountCategoriesSpec, changes: Sequence[Change]) -> None:
        await api.replace_categories(id, frozenset(spec.categories))

    async def delete(self, api: RightsLocker, id: str, last: AccountCategoriesSpec, report: Report) -> None:
        await api.remove_categories(id, frozenset(last.categories))


def _observed(account_id: str, names: frozenset[str], warnings: tuple[str, ...] = ()) -> Observed:
    values = {"account_id": account_id, "categories": sorted(names)}
    return Observed(id=account_id, values=values, warnings=warnings)


def _removed(existing: frozenset[str], spec: AccountCategoriesSpec) -> tuple[str, ...]:
    extra = sorted(existing - set(spec.categories))
    return (f"the account already has categories; these are removed: {', '.join(extra)}",) if extra else ()
