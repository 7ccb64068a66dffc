"""Each policy that ships, both ways: what it lets pass, and what it doesn't."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headend.core.model.examples import try_out
from headend.core.model.findings import Problems
from headend.core.model.judge import check_stack
from headend.core.stackfile import load
from headend.core.stackfile.policies import read_policies
from headend.core.stackfile.policy_use import SHIPPED

POLICIES = {policy.name: policy for policy in read_policies(SHIPPED, Problems(), set())}
HEAD = """\
headend: 1
stack: prod
options: {policies: p.yaml}
ateme:
  alert_methods: {desk: {alert_type: email, notification_parameters: [desk@example.com]}}
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: small
      inputs:
        gate:
          variant: srt_pull
          stream_name: %(name)s
          host: gate.example.com
          port: 9999
          password: %(password)s
          bitrate: %(bitrate)s
      outputs:
        far: {variant: udp_rist, host: 192.0.2.7, port: 5000}
      alerts: {%(alerts)s}
      transcoders:
        abr:
          input: gate
          video_codec: MPEG-4
          video_frame_size: 1280x720
          video_frame_rate: "50"
          video_bitrate: 5000
          video_gop: 50
          audio_codec: MPEG AAC
          audio_sample_rate: 48 kHz
          audio_bitrate: 128Kbps
          number_of_audio_tracks: 1
          audio_track_pid_list: %(pids)s
"""
RIGHT = {
    "password": "canary-0123456789",
    "bitrate": "8000",
    "name": "gate",
    "pids": "[33]",
    "alerts": "lost: {output: far, alert_method: desk, alert_on_query: is_connected, query_param: lt, query_value: [1],"
    " query_time_range: 1m, alert_check_frequency: 1m, alert_repeat: 1h}",
}
WRONG = {
    "passphrase-length": ("password", "canary-012345"),
    "environment-bitrate": ("bitrate", "8001"),
    "output-alert": ("alerts", ""),
    "transcoder-audio": ("pids", "[]"),
    "name-pattern": ("name", "gate/1"),
}


def said(folder: Path, **values: str) -> list[str]:
    """What policies say of a stack."""
    folder.joinpath("p.yaml").write_text(
        "extends: headend\npolicies: [{name: environment-bitrate, params: {limits: {small: 8000}}}]\n"
    )
    file = folder / "s.yaml"
    file.write_text(HEAD % (RIGHT | values))
    return [problem.message for problem in check_stack(load(file), datetime.now(UTC))]


@pytest.mark.parametrize("name", POLICIES)
def test_its_examples_show_each_way_and_are_so(name: str) -> None:
    examples = POLICIES[name].examples
    assert {"holds", "broken"} <= {example.expect for example in examples}
    assert [try_out(POLICIES[name], example) for example in examples] == [example.expect for example in examples]


def test_a_stack_that_is_right_breaks_none(tmp_path: Path) -> None:
    assert said(tmp_path) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_stack_breaks_it(tmp_path: Path, name: str) -> None:
    field, value = WRONG[name]
    (message,) = said(tmp_path, **{field: value})
    assert message.startswith(f"policy {name}: ")
    assert "canary" not in message
