"""The least that each variant of inputs and outputs needs, and every field of them as the contract has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headend.ateme.input import InputKind
from headend.ateme.output import OutputKind

PASSWORD = "x" * 12
SRT = {"port": 5001, "latency": 200}
GOOD: dict[str, dict[str, Any]] = {
    "input.zixi_pull": {"stream_name": "a", "pull_port": 1, "pull_host": "h"},
    "input.zixi_push": {"stream_name": "a", "port": 1},
    "input.srt_pull": {"stream_name": "a", "host": "h", "port": 5000},
    "input.srt_push": {"stream_name": "a", "port": 5000},
    "input.udp_rist": {"stream_name": "a", "port": 5000},
    "input.local_ts": {"multi_viewer": "mv-1"},
    "output.pull": {"port": 1},
    "output.push": {"stream_name": "a", "host": "h", "port": 0},
    "output.rtmp": {"url": "rtmps://h/a"},
    "output.srt_pull": SRT,
    "output.srt_push": {**SRT, "host": "h"},
    "output.udp_rist": {"host": "h", "port": 1025},
}
KINDS: dict[str, Any] = {"input": InputKind(), "output": OutputKind()}
ENCRYPTED = {"encryption_type": 1, "password": PASSWORD}


def build(name: str, environment: str = "env-1", **changes: Any) -> Any:
    """The spec of a variant, "input.srt_push", with some of its fields changed."""
    noun, _, variant = name.partition(".")
    return KINDS[noun].spec_type(variant)(environment=environment, variant=variant, **{**GOOD[name], **changes})


@dataclass(frozen=True)
class F:
    """A field. good: accepted; bad: refused, since documented; odd: a warning, since assumed.

    default: what stands in the body when it isn't given, ... for nothing. also: what it needs beside it.
    marks: "fixed" (replaces), "secret" (marked as such), "hidden" (never read back), "kept" (documented by that name:
    an update sends it as last read).
    """

    number: str
    name: str
    field: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...] = ()
    odd: tuple[Any, ...] = ()
    default: Any = ...
    marks: str = ""
    also: Any = None

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    @property
    def wire(self) -> str:
        return "id" if self.field == "stream_name" else self.field

    @property
    def required(self) -> bool:
        return self.field in GOOD[self.name]

    def build(self, value: Any, **changes: Any) -> Any:
        return build(self.name, **{**(self.also or {}), self.field: value, **changes})


def text(length: int) -> str:
    return "x" * length


def _common(name: str) -> list[F]:
    if name.startswith("input"):
        low = {"max_bitrate": 1} if name == "input.udp_rist" else None  # a lower limit than that warns
        return [
            F("A-413", name, "stream_name", (text(1), text(128)), ("", text(129)), marks="fixed"),
            F("A-414", name, "user_description", (text(1), text(255)), (text(256),), marks="kept"),
            F("A-415", name, "max_allowed_bitrate_kbps", (1, 90000), ("fast",), (0, -1), marks="kept", also=low),
        ]
    documented = name in {"output.pull", "output.push"}
    long = {"bad": (text(256),)} if documented else {"odd": (text(256),)}
    return [F("A-460", name, "user_description", (text(1), text(255)), marks="kept", **long)]


SECRET = "secret hidden"
LATENCY: dict[str, Any] = {"good": (-1, 0, 700000), "bad": (-2, "slow"), "default": 6000}
REMOTE: dict[str, Any] = {"good": (0, 5000), "bad": ("slow",), "marks": "kept"}
ANY_PORT: dict[str, Any] = {"good": (1, 65535), "bad": ("ssh",)}
HOST: dict[str, Any] = {"good": ("a.example.com", "192.0.2.1"), "bad": (7,)}
STREAM: dict[str, Any] = {"good": (text(1), text(100)), "bad": (text(101),), "marks": "kept"}
CIPHER: dict[str, Any] = {"good": (0, 1, 2, 3), "odd": (-1, 4)}

FIELDS = [row for name in GOOD if name != "input.local_ts" for row in _common(name)]
FIELDS += [
    F("A-429", "input.zixi_pull", "pull_port", (1, 65535), ("ssh",), (0, 65536)),
    F("A-430", "input.zixi_pull", "latency", **LATENCY),
    F("A-431", "input.zixi_pull", "pull_host", **HOST),
    F("A-432", "input.zixi_pull", "pull_stream_id", (text(1), text(100)), odd=(text(101),)),
    F("A-433", "input.zixi_pull", "password", ("p", text(200)), marks=SECRET),
    F("A-435", "input.zixi_push", "port", **ANY_PORT),
    F("A-436", "input.zixi_push", "latency", (-1, 0, 600000), (-2, 600001), default=6000),
    F("A-437", "input.zixi_push", "password", ("p", text(200)), marks=SECRET),
    F("A-439", "input.srt_pull", "latency", **LATENCY),
    F("A-440", "input.srt_pull", "bitrate", (1, 90000), ("fast",), (0,), marks="kept"),
    F("A-441", "input.srt_pull", "host", **HOST),
    F("A-442", "input.srt_pull", "port", (1025, 65535), ("ssh",), (1024, 65536)),
    F("A-443", "input.srt_pull", "password", (text(10), text(80)), odd=(text(9), text(81)), marks=SECRET),
    F("A-444", "input.srt_pull", "encryption_type", also={"password": PASSWORD}, **CIPHER),
    F("A-445", "input.srt_push", "latency", **LATENCY),
    F("A-447", "input.srt_push", "port", **ANY_PORT),
    F("A-448", "input.srt_push", "password", (text(10), text(80)), odd=(text(9), text(81)), marks=SECRET),
    F("A-449", "input.srt_push", "encryption_type", also={"password": PASSWORD}, **CIPHER),
    F("A-450", "input.udp_rist", "port", (1, 65535), (0, 65536)),
    F("A-451", "input.udp_rist", "max_latency", (0, 1001), ("slow",), (-1,), default=1000),
    F("A-452", "input.udp_rist", "max_bitrate", (1, 90000), (0,), default=8000),
    F("A-453", "input.udp_rist", "rist_remote_port", (1, 65535, None), (0, 65536)),
    F("A-470", "output.pull", "stream_name", (text(1), text(128)), ("", text(129)), marks="fixed"),
    F("A-471", "output.pull", "port", **ANY_PORT),
    F("A-472", "output.pull", "latency", **REMOTE),
    F("A-473", "output.pull", "stream_id", **STREAM),
    F("A-474", "output.pull", "remote_id", **STREAM),
    F("A-475", "output.push", "stream_name", (text(1), text(128)), ("", text(129)), marks="fixed"),
    F("A-476", "output.push", "host", **HOST),
    F("A-477", "output.push", "port", (0, 65535), (-1, 65536)),
    F("A-478", "output.push", "latency", **REMOTE),
    F("A-479", "output.push", "stream_id", **STREAM),
    F("A-480", "output.push", "password", ("p", text(200)), marks=SECRET),
    F("A-481", "output.rtmp", "url", ("rtmp://h/a", "rtmps://h/b"), ("http://h/a", "an rtmp://h/a"), marks="secret"),
    F("A-482", "output.rtmp", "backup_url", ("rtmp://h/a", "rtmps://h/b"), ("srt://h",), marks="secret kept"),
    F("A-483", "output.rtmp", "bitrate", (0, 90000), (-1,), default=0),
    F("A-484", "output.rtmp", "reconnect", (0, 99), ("often",), (-1,), default=5),
    F("A-485", "output.rtmp", "stream_key", ("k", text(200)), marks=SECRET),
    F("A-498", "output.udp_rist", "local_port", (0, 1025, 65534), (-1, 1, 1024, 65535)),
    F("A-496", "output.udp_rist", "host", **HOST),
    F("A-497", "output.udp_rist", "port", (1025, 65534), (1024, 65535)),
    F("A-499", "output.udp_rist", "ttl", (0, 225), (-1, 256)),
    F("A-500", "output.udp_rist", "fec", (0, 1, 2), (-1, 3), marks="kept"),
    F("A-501", "output.udp_rist", "rows_d", (4, 20), (3, 21), default=10, also={"fec": 1}, marks="kept"),
    F("A-502", "output.udp_rist", "columns_l", (1, 20), (0, 21), default=10, also={"fec": 2}, marks="kept"),
    F("A-491", "output.srt_push", "host", **HOST),
]
for _name, _port, _latency, _cipher, _word in (
    ("output.srt_pull", "A-487", "A-488", "A-489", "A-490"),
    ("output.srt_push", "A-492", "A-493", "A-494", "A-495"),
):
    FIELDS += [
        F(_port, _name, "port", (1025, 65535), (1024, 65536)),
        F(_latency, _name, "latency", (1, 599999), (0, 600000)),
        F(_cipher, _name, "encryption_type", (1, 2, 3), (-1, 4), also={"password": PASSWORD}, marks="kept"),
        F(
            _word,
            _name,
            "password",
            (text(10), text(80)),
            (text(9), text(81)),
            also={"encryption_type": 1},
            marks=SECRET,
        ),
    ]
