"""Rows of files under Pulumi: each a resource by its address, and still known when its group is renamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.harness import serve
from headend.core.model.record import Digest, Record
from headend.core.reconcile.moves import moves
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

STACK = """\
headend: 1
rights_locker:
  stream_limits:
    viewers: {from_file: viewers.csv, key: account, columns: {account_id: account, limit: streams}}
"""
GROUP = "rights_locker.stream_limits.viewers"


def stack(folder: Path, table: str, text: str = STACK) -> Any:
    (folder / "viewers.csv").write_text(f"account,streams\n{table}")
    (folder / "s.yaml").write_text(text)
    return load(folder / "s.yaml")


def test_rows_come_up_stay_change_and_go(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url)) as engine:
        assert engine.up(stack(tmp_path, "a,1\njane.doe@x.org,2\n")) == {"create": 2}
        assert list(engine.state) == [f"{GROUP}[a]", f"{GROUP}[jane.doe@x.org]"]
        simulator.reset_journal()
        assert engine.up(stack(tmp_path, "jane.doe@x.org,2\na,1\n")) == {"same": 2}
        assert simulator.journal == []
        assert engine.up(stack(tmp_path, "jane.doe@x.org,3\n")) == {"update": 1, "delete": 1}
        assert len(simulator.writes()) == 2


def test_rows_of_a_renamed_group_keep_their_former_names(tmp_path: Path) -> None:
    text = STACK.replace("viewers:", "subscribers:").replace("}}", "}, lifecycle: {renamed_from: viewers}}")
    found = stack(tmp_path, "jane.doe@x.org,2\n", text)
    (address,) = found.resources
    known = {
        f"{GROUP}[{key}]": Record(f"{GROUP}[{key}]", "rights_locker.stream_limit", key, {})
        for key in ("jane.doe@x.org", "b")
    }
    assert moves(found, known, lambda value: Digest("")) == {address: f"{GROUP}[jane.doe@x.org]"}
    assert moves(stack(tmp_path, "a,1\n"), known, lambda value: Digest("")) == {}
