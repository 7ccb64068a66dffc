"""The operations table says what the contract's tables say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from headend.ateme.wire import TABLE
from headend.core.model.errors import InputError

CONTRACT = Path(__file__).parents[2] / "docs" / "contract" / "ateme.md"
ROW = re.compile(
    r'^\| <a id="[^"]+"></a>(A-\d+) \| `([\w.]+)` \| (.+) \(L\d+\) \| `(\w+) (\S+)` \| (.+?) \| (.+?) \|', re.MULTILINE
)
MARKS = {"documented": "D", "documented \\*": "D*", "assumed": "A"}
SPELLED = {
    "SU": "superuser",
    "AC": "accounts staff",
    "O+": "operators+",
    "M+": "monitors+",
    "A": "admin",
    "mo": "managing organisation",
    "ao": "active organisation",
    "ae": "active environment",
    "tk": "taker organisation",
    "dep": "deployment",
    "OUT": "output rights",
    "CENV": "the environment itself",
    "WORKER": "the vendor's worker",
    "MV": "multi-viewer",
    "env": "environment",
    "org": "organisation",
    "orgs": "organisations",
}
"""What the table shortens, as the contract has it."""


def spelled(role: str) -> str:
    return re.sub(r"[OM]\+|\b\w+\b", lambda word: SPELLED.get(word[0], word[0]), role) or "?"


@pytest.mark.contract("A-41", "A-57", "A-807", "A-862", "A-863", *(f"A-{n}" for n in range(101, 381)))
def test_every_row_is_as_the_contract_has_it() -> None:
    rows = {op.number: (op.key, op.title, op.method, op.path, op.mark, spelled(op.role)) for op in TABLE.values()}
    assert list(rows) == [f"A-{n}" for n in range(101, 381)]
    assert rows == {
        number: (key, title.rstrip("."), verb, path, MARKS[mark], role)
        for number, key, title, verb, path, mark, role in ROW.findall(CONTRACT.read_text())
    }
    assert all(op.key == key for key, op in TABLE.items())


@pytest.mark.contract("A-42")
def test_every_path_starts_with_api() -> None:
    assert [op.key for op in TABLE.values() if not op.path.startswith("/api/")] == []


@pytest.mark.contract("A-43")
def test_only_literal_paths_are_called_documented() -> None:
    assert {op.key: (op.method, op.path) for op in TABLE.values() if op.mark != "A"} == {
        "user.me": ("GET", "/api/user"),
        "organisation.list": ("GET", "/api/organisations"),
        "environment.get": ("GET", "/api/customer_environment/{environment_id}"),
        "schedule.list": ("GET", "/api/schedules"),
        "schedule.delete": ("DELETE", "/api/schedules/{schedule_id}"),
    }


def test_no_two_operations_share_method_and_path() -> None:
    seen = Counter((op.method, re.sub(r"{[a-z_]+}", "{}", op.path)) for op in TABLE.values())
    assert [call for call, times in seen.items() if times > 1] == []


@pytest.mark.contract("A-41")
def test_documented_rows_need_to_be_overridden_on_purpose() -> None:
    with pytest.raises(InputError, match="override_documented"):
        TABLE.overridden({"user.me": {"path": "/api/me"}})
    changed = TABLE.overridden({"input.start": {"method": "PUT", "path": "/api/inputs/{input_id}/run"}})
    assert changed["input.start"].url({"input_id": "in/1"}) == "/api/inputs/in%2F1/run"


@pytest.mark.contract("A-44")
def test_an_empty_id_never_becomes_a_collection_call() -> None:
    with pytest.raises(InputError, match="environment_id"):
        TABLE["environment.delete"].url({"environment_id": ""})
