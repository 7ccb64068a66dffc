"""Kinds that are rows of a table: the handlers that list, show, make, change and delete them, and their place in the
world."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from headend.simulator.messages import Call, Handler, Refusal, Reply

if TYPE_CHECKING:
    from headend.simulator.base import PlatformSim

Row = dict[str, Any]
S = TypeVar("S", bound="PlatformSim")
H = TypeVar("H", bound=Callable[..., Any])
VERBS = ("list", "get", "create", "update", "delete")


@dataclass(eq=False)
class Table(Generic[S]):
    """One kind, an attribute of a part of a platform's simulator: `labels = AtemeTable("label", {"text": NEEDED})`.

    It answers `<noun>.list`, `.get`, `.create`, `.update` and `.delete`, with variants `<noun>.create.<variant>`: those
    that are in the wire table, in `serves`, and without a method that handles them. The rest of a kind are methods of
    the part: `before` they may refuse or complete a row, `shows` says how it is answered.

    rules: the fields of a creation. changes: those of an update, by default the same. world: where the rows are, by
    id. id_field: what the id is called in a row. counter: how new ids begin.

    A subclass says for its platform who may ask, which rows are whose, and what answers look like.
    """

    noun: str
    rules: Mapping[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    changes: Mapping[str, Any] | None = None
    serves: Collection[str] = VERBS
    world: str = ""
    id_field: str = ""
    counter: str = ""

    def __post_init__(self) -> None:
        self.world = self.world or f"{self.noun}s"
        self.id_field = self.id_field or f"{self.noun}_id"
        self._before: dict[str, list[Callable[..., None]]] = {verb: [] for verb in ("create", "update", "delete")}
        self._shows: Callable[..., Row] | None = None

    # --- what a part says of its kind ------------------------------------------------------------------------
    def before(self, *verbs: str) -> Callable[[H], H]:
        """Marks a method `def x(self, call, row, given) -> None` that looks at a row before it is made, changed or
        deleted. It may refuse, or write to the row; a new one has no id yet. `given` is the body."""

        def mark(method: H) -> H:
            for verb in verbs:
                self._before[verb].append(method)
            return method

        return mark

    def shows(self, method: H) -> H:
        """Marks a method `def x(self, call, row) -> Row` that says what of a row is answered."""
        self._shows = method
        return method

    # --- what a platform says of its kinds -------------------------------------------------------------------
    def admit(self, sim: S, call: Call, verb: str) -> None:
        """Refuses who may not ask this."""

    def owns(self, sim: S, call: Call, row: Row) -> bool:
        """Whether the row is within the caller's sight."""
        return True

    def lists(self, sim: S, call: Call) -> Iterable[Row]:
        """The rows that a list shows."""
        return [row for row in self.rows(sim).values() if self.owns(sim, call, row)]

    def by_id(self, sim: S, id: str) -> Row:
        """A row, whoever asks; refuses what isn't there."""
        row = self.rows(sim).get(id)
        if row is None:
            raise self.missing(sim, id)
        return row

    def found(self, sim: S, call: Call, verb: str = "get") -> Row:
        """The row of the path, by its first value, if the caller may see it."""
        id = next(iter(call.path.values()))
        row = self.by_id(sim, id)
        if not self.owns(sim, call, row):
            raise self.missing(sim, id)
        return row

    def missing(self, sim: S, id: str) -> Refusal:
        return Refusal(404, {"message": f"no such {self.words}: {id}"})

    def fields(self, sim: S, call: Call, verb: str) -> Mapping[str, Any]:
        """What a creation or an update may say."""
        return self.changes if verb == "update" and self.changes is not None else self.rules

    def body(self, sim: S, call: Call, verb: str) -> Row:
        """The body, checked."""
        raise NotImplementedError

    def new(self, sim: S, call: Call, given: Row) -> Row:
        """A row of a creation, yet without an id."""
        return dict(given)

    def new_id(self, sim: S) -> str:
        return sim.new_id(self.counter or self.noun)

    def changed(self, sim: S, call: Call, row: Row, given: Row) -> Row:
        """The row as an update leaves it."""
        return row | given

    def remove(self, sim: S, row: Row) -> Reply:
        del self.rows(sim)[str(row[self.id_field])]
        return Reply(204)

    def many(self, sim: S, call: Call, rows: Iterable[Row]) -> Reply:
        raise NotImplementedError

    def one(self, sim: S, call: Call, row: Row, status: int = 200) -> Reply:
        raise NotImplementedError

    # --- the handlers ----------------------------------------------------------------------------------------
    def operations(self, known: Iterable[str]) -> dict[str, str]:
        """Operation -> verb, of those in the wire table. A noun without any is a TypeError."""
        mine = {key: key.split(".")[1] for key in known if key.startswith(f"{self.noun}.")}
        if not mine:
            raise TypeError(f"there are no operations of {self.noun!r}")
        return {key: verb for key, verb in mine.items() if verb in VERBS and verb in self.serves}

    def handlers(self, sim: S) -> dict[str, Handler]:
        found = self.operations(sim.table)
        return {key: functools.partial(self._handle, sim, verb) for key, verb in found.items()}

    async def _handle(self, sim: S, verb: str, call: Call) -> Reply:
        self.admit(sim, call, verb)
        if verb == "list":
            return self.answer_all(sim, call)
        if verb == "create":
            return self._create(sim, call)
        row = self.found(sim, call, verb)
        if verb == "get":
            return self.answer(sim, call, row)
        if verb == "update":
            return self._update(sim, call, row)
        self._look(sim, call, verb, row, {})
        return self.remove(sim, row)

    def _create(self, sim: S, call: Call) -> Reply:
        given = self.body(sim, call, "create")
        row = self.new(sim, call, given)
        self._look(sim, call, "create", row, given)
        id = self.new_id(sim)
        self.rows(sim)[id] = row = {self.id_field: id, **row}
        return self.answer(sim, call, row, 201)

    def _update(self, sim: S, call: Call, row: Row) -> Reply:
        given = self.body(sim, call, "update")
        result = self.changed(sim, call, row, given)
        self._look(sim, call, "update", result, given)
        row.clear()
        row |= result
        return self.answer(sim, call, row)

    def _look(self, sim: S, call: Call, verb: str, row: Row, given: Row) -> None:
        for method in self._before[verb]:
            method(sim, call, row, given)

    # --- for the part's own handlers -------------------------------------------------------------------------
    @property
    def words(self) -> str:
        return self.noun.replace("_", " ")

    def rows(self, sim: S) -> dict[str, Row]:
        rows: dict[str, Row] = sim.world[self.world]
        return rows

    def shown(self, sim: S, call: Call, row: Row) -> Row:
        return dict(row) if self._shows is None else self._shows(sim, call, row)

    def answer_all(self, sim: S, call: Call) -> Reply:
        return self.many(sim, call, [self.shown(sim, call, row) for row in self.lists(sim, call)])

    def answer(self, sim: S, call: Call, row: Row, status: int = 200) -> Reply:
        """The row as it is shown."""
        return self.one(sim, call, self.shown(sim, call, row), status)
