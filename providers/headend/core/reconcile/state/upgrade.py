"""Brings the state of earlier versions up to date."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from headend.core.model.capabilities import KnownBySecrets
from headend.core.model.errors import StateError
from headend.core.model.record import Digest
from headend.core.reconcile.state.database import RESTORE, Database
from headend.core.reconcile.state.digests import carry_over, has_digests, mark_for_wiping
from headend.core.reconcile.state.key import keys_of
from headend.core.reconcile.state.rows import dump, read_mapping, split
from headend.core.wire.registry import kinds

FORMAT = 3


def upgrade(database: Database, format: int) -> None:
    """Each format in a transaction of its own: a run that is killed leaves the one or the other."""
    if format < 2:
        part_secrets(database)
    if format < 3:
        _part_key(database)


def part_secrets(database: Database) -> None:
    """Upgrades format 1, which kept digests among the values as `{"$digest": ..., "$sealed": ...}`. A row that it can't
    read stays as it is, to be told when it is used."""
    with database.transaction() as connection:
        connection.execute("BEGIN")
        connection.execute("ALTER TABLE entries ADD COLUMN secrets TEXT NOT NULL DEFAULT '{}'")
        for address, text in connection.execute("SELECT address, spec FROM entries").fetchall():
            with contextlib.suppress(ValueError):
                values = {name: _from_format_1(value) for name, value in read_mapping("spec", text).items()}
                plain, secrets = split(values)
                known = (dump(plain), dump(secrets), address)
                connection.execute("UPDATE entries SET spec = ?, secrets = ? WHERE address = ?", known)
        connection.execute("UPDATE meta SET value = '2' WHERE key = 'format'")


def _part_key(database: Database) -> None:
    """Upgrades format 2, which kept the key of the digests beside them. The new key is kept before the old one goes,
    and what is known stays known."""
    try:
        (text,) = database.row("SELECT value FROM meta WHERE key = 'digest_key'") or ("",)
        old = bytes.fromhex(text)
    except (TypeError, ValueError):
        old = b""
    if not old:
        raise StateError(f"{database.path}: the key of its digests is gone; {RESTORE}")
    new = keys_of(database.path).make() if has_digests(database) else None
    with database.transaction() as connection:
        connection.execute("BEGIN")
        if new is not None:
            carry_over(connection, [old], new)
        connection.execute("DELETE FROM meta WHERE key = 'digest_key'")
        _make_up_ids(connection)
        mark_for_wiping(connection)
        connection.execute("UPDATE meta SET value = '3' WHERE key = 'format'")


def _make_up_ids(connection: sqlite3.Connection) -> None:
    """Ids that were made of what is secret, a phone number for one, give it away. Pulumi's journal has no secrets, and
    shares its ids with Pulumi's state."""
    rows = connection.execute("SELECT address, kind, id FROM entries WHERE secrets <> '{}'").fetchall()
    for address, name, id in rows:
        if isinstance(kind := kinds().get(name), KnownBySecrets):
            new = kind.new_id(*id.split(":")[:-1])
            aside = address.replace(f"/{id}", f"/{new}")
            connection.execute("UPDATE entries SET address = ?, id = ? WHERE address = ?", (aside, new, address))


def _from_format_1(value: Any) -> Any:
    if isinstance(value, dict) and "$digest" in value and value.keys() <= {"$digest", "$sealed"}:
        return Digest(value["$digest"], value.get("$sealed"))
    return value
