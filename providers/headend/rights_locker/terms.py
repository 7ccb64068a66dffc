"""What a grant says: the fields that single entitlements and sets share, and how they stand on the wire."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from headend.core.model.fields import Immutable, Spec
from headend.rights_locker.content import Grant, Item
from headend.rights_locker.times import TIME, Time, live

Entry = Mapping[str, Any]
"""An entry of a set as state, or a plan, has it."""

TERMS = ("publishing_rule_id", "start_time", "end_time", "num_devices_to_bind")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _segment(value: str) -> str:
    if value in {".", ".."} or _CONTROL.search(value):
        raise ValueError("may not be . or .., nor contain control characters (R-5)")
    return value


Segment = Annotated[str, Field(min_length=1), AfterValidator(_segment)]


class GrantSpec(Spec):
    """What is granted, and on which terms. A term that is left out is unset: without end_time a grant has no end."""

    kind: Annotated[
        Literal["assets", "labels", "assets_offline", "labels_offline"],
        Field(description="What content_id names, and whether for playing offline"),
        Immutable(),
    ]
    content_id: Annotated[
        Segment, Field(description="Id of the asset or label, taken as it is written (R-53)"), Immutable()
    ]
    external_product_id: Annotated[
        Segment,
        Field(description="Product that the grant belongs to; one content may be granted by several"),
        Immutable(),
    ] = "default"
    publishing_rule_id: Annotated[
        str | None, Field(min_length=1, description="Id of the publishing rule; null is the same as none (R-50)")
    ] = None
    start_time: Annotated[
        Time | None,
        TIME,
        Field(description="From when it holds, in whole seconds; always if unset (R-47)"),
    ] = None
    end_time: Annotated[
        Time | None, TIME, Field(description="Until when it holds; after start_time, for good if unset (R-47, R-49)")
    ] = None
    num_devices_to_bind: Annotated[
        int | None,
        Field(strict=True, ge=1, description="Devices to bind, 1 or more; documented for assets only (R-52)"),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start_time and self.end_time and self.start_time >= self.end_time:
            raise ValueError("start_time must be before end_time (R-49)")
        return self

    def set_fields(self) -> dict[str, Any]:
        """As usual, and all terms: an unset one is wanted to be unset."""
        return super().set_fields() | {name: getattr(self, name) for name in TERMS}


def grant_of(spec: GrantSpec | Entry) -> Grant:
    if isinstance(spec, Mapping):
        return Grant(spec["kind"], spec["content_id"], spec["external_product_id"])
    return Grant(spec.kind, spec.content_id, spec.external_product_id)


def terms_of(spec: GrantSpec | Entry) -> dict[str, Any]:
    """The terms that are set: what goes out with the ids (R-43)."""
    get = spec.get if isinstance(spec, Mapping) else functools.partial(getattr, spec)
    return {name: value for name in TERMS if (value := get(name)) is not None}


def live_terms(item: Item) -> dict[str, Any]:
    """The terms that the service holds, null being the same as none (R-26, R-50). Raises DecodeError for a time that is
    none: it is not known then, and no difference."""
    found = {name: value for name in TERMS if (value := getattr(item, name)) is not None}
    return found | {name: live(found[name]) for name in ("start_time", "end_time") if name in found}


def differing(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """Names of terms that aren't as wanted."""
    return [name for name in TERMS if wanted.get(name) != there.get(name)]


def leftover(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether all that is wrong is that cleared terms are still there: an upsert that merges keeps them (R-46)."""
    return all(name not in wanted for name in differing(wanted, there))


def cleared(names: Sequence[str], what: str) -> str:
    """What the person is told of a grant that had to be made anew."""
    return (
        f"{what}: {', '.join(names)} stayed through the update, so it was deleted and granted again: access was lost"
        " for a moment, and devices may have to be bound again"
    )


def past(spec: GrantSpec) -> bool:
    """Whether it has ended already (R-49)."""
    return spec.end_time is not None and spec.end_time < datetime.now(UTC).isoformat(timespec="seconds")


def joined(parts: Sequence[str]) -> str:
    """Ids as one, whatever is in them."""
    return "/".join(quote(part, safe="") for part in parts)


def tells(grant: Grant, wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """`end_time 2026-... -> none` for every difference."""
    for name in differing(wanted, there):
        yield f"{name} {there.get(name, 'none')} -> {wanted.get(name, 'none')}"
