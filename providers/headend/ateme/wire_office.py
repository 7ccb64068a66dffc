"""Notifications, billing, statistics, administration (A-346..380)."""

# ruff: noqa: E501
# fmt: off
from headend.core.wire.operations import Operation

ROWS = [
    # Notifications, activity, webhooks
    Operation("notification.list", "GET", "/api/notifications", "A-346", "Get notifications for managing organisation", "A", "mo"),
    Operation("notification.get", "GET", "/api/notifications/{notification_id}", "A-347", "Get notifications for managing organisation", "A", "mo"),
    Operation("notification.read", "PUT", "/api/notifications/{notification_id}", "A-348", "Mark notification to read", "A", ""),
    Operation("notification.delete", "DELETE", "/api/notifications/{notification_id}", "A-349", "Delete notification", "A", ""),
    Operation("notification.bulk_delete", "POST", "/api/notifications/bulk_delete", "A-350", "Delete multiple notifications", "A", "", danger="deletes in bulk (A-350)"),
    Operation("notification.bulk_read", "POST", "/api/notifications/bulk_read", "A-351", "Mark multiple notifications to read", "A", ""),
    Operation("notification.muted_get", "GET", "/api/notifications/muted_categories", "A-352", "Get muted notification categories of managing organisation", "A", "mo"),
    Operation("notification.muted_set", "PUT", "/api/notifications/muted_categories", "A-353", "Mute notifications by category for managing organisation", "A", "mo"),
    Operation("activity.list", "GET", "/api/activity_log", "A-354", "Get activity log", "A", "mo"),
    Operation("webhook.slack", "POST", "/api/webhooks/slack", "A-355", "Action Slack Webhooks", "A", "Slack calls it", danger="is for Slack to call (A-55)"),
    # Billing and pricing
    Operation("billing.get", "GET", "/api/billing/details", "A-356", "Get customer billing details from the current currency", "A", "mo A · SU · AC"),
    Operation("billing.put", "PUT", "/api/billing/details", "A-357", "Create/Update managing organisation's billing details per currency", "A", "mo A · SU", danger="decides what is billed, and to whom (A-357)"),
    Operation("billing.cards", "GET", "/api/billing/credit_cards", "A-358", "List credit cards of managing organisation", "A", "mo O+"),
    Operation("billing.credits", "GET", "/api/billing/credits", "A-359", "List credits", "A", "mo"),
    Operation("billing.payment_method", "PUT", "/api/billing/payment_method", "A-360", "Change organisation's default payment method", "A", "mo A · SU", danger="decides what pays (A-360)"),
    Operation("pricing.managing", "GET", "/api/billing/pricing", "A-361", "Get pricing for managing organisation", "A", "mo"),
    Operation("pricing.permanent", "GET", "/api/billing/pricing/permanent_schedules", "A-362", "Get pricing for permanent schedules", "A", "mo"),
    Operation("pricing.default", "GET", "/api/billing/pricing/default", "A-363", "Get default pricing (for accounts)", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("pricing.default_update", "PUT", "/api/billing/pricing/default/{price_id}", "A-364", "Update default pricing price", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("pricing.organisation", "GET", "/api/billing/pricing/organisations/{organisation_id}", "A-365", "Get pricing for organisation (for accounts)", "A", "SU · AC · mo match"),
    Operation("pricing.custom", "POST", "/api/billing/pricing/custom", "A-366", "Create custom price", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("consumption.report", "GET", "/api/billing/consumption", "A-367", "Get service consumption report for customer's current currency", "A", "mo"),
    Operation("consumption.hourly", "GET", "/api/billing/consumption/hourly", "A-368", "Get service consumption hourly breakdown", "A", "mo"),
    Operation("consumption.report_v2", "GET", "/api/billing/consumption/v2", "A-369", "Get service consumption report V2 for customer's current currency", "A", "mo"),
    # Statistics
    Operation("stats.destination_orgs", "GET", "/api/statistics/destination_organisations", "A-370", "Get Destination Organisation Statistics", "A", "taker-org member"),
    Operation("stats.inputs", "GET", "/api/statistics/inputs", "A-371", "Get input traffic stats", "A", "member"),
    Operation("stats.outputs", "GET", "/api/statistics/outputs", "A-372", "Get output traffic stats", "A", "member"),
    Operation("stats.packets", "GET", "/api/statistics/packets", "A-373", "Get packets report", "A", "member"),
    # Vendor administration
    Operation("admin.cloud_resources", "GET", "/api/admin/cloud_resources", "A-374", "Get Cloud Resources Usage", "A", "", danger="is for the vendor's staff (A-937)"),
    Operation("admin.running_state", "GET", "/api/admin/running_state", "A-375", "Get Running State Overview", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("admin.free_credits", "POST", "/api/admin/organisations/{organisation_id}/free_credits", "A-376", "Add free credits to organisation", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("admin.monthly_report", "PUT", "/api/admin/organisations/{organisation_id}/monthly_billing_report", "A-377", "Switch monthly billing report on or off", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("admin.switch_to_account", "POST", "/api/admin/organisations/{organisation_id}/switch_to_account", "A-378", "Switch organisation to account", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("cogs.create", "POST", "/api/reports/cogs", "A-379", "Create COGS report", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("cogs.get", "GET", "/api/reports/cogs/{report_id}", "A-380", "Get COGS report details", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
]
