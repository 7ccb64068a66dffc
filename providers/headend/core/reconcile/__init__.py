"""Decides what to do with each object, and does it: situation, decision, plan, writes, state, guards.

Both engines and `status` use it, so each question has one answer. It sends no request itself: kinds do, through the
API client that they get.
"""
