"""Connection settings of Just."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from headend.core.model.fields import Secret
from headend.core.wire.registry import Env, Settings


class JustSettings(Settings):
    """Where Just is, who is calling, and what to do where its document contradicts itself (J-1, J-2, J-6, J-21)."""

    needs: ClassVar[tuple[tuple[str, ...], ...]] = (("token",),)

    url: Annotated[str, Env("HEADEND_JUST_URL")] = Field(
        default="https://api.justservices.cc", description="Base URL; a path in it is kept (J-1)"
    )
    token: Annotated[str, Env("HEADEND_JUST_TOKEN"), Secret()] = Field(
        min_length=1, description="The token of the project; a profile is known only to the one it was made with (J-3)"
    )
    state_key: Annotated[str | None, Env("HEADEND_JUST_STATE_KEY"), Secret()] = Field(
        default=None,
        min_length=1,
        description="What state keeps addresses sealed with, by default the token. After a change of the token: the"
        " token that was used before",
    )
    put_encoding: Annotated[Literal["auto", "urlencoded", "multipart"], Env("HEADEND_JUST_PUT_ENCODING")] = Field(
        default="auto", description="How PUT sends fields; auto finds out which form the service reads (J-6)"
    )
    unsubscribe_method: Annotated[Literal["auto", "PUT", "POST"], Env("HEADEND_JUST_UNSUBSCRIBE_METHOD")] = Field(
        default="auto", description="The verb that unsubscribes; auto: PUT, and POST after a 405 (J-21)"
    )
    utm_data_form: Annotated[Literal["auto", "plain", "wrapped"], Env("HEADEND_JUST_UTM_DATA_FORM")] = Field(
        default="auto", description="Marks as plain JSON, or inside another pair of quotes; auto finds out (J-28)"
    )
    profile_probe: Annotated[Literal["on", "off"], Env("HEADEND_JUST_PROFILE_PROBE")] = Field(
        default="on",
        description="off: never ask whether a profile exists, where the service says no to those without"
        " segments (J-36)",
    )
    in_flight: Annotated[int, Env("HEADEND_JUST_IN_FLIGHT")] = Field(
        default=2, ge=1, le=16, description="Requests at a time (J-9)"
    )
    operations: dict[str, dict[str, Any]] = Field(default={}, description="Overrides of operation rows, by key")
