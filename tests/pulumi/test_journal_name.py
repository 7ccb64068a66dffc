"""What a stack's journal goes by, whatever Pulumi's own files hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.pulumi.journal import journal_name


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[]", b"7", b"[" * 100_000, b'{"current": 7}', None])
def test_a_damaged_file_of_pulumis_names_no_backend(tmp_path: Path, content: bytes | None) -> None:
    unnamed = journal_name("day", tmp_path, {"PULUMI_HOME": str(tmp_path)})
    for name in ("Pulumi.yaml", "credentials.json"):
        file = tmp_path / name
        file.mkdir() if content is None else file.write_bytes(content)
    assert journal_name("day", tmp_path, {"PULUMI_HOME": str(tmp_path)}) == unnamed
