"""The real engine: what refers to an object that is deleted, to be made anew, goes before it, or lets go."""

from __future__ import annotations

import json

import pytest

from pulumi_project import CLI, Project
from table.referring import MADE_ANEW, made_anew, referring

pytestmark = CLI


@pytest.mark.contract("A-739")
@pytest.mark.parametrize("what", MADE_ANEW)
def test_what_refers_to_it_goes_first_or_lets_go(project: Project, what: str) -> None:
    changes, anew = MADE_ANEW[what]
    empty = project.living()
    project.write(json.dumps(referring()))
    project.up()
    before = project.ids()
    project.write(json.dumps(referring(**changes)))
    seen = project.preview(env={"HEADEND_ALLOW_DELETIONS": "1"})
    assert seen["replace"] == len(anew)
    project.up(env={"HEADEND_ALLOW_DELETIONS": "1"})
    assert made_anew(before, project.ids()) == anew
    assert project.preview() == {"same": 9}
    project.destroy()
    assert project.living() == empty
