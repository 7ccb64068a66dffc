"""A CSV file of a spreadsheet that puts something else than commas between values."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.core.model.errors import InputError
from headend.core.stackfile import load

STACK = "headend: 1\nrights_locker:\n  stream_limits:\n    v: {from_file: v.csv, key: account_id}\n"


@pytest.mark.parametrize(("sign", "shown"), [(";", ";"), ("|", "|"), ("\t", "\\t")])
def test_the_delimiter_is_named(tmp_path: Path, sign: str, shown: str) -> None:
    file = tmp_path / "day.yaml"
    (tmp_path / "v.csv").write_text(f"account_id{sign}limit\nviewer-1{sign}3\n")
    file.write_text(STACK)
    with pytest.raises(InputError) as caught:
        load(file)
    assert f'write `delimiter: "{shown}"`' in str(caught.value)
    file.write_text(STACK.replace("v.csv,", f'v.csv, delimiter: "{shown}",'))
    assert len(load(file).resources) == 1
