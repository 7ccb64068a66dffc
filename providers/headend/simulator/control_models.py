"""What the control routes take and give, as types: requests are checked by them, and the OpenAPI is made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from headend.simulator.faults import Fault, Planted
from headend.simulator.json_patch import Step


class Shape(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class JournalQuery(Shape):
    """Which requests of the journal are shown; each filter given must fit."""

    platform: str | None = Field(None, description="only this platform's")
    operation: str | None = Field(None, description="key of the operation, or a pattern such as input.*")
    write: Literal["true", "false"] | None = Field(
        None, description="only requests that change a platform, or only others"
    )
    since: int = Field(0, ge=0, description="only those after so many requests")


class JournalEntry(Shape):
    """A request as it arrived, secrets masked. status: what the platform did; 0 if it was never carried out."""

    number: int
    platform: str
    operation: str
    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    status: int
    write: bool


class FaultEntry(Shape):
    """A fault in place. seen, hits: calls of its operation since then, and those that it hit."""

    id: str
    fault: Fault
    seen: int
    hits: int

    @classmethod
    def of(cls, planted: Planted) -> FaultEntry:
        return cls(id=planted.id, fault=planted.fault, seen=planted.seen, hits=planted.hits)


class Latency(Shape):
    """Seconds before each answer of a platform."""

    latency: float = Field(ge=0, le=3600, allow_inf_nan=False)


class ClockNow(Shape):
    """The platforms' time, and whether it stands still."""

    now: AwareDatetime
    frozen: bool


class ClockChange(Shape):
    """How the platforms' clock is set: first `now`, then `advance`; `frozen`: it stands still from then on."""

    now: AwareDatetime | None = Field(None, description="the time to set, RFC 3339 with Z or offset")
    advance: float | None = Field(None, ge=0, allow_inf_nan=False, description="seconds to go forward")
    frozen: bool | None = Field(None, strict=True)

    @model_validator(mode="after")
    def _says_something(self) -> ClockChange:
        if self.now is None and self.advance is None and self.frozen is None:
            raise ValueError("one of now, advance, frozen is needed")
        return self


Worlds = dict[str, dict[str, Any]]
Switches = dict[str, dict[str, Any]]
Patch = Annotated[list[Step], Field(description="JSON Patch (RFC 6902)")]
