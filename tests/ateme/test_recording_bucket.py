"""Recording buckets: made once, and there to stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_engine import Engine
from headend.ateme.recording_bucket import RecordingBucket, RecordingBucketKind
from headend.core.model.proposal import Action

AT = "ateme.recording_buckets.archive"
KEYS = {"access_key": "canary-access", "secret_key": "canary-secret"}
FULL = {"bucket_path": "example-archive/matches", **KEYS}


def stack(**fields: Any) -> dict[str, Any]:
    return {"headend": 1, "stack": "one", "ateme": {"recording_buckets": {"archive": fields} if fields else {}}}


@pytest.mark.contract("A-598", "A-599", "A-600", "A-601")
def test_it_has_a_name_and_a_path_of_a_bucket_and_a_folder() -> None:
    good = {"name": "n", "bucket_path": "bucket/folder/sub folder"}
    assert RecordingBucket(**good, **KEYS).delivery_type is None
    for bad in ({"name": ""}, {"name": "x" * 256}, {"bucket_path": "bucket"}, {"bucket_path": "s3://bucket/a"}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            RecordingBucket(**{**good, **bad})
    with pytest.raises(ValidationError, match="secret_key"):
        RecordingBucket(**good, extra={"secret_key": "x"})
    for delivery, warnings in ((None, 0), ("s3", 0), ("azure", 1)):
        assert len(RecordingBucketKind().check(RecordingBucket(**good, delivery_type=delivery), {})) == warnings


@pytest.mark.contract("A-285", "A-286", "A-601", "A-602", "A-771", "A-22", "A-24")
@pytest.mark.parametrize("switches", [{}, {"secrets_shown": True, "envelope": "object", "wrapped": True}])
def test_it_is_made_once_and_its_secrets_are_not_verifiable(tmp_path: Path, switches: dict[str, Any]) -> None:
    engine = Engine(tmp_path, switches)
    engine.done(stack(**FULL))
    assert engine.world["recording_buckets"] == {
        "bucket-1": {"recording_bucket_id": "bucket-1", "name": "archive", "organisation_id": "org-1", **FULL}
    }
    step = engine.step(stack(**FULL), AT)
    assert (step.action, sorted(step.unverifiable)) == (Action.NONE, ["access_key", "secret_key"])
    shown = str(engine.sim.journal) + (tmp_path / "state.db").read_bytes().decode("latin-1")
    assert "canary-" not in shown


@pytest.mark.contract("A-762", "A-764", "A-836")
@pytest.mark.parametrize("change", [{"bucket_path": "example-archive/cups"}, {"secret_key": "another"}])
def test_a_change_makes_another_one_which_needs_another_name(tmp_path: Path, change: dict[str, Any]) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    (problem,) = engine.problems(stack(**FULL | change))
    assert problem == f"{AT}: the name archive is taken: no call changes or deletes a bucket (A-764)"
    wanted = stack(**FULL | change, name="cups")
    step = engine.step(wanted, AT)
    assert (step.action, [text for text in step.warnings if "stays" in text] != []) == (Action.REPLACE, True)
    engine.done(wanted)
    assert engine.written() == ["recording_bucket.create"] * 2
    assert engine.plan(wanted).writes() == ()


@pytest.mark.contract("A-764")
def test_what_leaves_the_stack_stays_and_the_plan_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.done(stack(**FULL))
    left = stack()
    step = engine.step(left, AT)
    assert step.action is Action.FORGET
    assert list(step.warnings) == ["the bucket stays at Ateme+: no call changes or deletes a bucket (A-764)"]
    engine.done(stack(**FULL), destroy=True)
    assert list(engine.world["recording_buckets"]) == ["bucket-1"]
    (refusal,) = engine.step(stack(**FULL), AT).refusals
    assert refusal.why == "one like it exists already (bucket-1)"
    engine.done(stack(**FULL, lifecycle={"adopt": "match"}))
    assert engine.written() == ["recording_bucket.create"]
