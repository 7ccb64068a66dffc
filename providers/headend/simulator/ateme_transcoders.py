"""Transcoders of the simulated Ateme+ Cloud API, their presets and probes (A-204..216)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headend.simulator.ateme import Row
from headend.simulator.ateme_machines import PRESET, Machines, MachineTable, PresetTable
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule, check
from headend.simulator.base import Call, Refusal, Reply, handles

_AUDIO: Mapping[str, tuple[str, str]] = {
    "MPEG AAC": ("8 11.025 12 16 22.05 24 32 44.1 48 64 88.2 96", "64 128 192 256"),
    "MPEG Layer2": ("32 44.1 48", "64 96 128 160 192 224 256 320 384"),
}
_PID = Rule(int, 32, 8189, also=(0,))
_BITRATE = Rule(int, 1, 30000, required=True)
_PROGRAM = Rule(int, 1, 65535)
_SIZES = ("426x240", "640x360", "720x480", "720x576", "854x480", "1280x720", "1920x1080", "3840x2160")
_BASE: Mapping[str, Rule] = {
    "video_codec": Rule(required=True, choices=("HEVC", "MPEG-4")),
    "video_frame_size": Rule(required=True, choices=_SIZES),
    "video_frame_rate": Rule(required=True, choices=("23.98", "24", "25", "29.97", "30", "50", "59.94", "60")),
    "video_bitrate": _BITRATE,
    "video_gop": Rule(int, 1, 599, required=True),
    "video_frame_type": Rule(choices=("Progressive", "Interlaced")),
    "mpeg4_avc_encoder_profile": Rule(choices=("Baseline", "Main", "High", "High 4:2:2 10")),
    "audio_codec": Rule(required=True, choices=tuple(_AUDIO)),
    "audio_sample_rate": NEEDED,
    "audio_bitrate": NEEDED,
}
_SETTINGS: Mapping[str, Rule] = {
    **_BASE,
    "first_video_program_number": _PROGRAM,
    "first_video_pcr_pid": _PID,
    "first_video_pmt_pid": _PID,
    "video_track_pid": Rule(int, 0, 8189),
    "extra_video_tracks": Rule(list),
}
_TRACK: Mapping[str, Rule] = {
    "video_track_number": Rule(int, 1, 5, required=True),
    "program_number": _PROGRAM,
    "pcr_pid": _PID,
    "pmt_pid": _PID,
    "video_track_pid": Rule(int, 0, 8189),
    "video_bitrate": _BITRATE,
}
_LISTS: Mapping[str, Rule] = {"audio_track_pid_list": Rule(list), "audio_pid_overrides": Rule(list)}
_CREATE: Mapping[str, Rule] = {
    **_SETTINGS,
    **PRESET,
    "input_id": NEEDED,
    "number_of_audio_tracks": Rule(int, 1, 20, required=True),
    "audio_pid_overrides": Rule(list),
    "create_from_image": Rule(bool),
}
_BRIEF = ("transcoder_id", "environment_id", "input_id", "status")
_INNER = ("polls", "machine", "wavers", "organisation_id", "output_id", "resulting_input_id")


class Transcoders(Machines):
    """Asynchronous: each read of one brings a pending change a step on (A-721)."""

    switches = {
        "initial_transcoder": ("running", "stopped"),
        "transcoder_outcome": ("done", "failed"),  # how creating one ends
        "stop_mark": ("marked", "wavering", "real"),  # stopped in the record before the machine is; in and out; when
        "transcoder_list": ("full", "brief"),  # whether its rows hold the settings
        "track_numbers": ("given", "filled"),  # whether extra video tracks get the numbers that they were sent without
        "frame_cap": ("any", "interlaced"),  # which frame types end at 50 frames a second
        "probe": ("tracks",),  # also pids: bare numbers; none: no audio; words: without PIDs
    }

    transcoders = MachineTable("transcoder", listed="organisation", hidden=_INNER, holds=("input_id",))
    transcoder_presets = PresetTable("transcoder_preset", settings=_SETTINGS)

    @handles("transcoder.list")
    async def list_transcoders(self, call: Call) -> Reply:
        """Those of the active organisation that aren't deleted (A-204)."""
        before = {}
        for row in self.transcoders.lists(self, call):
            if row["wavers"]:
                before[row["transcoder_id"]] = self.transcoders.shown(self, call, row)
                self._wavers(row)
            else:
                self._passes(row)
        listed = self.transcoders.lists(self, call)
        rows = [before.get(row["transcoder_id"]) or self.transcoders.shown(self, call, row) for row in listed]
        if self.switch("transcoder_list") == "brief":
            rows = [{name: row[name] for name in _BRIEF} for row in rows]
        return self.many("transcoders", rows)

    @handles("transcoder.get")
    async def get_transcoder(self, call: Call) -> Reply:
        row = self.transcoders.found(self, call)
        if row["wavers"]:
            shown = self.transcoders.answer(self, call, row)
            self._wavers(row)
            return shown
        self._passes(row)
        return self.transcoders.look(self, call, row)

    def _wavers(self, row: Row) -> None:
        """It was marked as stopped for so many looks, and goes on for a while."""
        row["wavers"] -= 1
        if not row["wavers"]:
            row |= {"machine": 0, "status": "stopping", "polls": self.switch("polls")}

    def _passes(self, row: Row) -> None:
        """Time goes on with each look."""
        row["machine"] = max(0, row["machine"] - 1)
        was = self.transcoders.arrives(row)
        if was == "creating":
            done = self.switch("transcoder_outcome") == "done"
            row["status"] = self.switch("initial_transcoder") if done else "failed"
        if was == "deleting":
            self._gone_with(row)

    @handles("transcoder.create")
    async def create_transcoder(self, call: Call) -> Reply:
        """Makes a push input and a pull output as well; both keep 150 ms (A-205, A-537, A-777)."""
        self.need_role(call, "admin")
        environment = self.active_environment(call)
        body = self.body(call, _CREATE)
        source = self._source(environment["environment_id"], body["input_id"])
        body = self._checked(body, body)
        preset = self.preset(call, self.transcoder_presets, body)
        id = self.new_id("tr")
        where = {name: environment[name] for name in ("environment_id", "organisation_id")}
        stream = f"{source['input_id']}-{id}"
        made = self.add_input(environment, "zixi_push", {"id": stream, "port": 2088, "latency": 150})
        made |= {"is_transcoded_input": True, "associated_transcoder_id": id}
        output_id = self.new_id("out")
        self.world["outputs"][output_id] = {"output_id": output_id, **where, "variant": "pull", "stream_id": stream} | {
            "id": None,
            "port": 2088,
            "latency": 150,
            "status": "started",
            "is_deleted": False,
            "taker_organisation_id": self.scope(call, "managing"),
        }
        row = {"transcoder_id": id, **where, "audio_track_pid_list": [], "audio_pid_overrides": [], **body}
        row |= {"resulting_input_id": made["input_id"], "output_id": output_id, "machine": 0, "wavers": False}
        row |= {"extra_video_tracks": self._tracks(body.get("extra_video_tracks", [])), "is_deleted": False}
        self.world["transcoders"][id] = row
        source["is_being_transcoded"] = True
        self.store(preset, self.transcoder_presets)
        return self.transcoders.pending(self, call, row, "creating")

    @handles("transcoder.update", "transcoder.update_full")
    async def update_transcoder(self, call: Call) -> Reply:
        """Without PIDs, and with another input if one is given; or the older call, with PIDs (A-207, A-208)."""
        row = self._writable_transcoder(call, "operator")
        full = call.op.key.endswith("full")
        more = {"audio_track_pid_list": Rule(list)} if full else {"input_id": TEXT}
        rules = {**(_BASE if full else _SETTINGS), **PRESET, **more}
        body = self.body(call, rules, partial=self.switch("updates") == "partial")
        source = self._source(row["environment_id"], body.get("input_id", row["input_id"]))
        given = dict(body)
        result = self.changed(row, rules, self._checked(row | body, given))
        preset = self.preset(call, self.transcoder_presets, body)
        for name in PRESET:
            result.pop(name, None)
        result |= {"input_id": source["input_id"], "extra_video_tracks": result.get("extra_video_tracks") or []}
        result["extra_video_tracks"] = self._tracks(result["extra_video_tracks"])
        result.setdefault("audio_track_pid_list", [])
        if result["video_codec"] == "HEVC":
            result.pop("mpeg4_avc_encoder_profile", None)
        self.world["transcoders"][row["transcoder_id"]] = result
        self.store(preset, self.transcoder_presets)
        return self.transcoders.answer(self, call, result)

    @handles("transcoder.update_audio")
    async def update_audio(self, call: Call) -> Reply:
        row = self._writable_transcoder(call, "operator")
        body = self.body(call, _LISTS, partial=True)
        self.refuse(_pids(body))
        if self.switch("updates") == "full":
            body = {"audio_track_pid_list": [], "audio_pid_overrides": [], **body}
        row |= body
        return self.transcoders.answer(self, call, row)

    @handles("transcoder.start", "transcoder.stop", "transcoder.restart")
    async def run_transcoder(self, call: Call) -> Reply:
        """A stop is marked before the machine has stopped, and until then nothing can follow (A-733)."""
        action = call.op.key.rpartition(".")[2]
        row = self._writable_transcoder(call, "operator" if action == "restart" else "admin")
        self._at_rest(row)
        if row["status"] != ("stopped" if action == "start" else "running"):
            raise Refusal(409, {"message": f"the transcoder is {row['status']}"})
        if action != "stop" or self.switch("stop_mark") == "real":
            return self.transcoders.pending(self, call, row, "stopping" if action == "stop" else "starting")
        row |= {"status": "stopped", "machine": 2, "wavers": self.switch("stop_mark") == "wavering"}
        return self.transcoders.answer(self, call, row, 202)

    @handles("transcoder.delete")
    async def delete_transcoder(self, call: Call) -> Reply:
        row = self._writable_transcoder(call, "admin")
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the transcoder is deleted"})
        self._at_rest(row)
        self.unused("input_id", row["resulting_input_id"])
        return self.transcoders.removed(self, call, row)

    @handles("transcoder.probe")
    async def probe(self, call: Call) -> Reply:
        """The audio PIDs that it finds; it must run (A-214)."""
        row = self.transcoders.found(self, call)
        self.active_environment(call)
        if row["status"] != "running":
            raise Refusal(409, {"message": f"the transcoder is {row['status']}"})
        pids = [101 + n for n in range(row["number_of_audio_tracks"])] if self.switch("probe") != "none" else []
        if self.switch("probe") == "pids":
            return self.many("audio_tracks", pids)
        named = "pid" if self.switch("probe") != "words" else "name"
        return self.many("audio_tracks", [{named: pid, "language": "eng"} for pid in pids])

    # --- helpers -------------------------------------------------------------------------------------------------
    def _writable_transcoder(self, call: Call, role: str) -> Row:
        row = self.transcoders.found(self, call)
        self.need_role(call, role, row["organisation_id"])
        self.active_environment(call)
        return row

    def _source(self, environment_id: str, input_id: Any) -> Row:
        row: Row | None = self.world["inputs"].get(input_id)
        if row is None or row["is_deleted"] or row["environment_id"] != environment_id:
            raise Refusal(409, {"message": f"the source does not exist: {input_id}"})
        return row

    def _checked(self, result: Mapping[str, Any], given: Row) -> Row:
        """What was given, once what one field says about another is in order."""
        errors = _pids(given)
        if given.get("mpeg4_avc_encoder_profile") is not None and result["video_codec"] != "MPEG-4":
            errors["mpeg4_avc_encoder_profile"] = "only with video_codec MPEG-4"
        capped = ("Interlaced",) if self.switch("frame_cap") == "interlaced" else ("Interlaced", "Progressive")
        if result.get("video_frame_type") in capped and float(result["video_frame_rate"]) > 50:
            errors["video_frame_rate"] = f"is at most 50 with {result['video_frame_type']}"
        rates, bitrates = _AUDIO[result["audio_codec"]]
        if result["audio_sample_rate"] not in [f"{n} kHz" for n in rates.split()]:
            errors["audio_sample_rate"] = f"does not exist for {result['audio_codec']}"
        if result["audio_bitrate"] not in [f"{n}Kbps" for n in bitrates.split()]:
            errors["audio_bitrate"] = f"does not exist for {result['audio_codec']}"
        errors |= _track_errors(result)
        self.refuse(errors)
        return given

    def _tracks(self, tracks: list[Row]) -> list[Row]:
        if self.switch("track_numbers") == "given":
            return tracks
        return [{"program_number": track["video_track_number"] + 1, "pcr_pid": 0, **track} for track in tracks]

    def _at_rest(self, row: Row) -> None:
        if row["machine"] or row["status"] == "stopping":
            raise Refusal(409, {"message": "the transcoder is still being stopped"})

    def _gone_with(self, row: Row) -> None:
        """Its input and output go with it, and its source says that it is free."""
        self.world["inputs"][row["resulting_input_id"]]["is_deleted"] = True
        self.world["outputs"][row["output_id"]]["is_deleted"] = True
        others = [r for r in self.world["transcoders"].values() if not r["is_deleted"]]
        source = self.world["inputs"][row["input_id"]]
        source["is_being_transcoded"] = any(r["input_id"] == row["input_id"] for r in others)


def _pids(body: Mapping[str, Any]) -> dict[str, str]:
    """Errors in the lists of PIDs: 0..8190, and what the output is to have repeats nothing but 0 (A-516, A-517)."""
    errors = {}
    for name in _LISTS:
        pids = body.get(name, [])
        if any(type(pid) is not int or not 0 <= pid <= 8190 for pid in pids):
            errors[name] = "must be PIDs from 0 to 8190"
    used = [pid for pid in body.get("audio_pid_overrides", []) if pid != 0]
    if len(set(used)) < len(used):
        errors["audio_pid_overrides"] = "a PID stands there twice"
    return errors


def _track_errors(result: Mapping[str, Any]) -> dict[str, str]:
    """Errors in the extra video tracks (A-522..527)."""
    tracks = result.get("extra_video_tracks") or []
    for track in tracks:
        if not isinstance(track, dict) or check(track, _TRACK, partial=False, strict=True):
            return {"extra_video_tracks": "a track is wrong"}
    numbers = [track["video_track_number"] for track in tracks]
    if len(numbers) > 5 or len(set(numbers)) < len(numbers):
        return {"extra_video_tracks": "at most 5, each with a number of its own"}
    rates = [result["video_bitrate"], *(track["video_bitrate"] for track in tracks)]
    return {"extra_video_tracks": "bitrates must not increase"} if rates != sorted(rates, reverse=True) else {}
