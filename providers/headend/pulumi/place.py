"""Where a Pulumi stack is, for who is not its program: its project's folder, and its names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from headend.core.model.errors import GuardError, InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.record import Record
from headend.core.model.stack import Stack
from headend.pulumi.declaration import Handover, read_in_file
from headend.pulumi.journal import Journal, journal_name, read_setting

PROJECT = "Pulumi.yaml"


@frozen_dataclass
class Place:
    """folder: the project's. project, stack: as Pulumi names them."""

    folder: Path
    project: str
    stack: str

    def urn(self, type: str, name: str) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{type}::{name}"

    @property
    def journal(self) -> str:
        return journal_name(self.stack, self.folder, os.environ)

    def handover(self, stack: Stack, file: Path, managed: int) -> Handover:
        """What a first run of the program hands over with each resource."""
        seen = os.path.relpath(file.absolute(), self.folder)
        return Handover(self.journal, seen, managed=managed, in_file=read_in_file(stack))

    def raise_if_in_doubt(self, known: Mapping[str, Record]) -> None:
        """Raises GuardError where a killed `up` left things in doubt beside the project. known: what Pulumi has."""
        if doubt := sorted(Journal(self.folder, self.journal).unfinished(known)):
            told = [f"{address}: an `up` was stopped while it made it" for address in doubt]
            raise GuardError(*told, "`pulumi up` first, so that nothing is in doubt")


def find_place(file: Path, name: str | None) -> Place:
    """By the Pulumi.yaml of where headend runs, else of the stack file, or above. name: the stack's, where Pulumi has
    another one than the file's. Raises InputError where there is none."""
    for folder in (Path.cwd(), file.absolute().parent):
        for one in (folder, *folder.parents):
            if project := read_setting(one / PROJECT, "name"):
                return Place(one, project, name or file.stem)
    raise InputError(
        f"there is no {PROJECT} here, beside {file}, or above: run this in the folder of the Pulumi project"
    )
