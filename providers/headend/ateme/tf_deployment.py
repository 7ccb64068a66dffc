"""Deployments of TitanFile: the clusters that its jobs run on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.answers import desired_word
from headend.ateme.environment import offered
from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import UNSEEN, ListedKind
from headend.ateme.machines import gone, is_going, remove, settled
from headend.ateme.rows_titanfile import DeploymentRow
from headend.ateme.running import FAILURES, running
from headend.core.model.capabilities import Catalogued, Container, Selection, SelectsChanges
from headend.core.model.fields import Immutable, Impact, Interrupts, Named, OwnCall, Spec, marked
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Report
from headend.core.model.observed import Change, Observed, Status

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

VERSIONS = ("2.13.3", "2.13.4")
"""Those that the document prints; it may be dated (A-853)."""


class TfDeployment(Spec):
    """One deployment."""

    name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(
            pattern=r"^[a-zA-Z0-9. _\-]{1,100}$",
            description="what it is called: 1 to 100 of a-z A-Z 0-9 . _ - and spaces (A-656)",
        ),
    ]
    version_id: Annotated[
        str,
        Interrupts(Impact.RESTART),
        Field(
            min_length=1,
            examples=["3.2.1"],
            description="a higher one upgrades it, a lower one is refused (A-657, A-736)",
        ),
    ]
    cloud_provider: Annotated[
        str, Immutable(), Field(examples=["aws"], description="one of TitanFile's cloud providers (A-658)")
    ]
    region: Annotated[
        str, Immutable(), Field(examples=["eu-west-1"], description="one of the provider's regions (A-659)")
    ]
    state: Annotated[
        Literal["started", "stopped"],
        OwnCall(),
        Interrupts(Impact.INTERRUPTS),
        Field(description="whether it is to run (A-660)"),
    ] = "started"
    extra: Annotated[Extra, Immutable()] = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "version_id", "cloud_provider", "region"})
        return self


class TfDeploymentKind(
    ListedKind[TfDeployment], Container, Catalogued[TfDeployment, "Ateme"], SelectsChanges[TfDeployment]
):
    """A deployment of TitanFile: credentials, jobs and local templates are in it, and go with it.

    Creating, upgrading and deleting it take many minutes, and it costs money. It is upgraded in place and never
    downgraded. Any other change but that of the state replaces it, which is refused unless it is allowed by name.
    """

    name = "ateme.tf_deployment"
    noun = "tf_deployment"
    place = "deployment_id"
    shape = DeploymentRow
    model = TfDeployment
    key = ("name",)

    def fields(self) -> list[str]:
        return ["name", "version_id", "cloud_provider", "region"]

    def check(self, spec: TfDeployment, related: Mapping[str, Spec]) -> Sequence[Problem]:
        if spec.version_id in VERSIONS:
            return ()
        return (warning(f"version_id: only {' and '.join(VERSIONS)} are known (A-853)", field="version_id"),)

    async def check_catalogue(self, api: Ateme, spec: TfDeployment) -> Sequence[Problem]:
        """The catalogue must name provider and region."""
        return await offered(
            api,
            ("tf.providers", {}, spec.cloud_provider, "cloud_provider"),
            ("tf.regions", {"cloud_provider": spec.cloud_provider}, spec.region, "region"),
        )

    def select_changes(self, live: Observed, spec: TfDeployment, changes: Sequence[Change]) -> Selection:
        """Never to a lower version, whoever brought about the higher one (A-736)."""
        has, fixed = live.values.get("version_id"), marked(TfDeployment, Immutable)
        anew = any(change.field in fixed for change in changes)
        if has is None or anew or _number(spec.version_id) >= _number(has):
            return Selection(tuple(changes))
        why = f"version_id: it has {has}, and no call brings it back to {spec.version_id} (A-736)"
        return Selection(tuple(changes), refused=why)

    async def status(self, api: Ateme, seen: Observed, spec: TfDeployment, parent: Spec | None) -> Status:
        return running(seen, spec, parent)

    def observed(self, row: DeploymentRow, spec: TfDeployment) -> Observed:  # type: ignore[override]  # its own shape
        found, word = super().observed(row, spec), row.word
        state = desired_word(word)
        doubt = {} if state else {"state": f"its status is {word}" if word else UNSEEN}
        return replace(
            found,
            values={**found.values, **({"state": state} if state else {})},
            computed={"deployment_id": row.id, **row.told},
            unverifiable={**found.unverifiable, **doubt},
            incomplete=word == "creating",
            leaving=is_going(row),
            warnings=(f"its status is {word}",) if word in FAILURES else (),
        )

    # --- writing -----------------------------------------------------------------------------------------
    async def look(self, api: Ateme, id: str, spec: TfDeployment, version: str | None = None) -> DeploymentRow | None:
        """A fresh look. version: until it shows that one, it is being upgraded."""
        row = (await self.rows(api, spec, fresh=True)).row(id)
        assert row is None or isinstance(row, DeploymentRow)
        late = row is not None and version is not None and row.version_id not in {None, version}
        return row.model_copy(update={"status": "upgrading"}) if row and late and desired_word(row.word) else row

    async def create(self, api: Ateme, spec: TfDeployment) -> Observed:
        return replace(await super().create(api, spec), incomplete=True)

    async def update(self, api: Ateme, id: str, spec: TfDeployment, changes: Sequence[Change]) -> None:
        """An upgrade; `complete` waits for it, and brings the state about."""
        if any(change.field == "version_id" for change in changes):
            await self.change(api, "upgrade", id, {"version_id": spec.version_id})

    async def complete(self, api: Ateme, id: str, spec: TfDeployment, report: Report) -> Observed:
        what, look = f"deployment {spec.name}", partial(self.look, api, id, spec, spec.version_id)
        row = await settled(api, what, look, report, api.settings.deployment_timeout)
        if desired_word(row.word) != spec.state:
            action = "start" if spec.state == "started" else "stop"
            await api.call(f"tf_deployment.{action}", scope=None, path=self.path(id))
            row = await settled(api, what, look, report, api.settings.state_timeout, until=spec.state)
        api.changed("tf_deployment.list")
        return self.observed(row, spec)

    async def delete(self, api: Ateme, id: str, last: TfDeployment, report: Report) -> None:
        look = partial(self.look, api, id, last)
        row = await remove(api, "tf_deployment.delete", None, self.path(id), await look(), look)
        if row is not None:
            await gone(api, f"deployment {last.name}", look, report, api.settings.deployment_timeout, row.word)
        api.client.reads.drop("ateme")


def _number(version: str) -> list[int]:
    """What a version is compared by: the numbers in it."""
    return [int(number) for number in re.findall(r"\d+", version)]
