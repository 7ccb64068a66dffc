"""A small platform of fake kinds, registered nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from headend.core.model import kind as kind_module
from headend.core.model.fields import Immutable, Named, Ref, Secret, Spec
from headend.core.model.findings import Problem, warning
from headend.core.model.kind import Kind
from headend.core.model.references import Id
from headend.core.model.uploads import File


def fake_kinds() -> Mapping[str, Kind[Any, Any]]:
    """The kinds by name. Built on call: defining a kind registers it, and these must not stay registered."""
    before = dict(kind_module.kinds)

    class EnvSpec(Spec):
        name: Annotated[str, Named()]
        region: str = "eu"
        large: bool = False

    class Env(Kind[EnvSpec, Any]):
        """A place where inputs live."""

        name, model = "fake.environment", EnvSpec

    class InputSpec(Spec):
        environment: Annotated[Id, Ref("fake.environment"), Immutable()]
        name: Annotated[str, Named()]
        variant: Annotated[str, Immutable()]
        latency: int | None = Field(None, ge=20, le=8000)
        backup: Annotated[Id | None, Ref("fake.input")] = None

    class Srt(InputSpec):
        variant: Annotated[Literal["srt"], Immutable()]
        port: int = Field(ge=1025, le=65535, description="Port to listen on")
        password: Annotated[str | None, Secret(), Field(min_length=10, max_length=79)] = None

        @field_validator("password")
        @classmethod
        def no_blank(cls, value: str | None) -> str | None:
            if value and " " in value:
                raise ValueError(f"blank in {value}")
            return value

        @model_validator(mode="after")
        def odd(self) -> Srt:
            if self.password == "password-13":
                raise ValueError(f"{self.password} on port {self.port} is unlucky")
            return self

    class Rtmp(InputSpec):
        variant: Annotated[Literal["rtmp"], Immutable()]
        url: str

    class Input(Kind[InputSpec, Any]):
        """A signal that comes in."""

        name, model = "fake.input", InputSpec
        parent, parent_field = "fake.environment", "environment"
        variants: ClassVar[Mapping[str, type[Spec]]] = {"srt": Srt, "rtmp": Rtmp}

        def check(self, spec: InputSpec, related: Mapping[str, Spec]) -> list[Problem]:
            found = [warning("slow")] if spec.latency == 8000 else []
            if getattr(spec, "port", None) == 6666:
                found.append(Problem(f"port 6666 with {getattr(spec, 'password', None)}", remedy="take another"))
            return found

    class Step(BaseModel):
        model_config = ConfigDict(extra="forbid")
        duration: float
        loud: bool = False

    class Friend(BaseModel):
        model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
        mail: str = Field(max_length=12)
        weight: int = 1

        @field_validator("mail")
        @classmethod
        def has_sign(cls, value: str) -> str:
            if "@" not in value:
                raise ValueError(f"{value} is no address")
            return value

    class RuleSpec(Spec):
        account: str
        limit: int | None = None
        input: Annotated[Id | None, Ref("fake.input")] = None
        inputs: Annotated[list[Id] | None, Ref("fake.input")] = None
        tiles: Annotated[dict[int, Id] | None, Ref("fake.input", through=(("fake.rule", "made"),))] = None
        follows: Annotated[Id | None, Ref("fake.rule")] = None
        steps: list[Step] | None = None
        windows: Annotated[dict[str, Step] | None, Field(max_length=3)] = None
        extra: dict[str, Any] | None = None
        picture: File | None = None

    class Rule(Kind[RuleSpec, Any]):
        """A rule of an account.

        More about it.
        """

        name, model = "fake.rule", RuleSpec

        def identity(self, spec: RuleSpec) -> str | None:
            return f"{spec.account}/" + (spec.input + "" if isinstance(spec.input, str) else "none")

        def check(self, spec: RuleSpec, related: Mapping[str, Spec]) -> list[Problem]:
            quiet = getattr(related.get("input"), "latency", None) == 4711
            return [Problem("that input is no good", remedy="take another")] if quiet else []

    class MemberSpec(Spec):
        account: Annotated[str, Named(), Immutable()]
        mail: Annotated[str | None, Secret(), Field(max_length=12)] = None
        streams: int | None = Field(None, ge=1)
        share: float | None = None
        active: bool | None = None
        tags: list[str] | None = None
        levels: tuple[int, ...] | None = None
        extra: dict[str, Any] | None = None
        note: str | int | None = None
        friends: Annotated[list[Friend] | None, Secret()] = None
        input: Annotated[Id | None, Ref("fake.input")] = None

    class Member(Kind[MemberSpec, Any]):
        """One of very many."""

        name, model = "fake.member", MemberSpec

        def identity(self, spec: MemberSpec) -> str:
            return spec.account

    kinds = {kind.name: kind for kind in (Env(), Input(), Rule(), Member())}
    kind_module.kinds.clear()
    kind_module.kinds.update(before)
    return kinds


KINDS = fake_kinds()
