"""What still grows faster than the objects: `<engine> <kind>` -> phase -> why. Strict: who mends one takes it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

AFRESH = "each write reads a whole list anew, before or after"

REQUESTS: Mapping[str, Mapping[str, str]] = {
    "embedded ateme.input": {"destroy": AFRESH},
    "embedded ateme.alert": {"apply": AFRESH, "change": AFRESH},
    "embedded ateme.alert_method": {"apply": AFRESH, "change": AFRESH},
    "embedded ateme.dashboard_group": {"apply": AFRESH, "change": AFRESH},
    "embedded ateme.label": {"apply": AFRESH, "change": AFRESH},
    "embedded ateme.transcoder": {"apply": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "embedded ateme.multi_viewer": {"apply": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "embedded ateme.event": {"apply": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "embedded ateme.event_subscription": {"apply": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "embedded ateme.permanent_schedule": {"apply": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "embedded ateme.schedule": {"change": AFRESH, "destroy": AFRESH},
    "embedded mycujoo.payment_method": {"apply": AFRESH},
    "pulumi ateme.input": {"change": AFRESH},
    "pulumi ateme.output": {"change": AFRESH},
    "pulumi ateme.alert": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.alert_method": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.dashboard_group": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.label": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.transcoder": {"up": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "pulumi ateme.multi_viewer": {"up": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "pulumi ateme.event": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.event_subscription": {"up": AFRESH, "change": AFRESH},
    "pulumi ateme.permanent_schedule": {"up": AFRESH, "change": AFRESH, "destroy": AFRESH},
    "pulumi ateme.schedule": {"change": AFRESH},
    "pulumi mycujoo.payment_method": {"up": AFRESH, "destroy": AFRESH},
}
"""Where requests and rows are counted."""

DROPS = "Reads.drop looks at every key"

_DROPS: Mapping[str, Sequence[str]] = {
    "embedded ateme.environment": ["apply"],
    "embedded mycujoo.action_configuration": ["apply", "change", "destroy"],
    "embedded mycujoo.account": ["apply", "change", "destroy"],
    "embedded mycujoo.organization": ["apply", "change"],
    "embedded rights_locker.account_categories": ["apply", "change", "destroy"],
    "embedded rights_locker.entitlement_set": ["apply", "change", "destroy"],
    "embedded straas.member": ["apply"],
    "pulumi ateme.environment": ["up"],
    "pulumi mycujoo.action_configuration": ["up", "change"],
    "pulumi mycujoo.account": ["up", "change"],
    "pulumi mycujoo.organization": ["up", "change"],
    "pulumi rights_locker.account_categories": ["up"],
    "pulumi rights_locker.entitlement_set": ["up", "change", "destroy"],
    "pulumi straas.member": ["up"],
}
LINES: Mapping[str, Mapping[str, str]] = {
    name: {**dict.fromkeys(_DROPS.get(name, ()), DROPS), **REQUESTS.get(name, {})} for name in {**REQUESTS, **_DROPS}
}
"""Where lines that run are counted, too."""
CHANGES: Mapping[str, str] = {"names that pass on": DROPS}
"""Of `test_growth_of_changes`: case -> why."""
