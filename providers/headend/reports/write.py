"""Several renderings of one plan document, in one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from headend.core.model.frozen import frozen_dataclass
from headend.reports.wording import Part

Renderer = Callable[[Part, str | None], str]


def _markdown(document: Part, source_url: str | None) -> str:
    from headend.reports.markdown import markdown

    return markdown(document, source_url)


def _html(document: Part, source_url: str | None) -> str:
    from headend.reports.html import html

    return html(document, source_url)


def _machine(name: str) -> Renderer:
    def render(document: Part, source_url: str | None) -> str:
        from headend.reports import machines

        found: str = getattr(machines, name)(document, source_url)
        return found

    return render


def _json(document: Part, source_url: str | None) -> str:
    return json.dumps(document, indent=1, default=str) + "\n"


RENDERERS: Mapping[str, Renderer] = {
    "md": _markdown,
    "html": _html,
    "junit": _machine("junit"),
    "sarif": _machine("sarif"),
    "github": _machine("github"),
    "json": _json,
}


@frozen_dataclass
class Report:
    """form: of RENDERERS. path: where it goes; None: stdout."""

    form: str
    path: Path | None

    @classmethod
    def parse(cls, text: str) -> Report:
        """Of "md=plan.md", or "github" for stdout. Raises ValueError for another form."""
        form, equals, path = text.partition("=")
        if form not in RENDERERS or (equals and not path):
            raise ValueError(f"{text!r}: FORM=FILE is wanted, the form one of {', '.join(RENDERERS)}")
        return cls(form, Path(path) if path else None)

    def render(self, document: Part, source_url: str | None = None) -> str:
        if self.form != "json" and "stacks" in document:
            from headend.reports.many import merged

            document = merged(document)
        return RENDERERS[self.form](document, source_url)
