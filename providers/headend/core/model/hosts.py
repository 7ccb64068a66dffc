"""Hosts as fields take them: a name (an international one, too) or an IP address, and nothing around it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from headend.core.model.fields import Written

LONGEST, LONGEST_LABEL = 253, 63  # of a name and of each of its parts, as DNS carries them
_ASCII = re.compile(r"[A-Za-z0-9-]+")


def check_host(value: str) -> str:
    """The host as it is given. Raises ValueError saying what is wrong, and what to write instead."""
    if _is_address(value):
        return value
    if why := _why_no_name(value):
        inner = _inside(value)
        remedy = f"give the host alone: {inner}" if inner else "give a host name or an IP address, and nothing else"
        raise ValueError(f"{why}; {remedy}")
    return value


Host = Annotated[str, AfterValidator(check_host), Written(r"^[^\s/@?#\[\]]+$", "gate.example.com")]
"""Type of every field that takes a host."""
IP_ADDRESS = Written(r"^[0-9A-Fa-f:.]+(%.+)?$", "192.0.2.7")


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value  # a zone names a network card of some machine


def _why_no_name(value: str) -> str | None:
    """What keeps it from being a host name; None if nothing does."""
    if not value:
        return "is empty"
    if any(sign in value for sign in "/:@[]?#"):
        return "is more than a host"
    if not value.isprintable() or any(map(str.isspace, value)):
        return "a host has no spaces, line ends or control characters"
    labels = value.removesuffix(".").split(".")
    if not all(labels):
        return "a part between two dots is empty"
    if bad := next((label for label in labels if not _is_label(label)), None):
        return f"`{bad[:LONGEST_LABEL]}` can't be a part of a host name"
    if labels[-1].isdigit():
        return "is no IP address, and no name ends in a number"
    return "is longer than 253 characters" if len(".".join(map(_carried, labels))) > LONGEST else None


def _is_label(label: str) -> bool:
    """Letters and digits of any script, and hyphens within."""
    if label[0] == "-" or label[-1] == "-" or len(_carried(label)) > LONGEST_LABEL:
        return False
    if label.isascii():
        return bool(_ASCII.fullmatch(label)) and (label[:4].lower() != "xn--" or _decodes(label[4:]))
    if unicodedata.normalize("NFKC", label) != unicodedata.normalize("NFC", label):
        return False  # a look-alike, such as a full-width letter
    return all(sign == "-" or unicodedata.category(sign)[0] in "LMN" for sign in label)


def _carried(label: str) -> str:
    """The label as DNS carries it."""
    whole = unicodedata.normalize("NFC", label)
    return label if label.isascii() else f"xn--{whole.encode('punycode').decode()}"


def _decodes(text: str) -> bool:
    try:
        return bool(text.encode().decode("punycode"))
    except UnicodeError:
        return False


def _inside(value: str) -> str | None:
    """The host within a URL, `host:port`, brackets or blanks."""
    text = value.strip().removeprefix("//")
    try:
        found = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    return found if _is_address(found) or not _why_no_name(found) else None
