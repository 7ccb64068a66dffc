"""What was reviewed is applied, on any machine: the identities that a plan went by, and where things moved since.

A plan file holds what state held of each object. Where the state of another machine doesn't have it, it is taken from
there, so that the plan can be made anew and compared step by step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from headend.core.model.proposal import Action
from headend.core.model.record import NO_DIGEST, Digest, Digester, Record, recorded
from headend.core.model.stack import Stack
from headend.core.reconcile.binding import Binder, moved
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.state import Intent

_OTHER = Digest("(another one)")  # of a secret that the stack has changed: equals none
_LEAVES = {Action.DELETE, Action.FORGET}
_COMPARED = ("action", "reason", "impact", "id", "moved_from", "hands_out")


class Kept(Protocol):
    """What is needed of a state."""

    @property
    def id(self) -> str | None: ...
    def has_plan(self, nonce: str) -> bool: ...
    def put_plan(self, nonce: str) -> None: ...
    def size(self) -> int: ...
    def records(self) -> dict[str, Record]: ...
    def intents(self) -> Mapping[str, Intent]: ...
    def digest(self, value: Any) -> Digest: ...
    def coming(self) -> Mapping[str, str]: ...
    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]: ...
    def put(self, record: Record) -> None: ...
    def begin(self, address: str, kind: str, action: str) -> None: ...


def identities(state: Kept, stack: Stack, plan: Plan) -> dict[str, Any]:
    """What a plan file holds beside the plan: what state holds of each object, without secrets."""
    now = {step.moved_from: step.address for step in plan.steps if step.moved_from}
    records = state.records().values()
    return {
        "state": state.id,
        "records": [_document(one, _wanted(one, now.get(one.address), stack, state.digest)) for one in records],
        "intents": [[one.address, one.kind, one.action, one.begun] for one in state.intents().values()],
    }


def _document(record: Record, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """secrets: whether the stack still has the one that was applied; "lost" where nobody knows."""
    secrets = {
        name: "lost" if kept == NO_DIGEST or name not in wanted else "same" if wanted[name] == kept else "other"
        for name, kept in record.values.items()
        if isinstance(kept, Digest)
    }
    sealed = {name: kept.sealed for name, kept in record.values.items() if isinstance(kept, Digest) and kept.sealed}
    entries = {
        "address": record.address,
        "kind": record.kind,
        "id": record.id,
        "values": {name: kept for name, kept in record.values.items() if not isinstance(kept, Digest)},
        "secrets": secrets,
        "sealed": sealed,
        "computed": dict(record.computed),
        "depends": list(record.depends),
        "incomplete": record.incomplete,
        "protect": record.protect,
        "retain": record.retain,
    }
    return {name: value for name, value in entries.items() if value not in (None, {}, [], False)}


def _wanted(record: Record, now: str | None, stack: Stack, digest: Digester) -> Mapping[str, Any]:
    """What would be recorded of the resource, as far as its secrets go. now: the address that it moves to."""
    resource = stack.resources.get(now or record.address)
    if resource is None or not any(isinstance(kept, Digest) for kept in record.values.values()):
        return {}
    return recorded(resource.spec, resource.secret_fields, digest)


@dataclass
class Seeded:
    """A state, and beside it what a plan file knows of objects that the state doesn't have. Where the plan was made by
    this state, or was applied to it before, what the state doesn't have is gone: nothing is deleted twice.

    conflicts: address -> what the state says otherwise."""

    state: Kept
    stack: Stack
    document: Mapping[str, Any]
    seeds: dict[str, Record] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, Intent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.state.records()
        knew = self.state.id == self.document.get("state") or self.state.has_plan(self.document["nonce"])
        if not knew:
            self.doubtful = {one[0]: Intent(*one) for one in self.document.get("intents", ()) if one[0] not in known}
        held = {(record.kind, record.id): address for address, record in known.items()}
        now = {step["moved_from"]: step["address"] for step in self.document["steps"] if "moved_from" in step}
        for one in self.document.get("records", ()):
            here = known.get(one["address"])
            if here is None and (other := held.get((one["kind"], one["id"]))):
                self.conflicts[one["address"]] = f"state has object {one['id']} at {other}"
            elif here is None and not knew:
                self.seeds[one["address"]] = self._record(one, now.get(one["address"]))
            elif here and here.id != one["id"]:
                self.conflicts[one["address"]] = f"state has object {here.id} here, the plan was made for {one['id']}"

    def _record(self, one: Mapping[str, Any], now: str | None) -> Record:
        bare = Record(
            one["address"],
            one["kind"],
            one["id"],
            {**one.get("values", {}), **dict.fromkeys(one.get("secrets", {}), NO_DIGEST)},
            one.get("computed", {}),
            tuple(one.get("depends", ())),
            one.get("incomplete", False),
            one.get("protect"),
            one.get("retain", False),
        )
        wanted, sealed = _wanted(bare, now, self.stack, self.state.digest), one.get("sealed", {})
        secrets = {"same": wanted, "other": dict.fromkeys(one.get("secrets", {}), _OTHER)}
        for name, how in one.get("secrets", {}).items():
            kept = secrets.get(how, {}).get(name, NO_DIGEST)
            bare.values[name] = Digest(kept.text, sealed.get(name))  # type: ignore[index]
        return bare

    def size(self) -> int:
        """How many objects there are."""
        return len(self.seeds) + self.state.size()

    def records(self) -> dict[str, Record]:
        """By address, the state's own first."""
        return dict(sorted({**self.seeds, **self.state.records()}.items()))

    def intents(self) -> dict[str, Intent]:
        """The plan's and the state's own."""
        return self.doubtful | dict(self.state.intents())

    def digest(self, value: Any) -> Digest:
        """The state's."""
        return self.state.digest(value)

    def coming(self) -> Mapping[str, str]:
        """What comes from other stacks, as the state says."""
        return self.state.coming()

    def held_elsewhere(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """By the state's neighbours."""
        return self.state.held_elsewhere()

    def keep(self, but: Mapping[str, str]) -> None:
        """Takes the plan's identities into the state. but: addresses where things moved since; of their secrets nobody
        knows."""
        for address, record in self.seeds.items():
            self.state.put(_without_secrets(record) if address in but else record)
        for address in self.doubtful.keys() - self.state.intents().keys():
            self.state.begin(address, self.doubtful[address].kind, self.doubtful[address].action)
        self.state.put_plan(self.document["nonce"])


def _without_secrets(record: Record) -> Record:
    forgotten = {n: Digest(NO_DIGEST.text, v.sealed) for n, v in record.values.items() if isinstance(v, Digest)}
    return replace(record, values={**record.values, **forgotten})


def differences(fresh: Plan, document: Mapping[str, Any]) -> dict[str, str]:
    """Address -> how its step isn't the one that was reviewed any more; nothing for all others."""
    known = {step["address"]: step for step in document["steps"] if step.get("action") != "none"}
    found = {}
    for now in fresh.step_documents():
        if now["action"] == "none":
            continue
        then, now = known.pop(now["address"], None), json.loads(json.dumps(now, default=str))
        if then is None:
            found[now["address"]] = f"the plan doesn't have it, and now it is a step: {now['action']} ({now['reason']})"
        elif said := list(_said(then, now)):
            found[now["address"]] = "; ".join(said)
    return found | {address: f"{step['action']} isn't needed any more" for address, step in known.items()}


def _said(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if then.get("action") in _LEAVES and now["reason"] == Reason.GONE:
        yield "it is gone already"
        return
    for name in _COMPARED:
        if then.get(name) != now.get(name):
            yield f"{name} is {now.get(name)} now, was {then.get(name)}"
    for part in ("values", "changes"):
        old, new = ({one["path"]: one for one in step.get(part, ())} for step in (then, now))
        for path in sorted(name for name in {**old, **new} if old.get(name) != new.get(name)):
            yield f"{path}: {_told(new.get(path))} now, was {_told(old.get(path))}"
    bound, rebound = then.get("bound", {}), now.get("bound", {})
    if live := moved(bound.get("live", {}), rebound.get("live", {})):
        yield f"the live object moved: {', '.join(live)}"
    if bound.get("secrets") != rebound.get("secrets"):
        yield "a secret of the stack is another one"


def _told(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "nothing"
    values = [one["value"]] if "value" in one else [one["before"], one["after"]]
    return " -> ".join(json.dumps(value) for value in values)


def binder_of(document: Mapping[str, Any], key: bytes | None) -> Binder | None:
    """The plan's own. None where its secrets are bound with a key, and this is another one or none."""
    bind = Binder(document["nonce"], key if "key" in document else None)
    return bind if bind.key_id == document.get("key") else None
