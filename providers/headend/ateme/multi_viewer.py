"""Multi-viewers: one picture of many inputs, which is an input again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from headend.ateme.airtime import airtimes_through, carried
from headend.ateme.answers import hint
from headend.ateme.grouping import join_by_result, joined, raise_if_leaving, review_group, unfit
from headend.ateme.machines import (
    PRESET,
    UNSEEN,
    explained,
    gone,
    is_going,
    preset,
    preset_doubts,
    remove,
    settled,
    unstored,
)
from headend.ateme.multi_viewer_spec import SETTINGS, TILES, UNREAD, MultiViewer, is_like
from headend.ateme.rows import ViewerRow
from headend.ateme.running import FAILURES, resting, running
from headend.ateme.tiles import changed_tiles, elsewhere, misfits
from headend.ateme.viewers import details, resulting_input, viewer_inputs
from headend.core.model.capabilities import (
    Catalogued,
    CreatedInStages,
    LetsGo,
    Nameless,
    OnAir,
    Selection,
    SelectsChanges,
    note_down,
)
from headend.core.model.errors import ApiError, Conflict, DecodeError, NotFound, Refused
from headend.core.model.fields import Impact, Spec, WriteOnly, mark
from headend.core.model.findings import Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.model.signal import Carries
from headend.core.wire.decode import last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

GUESSED = "(status guessed)"
GROUPS = frozenset({"mv"})
"""Types of the dashboard groups that its result can be in."""


class MultiViewerKind(
    Kind[MultiViewer, "Ateme"],
    Nameless,
    Catalogued[MultiViewer, "Ateme"],
    CreatedInStages[MultiViewer, "Ateme"],
    LetsGo[MultiViewer, "Ateme"],
    SelectsChanges[MultiViewer],
    OnAir[MultiViewer, "Ateme"],
    Carries[MultiViewer],
    Listed["Ateme"],
):
    """A multi-viewer: a wall of tiles, each showing an input.

    Its result is a Local-TS input, which comes and goes with it: wherever a stack names an input, the multi-viewer's
    name stands for it. Tiles and titles can't be read back. headend compares them with what was last applied, sends
    only those that changed, and clears one before the input that it shows is deleted. The tiles of one that is adopted
    stay as they are until the stack changes them. The platform drops tiles that it can't use without a word. No call
    lists multi-viewers, and nothing tells two of them apart: they are adopted by id. While its result goes out, every
    input of its environment counts as on air, since nobody can tell which it shows.
    """

    name = "ateme.multi_viewer"
    read_together = True
    parent = "ateme.environment"
    parent_field = "environment"
    model = MultiViewer
    sources = ("tile_inputs",)
    create_before_delete = True
    told_by = ("layout_id",)
    impact_of_delete = Impact.DESTROYS

    def check(self, spec: MultiViewer, related: Mapping[str, Spec]) -> Sequence[Problem]:
        return [*elsewhere(spec), *preset_doubts(spec), *unfit(related, GROUPS)]

    async def check_catalogue(self, api: Ateme, spec: MultiViewer) -> Sequence[Problem]:
        return await misfits(api, spec)

    async def review(self, api: Ateme, proposal: Proposal[MultiViewer]) -> Sequence[Problem]:
        """A resting environment takes no write (A-731)."""
        spec = proposal.spec
        if spec is None:
            return ()
        found = await resting(api, spec.environment, proposal.parent) if proposal.writes else []
        return [*found, *await review_group(api, proposal, GROUPS)]

    def select_changes(self, live: Observed, spec: MultiViewer, changes: Sequence[Change]) -> Selection:
        """A preset is stored only by `store_preset`."""
        return note_down(changes, unstored(spec))

    async def on_air(self, api: Ateme, id: str, spec: MultiViewer, *, fresh: bool = False) -> Sequence[Airtime]:
        """What goes out through its result, and through what others make of that. Where nobody says which input that
        is, each may be it that nobody else claims."""
        environment = str(spec.environment)
        made = await resulting_input(api, environment, id, fresh=fresh)
        unclaimed = {i for i, maker in (await viewer_inputs(api, environment)).items() if maker is None}
        if made is None and not unclaimed:
            return ()
        return await airtimes_through(api, carried(api, environment, {made} if made else unclaimed), fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: MultiViewer, parent: Spec | None) -> Status:
        """It is there to run. Details that don't tell the status are those of one that runs once its result is
        there."""
        rests = not await api.is_running(str(seen.values["environment"]))
        if "status" not in seen.computed and "resulting_input_id" in seen.computed:
            seen = replace(seen, computed={**seen.computed, "status": "running"})
        return running(seen, spec, parent, rests=rests)

    # --- reading -----------------------------------------------------------------------------------------
    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        """By the inputs that they make. One whose input doesn't say so is known to nobody."""
        ids = dict.fromkeys((await viewer_inputs(api, str(within))).values())
        return [Live(id, {"environment": within}) for id in ids if id is not None]

    async def observe(self, api: Ateme, id: str, spec: MultiViewer, *, fresh: bool = False) -> Observed | None:
        """None only if its result is gone, too: the path is assumed, and a wall made twice costs money (A-766)."""
        environment = str(spec.environment)
        try:
            row = await details(api, environment, id, fresh=fresh)
            looks = (fresh, True)  # a list that was read before it went proves nothing
            if row is None and all([id in (await viewer_inputs(api, environment, fresh=f)).values() for f in looks]):
                why = "but its Local-TS input is there: is the path right?"
                raise DecodeError(f"ateme: multi_viewer.get knows no {id}, {why}")
        except ApiError:
            if await api.status(environment) == "deleted":
                return None  # it went with its environment
            raise
        return None if row is None else await self.observed(api, row, spec)

    async def find(self, api: Ateme, spec: MultiViewer) -> list[Observed]:
        """Those with the same layout and settings, by the Local-TS inputs that say whose they are (A-838)."""
        environment = str(spec.environment)
        ids = [id for id in (await viewer_inputs(api, environment, fresh=True)).values() if id is not None]
        rows = [row for id in ids if (row := await details(api, environment, id, fresh=True)) is not None]
        found = [await self.observed(api, row, spec) for row in rows]
        return [seen for seen in found if is_like(seen.values, spec)]

    async def observed(self, api: Ateme, row: ViewerRow, spec: MultiViewer) -> Observed:
        environment, word = str(spec.environment), row.word
        values, unverifiable = readable(MultiViewer, ("layout_id", *SETTINGS), row.given)
        values["environment"] = row.environment_id or environment
        unverifiable |= dict.fromkeys(TILES, UNREAD)
        made = await resulting_input(api, environment, row.id)
        values |= await joined(api, environment, made)
        for name in spec.set_fields():
            if name not in values and mark(MultiViewer, name, WriteOnly) is None:
                unverifiable.setdefault(name, UNSEEN)
        return Observed(
            id=row.id,
            values=values,
            computed={"multi_viewer_id": row.id, **row.told} | ({"resulting_input_id": made} if made else {}),
            unverifiable=unverifiable,
            incomplete=word == "creating",
            leaving=is_going(row),
            warnings=(f"its status is {word}",) if word in FAILURES else (),
        )

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: MultiViewer) -> Observed:
        environment = str(spec.environment)
        await api.require_running(environment)
        before = set((await viewer_inputs(api, environment)).values())
        given = spec.set_fields()
        names = ("layout_id", "tile_inputs", *SETTINGS, *(PRESET if spec.store_preset else ()))
        body = {name: given[name] for name in names if given.get(name) is not None}
        answer = await explained(api, "multi_viewer.create", environment, {}, body | (spec.extra or {}))
        self.forget(api)

        async def new() -> list[Observed]:
            return [one for one in await self.find(api, spec) if one.id not in before]

        id = await api.made_id("multi_viewer.create", answer.body, ViewerRow, new)
        return Observed(id=id, incomplete=True)

    async def furnish(self, api: Ateme, id: str, spec: MultiViewer, report: Report) -> None:
        """Titles can't be given at creation (A-541)."""
        if spec.tile_titles:
            await self._show(
                api, id, spec, changed_tiles(spec, [Change(("tile_titles",), None, spec.tile_titles)]), report
            )

    async def update(self, api: Ateme, id: str, spec: MultiViewer, changes: Sequence[Change]) -> None:
        """All settings in one call, as desired or else as last read (A-51); the tiles that changed in another (A-755).
        It must run for that (A-222)."""
        raise_if_leaving(changes, f"multi-viewer {id}")
        names = {change.field for change in changes}
        kept, tiles = preset(spec, changes), changed_tiles(spec, changes)
        if kept or names & {*SETTINGS, "extra"}:
            environment = str(spec.environment)
            given = {name: value for name, value in spec.set_fields().items() if name in SETTINGS and value is not None}
            await api.require_running(environment)
            live = await self._running(api, id, spec, _silent)
            body = last_read(MultiViewer, "ateme: multi_viewer.get", SETTINGS, live.given, given) | given | kept
            # a preset that was stored by a call whose answer was lost would be stored again
            repeat = False if kept else None
            path = {"multi_viewer_id": id}
            await explained(api, "multi_viewer.update", environment, path, body | (spec.extra or {}), repeat)
            self.forget(api)
        if tiles:
            await self._show(api, id, spec, tiles, _silent)

    async def release(self, api: Ateme, id: str, last: MultiViewer, going: Collection[str]) -> None:
        """The tiles that show what is deleted next go dark first (A-739)."""
        if dark := {number: {"input_id": ""} for number, shown in (last.tile_inputs or {}).items() if shown in going}:
            await self._show(api, id, last, dark, _silent)

    async def _show(
        self, api: Ateme, id: str, spec: MultiViewer, tiles: Mapping[str, Mapping[str, str]], report: Report
    ) -> None:
        """Sends tiles once it runs, under the names that the wire table gives what the document names nowhere (A-978).
        Where the details don't tell whether it runs, its refusal does."""
        op = api.table["multi_viewer.tiles"]
        sent = {number: op.named(said) for number, said in tiles.items()}
        environment, path = str(spec.environment), {"multi_viewer_id": id}
        async for _ in api.polls(api.settings.multi_viewer_timeout, f"tiles of multi-viewer {id}"):
            row = await self._running(api, id, spec, report)
            try:
                await api.call("multi_viewer.tiles", scope=environment, path=path, body={"tiles": sent})
                break
            except Conflict:
                if GUESSED not in row.given:
                    raise
            report(f"waiting for multi-viewer {id} to take its tiles")
        self.forget(api)

    async def complete(self, api: Ateme, id: str, spec: MultiViewer, report: Report) -> Observed:
        """Waits until it runs (A-723), then puts its result into its group."""
        environment = str(spec.environment)
        if await api.is_running(environment):
            await self._running(api, id, spec, report)
            if spec.dashboard_group is not None:
                made = await resulting_input(api, environment, id, fresh=True)
                await join_by_result(api, environment, made, spec.dashboard_group, f"multi-viewer {id}")
        self.forget(api)
        seen = await self.observe(api, id, spec, fresh=True)
        if seen is None:
            raise NotFound(f"ateme: multi-viewer {id} is gone right after it was written", status=404)
        return seen

    async def _running(self, api: Ateme, id: str, spec: MultiViewer, report: Report) -> ViewerRow:
        """Waits until it runs. Raises Refused for one that rests: no call starts it."""
        row = await self._look(api, id, spec)
        if row is not None and row.word == "stopped":
            raise Refused(f"ateme: multi-viewer {id} is stopped; it must run to be changed, and no call starts it")
        look, limit = partial(self._look, api, id, spec), api.settings.multi_viewer_timeout
        return await settled(api, f"multi-viewer {id}", look, report, limit, until="started")

    async def _look(self, api: Ateme, id: str, spec: MultiViewer) -> ViewerRow | None:
        """A fresh look. Details that don't tell the status are those of one that runs once its result is there."""
        environment = str(spec.environment)
        row = await details(api, environment, id, fresh=True)
        if row is None or row.word is not None:
            return row
        there = await resulting_input(api, environment, id, fresh=True)
        word = "running" if there else "creating"
        return row.model_copy(update={"status": word, "given": {**row.given, GUESSED: True}})

    async def delete(self, api: Ateme, id: str, last: MultiViewer, report: Report) -> None:
        environment = str(last.environment)
        if await api.status(environment) == "deleted":
            return
        row = await details(api, environment, id, fresh=True)
        if row is None:
            return
        look, limit = partial(details, api, environment, id, fresh=True), api.settings.multi_viewer_timeout
        try:
            row = await remove(api, "multi_viewer.delete", environment, {"multi_viewer_id": id}, row, look)
        except (Conflict, Refused) as error:
            if await api.is_running(environment):
                raise
            raise hint(error, f"environment {environment} is not running") from None
        if row is not None:
            await gone(api, f"multi-viewer {id}", look, report, limit, row.word)
        self.forget(api)

    def forget(self, api: Ateme) -> None:
        """Its input comes and goes with it."""
        api.changed("multi_viewer.get", "input.list", "input.get")


def _silent(text: str) -> None:
    """Where nobody is told what is being waited for."""
