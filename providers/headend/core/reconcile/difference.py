"""The three-way difference: desired, live, last applied. Only this module uses deepdiff."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from headend.core.model.fields import (
    Ignored,
    Immutable,
    Named,
    OwnCall,
    Parts,
    Same,
    Spec,
    Trigger,
    WriteOnly,
    is_lasting,
    mark,
    marked,
)
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.observed import Change, Observed, Undecoded
from headend.core.model.record import HIDDEN, NO_DIGEST, UNKNOWN, UNTOLD, Digest, Digester, compared_form, recorded
from headend.core.model.references import filled, pending
from headend.core.model.secrets import missing_fields
from headend.core.model.uploads import describe_file, file_digest, file_fields


@frozen_dataclass
class Difference:
    """changes: what a write must change. replaces: fields among them that can't change in place.
    unverifiable: field -> why its sync can't be checked.
    regrouped: the stack lists other members than last time, so state must be updated even if live is equal.
    lasting: fields that the stack gave up, and that no call takes away."""

    changes: tuple[Change, ...] = ()
    replaces: tuple[str, ...] = ()
    unverifiable: Mapping[str, str] = field(default_factory=dict)
    regrouped: bool = False
    lasting: tuple[str, ...] = ()

    def only(self, changes: Sequence[Change]) -> Difference:
        """The same with only these changes."""
        if len(changes) == len(self.changes):
            return self
        names = {change.field for change in changes}
        return replace(self, changes=tuple(changes), replaces=tuple(n for n in self.replaces if n in names))


def differences(
    spec: Spec,
    observed: Observed,
    last: Mapping[str, Any] | None,
    *,
    digest: Digester,
    hidden: Collection[str] = (),
    ignore: Collection[str] = (),
    blind: str | None = None,
) -> Difference:
    """Compares a spec with the live object, field by field.

    spec: references are resolved as far as they are known. last: as `recorded` made it, None if never applied.
    hidden: secret fields. ignore: `lifecycle.ignore_changes`.
    blind: why no field can be read back, for kinds where that is so.
    """
    model = type(spec)
    changes: list[Change] = []
    wanted, missing = spec.set_fields(), missing_fields(spec)
    unset = model.model_fields.keys() - wanted.keys()  # an unset field is not managed, so it needs no check
    unverifiable = {name: why for name, why in observed.unverifiable.items() if name not in unset}
    triggers = marked(model, Trigger)
    fields = [name for name in _unlike(_compared(model), wanted, observed, last, triggers) if name not in ignore]
    record = recorded(spec, hidden, digest) if fields or marked(model, Parts) else {}
    for name in fields:
        if (asked := missing.get(name)) is not None:
            unverifiable[name] = f"secret `{asked.name}` is not set"
            changes += _moved_on(model, name, observed, last, digest)
            continue
        secret = name in hidden
        note = mark(model, name, WriteOnly) or (WriteOnly(blind) if blind else None)
        if mark(model, name, Trigger) or (note and name not in observed.values):
            if last is not None and _given_anew(name, note, model, record, last):
                changes.append(_anew(model, name, last.get(name), wanted.get(name), secret))
            elif note and name in record:
                unverifiable.setdefault(name, note.reason)
            continue
        if name in observed.unverifiable:
            if last is not None or not isinstance(observed.unverifiable[name], Undecoded):
                changes += _unseen(spec, name, last, record, secret)
            continue
        changes += _field(spec, name, wanted, observed, last, record, secret)
    lasting = [c.field for c in changes if len(c.path) == 1 and c.after is None and is_lasting(model, c.field)]
    changes = [c for c in changes if c.field not in lasting]
    replaces = tuple(dict.fromkeys(c.field for c in changes if mark(model, c.field, Immutable)))
    regrouped = last is not None and _regrouped(model, record, last)
    return Difference(tuple(changes), replaces, unverifiable, regrouped, tuple(lasting))


@functools.cache
def _compared(model: type[Spec]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if not mark(model, name, Ignored))


def _unlike(
    names: Iterable[str],
    wanted: Mapping[str, Any],
    observed: Observed,
    last: Mapping[str, Any] | None,
    triggers: Collection[str],
) -> Iterator[str]:
    """Those of which some rule has to be asked: the others are as wanted letter by letter, or nobody's to manage."""
    for name in names:
        if name in observed.unverifiable or name in triggers:
            yield name
        elif name in wanted:
            want, live = wanted[name], observed.values.get(name)
            if want != live or type(want) is not type(live) or type(live) not in _PLAIN:
                yield name
        elif last is not None and last.get(name) is not None:
            yield name


_PLAIN = {str, int, bool}


def _moved_on(
    model: type[Spec], name: str, observed: Observed, last: Mapping[str, Any] | None, digest: Digester
) -> list[Change]:
    """The change of a field whose wanted value isn't there: the live one isn't what was last applied."""
    live, then = observed.values.get(name), (last or {}).get(name)
    known = isinstance(live, str) and isinstance(then, Digest) and then not in {NO_DIGEST, UNTOLD}
    if not known or digest(compared_form(model, name, live)) == then:
        return []
    return [Change((name,), HIDDEN, HIDDEN, "drift", True)]


def _regrouped(model: type[Spec], record: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    for name in marked(model, Parts):
        rule, now, then = mark(model, name, Parts), record.get(name) or (), last.get(name) or ()
        if rule and now != then and not (isinstance(now, Digest) or isinstance(then, Digest)):
            return set(map(rule.key, now)) != set(map(rule.key, then))
    return False


def _plainly(model: type[Spec], name: str, record: Mapping[str, Any]) -> Any:
    """The comparable form of a recorded value; for a file, its content's digest."""
    return file_digest(record.get(name)) if name in file_fields(model) else compared_form(model, name, record.get(name))


def _form(model: type[Spec], name: str, values: Mapping[str, Any]) -> Any:
    """The normal form of a recorded value; a digest is compared as it is."""
    value, rule = values.get(name), mark(model, name, Same)
    return rule.normal(value) if rule and not isinstance(value, Digest) else value


def _given_anew(
    name: str, note: WriteOnly | None, model: type[Spec], record: Mapping[str, Any], last: Mapping[str, Any]
) -> bool:
    """Whether a field that can't be read back has another value in the stack than was last applied."""
    if note and note.used_up_by_create and (record.get(name) is None or last.get(name) is None):
        return False
    if last.get(name) == UNTOLD and record.get(name) is not None:
        return False
    return bool(_plainly(model, name, record) != _plainly(model, name, last))


def just_made(spec: Spec, found: Difference) -> bool:
    """Whether the live object is just what `create` makes of the spec, before `complete` runs."""
    return all(mark(type(spec), change.field, OwnCall) for change in found.changes)


def _anew(model: type[Spec], name: str, before: Any, after: Any, secret: bool) -> Change:
    if name in file_fields(model):
        before, after = describe_file(before), describe_file(after)
    after = filled(after, lambda _: UNKNOWN)
    return Change((name,), HIDDEN if secret else before, shown(after, secret), "you", secret)


def _unseen(
    spec: Spec, name: str, last: Mapping[str, Any] | None, record: Mapping[str, Any], secret: bool
) -> list[Change]:
    """Changes of a field that can't be read now: those that the stack made since. For an adopted object, every field
    that can be written is written, since its live value is unknown."""
    model, wanted = type(spec), spec.set_fields().get(name)
    after = shown(filled(wanted, lambda _: UNKNOWN), secret)
    fixed = mark(model, name, Immutable) is not None
    if last is None:
        set_ = _form(model, name, record) is not None
        sure = set_ and not fixed and mark(model, name, OwnCall) is None
        return [Change((name,), None, after, "you", secret)] if sure else []
    if _form(model, name, record) == _form(model, name, last) or (fixed and name not in record):
        return []
    return [Change((name,), HIDDEN if secret else last.get(name), after, "you", secret)]


def _field(
    spec: Spec,
    name: str,
    wanted: Mapping[str, Any],
    observed: Observed,
    last: Mapping[str, Any] | None,
    record: Mapping[str, Any],
    secret: bool,
) -> list[Change]:
    """Changes of one readable field. An unset field is managed only if it was set last time."""
    model = type(spec)
    live = observed.values.get(name)
    normal = rule.normal if (rule := mark(model, name, Same)) else _plain
    if name not in wanted:
        dropped = last is not None and last.get(name) is not None and normal(live) is not None
        if not dropped or mark(model, name, Named) or mark(model, name, Immutable):
            return []
        return [Change((name,), shown(live, secret), None, "you", secret)]
    want = wanted[name]
    if any(True for _ in pending(want)):
        return [Change((name,), shown(live, secret), UNKNOWN, "you", secret)]
    wanted_form, live_form = normal(want), normal(live)
    if wanted_form == live_form:
        return []
    cause = "drift" if last is not None and last.get(name) == record.get(name) else "you"
    if isinstance(wanted_form, Mapping) and isinstance(live_form, Mapping):
        return _nested(name, wanted_form, live_form, cause, secret)
    return [Change((name,), shown(live, secret), shown(want, secret), cause, secret)]


def _nested(name: str, want: Mapping[Any, Any], live: Mapping[Any, Any], cause: str, secret: bool) -> list[Change]:
    """The differences between two mappings. Equal entries are dropped first: there may be a hundred thousand."""
    from deepdiff import DeepDiff  # slow to load: only where something nested differs

    found = []
    keys = [key for key in {**want, **live} if key not in want or key not in live or want[key] != live[key]]
    want, live = ({key: one[key] for key in keys if key in one} for one in (want, live))
    deep = DeepDiff(live, want, view="tree", threshold_to_diff_deeper=0)  # however much differs
    for entries in deep.values():
        for entry in entries:
            path = (name, *(str(part) for part in entry.path(output_format="list")))
            found.append(
                Change(path, shown(_or_none(entry.t1), secret), shown(_or_none(entry.t2), secret), cause, secret)
            )
    return sorted(found, key=lambda change: change.path)


def _or_none(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value


def _plain(value: Any) -> Any:
    """The JSON-like form, in which tuples equal lists and models equal mappings."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def shown(value: Any, secret: bool) -> Any:
    """The value as a plan shows it: secrets are hidden."""
    return HIDDEN if secret and value is not None else value
