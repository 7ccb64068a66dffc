"""Values of sessions, organisations, their users, environments (A-101..144)."""

from __future__ import annotations

from collections.abc import Mapping

from headend.ateme.wire_forms import flags, ids, needed, secrets, texts
from headend.core.wire.parameters import Parameter

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    "session.login": needed(*texts("email"), *secrets("password")),
    "session.switch_environment": needed(*ids("environment_id")),
    "session.switch_organisation": needed(*ids("organisation_id")),
    "session.switch_managing": needed(*ids("organisation_id")),
    # L701, L733: up to 150 characters at creation, 3 to 150 afterwards
    "organisation.create": needed(Parameter("name", low=1, high=150)),
    "organisation.update": (
        Parameter("name", low=3, high=150),
        Parameter("currency", choices=("usd", "gbp", "eur")),
        Parameter("purchase_order_number", high=100),
    ),
    "org_user.add": texts("email", "first_name", "last_name"),
    "org_user.permission": (
        Parameter("permission_type", needed=True, choices=("admin", "operator", "monitor")),
        *flags("enabled"),
    ),
    "environment.create": (
        Parameter("name", needed=True, low=1, high=255),
        *texts("cloud_provider", "region"),
        *ids("instance_type_id"),
    ),
    "cloud.region_location": (Parameter("latitude", "number"), Parameter("longitude", "number")),
}
