"""What still grows faster than the objects: `<engine> <kind>` -> phase -> why. Strict: who mends one takes it out."""

from __future__ import annotations

from collections.abc import Mapping

ALONE = "the tests' engine makes one call after the other, and each looks at a whole list"
CHAIN = "schedules go one at a time, and each output is looked at after its own has gone"
DROPS = "what is written to an environment outdates all that was read of any"
WALKS = "it walks along all inputs"

REQUESTS: Mapping[str, Mapping[str, str]] = {
    "embedded ateme.permanent_schedule": {"destroy": CHAIN},
    "pulumi ateme.input": {"up": ALONE, "change": ALONE},
    "pulumi ateme.output": {"up": ALONE, "change": ALONE},
    "pulumi ateme.alert": {"up": ALONE, "change": ALONE},
    "pulumi ateme.alert_method": {"up": ALONE, "change": ALONE},
    "pulumi ateme.dashboard_group": {"up": ALONE, "change": ALONE},
    "pulumi ateme.label": {"up": ALONE, "change": ALONE},
    "pulumi ateme.mtr_host": {"up": ALONE, "change": ALONE},
    "pulumi ateme.mtr_host_group": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.recording_bucket": {"up": ALONE},
    "pulumi ateme.recording_schedule": {"up": ALONE, "change": ALONE},
    "pulumi ateme.saved_ip": {"up": ALONE, "change": ALONE},
    "pulumi ateme.shared_contact": {"up": ALONE, "change": ALONE},
    "pulumi ateme.source_invitation": {"up": ALONE, "change": ALONE},
    "pulumi ateme.input_grant": {"up": ALONE},
    "pulumi ateme.transcoder": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.organisation": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.organisation_user": {"up": ALONE, "change": ALONE},
    "pulumi ateme.tf_deployment": {"up": ALONE, "change": ALONE, "destroy": ALONE},
    "pulumi ateme.tf_credentials": {"up": ALONE, "change": ALONE},
    "pulumi ateme.tf_template": {"up": ALONE, "change": ALONE},
    "pulumi ateme.tf_job_template": {"up": ALONE, "change": ALONE},
    "pulumi ateme.tf_job": {"up": ALONE, "change": ALONE},
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
