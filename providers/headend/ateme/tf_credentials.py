"""Credentials that jobs of TitanFile reach their storage with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from headend.ateme.fields import DEPLOYMENT, Extra, check_extra
from headend.ateme.listing import Listing
from headend.ateme.rows_titanfile import CredentialsRow
from headend.ateme.within_deployment import DeployedKind
from headend.core.model.fields import Credential, Immutable, Lasting, Named, Secret, Spec, WriteOnly
from headend.core.model.listed import WITHHELD, Live, spec_of
from headend.core.model.observed import Change, Observed
from headend.core.model.references import Id

if TYPE_CHECKING:
    from headend.ateme.api import Ateme
    from headend.ateme.rows import Row

KEYS = ("access_key", "secret_key")


class TfCredentials(Spec):
    """One set of credentials."""

    deployment: Annotated[Id, DEPLOYMENT, Immutable(), Field(description="whose jobs use it (A-663)")]
    name: Annotated[
        str, Named(), Immutable(), Field(min_length=1, description="what jobs name it by; unique there (A-664)")
    ]
    protocol: Annotated[
        str, Field(min_length=1, examples=["s3"], description="s3, or another of TitanFile's own documents (A-665)")
    ]
    access_key: Annotated[
        str | None, Secret(), Lasting(), Field(description="the access key; needed for s3 (A-666)")
    ] = None
    secret_key: Annotated[
        str | None, Credential(), WriteOnly(), Lasting(), Field(description="the secret key; needed for s3 (A-667)")
    ] = None
    buckets_creation_options: Annotated[
        dict[str, Any] | None,
        Lasting(),
        Field(
            examples=[{"region": "us-east-1"}], description="how buckets are made, such as region: us-east-1 (A-668)"
        ),
    ] = None
    settings: Annotated[
        dict[str, Any] | None,
        Secret(),
        WriteOnly("what other protocols take is not known by name"),
        Lasting(),
        Field(description="what another protocol takes; merged into the body (A-669)"),
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.protocol == "s3" and any(getattr(self, name) is None for name in KEYS):
            raise ValueError("protocol: s3 needs access_key and secret_key (A-666, A-667)")
        known = {"deployment_id", "name", "protocol", *KEYS, "buckets_creation_options"}
        if taken := sorted(set(self.settings or ()) & known):
            raise ValueError(f"settings: {taken[0]} is a field of its own")
        check_extra(self.extra, known | set(self.settings or ()))
        return self


class TfCredentialsKind(DeployedKind[TfCredentials]):
    """Credentials of a TitanFile deployment, which its jobs name.

    The secret key is never read back. State knows them by deployment and name: `adopt: {id: dep-1/archive}`.
    """

    name = "ateme.tf_credentials"
    noun = "tf_credentials"
    place = "name"
    shape = CredentialsRow
    whole = "protocol"
    model = TfCredentials
    key = ("deployment", "name")

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        """Both keys of s3 are there, whether or not they are shown (A-666, A-667)."""
        found = []
        for live in await super().list_live(api, within):
            seen = await self.observe(api, live.id, spec_of(self.model, live.fields))
            keys = dict.fromkeys(KEYS, WITHHELD) if seen and seen.values.get("protocol") == "s3" else {}
            found.append(replace(live, fields={**keys, **live.fields}))
        return found

    def path(self, id: str) -> dict[str, str]:
        return {"name": id.partition("/")[2]}

    def matches(self, row: CredentialsRow, spec: TfCredentials) -> bool:  # type: ignore[override]  # its own shape
        return row.name == spec.name

    async def rows(self, api: Ateme, spec: TfCredentials, *, fresh: bool = False) -> Listing[Row]:
        """With ids that hold the deployment's: another one may have credentials of that name."""
        place = spec.deployment

        def named(rows: Listing[Row]) -> Listing[Row]:
            return Listing(row.model_copy(update={"id": _id(place, row.id)}) for row in rows)

        return (await super().rows(api, spec, fresh=fresh)).once("named", named)

    def body(self, spec: TfCredentials) -> dict[str, Any]:
        found = super().body(spec)
        return found | (found.pop("settings", None) or {})

    async def create(self, api: Ateme, spec: TfCredentials) -> Observed:
        """A POST, which is refused where the name is taken: a PUT would write over what is there (A-850)."""
        await super().create(api, spec)
        return Observed(_id(spec.deployment, spec.name))

    async def update(self, api: Ateme, id: str, spec: TfCredentials, changes: Sequence[Change]) -> None:
        body = {name: value for name, value in self.body(spec).items() if name != "name"}
        await self.change(api, "put", id, body, headers=self.headers(api, spec))


def _id(deployment: object, name: str) -> str:
    return f"{quote(str(deployment), safe='')}/{name}"
