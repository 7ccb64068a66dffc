"""How object stores are reached, and why one was not."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any

from obstore.store import from_url

# Of one request. Who waits is told within seconds, and a lease is not used up by one request.
RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=10)}
ABSENT = "the bucket, or an object that was there, is not; see the address, and the endpoint"
ROLES = r"//(169\.254\.|metadata\.)"  # where a machine in a cloud is told its role


def reach(base: str) -> Any:
    """obstore's store. Sends nothing yet."""
    options: Any = {"timeout": "30s", "connect_timeout": "5s", "allow_http": _in_clear()}
    return from_url(base, client_options=options, retry_config=RETRY)


def _in_clear() -> bool:
    """Whether the store's own variable allows plain HTTP, as for a server on this machine."""
    return any(os.environ.get(f"{one}_ALLOW_HTTP", "").lower() in {"1", "true"} for one in ("AWS", "AZURE", "GOOGLE"))


def why(error: Exception) -> str:
    """The first line: what follows may be a request with all its headers."""
    text = str(error).partition("\n")[0][:300] or type(error).__name__
    if re.search(ROLES, text):
        ways = "; `aws configure export-credentials --format env` prints those of a profile" if " S3 " in text else ""
        return f"there are no credentials: the environment holds none, and this machine has no role{ways}"
    return ABSENT if "404 Not Found" in text else text
