"""Label grants: a guest may take the events that carry a label."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from headend.ateme.grant import Grant, GrantKind
from headend.core.model.fields import Immutable, Ref
from headend.core.model.references import Id


class LabelGrant(Grant):
    """One label, for one guest."""

    label: Annotated[
        Id, Ref("ateme.label"), Immutable(), Field(description="the label whose events the guest may take (A-648)")
    ]


class LabelGrantKind(GrantKind[LabelGrant]):
    """A guest may take the events that carry a label, whatever its text is by then."""

    name = "ateme.label_grant"
    collection = "label_grants"
    model = LabelGrant
    key = ("invitation", "label")
    granted = "label"
    told_by = ("invitation", "label")
