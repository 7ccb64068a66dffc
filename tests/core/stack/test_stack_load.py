"""What a good stack file becomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stack_kinds import KINDS

from headend.core.model import kind as kind_module
from headend.core.model.findings import Level
from headend.core.model.references import Reference
from headend.core.model.stack import Adopt
from headend.core.reconcile.resolve import resolve

GOOD = """\
headend: 1
vars: {port: 5001, site: north, exact: 1.10}
connections: {fake: {url: "https://${vars.site}.example"}}
options: {on_air_window: 45m, maintenance: [{start: 2026-12-05T02:00:00Z, end: 2026-12-05T05:00:00+01:00}]}
fake:
  environments:
    matchday:
      lifecycle: {protect: true}
      inputs:
        a: {variant: srt, port: "${vars.port}", password: {secret: A}, backup: b}
        b: {variant: rtmp, url: "rtmp://${vars.site}/${vars.exact}?$${x}", name: Bee}
    spare:
      inputs:
        a: {variant: srt, port: 5002, backup: matchday/b, latency: 8000}
    empty:
  inputs:
    outside: {variant: srt, port: 5003, environment: {id: env-9}}
  rules:
    r: {account: x, input: matchday/a, inputs: [spare/a, {id: in-7}, outside]}
"""


@pytest.fixture
def stack(read):
    return read(GOOD, {"A": "sesame-open-1"})


def test_addresses_are_paths(stack):
    assert list(stack.resources) == [
        "fake.environments.matchday",
        "fake.environments.matchday.inputs.a",
        "fake.environments.matchday.inputs.b",
        "fake.environments.spare",
        "fake.environments.spare.inputs.a",
        "fake.environments.empty",
        "fake.inputs.outside",
        "fake.rules.r",
    ]
    assert stack.name == "test"


def test_names_become_references_and_ids_stay(stack):
    a = stack.resources["fake.environments.matchday.inputs.a"]
    assert a.spec.environment == Reference("fake.environments.matchday")
    assert a.spec.backup == Reference("fake.environments.matchday.inputs.b")
    assert stack.resources["fake.environments.spare.inputs.a"].spec.backup == a.spec.backup
    assert stack.resources["fake.inputs.outside"].spec.environment == "env-9"
    rule = stack.resources["fake.rules.r"].spec
    assert rule.input == Reference(a.address)
    assert rule.inputs == [Reference("fake.environments.spare.inputs.a"), "in-7", Reference("fake.inputs.outside")]


def test_a_mapping_may_hold_references_and_a_name_may_stand_for_what_its_resource_makes(read):
    text = GOOD + "    mv: {account: y, tiles: {1: matchday/a, 2: r, 3: {id: in-7}}}\n"
    rule = read(text, {"A": "sesame-open-1"}).resources["fake.rules.mv"]
    a, r = Reference("fake.environments.matchday.inputs.a"), Reference("fake.rules.r", "made")
    assert rule.spec.tiles == {1: a, 2: r, 3: "in-7"}
    assert rule.references() == {a.address, r.address}
    resolved = resolve(rule.spec, {a.address: "in-1", "fake.rules.r": "rule-1", "fake.rules.r#made": "in-9"})
    assert resolved.tiles == {1: "in-1", 2: "in-9", 3: "in-7"}


def test_references_in_lists_are_dependencies_too(stack):
    assert stack.resources["fake.rules.r"].references() == {
        "fake.environments.matchday.inputs.a",
        "fake.environments.spare.inputs.a",
        "fake.inputs.outside",
    }


def test_variables_keep_their_type_alone_and_their_text_inside(stack):
    assert stack.resources["fake.environments.matchday.inputs.a"].spec.port == 5001
    assert stack.resources["fake.environments.matchday.inputs.b"].spec.url == "rtmp://north/1.10?${x}"
    assert stack.connections == {"fake": {"url": "https://north.example"}}
    assert stack.options.on_air_window == timedelta(minutes=45)
    assert [(m.start.hour, m.end.hour) for m in stack.options.maintenance] == [(2, 5)]


def test_named_defaults_to_the_key(stack):
    a, b = (stack.resources[f"fake.environments.matchday.inputs.{k}"] for k in "ab")
    assert (a.spec.name, a.defaulted) == ("a", {"name"})
    assert (b.spec.name, b.defaulted) == ("Bee", frozenset())


def test_secrets_are_marked_and_never_shown(stack):
    a, b = (stack.resources[f"fake.environments.matchday.inputs.{k}"] for k in "ab")
    assert a.spec.password == "sesame-open-1"
    assert a.secret_fields == {"password"}
    assert b.secret_fields == frozenset()
    assert "sesame" not in repr(stack)


def test_a_field_given_by_secret_is_secret_at_any_depth(read):
    text = "headend: 1\nfake: {rules: {r: {account: x, extra: {deep: [{secret: K}]}}}}"
    rule = read(text, {"K": "hush"}).resources["fake.rules.r"]
    assert rule.spec.extra == {"deep": ["hush"]}
    assert rule.secret_fields == {"extra"}


def test_sources_count_from_one(stack):
    a = stack.resources["fake.environments.matchday.inputs.a"]
    assert (a.source.line, a.source.column) == (10, 9)
    assert (a.sources["port"].line, a.sources["port"].column) == (10, 33)


def test_warnings_do_not_refuse(stack):
    (warning,) = stack.remarks
    assert (warning.level, warning.message, warning.address, warning.source.line) == (
        Level.WARNING,
        "slow",
        "fake.environments.spare.inputs.a",
        14,
    )


@pytest.mark.parametrize("word", ["on", "no", "yes", "12:30", "2026-12-05T15:00:00Z", "0123x", "1_000", "=", "0b1"])
def test_yaml_1_2_leaves_these_strings(read, word):
    stack = read(f"headend: 1\nfake: {{rules: {{r: {{account: {word}}}}}}}")
    assert stack.resources["fake.rules.r"].spec.account == word


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *[("0x10", 16), ("0o17", 15), ("-5", -5), ("007", 7), ("1e3", 1000.0), ("5.", 5.0), (".5", 0.5)],
        *[("~", None), ("True", True), ("FALSE", False), ("!!str 5", "5"), ("'5'", "5")],
    ],
)
def test_yaml_1_2_reads_these(read, word, value):
    got = read(f"headend: 1\nfake: {{rules: {{r: {{account: a, extra: {{x: {word}}}}}}}}}")
    found = got.resources["fake.rules.r"].spec.extra["x"]
    assert found == value
    assert type(found) is type(value)


def test_anchors_repeat_a_value(read):
    stack = read("headend: 1\nfake:\n  rules:\n    r: {account: a, extra: &e {x: 1}}\n    s: {account: b, extra: *e}\n")
    assert stack.resources["fake.rules.s"].spec.extra == {"x": 1}


def test_overlay_merges_replaces_and_removes(read):
    base = """\
headend: 1
stack: base
vars: {limit: 1}
fake:
  rules:
    keep: {account: a, limit: "${vars.limit}", extra: {x: 1, y: 2}}
    gone: {account: b}
    key: {account: c, extra: {k: {secret: OLD}}}
"""
    over = """\
extends: base/base.yaml
stack: over
vars: {limit: 7}
fake:
  rules:
    keep: {extra: {y: null, z: 3}}
    gone: null
    key: {extra: {k: {secret: NEW}}}
    new: {account: d}
"""
    stack = read({"over.yaml": over, "base/base.yaml": base}, {"NEW": "n"})
    assert [r.key for r in stack.resources.values()] == ["keep", "key", "new"]
    keep = stack.resources["fake.rules.keep"].spec
    assert (keep.account, keep.limit, keep.extra) == ("a", 7, {"x": 1, "z": 3})
    assert stack.resources["fake.rules.key"].spec.extra == {"k": "n"}
    assert stack.name == "over"


def test_overlays_lie_in_the_order_they_are_listed(read):
    files = {
        "top.yaml": "extends: [a.yaml, b.yaml]\nheadend: 1",
        "a.yaml": "fake: {rules: {r: {account: a, limit: 1}}}",
        "b.yaml": "fake: {rules: {r: {limit: 2}}}",
    }
    spec = read(files).resources["fake.rules.r"].spec
    assert (spec.account, spec.limit) == ("a", 2)


def test_var_and_stack_make_a_throw_away_copy(read):
    text = 'headend: 1\nvars: {pr: null, size: "5"}\n'
    text += 'fake: {environments: {e: {name: "${stack.name}-${vars.pr}-${vars.size}"}}}'
    stack = read(text, variables={"pr": "17", "size": "6"}, stack_name="review")
    assert stack.resources["fake.environments.e"].spec.name == "review-17-6"


def test_lifecycle(read):
    text = """\
headend: 1
fake:
  rules:
    a:
      account: a
      lifecycle: {protect: false, retain: true, ignore_changes: [extra.x], adopt: match, renamed_from: z}
    b: {account: b, lifecycle: {adopt: {id: r-1}, depends_on: [fake.rules.a], renamed_from: fake.rules.old}}
    c: {account: c}
    d: {account: d, lifecycle: {adopt: never}}
"""
    a, b, c, d = (r.lifecycle for r in read(text).resources.values())
    assert (a.protect, a.retain, a.ignore_changes, a.adopt) == (False, True, ("extra.x",), Adopt.MATCH)
    assert a.renamed_from == "fake.rules.z"
    assert (b.adopt_id, b.depends_on, b.renamed_from) == ("r-1", ("fake.rules.a",), "fake.rules.old")
    assert (c.protect, c.adopt, c.adopt_id, d.adopt) == (None, None, None, Adopt.NEVER)


def test_the_fake_kinds_are_not_registered():
    assert not set(KINDS) & set(kind_module.kinds)
