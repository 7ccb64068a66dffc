"""Prints, per platform, which numbered contract rules the tests cite. (`make contract`)

The contracts themselves are not part of this repository, so what no test cites is told as gaps in the numbers the
project's own code names: a rule that code cites and no test does is listed.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"\b([AMRSJ])-(\d{1,3})\b")
PLATFORMS = {"A": "ateme", "M": "mycujoo", "R": "rights_locker", "S": "straas", "J": "just"}


def cited_by_tests() -> set[str]:
    """Numbers in `@pytest.mark.contract(...)` of any test or module."""
    found: set[str] = set()
    for file in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.contract":
                found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return found


def cited_by_code() -> set[str]:
    """Numbers that the package's sources name, operations tables aside."""
    files = [f for f in (ROOT / "providers").rglob("*.py") if not f.name.startswith("wire")]
    return {f"{m[1]}-{m[2]}" for file in files for m in NUMBER.finditer(file.read_text())}


def main() -> None:
    tested, known = cited_by_tests(), cited_by_code()
    for letter, platform in PLATFORMS.items():
        here = {n for n in tested if n.startswith(f"{letter}-")}
        missing = sorted((n for n in known - tested if n.startswith(f"{letter}-")), key=lambda n: int(n[2:]))
        if here or missing:
            print(f"{platform}: {len(here)} rules cited by tests; {len(missing)} named in code without a test")
            print("  " + " ".join(missing))


if __name__ == "__main__":
    main()
