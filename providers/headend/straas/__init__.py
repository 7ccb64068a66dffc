"""Straas: the members of an account, and its catalogue to look things up in."""

KINDS = ("catalogue", "member")
"""The modules that have kinds or lookups."""
