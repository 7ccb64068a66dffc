"""Rights Locker: per-viewer stream limits, category sets and entitlements of a video provider."""

KINDS = ("categories", "entitlement", "entitlement_set", "stream_limits")
"""The modules that have kinds or lookups."""
