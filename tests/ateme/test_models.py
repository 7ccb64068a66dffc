"""Documented constraints are errors, assumed ones warnings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_specs import GOOD, PASSWORD, build
from headend.ateme.fields import instant, milliseconds
from headend.ateme.input import InputKind
from headend.ateme.output import OutputKind
from headend.ateme.output_spec import remote_latency
from headend.ateme.schedule import Schedule
from headend.core.model.fields import Interrupts, Secret, mark, marked
from headend.core.model.findings import Level

BAD = [
    ("input.srt_push", {"stream_name": "x" * 129}, "A-413"),
    ("input.srt_push", {"user_description": "x" * 256}, "A-414"),
    ("input.srt_push", {"latitude": 1.0}, "A-416"),
    ("input.zixi_pull", {"latency": -2}, "A-430"),
    ("input.zixi_push", {"latency": 600001}, "A-436"),
    ("input.srt_push", {"bitrate": 1}, "A-446"),
    ("input.udp_rist", {"port": 65536}, "A-450"),
    ("input.udp_rist", {"max_bitrate": 0}, "A-452"),
    ("input.udp_rist", {"rist_remote_port": 0}, "A-453"),
    ("input.srt_push", {"extra": {"id": "other"}}, "A-49"),
    ("output.pull", {"stream_id": "x" * 101}, "A-473"),
    ("output.push", {"port": 65536}, "A-477"),
    ("output.rtmp", {"url": "https://h/a"}, "A-481"),
    ("output.rtmp", {"bitrate": -1}, "A-483"),
    ("output.srt_pull", {"port": 1024}, "A-487"),
    ("output.srt_pull", {"latency": 600000}, "A-488"),
    ("output.srt_pull", {"encryption_type": 4, "password": PASSWORD}, "A-489"),
    ("output.srt_pull", {"encryption_type": 1}, "A-817"),
    ("output.srt_pull", {"encryption_type": 0, "password": PASSWORD}, "A-817"),
    ("output.srt_push", {"encryption_type": 1, "password": "short"}, "A-495"),
    ("output.udp_rist", {"port": 65535}, "A-497"),
    ("output.udp_rist", {"local_port": 80}, "A-498"),
    ("output.udp_rist", {"ttl": 256}, "A-499"),
    ("output.udp_rist", {"rows_d": 5}, "A-816"),
    ("output.udp_rist", {"fec": 1, "rows_d": 3}, "A-501"),
]


@pytest.mark.parametrize("name", GOOD)
def test_the_least_that_a_variant_needs_is_accepted_without_a_warning(name: str) -> None:
    spec = build(name)
    kind: Any = InputKind() if name.startswith("input") else OutputKind()
    assert list(kind.check(spec, {})) == []


@pytest.mark.parametrize(
    ("name", "changes"), [pytest.param(n, c, marks=pytest.mark.contract(a), id=f"{n}-{a}") for n, c, a in BAD]
)
def test_what_the_document_rules_out_is_refused(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        build(name, **changes)


@pytest.mark.contract("A-49", "A-442", "A-456", "A-812", "A-989")
@pytest.mark.parametrize(
    ("name", "changes", "word"),
    [
        ("input.srt_pull", {"port": 80}, "port"),
        ("input.srt_push", {"password": "short"}, "password"),
        ("input.srt_push", {"port": 99999}, "port"),
        ("input.udp_rist", {"max_allowed_bitrate_kbps": 7999}, "max_bitrate"),
        ("input.local_ts", {"max_allowed_bitrate_kbps": 499}, "500..30000"),
        ("input.local_ts", {"max_allowed_bitrate_kbps": 30001}, "500..30000"),
    ],
)
def test_assumed_bounds_only_warn(name: str, changes: dict[str, Any], word: str) -> None:
    (problem,) = InputKind().check(build(name, **changes), {})
    assert problem.level is Level.WARNING
    assert word in problem.message
    assert "short" not in problem.message


@pytest.mark.contract("A-501", "A-502", "A-816")
def test_fec_brings_its_defaults() -> None:
    spec = build("output.udp_rist", fec=2)
    assert (spec.rows_d, spec.columns_l) == (10, 10)
    assert "rows_d" not in build("output.udp_rist", fec=0).set_fields()


@pytest.mark.contract("A-22", "A-486")
def test_secrets_are_marked_in_every_variant() -> None:
    for kind in (InputKind(), OutputKind()):
        for model in kind.variants.values():
            named = {"password", "url", "backup_url", "stream_key", "extra"} & set(model.model_fields)
            assert named <= set(marked(model, Secret))


@pytest.mark.contract("A-438")
def test_every_field_that_a_zixi_push_update_sends_interrupts() -> None:
    model: Any = InputKind.variants["zixi_push"]
    silent = [name for name in model.wire() if name != "stream_name" and mark(model, name, Interrupts) is None]
    assert silent == []


@pytest.mark.contract("A-772")
def test_remote_latencies_are_equal() -> None:
    assert remote_latency(-1) == remote_latency(-500) == remote_latency(None)
    assert remote_latency(0) == 0


@pytest.mark.contract("A-581", "A-747", "A-833")
@pytest.mark.parametrize(
    "text", ["2026-12-05T16:00:00+01:00", "2026-12-05T15:00:00Z", "2026-12-05T15:00:00+0000", "2026-12-05 15:00:00"]
)
def test_times_are_instants_and_leave_in_one_form(text: str) -> None:
    assert instant(text) == instant("2026-12-05T15:00:00.000Z")
    assert milliseconds(text) == "2026-12-05T15:00:00.000Z"


@pytest.mark.contract("A-748")
@pytest.mark.parametrize("start", ["2026-12-05T17:00:00Z", "2026-12-05T17:00:01Z", "kick-off"])
def test_a_schedule_ends_after_it_starts(start: str) -> None:
    with pytest.raises(ValidationError):
        Schedule(environment="e", input="i", output="o", start_time=start, end_time="2026-12-05T17:00:00Z")
