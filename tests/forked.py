"""headend in processes of its own, without the wait: one process imports everything once, and forks for each run.

A run that is killed, a provider that forgets what it knew, a working directory: all of that takes a real process. To
start Python and import headend costs seconds, a fork costs milliseconds.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND, PROVIDER = "headend", "provider"
_WAIT = 0.002


@dataclass
class Forked:
    """A process. folder: holds what it printed, and its exit code once it has ended by itself."""

    pid: int
    folder: Path

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs, and of what was killed."""
        with contextlib.suppress(FileNotFoundError):
            return int((self.folder / "code").read_text() or 1)
        return None

    def printed(self, name: str = "stdout") -> str:
        return (self.folder / name).read_text()

    def line(self) -> str:
        """The first line that it prints."""
        until = time.monotonic() + 60
        while "\n" not in self.printed():
            assert self.alive(), self.printed("stderr")
            assert time.monotonic() < until, "it does not begin"
            time.sleep(_WAIT)
        return self.printed().partition("\n")[0]

    def alive(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    def wait(self) -> int:
        """The exit code, once it has ended; -9 of what was killed."""
        until = time.monotonic() + 120
        while self.alive():
            assert time.monotonic() < until, "it does not end"
            time.sleep(_WAIT)
        return -9 if self.code is None else self.code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while self.alive():
            time.sleep(_WAIT)


def fork(what: str, words: Sequence[str], env: Mapping[str, str], cwd: Path) -> Forked:
    """Starts the command, or the SDK's provider server, in that directory with that environment."""
    mother, place = _mother()
    folder = Path(tempfile.mkdtemp(dir=place))
    for name in ("stdout", "stderr"):
        (folder / name).touch()
    order = {"what": what, "words": list(words), "env": dict(env), "cwd": str(cwd), "folder": str(folder)}
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write(json.dumps(order) + "\n")
    mother.stdin.flush()
    return Forked(int(mother.stdout.readline()), folder)


@functools.cache
def _mother() -> tuple[subprocess.Popen[str], str]:
    place = tempfile.TemporaryDirectory()
    mother = subprocess.Popen(
        [sys.executable, "-u", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def end() -> None:
        mother.communicate()  # closes its stdin, which ends it
        place.cleanup()

    atexit.register(end)
    return mother, place.name


# --- the mother's side ---------------------------------------------------------------------------------------------
def _serve() -> None:
    import gc
    import runpy

    import grpc  # noqa: F401
    import httpx_aiohttp  # noqa: F401
    import pulumi.dynamic  # noqa: F401

    import headend.cli.apply_commands
    import headend.cli.main
    import headend.core.wire.registry
    import headend.core.wire.session
    import headend.pulumi.p

    for kind in headend.core.wire.registry.kinds().values():
        for model in (kind.model, *kind.variants.values()):
            model.model_rebuild()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    for line in iter(sys.stdin.readline, ""):
        order: dict[str, Any] = json.loads(line)
        if pid := os.fork():
            print(pid)
            continue
        _become(order)
        code = 1
        try:
            if order["what"] == PROVIDER:
                runpy.run_module("pulumi.dynamic", run_name="__main__")
            else:
                headend.cli.main.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            Path(order["folder"], "code").write_text(str(code))
            os._exit(code)


def _become(order: Mapping[str, Any]) -> None:
    """Makes the child what was ordered."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = [order["what"], *order["words"]]
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(order["folder"], name), os.O_WRONLY | os.O_APPEND), number)


if __name__ == "__main__":
    _serve()
