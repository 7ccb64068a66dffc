"""Reports of a plan: written beside what the command prints, also where there is no plan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import headend
from headend.cli.echo import echo_exact
from headend.cli.files import check_out, write_out
from headend.core.model.errors import HeadendError, InputError
from headend.core.reconcile.plan import FORMAT, PLANS_FORMAT, Plan
from headend.core.reconcile.signal import pictures
from headend.reports.many import summed

if TYPE_CHECKING:
    from headend.reports.write import Report


@dataclass
class Reports:
    """given: as typed, e.g. "md=plan.md". source_url: of a line in the repository, with {file} and {line}.

    Raises InputError for what is no report, or can't be written to."""

    given: Sequence[str]
    source_url: str | None = None
    wanted: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        for text in self.given:
            from headend.reports.write import Report  # a plan that is only shown needs none of it

            try:
                report = Report.parse(text)
            except ValueError as error:
                raise InputError(f"--report {error}") from None
            if report.path:
                check_out(report.path, name="--report")
            self.wanted.append(report)
        if self.source_url and "{file}" not in self.source_url:
            raise InputError("--source-url: {file} and {line} are to stand where the name and the line go")

    def write(self, document: Mapping[str, Any]) -> None:
        """Writes them all."""
        for report in self.wanted:
            text = report.render(document, self.source_url)
            if report.path:
                write_out(report.path, [text.encode()], name="--report")
            else:
                echo_exact(text)

    def write_plan(self, plan: Plan) -> None:
        """The same of a plan, whose document is made only for this."""
        if self.wanted:
            self.write(plan.document() | pictures(plan))

    @contextlib.contextmanager
    def of_failure(
        self, file: Path, stack: str | None, also: Callable[[Mapping[str, Any]], None] = lambda document: None
    ) -> Iterator[None]:
        """Where there is no plan, the reports say why. also: what else is to take note."""
        try:
            yield
        except HeadendError as error:
            document = failed(error, file, stack)
            self.write(document)
            also(document)
            raise


def several(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document of the plans of several stacks."""
    at = max((document["at"] for document in documents if "at" in document), default=None)
    head = {"format": PLANS_FORMAT, "headend": headend.__version__} | ({"at": at} if at else {})
    return head | {"summary": summed(documents), "stacks": list(documents)}


def failed(error: HeadendError, file: Path, stack: str | None) -> dict[str, Any]:
    """The document of a plan that couldn't be made."""
    problems = error.problems if isinstance(error, InputError) else ()
    said = [
        {"message": problem.text, "address": problem.address}
        | ({"file": problem.source.file, "line": problem.source.line} if problem.source else {})
        for problem in problems
    ] or [{"message": line} for line in error.lines]
    return {
        "format": FORMAT,
        "headend": headend.__version__,
        "stack": stack or file.stem,
        "file": str(file),
        "destroy": False,
        "summary": {},
        "nonce": "0" * 32,
        "steps": [],
        "errors": [{name: value for name, value in one.items() if value is not None} for one in said],
    }
