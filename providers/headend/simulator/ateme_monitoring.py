"""What people look at while a programme runs: overviews, histories and thumbnails (A-164, A-167, A-174, A-198, A-202,
A-250)."""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import datetime

from headend.simulator.ateme import Row
from headend.simulator.ateme_schedules import Schedules
from headend.simulator.ateme_signal import Inputs
from headend.simulator.base import Call, Refusal, Reply, handles


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PICTURE = b"".join(
    [
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 9, 8, 0, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress((b"\0" + b"\x7f" * 16) * 9)),
        _chunk(b"IEND", b""),
    ]
)
"""A grey picture of 16 by 9 dots."""


class Monitoring(Schedules, Inputs):
    """Reads of the active environment, and of one object's past and future."""

    switches = {
        "thumbnail": ("image",),  # also late: only the second time; json: within an object; link: to elsewhere
    }

    @handles("input.overview", "output.overview")
    async def overview(self, call: Call) -> Reply:
        """What runs in the active environment (A-164, A-202)."""
        self.need_role(call, "operator")
        environment_id = self.active_environment(call, write=False)["environment_id"]
        noun = call.op.key.partition(".")[0]
        rows = [row for row in self.live(f"{noun}s") if row["environment_id"] == environment_id]
        names = (f"{noun}_id", "id", "user_description", "variant", "status", "input_stopped", "warning_sent")
        return self.many(f"{noun}s", [{name: row[name] for name in names if name in row} for row in rows])

    @handles("input.schedules", "output.schedules")
    async def history(self, call: Call) -> Reply:
        """All schedules of an input, for its owners alone, or of an output, for its taker (A-167, A-198)."""
        noun = call.op.key.partition(".")[0]
        row = self.row(f"{noun}s", call.path[f"{noun}_id"])
        if noun == "input" and self.role(call, row["organisation_id"]) is None:
            raise Refusal(403, {"message": "only members of the owner see this"})
        if noun == "output" and row["taker_organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": "no such output of the managing organisation"})
        found = [s for s in self.world["schedules"].values() if s[f"{noun}_id"] == row[f"{noun}_id"]]
        return self.many("schedules", [self.entry(s) for s in found])

    @handles("schedule.overview")
    async def timetable(self, call: Call) -> Reply:
        """Those of the active environment that touch the period, if one is given (A-250)."""
        if unknown := sorted({name for name, _ in call.query} - {"start_time", "end_time"}):
            self.refuse(dict.fromkeys(unknown, "unknown parameter"))
        environment_id = self.active_environment(call, write=False)["environment_id"]
        start, end = (self._time(call, name) for name in ("start_time", "end_time"))

        def touches(row: Row) -> bool:
            begins, ends = (row[name] and datetime.fromisoformat(row[name]) for name in ("start_time", "end_time"))
            return (not (start and ends) or start < ends) and (not (end and begins) or begins < end)

        mine = [s for s in self.world["schedules"].values() if s["environment_id"] == environment_id]
        return self.many("schedules", [self.entry(s) for s in mine if not s["is_deleted"] and touches(s)])

    @handles("input.thumbnail")
    async def thumbnail(self, call: Call) -> Reply:
        """Starts the making of thumbnails, and gives the last one: at once, or once there is one (A-174)."""
        row = self.inputs.found(self, call)
        if self.active_environment(call, write=False)["status"] != "running":
            raise Refusal(409, {"message": "the environment is not running"})
        made = self.world.setdefault("thumbnails", {})
        late = self.switch("thumbnail") == "late" and row["input_id"] not in made
        made[row["input_id"]] = True
        if row["status"] != "started" or late:
            raise Refusal(404, {"message": "there is no thumbnail"})
        if self.switch("thumbnail") == "json":
            return Reply(200, {"thumbnail": f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"})
        if self.switch("thumbnail") == "link":
            return Reply(200, {"url": "https://thumbnails.example.com/1.jpg?signature=canary-signature"})
        return Reply(200, PICTURE, media="image/png")

    def _time(self, call: Call, name: str) -> datetime | None:
        text = call.q(name)
        try:
            return None if text is None else datetime.fromisoformat(text)
        except ValueError:
            raise Refusal(400, {"message": f"{name} is no time"}) from None
