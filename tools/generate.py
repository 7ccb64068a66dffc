"""Writes what follows from the registry: the JSON Schema of stack files and the pages of docs/kinds. (`make generate`)

A test holds that the files in the repository are what this makes of the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from wording import contract, plain, row, sourced, sources

from headend.cli.commands import COMMANDS, AllCommands, summary
from headend.core.model import fields as marks
from headend.core.model.fields import Spec
from headend.core.model.kind import Kind
from headend.core.model.lookup import Lookup
from headend.core.reconcile.document import json_schema as plan_schema
from headend.core.stackfile.describe import describe, shown
from headend.core.stackfile.kind_facts import facts
from headend.core.stackfile.schema import json_schema
from headend.core.wire.registry import Env, Platform, Settings, kinds, lookups, platforms

ROOT = Path(__file__).parents[1]
EXAMPLES = {
    "example-first.yaml": "examples/01-first-stack/first.yaml",
    "example-match-day.yaml": "stacks/demo.yaml",
    "example-review.yaml": "examples/02-pull-request-environment/review.yaml",
    "pulumi-program.py": "stacks/__main__.py",
    "pulumi-project.yaml": "stacks/Pulumi.yaml",
}
HEAD = "| Field | Type | Default | What it is | To know | Rules |\n|---|---|---|---|---|---|"
SETTINGS_HEAD = "| Setting | Variable | Default | What it is | To know | Rules |\n|---|---|---|---|---|---|"

SUMMARIES = '''\
"""Made by `make generate` from the commands: what the help of headend itself says of them."""
# ruff: noqa: E501

SUMMARIES = {{
{}}}
VERBS = {{  # the platform that each is of
{}}}
'''


def files() -> dict[str, str]:
    """Path below the repository -> text, of every generated file."""
    pages = {f"docs/kinds/{name}.md": page(platform) for name, platform in platforms().items()}
    schema = json.dumps(json_schema(), indent=1) + "\n"
    plan = json.dumps(plan_schema(), indent=1) + "\n"
    pages |= {"docs/plan.schema.json": plan} | starts()
    return {"stacks/headend.schema.json": schema, "providers/headend/cli/summaries.py": summaries()} | pages


def starts() -> dict[str, str]:
    """What `headend init` begins with, as the wheel has it: a copy of each example."""
    return {f"providers/headend/cli/starts/{name}": (ROOT / file).read_text() for name, file in EXAMPLES.items()}


def summaries() -> str:
    """What the help of headend itself says of its commands, none of which it loads."""
    own = AllCommands(name="headend").commands
    verbs = [(verb, platform.name) for platform in platforms().values() for verb in platform.verbs]
    texts = {name: summary(own[name].help) for name in COMMANDS} | {v.name: summary(v.help) for v, _ in verbs}
    return SUMMARIES.format(_rows(texts), _rows({verb.name: platform for verb, platform in verbs}))


def _rows(texts: Mapping[str, str]) -> str:
    return "".join(f"    {json.dumps(name)}: {json.dumps(text)},\n" for name, text in texts.items())


def page(platform: Platform) -> str:
    """The page of one platform: its connection settings and all its kinds."""
    mine = [kind for kind in kinds().values() if kind.platform == platform.name]
    parts = [
        f"# {platform.title}",
        f"Made by `make generate` from the code. Rules are those of [its contract]({contract(platform.name)}).",
        "Kinds: " + ", ".join(f"[`{k.name}`](#{k.name.replace('.', '')})" for k in mine),
        *(part for kind in mine for part in about(kind)),
        *(part for name, one in lookups().items() if one.platform == platform.name for part in found_by(one)),
        *left_out(platform),
        "## Connection",
        plain(platform.settings.__doc__),
        "\n".join([SETTINGS_HEAD, *settings(platform)]),
    ]
    return "\n\n".join(parts) + "\n"


def about(kind: Kind[Any, Any]) -> Iterator[str]:
    """A kind's part of its page."""
    yield f"## {kind.name}"
    yield plain(kind.__doc__)
    yield "\n".join(f"- {fact}" for fact in (*linked_facts(kind), *sources(kind.platform, kind.__doc__)))
    yield "\n".join([HEAD, *rows(kind, kind.model).values()])
    shared = rows(kind, kind.model)
    for variant, model in kind.variants.items():
        own = [row for name, row in rows(kind, model).items() if name != "variant" and shared.get(name) != row]
        yield f"### {kind.name}, variant `{variant}`"
        yield " ".join([plain(model.__doc__), *sources(kind.platform, model.__doc__)])
        yield "\n".join([HEAD, *own])


def found_by(lookup: Lookup[Any]) -> Iterator[str]:
    """A lookup's part of its platform's page."""
    yield f"## {lookup.name}" + (", the lookup" if lookup.name in kinds() else "")
    yield " ".join([f"A lookup. {plain(lookup.__doc__)}", *sources(lookup.platform, lookup.__doc__)])
    fields = [row(f"`{n}`", *sourced(lookup.platform, what)) for n, what in lookup.fields.items()]
    yield "\n".join(["| Found by | | Rules |", "|---|---|---|", *fields])


def left_out(platform: Platform) -> Iterator[str]:
    """What the platform can do and headend doesn't manage, and why."""
    if platform.not_managed:
        yield "## Not managed"
        yield f"Every operation can be called with `headend api {platform.name}`. These have no kind:"
        why = [row(what, *sourced(platform.name, reason)) for what, reason in platform.not_managed.items()]
        yield "\n".join(["| What | Why | Rules |", "|---|---|---|", *why])


def linked_facts(kind: Kind[Any, Any]) -> Iterator[str]:
    """What holds for the object as a whole, with a link to the lookup of its name."""
    for fact in facts(kind):
        yield fact.replace("these fields", f"[these fields](#{kind.name.replace('.', '')}-the-lookup)")


def rows(kind: Kind[Any, Any], model: type[Spec]) -> dict[str, str]:
    """Field -> its row of the table."""
    found = {}
    for name in model.model_fields:
        facts = describe(kind, model, name)
        texts = sourced(kind.platform, facts.about, "; ".join(facts.notes))
        found[name] = row(f"`{name}`", facts.shape, "**required**" if facts.required else facts.default, *texts)
    return found


def settings(platform: Platform) -> Iterator[str]:
    """The rows of a platform's connection settings."""
    model: type[BaseModel] = platform.settings
    groups = platform.settings.needs or ()
    needed = {name: "**one of both**" if len(group) == 2 else "**needed**" for group in groups for name in group}
    fields = sorted(model.model_fields.items(), key=lambda item: item[0] in Settings.model_fields)  # own ones first
    for name, field in fields:
        variable = marks.mark(model, name, Env)
        secret = "secret: never in a stack file" if marks.mark(model, name, marks.Secret) else ""
        default = "**needed**" if field.is_required() else shown(field.get_default(call_default_factory=True))
        cell = f"`{variable.variable}`" if variable else ""
        texts = sourced(platform.name, field.description or "", secret)
        yield row(f"`{name}`", cell, needed.get(name, default), *texts)


def main() -> None:
    for path, text in files().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


if __name__ == "__main__":
    main()
