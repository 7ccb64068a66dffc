"""Alert methods: who is told, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from headend.ateme.fields import Extra, check_extra, in_any_order
from headend.ateme.listed import ListedKind
from headend.ateme.rows_office import MethodRow
from headend.core.model.fields import Named, Same, Secret, Spec
from headend.core.model.findings import Problem, warning

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
SLACK = "https://"
_ADDRESS: dict[str, JsonValue] = {
    "if": {"type": "string"},
    "then": {"pattern": r"^[^@\s]+@[^@\s]+$|\$\{", "patternErrorMessage": "Write it like noc@example.com"},
}
"""For editors."""


class AlertMethod(Spec):
    """One way to be told."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"alert_type": {"const": "email"}}, "required": ["alert_type"]},
            "then": {"properties": {"notification_parameters": {"items": _ADDRESS}}},
        }
    )

    name: Annotated[
        str,
        Named(),
        Field(
            min_length=1, max_length=65, examples=["noc"], description="what it is called, 1 to 65 characters (A-574)"
        ),
    ]
    alert_type: Annotated[Literal["email", "slack"], Field(description="what the addresses are (A-575, A-831)")]
    notification_parameters: Annotated[
        list[str],
        Secret(),
        Same(in_any_order),
        Field(
            min_length=1,
            examples=[["noc@example.com"]],
            description="e-mail addresses, or Slack webhook URLs; who has one of these may post there (A-576, A-22)",
        ),
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for number, address in enumerate(self.notification_parameters, 1):
            if not address.strip() or (self.alert_type == "email" and not EMAIL.fullmatch(address)):
                raise ValueError(f"notification_parameters: number {number} is no {self.alert_type} address")
        check_extra(self.extra, {"name", "alert_type", "notification_parameters"})
        return self


class AlertMethodKind(ListedKind[AlertMethod]):
    """A way to be told of alerts: by e-mail, or on Slack. Alerts of all environments of the organisation share it.

    The addresses of both types count as secret, so that none is shown when the type changes or somebody else changed
    it. Where the platform does not show them they are unverifiable.
    """

    name = "ateme.alert_method"
    noun = "alert_method"
    shape = MethodRow
    model = AlertMethod
    key = ("name",)

    def check(self, spec: AlertMethod, related: Mapping[str, Spec]) -> Sequence[Problem]:
        """That a Slack address is a webhook's URL is assumed (A-576)."""
        if spec.alert_type == "email" or all(one.startswith(SLACK) for one in spec.notification_parameters):
            return ()
        return (warning(f"notification_parameters: a Slack webhook's address probably starts with {SLACK}"),)
