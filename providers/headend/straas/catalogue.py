"""What stands in the catalogue of an account: found by its fields, and not managed (S-130..S-134, S-140)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from headend.core.model.lookup import Candidate, Lookup
from headend.straas.answers import Row

if TYPE_CHECKING:
    from headend.straas.api import Straas


class CatalogueLookup(Lookup["Straas"]):
    """One of the account's lists. single: the operation that reads one by its id, without the list."""

    rows: ClassVar[str]
    single: ClassVar[str | None] = None

    async def candidates(self, api: Straas, wanted: Mapping[str, Any]) -> Sequence[Candidate]:
        """The one with the id that is wanted, by one request; else all, from a list that is read once (S-137)."""
        if self.single and "id" in wanted:
            row = await api.shared(self.single, str(wanted["id"]))
            found = [] if row is None else [row]
        else:
            found = await api.listed(self.rows)
        return [Candidate(str(row["id"]), dict(self.seen(row))) for row in found]

    def seen(self, row: Row) -> list[tuple[str, Any]]:
        """(field, value) of all that the row has, null values included; `category_id` is in its category."""
        category = row.get("category")
        row = {**row, "category_id": category.get("id")} if isinstance(category, dict) else row
        return [(name, row[name]) for name in self.fields if name in row]


class AdBanner(CatalogueLookup):
    """An ad banner of the account (S-130)."""

    name = "straas.ad_banner"
    fields = {"id": "its id, an integer (S-50)", "name": "its name, as it is written", "link": "where it leads"}
    rows = "ad_banner.list"
    single = "ad_banner.get"


class Category(CatalogueLookup):
    """A category of videos. Names are not promised to be unique; every account has one default category (S-131)."""

    name = "straas.category"
    through = {"parent_id": "straas.category"}
    fields = {
        "id": "its id, an integer (S-51)",
        "name": "its name, as it is written",
        "parent_id": "id of the category that it is in; absent at the top",
        "default": "`true` for the one that every account has",
        "description": "what it is for",
    }
    rows = "category.list"


class Live(CatalogueLookup):
    """A live of the account (S-132)."""

    name = "straas.live"
    through = {"category_id": "straas.category"}
    fields = {
        "id": "its id (S-53)",
        "title": "its title, as it is written",
        "synopsis": "what it is about",
        "listed": "whether it is listed",
        "available": "whether it can be watched",
        "category_id": "id of its category",
    }
    rows = "live.list"
    single = "live.get"


class Playlist(CatalogueLookup):
    """A playlist of the account, without its videos (S-133)."""

    name = "straas.playlist"
    fields = {"id": "its id (S-56)", "title": "its title, as it is written", "synopsis": "what it is about"}
    rows = "playlist.list"
    single = "playlist.get"


class Video(CatalogueLookup):
    """A video of the account (S-134)."""

    name = "straas.video"
    through = {"category_id": "straas.category", "live_id": "straas.live"}
    fields = {
        "id": "its id (S-57)",
        "title": "its title, as it is written",
        "synopsis": "what it is about",
        "public": "whether it is public",
        "available": "whether it can be watched",
        "category_id": "id of its category",
        "live_id": "id of the live that it was recorded from",
    }
    rows = "video.list"
    single = "video.get"
