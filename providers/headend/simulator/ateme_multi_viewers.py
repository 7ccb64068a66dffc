"""Multi-viewers of the simulated Ateme+ Cloud API, their tiles, audio and presets (A-219..228)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headend.simulator.ateme import Row
from headend.simulator.ateme_machines import PRESET, Machines, MachineTable, PresetTable
from headend.simulator.ateme_rules import TEXT, Rule
from headend.simulator.base import Call, Refusal, Reply, handles

_PIDS = ("pmt_pid", "video_pid", "transcoded_audio_pid", "passthrough_audio_pid")
_SETTINGS: Mapping[str, Rule] = {
    "max_allowed_bitrate_kbps": Rule(int, 500, 30000, required=True),
    "encoder_uhd_tech_type_id": Rule(int, choices=(1, 2, 4, 5, 6, 7, 8)),
    "is_interlaced": Rule(bool),
    "encoder_gop_size_id": Rule(int, 1, 4),
    "encoder_frame_rate_id": Rule(int, 1, 13),
    "encoder_gop_size_mode_id": Rule(int, 1, 4),
    "program_number": Rule(int, 1, 65535, default=1),
    "pmt_pid": Rule(int, 33, 8190, default=200),
    "video_pid": Rule(int, 33, 8190, default=201),
    "transcoded_audio_pid": Rule(int, 33, 8190, also=(0,), default=555),
    "passthrough_audio_pid": Rule(int, 33, 8190, also=(0,), default=556),
}
_LAYOUTS: tuple[Row, ...] = (
    {"layout_id": 1, "name": "2 x 2", "tile_count": 4},
    {"layout_id": 2, "name": "3 x 3", "tile_count": 9},
    {"layout_id": 3, "name": "1 + 5"},  # not every layout tells how many it has
)
_INNER = ("polls", "organisation_id", "tiles", "active_audio_track_id")


class MultiViewers(Machines):
    """Asynchronous: each look at the details brings a pending change a step on (A-721). They hold no tiles (A-778)."""

    switches = {
        "viewer_update": ("keeps", "restarts"),  # whether a multi-viewer runs on through its update
        "viewer_outcome": ("done", "failed"),  # how creating one ends
    }

    multi_viewers = MachineTable("multi_viewer", hidden=_INNER)
    mv_presets = PresetTable("mv_preset", settings=_SETTINGS, world="multi_viewer_presets")

    def populate(self) -> None:
        super().populate()
        self.world["layouts"] = {str(row["layout_id"]): dict(row) for row in _LAYOUTS}

    def referrers(self, field: str, id: str) -> Iterator[str]:
        """Tiles use inputs, too."""
        yield from super().referrers(field, id)
        for row in self.world["multi_viewers"].values():
            shown = {tile["input_id"] for tile in row["tiles"].values()}
            if field == "input_id" and id in shown and not row["is_deleted"]:
                yield f"multi-viewer {row['multi_viewer_id']}"

    @handles("multi_viewer.layouts")
    async def layouts(self, call: Call) -> Reply:
        return self.many("layouts", self.world["layouts"].values())

    @handles("multi_viewer.create")
    async def create_viewer(self, call: Call) -> Reply:
        """Makes a Local-TS input as well; takes of the tiles what it can use (A-220, A-540, A-778)."""
        self.need_role(call, "admin")
        environment = self.active_environment(call)
        rules = {**_SETTINGS, **PRESET, "tile_inputs": Rule(dict)}
        if isinstance(call.body, dict) and type(call.body.get("layout_id")) is int:
            rules["layout_id"] = Rule(int)
        body = self.body(call, rules | {"layout_id": rules.get("layout_id", Rule(required=True, low=1))})
        layout = self._layout_of(body["layout_id"])
        given = body.pop("tile_inputs", {})
        preset = self.preset(call, self.mv_presets, body)
        row = {name: rule.default for name, rule in _SETTINGS.items() if rule.default is not None} | body
        self._refuse_alike(row)
        id = self.new_id("mv")
        where = {name: environment[name] for name in ("environment_id", "organisation_id")}
        made = self.add_input(
            environment,
            "local_ts",
            {
                "id": f"local-ts-{id}",
                "multi_viewer_id": id,
                "max_allowed_bitrate_kbps": row["max_allowed_bitrate_kbps"],
            },
        )
        row |= {"multi_viewer_id": id, **where, "layout_id": layout["layout_id"], "tiles": {}}
        row |= {"resulting_input_id": made["input_id"], "active_audio_track_id": None, "is_deleted": False}
        self.world["multi_viewers"][id] = row
        for number, input_id in given.items():
            self._put_into_tile(row, number, {"input_id": input_id})
        self.store(preset, self.mv_presets)
        return self.multi_viewers.pending(self, call, row, "creating")

    @handles("multi_viewer.get")
    async def get_viewer(self, call: Call) -> Reply:
        """What its update takes, and no tiles (A-221)."""
        row = self._viewer_of(call, "admin")
        was = self.multi_viewers.arrives(row)
        if was == "creating" and self.switch("viewer_outcome") == "failed":
            row["status"] = "failed"
        if was == "deleting":
            self._result_of(row)["is_deleted"] = True
        return self.multi_viewers.look(self, call, row)

    @handles("multi_viewer.update")
    async def update_viewer(self, call: Call) -> Reply:
        """Of a running one; neither layout nor tiles (A-222)."""
        row = self._running_viewer(call, "admin")
        rules = {**_SETTINGS, **PRESET}
        body = self.body(call, rules, partial=self.switch("updates") == "partial")
        preset = self.preset(call, self.mv_presets, body)
        result = self.changed(
            row | {"max_allowed_bitrate_kbps": self._result_of(row)["max_allowed_bitrate_kbps"]}, rules, body
        )
        self._refuse_alike(result)
        self._result_of(row)["max_allowed_bitrate_kbps"] = result["max_allowed_bitrate_kbps"]
        if self.switch("viewer_update") == "restarts":
            result |= {"status": "starting", "polls": self.switch("polls")}
        self.world["multi_viewers"][row["multi_viewer_id"]] = result
        self.store(preset, self.mv_presets)
        return self.multi_viewers.answer(self, call, result)

    @handles("multi_viewer.tiles")
    async def switch_tiles(self, call: Call) -> Reply:
        """Only the tiles that are named; what is no tile or no input is dropped without a word (A-223, A-838)."""
        row = self._running_viewer(call, "admin")
        for number, said in self.body(call, {"tiles": Rule(dict, required=True)})["tiles"].items():
            if isinstance(said, dict) and set(said) <= {"input_id", call.op.keys["title"]}:
                self._put_into_tile(row, number, said)
        return self.multi_viewers.answer(self, call, row)

    @handles("multi_viewer.delete")
    async def delete_viewer(self, call: Call) -> Reply:
        row = self._viewer_of(call, "admin")
        self.active_environment(call)
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the multi-viewer is deleted"})
        self.unused("input_id", row["resulting_input_id"])
        return self.multi_viewers.removed(self, call, row)

    @handles("multi_viewer.audio_tracks")
    async def audio_tracks(self, call: Call) -> Reply:
        """Two for each tile that shows something (A-225)."""
        row = self._viewer_of(call, "monitor")
        return self.many("audio_tracks", self._viewer_tracks(row))

    @handles("multi_viewer.active_audio")
    async def active_audio(self, call: Call) -> Reply:
        """To one of the tracks, or off (A-226)."""
        row = self._running_viewer(call, "operator")
        body = self.body(call, {"audio_track_id": TEXT, "turn_active_input_off": Rule(bool)})
        off = body.get("turn_active_input_off", False)
        if off == ("audio_track_id" in body):
            self.refuse({"audio_track_id": "either a track, or turn_active_input_off"})
        if not off and body["audio_track_id"] not in [track["audio_track_id"] for track in self._viewer_tracks(row)]:
            raise Refusal(404, {"message": "no such audio track"})
        row["active_audio_track_id"] = None if off else body["audio_track_id"]
        return Reply(204)

    # --- helpers -------------------------------------------------------------------------------------------------
    def _viewer_of(self, call: Call, role: str) -> Row:
        row = self.multi_viewers.found(self, call)
        self.need_role(call, role, row["organisation_id"])
        return row

    def _running_viewer(self, call: Call, role: str) -> Row:
        row = self._viewer_of(call, role)
        self.active_environment(call)
        if row["status"] != "running":
            raise Refusal(409, {"message": f"the multi-viewer is {row['status']}"})
        return row

    def _layout_of(self, id: Any) -> Row:
        row = self.world["layouts"].get(str(id))
        if row is None:
            raise Refusal(404, {"message": f"no such layout: {id}"})
        found: Row = row
        return found

    def _refuse_alike(self, row: Mapping[str, Any]) -> None:
        """No PID twice, but for 0 (A-553)."""
        used = [row[name] for name in _PIDS if row[name] != 0]
        self.refuse({name: "is the PID of another field" for name in _PIDS if used.count(row[name]) > 1})

    def _put_into_tile(self, row: Row, number: str, said: Row) -> None:
        """Puts into a tile what can be used of what was said."""
        count = self._layout_of(row["layout_id"]).get("tile_count", 64)
        if not number.isdecimal() or not 1 <= int(number) <= count:
            return
        tile = row["tiles"].setdefault(str(int(number)), {"input_id": "", "title": ""})
        shown = said.get("input_id")
        source = self.world["inputs"].get(shown)
        if shown == "" or (source and not source["is_deleted"] and source["environment_id"] == row["environment_id"]):
            tile["input_id"] = shown
        title = said.get(self.table["multi_viewer.tiles"].keys["title"])
        if isinstance(title, str):
            tile["title"] = title

    def _viewer_tracks(self, row: Row) -> list[Row]:
        active = row["active_audio_track_id"]
        shown = [(number, tile["input_id"]) for number, tile in row["tiles"].items() if tile["input_id"]]
        tracks = [(f"{number}-{track}", number, input_id) for number, input_id in shown for track in (1, 2)]
        return [
            {"audio_track_id": id, "tile_number": int(number), "input_id": input_id, "is_active": id == active}
            for id, number, input_id in tracks
        ]

    def _result_of(self, row: Row) -> Row:
        found: Row = self.world["inputs"][row["resulting_input_id"]]
        return found

    @multi_viewers.shows
    def with_limit(self, call: Call, row: Row) -> Row:
        """The limit is the result's, whoever set it (A-840). Details may be settings alone."""
        row = row | {"max_allowed_bitrate_kbps": self._result_of(row)["max_allowed_bitrate_kbps"]}
        if call.op.key != "multi_viewer.get" or self.switch("viewer_details") != "settings":
            return row
        return {name: value for name, value in row.items() if name in {*_SETTINGS, "is_deleted"}}
