"""The pipelines as files of a team's repository."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from headend.core.model.frozen import frozen_dataclass

STATE = {"HEADEND_STATE": False, "HEADEND_STATE_KEY": True}
"""What every run with state needs -> whether it is secret."""


@frozen_dataclass
class Wanted:
    """action: OWNER/NAME@REVISION of headend's repository. files: the stacks, with wildcards. paths: whose changes are
    planned. review: the stack of which each pull request gets a copy, or "". project, stack: Pulumi's.
    variables, secrets: names of the environment, the platforms'."""

    action: str
    branch: str = "main"
    files: str = "stacks/*.yaml"
    paths: Sequence[str] = ("stacks/**",)
    review: str = "review.yaml"
    project: str = "stacks"
    stack: str = "production"
    variables: Sequence[str] = ()
    secrets: Sequence[str] = ()


def render(name: str, wanted: Wanted) -> str:
    """The text of one of the files beside this module."""
    source = resources.files("headend.pipelines").joinpath("files", name).read_text(encoding="utf-8")
    # Both hosts have braces of their own.
    environment = Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # YAML, and no HTML
    )
    project, _, revision = wanted.action.partition("@")
    given = {
        "project_path": project,
        "revision": revision,
        "action": wanted.action,
        "branch": wanted.branch,
        "files": wanted.files,
        "paths": ", ".join(f"'{path}'" for path in wanted.paths),
        "review": wanted.review,
        "project": wanted.project,
        "stack": wanted.stack,
        "settings": wanted.variables,
        "credentials": wanted.secrets,
        "variables": [*(name for name, secret in STATE.items() if not secret), *wanted.variables],
        "secrets": [*(name for name, secret in STATE.items() if secret), *wanted.secrets],
    }
    return environment.from_string(source).render(given)
