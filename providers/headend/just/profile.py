"""Profiles of people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from headend.core.model.capabilities import CreatedOnce, Selection, SelectsChanges, Unadoptable, Unasked
from headend.core.model.errors import NotFound
from headend.core.model.fields import Ignored, Immutable, Secret, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.hosts import IP_ADDRESS
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.just.checks import ip_address
from headend.just.people import juid

if TYPE_CHECKING:
    from headend.just.api import Just

_UNREADABLE = "Just has no call that reads a profile"
_STAYS = "the profile and its personal data stay at Just: it has no call that deletes them"
_MILLISECONDS = 10**11
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ABOUT = ("ip", "name", "gender", "birth_date")


def _ip(value: str | None) -> str | None:
    if value is not None:
        ip_address(value)
    return value


def _seconds(value: Any) -> Any:
    """Epoch seconds of a date, at 00:00 UTC; an integer as it is, unless it must be milliseconds."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            value = int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp())
        except ValueError:
            raise PydanticCustomError("birth_date", "is no day of the calendar") from None
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MILLISECONDS):
        return value
    raise PydanticCustomError("birth_date", "must be a date such as 1990-05-01, or whole seconds since 1970")


def _about(description: str) -> tuple[Any, ...]:
    """What all attributes of a person have in common."""
    return Field(description=description), Secret(), Immutable(), WriteOnly(_UNREADABLE)


class ProfileSpec(Spec):
    """One profile."""

    ip: Annotated[
        str | None,
        AfterValidator(_ip),
        IP_ADDRESS,
        *_about("The person's IP address, for place and time zone; without it the site's default zone holds"),
    ] = None
    name: Annotated[str | None, Field(min_length=1), *_about("What the person is called")] = None
    gender: Annotated[str | None, Field(min_length=1), *_about("Free text: no values are documented")] = None
    birth_date: Annotated[
        int | None,
        BeforeValidator(_seconds, json_schema_input_type=str | int | None),
        *_about("Day of birth, 1990-05-01, or seconds since 1970 (the unit is assumed); negative before 1970"),
    ] = None
    existing_juid: Annotated[
        str | None,
        Field(
            examples=["f3K9-aV2_x8Q"],
            description="Take over this profile instead of making one; nothing of it can be changed (J-33)",
        ),
        AfterValidator(juid),
        Immutable(),
        WriteOnly(_UNREADABLE),
    ] = None
    on_change: Annotated[
        Literal["replace", "ignore", "fail"],
        Field(
            description="When attributes change, which no profile can: replace makes another profile, ignore keeps the"
            " old one as it is, fail refuses (J-34)"
        ),
        Ignored(),
    ] = "replace"

    @model_validator(mode="after")
    def _made_or_taken_over(self) -> Self:
        if self.existing_juid and (given := [name for name in _ABOUT if getattr(self, name) is not None]):
            raise ValueError(f"existing_juid: nothing of that profile can be set; leave out {', '.join(given)}")
        return self


_REPLACED = "another profile is made: whoever is subscribed through the old one is unsubscribed, and subscribed again"


class Profile(Kind[ProfileSpec, "Just"], Unasked, Unadoptable, CreatedOnce[ProfileSpec], SelectsChanges[ProfileSpec]):
    """A person's profile on the site; subscriptions and events refer to it by its juid.

    Each creation makes another profile, and nothing of one can be read, changed or deleted. Only whether it exists
    can be asked, by one request each: `headend drift`, `--refresh` and `pulumi refresh` do, plans don't (J-33 to J-37).
    A replacement makes another profile: who is subscribed through the old one is unsubscribed, and subscribed again.
    """

    name = "just.profile"
    model = ProfileSpec
    can = Can.OBSERVE | Can.CREATE
    create_before_delete = True
    unasked = "one request each"
    unadoptable = "name the profile: existing_juid: JUID"

    def identity(self, spec: ProfileSpec) -> str | None:
        return spec.existing_juid

    def why_not_again(self, spec: ProfileSpec) -> str | None:
        return None if spec.existing_juid else "a second profile of the person would stay for good"

    def select_changes(self, live: Observed, spec: ProfileSpec, changes: Sequence[Change]) -> Selection:
        """A profile that is named by its own juid, or no longer, is the same; the rest is as `on_change` says."""
        if spec.existing_juid == live.id:
            return Selection()
        left = tuple(c for c in changes if c.field != "existing_juid" or c.after is not None)
        names = ", ".join(c.field for c in left)
        if left and spec.on_change == "ignore":
            return Selection(warnings=(f"on_change is ignore: the profile stays as it was made, without {names}",))
        if left and spec.on_change == "fail":
            return Selection(left, refused=f"replace refused: on_change is fail, and no profile can change its {names}")
        return Selection(left)

    async def observe(self, api: Just, id: str, spec: ProfileSpec, *, fresh: bool = False) -> Observed | None:
        if not api.probes:
            return Observed(id, computed={"juid": id}, unverifiable={"existence": "the setting profile_probe is off"})
        return Observed(id, computed={"juid": id}) if await api.has_profile(id) else None

    async def create(self, api: Just, spec: ProfileSpec) -> Observed:
        """Raises NotFound for an `existing_juid` that this token doesn't know."""
        if spec.existing_juid is None:
            return _observed(await api.create_profile(_fields(spec)))
        if api.probes and not await api.has_profile(spec.existing_juid):
            raise NotFound("just: existing_juid: this token knows no such profile")
        return Observed(spec.existing_juid, computed={"juid": spec.existing_juid, "adopted": True})

    async def complete(self, api: Just, id: str, spec: ProfileSpec, report: Report) -> Observed:
        """Nothing is left to do, and nothing to be read back."""
        return _observed(id)

    async def review(self, api: Just, proposal: Proposal[ProfileSpec]) -> Sequence[Problem]:
        found = [warning(f"{_STAYS} (J-35)")] if proposal.deletes else []
        return [*found, warning(_REPLACED)] if proposal.replaces else found


def _observed(juid: str) -> Observed:
    return Observed(juid, computed={"juid": juid})


def _fields(spec: ProfileSpec) -> dict[str, str]:
    given = {"ip": spec.ip, "name": spec.name, "gender": spec.gender, "birthDate": spec.birth_date}
    return {name: str(value) for name, value in given.items() if value is not None}
