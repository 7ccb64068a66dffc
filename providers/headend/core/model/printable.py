"""Text from outside, made fit for people to read: it can neither begin a line of its own nor drive a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text on one line; line ends, escape sequences, bidi controls and their like become visible: \\x1b.

    A backslash stays as it is: readers see paths and regular expressions too.
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def one_line(text: str) -> str:
    """The same, with a blank for each line end, tab and row of blanks."""
    return printable(" ".join(text.split()))


def _visible(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":  # blanks of all widths
        return character
    return character.encode("unicode_escape").decode("ascii")
