"""show: a plan again, from its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headend.cli import planfile
from headend.cli.options import Format, Full, ReportTo, Shown, SourceUrl, Verbose
from headend.cli.render import show_document
from headend.cli.reports import Reports


def show(
    file: Annotated[Path, typer.Argument(help="What `plan --out` wrote, or `plan --format json` printed.")],
    format: Shown = Format.TEXT,
    verbose: Verbose = False,
    full: Full = False,
    report: ReportTo = None,
    source_url: SourceUrl = None,
) -> None:
    """Shows a plan again, and writes reports of it. Makes no request."""
    reports = Reports(report or (), source_url)
    document = planfile.read_any(file)
    show_document(document, format, every=verbose, full=full)
    reports.write(document)
