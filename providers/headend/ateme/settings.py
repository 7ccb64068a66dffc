"""How to reach Ateme+ Cloud API and as whom."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from headend.core.model.fields import Secret
from headend.core.wire.registry import Env, Settings


class AtemeSettings(Settings):
    """Connection settings of platform "ateme". The document names no host, so `url` has no default (A-1)."""

    url: Annotated[str, Env("HEADEND_ATEME_URL"), Field(description="where /api is found (A-1)")]
    email: Annotated[str, Env("HEADEND_ATEME_EMAIL"), Field(min_length=1, description="who logs in (A-2)")]
    password: Annotated[
        str, Env("HEADEND_ATEME_PASSWORD"), Secret(), Field(min_length=1, description="the password of the login (A-2)")
    ]
    organisation: Annotated[
        str | None,
        Env("HEADEND_ATEME_ORGANISATION"),
        Field(description="id of the organisation to manage; None: the one that the login manages (A-6)"),
    ] = None
    guest_of: Annotated[
        str | None,
        Env("HEADEND_ATEME_GUEST_OF"),
        Field(description="id of the host organisation to act in as a guest; None: act in the managed one (A-24)"),
    ] = None
    validation: Annotated[
        Literal["strict", "warn", "off"],
        Env("HEADEND_ATEME_VALIDATION"),
        Field(description="what checks against the live catalogues, and the TTL limit, lead to (A-56, A-815)"),
    ] = "strict"
    scope_mode: Annotated[
        Literal["token", "session"],
        Env("HEADEND_ATEME_SCOPE_MODE"),
        Field(description="token: the JWT decides the environment; session: the user's record does (A-12)"),
    ] = "token"
    auth_header: Annotated[
        str, Env("HEADEND_ATEME_AUTH_HEADER"), Field(description="the header that carries the JWT (A-3)")
    ] = "Authorization"
    auth_scheme: Annotated[
        str, Env("HEADEND_ATEME_AUTH_SCHEME"), Field(description='stands before the JWT; "" for none (A-3)')
    ] = "Bearer"
    deployment_header: Annotated[
        str, Env("HEADEND_ATEME_DEPLOYMENT_HEADER"), Field(description="names the TitanFile deployment (A-21, A-848)")
    ] = "Deployment-Id"
    poll_interval: Annotated[
        float,
        Env("HEADEND_ATEME_POLL_INTERVAL"),
        Field(ge=0, description="seconds between two looks at what is being waited for; grows to its triple (A-722)"),
    ] = 10.0
    environment_timeout: Annotated[
        float, Env("HEADEND_ATEME_ENVIRONMENT_TIMEOUT"), Field(gt=0, description="seconds to create or delete (A-722)")
    ] = 2700.0
    transcoder_timeout: Annotated[
        float, Env("HEADEND_ATEME_TRANSCODER_TIMEOUT"), Field(gt=0, description="seconds to create or delete (A-722)")
    ] = 1800.0
    multi_viewer_timeout: Annotated[
        float, Env("HEADEND_ATEME_MULTI_VIEWER_TIMEOUT"), Field(gt=0, description="seconds to create or delete (A-722)")
    ] = 1800.0
    deployment_timeout: Annotated[
        float, Env("HEADEND_ATEME_DEPLOYMENT_TIMEOUT"), Field(gt=0, description="seconds to create or delete (A-722)")
    ] = 2700.0
    state_timeout: Annotated[
        float, Env("HEADEND_ATEME_STATE_TIMEOUT"), Field(gt=0, description="seconds to start or stop (A-722)")
    ] = 900.0
    operations: Annotated[
        dict[str, dict[str, Any]],
        Env("HEADEND_ATEME_OPERATIONS"),
        Field(description="operation key -> how it really is, e.g. {method: PUT, path: /api/x} (A-41)"),
    ] = {}
