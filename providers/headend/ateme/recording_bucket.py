"""Recording buckets: where recordings are delivered to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows_services import BucketRow
from headend.core.model.fields import Credential, Immutable, Named, Spec, WriteOnly
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Can
from headend.core.model.proposal import Proposal

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

HIDDEN = WriteOnly("secrets are never read back")
STAYS = "no call changes or deletes a bucket (A-764)"


class RecordingBucket(Spec):
    """One bucket."""

    name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(min_length=1, max_length=255, description="what it is called, 1 to 255 characters (A-598)"),
    ]
    bucket_path: Annotated[
        str,
        Immutable(),
        Field(
            pattern=r"^[^/:\s]+/.+$",
            examples=["recordings/derby"],
            description="bucket/folder: the bucket must exist, the folder is made (A-599)",
        ),
    ]
    delivery_type: Annotated[
        str | None,
        Immutable(),
        Field(examples=["s3"], description="how recordings get there; s3 is the only documented way (A-600)"),
    ] = None
    access_key: Annotated[
        str | None, Credential(), HIDDEN, Immutable(), Field(description="the bucket's access key (A-601)")
    ] = None
    secret_key: Annotated[
        str | None, Credential(), HIDDEN, Immutable(), Field(description="the bucket's secret key (A-601)")
    ] = None
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "bucket_path", "delivery_type", "access_key", "secret_key"})
        return self


class RecordingBucketKind(ListedKind[RecordingBucket]):
    """Where recordings go when they are finished.

    No call changes or deletes a bucket: one that leaves the stack stays at Ateme+, which the plan says, and a change
    makes another one, which needs another name (A-764).
    """

    name = "ateme.recording_bucket"
    noun = "recording_bucket"
    shape = BucketRow
    model = RecordingBucket
    key = ("name",)
    can = Can.OBSERVE | Can.CREATE
    create_before_delete = True  # the old one stays anyway

    def check(self, spec: RecordingBucket, related: Mapping[str, Spec]) -> Sequence[Problem]:
        if spec.delivery_type in {None, "s3"}:
            return ()
        return (warning("delivery_type: s3 is the only one that is documented (A-600)", field="delivery_type"),)

    async def review(self, api: Ateme, proposal: Proposal[RecordingBucket]) -> Sequence[Problem]:
        if proposal.deletes:
            return (warning(f"the bucket stays at Ateme+: {STAYS}"),)
        spec = proposal.spec
        if spec is None or not proposal.replaces:
            return ()
        rows = await api.listed("recording_bucket.list", None, BucketRow)
        if all(row.name != spec.name for row in rows):
            return ()
        return (Problem(f"the name {spec.name} is taken: {STAYS}", remedy="give the new one another name"),)
