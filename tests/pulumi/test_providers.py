"""The dynamic providers without an engine: names, pickles, validation."""

import base64

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from headend.pulumi.p import PROVIDERS


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_is_a_name_of_under_64_characters(kind: str) -> None:
    pickled = serialize_provider(PROVIDERS[kind])
    assert len(pickled) < 64
    assert dill.loads(base64.b64decode(pickled)) is PROVIDERS[kind]


def test_whole_numbers_arrive_as_floats_and_leave_as_integers() -> None:
    checked = PROVIDERS["rights_locker.stream_limit"].check({}, {"account_id": "viewer-17", "limit": 3.0})
    assert not checked.failures
    assert checked.inputs["limit"] == 3
    assert type(checked.inputs["limit"]) is int


def test_a_wrong_value_is_named() -> None:
    checked = PROVIDERS["rights_locker.stream_limit"].check({}, {"account_id": "viewer-17", "limit": 0.0})
    assert [f.property for f in checked.failures] == ["limit"]
