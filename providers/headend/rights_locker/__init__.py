"""Rights Locker: per-viewer stream limits, category sets and entitlements of a video provider."""

KINDS = {
    "rights_locker.entitlement_set": "entitlement_set",
    "rights_locker.entitlement": "entitlement",
    "rights_locker.stream_limit": "stream_limits",
    "rights_locker.account_categories": "categories",
}
"""kind -> its module, in the order of stack files: what others refer to first."""
