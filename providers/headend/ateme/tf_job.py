"""Jobs of TitanFile: run once, and complete when they have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.answers import desired_word
from headend.ateme.fields import DEPLOYMENT, Document, Extra, check_extra
from headend.ateme.rows_titanfile import JobRow
from headend.ateme.within_deployment import DeployedKind, deployment
from headend.core.model.capabilities import CreatedOnce, Nameless, Selection, SelectsChanges
from headend.core.model.errors import Refused
from headend.core.model.fields import Immutable, Lasting, Named, OwnCall, Spec
from headend.core.model.findings import Problem
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed, Status
from headend.core.model.proposal import Action, Proposal
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

BROKEN = frozenset({"failed", "aborted", "crashed"})
GONE = "no longer listed"
ENDED = BROKEN | {"finished", GONE}
"""Words of a job that isn't run again (A-852)."""


class TfJob(Spec):
    """One job."""

    deployment: Annotated[Id, DEPLOYMENT, Immutable(), Field(description="where it runs; must run itself (A-678)")]
    name: Annotated[str, Named(), Immutable(), Field(min_length=1, description="what it is called (A-679)")]
    configuration: Annotated[
        Document,
        Immutable(),
        Field(description="what it does, as TitanFile's own documents have it; null counts as left out (A-680)"),
    ]
    priority: Annotated[
        int | None, OwnCall(), Lasting(), Field(ge=1, description="changed only while it is pending (A-681)")
    ] = None
    extra: Annotated[Extra, Immutable()] = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"deployment_id", "name", "configuration", "priority", "new_priority"})
        return self


class TfJobKind(DeployedKind[TfJob], Nameless, CreatedOnce[TfJob], SelectsChanges[TfJob]):
    """A job of a TitanFile deployment. It runs once: one that has ended is complete, whatever became of it.

    It is never run again by itself: not when it failed, not when the platform lists it no longer, not when its
    deployment was made anew. Another name or configuration in the stack is another job, which is run. Nothing tells
    jobs apart but their ids.
    """

    name = "ateme.tf_job"
    noun = "tf_job"
    place = "job_id"
    shape = JobRow
    whole = "configuration"
    model = TfJob

    def why_not_again(self, spec: TfJob) -> str | None:
        return "the job would run twice"

    async def observe(self, api: Ateme, id: str, spec: TfJob, *, fresh: bool = False) -> Observed | None:
        """One that is no longer listed has ended: to run it again is for a person to say."""
        found = await super().observe(api, id, spec, fresh=fresh)
        return found or Observed(id, spec.set_fields(), {"job_id": id, "status": GONE})

    async def find(self, api: Ateme, spec: TfJob) -> list[Observed]:
        return []

    def observed(self, row: JobRow, spec: TfJob) -> Observed:  # type: ignore[override]  # its own shape
        found = super().observed(row, spec)
        computed = {"job_id": row.id, "tf_job_id": row.tf_job_id, "status": row.status, "state": row.state}
        return replace(found, computed={name: value for name, value in computed.items() if value is not None})

    def select_changes(self, live: Observed, spec: TfJob, changes: Sequence[Change]) -> Selection:
        """What others changed is no reason to run it again, and neither is another deployment once it has ended."""
        word = live.computed.get("status")
        idle = {"deployment"} if word in ENDED else set()
        idle |= {"priority"} if word not in {None, "pending"} else set()
        kept = [c for c in changes if c.field not in idle and (c.cause == "you" or c.field == "priority")]
        late = any(c.field == "priority" for c in changes) and "priority" in idle and word not in ENDED
        return Selection(tuple(kept), ("priority: it is not pending any more (A-681)",) if late else ())

    async def review(self, api: Ateme, proposal: Proposal[TfJob]) -> Sequence[Problem]:
        spec = proposal.spec
        if spec is None:
            return ()
        if proposal.action is Action.ADOPT and not await self._is_there(api, str(proposal.id), spec):
            return (Problem(f"lifecycle.adopt: there is no ateme.tf_job {proposal.id}"),)
        parent = proposal.parent  # where the stack has it, this plan sees to it that it runs
        rests = await self._rests(api, spec) if parent is None else getattr(parent, "state", None) == "stopped"
        if not proposal.creates or not rests:
            return ()
        remedy = "let it run (state: started)"
        return (Problem("its deployment does not run, and takes no jobs (A-678)", remedy=remedy),)

    async def _is_there(self, api: Ateme, id: str, spec: TfJob) -> bool:
        """Once more where it isn't: one empty list proves nothing."""
        seen = (await self.rows(api, spec)).row(id) or (await self.rows(api, spec, fresh=True)).row(id)
        return seen is not None

    async def _rests(self, api: Ateme, spec: TfJob) -> bool:
        row = await deployment(api, spec.deployment) if isinstance(spec.deployment, str) else None
        return row is not None and row.word is not None and desired_word(row.word) != "started"

    async def status(self, api: Ateme, seen: Observed, spec: TfJob, parent: Spec | None) -> Status:
        word = str(seen.computed.get("status") or "present")
        return Status(word, "; ".join(seen.warnings), word in BROKEN)

    # --- writing -----------------------------------------------------------------------------------------
    def body(self, spec: TfJob) -> dict[str, Any]:
        return {name: value for name, value in super().body(spec).items() if name != "priority"}

    async def create(self, api: Ateme, spec: TfJob) -> Observed:
        if await self._rests(api, spec):
            raise Refused(f"ateme: deployment {spec.deployment} does not run; start it first (state: started)")
        return await super().create(api, spec)

    async def update(self, api: Ateme, id: str, spec: TfJob, changes: Sequence[Change]) -> None:
        """The priority is all that changes in place: `complete` sees to it."""

    async def complete(self, api: Ateme, id: str, spec: TfJob, report: Report) -> Observed:
        """The priority, while the job is pending (A-681)."""
        seen = await super().complete(api, id, spec, report)
        pending = seen.computed.get("status") in {None, "pending"}
        if spec.priority is None or seen.values.get("priority") == spec.priority or not pending:
            return seen
        await self.change(api, "priority", id, {"new_priority": spec.priority}, headers=self.headers(api, spec))
        return await super().complete(api, id, spec, report)
