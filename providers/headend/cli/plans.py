"""The plan of a stack, or of several in one command: shown, reported, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headend.cli.echo import echo
from headend.cli.many import each
from headend.cli.options import Flags, Format
from headend.cli.render import show, show_document
from headend.cli.reports import Reports, failed, several
from headend.core.model.errors import HeadendError
from headend.core.reconcile.plan import Plan
from headend.core.reconcile.signal import pictures

Work = Callable[[Flags], tuple[Plan, int]]
"""Makes a plan, and says with which code the command ends for it."""


@dataclass
class Told:
    """many: several files were given, so that what is told is of several, however many are chosen of them."""

    many: bool
    flags: Flags
    reports: Reports
    format: Format
    every: bool
    full: bool

    def tell(self, files: Sequence[Path], work: Work) -> int:
        """The exit code."""
        if self.many or not files:
            return self._several(files, work)
        with self.reports.of_failure(files[0], self.flags.stack):
            made, code = work(self.flags)
        show(made, self.format, every=self.every, full=self.full)
        self.reports.write_plan(made)
        return code

    def _several(self, files: Sequence[Path], work: Work) -> int:
        documents: list[dict[str, Any]] = []
        text = self.format is Format.TEXT

        def one(file: Path) -> int:
            try:
                made, code = work(replace(self.flags, file=file))
            except HeadendError as error:
                documents.append(failed(error, file, None))
                raise
            if text:
                show(made, self.format, every=self.every, full=self.full)
            if self.reports.wanted or not text:
                documents.append(made.document() | (pictures(made) if self.reports.wanted else {}))
            return code

        code = each(files, one, head=text)
        if not text:
            show_document(several(documents), self.format)
        elif not files:
            echo("no stack changed")
        if self.reports.wanted:
            self.reports.write(several(documents))
        return code
