"""Connection settings of Straas (S-1, S-2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from headend.core.model.fields import Secret
from headend.core.wire.registry import Env, Settings
from headend.straas.wire import ACCOUNT_PREFIX, MEMBER_PREFIX


def _prefix(value: str) -> str:
    """Without a slash at its end. Raises ValueError for what is no path."""
    if not value.startswith("/") or set(value) & set("?#{} "):
        raise ValueError("must be a path such as /api/v1/account")
    return value.rstrip("/")


Prefix = Annotated[str, AfterValidator(_prefix)]


class StraasSettings(Settings):
    """Where the API is, and the application that calls it (S-2). The service token is headend's own business."""

    place = ("url", "uid")
    needs = (("uid",), ("secret",))

    url: Annotated[
        str,
        Env("HEADEND_STRAAS_URL"),
        Field(description="Base URL of the API; the document names none (S-1)"),
    ] = "https://app.straas.net"
    uid: Annotated[str, Env("HEADEND_STRAAS_UID"), Field(min_length=1, description="Id of the application (S-2)")]
    secret: Annotated[
        str, Env("HEADEND_STRAAS_SECRET"), Secret(), Field(min_length=1, description="The application's secret (S-2)")
    ]
    account_prefix: Annotated[
        Prefix,
        Env("HEADEND_STRAAS_ACCOUNT_PREFIX"),
        Field(description="Path of the account's operations; later generations of the API moved it (S-1, S-160)"),
    ] = ACCOUNT_PREFIX
    member_prefix: Annotated[
        Prefix, Env("HEADEND_STRAAS_MEMBER_PREFIX"), Field(description="Path of the members' operations (S-1)")
    ] = MEMBER_PREFIX
    ignore_email_drift: Annotated[
        bool,
        Env("HEADEND_STRAAS_IGNORE_EMAIL_DRIFT"),
        Field(description="Warn of an e-mail that was changed at Straas instead of refusing the plan (S-106)"),
    ] = False
    on_delete: Annotated[
        Literal["forget", "fail"],
        Env("HEADEND_STRAAS_ON_DELETE"),
        Field(description="What a member does that leaves the stack, since no call deletes one (S-107)"),
    ] = "forget"
    operations: Annotated[
        dict[str, dict[str, Any]],
        Field(description="Overrides of rows of the operations table, by key"),
    ] = {}
