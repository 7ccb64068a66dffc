"""Another platform of the same kind: every path, verb and open name of a table is another one, by a seed.

The seed also says how the document is written: in which version, as JSON or YAML."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.operations import Operation, Table
from headend.simulator.openapi import VERSIONS, Style, describe, written

_LETTERS = "bcdfghjklmnpqrstvwxz"  # without vowels no word comes out by chance
_VERBS: Mapping[str, Sequence[str]] = {
    "GET": ("POST",),
    "POST": ("PUT", "PATCH"),
    "PUT": ("POST", "PATCH"),
    "PATCH": ("POST", "PUT"),
    "DELETE": ("POST", "PUT", "PATCH"),
}
"""What else a call may go by: only what deletes may be a DELETE."""


@frozen_dataclass
class Scrambled:
    """rows: the overrides under which the platform is what the document says."""

    rows: Mapping[str, Mapping[str, Any]]
    document: bytes


def scramble(table: Table, words: Mapping[str, Sequence[str]], seed: int) -> Scrambled:
    """words: noun -> what else it may be called."""
    made = _Maker(table, words, random.Random(seed))
    rows = {op.key: made.row(op) for op in table.values()}
    told = table.overridden({key: {**row, "documented": True} for key, row in rows.items()})
    chance = made.chance
    style = Style(
        version=VERSIONS[seed % len(VERSIONS)],
        base=made.base,
        names=made.names,
        said=made.said,
        in_text=frozenset(key for key in table if chance.random() < 0.3),
    )
    document = describe(told, f"Scrambled by {seed}", style)
    return Scrambled(rows, written(document, as_yaml=seed // len(VERSIONS) % 2 == 1))


class _Maker:
    def __init__(self, table: Table, words: Mapping[str, Sequence[str]], chance: random.Random) -> None:
        self.words, self.chance = words, chance
        self.base = chance.choice(("", "/rest/v7"))
        self.names: dict[tuple[str, str], str] = {}
        self.said: dict[tuple[str, str], str] = {}
        self._used: set[str] = set()

    def row(self, op: Operation) -> dict[str, Any]:
        row: dict[str, Any] = {"method": self.chance.choice(_VERBS[op.method]), "path": self._path(op)}
        if op.keys:
            row["keys"] = {word: self._name(op, word) for word in op.keys}
        return row

    def _word(self) -> str:
        """One that wasn't there before."""
        while True:
            word = "".join(self.chance.choices(_LETTERS, k=6))
            if word not in self._used:
                self._used.add(word)
                return word

    def _path(self, op: Operation) -> str:
        """Its values in any order; what stood in the query stays there, or not."""
        path, _, query = op.path.partition("?")
        places = [name for name in op.names() if f"{{{name}}}" in path]
        asked = {name: name for name in op.names() if name not in places}
        if asked and self.chance.random() < 0.5:
            places += asked
            asked = {}
        self.chance.shuffle(places)
        segments = [self._word()]
        for name in places:
            segments += [*([self._word()] if self.chance.random() < 0.5 else []), f"{{{name}}}"]
            self.names[op.key, name] = self._name(op, name)
        segments += [self._word()] if self.chance.random() < 0.5 else []
        query = "&".join(f"{name}={{{name}}}" for name in asked)
        return f"{self.base}/{'/'.join(segments)}{'?' if query else ''}{query}"

    def _name(self, op: Operation, word: str) -> str:
        """By another word for the same, or without a meaning, which the document then tells in words."""
        noun = word.removesuffix("_id")
        other = self.chance.choice((noun, *self.words.get(noun, ())))
        if self.chance.random() < 0.5:
            self.said[op.key, word] = f"The {other.replace('_', ' ')} that is meant"
            return self._word()
        return self.chance.choice((f"{other}_{self._word()}", f"{other}Ref{self.chance.randrange(1000)}"))
