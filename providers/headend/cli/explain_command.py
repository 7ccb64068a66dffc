"""explain: what a kind and its fields are, as their models say."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from headend.cli.echo import echo, echo_exact
from headend.cli.options import Format
from headend.cli.tables import aligned
from headend.core.model.capabilities import impact_of_delete
from headend.core.model.fields import Impact
from headend.core.model.rules import without_rules
from headend.core.stackfile.explain import Explained, Explanation
from headend.core.stackfile.explain import explain as explained
from headend.core.stackfile.kind_facts import facts

WIDTH = 100
FORM = "headend.explanation/1"
_CHANGES = {
    Impact.NONE: "disturbs no stream",
    Impact.RESTART: "restarts it",
    Impact.INTERRUPTS: "interrupts a running stream",
    Impact.DESTROYS: "destroys it",
}


def explain(
    path: Annotated[
        str,
        typer.Argument(
            metavar="KIND[.VARIANT][.FIELD]...",
            help="As ateme.input, ateme.input.latency, ateme.input.srt_push, lifecycle.adopt.",
            show_default=False,
        ),
    ],
    format: Annotated[Format, typer.Option("--format", help="text, or json for tools.")] = Format.TEXT,
) -> None:
    """Explains a kind, or a field of it: type, unit, range, default, what a change does to a stream, an example."""
    found = explained(path)
    if format is Format.JSON:
        echo_exact(json.dumps(_document(found), indent=1, ensure_ascii=False) + "\n")
        return
    for line in _all_fields(found) if not found.field else _one_field(found):
        echo(line)


def _one_field(found: Explanation) -> Iterator[str]:
    name = f"{found.name}.{found.field}"
    for number, one in enumerate(found.fields):
        yield from [""] if number else []
        yield f"{name} of {', '.join(one.variants)}" if one.variants else name
        yield ""
        yield from _wrapped(_sentence(one.facts.about))
        yield from aligned([list(row) for row in _rows(found, one)]).splitlines()


def _rows(found: Explanation, one: Explained) -> Iterator[tuple[str, str]]:
    facts = one.facts
    yield "  type", facts.shape.replace("`", "")
    if facts.unit:
        yield "  unit", facts.unit
    if facts.likely:
        yield "  likely", f"{facts.likely}; else a warning"
    yield "  required", "yes" if facts.required else "no"
    if facts.default:
        yield "  default", facts.default.replace("`", "")
    if facts.secret:
        yield "  secret", "yes: it is shown nowhere"
    if found.kind and "." not in found.field:
        yield "  a change", _change(found, one)
        yield "  read back", f"no: {facts.unverifiable}" if facts.unverifiable else "yes"
    if one.example:
        yield "  example", one.example
    for link in _links(found, one):
        yield "  source", link


def _change(found: Explanation, one: Explained) -> str:
    if one.facts.immutable:
        impact = impact_of_delete(found.kind) if found.kind else Impact.NONE
        return "replaces the object" + (f", which {impact} a running stream" if impact is not Impact.NONE else "")
    told = [note for note in one.facts.notes if note in {"never compared", "any change causes a write"}]
    return "; ".join([_CHANGES[one.facts.impact], *told])


def _links(found: Explanation, one: Explained) -> list[str]:
    """Where the platform's contract says so."""
    page = f"docs/contract/{found.kind.platform}.md" if found.kind else ""
    return [f"{page}#{rule.lower()}" for rule in one.rules]


def _all_fields(found: Explanation) -> Iterator[str]:
    kind = found.kind
    yield f"{found.name}, variant {found.variant}" if found.variant else found.name
    yield ""
    for paragraph in without_rules(found.about).split("\n\n"):
        yield from _wrapped(paragraph)
    if kind and not found.variant:
        for fact in facts(kind):
            yield from textwrap.wrap(fact.replace("`", ""), WIDTH, initial_indent="  - ", subsequent_indent="    ")
        yield ""
    rows: dict[tuple[str, ...], list[str]] = {}
    for one in found.fields:
        default = "required" if one.facts.required else one.facts.default
        texts = (f"  {one.facts.name}", one.facts.shape.replace("`", ""), default.replace("`", ""))
        rows.setdefault(texts, []).extend(one.variants)
    every = len(kind.variants) if kind else 0
    variants = [", ".join(of) if len(of) < every else "" for of in rows.values()]
    head = ["  FIELD", "TYPE", "DEFAULT", *(["OF"] if any(variants) else [])]
    lines = [[*texts, of][: len(head)] for texts, of in zip(rows, variants, strict=True)]
    yield from aligned([head, *lines]).splitlines()
    yield ""
    yield f"  headend explain {'.'.join(filter(None, (found.name, found.variant)))}.FIELD says more of one."


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return [*lines, ""] if lines else []


def _sentence(about: str) -> str:
    text = about.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _document(found: Explanation) -> dict[str, Any]:
    about = without_rules(" ".join(found.about.split()))
    return {
        "form": FORM,
        "name": found.name,
        "variant": found.variant or None,
        "about": about,
        "facts": list(facts(found.kind)) if found.kind else [],
        "fields": [_entry(found, one) for one in found.fields],
    }


def _entry(found: Explanation, one: Explained) -> dict[str, Any]:
    own = one.facts
    return {
        "name": found.field or own.name,
        "variants": list(one.variants),
        "about": own.about,
        "type": own.shape.replace("`", ""),
        "allowed": list(own.allowed),
        "unit": own.unit or None,
        "likely": own.likely or None,
        "required": own.required,
        "default": own.default.replace("`", "") or None,
        "secret": own.secret,
        "immutable": own.immutable,
        "impact": own.impact.value,
        "read_back": not own.unverifiable,
        "unverifiable": own.unverifiable or None,
        "example": one.example or None,
        "sources": _links(found, one),
    }
