"""What creation takes over instead of making it: Pulumi knows no adoption, and creates again what it was killed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headend.core.model.capabilities import Nameless, SharesKey, takes_over
from headend.core.model.errors import GuardError, InputError, NotFound
from headend.core.model.fields import Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Can, Kind
from headend.core.model.lookup import find
from headend.core.model.observed import Observed
from headend.core.model.references import query
from headend.core.model.stack import Adopt
from headend.core.reconcile.difference import just_made
from headend.core.reconcile.planner import NAMELESS
from headend.pulumi.props import compared
from headend.pulumi.runtime import KNOWN, TAKEN, tell


async def like_it(kind: Kind[Any, Any], api: Any, spec: Spec, meta: Mapping[str, Any]) -> Observed | None:
    """The live object to take over: the one named, the only one like it if told so, or one that is just what
    creation makes, for the engine creates again what it was killed at. Raises GuardError for others."""
    wanted = meta.get("adopt_id")
    if Can.OBSERVE not in kind.can:
        return None
    if match := meta.get("adopt_lookup"):
        answer = await find(api, query(kind.name, match), TAKEN)
        if isinstance(answer, Problem):
            raise InputError(replace(answer, message=f"lifecycle.adopt: {answer.message}"))
        wanted = answer
    if wanted:
        named = await kind.observe(api, wanted, spec, fresh=True)
        if named is None:
            raise NotFound(f"{meta.get('address')}: lifecycle.adopt: there is no {kind.name} {wanted}")
        return named
    found = await kind.find(api, spec)
    if isinstance(kind, Nameless):
        if meta.get("adopt") == Adopt.MATCH:
            raise InputError(Problem(NAMELESS, address=meta.get("address"), remedy="adopt: {id: ...}"))
        if found:
            ids = ", ".join(o.id for o in found)
            tell(meta, f"{ids} may be it, if an `up` that was killed had made it; then delete it, or adopt it by id")
        return None
    if isinstance(kind, SharesKey) and meta.get("adopt") != Adopt.MATCH:
        free = [o for o in found if (kind.name, o.id) not in KNOWN]
        found = [o for o in free if just_made(spec, compared(kind, spec, o, None, meta))]
    if not found and Can.CREATE in kind.can:
        return None
    if not found:
        raise NotFound(f"there is no live {kind.name} like it, and headend can't make one")
    ids = ", ".join(o.id for o in found)
    if len(found) > 1:
        raise GuardError(f"{len(found)} live objects are like it: {ids}; name one with lifecycle.adopt: {{id: ...}}")
    live = await kind.observe(api, found[0].id, spec, fresh=True) or found[0]
    unfinished = takes_over(kind, spec) or live.incomplete or just_made(spec, compared(kind, spec, live, None, meta))
    if unfinished or meta.get("adopt") == Adopt.MATCH or kind.identity(spec) is not None:
        return live
    raise GuardError(f"one like it exists already ({ids}); lifecycle.adopt: match takes it over")
