"""What an entry or an alert names must be in its own environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ateme.ateme_engine import E1, ENVIRONMENT, LISTENER, Engine, stack
from convergence.ateme import TRANSCODER

RTMP = {"variant": "rtmp", "url": "rtmp://cdn.example.com/live"}
TIMES = {"start_time": "2026-12-05T15:00:00Z", "end_time": "2026-12-05T16:00:00Z"}
ALERT = {
    **{"alert_method": "noc", "alert_on_query": "is_connected", "query_param": "lt", "query_value": [1]},
    **{"query_time_range": "1m", "alert_check_frequency": "1m", "alert_repeat": "1h"},
}


def agreed(engine: Engine, id: str) -> None:
    """One more free agreement."""
    free = {"organisation_id": "org-1", "is_assigned": False, "is_finished": False, "bitrate": 20}
    engine.world["agreements"][id] = {"agreement_id": id, **free}


@pytest.mark.contract("A-991")
@pytest.mark.parametrize(
    ("collection", "fields", "named"),
    [
        ("schedules", {"input": "e2/a", "output": "o", **TIMES}, ["input"]),
        ("schedules", {"input": "a", "output": "e2/o", **TIMES}, ["output"]),
        ("schedules", {"input": "e2/t", "output": "o", **TIMES}, ["input"]),
        ("schedules", {"input": "a", "output": "o", **TIMES}, []),
        ("permanent_schedules", {"input": "e2/a", "output": "o"}, ["input"]),
        ("permanent_schedules", {"input": "e2/a", "output": "e2/o"}, ["input", "output"]),
        ("permanent_schedules", {"input": "a", "output": "o"}, []),
        ("alerts", {**ALERT, "input": "e2/a"}, ["input"]),
        ("alerts", {**ALERT, "output": "e2/o"}, ["output"]),
        ("alerts", {**ALERT, "output": "o"}, []),
    ],
)
def test_what_lies_elsewhere_is_refused(
    tmp_path: Path, collection: str, fields: dict[str, Any], named: list[str]
) -> None:
    engine = Engine(tmp_path)

    def children(agreement: str) -> dict[str, Any]:
        agreed(engine, agreement)
        return {"inputs": {"a": LISTENER}, "outputs": {"o": {**RTMP, "permanent_schedule_agreement_id": agreement}}}

    wanted = stack(**children("agr-1"), **{collection: {"x": fields}})
    wanted["ateme"]["environments"]["e2"] = {
        **ENVIRONMENT,
        **children("agr-2"),
        "transcoders": {"t": {**TRANSCODER, "input": "a"}},
    }
    wanted["ateme"]["alert_methods"] = {"noc": {"alert_type": "email", "notification_parameters": ["noc@example.com"]}}
    problems = engine.problems(wanted)
    assert [p.partition(" (")[0] for p in problems] == [
        f"{E1}.{collection}.x: {name}: it is in another environment" for name in named
    ]
    assert engine.written() == []
