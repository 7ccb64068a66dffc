"""Makes stacks of what is live: finds the objects, names them, and records them in state.

Only reads. What the stack says of them is written by `headend.core.stackfile`.
"""
