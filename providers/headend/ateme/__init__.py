"""Ateme+ Cloud: environments, inputs, outputs, transcoders, schedules."""

KINDS = {
    "ateme.organisation": "organisation",
    "ateme.organisation_user": "organisation_user",
    "ateme.billing_details": "billing_details",
    "ateme.shared_contact": "shared_contact",
    "ateme.alert_method": "alert_method",
    "ateme.label": "label",
    "ateme.dashboard_group": "dashboard_group",
    "ateme.recording_bucket": "recording_bucket",
    "ateme.mtr_host_group": "mtr_host_group",
    "ateme.mtr_host": "mtr_host",
    "ateme.environment": "environment",
    "ateme.input": "input",
    "ateme.transcoder": "transcoder",
    "ateme.multi_viewer": "multi_viewer",
    "ateme.output": "output",
    "ateme.schedule": "schedule",
    "ateme.permanent_schedule": "permanent_schedule",
    "ateme.recording_schedule": "recording_schedule",
    "ateme.event": "event",
    "ateme.event_subscription": "event_subscription",
    "ateme.alert": "alert",
    "ateme.saved_ip": "saved_ip",
    "ateme.source_invitation": "source_invitation",
    "ateme.input_grant": "input_grant",
    "ateme.label_grant": "label_grant",
    "ateme.tf_deployment": "tf_deployment",
    "ateme.tf_credentials": "tf_credentials",
    "ateme.tf_template": "tf_template",
    "ateme.tf_job_template": "tf_job_template",
    "ateme.tf_job": "tf_job",
}
"""kind -> its module, in the order of stack files: what others refer to first."""
LOOKUPS = {
    "ateme.agreement": "agreement",
}
"""lookup -> its module."""
