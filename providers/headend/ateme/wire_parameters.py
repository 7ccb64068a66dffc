"""What the document says of the values of each operation.

It prints no schemas: names that it doesn't print are proposals of the contract, of which only the type is judged, and
what it doesn't say is needed is so only where the contract takes it for that (A-953).
"""

from __future__ import annotations

from collections.abc import Mapping

from headend.ateme import (
    wire_parameters_accounts,
    wire_parameters_machines,
    wire_parameters_office,
    wire_parameters_services,
    wire_parameters_signal,
    wire_parameters_timing,
)
from headend.core.wire.parameters import Parameter, Span

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = {
    **wire_parameters_accounts.PARAMETERS,
    **wire_parameters_signal.PARAMETERS,
    **wire_parameters_machines.PARAMETERS,
    **wire_parameters_timing.PARAMETERS,
    **wire_parameters_services.PARAMETERS,
    **wire_parameters_office.PARAMETERS,
}
"""Operation -> its values, as far as they are documented."""

EXACTLY_ONE: Mapping[str, tuple[str, ...]] = wire_parameters_services.EXACTLY_ONE
"""Operation -> values of which there must be one, and no more."""

SPANS: Mapping[str, tuple[Span, ...]] = {
    **wire_parameters_timing.SPANS,
    **wire_parameters_services.SPANS,
    **wire_parameters_office.SPANS,
}
"""Operation -> pairs of times."""
