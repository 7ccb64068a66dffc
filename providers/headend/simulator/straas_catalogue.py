"""The catalogue of the simulated Straas, and its members: what is read, and registered (S-32..S-47).

What a row has that says nothing else is the document's: its samples decide where its tables differ (S-164).
"""

from __future__ import annotations

from headend.simulator.base import Call, Reply, handles
from headend.simulator.straas import PAGING, StraasSim, StraasTable

_EXTRAS = ("line_item", "transaction")
_ACCOUNT = {"account_id": "simulated-account"}
_SHOWN = {"thumbnail_urls": None, "poster_url": None, "embed_url": None, "user": None, "ad_tag": None}
_TITLED = {**_ACCOUNT, **_SHOWN, "title": "", "synopsis": ""}


class Members(StraasSim):
    """Members, and what they have bought."""

    members = StraasTable("member", blank={"email": "", "membership": "free"}, stamped=False)
    orders = StraasTable(
        "order",
        blank={
            "amount_cent": 0,
            "amount_currency": "TWD",
            "customer": {"member_id": "", "member_email": ""},
            "line_item": None,
            "transaction": None,
        },
        stamped=False,
    )

    @handles("member.create")
    async def register(self, call: Call) -> Reply:
        body = self.body(call, ("id", "email"))
        known = self.world["members"].get(body["id"])
        if known is None:
            self.add("members", **body)
        elif self.switch("duplicate") == "updated":
            known["email"] = body["email"]
        else:
            status = 409 if self.switch("duplicate") == "conflict" else 422
            return self.error(status, "id has already been taken")
        typo = {"email": body["email"].replace("m", "n")} if self.switch("echo_typo") else {}
        return self.reply({**body, **typo}, 201)

    @handles("order.list", takes=("member_id", "includes", *PAGING))
    async def list_orders(self, call: Call) -> Reply:
        """Without headers that say how many there are (S-41)."""
        member = self.needed(call, "member_id")
        extras = _split(call.q("includes"))
        if wrong := [word for word in extras if word not in _EXTRAS]:
            return self.error(422, f"includes: {wrong[0]} is unknown")
        mine = [row for row in self.world["orders"].values() if row["customer"]["member_id"] == member]
        hidden = set(_EXTRAS) - set(extras)
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in mine]
        return self.page(call, rows, told=False)


class Catalogue(StraasSim):
    """A default category, a playlist, and whatever is put beside them."""

    ad_banners = StraasTable("ad_banner", blank={**_ACCOUNT, "name": "", "image": {"url": None}, "link": ""})
    categories = StraasTable(
        "category",
        blank={
            "default": False,
            "name": "",
            "description": "",
            "videos_count": 0,
            "lives_count": 0,
            "parent_id": None,
        },
        world="categories",
    )
    lives = StraasTable(
        "live",
        blank={
            **_TITLED,
            "listed": True,
            "available": True,
            "highest_resolution": None,
            "full_hd_enabled": False,
            "cover_url": None,
            "thumbnail_set": None,
            "category": None,
            "videos": [],
        },
    )
    playlists = StraasTable("playlist", blank={**_TITLED, "videos_count": 0, "ad_play_mode": "once"})
    videos = StraasTable(
        "video",
        blank={
            **_TITLED,
            **dict.fromkeys(
                ("available_from", "available_till", "stream_url", "metadata", "thumbnail_set", "category")
            ),
            **dict.fromkeys(("statistic_summary", "live_id", "live_started_at", "live_ended_at")),
            **dict.fromkeys(("public", "accomplished", "available"), True),
            **{"duration": 0, "resolution": "_1080p", "privacy": "PUBLIC", "download_urls": {}, "tags": []},
        },
    )

    def populate(self) -> None:
        super().populate()
        self.add("categories", id=1, default=True, name="未分類", description="預設分類")
        self.add("playlists", id="plHghl01", title="Highlights", synopsis="The best of the season")

    @handles("playlist.get", takes=PAGING)
    async def playlist(self, call: Call) -> Reply:
        """The document's sample asks for a page, without effect (S-42)."""
        return self.playlists.answer(self, call, self.playlists.found(self, call))

    @handles("member_playlist.get", "member_video.get")
    async def as_member(self, call: Call) -> Reply:
        """What the member may see, without the account's id (S-43, S-46)."""
        kind = self.playlists if call.op.key == "member_playlist.get" else self.videos
        row = kind.found(self, call)
        if call.path["id"] in self.world["restricted"]:
            return self.error(self.switch("unauthorized"), "Unauthorized resource")
        return self.reply({name: value for name, value in row.items() if name != "account_id"})

    @handles("video.list", takes=("ids", "category_ids", "tag_ids", "order_by", *PAGING))
    async def list_videos(self, call: Call) -> Reply:
        rows = list(self.world["videos"].values())
        if (ids := call.q("ids")) is not None:
            rows = [row for row in rows if row["id"] in _split(ids)]
        if (categories := call.q("category_ids")) is not None:
            rows = [row for row in rows if str((row["category"] or {}).get("id")) in _split(categories)]
        if (tags := call.q("tag_ids")) is not None:
            rows = [row for row in rows if {str(tag["id"]) for tag in row["tags"]} & set(_split(tags))]
        if call.q("order_by") not in {None, "create_time"}:
            return self.error(422, "order_by is invalid")
        return self.page(call, rows, by="created_at" if call.q("order_by") else "id")


def _split(words: str | None) -> list[str]:
    return [word for word in (words or "").split(",") if word]
