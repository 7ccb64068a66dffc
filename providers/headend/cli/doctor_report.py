"""What doctor found, for people: by outcome, what is the same told once, what to do at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from headend.cli.echo import echo
from headend.core.wire.operations import BY_TENANT, Operation

if TYPE_CHECKING:
    from headend.ateme.doctor import Finding
    from headend.core.wire.openapi.compare import Compared
    from headend.core.wire.registry import Platform

FEW = 5  # of one sort that are shown
_LONGEST = 80  # of a title
T = TypeVar("T")


def show_findings(findings: Sequence[Finding], platform: str, *, verbose: bool) -> None:
    """What works first, what is to be done last."""
    by = _grouped(findings, lambda one: str(one.verdict))
    _head("works", by["works"])
    _names([one.op.key for one in by["works"]], verbose)
    _head("not tried", by["not tried"])
    _reasons(by["not tried"], verbose)
    _head("otherwise", by["otherwise"])
    for finding in by["otherwise"]:
        echo(f"  {_row(finding.op)}: {finding.how}{_fix(finding)}")
    echo(", ".join(f"{len(by[word])} {word}" for word in ("works", "not tried", "otherwise")))
    _to_do(_what_to_do(findings, platform))


def _reasons(findings: Sequence[Finding], verbose: bool) -> None:
    """The most common first; of what is known all the same, each."""
    plain = [one for one in findings if not one.override]
    for sort, ones in sorted(_grouped(plain, lambda one: one.sort).items(), key=lambda pair: -len(pair[1])):
        if len(ones) > FEW and not verbose:
            echo(f"  {sort} ({len(ones)}): {_such_as([one.op.key for one in ones])}")
            continue
        for one in ones:
            echo(f"  {_row(one.op)}: {one.how}")
    for one in findings:
        if one.override:
            echo(f"  {_row(one.op)}: {one.how}{_fix(one)}")


def _fix(finding: Finding) -> str:
    said = ", ".join(f"{name} {value}" for name, value in (finding.override or {}).items())
    return f"; {said} ({finding.proof})" if said else ""


def _what_to_do(findings: Sequence[Finding], platform: str) -> Iterable[str]:
    fixed = sum(1 for one in findings if one.override)
    lost = [one.op.key for one in findings if one.verdict == "otherwise" and not one.override]
    if fixed:
        yield f"`headend doctor {platform} --out FILE` writes {fixed} corrections: look at each, then `extends: FILE`"
    if lost:
        yield f"ask the platform's people how these are called: {_such_as(lost)}; `connections:` takes the answer"
    if any(one.verdict == "not tried" for one in findings):
        yield "`--openapi FILE_OR_URL` compares all, tried or not, with the platform's own document of its API"


# --- a document --------------------------------------------------------------------------------------------------
ORDER = ("same", "not in the table", "not in the document", "refused", "unclear", "differs")


def show_compared(
    found: Sequence[Compared], source: str, platform: Platform, left: Sequence[str] | None, *, verbose: bool
) -> None:
    """What is the same first, what is to be done last. left: what writing the overrides left to do; None: nothing was
    written."""
    by = _grouped(found, lambda one: str(one.verdict))
    echo(source)
    _head("same", by["same"])
    _names([one.op.key for one in by["same"] if one.op], verbose)
    _head("not in the table", by["not in the table"])
    _some([f"  {_theirs(one)}" for one in by["not in the table"]], verbose)
    _head("not in the document", by["not in the document"])
    _some([f"  {_row(one.op)}" for one in by["not in the document"] if one.op], verbose)
    for word in ("refused", "unclear"):
        _head(word, by[word])
        for one in by[word]:
            _show(one)
    _head("differs", by["differs"])
    for sort, ones in _grouped(by["differs"], _sort).items():
        for one in ones if verbose else ones[:FEW]:
            _show(one)
        if len(ones) > FEW and not verbose:
            echo(f"  {len(ones) - FEW} more differ in {sort}; --verbose shows each")
    told = {"differs": "differ" + "s" * (len(by["differs"]) == 1)}
    echo(", ".join(f"{len(by[word])} {told.get(word, word)}" for word in ORDER if by[word]))
    _to_do(_what_to_do_by_document(found, platform, left))


def _show(one: Compared) -> None:
    """The row, the document's word on it, and below them all else."""
    where = _row(one.op) if one.op else _theirs(one)
    echo(f"  {where}: {'; '.join(one.how) or 'other values'}")
    if one.op and one.call and one.verdict != "differs":
        echo(f"      {_theirs(one)}")
    for text in (*one.candidates, *one.fields):
        echo(f"      {text}")


def _sort(one: Compared) -> str:
    words = [said.partition(" ")[0].replace("calls", "keys") for said in one.how]
    return ", ".join(dict.fromkeys([*words, *(["values"] if one.fields else [])]))


def _theirs(one: Compared) -> str:
    title = one.title if len(one.title) <= _LONGEST else one.title[: _LONGEST - 1] + "…"
    return f"{one.call} ({title or 'without a title'})"


def _what_to_do_by_document(found: Sequence[Compared], platform: Platform, left: Sequence[str] | None) -> Iterable[str]:
    by = _grouped(found, lambda one: str(one.verdict))
    sure = [one for one in found if one.override is not None]
    calls = [one for one in sure if one.how]
    yield from left or ()
    if left is None and platform.examine is not None and any(one.op and one.op.mark == "A" for one in sure):
        what = f"{len(calls)} corrections" if calls else "that the tenant documents them"
        yield f"`--write STACK_OR_FILE` writes {what}, for all stacks"
    if by["unclear"]:
        yield f"look at what is unclear, and say how it is under `connections.{platform.name}.operations`"
    if by["refused"]:
        yield "use nothing of what is refused before you know who wrote it"
    if any(one.fields for one in found):
        yield "mind the values that differ: what stands below an operation says what to do"
    if by["not in the document"]:
        yield "what the document lacks may not be there: headend goes on calling it as it does"


# --- both ----------------------------------------------------------------------------------------------------------
def _grouped(ones: Iterable[T], sort: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for one in ones:
        found[sort(one)].append(one)
    return found


def _head(word: str, ones: Sequence[object]) -> None:
    if ones:
        echo(f"{word} ({len(ones)})")


def _names(keys: Sequence[str], verbose: bool) -> None:
    if keys:
        echo(f"  {', '.join(keys) if verbose else _such_as(keys)}")


def _some(lines: Sequence[str], verbose: bool) -> None:
    for line in lines if verbose else lines[:FEW]:
        echo(line)
    if len(lines) > FEW and not verbose:
        echo(f"  {len(lines) - FEW} more; --verbose shows each")


def _such_as(keys: Sequence[str]) -> str:
    if len(keys) <= FEW:
        return ", ".join(keys)
    return f"{', '.join(keys[:3])} and {len(keys) - 3} more"


def _row(op: Operation) -> str:
    told = " (documented by the tenant)" if op.mark == BY_TENANT else ""
    return f"{op.key}  {op.method} {op.path}{told}"


def _to_do(lines: Iterable[str]) -> None:
    told = list(lines)
    echo("What to do" if told else "Nothing to do")
    for line in told:
        echo(f"- {line}")
