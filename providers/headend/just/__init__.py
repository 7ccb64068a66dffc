"""Just: profiles of a site's people, their e-mail and SMS subscriptions, referral marks and events."""

KINDS = {
    "just.profile": "profile",
    "just.email_subscription": "subscriptions",
    "just.sms_subscription": "subscriptions",
    "just.action": "action",
    "just.utm_metric": "utm_metric",
}
"""kind -> its module, in the order of stack files: what others refer to first."""
