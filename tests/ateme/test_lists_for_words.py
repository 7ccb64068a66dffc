"""A list, or a mapping, where one value is expected is a problem with a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.core.model.errors import InputError
from headend.core.stackfile import load

HEAD = "headend: 1\nateme: {environments: {e: {cloud_provider: aws, region: r, instance_type_id: m, outputs: {o: "


@pytest.mark.parametrize("given", ["[]", "{}", "[1]"])
def test_fec_is_one_number(tmp_path: Path, given: str) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(f"{HEAD}\n  {{fec: {given}, variant: udp_rist, host: h.example.com, port: 5000}}}}}}}}}}\n")
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = map(str, caught.value.problems)
    assert "day.yaml:3:9: ateme.environments.e.outputs.o: `fec`: must be" in problem
