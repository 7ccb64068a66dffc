"""Source invitations: other organisations that may take what this one sends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from headend.ateme.answers import read_item
from headend.ateme.fields import ENVIRONMENT, Extra, check_extra
from headend.ateme.listed import UNSEEN
from headend.ateme.rows_services import InvitationRow
from headend.core.model.capabilities import (
    CreatedInStages,
    HandsOutSecrets,
    LetsGo,
    Selection,
    SelectsChanges,
    note_down,
)
from headend.core.model.errors import NotFound
from headend.core.model.fields import Immutable, Impact, Interrupts, Lasting, Named, OwnCall, Same, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Change, Observed
from headend.core.model.proposal import Proposal
from headend.core.model.references import Id
from headend.core.wire.decode import last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

LIST = "source_invitation.list"
TOKEN = "source_invitation_token"  # noqa: S105
TERMS = ("show_all_channels", "show_all_events", "billing_source", "global_max_destinations")
"""What the update sets, beside `registered`."""
PLACES: Mapping[str, tuple[str, str]] = {
    "environment_visibility": ("source_invitation.visibility", "visible"),
    "environment_max_destinations": ("source_invitation.max_destinations", "max_destinations"),
}
"""Field -> the call that sets it for one environment, and what it sends (A-978)."""
MOST = 10
WORDS = {"shown": True, "hidden": False}
GOES = "the guest's destinations, schedules and alerts go, too (A-273)"
REVOKED = "registered: false puts the guest out: its sources and events are revoked, and its grants vanish (A-985)"


def as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def by_environment(value: Any) -> dict[Any, str]:
    """Environment -> the key under which it stands."""
    return {one: key for key, all_ in value.items() for one in all_} if isinstance(value, Mapping) else {}


Count = Annotated[str, BeforeValidator(as_text), Field(pattern="^[1-9][0-9]*$")]
PER_ENVIRONMENT = WriteOnly("the platform may not list it")
"""Marks of what is set for one environment each."""


class SourceInvitation(Spec):
    """One guest."""

    destination_temporary_name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(min_length=1, max_length=30, description="what you call the guest, 1..30 characters (A-637)"),
    ]
    show_all_channels: Annotated[bool, OwnCall(), Field(description="it may take every channel (A-638)")] = False
    show_all_events: Annotated[bool, OwnCall(), Field(description="it may take every event (A-639)")] = False
    billing_source: Annotated[
        Literal["source_owner", "destination_taker"] | None,
        OwnCall(),
        Lasting(),
        Field(description="who pays: the owner of the source, or the guest (A-640)"),
    ] = None
    global_max_destinations: Annotated[
        int | None,
        OwnCall(),
        Lasting(),
        Field(ge=1, le=10, description="destinations in each environment, 1..10 (A-641)"),
    ] = None
    registered: Annotated[
        Literal[False] | None,
        OwnCall(),
        Lasting(),
        Interrupts(Impact.DESTROYS),
        Field(description="false puts the guest out; true comes with its acceptance alone (A-642, A-846, A-985)"),
    ] = None
    environment_visibility: Annotated[
        dict[Literal["shown", "hidden"], list[Id]] | None,
        ENVIRONMENT,
        OwnCall(),
        Lasting(),
        PER_ENVIRONMENT,
        Same(by_environment),
        Field(description="shown, hidden -> the environments whose channels it sees, or not (A-643)"),
    ] = None
    environment_max_destinations: Annotated[
        dict[Count, list[Id]] | None,
        ENVIRONMENT,
        OwnCall(),
        Lasting(),
        PER_ENVIRONMENT,
        Same(by_environment),
        Field(description="how many destinations -> the environments where it may have as many (A-644, A-845)"),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in PLACES:
            held = [str(one) for all_ in (getattr(self, name) or {}).values() for one in all_]
            if twice := sorted({one for one in held if held.count(one) > 1}):
                raise ValueError(f"{name}: {twice[0]} stands in it twice")
        check_extra(self.extra, {"destination_temporary_name", "registered", *TERMS})
        return self


class SourceInvitationKind(
    Kind[SourceInvitation, "Ateme"],
    Listed["Ateme"],
    HandsOutSecrets[SourceInvitation],
    CreatedInStages[SourceInvitation, "Ateme"],
    LetsGo[SourceInvitation, "Ateme"],
    SelectsChanges[SourceInvitation],
):
    """Another organisation that is let in as a guest: to take channels and events, as grants and settings allow.

    Making one hands out its `source_invitation_token`, which you pass on to the guest: `apply` asks for
    `--secrets-out FILE`, Pulumi keeps it as a secret output. `headend api ateme source_invitation.list --out FILE` gets
    it again. The token is also what all calls address the guest by, so that state knows it by an id that is made of it.

    Deleting an invitation, or another name for it, takes the guest's destinations, schedules and alerts along.
    """

    name = "ateme.source_invitation"
    collection = "source_invitations"
    model = SourceInvitation
    key = ("destination_temporary_name",)
    create_before_delete = True
    impact_of_delete = Impact.DESTROYS

    def handed_out_by_create(self, spec: SourceInvitation) -> tuple[str, ...]:
        return (TOKEN,)

    def check(self, spec: SourceInvitation, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """Its limits are documented for the number that holds everywhere."""
        name = "environment_max_destinations"
        many = [count for count in getattr(spec, name) or () if int(count) > MOST]
        return [warning(f"{name} is probably limited to 1..{MOST}", field=name, rule="likely-range")] if many else []

    async def review(self, api: Ateme, proposal: Proposal[SourceInvitation]) -> Sequence[Problem]:
        out = any(change.field == "registered" for change in proposal.edits)
        return [
            *([warning(GOES)] if proposal.deletes or proposal.replaces else []),
            *([warning(REVOKED, field="registered")] if out else []),
        ]

    def select_changes(self, live: Observed, spec: SourceInvitation, changes: Sequence[Change]) -> Selection:
        """No call takes back what was said of an environment (A-771)."""
        return note_down(changes, [name for name in PLACES if not dict(_changed(spec, name, changes))])

    # --- reading -------------------------------------------------------------------------------------------
    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = await api.listed(LIST, None, InvitationRow)
        said = ({name: dict(_grouped(all_, all_)) for name in PLACES if (all_ := getattr(row, name))} for row in rows)
        return [Live(row.id, fields) for row, fields in zip(rows, said, strict=True)]

    async def observe(self, api: Ateme, id: str, spec: SourceInvitation, *, fresh: bool = False) -> Observed | None:
        row = await invitation(api, id, fresh=fresh)
        return None if row is None else observed(row, spec)

    async def find(self, api: Ateme, spec: SourceInvitation) -> list[Observed]:
        rows = await api.listed(LIST, None, InvitationRow)
        return [observed(row, spec) for row in rows.alike(destination_temporary_name=spec.destination_temporary_name)]

    # --- writing -------------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: SourceInvitation) -> Observed:
        body = {"destination_temporary_name": spec.destination_temporary_name, **(spec.extra or {})}
        key = "source_invitation.create"
        try:
            answer = await api.call(key, scope=None, body=body)
        finally:  # also where the answer got lost
            api.changed(LIST)
        row = read_item(api.table[key], answer.body, InvitationRow, "", signs=(TOKEN, "token"))
        return Observed(row.id, incomplete=True, handed_out={TOKEN: row.token})

    async def furnish(self, api: Ateme, id: str, spec: SourceInvitation, report: Report) -> None:
        """What creation can't set: only where it isn't so anyway (A-758)."""
        row, wanted = await addressed(api, id), spec.set_fields()
        news = [name for name in (*TERMS, "registered") if wanted.get(name) not in {None, row.given.get(name, False)}]
        if news:
            await self._set_terms(api, id, spec, {})
        for name in PLACES:
            live = getattr(row, name) or {}
            told = by_environment(wanted.get(name)).items()
            await self._set_places(api, id, name, [(e, word) for e, word in told if _word(live.get(e)) != word])

    async def update(self, api: Ateme, id: str, spec: SourceInvitation, changes: Sequence[Change]) -> None:
        names = {change.field for change in changes}
        if names & {*TERMS, "registered", "extra"}:
            await self._set_terms(api, id, spec, spec.extra or {} if "extra" in names else {})
        for name in PLACES:
            await self._set_places(api, id, name, _changed(spec, name, changes))

    async def _set_terms(self, api: Ateme, id: str, spec: SourceInvitation, extra: Mapping[str, Any]) -> None:
        """All of them, as desired or else as last read (A-51); `registered` only to put the guest out (A-642)."""
        row = await addressed(api, id)
        given = spec.set_fields()
        body = {name: given[name] for name in (*TERMS, "registered") if given.get(name) is not None}
        left = [name for name in TERMS if name not in body]
        body = last_read(SourceInvitation, f"ateme: {LIST}", left, row.given) | body | dict(extra)
        await write(api, "source_invitation.update", row, body)

    async def _set_places(self, api: Ateme, id: str, name: str, wanted: Collection[tuple[str, str]]) -> None:
        """One call for each environment (A-643, A-644)."""
        key, said = PLACES[name]
        for environment, word in wanted:
            value = WORDS[word] if word in WORDS else int(word)
            await write(api, key, await addressed(api, id), {said: value}, environment_id=environment)

    async def release(self, api: Ateme, id: str, last: SourceInvitation, going: Collection[str]) -> None:
        """Nothing: an environment goes without it, and the guest stays."""

    async def delete(self, api: Ateme, id: str, last: SourceInvitation, report: Report) -> None:
        row = await invitation(api, id, fresh=True)
        if row is not None:
            await take_away(api, "source_invitation.delete", row)


async def invitation(api: Ateme, id: object, *, fresh: bool = False) -> InvitationRow | None:
    """The one with that id: headend's own, or the platform's where it has one (A-844)."""
    found = (await api.listed(LIST, None, InvitationRow, fresh=fresh)).having(id=[id], number=[id])
    return found[0] if found else None


async def addressed(api: Ateme, id: object) -> InvitationRow:
    """The same, to write to. Raises NotFound where it is gone."""
    row = await invitation(api, id)
    if row is None:
        raise NotFound(f"ateme: invitation {id} is gone", status=404)
    return row


async def write(api: Ateme, key: str, row: InvitationRow, body: Mapping[str, Any], **path: str) -> None:
    """A call about one guest. The token is in its path, and in no message."""
    api.client.redactor.add(row.token)
    try:
        await api.call(key, scope=None, path={"token": row.token, **path}, body=dict(body))
    finally:
        api.changed(LIST)


async def take_away(api: Ateme, key: str, row: InvitationRow, **path: str) -> None:
    """A deleting one; absent is success."""
    api.client.redactor.add(row.token)
    await api.delete(key, None, {"token": row.token, **path})
    api.changed(LIST)


def _changed(spec: SourceInvitation, name: str, changes: Sequence[Change]) -> list[tuple[str, str]]:
    """(environment, word) of what has to be said anew of this field."""
    wanted, found = by_environment(getattr(spec, name)), set()
    for change in changes:
        if change.path == (name,):
            before = by_environment(change.before)
            found |= {one for one, word in wanted.items() if before.get(one) != word}
        elif change.field == name:
            found.add(change.path[1])
    return [(one, word) for one, word in wanted.items() if one in found]


def observed(row: InvitationRow, spec: SourceInvitation) -> Observed:
    """Of environments only those that the stack names: the others are nobody's."""
    names = ("destination_temporary_name", *TERMS, "registered")
    values, wrong = readable(SourceInvitation, names, {n: v for n, v in row.given.items() if v is not None})
    for name in PLACES:
        live = getattr(row, name)
        if live is not None:
            values[name] = dict(_grouped(live, by_environment(getattr(spec, name))))
    unseen = {name: UNSEEN for name in names if name in spec.set_fields() and name not in values}
    computed = {"source_invitation_id": row.number} if row.number else {}
    return Observed(row.id, values, computed, unseen | wrong)


def _grouped(live: Mapping[str, Any], named: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    words = {one: _word(value) for one, value in live.items() if one in named}
    for word in dict.fromkeys(words.values()):
        yield word, [one for one, other in words.items() if other == word]


def _word(value: Any) -> str:
    return next((word for word, said in WORDS.items() if said is value), str(value))
