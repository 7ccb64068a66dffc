"""What the tests of alerts stand on: the least that an alert needs, and stacks around it."""

from __future__ import annotations

from typing import Any

from ateme.ateme_engine import E1, LISTENER, stack

A1 = f"{E1}.alerts.a1"
LOW: dict[str, Any] = {
    "alert_on_query": "net_recv.bitrate",
    "query_param": "lt",
    "query_value": [4000],
    "query_time_range": "1m",
    "alert_check_frequency": "30s",
    "alert_repeat": "1h",
}
SRT_OUT = {"variant": "srt_pull", "port": 5002, "latency": 200}
NOC = {"alert_type": "email", "notification_parameters": ["noc@example.com"]}


def watched(**alerts: Any) -> dict[str, Any]:
    """Environment e1 with input i and output o, alert method noc, and these alerts; on i unless they name a target."""
    full = {
        key: {"alert_method": "noc", **LOW, **({} if "output" in alert else {"input": "i"}), **alert}
        for key, alert in alerts.items()
    }
    made = stack(inputs={"i": LISTENER}, outputs={"o": SRT_OUT}, alerts=full)
    made["ateme"]["alert_methods"] = {"noc": NOC}
    return made
