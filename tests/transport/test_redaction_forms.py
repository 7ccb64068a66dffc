"""A secret is taken out of a server's words however these write it."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headend.core.wire.redaction import MASK, Redactor

SECRETS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=6, max_size=40).filter(
    lambda text: len(text.strip()) >= 6
)


def lower(escaped: str) -> str:
    """%2F as %2f."""
    parts = escaped.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def go_json(text: str) -> str:
    """JSON as Go writes it, where nobody asks it not to."""
    written = json.dumps(text, ensure_ascii=False)
    return written.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


FORMS = {
    "as it is": lambda s: s,
    "in a query": quote_plus,
    "in a path": lambda s: quote(s, safe=""),
    "in a path, slashes kept": quote,
    "with lower-case escapes": lambda s: lower(quote(s, safe="")),
    "in a query with lower-case escapes": lambda s: lower(quote_plus(s)),
    "in JSON": lambda s: json.dumps(s)[1:-1],
    "in JSON, letters kept": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "in JSON in JSON": lambda s: json.dumps(json.dumps(s))[3:-3],
    "in JSON with escaped slashes": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "in JSON of Go": lambda s: go_json(s)[1:-1],
    "in JSON in JSON of Go": lambda s: go_json(go_json(s))[3:-3],
    "in HTML": html.escape,
    "in HTML, quotes kept": lambda s: html.escape(s, quote=False),
    "in HTML, quotes by number": lambda s: html.escape(s).replace("&#x27;", "&#39;"),
}


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
@example(secret="p/ä\"ss'<w>&o+rd")
def test_a_secret_is_taken_out_in_each_of_its_forms(form: str, secret: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    written = FORMS[form](secret)
    assert redactor.scrub(f"<<{written}>>") == f"<<{MASK}>>"


@given(secret=SECRETS, before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_no_whole_secret_is_left_in_base64(secret: str, before: bytes, after: bytes) -> None:
    redactor = Redactor()
    redactor.add(secret)
    for encode in (b64encode, urlsafe_b64encode):
        written = encode(before + secret.encode() + after).decode()
        left = redactor.scrub(written)
        assert MASK in left
        rest = sum(len(part) for part in left.split(MASK))
        assert rest <= (len(before) + len(after)) * 8 // 6 + 2 + 2 + 2  # what was around it, two letters it shares, ==
