"""From Pulumi to the embedded engine: the records that `headend apply` would have written of what Pulumi has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from headend.core.model.errors import GuardError, InputError
from headend.core.model.fields import Sealed, Spec, marked
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import Digester, Record, recorded, secret_fields
from headend.core.reconcile.reader import Apis
from headend.core.reconcile.state import State
from headend.core.wire.registry import kinds
from headend.pulumi.deployment import Deployment, is_encrypted, plain
from headend.pulumi.place import Place
from headend.pulumi.props import meta_of, record_of


@frozen_dataclass
class Taken:
    """records: by address. handed_out: address -> name -> what creation made and showed once."""

    records: Mapping[str, Record]
    handed_out: Mapping[str, Mapping[str, Any]] = field(repr=False)


def raise_if_not_whole(deployment: Deployment, place: Place) -> None:
    """Raises GuardError for another stack's, and for what isn't settled; InputError for secrets that only Pulumi can
    read."""
    deployment.raise_if_other(place)
    deployment.raise_if_unfinished()
    found = [entry for _, _, entry in deployment.ours()]
    if not found:
        raise GuardError(f"Pulumi's state of {place.stack} has none of headend's resources")
    if encrypted := sum(is_encrypted(entry.get("outputs")) for entry in found):
        way = "`pulumi stack export --show-secrets | headend pulumi export-state FILE` hands them over"
        raise InputError(f"the secrets of {encrypted} of {len(found)} resources are encrypted; {way}")


async def take_over(deployment: Deployment, digest: Digester, apis: Apis) -> Taken:
    """What headend's state is to hold. Makes no request. Raises InputError for what is damaged."""
    records, handed_out = {}, {}
    for address, kind, entry in deployment.ours():
        try:
            outputs = plain(entry.get("outputs") or {})
            records[address] = await _record(address, kind, str(entry["id"]), outputs, digest, apis)
        except (ValueError, TypeError, AttributeError):
            raise InputError(f"{address}: what the deployment holds of it is damaged") from None
        if given := outputs.get("handed_out"):
            handed_out[address] = given
    return Taken(records, handed_out)


async def _record(
    address: str, kind_name: str, id: str, outputs: Mapping[str, Any], digest: Digester, apis: Apis
) -> Record:
    kind = kinds()[kind_name]
    record = record_of(kind, id, outputs, address)
    if not isinstance(record.computed, Mapping):
        raise TypeError
    spec = record.spec(kind)
    model: type[Spec] = type(spec)
    seal = getattr(await apis(kind.platform), "seal", None) if marked(model, Sealed) else None
    secrets = secret_fields(model, meta_of(outputs).get("hidden", ()))
    return replace(record, values=recorded(spec, secrets, digest, seal))


def raise_if_others(state: State, taken: Taken, where: object) -> None:
    """Raises GuardError where headend's state, which it never gave away, has something else."""
    told = [f"{address}: nobody knows whether its {one.action} was done" for address, one in state.intents().items()]
    known = {} if state.handed_over else state.records()
    for address, record in known.items():
        theirs = taken.records.get(address)
        if theirs is None or theirs.id != record.id:
            told.append(
                f"{address}: headend's state has {record.id} there, and Pulumi {theirs.id if theirs else 'nothing'}"
            )
    if told:
        raise GuardError(*told, f"nothing was taken over; if all of {where} is out of date, move it away first")


def is_as(state: State, taken: Taken) -> bool:
    """Whether headend's state has all of that already."""
    return not state.handed_over and state.records() == taken.records
