"""Templates of TitanFile: of all deployments, or of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from headend.ateme.fields import DEPLOYMENT, Document, Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows_titanfile import DeploymentRow, TemplateRow
from headend.core.model.fields import Immutable, Named, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.listed import Live, spec_of
from headend.core.model.observed import Observed
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.core.model.proposal import Proposal


class TfTemplate(Spec):
    """One template."""

    name: Annotated[str, Named(), Field(min_length=1, description="what it is called (A-670)")]
    configuration: Annotated[
        Document,
        Field(
            description="a job's configuration, as TitanFile's own documents have it; null counts as left out (A-671)"
        ),
    ]
    deployment: Annotated[
        Id | None, DEPLOYMENT, Immutable(), Field(description="where it is asked for; needed with local_only (A-672)")
    ] = None
    local_only: Annotated[
        bool, Immutable(), Field(description="whether only that deployment has it, and not all of them (A-673)")
    ] = False
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.local_only and self.deployment is None:
            raise ValueError("local_only: needs the deployment that has it (A-673)")
        check_extra(self.extra, {"name", "configuration", "deployment_id", "local_only"})
        return self


class TfTemplateKind(ListedKind[TfTemplate]):
    """A template of TitanFile. It is in every deployment, unless it is `local_only`.

    Its configuration is a document that headend doesn't read: it is sent as it stands, and compared by content. A
    change, or a deletion, of what isn't `local_only` reaches every deployment (A-851): plans say so.
    """

    name = "ateme.tf_template"
    noun = "tf_template"
    place = "template_id"
    shape = TemplateRow
    whole = "configuration"
    model = TfTemplate
    key = ("name",)

    def natural_key(self, spec: TfTemplate) -> tuple[Any, ...]:
        """Deployments may each have one of that name."""
        return (spec.name, spec.deployment) if spec.local_only else (spec.name,)

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        """Those of all deployments, then each deployment's own."""
        found = [row.id for row in await self.rows(api, spec_of(TfTemplate, {})) if not row.given.get("local_only")]
        live = [Live(id) for id in found]
        for one in await api.listed("tf_deployment.list", None, DeploymentRow):
            rows = await self.rows(api, spec_of(TfTemplate, {"deployment": one.id}))
            own = [row.id for row in rows if row.given.get("local_only")]
            live += [Live(id, {"deployment": one.id, "local_only": True}) for id in own]
        return live

    def headers(self, api: Ateme, spec: TfTemplate) -> dict[str, str]:
        return api.within(spec.deployment if isinstance(spec.deployment, str) else None)

    def fields(self) -> list[str]:
        return ["name", "configuration", "local_only"]  # the deployment is a header

    def matches(self, row: TemplateRow, spec: TfTemplate) -> bool:  # type: ignore[override]  # its own shape
        return row.name == spec.name and row.local_only in {None, spec.local_only}

    def observed(self, row: TemplateRow, spec: TfTemplate) -> Observed:  # type: ignore[override]  # its own shape
        found = super().observed(row, spec)
        return Observed(found.id, {**found.values, "deployment": spec.deployment}, found.computed, found.unverifiable)

    async def review(self, api: Ateme, proposal: Proposal[TfTemplate]) -> Sequence[Problem]:
        concerned = proposal.last if proposal.deletes else proposal.spec
        if concerned is None or concerned.local_only or not (proposal.deletes or proposal.edits):
            return ()
        return (warning("it isn't local_only: this reaches every deployment (A-851)"),)
