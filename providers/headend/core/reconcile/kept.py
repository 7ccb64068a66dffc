"""Lookups whose result an object keeps: they are made only for an object that doesn't have one yet."""

from __future__ import annotations

from dataclasses import replace

from headend.core.model.findings import warning
from headend.core.model.stack import Resource
from headend.core.reconcile.decision import Decision
from headend.core.reconcile.reader import Reader
from headend.core.reconcile.resolve import kept_lookups
from headend.core.reconcile.situation import Situation


async def with_kept(reader: Reader, resource: Resource, decision: Decision) -> Situation:
    """The decision's situation with the lookups whose result an object keeps: what the live object holds, else what
    is found for it. What one that was taken over doesn't show stays as it is."""
    situation, asked, want = decision.situation, kept_lookups(resource.spec), decision.situation.want
    assert want is not None
    if decision.creates and decision.refused:
        return situation
    held: dict[str, str] = {}
    if not decision.creates:
        live, last = decision.live, situation.last
        shown = {**(last.values if last else {}), **(live.values if live else {})}
        held = {name: id for name in asked if isinstance(id := shown.get(name), str)}
        if last is None or last.computed.get("adopted"):
            unseen = (warning(f"{n}: what it holds is not shown; it stays as it is") for n in asked.keys() - held)
            situation, asked = replace(situation, findings=(*situation.findings, *unseen)), {}
    reader.lookups |= {f"{resource.address}.{name}": id for name, id in held.items()}
    want = want.model_copy(update={**asked, **held})
    findings = await reader.look_up(resource, want)
    return replace(situation, want=reader.filled(resource, want), findings=(*situation.findings, *findings))
