"""mycujoo: action configurations of a stream's timeline, accounts, and the organisation that pays."""

KINDS = {
    "mycujoo.organization": "organization",
    "mycujoo.account": "account",
    "mycujoo.payment_method": "payment_method",
    "mycujoo.action_configuration": "action_configuration",
}
"""kind -> its module, in the order of stack files: what others refer to first."""
LOOKUPS = {
    "mycujoo.action": "catalogue",
    "mycujoo.action_category": "catalogue",
    "mycujoo.payment_method": "payment_method",
}
"""lookup -> its module."""
