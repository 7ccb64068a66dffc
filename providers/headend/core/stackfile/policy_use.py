"""Which policies a stack has, and which of them its resources may break. Reads no policy: most stacks have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from headend.core.model.fields import Spec
from headend.core.model.findings import Problems
from headend.core.model.moved import Removed
from headend.core.model.stack import Resource
from headend.core.model.suggest import suggest
from headend.core.stackfile.nodes import KeyValue

if TYPE_CHECKING:
    from headend.core.model.policies import Allow, Policy

DEFAULT = "policies.yaml"
OWN = "headend"  # what `extends` calls those that ship
SHIPPED = Path(__file__).with_name("shipped_policies.yaml")


class AllowModel(Spec):
    """One of `lifecycle.allow` as it is written."""

    policy: str = Field(min_length=1, description="The policy that the resource may break.")
    reason: str = Field(min_length=1, description="Why, for who reads the plan.")
    until: date = Field(description="The last day, in the stack's time zone; after it, this is an error.")

    def read(self) -> Allow:
        """What it says."""
        from headend.core.model.policies import Allow

        return Allow(self.policy, self.reason, self.until)


def check_allowed(
    resources: Mapping[str, Resource], removed: Iterable[Removed], policies: Iterable[Policy], problems: Problems
) -> None:
    """Notes each `allow` of a policy that isn't there."""
    names = {policy.name for policy in policies}
    said = [(one.address, one.source, one.lifecycle.allow) for one in resources.values()]
    for address, source, allowed in [*said, *((one.address, one.source, one.allow) for one in removed)]:
        for one in allowed:
            if one.policy not in names:
                problems.add(f"`allow`: there is no policy `{one.policy}`", source, address, suggest(one.policy, names))


def policy_files(path: Path, entries: Mapping[str, KeyValue], problems: Problems) -> Iterator[Path]:
    """The policy files of a stack: those of `options.policies`, else the one beside it."""
    options = entries["options"].node.mapping if "options" in entries else None
    named = options["policies"].node if options and "policies" in options else None
    if named is None or named.value is None:
        beside = path.parent / DEFAULT
        if beside.is_file() and beside.resolve() != path.resolve():
            yield beside
        return
    for name in named.value if isinstance(named.value, tuple) else (named,):
        target = SHIPPED if name.value == OWN else Path(name.source.file).parent / str(name.value)
        if target.is_file():
            yield target
        else:
            problems.add(f"`policies`: {name.value}: there is no such file", name.source, remedy=f"looked for {target}")
