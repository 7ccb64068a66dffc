"""What a document says otherwise than the table, and the rows as they should be."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headend.core.model.errors import InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.openapi.document import Described, Document, shape_of
from headend.core.wire.openapi.fields import field_differences, names_within
from headend.core.wire.openapi.matching import Match, Words, match, match_names
from headend.core.wire.openapi.refs import Unreadable
from headend.core.wire.operations import Operation, Table


class Verdict(enum.StrEnum):
    """What came of an operation."""

    SAME = "same"
    DIFFERS = "differs"
    UNCLEAR = "unclear"
    REFUSED = "refused"
    MISSING = "not in the document"
    UNKNOWN = "not in the table"


@frozen_dataclass
class Compared:
    """One operation. op: the row as it is used now; None where there is none. call, title: the document's. how: how the
    call differs, or why nothing was chosen. fields: how values differ. candidates: what may be meant. override: what of
    the shipped row is otherwise; None where that can't be told."""

    verdict: Verdict
    op: Operation | None = None
    call: str = ""
    title: str = ""
    how: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    override: Mapping[str, Any] | None = None


class _Unclear(Exception):
    """Nothing can be chosen; says why. candidates: what may be meant."""

    def __init__(self, why: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.candidates = candidates


@dataclass
class Comparison:
    """platform: whose kinds' fields are compared. shipped, current: the table, without and with what overrides it.
    own: its titles are headend's own words."""

    platform: str
    document: Document
    shipped: Table
    current: Table
    words: Words = field(default_factory=dict)
    own: bool = False

    def run(self) -> list[Compared]:
        """All rows in the table's order, then what the table doesn't have."""
        matches, unknown = match(self.shipped, self.document.operations, own=self.own)
        found = [self._row(one) for one in matches]
        return [*found, *(_unknown(one) for one in unknown)]

    def _row(self, one: Match) -> Compared:
        op, there = self.current[one.op.key], one.found or self._decided(one.op)
        candidates = tuple(f"{c.call} ({c.title or 'without a title'})" for c in one.others)
        if there is None:
            verdict = Verdict.UNCLEAR if one.others else Verdict.MISSING
            return Compared(verdict, op, how=(one.why,) if one.why else (), candidates=candidates)
        if there.fault:
            return Compared(Verdict.REFUSED, op, there.call, there.title, (there.fault,))
        try:
            override = self._override(one.op, there)
            target = Table([one.op]).overridden({one.op.key: override})[one.op.key]
            fields = tuple(field_differences(self.platform, target, there, self.document.refs))
        except _Unclear as doubt:
            return Compared(Verdict.UNCLEAR, op, there.call, there.title, (str(doubt),), candidates=doubt.candidates)
        except (Unreadable, InputError) as error:
            return Compared(Verdict.REFUSED, op, there.call, there.title, (str(error),))
        how = tuple(_how(op, target))
        verdict = Verdict.DIFFERS if how or fields else Verdict.SAME
        return Compared(verdict, op, there.call, there.title, how, fields, override=override)

    def _decided(self, shipped: Operation) -> Described | None:
        """What somebody has said that a row is, where the document alone leaves it open."""
        op = self.current[shipped.key]
        same = [
            one for one in self.document.operations if one.shape == (op.method, shape_of(op.path)) and not one.fault
        ]
        return same[0] if op != shipped and len(same) == 1 else None

    # --- the row as the document has it --------------------------------------------------------------------------
    def _override(self, op: Operation, there: Described) -> dict[str, Any]:
        """What of the shipped row is otherwise. Raises _Unclear, Unreadable."""
        if there.method == "DELETE" and op.method != "DELETE":
            raise _Unclear(f"it deletes, and headend calls it to do something else ({op.method})")
        told = {"method": there.method, "path": self._path(op, there), "list_key": self._list_key(op, there)}
        if there.encoding and op.takes_body:
            told["body"] = there.encoding
        row: dict[str, Any] = {name: new for name, new in told.items() if new and new != getattr(op, name)}
        if keys := {word: name for word, name in self._keys(op, there).items() if name != op.keys[word]}:
            row["keys"] = keys
        return {**row, "documented": True}

    def _path(self, op: Operation, there: Described) -> str:
        """With our names in its places. Values that the path has no place for may go into the query."""
        wanted = op.names()
        found, open_ = match_names(
            wanted,
            {place.name: place.said for place in there.in_path},
            self.words,
            last=True,
        )
        asked: dict[str, str] = {}
        if open_:
            beside = {place.name: place.said for place in there.beside if place.where == "query"}
            asked, open_ = match_names(open_, beside, self.words)
        ours = {theirs: mine for mine, theirs in found.items()}
        extra = [place.name for place in there.in_path if place.name not in ours]
        if extra or open_:
            lacks = f"it needs {', '.join(extra)} in its path" if extra else ""
            more = f"it has no place for {', '.join(open_)}" if open_ else ""
            raise _Unclear("; ".join(filter(None, (lacks, more))))
        path = there.path
        for place in there.in_path:
            path = path.replace("{}", f"{{{ours[place.name]}}}", 1)
        query = "&".join(f"{theirs}={{{mine}}}" for mine, theirs in asked.items())
        return f"{path}?{query}" if query else path

    def _keys(self, op: Operation, there: Described) -> Mapping[str, str]:
        """What the body calls what no document said before."""
        if not op.keys or there.body is None:
            return op.keys
        names = names_within(there.body, self.document.refs)
        others = {rule.name for rule in op.parameters} - set(op.keys.values())
        said = self.current[op.key].keys
        theirs = {name: text for name, text in names.items() if name not in others}
        by_name = {word: name for word, name in said.items() if name in theirs}
        left = {name: text for name, text in theirs.items() if name not in by_name.values()}
        found, open_ = match_names((w for w in op.keys if w not in by_name), left, self.words)
        if open_:
            raise _Unclear(
                f"what does it call {', '.join(open_)}? Say it under `keys`",
                tuple(f"perhaps {name}" for name in left if name not in found.values()),
            )
        return {**op.keys, **by_name, **found}

    def _list_key(self, op: Operation, there: Described) -> str | None:
        """Where several lists are answered, the one that is called like the row's objects."""
        if not op.key.partition(".")[2].startswith("list") or there.answer is None:
            return None
        answer = self.document.refs.merged(there.answer).get("properties")
        schemas = answer if isinstance(answer, Mapping) else {}
        lists = {str(n): "" for n, one in schemas.items() if self.document.refs.merged(one).get("type") == "array"}
        if len(lists) < 2 or op.list_key in lists:
            return None
        found, _ = match_names([op.key.partition(".")[0]], lists, self.words)
        return next(iter(found.values()), None)


def _unknown(one: Described) -> Compared:
    verdict = Verdict.REFUSED if one.fault else Verdict.UNKNOWN
    return Compared(verdict, None, one.call, one.title, (one.fault,) if one.fault else ())


def _how(op: Operation, target: Operation) -> Iterator[str]:
    """In words, what the document has instead."""
    for name in ("method", "path", "body", "list_key"):
        if getattr(op, name) != getattr(target, name):
            yield f"{name} {getattr(target, name)}"
    for word, name in target.keys.items():
        if op.keys.get(word) != name:
            yield f"calls {word} {name}"
