"""How platforms are called: the tables of operations, the HTTP client, its limits and shared reads, redaction.

What belongs here would be the same if headend only had `headend api`. It knows nothing of plans and state.
"""

import sys

# httpx comes with a command line, whose libraries take three times as long to load as all the rest of it. It does
# without where they can't be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how Python is told so
