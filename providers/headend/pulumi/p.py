"""One provider object per kind, under a name short enough for state files.

Every resource's state entry holds its provider's pickle. These objects pickle as a mere name: this module's, and a
checksum of the kind's name, so that no table of names has to be kept and no entry ever goes stale. Both are a promise.
"""

from __future__ import annotations

import functools
from zlib import crc32

from pulumi.dynamic.dynamic import serialize_provider

from headend.core.wire.registry import kinds
from headend.pulumi.provider import KindProvider
from headend.pulumi.snapshot import class_name


def code(kind: str) -> str:
    """The name a kind's provider goes by in state files."""
    return f"k{crc32(kind.encode()):08x}"


PROVIDERS: dict[str, KindProvider] = {
    name: type(class_name(name), (KindProvider,), {"kind_name": name, "__module__": __name__})() for name in kinds()
}
globals().update({code(name): provider for name, provider in PROVIDERS.items()})


@functools.cache
def pickled(kind: str) -> str:
    """What stands of the provider in a resource's entry."""
    return str(serialize_provider(PROVIDERS[kind]))
