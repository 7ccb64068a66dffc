"""mycujoo: action configurations of a stream's timeline, accounts, and the organisation that pays."""

KINDS = {
    "mycujoo.account": "account",
    "mycujoo.action_configuration": "action_configuration",
    "mycujoo.organization": "organization",
    "mycujoo.payment_method": "payment_method",
}
"""kind -> its module."""
LOOKUPS = {
    "mycujoo.action": "catalogue",
    "mycujoo.action_category": "catalogue",
    "mycujoo.payment_method": "payment_method",
}
"""lookup -> its module."""
