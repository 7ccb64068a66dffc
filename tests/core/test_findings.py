"""Findings have a level: errors refuse, warnings and notes are shown."""

from __future__ import annotations

from headend.core.model.errors import InputError
from headend.core.model.findings import Level, Problem, Source, errors, lines, note, remarks, warning

PLACE = Source("day.yaml", 3, 5)


def test_a_problem_is_an_error_unless_it_says_otherwise() -> None:
    assert Problem("wrong").level is Level.ERROR
    assert (warning("odd").level, note("so it is").level) == (Level.WARNING, Level.NOTE)
    assert [p.refuses for p in (Problem("wrong"), warning("odd"), note("so it is"))] == [True, False, False]


def test_the_level_is_printed_and_never_part_of_the_message() -> None:
    assert str(Problem("wrong", PLACE, "a.b", "mend it")) == "day.yaml:3:5: a.b: wrong (mend it)"
    assert str(Problem("odd", PLACE, "a.b", level=Level.WARNING)) == "day.yaml:3:5: a.b: warning: odd"
    assert str(note("so it is", remedy="leave it")) == "note: so it is (leave it)"
    assert warning("odd", remedy="mend it").text == "odd (mend it)"


def test_a_message_that_looks_like_a_level_is_none() -> None:
    found = [Problem("warning: of the platform's own"), warning("odd"), note("so it is")]
    assert errors(found) == found[:1]
    assert remarks(found) == found[1:]


def test_many_findings_are_cut() -> None:
    found = [warning(str(number)) for number in range(4)]
    assert lines(found, "finding", 4) == [f"warning: {number}" for number in range(4)]
    assert lines(found, "finding", 3)[3:] == ["and 1 more finding"]
    assert str(InputError([Problem("wrong")] * 1_060)).splitlines()[-1] == "and 1,010 more problems"
