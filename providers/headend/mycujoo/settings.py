"""Connection settings of mycujoo (M-1, M-2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from headend.core.model.fields import Secret
from headend.core.wire.registry import Env, Settings


class MycujooSettings(Settings):
    """Where the API is and who calls it: exactly one of `api_key` and `token` (M-2)."""

    needs = (("api_key", "token"),)

    url: Annotated[
        str,
        Env("HEADEND_MYCUJOO_URL"),
        Field(description="Base URL of the API, without a trailing slash (M-1)"),
    ] = "https://mcls-api.mycujoo.tv"
    api_key: Annotated[
        str | None,
        Env("HEADEND_MYCUJOO_API_KEY"),
        Secret(),
        Field(description="API key, sent verbatim as the Authorization header (M-2)"),
    ] = None
    token: Annotated[
        str | None,
        Env("HEADEND_MYCUJOO_TOKEN"),
        Secret(),
        Field(description="Login token, sent as `Authorization: Bearer ...` (M-2)"),
    ] = None
    poll_interval: Annotated[
        float,
        Env("HEADEND_MYCUJOO_POLL_INTERVAL"),
        Field(ge=0, description="Seconds between two looks for an account that was just made (M-125)"),
    ] = 1.0
    operations: Annotated[
        dict[str, dict[str, Any]],
        Field(description="Overrides of rows of the operations table, by key"),
    ] = {}
