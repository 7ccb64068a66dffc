"""What is in a TitanFile deployment: a header of each call says which (A-21), and it goes with its deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from headend.ateme.listed import ListedKind
from headend.ateme.listing import Listing
from headend.ateme.rows_titanfile import DeploymentRow
from headend.core.model.errors import ApiError
from headend.core.model.fields import Spec
from headend.core.model.kind import Report
from headend.core.model.observed import Observed

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.ateme.rows import Row

S = TypeVar("S", bound=Spec)


async def deployment(api: Ateme, id: str, *, fresh: bool = False) -> DeploymentRow | None:
    return (await api.listed("tf_deployment.list", None, DeploymentRow, fresh=fresh)).row(id)


class DeployedKind(ListedKind[S]):
    """The way of such objects through the API. The model has a field `deployment`."""

    parent = "ateme.tf_deployment"
    parent_field = "deployment"

    def fields(self) -> list[str]:
        return [name for name in super().fields() if name != "deployment"]

    def headers(self, api: Ateme, spec: Any) -> dict[str, str]:
        return api.within(spec.deployment)

    async def rows(self, api: Ateme, spec: Any, *, fresh: bool = False) -> Listing[Row]:
        """Of a deployment that is gone there are none, whatever it answers."""
        try:
            return await super().rows(api, spec, fresh=fresh)
        except ApiError:
            if await deployment(api, spec.deployment, fresh=True) is None:
                return Listing()
            raise

    def observed(self, row: Row, spec: Any) -> Observed:
        found = super().observed(row, spec)
        return replace(found, values={**found.values, "deployment": spec.deployment})

    async def delete(self, api: Ateme, id: str, last: Any, report: Report) -> None:
        try:
            await super().delete(api, id, last, report)
        except ApiError:
            if await deployment(api, last.deployment, fresh=True) is not None:
                raise
