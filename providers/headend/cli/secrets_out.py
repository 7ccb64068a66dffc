"""--secrets-out: secrets that platforms make and show once, kept where only their reader can see them."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from headend.core.model.errors import InputError, StateError
from headend.core.reconcile.outcome import Sink
from headend.core.wire.redaction import Redactor


@contextlib.contextmanager
def secrets_file(path: Path | None, redactor: Redactor) -> Iterator[Sink | None]:
    """Takes secrets into the file, one JSON object a line, each on disk before the next write leaves; None: no file.

    Raises InputError, before anything is written anywhere, for a file that others may read or that can't be opened.
    """
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise InputError(f"--secrets-out {path}: {error.strerror or type(error).__name__}") from None
    with os.fdopen(descriptor, "a"):
        if os.fstat(descriptor).st_mode & 0o077:
            raise InputError(f"--secrets-out {path}: others may read it; chmod 600 {path}, or name another file")

        def keep(address: str, name: str, value: str) -> None:
            redactor.add(value)
            line = json.dumps({"address": address, "name": name, "value": value}) + "\n"
            try:
                os.write(descriptor, line.encode())
                os.fsync(descriptor)
            except OSError as error:
                why = f"--secrets-out {path}: {error.strerror or type(error).__name__}"
                raise StateError(f"{address} was made; its {name}, which is shown once, is lost: {why}") from None

        yield keep
