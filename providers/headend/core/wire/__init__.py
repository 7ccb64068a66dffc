"""How platforms are called: the tables of operations, the HTTP client, its limits and shared reads, redaction.

What belongs here would be the same if headend only had `headend api`. It knows nothing of plans and state.
"""
