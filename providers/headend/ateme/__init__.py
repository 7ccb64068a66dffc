"""Ateme+ Cloud: environments, inputs, outputs, transcoders, schedules."""

KINDS = (
    "agreement",
    "alert",
    "alert_method",
    "dashboard_group",
    "environment",
    "event",
    "event_subscription",
    "input",
    "label",
    "multi_viewer",
    "output",
    "permanent_schedule",
    "schedule",
    "transcoder",
)
"""The modules that have kinds or lookups."""
