"""The operations that a document describes, in one form for Swagger 2.0, OpenAPI 3.0 and 3.1.

Only paths are taken from a document. A host in it must be the platform's own, else the whole of it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from headend.core.model.errors import InputError
from headend.core.model.frozen import frozen_dataclass
from headend.core.wire.openapi.refs import Object, Refs, Unreadable
from headend.core.wire.operations import path_fault

_METHODS = ("get", "put", "post", "delete", "patch", "head")
_PLACE = re.compile(r"\{([^{}/<>]+)\}|<(?:[^<>:/]+:)?([^<>/:]+)>")  # {id}, <id>, <string:id>
_BODIES: Mapping[str, str] = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}
_VERSION = re.compile(r"3\.[01](\.[0-9]{1,3})?")
_PORTS = {"https": ":443", "http": ":80"}


@frozen_dataclass
class Place:
    """A value outside of the body. said: what the document tells of it."""

    name: str
    where: str
    schema: Any
    needed: bool
    said: str = ""


@frozen_dataclass
class Described:
    """One operation. path: with its places as `{}`. in_path: what these are called, in their order. body: its schema,
    None where it has none; encoding: as `Operation.body` says. answer: the schema of a success. fault: why it can't be
    used."""

    method: str
    shown: str
    title: str
    path: str = ""
    in_path: tuple[Place, ...] = ()
    beside: tuple[Place, ...] = ()
    body: Any = None
    encoding: str = ""
    answer: Any = None
    fault: str = ""

    @property
    def call(self) -> str:
        return f"{self.method} {self.shown}"

    @property
    def shape(self) -> tuple[str, str]:
        """What tells two calls apart."""
        return self.method, self.path


@frozen_dataclass
class Document:
    name: str
    version: str
    operations: tuple[Described, ...]
    refs: Refs = field(repr=False)


def read_operations(document: Object, name: str, own: str | None) -> Document:
    """Everything that a document describes. name: what errors call it. own: the url of the platform, if it is known.

    Raises InputError for what is no such document, and for one of another host."""
    swagger = document.get("swagger") == "2.0"
    version = str(document.get("swagger") or document.get("openapi") or "")
    if not swagger and not _VERSION.fullmatch(version):
        said = f"it says {version[:20]}" if version else f"it begins with {', '.join(list(document)[:4]) or 'nothing'}"
        raise InputError(f"{name}: neither Swagger 2.0 nor OpenAPI 3.0 or 3.1: {said}")
    reader = _Reader(document, Refs(document), swagger, name, own)
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise InputError(f"{name}: describes no operation: `paths` is missing, or empty")
    found = tuple(one for path, item in paths.items() for one in reader.item(str(path), item))
    return Document(name, f"{'Swagger' if swagger else 'OpenAPI'} {version}", found, reader.refs)


def shape_of(path: str) -> str:
    """A path with nothing in its places, and without its query."""
    return _PLACE.sub("{}", path.partition("?")[0])


class _Reader:
    def __init__(self, document: Object, refs: Refs, swagger: bool, name: str, own: str | None) -> None:
        self.refs, self.swagger, self.name, self.own = refs, swagger, name, own
        self.consumes = document.get("consumes")
        self.base = self._swagger_base(document) if swagger else self._base(document.get("servers"))

    # --- where it is -------------------------------------------------------------------------------------------
    def _swagger_base(self, document: Object) -> str:
        host, base = document.get("host"), document.get("basePath") or ""
        if host is not None:
            self._check_host(str(host))
        return str(base).rstrip("/")

    def _base(self, servers: Any) -> str:
        """What stands before each path. Raises InputError for another host, and where several are possible."""
        bases = set()
        for server in servers if isinstance(servers, list) else ():
            url = str(server.get("url", "")) if isinstance(server, Mapping) else ""
            try:
                parts = urlsplit(url)
            except ValueError:
                raise InputError(f"{self.name}: servers: {url!r} is no address") from None
            if parts.netloc or parts.scheme or url.startswith(("//", "\\")):
                self._check_host(parts.netloc)
            bases.add(parts.path.rstrip("/"))
        if len(bases) > 1:
            raise InputError(
                f"{self.name}: servers: {', '.join(sorted(bases))}: which one holds? Leave one of them in a copy"
            )
        return next(iter(bases), "")

    def _check_host(self, host: str) -> None:
        """Raises InputError unless it is the platform's own. How it is spoken to isn't taken from a document."""
        if self.own is None:
            raise InputError(
                f"{self.name}: is of the host {host}; set the platform's url, so that headend can tell whether it is it"
            )
        mine = urlsplit(self.own)
        port = _PORTS.get(mine.scheme, "")
        if host.lower().removesuffix(port) != mine.netloc.lower().removesuffix(port):
            raise InputError(
                f"{self.name}: is of the host {host!r}, and the platform is {mine.netloc}: no document leads to "
                "another host; take `host` or `servers` out of a copy if it is the right document all the same"
            )

    # --- what is there -----------------------------------------------------------------------------------------
    def item(self, path: str, given: Any) -> Iterator[Described]:
        try:
            item = self.refs.resolved(given)
        except Unreadable as error:
            yield Described("?", path, "", fault=str(error))
            return
        for method in _METHODS:
            if method in item:
                yield self._operation(method.upper(), path, item, item[method])

    def _operation(self, method: str, path: str, item: Object, given: Any) -> Described:
        title = ""
        try:
            said = self.refs.resolved(given)
            title = _title(said)
            return self._described(method, path, title, item, said)
        except Unreadable as error:
            return Described(method, path, title, fault=str(error))

    def _described(self, method: str, path: str, title: str, item: Object, said: Object) -> Described:
        base = self.base
        for one in (item, said):
            if not self.swagger and one.get("servers"):
                base = self._base(one["servers"])
        if not path.startswith("/") or "?" in path:
            raise Unreadable("its path must begin with a slash, and hold no query")
        whole = self._below_own(base + path)
        places = {(p.where, p.name): p for holder in (item, said) for p in self._places(holder)}
        body, encoding, fields = self._body(item, said)
        in_path = []
        for match in _PLACE.finditer(whole):
            word = match[1] or match[2]
            in_path.append(places.get(("path", word)) or Place(word, "path", None, True))
        if fault := path_fault(_PLACE.sub("x", whole)):
            raise Unreadable(f"its path {fault}")
        beside = tuple(p for p in (*places.values(), *fields) if p.where not in {"path", "body", "formData"})
        return Described(
            method,
            path,
            title,
            _PLACE.sub("{}", whole),
            tuple(in_path),
            beside,
            body,
            encoding,
            self._answer(said),
        )

    def _below_own(self, path: str) -> str:
        """Where the platform's url has a path itself, a document may count from the host."""
        mine = urlsplit(self.own).path.rstrip("/") if self.own else ""
        return path.removeprefix(mine) if mine and path.startswith(f"{mine}/") else path

    def _places(self, holder: Object) -> Iterator[Place]:
        given = holder.get("parameters")
        for one in given if isinstance(given, list) else ():
            known = self.refs.resolved(one)
            schema = known if self.swagger and known.get("in") != "body" else known.get("schema")
            said = _said(known, schema if isinstance(schema, Mapping) else {})
            where = str(known.get("in"))
            yield Place(str(known.get("name")), where, schema, known.get("required") is True or where == "path", said)

    def _body(self, item: Object, said: Object) -> tuple[Any, str, list[Place]]:
        """(schema, encoding) of the body; no encoding where the document doesn't say that there is one."""
        if not self.swagger:
            if "requestBody" not in said:
                return None, "", []
            content = self.refs.resolved(said["requestBody"]).get("content")
            for media, form in (content if isinstance(content, Mapping) else {}).items():
                encoding = _BODIES.get(str(media).partition(";")[0].strip().lower())
                if encoding:
                    return self.refs.resolved(form).get("schema"), encoding, []
            return None, "", []
        given = [place for holder in (item, said) for place in self._places(holder)]
        for place in given:
            if place.where == "body":
                return place.schema, "json", []
        fields = [place for place in given if place.where == "formData"]
        if not fields:
            return None, "", []
        consumes = said.get("consumes") or self.consumes or []
        files = any(isinstance(p.schema, Mapping) and p.schema.get("type") == "file" for p in fields)
        multipart = files or "multipart/form-data" in consumes
        schema = {
            "type": "object",
            "properties": {place.name: place.schema for place in fields},
            "required": [place.name for place in fields if place.needed],
        }
        return schema, "multipart" if multipart else "form", []

    def _answer(self, said: Object) -> Any:
        """The schema of the first success."""
        responses = said.get("responses")
        for status, one in (responses if isinstance(responses, Mapping) else {}).items():
            if not str(status).startswith("2"):
                continue
            answer = self.refs.resolved(one)
            if self.swagger:
                return answer.get("schema")
            content = answer.get("content")
            for media, form in (content if isinstance(content, Mapping) else {}).items():
                if "json" in str(media):
                    return self.refs.resolved(form).get("schema")
        return None


def _title(said: Object) -> str:
    """The summary, else the first line of the description."""
    for word in ("summary", "description"):
        lines = str(said.get(word) or "").strip().splitlines()
        if lines:
            return lines[0].strip()
    return ""


def _said(*holders: Object) -> str:
    return " ".join(str(one["description"]) for one in holders if one.get("description"))
