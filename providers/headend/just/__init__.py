"""Just: profiles of a site's people, their e-mail and SMS subscriptions, referral marks and events."""

KINDS = {
    "just.action": "action",
    "just.email_subscription": "subscriptions",
    "just.profile": "profile",
    "just.sms_subscription": "subscriptions",
    "just.utm_metric": "utm_metric",
}
"""kind -> its module."""
