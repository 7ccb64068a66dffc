"""The documented shapes of what stands beside the signal: labels, alerts, agreements, users and billing."""

from collections.abc import Hashable
from typing import Any, Self

from pydantic import model_validator

from headend.ateme.rows import Flag, Row
from headend.core.wire.decode import OpaqueId, Shape, named


class LabelRow(Row):
    id: OpaqueId = named("label_id", "id")
    text: str | None = None


class MethodRow(Row):
    id: OpaqueId = named("alert_method_id", "id")
    name: str | None = None


class AlertRow(Row):
    id: OpaqueId = named("alert_id", "id")
    alert_method_id: OpaqueId | None = None
    alert_on_query: str | None = None
    query_param: str | None = None
    query_value: list[int | float] | None = None
    query_time_range: str | None = None
    is_alerting: Flag = None

    @property
    def compared(self) -> Hashable:
        return comparison(self)


def comparison(alert: Any) -> Hashable:
    """What an alert, live or wanted, compares: with its target all that tells it from others."""
    numbers = tuple(alert.query_value or ())
    return alert.alert_on_query or None, alert.query_param or None, numbers, alert.query_time_range or None


class AgreementRow(Row):
    id: OpaqueId = named("agreement_id", "id")
    is_assigned: bool | None = None
    is_finished: bool | None = None

    @property
    def free(self) -> bool:
        return not self.is_assigned and not self.is_finished


class UserRow(Row):
    """A user of an organisation, all permissions in one row or one in each (A-967)."""

    id: OpaqueId = named("user_id", "id")
    email: str | None = None
    permission_type: str | None = None
    permissions: list[str] | None = None

    @model_validator(mode="after")
    def _one_is_a_list(self) -> Self:
        if self.permissions is not None or "permission_type" not in self.given:
            return self
        return self.having([self.permission_type] if self.permission_type else [])

    def having(self, permissions: list[str]) -> Self:
        return self.model_copy(update={"permissions": permissions, "given": {**self.given, "permissions": permissions}})

    def and_also(self, other: "UserRow") -> Self:
        return self.having([*(self.permissions or ()), *(other.permissions or ())])


class BillingRow(Shape):
    given: dict[str, Any]
    currency: str
