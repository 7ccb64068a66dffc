"""Property tests take the time that they take: the machine may be busy. Where CI is set, their examples are fixed."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
