"""The operations of the mycujoo API (M-31..M-92), all 62 of them; every success is a 200 (M-7).

`list_key` names the array of a list answer. `role` says how a paged list is walked ("paged", M-16) or that the
call is safe to repeat although it's a POST ("read", M-15). Rows are documented but for M-92, whose page breaks
off after method, path and header.
"""

from __future__ import annotations

from dataclasses import replace

from headend.core.wire.operations import Operation, Table
from headend.mycujoo.wire_parameters import PARAMETERS, SPANS

_ACCOUNTING = "/accounting/v1beta1"
_ACCOUNTS = "/accounts/v1"
_ACTIONS = "/actions/v1beta1"
_PROJECT = "/analytics/v1/consumption/projects/{project_id}"
_MEDIA = "/analytics/v1/media_sources"
_STREAMS = "/analytics/v1/streams"
_STREAM = _STREAMS + "/{stream_id}"
_PAYS = "decides what pays (M-135, M-136)"


def _row(
    number: int,
    key: str,
    method: str,
    path: str,
    title: str,
    *,
    list_key: str | None = None,
    role: str = "",
    mark: str = "D",
    note: str = "",
    danger: str = "",
) -> Operation:
    """A row; bodies stand on POST and PATCH and nowhere else (M-5)."""
    body = "json" if method in {"POST", "PATCH"} else "none"
    id_field = "id" if list_key else None
    op = Operation(key, method, path, f"M-{number}", title, mark, role, note, body, list_key, id_field, danger)
    return replace(op, parameters=PARAMETERS.get(key, ()), spans=SPANS.get(key, ()), complete=True)


_ACCOUNTING_ROWS = [
    _row(31, "invoice.list", "GET", _ACCOUNTING + "/invoices", "List invoices", list_key="invoices"),
    _row(32, "invoice.download", "GET", _ACCOUNTING + "/invoices/{invoice_id}/download", "Make a download link"),
    _row(33, "organization.get", "GET", _ACCOUNTING + "/organizations/{org_id}", "Read an organisation"),
    _row(34, "organization.update", "PATCH", _ACCOUNTING + "/organizations/{org_id}", "Change an organisation"),
    _row(35, "payment.list", "GET", _ACCOUNTING + "/payments", "List payments", list_key="payments"),
    _row(
        36,
        "payment_method.list",
        "GET",
        _ACCOUNTING + "/payments/methods",
        "List payment methods",
        list_key="payment_method",
        note="the same key holds an object in the answer for one method (M-137)",
    ),
    _row(
        37,
        "payment_method.create",
        "POST",
        _ACCOUNTING + "/payments/methods/stripe",
        "Register a Stripe method",
        danger=_PAYS,
    ),
    _row(38, "payment_method.get", "GET", _ACCOUNTING + "/payments/methods/{id}", "Read a payment method"),
    _row(
        39,
        "payment_method.delete",
        "DELETE",
        _ACCOUNTING + "/payments/methods/{id}",
        "Remove a payment method",
        danger=_PAYS,
    ),
    _row(
        40,
        "payment_method.update",
        "PATCH",
        _ACCOUNTING + "/payments/methods/{id}",
        "Change a payment method",
        danger=_PAYS,
    ),
    _row(41, "setup_intent.create", "POST", _ACCOUNTING + "/payments/providers/stripe/setupintent", "Start a set-up"),
    _row(42, "pricing.list", "GET", _ACCOUNTING + "/pricing", "List prices", list_key="pricings"),
    _row(
        43,
        "pricing.organization",
        "GET",
        _ACCOUNTING + "/pricing/{org_id}",
        "List an organisation's prices",
        list_key="pricings",
    ),
    _row(44, "usage.list", "GET", _ACCOUNTING + "/usages", "List metered usage", list_key="usages", role="paged"),
    _row(45, "usage.running", "GET", _ACCOUNTING + "/usages/running", "Usage of the current period"),
    _row(46, "vat.validate", "GET", _ACCOUNTING + "/vat/validate", "Check a VAT number"),
]

_ACCOUNT_ROWS = [
    _row(47, "account.list", "GET", _ACCOUNTS, "List accounts", list_key="accounts", role="paged"),
    _row(48, "account.create", "POST", _ACCOUNTS, "Create an account", note="answers a password and no id"),
    _row(
        49,
        "account.update",
        "PATCH",
        _ACCOUNTS + "/accounts/{account_id}",
        "Change an account's names",
        note="one segment more than the path that reads it (M-188)",
    ),
    _row(
        50,
        "account.delete_bindings",
        "POST",
        _ACCOUNTS + "/accounts/{account_id}/delete_bindings",
        "Revoke every role",
        danger="revokes every role of the account (M-50)",
    ),
    _row(51, "account.batch", "POST", _ACCOUNTS + "/batch", "Read by id", list_key="accounts", role="read"),
    _row(
        52,
        "account.batch_by_email",
        "POST",
        _ACCOUNTS + "/batch/by_email",
        "Read by address",
        list_key="accounts",
        role="read",
    ),
    _row(
        53,
        "account.delete",
        "POST",
        _ACCOUNTS + "/batch/delete",
        "Delete accounts",
        danger="deletes accounts in bulk (M-53)",
    ),
    _row(54, "account.change_password", "POST", _ACCOUNTS + "/change_password", "Change the own password"),
    _row(55, "account.check_password_reset", "POST", _ACCOUNTS + "/check_password_reset", "Check a reset code"),
    _row(56, "account.invite", "POST", _ACCOUNTS + "/invitations", "Invite", note="answers an id and no password"),
    _row(57, "account.myself", "GET", _ACCOUNTS + "/myself", "Read the caller's account"),
    _row(58, "account.resend_verification", "POST", _ACCOUNTS + "/resend_account_verification", "Mail again"),
    _row(59, "account.reset_password", "POST", _ACCOUNTS + "/reset_password", "Set a password with a code"),
    _row(60, "account.send_password_reset", "POST", _ACCOUNTS + "/send_password_reset", "Mail a reset link"),
    _row(61, "account.verify", "POST", _ACCOUNTS + "/verify_account", "Mark an address verified"),
    _row(62, "account.get", "GET", _ACCOUNTS + "/{account_id}", "Read an account"),
]

_ACTION_ROWS = [
    _row(63, "action.list", "GET", _ACTIONS, "List the action catalogue", list_key="items", role="paged"),
    _row(64, "action_call.list", "GET", _ACTIONS + "/calls", "List calls", list_key="items"),
    _row(65, "action_call.get", "GET", _ACTIONS + "/calls/{id}", "Read a call"),
    _row(66, "action_call.update", "PATCH", _ACTIONS + "/calls/{id}", "Change a call"),
    _row(
        67,
        "action_category.list",
        "GET",
        _ACTIONS + "/categories",
        "List categories",
        list_key="items",
        role="paged",
    ),
    _row(
        68,
        "action_configuration.list",
        "GET",
        _ACTIONS + "/configurations",
        "List a group's configurations",
        list_key="items",
        note="without fields, with action_title; never paged (M-17, M-112)",
    ),
    _row(
        69,
        "action_configuration.create",
        "POST",
        _ACTIONS + "/configurations",
        "Create a configuration",
        note="knows no order (M-180)",
    ),
    _row(70, "action_configuration.get", "GET", _ACTIONS + "/configurations/{id}", "Read a configuration"),
    _row(71, "action_configuration.delete", "DELETE", _ACTIONS + "/configurations/{id}", "Delete a configuration"),
    _row(72, "action_configuration.update", "PATCH", _ACTIONS + "/configurations/{id}", "Change a configuration"),
    _row(73, "action.get", "GET", _ACTIONS + "/{id}", "Read an action with its field definitions"),
]

_ANALYTICS_ROWS = [
    _row(74, "project.consumption", "GET", _PROJECT, "A project's consumption"),
    _row(75, "project.average_playtime", "GET", _PROJECT + "/average-playtime", "Average playtime over time"),
    _row(76, "project.streams", "GET", _PROJECT + "/streams", "Streams ranked", list_key="streams", role="paged"),
    _row(77, "project.total_plays", "GET", _PROJECT + "/total-plays", "Plays over time"),
    _row(78, "project.total_playtime", "GET", _PROJECT + "/total-playtime", "Playtime over time"),
    _row(79, "project.unique_users", "GET", _PROJECT + "/unique-users", "Users over time"),
    _row(
        80,
        "project.watch_events",
        "GET",
        _PROJECT + "/watch-events",
        "Watch events",
        list_key="watch_events",
        role="paged",
    ),
    _row(81, "stream.consumption", "GET", "/analytics/v1/consumption/streams/{stream_id}", "A stream's consumption"),
    _row(82, "media_source.snapshots", "GET", _MEDIA + "/stats-snapshot", "Snapshots of many", list_key="snapshots"),
    _row(83, "media_source.stats", "GET", _MEDIA + "/{media_source_id}/stats", "Statistics over time"),
    _row(84, "media_source.snapshot", "GET", _MEDIA + "/{media_source_id}/stats-snapshot", "One snapshot"),
    _row(85, "stream.snapshots", "GET", _STREAMS + "/video-stats-snapshot", "Of many", list_key="snapshots"),
    _row(86, "stream.stats", "GET", _STREAM, "A stream's statistics"),
    _row(
        87,
        "stream.activities",
        "GET",
        _STREAM + "/activities",
        "A stream's activities",
        list_key="activities",
        role="paged",
    ),
    _row(88, "stream.buffer_ratio", "GET", _STREAM + "/buffer-ratio", "Buffering over time"),
    _row(89, "stream.concurrent_plays", "GET", _STREAM + "/concurrent-plays", "Concurrent plays over time"),
    _row(90, "stream.total_users", "GET", _STREAM + "/total-users", "Users by content type"),
    _row(91, "stream.video_stats", "GET", _STREAM + "/video-stats", "Video statistics over time"),
    _row(
        92,
        "stream.snapshot",
        "GET",
        _STREAM + "/video-stats-snapshot",
        "One stream's snapshot",
        mark="A",
        note="the answer is inferred from its neighbours M-84 and M-85 (M-244)",
    ),
]

TABLE = Table([*_ACCOUNTING_ROWS, *_ACCOUNT_ROWS, *_ACTION_ROWS, *_ANALYTICS_ROWS])

UNAUTHENTICATED = frozenset(
    {
        "pricing.list",
        "account.check_password_reset",
        "account.resend_verification",
        "account.reset_password",
        "account.send_password_reset",
        "account.verify",
    }
)
"""Calls that the platform answers without credentials; headend sends them all the same (M-4)."""
