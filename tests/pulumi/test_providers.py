"""The dynamic providers without an engine: names and pickles."""

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
