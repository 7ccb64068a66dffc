"""When something counts as on air: at its edges, in other zones, with clocks that are apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from headend.core.model.fields import Impact
from headend.core.model.observed import Airtime
from headend.core.model.options import Options, format_duration
from headend.core.reconcile.on_air import imminent, in_maintenance, refusal
from headend.core.reconcile.plan import Cut

KICK_OFF = datetime(2026, 12, 5, 15, tzinfo=UTC)
END = KICK_OFF + timedelta(hours=2)
MATCH = Airtime("ateme.schedule", "s-1", KICK_OFF, END)
EXACT = Options(on_air_window="0s", clock_skew="0s")  # type: ignore[arg-type]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "options", "on_air"),
    [
        pytest.param(KICK_OFF - SECOND, EXACT, False, id="a second before the start"),
        pytest.param(KICK_OFF, EXACT, True, id="now is the start"),
        pytest.param(END - SECOND, EXACT, True, id="a second before the end"),
        pytest.param(END, EXACT, False, id="now is the end"),
        pytest.param(END + timedelta(seconds=29), Options(), True, id="over, by a clock that may be fast"),
        pytest.param(END + timedelta(seconds=30), Options(), False, id="over, by any clock"),
        pytest.param(KICK_OFF - timedelta(minutes=30), Options(), True, id="the window begins"),
        pytest.param(KICK_OFF - timedelta(minutes=30, seconds=30), Options(), True, id="by a clock that may be slow"),
        pytest.param(KICK_OFF - timedelta(minutes=30, seconds=31), Options(), False, id="before the window"),
        pytest.param(KICK_OFF.astimezone().replace(microsecond=0), EXACT, True, id="said in another zone"),
    ],
)
def test_the_edges(now: datetime, options: Options, on_air: bool) -> None:
    assert bool(imminent([MATCH], options, now)) is on_air


def test_what_has_no_end_is_on_air_for_good() -> None:
    permanent = Airtime("ateme.schedule", "s-2", None, None)
    assert imminent([MATCH, permanent, permanent], EXACT, END + timedelta(days=9)) == [permanent]


def test_a_maintenance_window_holds_from_its_start_to_its_end() -> None:
    options = Options.model_validate(
        {"maintenance": [{"start": "2026-12-05T02:00:00Z", "end": "2026-12-05T05:00:00+01:00"}]}
    )
    (span,) = options.maintenance
    seen = [in_maintenance(options, span.start + timedelta(hours=h)) for h in (-1, 0, 1, 2, 3)]
    assert seen == [False, True, True, False, False]


@pytest.mark.parametrize("wrong", ["30", "m", "", "1m1h", "-5m", "1.5h", 30])
def test_durations_are_spelt_out(wrong: object) -> None:
    with pytest.raises(ValidationError, match="such as 30m"):
        Options.model_validate({"on_air_window": wrong})


@pytest.mark.parametrize("text", ["30m", "1h30m", "45s", "2h5s", "0s"])
def test_durations_are_written_as_they_are_read(text: str) -> None:
    assert format_duration(Options.model_validate({"on_air_window": text}).on_air_window) == text


def test_a_maintenance_window_names_its_zone_and_ends_after_it_starts() -> None:
    for start, end in (("2026-12-05T02:00:00", "2026-12-05T03:00:00"), ("2026-12-05T02:00:00Z",) * 2):
        with pytest.raises(ValidationError):
            Options.model_validate({"maintenance": [{"start": start, "end": end}]})


@pytest.mark.parametrize(
    ("allowed", "passes"),
    [
        pytest.param([], False, id="nothing named"),
        pytest.param(["ateme.environments.eu.inputs.a"], True, id="the step"),
        pytest.param(["ateme.environments.eu"], True, id="what the step lies in"),
        pytest.param(["ateme.environments.eu.inputs.ab"], False, id="a name that begins like another"),
        pytest.param(["ateme.environments.us.schedules.derby"], False, id="one of two schedules"),
        pytest.param(["ateme.environments.us.schedules.derby", "ateme.environments.us.schedules.cup"], True, id="both"),
    ],
)
def test_an_interruption_is_agreed_to_by_name(allowed: list[str], passes: bool) -> None:
    cuts = [
        Cut("ateme.schedule", id, KICK_OFF, END, f"ateme.environments.us.schedules.{id}") for id in ("derby", "cup")
    ]
    why = refusal("ateme.environments.eu.inputs.a", Impact.INTERRUPTS, cuts, allowed)
    assert (why is None) is passes
    if why:
        assert "schedules.cup from 2026-12-05 15:00:00 UTC until 2026-12-05 17:00:00 UTC" in str(why)


def test_what_nobody_manages_here_can_be_agreed_to_by_the_step_alone() -> None:
    cut = Cut("ateme.schedule", "s-9", None, None)
    assert "ateme.schedule s-9 without end" in str(refusal("a.b", Impact.DESTROYS, [cut], ["s-9"]))
    assert refusal("a.b", Impact.DESTROYS, [cut], ["a"]) is None
