"""Payment methods: cards that somebody has entered in a browser (M-134..M-137)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from headend.core.model.capabilities import CreatedOnce, HasUniqueFields
from headend.core.model.errors import Ambiguous, ApiError, DecodeError, Refused, Unavailable
from headend.core.model.fields import Immutable, OwnCall, Secret, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.lookup import Candidate, Lookup
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.wire.decode import Shape
from headend.mycujoo import answers
from headend.mycujoo.answers import turned_away

if TYPE_CHECKING:
    from headend.mycujoo.api import MycujooApi

SHOWN = ("org_id", "provider", "create_time", "update_time", "card")
CARD = ("brand", "last_digits", "exp_month", "exp_year", "name")


def _only_true(given: Any) -> Any:
    if given is False:
        raise ValueError("can't be false: make another one the default (M-136)")
    return given


class PaymentMethod(Spec):
    """What is managed of one: that it exists, and that it is the default."""

    setup_intent_id: Annotated[
        str | None,
        Field(min_length=1, description="A Stripe set-up intent that was confirmed in a browser; to create it (M-135)"),
        Secret(),
        Immutable(),
        WriteOnly("creation uses it up, and nothing shows what a method was made with", used_up_by_create=True),
    ] = None
    is_default: Annotated[
        Literal[True] | None,
        BeforeValidator(_only_true),
        OwnCall(),
        Field(description="true: it is the one that pays, and no other is. Not managed when left out (M-136)"),
    ] = None


class PaymentMethodKind(
    Kind[PaymentMethod, "MycujooApi"],
    HasUniqueFields[PaymentMethod],
    CreatedOnce[PaymentMethod],
    Listed["MycujooApi"],
):
    """A payment method of the organisation, in the place where Stripe keeps the card.

    headend can't make one alone: somebody confirms a set-up intent in a browser, and gives headend its id as a secret.
    Nothing about a card is unique, so one that exists is adopted by its id, or by a lookup of what is on the card. A
    registration whose outcome nobody knows is never repeated: plans refuse it until somebody has looked.
    """

    name = "mycujoo.payment_method"
    model = PaymentMethod
    told_by = ("is_default",)
    create_before_delete = True  # something must pay all the while

    def unique(self, spec: PaymentMethod) -> Mapping[str, str]:
        return {"is_default": "true"} if spec.is_default else {}

    def why_not_again(self, spec: PaymentMethod) -> str | None:
        return (
            "the card could be registered a second time (M-137). If `headend api mycujoo payment_method.list` shows it,"
            " name it: lifecycle: {adopt: {id: ID}}"
        )

    # --- reading -------------------------------------------------------------------------------------------
    async def list_live(self, api: MycujooApi, within: str | None) -> Sequence[Live]:
        rows = (await api.accounting.methods()).values()
        return [Live(row.id, {"is_default": True} if row.is_default else {}) for row in rows]

    async def observe(self, api: MycujooApi, id: str, spec: PaymentMethod, *, fresh: bool = False) -> Observed | None:
        """From the one list of all. What a fresh list is without is asked for by its id before it is gone (M-135)."""
        rows = await api.accounting.methods(fresh=fresh)
        row = rows.get(id)
        if row is None and fresh:
            row = await api.accounting.method(id)
        return _observed(row, spec) if row else None

    async def review(self, api: MycujooApi, proposal: Proposal[PaymentMethod]) -> Sequence[Problem]:
        if proposal.deletes:
            row = (await api.accounting.methods()).get(str(proposal.id))
            if row and row.is_default:
                return (warning("it is the one that pays; make another one the default first (M-136)"),)
        elif proposal.creates and proposal.spec and not proposal.spec.setup_intent_id:
            remedy = "give one as a secret, or name the method that exists: lifecycle.adopt"
            return (Problem("setup_intent_id: a payment method is made of one (M-134)", remedy=remedy),)
        return ()

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: MycujooApi, spec: PaymentMethod) -> Observed:
        """One POST, and never another: the list tells what became of it where the answer doesn't (M-15, M-137)."""
        try:
            before = (await api.accounting.methods()).keys()
        except ApiError as error:  # no doubt is left by a request that never went out
            raise Refused(f"{error}; nothing was registered", status=error.status, code=error.code) from None
        try:
            made = await api.accounting.create_method(spec.setup_intent_id or "")
        except (Ambiguous, DecodeError, Unavailable) as error:
            if turned_away(error):
                raise
            made = await self._settled(api, before, error)
        live = _observed(made, spec)
        unfinished = bool(spec.is_default) and not made.is_default
        return Observed(live.id, live.values, live.computed, incomplete=unfinished)

    async def _settled(self, api: MycujooApi, before: Collection[str], error: ApiError) -> answers.PaymentMethod:
        """The one method that is new since. Raises the error where that doesn't tell."""
        try:
            rows = await api.accounting.methods(fresh=True)
        except ApiError:
            raise error from None
        new = [row for row in rows.values() if row.id not in before]
        if len(new) == 1:
            return new[0]
        ids = ", ".join(row.id for row in new)
        told = f"{len(new)} new payment methods may be it: {ids}" if new else "the list shows no new payment method yet"
        raise type(error)(f"{error}; {told}", status=error.status, code=error.code)

    async def complete(self, api: MycujooApi, id: str, spec: PaymentMethod, report: Report) -> Observed:
        """Makes it the default where creation didn't (M-135)."""
        live = await super().complete(api, id, spec, report)
        if spec.is_default and not live.values["is_default"]:
            await self._make_default(api, id)
            live = await super().complete(api, id, spec, report)
        return live

    async def update(self, api: MycujooApi, id: str, spec: PaymentMethod, changes: Sequence[Change]) -> None:
        if spec.is_default and any(change.field == "is_default" for change in changes):
            await self._make_default(api, id)

    async def _make_default(self, api: MycujooApi, id: str) -> None:
        """Raises Refused where the platform says yes and does nothing (M-12)."""
        if not (await api.accounting.make_default(id)).is_default:
            text = "the platform accepted the request and stored something else in: is_default"
            raise Refused(f"mycujoo payment_method {id}: {text}")

    async def delete(self, api: MycujooApi, id: str, last: PaymentMethod, report: Report) -> None:
        await api.accounting.delete_method(id)


def _observed(row: answers.PaymentMethod, spec: PaymentMethod) -> Observed:
    """A row; whether it is the default is told only where that is managed, for it can't be undone (M-136)."""
    values = {"is_default": row.is_default or None} if spec.is_default else {}
    return Observed(row.id, values, {**_given(row, SHOWN), "is_default": row.is_default})


def _given(shape: Shape, names: Sequence[str]) -> dict[str, Any]:
    """What an answer says of these, without zeros, which may be left out as well (M-13)."""
    found = shape.model_dump()
    return {name: found[name] for name in names if found[name]}


class FoundMethod(Lookup["MycujooApi"]):
    """A payment method that exists, by what is on its card: `lifecycle: {adopt: {lookup: {last_digits: "4242"}}}`."""

    name = "mycujoo.payment_method"
    fields = {
        "brand": "of the card, such as visa (M-134)",
        "last_digits": "of the card's number; in quotes, it may begin with 0 (M-134)",
        "exp_month": "in which the card expires (M-134)",
        "exp_year": "in which the card expires (M-134)",
        "name": "the name on the card (M-134)",
        "is_default": "whether it is the one that pays (M-134)",
        "provider": "who keeps it: PAYMENT_METHOD_PROVIDER_... (M-134)",
    }

    async def candidates(self, api: MycujooApi, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        return [
            Candidate(
                row.id,
                {
                    **(_given(row.card, CARD) if row.card else {}),
                    "is_default": row.is_default,
                    "provider": row.provider,
                },
            )
            for row in (await api.accounting.methods()).values()
        ]
