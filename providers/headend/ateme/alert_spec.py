"""What a stack says of an alert, and what one field says about another."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from headend.ateme.fields import ENVIRONMENT, INPUT, Extra, check_extra, empty_is_none
from headend.core.model.fields import Immutable, OwnCall, Ref, Same, Spec, Written
from headend.core.model.references import Id

Metric = Literal[
    "net_send.rtt",
    "net_recv.bitrate",
    "net_recv.jitter",
    "net_recv.loss_millipercent",
    "arq_recv.dropped",
    "is_connected",
]
Comparison = Literal["gt", "lt", "outside_range", "within_range", "no_value"]
Window = Literal["10s", "1m", "5m", "10m", "15m", "1h"]
Repeat = Literal[
    "5m", "10m", "15m", "20m", "25m", "30m", "45m", "1h", "1h30m", "2h", "2h30m", "3h", "4h", "5h", "7m30m",
    "10h", "15h", "20h", "24h",
]  # fmt: skip
VALUES: Mapping[str, int] = {"gt": 1, "lt": 1, "outside_range": 2, "within_range": 2, "no_value": 0}
LASTING = Written(r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "1m30s")
DURATION = re.compile(r"(?=[0-9])(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def seconds(value: Any) -> Any:
    """Normal form of a duration: how long it is; of what is none, the value itself."""
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


class Alert(Spec):
    """One rule on one target."""

    environment: Annotated[Id, ENVIRONMENT, Immutable(), Field(description="where the target is (A-558)")]
    input: Annotated[Id | None, INPUT, Immutable(), Field(description="what is watched: this or `output` (A-559)")] = (
        None
    )
    output: Annotated[
        Id | None, Ref("ateme.output"), Immutable(), Field(description="what is watched: this or `input` (A-560)")
    ] = None
    alert_method: Annotated[Id, Ref("ateme.alert_method"), Field(description="who is told (A-561)")]
    alert_on_query: Annotated[
        Metric,
        Field(description="the metric; loss in thousandths of a percent, is_connected 1 for yes and 0 for no (A-562)"),
    ]
    query_param: Annotated[Comparison, Field(description="how it is compared (A-563)")]
    query_value: Annotated[
        list[int | float],
        Same(empty_is_none),
        Field(description="one number for gt and lt, low and high for the ranges, none for no_value (A-564, A-832)"),
    ] = []
    query_time_range: Annotated[Window, Field(description="the average over it is compared (A-565)")]
    alert_check_frequency: Annotated[
        str, Same(seconds), LASTING, Field(description="how often it is looked at: 30s, 1m, 1h30m (A-566)")
    ]
    alert_after_time: Annotated[
        str | None,
        Same(seconds),
        LASTING,
        Field(description="how long it must last before anyone is told; null: at once (A-567)"),
    ] = None
    alert_repeat: Annotated[
        Repeat, Field(description="how often it is told again; the platform spells one of them 7m30m (A-568, A-827)")
    ]
    muted: Annotated[
        bool, OwnCall(), Field(description="nobody is told; the alert itself stays, in the platform too (A-569, A-735)")
    ] = False
    extra: Extra = None

    wire: ClassVar[Mapping[str, str]] = {
        "alert_method": "alert_method_id",
        **{
            name: name
            for name in (
                "alert_on_query",
                "query_param",
                "query_value",
                "query_time_range",
                "alert_check_frequency",
                "alert_after_time",
                "alert_repeat",
            )
        },
    }

    @field_validator("query_value", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        """Whole numbers leave whole, and true is no number."""
        if not isinstance(given, list | tuple):
            return given
        if any(isinstance(n, bool) or not isinstance(n, int | float) or not math.isfinite(n) for n in given):
            raise ValueError("a list of numbers")
        return [int(n) if n == int(n) else n for n in given]

    @field_validator("alert_check_frequency", "alert_after_time", mode="before")
    @classmethod
    def _durations(cls, given: Any) -> Any:
        if given is not None and not (isinstance(given, str) and DURATION.fullmatch(given)):
            raise ValueError("must be hours, minutes, seconds in this order, like 15s, 5m or 1h30m")
        return given

    @field_validator("alert_repeat", mode="before")
    @classmethod
    def _printed(cls, given: Any) -> Any:
        """Only what the document prints; nothing is rewritten (A-827)."""
        listed = get_args(Repeat)
        if given == "7h30m":
            raise ValueError("`7h30m` is not on the platform's list; did you mean `7m30m`? It spells that one so")
        if given not in listed:
            same = [one for one in listed if seconds(one) == seconds(given)]
            raise ValueError(f"did you mean `{same[0]}`?" if same else f"must be one of {', '.join(listed)}")
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.input is None) == (self.output is None):
            raise ValueError("one target: either input or output (A-828)")
        values, needed = self.query_value, VALUES[self.query_param]
        if len(values) != needed:
            raise ValueError(f"query_value: {self.query_param} takes {needed or 'no'} value{'s' * (needed != 1)}")
        if values != sorted(values):
            raise ValueError("query_value: low comes before high")
        if self.alert_on_query == "net_recv.loss_millipercent" and not all(0 <= n <= 100_000 for n in values):
            raise ValueError("query_value: thousandths of a percent are 0..100000")
        if self.alert_on_query == "is_connected" and not all(n in {0, 1} for n in values):
            raise ValueError("query_value: is_connected is 0 or 1")
        deprecated = {"source_id", "destination_id"}
        check_extra(self.extra, {"input_ids", "output_ids", *deprecated, *self.wire.values()})
        return self
