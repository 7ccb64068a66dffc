"""What is watched, when it runs and who may take it: alerts, schedules, events, invitations (A-229..284)."""

# ruff: noqa: E501
# fmt: off
from headend.core.wire.operations import Operation

ROWS = [
    # Alerts and alert methods
    Operation("alert.overview", "GET", "/api/alerts", "A-229", "Get current alerts", "A", "O+"),
    Operation("alert.create", "POST", "/api/alerts", "A-230", "Create alerts on inputs and/or outputs", "A", "O+"),
    Operation("alert.update", "PUT", "/api/alerts/{alert_id}", "A-231", "Update alert parameters", "A", "O+"),
    Operation("alert.delete", "DELETE", "/api/alerts/{alert_id}", "A-232", "Delete single alert", "A", "env owner O+ or creating guest O+"),
    Operation("alert.action", "POST", "/api/alerts/{alert_id}/{action}", "A-233", "Mute alert / Unmute alert", "A", "O+"),
    Operation("alert.bulk_delete", "POST", "/api/alerts/bulk_delete", "A-234", "Delete multiple alerts", "A", "O+", danger="deletes in bulk (A-234)"),
    Operation("alert.bulk_mute", "POST", "/api/alerts/bulk_mute", "A-235", "Mute multiple alerts", "A", "O+", danger="mutes in bulk (A-235, A-920)"),
    Operation("alert.bulk_unmute", "POST", "/api/alerts/bulk_unmute", "A-236", "Unmute multiple alerts", "A", "O+", danger="unmutes in bulk (A-236, A-920)"),
    Operation("alert.delete_environment", "DELETE", "/api/customer_environment/{environment_id}/alerts", "A-237", "Delete alerts by environment", "A", "O+", danger="deletes all channel alerts of the environment, and the taker organisation's destination alerts (A-984)"),
    Operation("alert.targets", "GET", "/api/alerts/targets", "A-238", "Get inputs and outputs for alerts from active environment", "A", "ao members and guests"),
    Operation("alert.push", "POST", "/api/alerts/push", "A-239", "Push alerts to c_envs", "A", "CENV only", danger="is for the platform's own machines (A-55)"),
    Operation("alert_method.list", "GET", "/api/alert_methods", "A-240", "List alert methods for the managing organisation", "A", "mo"),
    Operation("alert_method.create", "POST", "/api/alert_methods", "A-241", "Create alert method for managing organisation", "A", "mo O+"),
    Operation("alert_method.update", "PUT", "/api/alert_methods/{alert_method_id}", "A-242", "Update alert method", "A", "O+"),
    Operation("alert_method.delete", "DELETE", "/api/alert_methods/{alert_method_id}", "A-243", "Delete alert method", "A", "O+"),
    # Schedules (timed, permanent, event subscription)
    Operation("schedule.list", "GET", "/api/schedules", "A-244", "Get schedules for managing organisation", "D", "mo, also for SU"),
    Operation("schedule.create", "POST", "/api/schedules", "A-245", "Create schedule entry", "A", "O+"),
    Operation("schedule.get", "GET", "/api/schedules/{schedule_id}", "A-246", "Get schedule info", "A", "member of the org that created the destination"),
    Operation("schedule.update", "PUT", "/api/schedules/{schedule_id}", "A-247", "Update schedule entry", "A", "O+"),
    Operation("schedule.delete", "DELETE", "/api/schedules/{schedule_id}", "A-248", "Delete schedule", "D", "O+"),
    Operation("schedule.status", "GET", "/api/schedules/{schedule_id}/status", "A-249", "Get schedule status", "A", "as schedule.get"),
    Operation("schedule.overview", "GET", "/api/schedules/overview", "A-250", "Get schedule overview", "A", "ae"),
    Operation("schedule.refresh", "POST", "/api/schedules/refresh", "A-251", "Request Schedule Refresh", "A", "CENV only", danger="is for the platform's own machines (A-55)"),
    Operation("schedule.refresh_worker", "POST", "/api/schedules/refresh_from_worker", "A-252", "Request Schedule Refresh FROM WORKER", "A", "WORKER only", danger="is for the platform's own machines (A-55)"),
    Operation("schedule.dump", "GET", "/api/schedules/dump", "A-253", "Dump scheduler state", "A", "debug", danger="is for debugging (A-253)"),
    Operation("event_subscription.create", "POST", "/api/event_subscriptions", "A-254", "Create event subscription / Consume event", "A", "O+ of org owning the output + access to event"),
    Operation("event_subscription.update", "PUT", "/api/event_subscriptions/{schedule_id}", "A-255", "Update event subscription", "A", "same"),
    # Permanent schedule agreements
    Operation("agreement.list", "GET", "/api/agreements", "A-256", "List permanent schedule agreements", "A", "mo"),
    Operation("agreement.create", "POST", "/api/agreements", "A-257", "Create a permanent schedule agreement", "A", "O+", danger="is a purchase (A-858)"),
    Operation("agreement.price_selectors", "GET", "/api/agreements/price_selectors", "A-258", "Get dropdown values for permanent agreement price selectors", "A", "any"),
    # Events, labels, event/label access
    Operation("event.list", "GET", "/api/events", "A-259", "Get events for administration", "A", "mo O+"),
    Operation("event.create", "POST", "/api/events", "A-260", "Create an Event for source on running environment", "A", "O+; env running"),
    Operation("event.update", "PUT", "/api/events/{event_id}", "A-261", "Update an Event for source on running environment", "A", "O+; env running"),
    Operation("event.delete", "DELETE", "/api/events/{event_id}", "A-262", "Delete event", "A", "O+"),
    Operation("event.image", "GET", "/api/events/{event_id}/image", "A-263", "Gets image associated with event", "A", "all orgs of the user"),
    Operation("label.list", "GET", "/api/access_labels", "A-264", "List all labels in the managing org", "A", "mo member"),
    Operation("label.create", "POST", "/api/access_labels", "A-265", "Create an access permissions label", "A", "mo O+"),
    Operation("label.update", "PUT", "/api/access_labels/{label_id}", "A-266", "Update label text", "A", "mo O+"),
    Operation("label.delete", "DELETE", "/api/access_labels/{label_id}", "A-267", "Delete label", "A", "mo O+"),
    Operation("label_grant.create", "POST", "/api/source_invitations/{token}/labels", "A-268", "Allow destination taker access to an event label", "A", "source org O+"),
    Operation("label_grant.delete", "DELETE", "/api/source_invitations/{token}/labels/{label_id}", "A-269", "Remove destination taker access from an event label", "A", "source org O+"),
    # Source invitations (guest access)
    Operation("source_invitation.list", "GET", "/api/source_invitations", "A-270", "List Organisation Source Invitations / Permissions for managing organisation", "A", "mo member"),
    Operation("source_invitation.create", "POST", "/api/source_invitations", "A-271", "Create Organisation Source Invitation", "A", "A · SU; mo"),
    Operation("source_invitation.update", "PUT", "/api/source_invitations/{token}", "A-272", "Update Source Permissions from owners point of view", "A", "mo O+"),
    Operation("source_invitation.delete", "DELETE", "/api/source_invitations/{token}", "A-273", "Delete source invitation / Leave organisation", "A", "owner O+ · guest A", danger="deletes the guest's destinations, schedules and alerts too (A-273)"),
    Operation("source_invitation.accept", "POST", "/api/source_invitations/{token}/accept", "A-274", "Accept Organisation Source Invitation NOT ORGANISATION INVITATION", "A", "guest mo"),
    Operation("input_grant.create", "POST", "/api/source_invitations/{token}/inputs", "A-275", "Allow destination taker access to input / channel", "A", "mo O+"),
    Operation("input_grant.delete", "DELETE", "/api/source_invitations/{token}/inputs/{input_id}", "A-276", "Remove destination taker access from input/channel", "A", "mo O+"),
    Operation("source_invitation.visibility", "PUT", "/api/source_invitations/{token}/environments/{environment_id}/visibility", "A-277", "Update channel visibility per invitation per environment", "A", "mo A"),
    Operation("source_invitation.max_destinations", "PUT", "/api/source_invitations/{token}/environments/{environment_id}/max_destinations", "A-278", "Update max destinations count for guest org", "A", "mo A"),
    Operation("source_invitation.delete_destinations", "DELETE", "/api/source_invitations/{token}/environments/{environment_id}/outputs", "A-279", "Delete all destinations from guest in c_env", "A", "mo A", danger="deletes the guest's active destinations, and the alerts on them (A-984)"),
    # Shared contacts
    Operation("shared_contact.list", "GET", "/api/shared_contacts", "A-280", "Get contacts that I'm sharing", "A", "mo member"),
    Operation("shared_contact.create", "POST", "/api/shared_contacts", "A-281", "Create new shared contact", "A", "mo O+"),
    Operation("shared_contact.update", "PUT", "/api/shared_contacts/{contact_id}", "A-282", "Update shared contact", "A", "mo O+"),
    Operation("shared_contact.delete", "DELETE", "/api/shared_contacts/{contact_id}", "A-283", "Delete shared contact", "A", "mo O+"),
    Operation("shared_contact.with_me", "GET", "/api/shared_contacts/with_me", "A-284", "Get shared contacts with me", "A", "mo member"),
]
