"""What a newcomer writes by mistake is refused, or warned of, when the file is loaded: at the value itself (`@`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.core.model.errors import InputError
from headend.core.model.findings import Level
from headend.core.stackfile import load

HEAD = """headend: 1
ateme:
  environments:
    home:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: medium
"""
BASE = (
    HEAD
    + """      inputs:
        pitch: {variant: srt_push, port: 5001}
        stand: {variant: srt_push, port: 5002}
      outputs:
        air: {variant: rtmp, url: "rtmp://cdn.example.com/live"}
"""
)
AIR = BASE + "      schedules:\n        one: {input: pitch, output: air, start_time: 2035-12-01T15:00:00Z, "
AIR += "end_time: 2035-12-01T17:00:00Z}\n"
TIMES = "start_time: 2035-12-01T16:00:00Z, end_time: 2035-12-01T18:00:00Z"
PERMANENT = HEAD + (
    "      inputs: {a: {variant: srt_push, port: 5001}}\n"
    "      outputs: {o: {variant: pull, port: 2077, permanent_schedule_agreement_id: agr-1}}\n"
    "      permanent_schedules: {p: {output: o, input: a}}\n"
)
E, W = Level.ERROR, Level.WARNING


def inputs(fields: str) -> str:
    return f"{HEAD}      inputs: {{pitch: {{variant: srt_push, port: 5001}}, x: {{{fields}}}}}\n"


def outputs(*each: str) -> str:
    return f"{HEAD}      outputs: {{{', '.join(f'o{n}: {{{one}}}' for n, one in enumerate(each))}}}\n"


MISTAKES = {
    "two listeners on one port": (inputs("variant: srt_push, port: @5001"), W, "has the same port (give one of them"),
    "SRT and RIST on one port": (inputs("variant: udp_rist, port: @5001"), W, "has the same port"),
    "two outputs on one port": (
        outputs("variant: srt_pull, port: 6001, latency: 500", "variant: srt_pull, port: @6001, latency: 500"),
        E,
        "the same as of ateme.environments.home.outputs.o0",
    ),
    "outputs of two sorts on one port": (
        outputs("variant: pull, port: 6001", "variant: srt_pull, port: @6001, latency: 500"),
        W,
        "has the same port",
    ),
    "two schedules at one time": (
        AIR + f"        two: {{input: stand, output: @air, {TIMES}}}\n",
        W,
        "at the same time it carries ateme.environments.home.schedules.one",
    ),
    "a schedule on what is always on": (
        PERMANENT + f"      schedules: {{s: {{input: a, output: @o, {TIMES}}}}}\n",
        W,
        "at the same time it carries ateme.environments.home.permanent_schedules.p",
    ),
    "NOW, where another runs": (
        AIR + "        two: {input: stand, output: @air, start_time: NOW, end_time: 2035-12-01T15:00:01Z}\n",
        W,
        "at the same time",
    ),
    "two schedules with one key": (
        AIR + "        two: {input: @pitch, output: air, "
        "start_time: 2035-12-01T15:00:00Z, end_time: 2035-12-01T16:00:00Z}\n",
        E,
        "nobody can tell them apart (change it, or keep one of them)",
    ),
    "two environments with one name": (
        HEAD + "    away: {name: @home, cloud_provider: aws, region: eu-west-1, instance_type_id: medium}\n",
        E,
        "`name`: the same as of ateme.environments.home",
    ),
    "outputs that only a stream key tells apart": (
        outputs(
            "variant: rtmp, url: 'rtmp://a.example/live', stream_key: {secret: ONE}",
            "variant: rtmp, url: @'rtmp://a.example/live', stream_key: {secret: TWO}",
        ),
        W,
        "`url`: the same as of",
    ),
    "a start that has passed": (
        AIR.replace("start_time: 2035", "start_time: @2025"),
        W,
        "start_time has passed",
    ),
    "all of it has passed": (
        AIR.replace("start_time: 2035", "start_time: 2025").replace("end_time: 2035", "end_time: @2025"),
        W,
        "end_time has passed",
    ),
    "a passphrase in clear": (
        inputs("variant: srt_pull, host: a.example, port: 5010, password: @in-the-clear"),
        W,
        "`password` stands in clear in the file",
    ),
    "a password in a URL": (
        outputs("variant: rtmp, url: @'rtmp://me:hush@a.example/live'"),
        W,
        "`url` stands in clear",
    ),
    "seconds for milliseconds": (inputs("variant: srt_push, port: 5003, latency: @4"), W, "(4 s is 4000)"),
    "microseconds": (inputs("variant: srt_push, port: 5003, latency: @4000000"), W, "limited to ..3600000"),
    "a port that is none": (inputs("variant: srt_push, port: @500100"), W, "limited to 1..65535"),
    "a number with its unit": (
        inputs("variant: srt_push, port: 5003, latency: @4s"),
        E,
        "a whole number, without a unit",
    ),
    "an entry that isn't indented": (
        HEAD + "      inputs:\n      @pitch: {variant: srt_push, port: 5001}\n",
        E,
        "`inputs` above it is empty: if it belongs there, indent it",
    ),
    "a collection that isn't indented": (
        HEAD + "  alert_methods:\n  @noc: {alert_type: email}\n",
        E,
        "`alert_methods` above it is empty",
    ),
    "a platform's collections that aren't indented": (
        "headend: 1\nateme:\n@environments: {}\n",
        E,
        "`ateme` above it is empty",
    ),
    "a tab": (
        HEAD + "      inputs:\n  @\tpitch: {variant: srt_push}\n",
        E,
        "a tab, which YAML doesn't take (indent it",
    ),
    "a variable without quotes": (
        inputs("variant: srt_push, port: @${vars.port}"),
        E,
        "`${...}` must stand in quotes here",
    ),
    "a field of another variant": (
        outputs("variant: rtmp, @host: a.example.com, url: {secret: ONE}"),
        E,
        "only these variants have it: `push`, `srt_push`, `udp_rist`",
    ),
    "a time span as a number": (
        HEAD + "      inputs: {pitch: {variant: srt_push, port: 5001}}\n"
        "      alerts: {lost: {input: pitch, alert_method: {id: 1}, alert_on_query: is_connected, query_param: lt, "
        "query_value: [1], query_time_range: 10s, alert_repeat: 5m, alert_check_frequency: @30}}\n",
        E,
        "must be hours, minutes, seconds in this order",
    ),
    "a TTL of 255": (
        outputs("variant: udp_rist, host: a.example, port: 6001, ttl: @255"),
        W,
        "ttl: the document allows 0..225",
    ),
}
FINE = {
    "times that touch": AIR
    + "        two: {input: stand, output: air, start_time: 2035-12-01T17:00:00Z, end_time: 2035-12-01T18:00:00Z}\n",
    "Zixi senders share a port": HEAD
    + "      inputs: {a: {variant: zixi_push, port: 2088}, b: {variant: zixi_push, port: 2088}}\n",
    "one name in two environments": BASE
    + "    away:\n      cloud_provider: aws\n      region: eu-west-1\n      instance_type_id: medium\n"
    + "      inputs: {pitch: {variant: srt_push, port: 5001}}\n",
    "a secret": inputs("variant: srt_pull, host: a.example, port: 5010, password: {secret: ONE}"),
    "the latency of the remote side": outputs("variant: pull, port: 2077, latency: -1"),
}


def file_of(folder: Path, text: str) -> tuple[Path, tuple[int, int] | None]:
    """The text without its mark, and the mark's place."""
    before, mark, after = text.partition("@")
    path = folder / "test.yaml"
    path.write_text(before + after)
    return path, (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else None


SECRETS = {"ONE": "a-first-secret", "TWO": "another-secret"}


@pytest.mark.contract("A-442", "A-443", "A-448", "A-815", "A-748")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, name: str) -> None:
    text, level, words = MISTAKES[name]
    path, place = file_of(tmp_path, text)
    try:
        found = load(path, secret=SECRETS.get).remarks
    except InputError as error:
        found = error.problems
    told = [(p.level, (p.source.line, p.source.column)) for p in found if p.source and words in p.text]
    assert told == [(level, place)], [str(p) for p in found]
    assert not any(hidden in str(p) for p in found for hidden in (*SECRETS.values(), "in-the-clear", "hush"))


@pytest.mark.parametrize("name", FINE)
def test_what_is_no_mistake_is_taken_without_a_word(tmp_path: Path, name: str) -> None:
    path, _ = file_of(tmp_path, FINE[name])
    assert list(load(path, secret=SECRETS.get).remarks) == []


def test_a_value_that_comes_from_outside_does_not_stand_in_the_file(tmp_path: Path) -> None:
    text = inputs("variant: srt_pull, host: a.example, port: 5010, password: '${vars.word}'")
    path, _ = file_of(tmp_path, text + "vars: {word: in-the-clear}\n")
    assert ["stands in clear" in p.text for p in load(path).remarks] == [True]
    assert list(load(path, variables={"word": "from-outside"}).remarks) == []
