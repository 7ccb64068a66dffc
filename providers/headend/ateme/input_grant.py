"""Input grants: a guest may take a channel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from headend.ateme.fields import INPUT
from headend.ateme.grant import Grant, GrantKind
from headend.core.model.fields import Immutable
from headend.core.model.references import Id


class InputGrant(Grant):
    """One channel, for one guest."""

    input: Annotated[Id, INPUT, Immutable(), Field(description="the channel that the guest may take (A-647)")]


class InputGrantKind(GrantKind[InputGrant]):
    """A guest may take an input. Where the input is made anew, the grant is too."""

    name = "ateme.input_grant"
    collection = "input_grants"
    model = InputGrant
    key = ("invitation", "input")
    granted = "input"
    told_by = ("invitation", "input")
