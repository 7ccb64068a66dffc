"""`headend validate` shows what is odd in a file, and ends with 0."""

from __future__ import annotations

from cli.harness import World

STACK = """\
headend: 1
stack: day
ateme:
  environments:
    eu:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        gate: {variant: srt_pull, host: gate.example.com, port: 99999, password: {secret: PASS}}
        it:
          variant: srt_push
          port: 5001
      outputs:
        far:
          variant: udp_rist
          host: 192.0.2.7
          port: 5000
          ttl: 250
"""


def test_warnings_have_their_place_and_refuse_nothing(world: World) -> None:
    world.write("day.yaml", STACK)
    ran = world("validate", "day.yaml", PASS="short")
    at = "ateme.environments.eu"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"day.yaml:10:65: {at}.inputs.gate: warning: port is probably limited to 1025..65535",
        f"day.yaml:10:82: {at}.inputs.gate: warning: password is probably limited to 10..80 characters",
        f"day.yaml:19:16: {at}.outputs.far: warning: ttl: the document allows 0..225",
        "day: 4 resources, 3 warnings",
    ]
    assert world.simulator.journal == []


def test_one_warning_and_none(world: World) -> None:
    world.write("day.yaml", STACK)
    ran = world("validate", "day.yaml", PASS="long-enough")
    assert ran.out.splitlines()[-1] == "day: 4 resources, 2 warnings"
    world.write("day.yaml", STACK.replace("99999", "9999"))
    assert world("validate", "day.yaml", PASS="long-enough").out.splitlines()[-1] == "day: 4 resources, 1 warning"
    world.write("day.yaml", STACK.replace("99999", "9999").replace("250", "25"))
    assert world("validate", "day.yaml", PASS="long-enough").out == "day: 4 resources, no problems\n"


def test_errors_alone_are_told_where_there_are_both(world: World) -> None:
    world.write("day.yaml", STACK.replace("5001", "five"))
    ran = world("validate", "day.yaml", PASS="short")
    assert (ran.code, ran.out) == (3, "")
    assert "warning" not in ran.err


def test_a_long_list_is_cut(world: World) -> None:
    gates = "\n".join(f"        g{n}: {{variant: srt_push, port: 0}}" for n in range(60))
    world.write("day.yaml", STACK.replace("        it:\n", f"{gates}\n        it:\n"))
    ran = world("validate", "day.yaml", PASS="long-enough").out.splitlines()
    assert len(ran) == 52
    assert ran[-2:] == ["and 12 more findings", "day: 64 resources, 62 warnings"]


def test_a_short_secret_garbles_no_words_and_is_not_told_by_them(world: World) -> None:
    world.write("day.yaml", STACK)
    shown = world("validate", "day.yaml", PASS="ab").out
    assert "password is probably limited to 10..80 characters" in shown
    assert "(secret)" not in shown
