"""The plan document, format headend.plan/2, as others may read it. Renderers read nothing else; plan files are checked
by it; its JSON Schema is published."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from headend.core.model.fields import Impact
from headend.core.model.proposal import Action
from headend.core.reconcile.decision import Reason
from headend.core.reconcile.plan import PLANS_FORMAT
from headend.core.reconcile.refusal import Guard

Texts = dict[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True, use_enum_values=True)


class RefusalPart(_Part):
    """Why a guard refuses something."""

    guard: Guard
    why: str
    lift: Annotated[str, Field(description="what allows it, or what to do first")] = ""


class ChangePart(_Part):
    """One field that differs."""

    path: Annotated[str, Field(description="the field, and the way to a part of it, with dots")]
    before: JsonValue
    after: JsonValue
    cause: Annotated[
        Literal["you", "drift", "unknown"],
        Field(description="drift: it was changed outside headend; unknown: without state, nobody knows"),
    ]
    marks: Annotated[
        list[Literal["before", "after"]],
        Field(description="which of the two is a word of headend's own, such as (secret), or an address"),
    ] = []


class ValuePart(_Part):
    """One field of what is made, or goes."""

    path: str
    value: JsonValue
    default: Annotated[bool, Field(description="nobody wrote it")] = False
    mark: Annotated[bool, Field(description="the value is a word of headend's own, or an address")] = False


class CutPart(_Part):
    """Something on air that a step would cut."""

    address: Annotated[str | None, Field(description="null: the stack doesn't manage it")]
    kind: str
    id: str
    start: Annotated[str | None, Field(description="RFC 3339; null: it has no start")]
    end: Annotated[str | None, Field(description="RFC 3339; null: it has no end")]


class BoundPart(_Part):
    """What a step was decided by, as hashes made with the plan's nonce."""

    live: Annotated[Texts, Field(description="part of the live object -> hash of what it was")] = {}
    secrets: Annotated[str | None, Field(description="hash of the stack's secrets, by HEADEND_STATE_KEY")] = None


class SourcePart(_Part):
    """Where the stack file says it."""

    file: str
    line: int


class StatusPart(_Part):
    """What an object does, where it isn't what the stack wants."""

    status: str
    reason: str
    wrong: bool


class StepPart(_Part):
    """One object's part of the plan."""

    address: str
    kind: str
    action: Action
    reason: Reason
    impact: Annotated[Impact, Field(description="what it does to a running stream")]
    id: Annotated[str | None, Field(description="of the live object")] = None
    changes: list[ChangePart] = []
    values: Annotated[list[ValuePart], Field(description="all of what is made, or of what was there")] = []
    units: Annotated[Texts, Field(description="field -> the unit of its number")] = {}
    references: Annotated[dict[str, list[str]], Field(description="field -> the addresses that it names")] = {}
    unverifiable: Annotated[Texts, Field(description="field -> why nobody can tell whether it is as wanted")] = {}
    status: StatusPart | None = None
    warnings: list[str] = []
    source: SourcePart | None = None
    moved_from: Annotated[str | None, Field(description="its address before")] = None
    refused: Annotated[str | None, Field(description="all refusals in one line")] = None
    refusals: list[RefusalPart] = []
    hands_out: Annotated[list[str], Field(description="secrets that it makes, and that are shown once")] = []
    on_air: list[CutPart] = []
    bound: BoundPart | None = None


class RecordPart(_Part):
    """What state held of an object when the plan was made."""

    address: str
    kind: str
    id: str
    values: dict[str, JsonValue] = {}
    secrets: Annotated[
        dict[str, Literal["same", "other", "lost"]],
        Field(description="whether the stack has the secret that was applied; lost: nobody knows"),
    ] = {}
    sealed: Texts = {}
    computed: dict[str, JsonValue] = {}
    depends: list[str] = []
    incomplete: bool = False
    protect: bool | None = None
    retain: bool = False


class ErrorPart(_Part):
    """Why there is no plan."""

    message: str
    address: str | None = None
    file: str | None = None
    line: int | None = None


class NodePart(_Part):
    """Something that a stream comes through, or an environment."""

    address: str
    kind: str
    name: str
    environment: Annotated[str | None, Field(description="the address of what it lies in")] = None
    on_air: Annotated[bool, Field(description="something goes out through it when the plan is made")] = False


class EdgePart(_Part):
    """A way from one to the next."""

    source: str
    target: str
    by: Annotated[str | None, Field(description="what joins them; null: host and port of one are the other's")] = None
    on_air: bool = False
    cut: Annotated[bool, Field(description="the plan would cut what goes out this way")] = False
    goes: Annotated[bool, Field(description="it isn't there after the plan")] = False
    likely: Annotated[bool, Field(description="the port fits, and the host's name has the environment's in it")] = False


class SignalPart(_Part):
    """The ways that streams take."""

    nodes: list[NodePart]
    edges: list[EdgePart]


class SpanPart(_Part):
    """A span of time."""

    start: Annotated[str | None, Field(description="RFC 3339; null: it has begun long ago")] = None
    end: Annotated[str | None, Field(description="RFC 3339; null: for good")] = None


class BookingPart(SpanPart):
    """When something carries a stream."""

    address: str
    kind: str
    row: Annotated[str, Field(description="the output that carries it, or else the object itself")]
    input: str | None = None
    was: Annotated[SpanPart | None, Field(description="the span before, where the plan changes it")] = None
    goes: Annotated[bool, Field(description="it isn't there after the plan")] = False
    clashes: Annotated[list[str], Field(description="what the same output is to carry at the same time")] = []


class CutSpanPart(SpanPart):
    """What the plan would cut."""

    row: Annotated[str, Field(description="the output, as far as the stack has it, or the kind and id of the cut")]
    by: Annotated[list[str], Field(description="the steps that cut it")]


class BookingsPart(_Part):
    """What is carried when."""

    bookings: list[BookingPart]
    maintenance: Annotated[list[SpanPart], Field(description="spans in which interruptions are agreed")] = []
    cuts: list[CutSpanPart] = []


class PlanDocument(_Part):
    """What `headend plan --format json` prints and `--out` writes."""

    format: Literal["headend.plan/2"]
    headend: Annotated[str, Field(description="the version that made it")]
    stack: str
    file: str
    at: Annotated[str | None, Field(description="when it was made: RFC 3339, UTC")] = None
    time_zone: Annotated[str | None, Field(description="of the stack, an IANA name")] = None
    destroy: bool
    stateless: Annotated[bool, Field(description="made without state: what left the stack isn't known")] = False
    summary: Annotated[dict[str, int], Field(description="how many of each")]
    refusals: Annotated[list[RefusalPart], Field(description="of the plan as a whole")] = []
    lookups: Texts = {}
    nonce: Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="what the hashes in `bound` are made with")]
    key: Annotated[str | None, Field(description="tells whether HEADEND_STATE_KEY is the one of the plan")] = None
    steps: list[StepPart]
    signal: Annotated[SignalPart | None, Field(description="in reports and plan files")] = None
    bookings: Annotated[BookingsPart | None, Field(description="in reports and plan files")] = None
    errors: Annotated[list[ErrorPart], Field(description="in reports: why no plan could be made")] = []
    state: Annotated[str | None, Field(description="in plan files: tells the state that the plan went by")] = None
    records: Annotated[list[RecordPart], Field(description="in plan files: what the plan went by")] = []
    intents: Annotated[
        list[tuple[str, str, str, str]],
        Field(description="in plan files: creations of unknown outcome: address, kind, action, time"),
    ] = []
    targets: list[str] = []
    refresh: bool = False
    adopt: Annotated[Literal["match"] | None, Field(description="in plan files: of `--adopt`")] = None
    checksum: str | None = None


class PlansDocument(_Part):
    """What `headend plan --format json` prints of several stacks."""

    format: Literal["headend.plans/1"]
    headend: Annotated[str, Field(description="the version that made it")]
    at: Annotated[str | None, Field(description="when the last of them was made: RFC 3339, UTC")] = None
    summary: Annotated[dict[str, int], Field(description="how many of each, in all stacks")]
    stacks: list[PlanDocument]


def json_schema() -> dict[str, Any]:
    """The schema of plan documents, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **TypeAdapter(PlanDocument | PlansDocument).json_schema(),
    }


def raise_if_no_plan(document: Any) -> None:
    """Raises ValueError, saying where, for what is no plan document, be it of one stack or of several."""
    several = isinstance(document, dict) and document.get("format") == PLANS_FORMAT
    model: type[_Part] = PlansDocument if several else PlanDocument
    try:
        model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
