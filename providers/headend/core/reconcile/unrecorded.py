"""What killed runs made and nobody recorded, for who deletes all of a stack."""

from __future__ import annotations

from collections.abc import Mapping

from headend.core.model.findings import errors
from headend.core.model.proposal import Action
from headend.core.model.record import Record
from headend.core.reconcile.decide import decide
from headend.core.reconcile.order import waves
from headend.core.reconcile.reader import Reader


async def find_unrecorded(reader: Reader) -> Mapping[str, Record]:
    """Records, by address, of what the reader's intents stand for, as far as just one live object can be meant. The
    others stay in doubt. Raises ApiError if a read fails."""
    found: dict[str, Record] = {}
    for address, record in reader.records.items():
        reader.note(address, record.id, record.computed)
    for wave in waves(reader.stack.resources):
        for address in wave:
            if address not in reader.intents or address in reader.records:
                continue
            decision = decide(await reader.resource(reader.stack.resources[address]))
            if decision.action is Action.ADOPT and decision.id and not errors(decision.findings):
                found[address] = decision.situation.record_of(decision.id)
                reader.note(address, decision.id, {})
    return found
