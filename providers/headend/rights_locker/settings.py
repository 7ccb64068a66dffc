"""Connection settings of Rights Locker."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from headend.core.model.fields import Secret
from headend.core.wire.registry import Env, Settings


class RightsLockerSettings(Settings):
    """Where Rights Locker is, which provider is meant, and how requests prove themselves (R-1, R-3, R-7, R-11)."""

    place = ("url", "pcode")
    needs: ClassVar[tuple[tuple[str, ...], ...]] = (("pcode",),)  # the document asks no credential of writes

    url: Annotated[str, Env("HEADEND_RIGHTS_LOCKER_URL")] = Field(
        default="https://rl.ooyala.com/v2/", description="Base URL; a path in it is kept (R-1)"
    )
    pcode: Annotated[str, Env("HEADEND_RIGHTS_LOCKER_PCODE")] = Field(
        min_length=1, description="Provider code, opaque (R-7)"
    )
    limits_pcode: Annotated[str | None, Env("HEADEND_RIGHTS_LOCKER_LIMITS_PCODE")] = Field(
        default=None, min_length=1, description="Provider code of the limits family where it differs (R-7)"
    )
    api_key: Annotated[str | None, Env("HEADEND_RIGHTS_LOCKER_API_KEY"), Secret()] = Field(
        default=None, min_length=1, description="Alone: sent on the entitlement reads only (R-10, R-11)"
    )
    api_secret: Annotated[str | None, Env("HEADEND_RIGHTS_LOCKER_API_SECRET"), Secret()] = Field(
        default=None, min_length=1, description="With it every request is signed; needs api_key too (R-11)"
    )
    entitlements_prefix: Annotated[str, Env("HEADEND_RIGHTS_LOCKER_ENTITLEMENTS_PREFIX")] = Field(
        default="", description='Path before the entitlements family, e.g. "entitlements" (R-3)'
    )
    operations: dict[str, dict[str, Any]] = Field(default={}, description="Overrides of operation rows, by key")
