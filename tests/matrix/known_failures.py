"""Cases of the matrices that are wrong today: platform -> fault -> operations.

Strict both ways: a case that fails and isn't here turns the matrix red, and so does one that is here and passes.
Whoever mends a route takes it out. The table is to end empty.
"""

from __future__ import annotations

READS: dict[str, dict[str, set[str]]] = {}
WRITES: dict[str, dict[str, set[str]]] = {}
