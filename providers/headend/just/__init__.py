"""Just: profiles of a site's people, their e-mail and SMS subscriptions, referral marks and events."""

KINDS = ("action", "profile", "subscriptions", "utm_metric")
"""The modules that have kinds or lookups."""
