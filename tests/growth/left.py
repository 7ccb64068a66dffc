"""What still grows faster than the objects: `<engine> <kind>` -> phase -> why. Strict: who mends one takes it out."""

from __future__ import annotations

from collections.abc import Mapping

SERIAL = "writes go one at a time, and each is proven by a list of its own"
SOMETIMES = "it is a matter of moments which of them share a list"
ALONE = "the tests' engine makes one call after the other, and each looks at a whole list"
DROPS = "core/wire/reads.py looks at every key"
WALKS = "it walks along all inputs"

REQUESTS: Mapping[str, Mapping[str, str]] = {
    "embedded ateme.event": {"apply": SERIAL, "change": SERIAL},
    "embedded ateme.event_subscription": {"apply": SERIAL, "change": SERIAL},
    "embedded ateme.permanent_schedule": {"apply": SERIAL, "change": SERIAL, "destroy": SOMETIMES},
    "embedded ateme.schedule": {"apply": SERIAL, "change": SERIAL},
    "pulumi ateme.input": {"up": ALONE, "change": ALONE},
    "pulumi ateme.output": {"up": ALONE, "change": ALONE},
    "pulumi ateme.alert": {"up": ALONE, "change": ALONE},
    "pulumi ateme.alert_method": {"up": ALONE, "change": ALONE},
    "pulumi ateme.dashboard_group": {"up": ALONE, "change": ALONE},
    "pulumi ateme.label": {"up": ALONE, "change": ALONE},
    "pulumi ateme.transcoder": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.multi_viewer": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.event": {"up": ALONE, "change": ALONE},
    "pulumi ateme.event_subscription": {"up": ALONE, "change": ALONE},
    "pulumi ateme.permanent_schedule": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.schedule": {"up": ALONE, "change": ALONE},
    "pulumi mycujoo.payment_method": {"up": ALONE, "destroy": ALONE},
}
"""Where requests and rows are counted."""

LINES: Mapping[str, Mapping[str, str]] = {
    **REQUESTS,
    "embedded ateme.environment": {"change": DROPS, "destroy": DROPS},
    "embedded ateme.multi_viewer": {"apply": DROPS, "change": WALKS, "destroy": WALKS},
    "pulumi ateme.environment": {"change": DROPS},
}
"""Where lines that run are counted, too."""

SIXTEEN = "each sixteen steps, which is how many run at once, read a list of their own"
MORE_THAN_AT_ONCE: Mapping[str, str] = {"apply": SOMETIMES, "change": SIXTEEN, "destroy": SIXTEEN}
"""Of inputs in the embedded engine: phase -> why."""
