"""Transcoders: an input made into another one, with a codec, a size and rates of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from headend.ateme.airtime import airtimes_through, carried, made_input
from headend.ateme.answers import desired_word, hint
from headend.ateme.fields import unlikely
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
from headend.ateme.rows import TranscoderRow
from headend.ateme.running import FAILURES, RESTING, restart_in_vain, resting, running
from headend.ateme.transcoder_spec import FIXED, LISTS, SETTINGS, Transcoder, in_order
from headend.ateme.wire_together import check_frame_rate
from headend.core.model.capabilities import OnAir, Selection, SelectsChanges, SharesKey, note_down
from headend.core.model.errors import ApiError, Conflict, NotFound, Refused
from headend.core.model.fields import Ignored, Impact, Spec, Trigger, WriteOnly, marks
from headend.core.model.findings import Level, Problem
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.model.proposal import Proposal
from headend.core.model.signal import Carries
from headend.core.wire.decode import last_read, readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

GROUPS = frozenset({"transcoder"})
"""Types of the dashboard groups that what it makes can be in."""


class TranscoderKind(
    Kind[Transcoder, "Ateme"],
    SharesKey,
    SelectsChanges[Transcoder],
    OnAir[Transcoder, "Ateme"],
    Carries[Transcoder],
    Listed["Ateme"],
):
    """A transcoder of an input.

    The platform gives it a machine, which takes minutes, and makes a push input (the result) and a pull output for
    it. Both go with the transcoder and are not managed: wherever a stack names an input, the transcoder's name stands
    for the result. `audio_track_pid_list` normally follows later: the PIDs come from a probe of the running transcoder.
    A preset is stored only by the run in which its fields were changed.
    """

    name = "ateme.transcoder"
    parent = "ateme.environment"
    parent_field = "environment"
    model = Transcoder
    sources = ("input",)
    key = ("environment", "input")
    create_before_delete = True
    impact_of_delete = Impact.DESTROYS
    told_by = ("input", "video_frame_size")

    def check(self, spec: Transcoder, related: Mapping[str, Spec]) -> Sequence[Problem]:
        return [*unlikely(spec), *preset_doubts(spec), *unfit(related, GROUPS)]

    async def review(self, api: Ateme, proposal: Proposal[Transcoder]) -> Sequence[Problem]:
        """A resting environment takes no write (A-731)."""
        spec, edits = proposal.spec, proposal.edits
        if spec is None or not proposal.writes:
            return ()
        sends = proposal.creates or any(change.field != "state" for change in edits)
        found = [*await resting(api, spec.environment, proposal.parent), *_too_fast(api, spec)] if sends else []
        return [*found, *await review_group(api, proposal, GROUPS)]

    def select_changes(self, live: Observed, spec: Transcoder, changes: Sequence[Change]) -> Selection:
        """A preset is stored only by `store_preset`, and only what runs is restarted."""
        return note_down(changes, {*unstored(spec), *restart_in_vain(live, spec, changes)})

    async def on_air(self, api: Ateme, id: str, spec: Transcoder, *, fresh: bool = False) -> Sequence[Airtime]:
        """What goes out through the input that it makes, and through what others make of that."""
        environment = str(spec.environment)
        made = await made_input(api, environment, id, fresh=fresh)
        if made is None:
            return ()
        return await airtimes_through(api, carried(api, environment, {made}), fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: Transcoder, parent: Spec | None) -> Status:
        return running(seen, spec, parent)

    # --- reading -----------------------------------------------------------------------------------------
    async def rows(
        self, api: Ateme, spec: Transcoder, *, fresh: bool = False, **wanted: Iterable[Hashable]
    ) -> list[TranscoderRow]:
        """Live transcoders of the spec's environment."""
        found = await api.listed("transcoder.list", str(spec.environment), TranscoderRow, fresh=fresh)
        return found.within(spec.environment, **wanted)

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = (await api.listed("transcoder.list", within, TranscoderRow)).here(within)
        return [Live(row.id, {"environment": within}) for row in rows if not is_going(row)]

    async def row(self, api: Ateme, id: str, spec: Transcoder, *, fresh: bool) -> TranscoderRow | None:
        """From the list where that holds the settings, or by itself. A 404 of the assumed item path leaves it at what
        the list says."""

        async def in_list() -> TranscoderRow | None:
            row = next(iter(await self.rows(api, spec, fresh=fresh, id=[id])), None)
            return row if row is None or "video_codec" in row.given else await alone() or row

        async def alone() -> TranscoderRow | None:
            path = {"transcoder_id": id}
            return await api.single("transcoder.get", str(spec.environment), path, TranscoderRow, doubtful=True)

        return await api.found("transcoder.list", str(spec.environment), in_list, alone, fresh=fresh)

    async def observe(self, api: Ateme, id: str, spec: Transcoder, *, fresh: bool = False) -> Observed | None:
        try:
            row = await self.row(api, id, spec, fresh=fresh)
        except ApiError:
            if await api.status(str(spec.environment)) == "deleted":
                return None  # it went with its environment
            raise
        return None if row is None else await self.observed(api, row, spec, fresh=fresh)

    async def find(self, api: Ateme, spec: Transcoder) -> list[Observed]:
        """Those of the same source; there may be several, of which creation takes only one just like the spec."""
        found = []
        for row in await self.rows(api, spec, fresh=True, input=[spec.input]):
            whole = row if "video_codec" in row.given else await self.row(api, row.id, spec, fresh=True)
            if whole is not None:
                found.append(await self.observed(api, whole, spec))
        return found

    async def observed(self, api: Ateme, row: TranscoderRow, spec: Transcoder, *, fresh: bool = False) -> Observed:
        environment, word = str(spec.environment), row.word
        values, unverifiable = readable(Transcoder, (*SETTINGS, *LISTS, "number_of_audio_tracks"), row.given)
        values["environment"] = row.environment_id or environment
        if row.input is not None:
            values["input"] = row.input
        if "extra_video_tracks" in values:
            values["extra_video_tracks"] = _asked_for(values["extra_video_tracks"], spec.extra_video_tracks)
        if not await api.is_running(environment):
            unverifiable["state"] = RESTING
        elif (state := desired_word(word)) is not None:
            values["state"] = state
        else:
            unverifiable["state"] = f"its status is {word}" if word else UNSEEN
        made = await made_input(api, environment, row.id, fresh=fresh)
        values |= await joined(api, environment, made)
        if spec.create_from_image is not None:
            unverifiable["create_from_image"] = "it mattered at creation only, and is never read back (A-771)"
        for name in spec.set_fields():
            unread = any(isinstance(m, WriteOnly | Ignored | Trigger) for m in marks(Transcoder, name))
            if name not in values and not unread:
                unverifiable.setdefault(name, UNSEEN)
        return Observed(
            id=row.id,
            values=values,
            computed={"transcoder_id": row.id, **row.told} | ({"resulting_input_id": made} if made else {}),
            unverifiable=unverifiable,
            incomplete=word == "creating",
            leaving=is_going(row),
            warnings=(f"its status is {word}",) if word in FAILURES else (),
        )

    # --- writing -----------------------------------------------------------------------------------------
    async def create(self, api: Ateme, spec: Transcoder) -> Observed:
        environment = str(spec.environment)
        await api.require_running(environment)
        given = spec.set_fields()
        names = (*SETTINGS, *FIXED, *PRESET, "audio_pid_overrides")
        body = {"input_id": spec.input, **{name: given[name] for name in names if given.get(name) is not None}}
        if not spec.store_preset:
            body = {name: value for name, value in body.items() if name not in PRESET}
        answer = await explained(api, "transcoder.create", environment, {}, body | (spec.extra or {}))
        self.forget(api)
        find = partial(self.find, api, spec)
        id = await api.made_id("transcoder.create", answer.body, TranscoderRow, find)
        return Observed(id=id, incomplete=True)

    async def update(self, api: Ateme, id: str, spec: Transcoder, changes: Sequence[Change]) -> None:
        """One call with all settings and the source, as desired or else as last read (A-51, A-753, A-754). The PIDs
        follow in `complete`."""
        environment, path = str(spec.environment), {"transcoder_id": id}
        raise_if_leaving(changes, f"transcoder {id}")
        names = {change.field for change in changes}
        kept = preset(spec, changes)
        if kept or names & {*SETTINGS, "input", "extra"}:
            await api.require_running(environment)
            live = await self.row(api, id, spec, fresh=True)
            if live is None:
                raise NotFound(f"ateme: transcoder {id} does not exist", status=404)
            given = {name: value for name, value in spec.set_fields().items() if name in SETTINGS and value is not None}
            body = last_read(Transcoder, "ateme: transcoder.get", SETTINGS, live.given, given) | given
            if spec.video_codec != "MPEG-4":
                body.pop("mpeg4_avc_encoder_profile", None)
            body |= {"input_id": spec.input, **kept}
            # a preset that was stored by a call whose answer was lost would be stored again
            repeat = False if kept else None
            await explained(api, "transcoder.update", environment, path, body | (spec.extra or {}), repeat)
            self.forget(api)
        if "restart_trigger" in names and spec.restart_trigger is not None and spec.state == "started":
            row = await self.row(api, id, spec, fresh=True)
            if row is not None and desired_word(row.word) == "started":
                await api.call("transcoder.restart", scope=environment, path=path, repeat=False)
                self.forget(api)

    async def complete(self, api: Ateme, id: str, spec: Transcoder, report: Report) -> Observed:
        """Waits for the machine, then starts it, sets its PIDs, stops it, puts its result into its group: each only
        where it differs (A-728, A-753)."""
        environment, path = str(spec.environment), {"transcoder_id": id}
        if await api.is_running(environment):
            row = await self._settled(api, id, spec, report, api.settings.transcoder_timeout)
            differs = desired_word(row.word) != spec.state
            if differs and spec.state == "started":
                row = await self._run(api, id, spec, report, "start")
            if lists := _lists(spec, row):
                await explained(api, "transcoder.update_audio", environment, path, lists)
            if differs and spec.state == "stopped":
                await self._run(api, id, spec, report, "stop")
            if spec.dashboard_group is not None:
                made = await made_input(api, environment, id, fresh=True)
                await join_by_result(api, environment, made, spec.dashboard_group, f"transcoder {id}")
        self.forget(api)
        seen = await self.observe(api, id, spec, fresh=True)
        if seen is None:
            raise NotFound(f"ateme: transcoder {id} is gone right after it was written", status=404)
        return seen

    async def _run(self, api: Ateme, id: str, spec: Transcoder, report: Report, action: str) -> TranscoderRow:
        await api.call(f"transcoder.{action}", scope=str(spec.environment), path={"transcoder_id": id})
        return await self._settled(api, id, spec, report, api.settings.state_timeout, until=spec.state)

    async def _settled(
        self, api: Ateme, id: str, spec: Transcoder, report: Report, limit: float, until: str | None = None
    ) -> TranscoderRow:
        look = partial(self.row, api, id, spec, fresh=True)
        return await settled(api, f"transcoder {id}", look, report, limit, until)

    async def delete(self, api: Ateme, id: str, last: Transcoder, report: Report) -> None:
        environment = str(last.environment)
        if await api.status(environment) == "deleted":
            return
        row = await self.row(api, id, last, fresh=True)
        if row is None:
            return
        running = await api.is_running(environment)
        if running and row.word in {"stopped", "stopping"}:
            await self._settled(api, id, last, report, api.settings.state_timeout, until="stopped")
        look, limit = partial(self.row, api, id, last, fresh=True), api.settings.transcoder_timeout
        try:
            row = await remove(api, "transcoder.delete", environment, {"transcoder_id": id}, row, look)
        except (Conflict, Refused) as error:
            raise error if running else hint(error, f"environment {environment} is not running") from None
        if row is not None:
            await gone(api, f"transcoder {id}", look, report, limit, row.word)
        self.forget(api)

    def forget(self, api: Ateme) -> None:
        """Its input and output come and go with it."""
        api.changed("transcoder.list", "input.list", "output.list", "output.states")


def _too_fast(api: Ateme, spec: Transcoder) -> list[Problem]:
    """The document caps the rate at 50 whenever a frame type is named, Progressive too (A-980)."""
    if api.settings.validation == "off":
        return []
    level = Level.WARNING if api.settings.validation == "warn" else Level.ERROR
    remedy = "take video_frame_type out, or name a lower rate"
    found = check_frame_rate(spec.set_fields())
    return [Problem(what, remedy=remedy, level=level, field="video_frame_rate") for what in found]


def _asked_for(live: Any, wanted: Sequence[Mapping[str, Any]]) -> Any:
    """Live tracks with what the stack says of them; PIDs that the platform chose itself aren't compared."""
    by_number = {track["video_track_number"]: track for track in wanted}
    tracks = in_order(live)
    return [
        {n: v for n, v in track.items() if n in by_number.get(track.get("video_track_number"), track)}
        for track in tracks
    ]


def _lists(spec: Transcoder, row: TranscoderRow) -> dict[str, Any]:
    """Both lists of PIDs, as desired or else as last read, if one of them isn't what the spec says; else {}."""
    wanted = {name: value for name in LISTS if (value := getattr(spec, name)) is not None}
    if all(row.given.get(name) == value for name, value in wanted.items()):
        return {}
    kept = [name for name in LISTS if name not in wanted]
    return last_read(Transcoder, "ateme: transcoder.get", kept, row.given) | wanted
