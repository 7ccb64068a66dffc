"""Stores to try states in: files, a PostgreSQL server of our own, and moto's S3."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

KEY = "ab" * 32
BINARIES = ("/usr/local/bin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def binary(name: str) -> str | None:
    """Debian keeps the server's off the PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *BINARIES]))


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A server with headend's tables, and a role that has no more than `state init` grants; gives the address."""
    initdb, server = binary("initdb"), binary("postgres")
    if not initdb or not server:
        pytest.skip("there is no PostgreSQL server here (initdb, postgres)")
    from headend.core.reconcile.state.sql import SQL

    with tempfile.TemporaryDirectory(prefix="headend-postgres-") as folder:
        yield from _served(initdb, server, Path(folder), SQL)


def _served(initdb: str, server: str, home: Path, sql: str) -> Iterator[str]:
    import psycopg

    data, port = home / "data", free_port()
    own = {"user": "nobody"} if os.geteuid() == 0 else {}  # the server refuses to run as root
    if own:
        home.chmod(0o755)
        data.mkdir()
        shutil.chown(data, "nobody")
    words = [initdb, "-D", str(data), "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8"]
    made = subprocess.run(words, capture_output=True, text=True, check=False, **own)  # type: ignore[call-overload]
    if made.returncode:
        pytest.skip(f"initdb: {made.stderr.strip()}")
    settings = {"unix_socket_directories": "", "fsync": "off", "listen_addresses": "127.0.0.1", "port": str(port)}
    words = [server, "-D", str(data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **own) as running:  # type: ignore[call-overload]
        try:
            owner = f"postgresql://owner@127.0.0.1:{port}/postgres"
            for _ in range(200):
                with contextlib.suppress(psycopg.OperationalError), psycopg.connect(owner, autocommit=True) as db:
                    db.execute("CREATE ROLE headend_runs LOGIN")
                    db.execute(sql)
                    break
                threading.Event().wait(0.05)
            yield f"postgresql://headend_runs@127.0.0.1:{port}/postgres"
        finally:
            running.send_signal(signal.SIGINT)  # doesn't wait for who is still connected


@contextlib.contextmanager
def s3() -> Iterator[tuple[str, dict[str, str]]]:
    """moto's server with a bucket; gives the address of a store in it, and the environment that leads there."""
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        httpx.put(f"http://127.0.0.1:{port}/states").raise_for_status()
        keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
        yield "s3://states/team/", {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", **keys}
    finally:
        server.stop()
