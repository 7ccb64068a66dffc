"""The stacks that this repository shows: each goes through its life, and a second plan finds nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import ROOT, headend
from headend.core.stackfile import load
from headend.core.wire.registry import kinds, platforms

SECRETS = {
    "STADIUM_PASSPHRASE": "a passphrase for tests",
    "AGENCY_PASSWORD": "an agency for tests",
    "CDN_URL": "rtmp://cdn.example.com/for-tests",
    "CDN_STREAM_KEY": "a key for tests",
    "PARTNER_PASSPHRASE": "a partner for tests",
    "DUTY_DESK": "a-desk-for-tests@example.com",
}
STACKS = ("demo", "dev", "prod")


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_is_applied_and_then_nothing_is_left_to_do(name: str, tmp_path: Path) -> None:
    file = ROOT / "stacks" / f"{name}.yaml"
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps(SECRETS))
    given = {"HEADEND_SECRETS_FILE": str(secrets)} if name == "prod" else {}
    assert headend(tmp_path, "validate", file, **given).returncode == 0
    assert headend(tmp_path, "plan", file, "--simulator", **given).returncode == 2
    applied = headend(tmp_path, "apply", file, "--simulator", "--yes", **given)
    assert applied.returncode == 0, applied.stderr
    again = headend(tmp_path, "plan", file, "--simulator", "--format", "json", **given)
    assert again.returncode == 0, again.stdout
    counts = {action: n for action, n in json.loads(again.stdout)["summary"].items() if n}
    assert set(counts) <= {"unchanged", "unverifiable"}
    assert sum(counts.values()) == len(load(file, secret=SECRETS.get).resources)
    spoken = applied.stdout + applied.stderr + again.stdout
    assert not [value for value in SECRETS.values() if value in spoken]


def test_production_is_not_destroyed_by_a_slip(tmp_path: Path) -> None:
    file = ROOT / "stacks" / "prod.yaml"
    assert headend(tmp_path, "apply", file, "--simulator", "--yes", **SECRETS).returncode == 0
    slip = headend(tmp_path, "destroy", file, "--simulator", "--yes", **SECRETS)
    assert slip.returncode == 5
    assert "lifecycle.protect" in slip.stderr


def test_protection_is_lifted_by_an_apply_and_then_destroy_may(tmp_path: Path) -> None:
    file, unprotected = ROOT / "stacks" / "prod.yaml", ("--yes", "--var", "protected=false")
    assert headend(tmp_path, "apply", file, "--simulator", "--yes", **SECRETS).returncode == 0
    assert headend(tmp_path, "apply", file, "--simulator", *unprotected, **SECRETS).returncode == 0
    assert headend(tmp_path, "destroy", file, "--simulator", *unprotected, **SECRETS).returncode == 0
    assert headend(tmp_path, "state", "list", "prod", "--simulator").stdout == ""


def test_production_names_the_secrets_it_lacks_and_asks_nobody(tmp_path: Path) -> None:
    refused = headend(tmp_path, "plan", ROOT / "stacks" / "prod.yaml", "--simulator")
    assert refused.returncode == 3
    assert all(name in refused.stderr for name in SECRETS)
    warned = headend(tmp_path, "validate", ROOT / "stacks" / "prod.yaml")
    assert warned.returncode == 0
    assert all(name in warned.stdout for name in SECRETS)


def test_the_demo_shows_every_platform_and_all_variants_of_inputs_and_outputs() -> None:
    resources = load(ROOT / "stacks" / "demo.yaml").resources.values()
    assert {r.kind.platform for r in resources} == set(platforms())
    shown = {(r.kind.name, r.spec.variant) for r in resources if r.kind.variants}
    # a Local-TS input is made by a multi-viewer, which no stack has yet
    wanted = ("ateme.input", "ateme.output")
    assert shown >= {(name, v) for name in wanted for v in kinds()[name].variants if v != "local_ts"}
