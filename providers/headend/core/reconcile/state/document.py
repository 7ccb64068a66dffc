"""A state as one document, to look at, to keep elsewhere, and to write back. Secrets stay digests, as they are kept."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import headend
from headend.core.model.errors import InputError
from headend.core.reconcile.state.database import Database
from headend.core.reconcile.state.digests import mark_for_wiping, wipe
from headend.core.reconcile.state.rows import dump, read_digests, read_mapping, read_names, read_rows

FORMAT: Literal["headend.state/1"] = "headend.state/1"
_ENTRY = "address, kind, id, spec, computed, depends, incomplete, protect, retain, applied, secrets"
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class KeptSecret(_Part):
    """Of a secret: its digest, and the value, sealed, where deletion needs it."""

    text: str
    sealed: Text | None = None


class Entry(_Part):
    """One object."""

    address: Text
    kind: Text
    id: Text
    values: dict[str, Any]
    secrets: dict[str, KeptSecret] = {}
    computed: dict[str, Any] = {}
    depends: list[Text] = []
    incomplete: bool = False
    protect: bool | None = None
    retain: bool = False
    applied: str


class Doubt(_Part):
    """A write of unknown outcome."""

    address: Text
    kind: Text
    action: Text
    begun: Text


class StateDocument(_Part):
    """What `headend state pull` prints. lineage: tells the state, with its copies, from all others. serial: how many
    writes it has seen. key: the id of the key of its digests. handed_over: since when the stack is Pulumi's."""

    format: Literal["headend.state/1"]
    headend: str
    stack: Text
    lineage: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    serial: Annotated[int, Field(ge=0)]
    key: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None
    older_keys: str | None = None
    handed_over: str | None = None
    plans: dict[str, str] = {}
    objects: list[Entry]
    intents: list[Doubt] = []


def parse(text: str) -> StateDocument:
    """Raises InputError, saying where, for what is no document of a state."""
    try:
        document = StateDocument.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InputError(f"not a state: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not a state: {error}") from None
    for rows in ([one.address for one in document.objects], [one.address for one in document.intents]):
        if twice := [address for address, count in Counter(rows).items() if count > 1]:
            raise InputError(f"not a state: {', '.join(twice)} stands in it twice")
    return document


def pull(database: Database) -> StateDocument:
    """All of a state. Raises StateError, naming every row that is damaged."""
    meta = dict(database.rows("SELECT key, value FROM meta"))
    rows = database.rows(f"SELECT {_ENTRY} FROM entries ORDER BY address")  # noqa: S608 - a constant
    intents = database.rows("SELECT address, kind, action, begun FROM intents ORDER BY address")
    return StateDocument(
        format=FORMAT,
        headend=headend.__version__,
        stack=meta["stack"],
        lineage=meta["id"],
        serial=int(meta.get("serial", 0)),
        key=meta.get("key_id"),
        older_keys=meta.get("older_keys"),
        handed_over=meta.get("handed_over"),
        plans={key.removeprefix("plan:"): time for key, time in meta.items() if key.startswith("plan:")},
        objects=read_rows(database.path, rows, _entry),
        intents=[Doubt(address=a, kind=k, action=n, begun=b) for a, k, n, b in intents],
    )


def push(database: Database, document: StateDocument, *, force: bool = False) -> None:
    """Makes the state what the document says, in one transaction. Raises InputError where the document is of another
    stack or lineage, or older than what is there, unless forced. The state stays its stack's."""
    meta = dict(database.rows("SELECT key, value FROM meta"))
    empty = database.row("SELECT 1 FROM entries UNION ALL SELECT 1 FROM intents") is None
    if not force:
        _raise_if_unfit(document, meta, empty)
    serial = max(int(meta.get("serial", 0)), document.serial)
    rows = {"id": document.lineage, "serial": str(serial), "key_id": document.key, "older_keys": document.older_keys}
    rows |= {"handed_over": document.handed_over} | {f"plan:{nonce}": time for nonce, time in document.plans.items()}
    with database.transaction() as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM meta WHERE key IN ('key_id', 'older_keys', 'handed_over') OR key LIKE 'plan:%'")
        given = [(key, value) for key, value in rows.items() if value is not None]
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", given)
        _fill(connection, document)
        mark_for_wiping(connection)
    wipe(database)


def _raise_if_unfit(document: StateDocument, meta: dict[str, str], empty: bool) -> None:
    forced = "; --force writes it all the same"
    if document.stack != meta["stack"]:
        raise InputError(f"it is a state of the stack {document.stack}, not of {meta['stack']}{forced}")
    if empty:
        return
    if document.lineage != meta["id"]:
        why = f"it is of another lineage ({document.lineage}) than the state of {meta['stack']} ({meta['id']})"
        raise InputError(f"{why}: one of them began anew{forced}")
    if document.serial < (now := int(meta.get("serial", 0))):
        raise InputError(f"it has serial {document.serial}, older than the state's {now}: pull again{forced}")


def _fill(connection: sqlite3.Connection, document: StateDocument) -> None:
    connection.execute("DELETE FROM entries")
    connection.execute("DELETE FROM intents")
    connection.executemany(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.address,
                one.kind,
                one.id,
                dump(one.values),
                dump(one.computed),
                json.dumps(one.depends),
                one.incomplete,
                one.protect,
                one.retain,
                one.applied,
                dump({name: kept.model_dump(exclude_none=True) for name, kept in one.secrets.items()}),
            )
            for one in document.objects
        ],
    )
    rows = [(one.address, one.kind, one.action, one.begun) for one in document.intents]
    connection.executemany("INSERT INTO intents VALUES (?, ?, ?, ?)", rows)


def _entry(row: tuple[Any, ...]) -> Entry:
    address, kind, id, spec, computed, depends, incomplete, protect, retain, applied, secrets = row
    return Entry(
        address=address,
        kind=kind,
        id=id,
        values=read_mapping("spec", spec),
        secrets={n: KeptSecret(text=kept.text, sealed=kept.sealed) for n, kept in read_digests(secrets).items()},
        computed=read_mapping("computed", computed),
        depends=read_names(depends),
        incomplete=bool(incomplete),
        protect=None if protect is None else bool(protect),
        retain=bool(retain),
        applied=applied,
    )
