"""What a bad stack file is told: place, what is wrong, what to do; everything at once."""

from __future__ import annotations

import tracemalloc

import pytest

from headend.core.model.errors import InputError
from headend.core.stackfile import load, secret_finder

HEAD = "headend: 1\n"
ENV = HEAD + "fake:\n  environments:\n    e:\n      inputs:\n        a: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENV + "{variant: srt, port: 5001, latnecy: 5}", "unknown key `latnecy` (did you mean `latency`?)"),
        (ENV + "{variant: srt, port: 80}", "`port`: must be greater than or equal to 1025"),
        (ENV + "{variant: srt, port: high}", "`port`: must be a whole number"),
        (ENV + "{variant: srt, port: '5001'}", "`port`: must be a number"),
        (ENV + "{variant: srt, port: true}", "`port`: must be"),
        (ENV + "{variant: srt}", "`port` is missing"),
        (ENV + "{port: 5001}", "`variant` is missing (one of: `rtmp`, `srt`)"),
        (ENV + "{variant: srtt, port: 5001}", "unknown variant `srtt` (did you mean `srt`?)"),
        (ENV + "{variant: srt, port: 5001, environment: e}", "`environment` follows from where this stands"),
        (ENV + "{variant: srt, port: 5001, backup: b}", "`backup`: there is no fake.input `b`"),
        (ENV + "{variant: srt, port: 5001, backup: {name: a}}", "`backup`: not a reference"),
        (
            HEAD + "fake: {inputs: {a: {variant: rtmp, url: u, environment: {id: e}}}, "
            "rules: {a: {account: a}, r: {account: b, tiles: {1: a}}}}",
            "`a` may be fake.inputs.a and fake.rules.a (give one of them another key)",
        ),
        (ENV + "{variant: srt, port: 5001, port: 5002}", "key `port` is given twice"),
        (ENV + "{variant: srt, port: '${vars.prot}'}", "unknown variable `${vars.prot}`"),
        (ENV + "{variant: srt, port: '${vars.prot'}", "`${` without its `}`"),
        (ENV + "{variant: rtmp, url: {secret: CDN}}", "secret `CDN` is not set (set the environment variable CDN"),
        (ENV + "{variant: srt, port: 6666}", "port 6666"),
        (ENV + "5", "must be a mapping, not a number"),
        (HEAD + "fake: {environments: {e: {large: yes}}}", "`large`: must be true or false"),
        (HEAD + "fake: {environment: {}}", "unknown key `environment` (did you mean `environments`?)"),
        (HEAD + "fake: {environments: {a.b: {}}}", "`a.b` can't be a resource's name"),
        (HEAD + "faek: {}", "unknown key `faek` (did you mean `fake`?)"),
        (HEAD + "fake: []", "`fake` is a mapping"),
        (HEAD + "fake: {rules: {r: {account: a, lifecycle: {protcet: true}}}}", "(did you mean `protect`?)"),
        (HEAD + "fake: {rules: {r: {account: a, lifecycle: {adopt: maybe}}}}", "`adopt`: must be 'never' or 'match'"),
        (HEAD + "fake: {rules: {r: {account: a, lifecycle: {ignore_changes: [limt]}}}}", "did you mean `limit`?"),
        (HEAD + "fake: {rules: {r: {account: a, lifecycle: {depends_on: [fake.rules.s]}}}}", "no resource"),
        (HEAD + "fake: {rules: {r: {account: a, lifecycle: {renamed_from: r}}}}", "still stands in the stack"),
        (HEAD + "fake: {rules: {r: {account: a, steps: [{duraton: 1, duration: 1}]}}}", "(did you mean `duration`?)"),
        (HEAD + "fake: {rules: {r: {account: a, steps: [{duration: '1'}]}}}", "`steps.0.duration`: must be a number"),
        (HEAD + "fake: {rules: {r: {account: a}, s: {account: a}}}", "is the same object as fake.rules.r"),
        (HEAD + "fake: {rules: {r: {account: !!python/name:os.system a}}}", "a tag is not allowed here"),
        (HEAD + "fake: {rules: {r: {account: a, limit: .inf}}}", "a number that is not finite"),
        (HEAD + "fake: {rules: {r: &r {account: a, extra: *r}}}", "alias `*r` has no finished anchor"),
        (HEAD + "fake: {rules: {r: {<<: {limit: 1}, account: a}}}", "`<<` (merge) is not part of YAML 1.2"),
        (HEAD + "connections: {fake: {key: {secret: K}}}", "a secret can't stand here"),
        (HEAD + "connections: {fkae: {}}", "unknown platform `fkae`"),
        (HEAD + "vars: {a: '${vars.b}'}", "refers to another"),
        (
            HEAD + "vars: {a: null}",
            "variable `a` has no value (give it one: --var a=VALUE, or the environment",
        ),
        (HEAD + "vars: {a: [1]}", "variable `a` is a list"),
        (HEAD + "stack: [1]", "`stack` is a name"),
        (HEAD + "extends: none.yaml", "there is no such file"),
        (HEAD + 'extends: "nul\\0.yaml"', "`extends: nul\0.yaml`: there is no such file"),
        (HEAD + f"extends: [{'n' * 300}]", "can't be read: File name too long"),
        (HEAD + f"extends: {'x/' * 3000}y", "can't be read: File name too long"),
        (HEAD + "extends: .", "is not a file"),
        (HEAD + "extends: test.yaml", "goes in a circle"),
        ("headend: 2", "a format of stack files"),
        ("fake: {}", "`headend` is missing"),
        ("[]", "a stack file is a mapping"),
        ("", "the file is empty"),
        ("headend: 1\n---\nheadend: 1", "a second YAML document"),
        ("headend: {", "not valid YAML"),
        ("headend: \x01", "a character that YAML forbids"),
        ("[" * 60, "nested deeper than 50 levels"),
    ],
)
def test_each_slip_is_told_once_with_a_place(refused, text, expected):
    (problem,) = refused(text)
    assert expected in problem
    assert problem.split(":")[0].isdigit()


def test_all_problems_come_at_once_in_file_order(refused):
    text = HEAD + "fake:\n  rules:\n    r: {acount: a, limit: x, input: nix}\n    s: {account: b, extra: {secret: S}}\n"
    assert [p.split(": ")[0] for p in refused(text)] == ["4:5", "4:9", "4:27", "4:37", "5:28"]


def test_a_place_names_its_file(refused):
    problems = refused({"top.yaml": "extends: base.yaml\nfake: {rules: {r: {limit: x}}}", "base.yaml": HEAD})
    assert [p.split(": ")[0] for p in problems] == ["top.yaml:2:16", "top.yaml:2:27"]


def test_null_with_nothing_to_remove_is_a_slip(refused):
    base = HEAD + "fake: {rules: {r: {account: a, limit: 2}}}"
    (problem,) = refused({"top.yaml": "extends: base.yaml\nfake: {rules: {r: {limt: null}}}", "base.yaml": base})
    assert "nothing to remove" in problem
    assert "did you mean `limit`?" in problem


def test_a_name_in_another_environment_is_suggested_as_it_must_be_written(refused):
    text = ENV + "{variant: srt, port: 5001, backup: far}\n    f: {inputs: {far: {variant: srt, port: 5001}}}"
    (problem,) = refused(text)
    assert "did you mean `f/far`?" in problem


def test_circles_are_refused_each_once(refused):
    rules = "a: {account: a, follows: b}, b: {account: b, follows: a}, c: {account: c, follows: c}"
    one, two = refused(HEAD + f"fake: {{rules: {{{rules}}}}}")
    assert "fake.rules.a -> fake.rules.b -> fake.rules.a" in one
    assert "fake.rules.c -> fake.rules.c" in two


def test_unknown_var_is_refused(refused):
    (problem,) = refused(HEAD + "vars: {port: 1}", variables={"prot": "2"})
    assert "--var prot" in problem
    assert "did you mean `port`?" in problem


@pytest.mark.parametrize("secret", ["short", "with a blank in it", "password-13"])
@pytest.mark.parametrize("port", [5001, 6666, 80])
def test_a_refused_secret_is_not_shown(refused, secret, port):
    for given in ("{secret: P}", f"'{secret}'"):
        problems = refused(ENV + f"{{variant: srt, port: {port}, password: {given}}}", {"P": secret})
        assert secret not in " ".join(problems)


def test_a_secret_number_is_not_shown(refused):
    (problem,) = refused(ENV + "{variant: srt, port: {secret: P}}", {"P": "6666"})
    assert "port (secret) with None" in problem


BOMB = (
    "headend: 1\na0: &a0 [x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    + "fake: {rules: {r: {account: a, extra: {x: *a29}}}}\n"
)


def test_a_yaml_bomb_is_refused_cheaply(refused):
    tracemalloc.start()
    (problem,) = refused(BOMB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "once aliases are expanded" in problem
    assert peak < 20_000_000


def test_a_huge_file_is_refused(refused):
    (problem,) = refused("#" * (4 * 1024 * 1024 + 1))
    assert "larger than 4 MiB" in problem


@pytest.mark.parametrize("name", ["nul\0.yaml", "n" * 300, "\ud800", "."])
def test_what_can_be_no_file_is_named(tmp_path, name):
    with pytest.raises(InputError, match="can't read"):
        load(tmp_path / name, kinds={}, secret=lambda name: None)


def test_a_link_that_leads_to_itself_is_no_file(tmp_path):
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "s.yaml").write_text(HEAD + "extends: loop.yaml")
    with pytest.raises(InputError, match=r"`extends: loop\.yaml`: there is no such file"):
        load(tmp_path / "s.yaml", kinds={}, secret=lambda name: None)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"can't read .*nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml", kinds={}, secret=lambda name: None)


def test_secrets_come_from_the_environment_then_from_the_file(tmp_path):
    file = tmp_path / "secrets.yaml"
    file.write_text("A: from-file\nB: 0123\n")
    secret = secret_finder({"HEADEND_SECRETS_FILE": str(file), "A": "from-env"})
    assert (secret("A"), secret("B"), secret("C")) == ("from-env", "0123", None)
    assert secret_finder({})("A") is None


@pytest.mark.parametrize(
    "text", ["canary9", "A: *canary9", "A: !canary9 x", "canary9: x\ncanary9: y", "A: [canary9]", "A: {", "? [canary9]"]
)
def test_a_bad_secrets_file_is_refused_without_quoting_it(tmp_path, text):
    file = tmp_path / "secrets.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        secret_finder({"HEADEND_SECRETS_FILE": str(file)})
    assert "HEADEND_SECRETS_FILE" in str(caught.value)
    assert "canary9" not in str(caught.value)
