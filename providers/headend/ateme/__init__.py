"""Ateme+ Cloud: environments, inputs, outputs, transcoders, schedules."""

KINDS = {
    "ateme.alert": "alert",
    "ateme.alert_method": "alert_method",
    "ateme.billing_details": "billing_details",
    "ateme.dashboard_group": "dashboard_group",
    "ateme.environment": "environment",
    "ateme.event": "event",
    "ateme.event_subscription": "event_subscription",
    "ateme.input": "input",
    "ateme.input_grant": "input_grant",
    "ateme.label": "label",
    "ateme.label_grant": "label_grant",
    "ateme.mtr_host": "mtr_host",
    "ateme.mtr_host_group": "mtr_host_group",
    "ateme.multi_viewer": "multi_viewer",
    "ateme.organisation": "organisation",
    "ateme.organisation_user": "organisation_user",
    "ateme.output": "output",
    "ateme.permanent_schedule": "permanent_schedule",
    "ateme.recording_bucket": "recording_bucket",
    "ateme.recording_schedule": "recording_schedule",
    "ateme.saved_ip": "saved_ip",
    "ateme.schedule": "schedule",
    "ateme.shared_contact": "shared_contact",
    "ateme.source_invitation": "source_invitation",
    "ateme.tf_credentials": "tf_credentials",
    "ateme.tf_deployment": "tf_deployment",
    "ateme.tf_job": "tf_job",
    "ateme.tf_job_template": "tf_job_template",
    "ateme.tf_template": "tf_template",
    "ateme.transcoder": "transcoder",
}
"""kind -> its module."""
LOOKUPS = {
    "ateme.agreement": "agreement",
}
"""lookup -> its module."""
