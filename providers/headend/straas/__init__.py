"""Straas: the members of an account, and its catalogue to look things up in."""

KINDS = {
    "straas.member": "member",
}
"""kind -> its module, in the order of stack files: what others refer to first."""
LOOKUPS = {
    "straas.ad_banner": "catalogue",
    "straas.category": "catalogue",
    "straas.live": "catalogue",
    "straas.playlist": "catalogue",
    "straas.video": "catalogue",
}
"""lookup -> its module."""
