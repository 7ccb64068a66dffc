"""mycujoo: action configurations of a stream's timeline, accounts, and the organisation that pays."""

KINDS = ("account", "action_configuration", "catalogue", "organization", "payment_method")
"""The modules that have kinds or lookups."""
