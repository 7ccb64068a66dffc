"""Property tests take the time that they take: the machine may be busy. Where CI is set, their examples are fixed.
No test asks the keyring of whoever runs it."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
os.environ.pop("HEADEND_STATE_KEY", None)
