"""Recording in the simulated Ateme+ Cloud API (A-285, A-286)."""

from __future__ import annotations

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import TEXT, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call

_BUCKET = {
    "name": Rule(required=True, low=1, high=255),
    "bucket_path": Rule(required=True, form="[^/]+/.+"),
    "delivery_type": TEXT,
    "access_key": TEXT,
    "secret_key": TEXT,
}


class RecordingBuckets(Ateme):
    """Made in the active organisation, listed by the managing one; nobody changes or deletes them (A-836)."""

    buckets = AtemeTable(
        "recording_bucket",
        _BUCKET,
        serves=("list", "create"),
        counter="bucket",
        scope="organisation",
        listed="managing",
        readers="operator",
    )

    @buckets.shows
    def without_secrets(self, call: Call, row: Row) -> Row:
        shown = self.switch("secrets_shown")
        return {name: value for name, value in row.items() if shown or name not in {"access_key", "secret_key"}}
