"""A stack's state in Pulumi's own form: what `pulumi stack export` prints, and `pulumi stack import` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from headend.core.model.errors import GuardError, InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import Record
from headend.pulumi.place import Place
from headend.pulumi.snapshot import TYPES, kind_of

FORMATS = (3, 4)
EXPORT = "`pulumi stack export` prints one"
_SIGNATURE = "4dabf18193072939515e22adb298388d"  # of values that are more than JSON
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - which of them: a promise of Pulumi's
Entry = Mapping[str, Any]


@frozen_dataclass
class Deployment:
    """document: as Pulumi wrote it."""

    document: Mapping[str, Any]

    @property
    def resources(self) -> list[Entry]:
        return list(self._inner.get("resources") or ())

    @property
    def _inner(self) -> Mapping[str, Any]:
        inner: Mapping[str, Any] = self.document["deployment"]
        return inner

    @property
    def keeps_secrets(self) -> bool:
        """Whether it says how secrets are encrypted. Pulumi's import breaks down at a secret without."""
        return bool(self._inner.get("secrets_providers"))

    def ours(self) -> Iterator[tuple[str, str, Entry]]:
        """(address, kind, entry) of each of headend's resources."""
        for entry in self.resources:
            if kind := kind_of(str(entry.get("type"))):
                yield str(entry["urn"]).split("::", 3)[3], kind, entry

    def records(self) -> dict[str, Record]:
        """address -> whose object stands there; without its values."""
        return {address: Record(address, kind, str(entry.get("id")), {}) for address, kind, entry in self.ours()}

    def with_resources(self, resources: Iterable[Entry]) -> Deployment:
        return Deployment({**self.document, "deployment": {**self._inner, "resources": list(resources)}})

    def raise_if_other(self, place: Place) -> None:
        """Raises GuardError where it is another stack's."""
        mine = place.urn("", "").split("::")[:2]
        found = {tuple(str(entry["urn"]).split("::")[:2]) for entry in self.resources} - {tuple(mine)}
        if found:
            names = sorted(f"{project}/{urn.removeprefix('urn:pulumi:')}" for urn, project in found)
            why = f"the deployment is of {', '.join(names)}, and not of {place.project}/{place.stack}"
            raise GuardError(f"{why}; export that stack, or name it with --pulumi-stack")

    def raise_if_unfinished(self) -> None:
        """Raises GuardError where an `up` was killed, or left something to be done."""
        pending = [
            f"{one['resource']['urn'].split('::', 3)[-1]}: Pulumi was {one.get('type')} it when it was stopped"
            for one in self._inner.get("pending_operations") or ()
        ]
        marks = {"delete": "is still to be deleted", "pendingReplacement": "is to be made anew", "taint": "is tainted"}
        left = [f"{a}: {why}" for a, _, entry in self.ours() for mark, why in marks.items() if entry.get(mark)]
        if pending or left:
            raise GuardError(*pending, *left, "`pulumi up` first, so that nothing is in doubt")


def read(text: str) -> Deployment:
    """Raises InputError for what is no deployment that this headend knows."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    inner = document.get("deployment") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(inner, dict):
        raise InputError(f"standard input is no deployment; {EXPORT}")
    if document.get("version") not in FORMATS:
        raise InputError(f"standard input is a deployment of version {document.get('version')}; known are 3 and 4")
    for entry in inner.get("resources") or ():
        _raise_if_unknown(entry)
    return Deployment(document)


def _raise_if_unknown(entry: Any) -> None:
    urn, token = (str(entry.get(name)) if isinstance(entry, dict) else "" for name in ("urn", "type"))
    if urn.count("::") < 3:
        raise InputError(f"standard input is a deployment with a resource that has no URN; {EXPORT}")
    if kind_of(token):
        parts = (entry.get("id"), entry.get("inputs") or {}, entry.get("outputs") or {})
        if not all(map(isinstance, parts, (str, dict, dict))):
            raise InputError(f"{urn}: it has no id, or what stands for its values is none; {EXPORT}")
    elif token.startswith(TYPES):
        raise InputError(f"{urn}: this headend doesn't know its type; take the version that wrote it")


def secret(value: Any) -> dict[str, Any]:
    """A value that `pulumi stack import` encrypts."""
    return {_SIGNATURE: _SECRET, "plaintext": json.dumps(value, separators=(",", ":"))}


def plain(value: Any) -> Any:
    """The value with all secrets at any depth as they are."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return plain(json.loads(value["plaintext"]))
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def is_encrypted(value: Any) -> bool:
    """Whether it has a secret, at any depth, that only Pulumi can read."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return "plaintext" not in value
        return any(map(is_encrypted, value.values()))
    return isinstance(value, list) and any(map(is_encrypted, value))


def in_order(entries: Mapping[str, Entry]) -> list[Entry]:
    """The entries by URN, each after what it refers to: Pulumi insists on that."""
    needs = {urn: [needed for needed in _needed(entry) if needed in entries] for urn, entry in entries.items()}
    return [entries[urn] for urn in TopologicalSorter(needs).static_order()]


def _needed(entry: Entry) -> Iterable[str]:
    provider = str(entry.get("provider", "")).rpartition("::")[0]
    return (str(entry.get("parent", "")), provider, *entry.get("dependencies", ()))
