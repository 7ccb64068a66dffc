"""Digests of secrets: keyed hashes, made with a key that the state file doesn't hold.

A state outlives its keys. When it gets another one, each digest is digested once more with the new key, and the older
keys are kept, sealed with it, for the digests to come. So nothing is forgotten, unless a key is lost.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headend.core.model.errors import StateError
from headend.core.model.record import NO_DIGEST, Digest
from headend.core.reconcile.state.database import RESTORE, Database, told
from headend.core.reconcile.state.key import key_id, keys_of
from headend.core.reconcile.state.rows import dump, read_digests, split

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Digests:
    """Makes the digests of one state. Its key is looked for, or made, when it is first needed, unless it is given."""

    def __init__(self, database: Database, key: bytes | None = None) -> None:
        self._db, self._key = database, key

    def of(self, value: Any) -> Digest:
        """The digest of a value. In one state, equal values have equal digests."""
        return Digest(functools.reduce(_hashed, self.chain, dump(value)))

    @functools.cached_property
    def chain(self) -> Sequence[bytes]:
        """The keys, the oldest first. Raises StateError where the key can't be found."""
        if self._key:
            return [self._key]
        keys, id = keys_of(self._db.path), _meta(self._db, "key_id")
        if id is not None:
            return _opened(self._db, keys.of(id))
        if has_digests(self._db):
            raise StateError(f"{self._db.path}: the id of its key is gone; {RESTORE}")
        key = keys.make()
        with self._db.transaction() as connection:
            _keep(connection, [key])
        return [key]


def rekey(database: Database) -> int:
    """Gives the state another key. Where the one that it has can't be found, digests are forgotten; returns in how many
    records. A run that is killed here leaves the state with one key or the other."""
    keys, id = keys_of(database.path), _meta(database, "key_id")
    old, new = keys.find(id) if id else None, keys.make(but=id)
    older = _opened(database, old) if old else []
    with database.transaction() as connection:
        connection.execute("BEGIN")
        if older:
            forgotten = 0
            carry_over(connection, older, new)
        else:
            forgotten = _rewrite(connection, lambda text: NO_DIGEST.text)
            _keep(connection, [new])
        mark_for_wiping(connection)
    wipe(database)
    return forgotten


def carry_over(connection: sqlite3.Connection, older: Sequence[bytes], new: bytes) -> None:
    """Digests all digests once more, in the transaction at hand."""
    _rewrite(connection, lambda text: _hashed(text, new) if text else text)
    _keep(connection, [*older, new])


def has_digests(database: Database) -> bool:
    return database.row("SELECT 1 FROM entries WHERE secrets <> '{}'") is not None


def mark_for_wiping(connection: sqlite3.Connection) -> None:
    """In the transaction that overwrites something, so that `wipe` is not forgotten if the run is killed before it."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('wipe', 'due')")


def wipe(database: Database) -> None:
    """Leaves nothing of what was overwritten in the file or its log, if that is still to be done."""
    if _meta(database, "wipe"):
        with told(database.path):
            database.connection.execute("VACUUM")
            database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with database.transaction() as connection:
            connection.execute("DELETE FROM meta WHERE key = 'wipe'")


def _rewrite(connection: sqlite3.Connection, change: Callable[[str], str]) -> int:
    """A row that can't be read stays as it is, to be told when it is used."""
    rows = connection.execute("SELECT address, secrets FROM entries WHERE secrets <> '{}'").fetchall()
    for address, text in rows:
        with contextlib.suppress(ValueError):
            _, kept = split({n: replace(d, text=change(d.text)) for n, d in read_digests(text).items()})
            connection.execute("UPDATE entries SET secrets = ? WHERE address = ?", (dump(kept), address))
    return len(rows)


def _keep(connection: sqlite3.Connection, chain: Sequence[bytes]) -> None:
    """What state holds of its keys: the id of the newest, and the others, readable only with it."""
    *older, key = chain
    rows = {"key_id": key_id(key)}
    if older:
        rows["older_keys"] = _seal(key).encrypt(json.dumps([one.hex() for one in older]).encode()).decode()
    connection.execute("DELETE FROM meta WHERE key IN ('key_id', 'older_keys')")
    connection.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())


def _opened(database: Database, key: bytes) -> Sequence[bytes]:
    sealed = _meta(database, "older_keys")
    if sealed is None:
        return [key]
    from cryptography.fernet import InvalidToken

    try:
        return [*map(bytes.fromhex, json.loads(_seal(key).decrypt(sealed))), key]
    except InvalidToken:
        raise StateError(f"{database.path}: its older keys are damaged; {RESTORE}") from None


def _seal(key: bytes) -> Fernet:
    from cryptography.fernet import Fernet  # heavy, and wanted only where there were other keys before

    return Fernet(base64.urlsafe_b64encode(hmac.new(key, b"headend.older-keys/1", hashlib.sha256).digest()))


def _hashed(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _meta(database: Database, name: str) -> str | None:
    row = database.row("SELECT value FROM meta WHERE key = ?", (name,))
    return str(row[0]) if row else None
