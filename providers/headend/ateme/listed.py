"""Small objects of the managing organisation that are read from their list alone: no call gives one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from headend.ateme.answers import hint
from headend.ateme.rows import Row
from headend.core.model.errors import Conflict, Refused
from headend.core.model.fields import Immutable, Named, Spec, WriteOnly, mark, marked
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live, spec_of
from headend.core.model.observed import Change, Observed
from headend.core.wire.decode import last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.ateme.listing import Listing

S = TypeVar("S", bound=Spec)
UNSEEN = "the answer does not show it"


class ListedKind(Kind[S, "Ateme"], Listed["Ateme"]):
    """The way of such objects through the API: found by name, and written as a whole (A-51).

    noun: the operations' prefix. place: what paths call the id, if not `<noun>_id`. The model's fields are called the
    same on the wire; `extra` goes on top of them. whole: the field that not every list shows; a row without it is read
    by itself.
    """

    noun: ClassVar[str]
    shape: ClassVar[type[Row]]
    place: ClassVar[str | None] = None
    whole: ClassVar[str] = ""

    def path(self, id: str) -> dict[str, str]:
        """What the paths of one object are filled in with."""
        return {self.place or f"{self.noun}_id": id}

    def headers(self, api: Ateme, spec: S) -> dict[str, str]:
        """What each call says beside that of where the object is."""
        return {}

    def fields(self) -> list[str]:
        """What goes into bodies, and is read back."""
        return [name for name in self.model.model_fields if name != "extra"]

    # --- reading -----------------------------------------------------------------------------------------
    async def rows(self, api: Ateme, spec: S, *, fresh: bool = False) -> Listing[Row]:
        headers = self.headers(api, spec)
        return await api.listed(f"{self.noun}.list", None, self.shape, headers=headers, fresh=fresh)

    async def observe(self, api: Ateme, id: str, spec: S, *, fresh: bool = False) -> Observed | None:
        row = (await self.rows(api, spec, fresh=fresh)).row(id)
        return None if row is None else self.observed(await self.whole_row(api, row, spec), spec)

    async def find(self, api: Ateme, spec: S) -> list[Observed]:
        rows = [row for row in await self.rows(api, spec) if self.matches(row, spec)]
        return [self.observed(await self.whole_row(api, row, spec), spec) for row in rows]

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        known = {self.parent_field: within} if self.parent_field else {}
        rows = await self.rows(api, spec_of(self.model, known))
        return [Live(row.id, known) for row in rows if self.is_whole(row)]

    def is_whole(self, row: Row) -> bool:
        """Whether the row has the name that objects of the kind are found by."""
        return all(row.given.get(name) for name in marked(self.model, Named))

    def matches(self, row: Row, spec: S) -> bool:
        """Whether the row has the spec's natural key."""
        key = cast(Any, self.natural_key)  # rows have the fields of specs
        return bool(key(row) == key(spec))

    async def whole_row(self, api: Ateme, row: Row, spec: S) -> Row:
        """The row with all that the platform shows of it; as listed where nothing else answers (A-46)."""
        if not self.whole or self.whole in row.given:
            return row
        path, headers = self.path(row.id), self.headers(api, spec)
        try:
            found = await api.single(f"{self.noun}.get", None, path, self.shape, doubtful=True, headers=headers)
        except Refused as error:
            if error.status != 405:
                raise
            found = None
        return found or row

    def observed(self, row: Row, spec: S) -> Observed:
        shown = {name: value for name, value in row.given.items() if value is not None}
        names = [name for name in self.fields() if mark(self.model, name, WriteOnly) is None]
        values, wrong = readable(self.model, names, shown)
        unverifiable = dict.fromkeys((name for name in names if name not in values), UNSEEN) | wrong
        return Observed(row.id, values, {f"{self.noun}_id": row.id}, unverifiable)

    # --- writing -----------------------------------------------------------------------------------------
    def body(self, spec: S) -> dict[str, Any]:
        given = spec.set_fields()
        return {name: given[name] for name in self.fields() if given.get(name) is not None} | (given.get("extra") or {})

    async def create(self, api: Ateme, spec: S) -> Observed:
        return await self.make(api, f"{self.noun}.create", spec)

    async def make(self, api: Ateme, key: str, spec: S, path: Mapping[str, str] = {}) -> Observed:
        """The creating call. path: ids that stand in it, none of which is the object's."""
        try:
            headers = self.headers(api, spec)
            answer = await api.call(key, scope=None, path=path, body=self.body(spec), headers=headers)
        finally:  # also where the answer got lost
            api.changed(f"{self.noun}.list")
        find = partial(self.find, api, spec)
        return Observed(await api.made_id(key, answer.body, self.shape, find, next(iter(path.values()), None)))

    async def update(self, api: Ateme, id: str, spec: S, changes: Sequence[Change]) -> None:
        """What the stack doesn't set goes as it was last read, and empty where it was taken out (A-51)."""
        fixed = marked(self.model, Immutable)
        body = {name: value for name, value in self.body(spec).items() if name not in fixed}
        if left := [name for name in self.fields() if name not in {*fixed, *body}]:
            row = (await self.rows(api, spec)).row(id)
            body |= last_read(self.model, f"ateme: {self.noun}.update", left, row.given) if row else {}
            body |= {change.field: "" for change in changes if change.field in left}
        await self.change(api, "update", id, body, headers=self.headers(api, spec))

    async def change(self, api: Ateme, verb: str, id: str, body: Mapping[str, Any], **options: Any) -> None:
        """A changing call about one object."""
        await api.call(f"{self.noun}.{verb}", scope=None, path=self.path(id), body=body, **options)
        api.changed(f"{self.noun}.list")

    async def delete(self, api: Ateme, id: str, last: S, report: Report) -> None:
        """Refused while something refers to it; what does is named. The engine has deleted before whatever of the
        stack does, so that there is nothing to wait for (A-727)."""
        try:
            await api.delete(f"{self.noun}.delete", None, self.path(id), headers=self.headers(api, last))
        except (Conflict, Refused) as error:
            used = await self.users(api, id)
            raise hint(error, f"used by {', '.join(used)}") if used else error from None
        api.changed(f"{self.noun}.list")

    async def users(self, api: Ateme, id: str) -> list[str]:
        """What refers to the object, as far as it can be read: words for the error of a refused delete."""
        return []
