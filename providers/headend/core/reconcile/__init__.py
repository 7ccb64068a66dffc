"""From what is wanted and what is live to what is done: situation, decision, plan, writes, state, guards.

Both engines and `status` go through it, so that each question is answered in one place. It sends nothing by itself:
kinds do, by the API client that they are handed.
"""
