"""The tiles of a multi-viewer: which inputs they show, in which layout, and what is sent of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headend.ateme.environment import catalogue
from headend.ateme.fields import one_of
from headend.ateme.multi_viewer_spec import TILES, MultiViewer
from headend.core.model.errors import ApiError
from headend.core.model.findings import Level, Problem, warning
from headend.core.model.observed import Change
from headend.core.model.references import Reference

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

COUNTS = ("tile_count", "tiles_count", "number_of_tiles", "tiles")
"""What the number of tiles may be called in a layout, or the list of them (A-963)."""


async def misfits(api: Ateme, spec: MultiViewer) -> list[Problem]:
    """The layout must be offered, and have such tiles, if it tells how many (A-838, A-906)."""
    if api.settings.validation == "off":
        return []
    level = Level.WARNING if api.settings.validation == "warn" else Level.ERROR
    try:
        offered = await catalogue(api, "multi_viewer.layouts", {})
    except ApiError as error:
        return [warning(f"layout_id can't be checked: {error}")]
    layout = next((row for row in offered if one_of([row], spec.layout_id)), None)
    if layout is None:
        remedy = "`headend api multi_viewer.layouts` shows them"
        missing = Problem(f"layout_id: {spec.layout_id} is not offered", remedy=remedy, level=level)
        return [missing] if offered else []
    count = _count(layout)
    return [
        Problem(f"{field}: layout {spec.layout_id} has {count} tiles, and no tile {number}", level=level)
        for field in TILES
        for number in getattr(spec, field) or ()
        if count is not None and int(number) > count
    ]


def elsewhere(spec: MultiViewer) -> list[Problem]:
    """Tiles for inputs of other environments, which the platform would leave dark without a word (A-540)."""
    home = spec.environment
    if not isinstance(home, Reference):
        return []
    start, _, _ = home.address.rpartition(".")
    return [
        Problem(f"tile_inputs.{number}: {one.address} lies in another environment")
        for number, one in (spec.tile_inputs or {}).items()
        if isinstance(one, Reference) and one.address.startswith(f"{start}.")
        if not one.address.startswith(f"{home.address}.")
    ]


def _count(layout: Any) -> int | None:
    """The number of tiles, where the layout tells it (A-838)."""
    for name in COUNTS if isinstance(layout, Mapping) else ():
        value = layout.get(name)
        if isinstance(value, list):
            return len(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def changed_tiles(spec: MultiViewer, changes: Sequence[Change]) -> dict[str, dict[str, str]]:
    """The tiles that changed, each with all that the stack wants of it; "" takes away what it wanted before (A-755)."""
    wanted: dict[str, Mapping[str, Any]] = {"input_id": spec.tile_inputs or {}, "title": spec.tile_titles or {}}
    words = dict(zip(TILES, wanted, strict=True))
    before: dict[str, Mapping[str, Any]] = {word: {} for word in wanted}
    before |= {words[c.field]: c.before for c in changes if c.field in TILES and isinstance(c.before, Mapping)}
    numbers = {
        number
        for word in {words[change.field] for change in changes if change.field in TILES}
        for number in {*before[word], *wanted[word]}
        if before[word].get(number) != wanted[word].get(number)
    }
    return {
        number: {
            word: str(wanted[word].get(number, ""))
            for word in wanted
            if number in wanted[word] or number in before[word]
        }
        for number in sorted(numbers, key=int)
    }
