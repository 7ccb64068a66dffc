"""What Straas answers, as the documents have it: the one place where answers are looked at.

Fields that headend reads have their documented type; what a row lacks counts as null (S-58), and what it has more is
left alone. Ids are whole numbers or text by what they are of (S-19).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import StringConstraints

from headend.core.model.errors import DecodeError
from headend.core.wire.decode import Shape, TextId, decode, decode_rows

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

Row = dict[str, Any]
_UNCHECKED = frozenset({"order.get"})  # the document's own samples answer with another one (S-167)


class Token(Shape):
    """What hands out a token, which goes into a header (S-31, S-39)."""

    token: Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[\x21-\x7e]+$")]


class Member(Shape):
    id: TextId
    email: TextId
    membership: str | None = None


class AdBanner(Shape):
    id: int
    name: str | None = None
    link: str | None = None


class Category(Shape):
    id: int
    name: str | None = None
    description: str | None = None
    default: bool | None = None
    parent_id: int | None = None


class Nested(Shape):
    id: int


class Playlist(Shape):
    id: TextId
    title: str | None = None
    synopsis: str | None = None


class Live(Playlist):
    listed: bool | None = None
    available: bool | None = None
    category: Nested | None = None


class Video(Playlist):
    public: bool | None = None
    available: bool | None = None
    live_id: str | None = None
    category: Nested | None = None


class Order(Shape):
    id: TextId


_SHAPES: Final[Mapping[str, type[Shape]]] = {
    "ad_banner": AdBanner,
    "category": Category,
    "live": Live,
    "member": Member,
    "member_playlist": Playlist,
    "member_video": Video,
    "order": Order,
    "playlist": Playlist,
    "video": Video,
}


def is_own_error(answer: Answer) -> bool:
    """Whether an error says something in the platform's words, which have one of these names (S-8); a proxy's page
    doesn't."""
    body = answer.body
    return isinstance(body, dict) and any(isinstance(body.get(name), str | dict) for name in ("error", "message"))


def object_of(key: str, body: Any, id: str) -> Row:
    """The one object that an answer holds. Raises DecodeError for another shape, or another object (S-167)."""
    decode(_shape(key), f"straas: {key}", body)
    row: Row = body
    if key not in _UNCHECKED and str(row["id"]) != id:
        raise DecodeError(f"straas {key}: asked for {id}, the answer is about {row['id']}", status=200)
    return row


def rows_of(key: str, body: Any) -> list[Row]:
    """The rows of a list. Raises DecodeError for another shape."""
    decode_rows(_shape(key), f"straas: {key}", body)
    return list(body)


def _shape(key: str) -> type[Shape]:
    return _SHAPES[key.rpartition(".")[0]]
