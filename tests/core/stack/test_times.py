"""Times as people write them: what is taken, what is refused, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headend.core.model.errors import InputError
from headend.core.model.observed import Airtime
from headend.core.model.options import Options
from headend.core.model.times import platform_time, stack_time
from headend.core.reconcile.on_air import imminent
from headend.core.stackfile import load

LONDON = "Europe/London"
LINES = """\
headend: 1
options: {OPTIONS}
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
      inputs: {a: {variant: srt_push, port: 5001}}
      outputs: {o: {variant: pull, port: 5002}}
      schedules:
        derby: {input: a, output: o, start_time: START, end_time: 2035-12-31T23:59:59Z}
"""

WRITTEN = ["2035-07-14T15:00:00Z", "2035-07-14 15:00:00.5+01:00", "2035-07-14T15:00:00-00:00"]
NOT_MEANT = [
    *("2035-07-14", "20350714T150000Z", "2035-W28-6T15:00:00Z", "2035-07-14T15Z", "2035-07-14T15:00:00+0100"),
    *("2035-07-14X15:00:00Z", "15:00", "tomorrow", " 2035-07-14T15:00:00Z", "2035-07-14T15:00:00Z\n"),
    "14.07.2035 15:00",
    *("２０３５-07-14T15:00:00Z", "2035-02-30T15:00:00Z", "2035-07-14T24:00:00Z", "2035-07-14T15:00:60Z", "now", ""),
    *("2035-07-14T15:00Z", "2035-07-14T15:00:00+24:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+01:00"),
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_a_time_with_its_zone_stays_as_it_is_written(text: str) -> None:
    assert stack_time(text) == stack_time(text, LONDON) == text


@pytest.mark.contract("A-983")
def test_small_letters_mean_the_same_in_stacks_maintenance_windows_and_answers() -> None:
    small, large = "2035-07-14t15:00:00z", "2035-07-14T15:00:00Z"
    assert stack_time(small) == large
    assert platform_time(small) == platform_time(large)
    spans = [Options(maintenance=[{"start": start, "end": "2035-07-15T15:00:00Z"}]) for start in (small, large)]
    assert spans[0] == spans[1]


@pytest.mark.parametrize("text", [*NOT_MEANT, 20350714, 1.5, None, True])
@pytest.mark.parametrize("zone", [None, LONDON])
def test_what_nobody_means_as_a_time_is_refused(text: Any, zone: str | None) -> None:
    with pytest.raises(ValueError, match=r"time|moment|calendar|seconds"):
        stack_time(text, zone)


@pytest.mark.parametrize(
    ("text", "zone", "means"),
    [
        ("2035-07-14T15:00:00", LONDON, "2035-07-14T15:00:00+01:00"),
        ("2035-12-14 15:00", LONDON, "2035-12-14T15:00:00+00:00"),
        ("2035-12-14T15:00:00", "Asia/Kathmandu", "2035-12-14T15:00:00+05:45"),
    ],
)
def test_a_local_time_is_of_the_stacks_zone(text: str, zone: str, means: str) -> None:
    assert stack_time(text, zone) == means
    with pytest.raises(ValueError, match=r"has no time zone: end it with Z or an offset.*time_zone"):
        stack_time(text)


def test_clocks_that_change() -> None:
    with pytest.raises(ValueError, match="does not happen in Europe/London: the clocks go forward"):
        stack_time("2035-03-25T01:30:00", LONDON)
    with pytest.raises(ValueError, match=r"happens twice in Europe/London.* \+01:00 or \+00:00"):
        stack_time("2035-10-28T01:30:00", LONDON)
    assert stack_time("2035-10-28T01:30:00+01:00", LONDON) == "2035-10-28T01:30:00+01:00"
    with pytest.raises(ValueError, match="beyond the years"):
        stack_time("9999-12-31T23:59:59", "America/New_York")


@pytest.mark.contract("A-581")
@pytest.mark.parametrize(
    ("start", "zone", "said"),
    [
        ("2035-07-14T15:00:00", None, "has no time zone"),
        ('"2035-07-14T15:00:00"', None, "has no time zone"),
        ("2035-07-14", None, "must be a time such as"),
        ("20350714", LONDON, "must be a time such as"),
        ("2035-03-25T01:30:00", LONDON, "does not happen"),
        ("2035-07-14T15:00:00", LONDON, None),
        ('"2035-07-14T15:00:00"', LONDON, None),
        ("2035-07-14T15:00:00+01:00", None, None),
        ("NOW", None, None),
    ],
)
def test_a_wrong_time_is_told_at_its_own_place(tmp_path: Path, start: str, zone: str | None, said: str | None) -> None:
    file = tmp_path / "day.yaml"
    options = f"{{time_zone: {zone}}}" if zone else "{}"
    file.write_text(LINES.replace("{OPTIONS}", options).replace("START", start))
    if said is None:
        spec = load(file).resources["ateme.environments.eu.schedules.derby"].spec
        assert spec.start_time in {"NOW", "2035-07-14T15:00:00+01:00"}
        return
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert f"day.yaml:12:{LINES.splitlines()[-1].index('START') + 1}: " in str(problem)
    assert f"`start_time`: {said}" in str(problem)


@pytest.mark.parametrize(
    ("zone", "says"),
    [("Europe/Lodon", "must be the name of a time zone, such as Europe/London"), ("[Europe/London]", "must be")],
)
def test_a_zone_that_is_none_is_told_once(tmp_path: Path, zone: str, says: str) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(LINES.replace("{OPTIONS}", f"{{time_zone: {zone}}}").replace("START", "2035-07-14T15:00:00"))
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = map(str, caught.value.problems)
    assert "day.yaml:2:22: " in problem
    assert f"`time_zone`: {says}" in problem


def test_rows_of_files_spans_of_maintenance_and_values_are_local_too(tmp_path: Path) -> None:
    (tmp_path / "passes.csv").write_text("who,until\nann,2035-07-14T15:00:00\n")
    file = tmp_path / "day.yaml"
    file.write_text("""\
headend: 1
options:
  time_zone: Europe/London
  maintenance: [{start: 2035-07-14 02:00, end: 2035-07-14T05:00:00}]
mycujoo:
  action_configurations:
    a: {action_id: a, group_id: g, title: T, fields: {at: {datetime_value: 2035-07-14T15:00:00}}}
rights_locker:
  entitlements:
    pass:
      from_file: passes.csv
      key: who
      columns: {account_id: who, end_time: until}
      kind: assets
      content_id: final
""")
    stack = load(file)
    (span,) = stack.options.maintenance
    assert span.start == datetime(2035, 7, 14, 1, tzinfo=UTC)
    specs = [resource.spec for resource in stack.resources.values()]
    assert [getattr(spec, "end_time", None) for spec in specs if hasattr(spec, "end_time")] == [
        "2035-07-14T14:00:00+00:00"
    ]
    assert specs[0].set_fields()["fields"] == {"at": {"datetime_value": "2035-07-14T15:00:00+01:00"}}
    file.write_text(file.read_text().replace("  time_zone: Europe/London\n", ""))
    with pytest.raises(InputError) as caught:
        load(file)
    said = "\n".join(map(str, caught.value.problems))
    assert said.count("has no time zone") == 4
    for place in ("day.yaml:3:25: ", "day.yaml:6:", "passes.csv:2:1: "):
        assert place in said
    assert "`fields.at`: has no time zone" in said
    assert "`end_time` (column `until`): has no time zone" in said


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("9999-12-31T23:59:59-05:00", datetime.max.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", datetime.min.replace(tzinfo=UTC)),
        ("2035-07-14T15:00:00+0100", datetime(2035, 7, 14, 14, tzinfo=UTC)),
        ("2035-07-14T15:00:00", datetime(2035, 7, 14, 15, tzinfo=UTC)),
        ("soon", None),
        (17, None),
    ],
)
def test_a_platforms_time_is_read_leniently(given: Any, means: datetime | None) -> None:
    assert platform_time(given) == means


@pytest.mark.parametrize("end", [datetime.max, datetime.max - timedelta(seconds=1)])
def test_what_lasts_to_the_end_of_time_is_on_air(end: datetime) -> None:
    time = Airtime("ateme.schedule", "s-1", datetime.min.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
    assert imminent([time], Options(), datetime(2030, 1, 1, tzinfo=UTC)) == [time]


def test_an_entry_of_a_map_is_named_and_its_secret_is_not(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    fields = "{delay: 5, label: {datetime_value: hidden-text}, clip: null}"
    line = f"    a: {{action_id: a, group_id: g, title: T, fields: {fields}}}"
    file.write_text(f"headend: 1\nmycujoo:\n  action_configurations:\n{line}\n")
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = map(str, caught.value.problems)
    assert f"day.yaml:4:{line.index('{datetime_value') + 1}: " in problem
    assert "`fields.label`: must be a time such as" in problem
    assert "hidden-text" not in problem
    file.write_text(file.read_text().replace("{datetime_value: hidden-text}", "x"))
    with pytest.raises(InputError, match=r"`fields.clip`: must be .* \{datetime_value: 2026-12-05T15:00:00Z\}"):
        load(file)
