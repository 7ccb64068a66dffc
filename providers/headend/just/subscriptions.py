"""Subscriptions of people by e-mail and SMS."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from headend.core.model.capabilities import (
    CreatedOnce,
    KnownBySecrets,
    MakesClaims,
    Selection,
    SelectsChanges,
    Unadoptable,
    Unreadable,
)
from headend.core.model.errors import InputError
from headend.core.model.fields import Immutable, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can, Kind, Report
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.just.marks import Refid, Refidm, marks, select_all_but_removals
from headend.just.people import EMAIL, NORMAL, NUMBER, Channel, Juid, hashed

if TYPE_CHECKING:
    from headend.just.api import Just

_UNREADABLE = "Just has no call that reads a subscription; the person may have ended it"
_STAMPS = {
    "reg_url": "regUrl",
    "utm_source": "utmSource",
    "utm_medium": "utmMedium",
    "utm_campaign": "utmCampaign",
}
Stamp = Annotated[
    str | None,
    Field(min_length=1, description="Recorded when the person is subscribed; a change subscribes anew (J-43)"),
    Immutable(),
]


class SubscriptionSpec(Spec):
    """One subscription of one person."""

    juid: Juid
    refid: Refid = None
    refidm: Refidm = None
    reg_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s/]\S*$",
            examples=["https://www.example.com/register"],
            description="Page of the subscription, http or https, likewise",
        ),
        Immutable(),
    ] = None
    utm_source: Stamp = None
    utm_medium: Stamp = None
    utm_campaign: Stamp = None


class EmailSubscriptionSpec(SubscriptionSpec):
    """One subscription by e-mail."""

    email: Annotated[str, *EMAIL]


class SmsSubscriptionSpec(SubscriptionSpec):
    """One subscription by SMS."""

    number: Annotated[str, *NUMBER]


S = TypeVar("S", bound=SubscriptionSpec)


_REPLACED = (
    "the person is unsubscribed, and subscribed again, whatever they have decided meanwhile;"
    " lifecycle.ignore_changes keeps the subscription as it was made"
)


class Subscription(
    Kind[S, "Just"],
    Unreadable,
    Unadoptable,
    KnownBySecrets,
    MakesClaims[S],
    CreatedOnce[S],
    SelectsChanges[S],
    Generic[S],
):
    """What both channels have in common.

    Consent comes first (J-41): without a change in the stack no request is ever made, not even to make sure, for the
    person may have unsubscribed meanwhile. Deleting only ever unsubscribes (J-22).
    """

    channel: ClassVar[Channel]
    can = Can.CREATE | Can.UPDATE | Can.DELETE
    one_at_a_time_per = "juid"
    unreadable = _UNREADABLE
    unadoptable = "leave it out: creating it subscribes a person again who is subscribed already, and takes it over"

    def address(self, spec: S) -> str | None:
        """The address as it is written; None where state doesn't tell it."""
        found: str | None = getattr(spec, NORMAL[self.channel].field)
        return found

    def identity(self, spec: S) -> str | None:
        address = self.address(spec)
        if address is None:
            return None
        key = hashed(str(spec.juid), self.channel, NORMAL[self.channel].of(address))
        return f"{self.channel}:{spec.juid}:{key}"

    def claims(self, spec: S) -> Mapping[Hashable, Hashable]:
        """Marks are set by address, whoever has it, so two subscriptions of one address can't differ in them (J-45)."""
        address, given = self.address(spec), marks(spec)
        if not given or address is None:
            return {}
        return {("marks of", self.channel, NORMAL[self.channel].of(address)): tuple(given.items())}

    def why_not_again(self, spec: S) -> str | None:
        return "the person may be welcomed a second time, or may have unsubscribed"

    def select_changes(self, live: Observed, spec: S, changes: Sequence[Change]) -> Selection:
        return select_all_but_removals(changes)

    async def review(self, api: Just, proposal: Proposal[S]) -> Sequence[Problem]:
        found = [warning(_REPLACED)] if proposal.replaces else []
        if proposal.creates:
            found.append(warning("subscribes a real person; whether they are subscribed already can't be seen (J-40)"))
        return found

    async def create(self, api: Just, spec: S) -> Observed:
        address = self.address(spec)
        assert address is not None
        stamps = {wire: str(getattr(spec, name)) for name, wire in _STAMPS.items() if getattr(spec, name) is not None}
        await api.subscribe(self.channel, str(spec.juid), address, marks(spec) | stamps)
        return Observed(self.new_id(self.channel, str(spec.juid)), computed={"readable": False})

    async def update(self, api: Just, id: str, spec: S, changes: Sequence[Change]) -> None:
        """Only marks can change in place: one request with those that are set (J-42)."""
        address = self.address(spec)
        assert address is not None
        await api.mark(self.channel, address, marks(spec))

    async def delete(self, api: Just, id: str, last: S, report: Report) -> None:
        """Ends the subscription; the platform keeps the address (J-44). Raises InputError where state has lost it."""
        address = self.address(last)
        if address is None:
            raise InputError(f"{id}: state doesn't hold the address to unsubscribe; unsubscribe it by hand")
        await api.unsubscribe(self.channel, str(last.juid), address)


class EmailSubscription(Subscription[EmailSubscriptionSpec]):
    """A person's subscription by e-mail. Write-only: headend knows what it sent, not what the person did since.

    Creating it subscribes the person, deleting it unsubscribes them; nothing is sent while the stack stays as it is.
    A replacement does both, whatever the person has decided meanwhile; `lifecycle.ignore_changes` keeps the
    subscription as it was made.
    """

    name = "just.email_subscription"
    model = EmailSubscriptionSpec
    key = known_by = ("juid", "email")
    channel = "email"


class SmsSubscription(Subscription[SmsSubscriptionSpec]):
    """A person's subscription by SMS. Write-only: headend knows what it sent, not what the person did since.

    Creating it subscribes the person, deleting it unsubscribes them; nothing is sent while the stack stays as it is.
    A replacement does both, whatever the person has decided meanwhile; `lifecycle.ignore_changes` keeps the
    subscription as it was made.
    """

    name = "just.sms_subscription"
    model = SmsSubscriptionSpec
    key = known_by = ("juid", "number")
    channel = "sms"
