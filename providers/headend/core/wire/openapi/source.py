"""Where a document comes from: a file, or an address of the platform's own, read by the platform's own client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from headend.core.model.errors import ApiError, Forbidden, InputError
from headend.core.wire.invoke import Request
from headend.core.wire.openapi.reading import MAX_BYTES, parse_document
from headend.core.wire.operations import Operation, path_fault
from headend.core.wire.registry import Platform

if TYPE_CHECKING:
    from headend.core.wire.session import Session

USUAL = ("/swagger.json", "/api/swagger.json", "/openapi.json", "/apispec_1.json")
"""Where frameworks put it. No other place is tried."""


def is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def read_file(path: Path) -> bytes:
    """No more of it than tells that it is too large. Raises InputError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"--openapi {path}: {getattr(error, 'strerror', None) or error}") from None


async def download(address: str, platform: Platform, session: Session) -> bytes:
    """The document at an address of the platform's own. Raises InputError for any other, ApiError."""
    own = str(session.told(platform.name, "url") or "").rstrip("/")
    try:
        there, mine = urlsplit(address), urlsplit(own)
    except ValueError:
        raise InputError(f"--openapi {address}: no address") from None
    if (there.scheme, there.netloc.lower()) != (mine.scheme, mine.netloc.lower()) or there.username is not None:
        raise InputError(
            f"--openapi {there.scheme}://{there.hostname or ''}: headend reads a document only from the platform's own "
            f"host, {mine.netloc or 'which is not set'}: download it, and name the file"
        )
    if not there.path.startswith(f"{mine.path}/"):
        raise InputError(f"--openapi {address}: lies not below {own}: download it, and name the file")
    path = there.path.removeprefix(mine.path)
    if fault := path_fault(path):
        raise InputError(f"--openapi {address}: its path {fault}")
    return await _get(path, dict(parse_qsl(there.query)), platform, session)


async def find(platform: Platform, session: Session) -> tuple[str, bytes]:
    """(path, content) of the first of the usual places where there is one. Raises InputError where there is none."""
    said = []
    for path in USUAL:
        try:
            content = await _get(path, {}, platform, session)
            parse_document(content, path)
        except (ApiError, InputError) as error:
            said.append(f"{path}: {str(error).partition(f'{path}: ')[2]}")
            continue
        return path, content
    raise InputError(f"{platform.title}: no document at the usual places: {'; '.join(said)}")


async def _get(path: str, query: dict[str, str], platform: Platform, session: Session) -> bytes:
    """Without a login, and with one where it asks for that."""
    op = Operation("doctor.document", "GET", path, "", "the platform's document of itself")
    api = await session(platform.name)
    accepted = {"accept": "application/json, application/yaml;q=0.9, */*;q=0.5"}
    try:
        answer: Any = await session.clients[platform.name].send(op, query=query, headers=accepted)
    except Forbidden:
        answer = await platform.invoke(api, op, Request(query=query), None)
    content: bytes = answer.content
    return content
