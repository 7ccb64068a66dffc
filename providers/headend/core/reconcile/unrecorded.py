"""What killed runs made and nobody recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headend.core.model.findings import errors
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.model.stack import Resource
from headend.core.reconcile.decide import decide
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.order import wave_by_wave
from headend.core.reconcile.plan import Step
from headend.core.reconcile.reader import Reader


async def find_unrecorded(reader: Reader) -> Mapping[str, Record]:
    """For who deletes all of a stack: records, by address, of what the reader's intents stand for, as far as just one
    live object can be meant. The others stay in doubt. Raises ApiError if a read fails."""

    async def look(resource: Resource) -> Record | None:
        if resource.address not in reader.intents or resource.address in reader.records:
            return None
        decision = decide(await reader.resource(resource))
        if decision.action is not Action.ADOPT or not decision.id or errors(decision.findings):
            return None
        reader.note(resource.address, decision.id, {})
        return decision.situation.record_of(decision.id)

    found = await wave_by_wave(reader.stack.resources, look, reader.turns)
    return {address: record for address, record in found.items() if record}


def recovered_twice(steps: Iterable[Step]) -> dict[str, str]:
    """address -> id of what a killed run has made, where more than one step would go on with it."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for step in steps:
        if step.reason is Reason.RECOVERED:
            found.setdefault((step.kind, step.id), []).append(step.address)
    return {addresses[0]: id for (_, id), addresses in found.items() if id and len(addresses) > 1}
