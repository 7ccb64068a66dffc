"""The constraints on request bodies that Ateme+ Cloud API documents; assumed bounds are not enforced (A-49, A-56)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headend.core.model.frozen import frozen_dataclass


@frozen_dataclass
class Rule:
    """One field. low and high are inclusive: of a number's value, or of a text's length. form: of a whole text."""

    type: type = str
    low: float | None = None
    high: float | None = None
    required: bool = False
    null: bool = False
    choices: tuple[Any, ...] = ()
    prefixes: tuple[str, ...] = ()
    form: str = ""
    also: tuple[Any, ...] = ()  # values allowed outside the range
    default: Any = None
    read_only: bool = False  # may be sent in an update, but not changed

    def error(self, value: Any) -> str | None:
        """What is wrong with the value, or None."""
        if value is None:
            return None if self.null else "may not be null"
        if type(value) not in ((int, float) if self.type is float else (self.type,)):
            return f"must be {self.type.__name__}"
        if value in self.also:
            return None
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(map(str, self.choices))}"
        if self.prefixes and not value.startswith(self.prefixes):
            return f"must start with {' or '.join(self.prefixes)}"
        if self.form and not re.fullmatch(self.form, value):
            return "has signs that are not allowed"
        size = len(value) if isinstance(value, str) else value
        unit = " characters" if isinstance(value, str) else ""
        if self.low is not None and size < self.low:
            return f"must be at least {self.low:g}{unit}"
        if self.high is not None and size > self.high:
            return f"must be at most {self.high:g}{unit}"
        return None


def check(body: Mapping[str, Any], rules: Mapping[str, Rule], *, partial: bool, strict: bool) -> dict[str, str]:
    """Errors by field. partial: required fields may be missing. strict: unknown keys are errors."""
    errors = {name: "unknown field" for name in body if name not in rules} if strict else {}
    for name, rule in rules.items():
        if name in body:
            if error := rule.error(body[name]):
                errors[name] = error
        elif rule.required and not partial:
            errors[name] = "is required"
    return errors


TEXT, INT, NUMBER = Rule(), Rule(int), Rule(float)
NEEDED, NEEDED_INT = Rule(required=True, low=1), Rule(int, required=True)
DESCRIPTION = Rule(high=255)
INPUT_LATENCY = Rule(int, low=-1, default=6000)
REMOTE_LATENCY = Rule(int, null=True)
STREAM_ID = Rule(high=100)
ID = Rule(required=True, low=1, high=128, read_only=True)
SRT_PORT = Rule(int, 1025, 65535, required=True)
SRT_LATENCY = Rule(int, 1, 599999, required=True)
SRT_PASSWORD = Rule(low=10, high=80)
RTMP = ("rtmp://", "rtmps://")

_INPUT = {"id": ID, "user_description": DESCRIPTION, "max_allowed_bitrate_kbps": INT}
INPUTS: Mapping[str, Mapping[str, Rule]] = {
    "zixi_pull": _INPUT
    | {
        "pull_port": NEEDED_INT,
        "latency": INPUT_LATENCY,
        "pull_host": NEEDED,
        "pull_stream_id": TEXT,
        "password": TEXT,
    },
    "zixi_push": _INPUT | {"port": NEEDED_INT, "latency": Rule(int, -1, 600000, default=6000), "password": TEXT},
    "srt_pull": _INPUT
    | {
        "latency": INPUT_LATENCY,
        "bitrate": INT,
        "host": NEEDED,
        "port": NEEDED_INT,
        "password": TEXT,
        "encryption_type": INT,
    },
    # no bitrate here: it is copied from max_allowed_bitrate_kbps
    "srt_push": _INPUT | {"latency": INPUT_LATENCY, "port": NEEDED_INT, "password": TEXT, "encryption_type": INT},
    "udp_rist": _INPUT
    | {
        "port": Rule(int, 1, 65535, required=True),
        "max_latency": Rule(int, default=1000),
        "max_bitrate": Rule(int, low=1, default=8000),
        "rist_remote_port": Rule(int, 1, 65535, null=True),
    },
    "local_ts": {"user_description": DESCRIPTION, "max_allowed_bitrate_kbps": INT},  # without a range
}

_AGREEMENT = {"permanent_schedule_agreement_id": TEXT}
_SRT_OUTPUT = {
    "user_description": TEXT,
    "port": SRT_PORT,
    "latency": SRT_LATENCY,
    "encryption_type": Rule(int, choices=(0, 1, 2, 3), default=0),
    "password": SRT_PASSWORD,
}
OUTPUTS: Mapping[str, Mapping[str, Rule]] = {
    "pull": _AGREEMENT
    | {
        "id": TEXT,
        "user_description": DESCRIPTION,
        "port": NEEDED_INT,
        "latency": REMOTE_LATENCY,
        "stream_id": STREAM_ID,
        "remote_id": STREAM_ID,
    },
    "push": _AGREEMENT
    | {
        "id": ID,
        "user_description": DESCRIPTION,
        "host": NEEDED,
        "port": Rule(int, 0, 65535, required=True),
        "latency": REMOTE_LATENCY,
        "stream_id": STREAM_ID,
        "password": TEXT,
    },
    "rtmp": _AGREEMENT
    | {
        "user_description": TEXT,
        "url": Rule(required=True, prefixes=RTMP),
        "backup_url": Rule(prefixes=RTMP),
        "bitrate": Rule(int, low=0, default=0),
        "reconnect": Rule(int, default=5),
        "stream_key": TEXT,
    },
    "srt_pull": _AGREEMENT | _SRT_OUTPUT,
    "srt_push": _AGREEMENT | _SRT_OUTPUT | {"host": NEEDED},
    "udp_rist": _AGREEMENT
    | {
        "user_description": TEXT,
        "host": NEEDED,
        "port": Rule(int, 1025, 65534, required=True),
        "local_port": Rule(int, 1025, 65534, also=(0,), default=0),
        "ttl": Rule(int, 0, 225),
        "fec": Rule(int, choices=(0, 1, 2)),
        "rows_d": Rule(int, 4, 20),
        "columns_l": Rule(int, 1, 20),
    },
}
CREATE_ONLY = frozenset({"id", "permanent_schedule_agreement_id"})


def update_rules(rules: Mapping[str, Rule], *, id_listed: bool) -> dict[str, Rule]:
    """The rules of the matching update: `id` only where the document lists it (A-805), the agreement never."""
    kept = {name: rule for name, rule in rules.items() if name not in CREATE_ONLY}
    return kept | ({"id": Rule()} if id_listed else {})


def joint_errors(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """What one field says about another in an output: row is the result, given what the request holds."""
    errors: dict[str, str] = {}
    if row["variant"] in {"srt_pull", "srt_push"}:
        encrypted = row.get("encryption_type") in {1, 2, 3}
        if encrypted and not row.get("password"):
            errors["password"] = "is required with encryption_type 1..3"  # noqa: S105
        if given.get("encryption_type") == 0 and given.get("password"):
            errors["password"] = "needs encryption_type 1..3"  # noqa: S105
    if row["variant"] == "udp_rist" and row.get("fec") not in {1, 2}:
        errors |= {name: "only with fec 1 or 2" for name in ("rows_d", "columns_l") if given.get(name) is not None}
    return errors
