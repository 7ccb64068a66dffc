"""A set of entitlements whose entries are the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import InputError
from headend.core.stackfile import load
from headend.rights_locker.entitlement import Entitlement

STACK = """\
headend: 1
rights_locker:
  entitlement_sets:
    vip:
      account_id: viewer-17
      entries: {from_file: rights.csv, columns: {content_id: asset, end_time: until}, kind: assets}
"""


def entries(folder: Path, table: str) -> list[Any]:
    (folder / "rights.csv").write_text("asset,until\n" + table)
    (folder / "s.yaml").write_text(STACK)
    (found,) = load(folder / "s.yaml").resources.values()
    return list(found.spec.entries)  # type: ignore[attr-defined]  # as the kind's model has it


def test_rows_become_entries(tmp_path: Path) -> None:
    first, second = entries(tmp_path, "a1,2035-6-9T09:40:35Z\n007,\n")
    assert (first.kind, first.content_id, first.external_product_id) == ("assets", "a1", "default")
    assert first.end_time is not None
    assert (second.content_id, second.end_time) == ("007", None)


def test_each_slip_has_its_line_and_what_is_listed_twice_the_line_before(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        entries(tmp_path, "a1,soon\na2,2035-06-09T09:40:35\na3,\na3,2035-06-09T09:40:35Z\n")
    said = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    place = "1: rights_locker.entitlement_sets.vip.entries: "
    assert [line.split(place)[0] for line in said] == ["rights.csv:2:", "rights.csv:3:", "rights.csv:5:"]
    assert said[0].split(place)[1].startswith("`end_time` (column `until`): ")
    assert said[2].endswith("line 4 again (keep one of them)")


def test_what_rows_have_in_common_is_held_once_and_no_identity_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(Entitlement, "identity", lambda self, spec: asked.append(spec))
    table = "".join(f"viewer-{n % 3},match-{n}\n" for n in range(90))
    (tmp_path / "rights.csv").write_text(f"account_id,content_id\n{table}")
    grants = "{from_file: rights.csv, key: [account_id, content_id], kind: assets}"
    (tmp_path / "s.yaml").write_text(f"headend: 1\nrights_locker: {{entitlements: {{season: {grants}}}}}\n")
    specs = [resource.spec for resource in load(tmp_path / "s.yaml").resources.values()]
    assert len({id(vars(spec)["account_id"]) for spec in specs}) == 3
    assert asked == []
