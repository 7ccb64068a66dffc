"""What the limits family answers, and which 404 is Rights Locker's; entitlements are in `content`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headend.core.model.errors import DecodeError, Refused
from headend.core.wire.decode import Shape, decode

if TYPE_CHECKING:
    from headend.core.wire.client import Answer


def is_own_404(answer: Answer) -> bool:
    """Whether the service itself can have given a 404: it has no body, or JSON. A proxy's page, or a wrong base URL,
    must not look like a deleted object (R-17)."""
    return answer.body in (None, "") or answer.is_json


class Done(Shape):
    """What the writes of the limits family answer."""

    message: str = "OK"


class Categories(Shape):
    """The names, under the key of the examples or of the schema; null is the same as none (R-35)."""

    categories: list[str] | None = None
    users: list[str] | None = None


def acknowledge(key: str, answer: Answer) -> None:
    """Raises Refused for a success whose message is not OK (R-16), and DecodeError for one that isn't of this service.
    An empty body is success."""
    if answer.body is None and not answer.is_json:
        return
    done = decode(Done, f"rights_locker: {key}", answer.body)
    if answer.body and not done.model_fields_set:
        raise DecodeError(f"rights_locker: {key}: neither OK nor nothing in the answer", status=answer.status)
    if done.message.upper() != "OK":
        raise Refused(f"rights_locker {key}: answered {answer.status} with the message {done.message!r}", status=200)


def categories(answer: Answer) -> frozenset[str]:
    """The names in an E4 answer, under either key; any other shape is an error, not an empty set (R-35)."""
    body: Any = answer.body
    if isinstance(body, dict) and "message" in body:
        acknowledge("categories.get", answer)
    found = decode(Categories, "rights_locker: categories.get", body)
    if body and not found.model_fields_set:
        raise DecodeError("rights_locker: categories.get: neither categories nor users in the answer", status=200)
    lists = [frozenset(getattr(found, name) or ()) for name in found.model_fields_set]
    if len(set(lists)) > 1:
        raise DecodeError("rights_locker: categories.get: categories and users differ", status=200)
    return lists[0] if lists else frozenset()
