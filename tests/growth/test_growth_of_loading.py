"""Loading four times as many objects takes four times as many steps: by kind, from files of rows, and of wrong ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from growth.counted import counting, too_much
from growth.many import MANY, tree
from headend.core.model.errors import InputError
from headend.core.stackfile import load, references

Text = Callable[[int], str]
Files = Mapping[str, Text]
"""Name -> what stands in it, for that many objects."""
NUMBER = 16
LIMIT = {"account_id": "a", "limit": 3}
PORT = {"variant": "srt_push", "port": 6000}


def limits(**collections: Any) -> str:
    return json.dumps({"headend": 1, "rights_locker": {"stream_limits": collections}})


def environment(**collections: Any) -> str:
    own = {"cloud_provider": "aws", "region": "eu-west-1", "instance_type_id": "large"}
    return json.dumps({"headend": 1, "ateme": {"environments": {"eu": own | collections}}})


def each(one: Callable[[int], Any], number: int) -> dict[str, Any]:
    return {f"it-{n}": one(n) for n in range(number)}


def csv(head: str, row: str) -> Text:
    """A file with that first line, and that row for each number."""
    return lambda number: "\n".join([head, *(row.format(n=n) for n in range(number)), ""])


def from_file(name: str, **more: Any) -> Text:
    return lambda number: limits(all={"from_file": name, "key": "account_id", **more})


def over(one: Any) -> Text:
    """A file over one with that many limits, and that for as many."""
    return lambda number: json.dumps(
        {"extends": "base.yaml", "rights_locker": {"stream_limits": {f"{one[0]}-{n}": one[1] for n in range(number)}}}
    )


def base(number: int) -> str:
    return json.dumps(tree("rights_locker.stream_limit", number))


def rows(number: int) -> list[dict[str, Any]]:
    return [{"account_id": f"viewer-{n}", "limit": 3} for n in range(number)]


def same_times(number: int) -> str:
    """Schedules that want the one output at the same time."""
    found = tree("ateme.schedule", number)
    (place,) = found["ateme"]["environments"].values()
    for n, one in enumerate(place["schedules"].values()):
        one["end_time"] = f"2999-06-01T00:00:{n % 60:02}Z"
    return json.dumps(found)


FILES: Mapping[str, Files] = {
    "CSV": {"stack.yaml": from_file("rows.csv", limit=3), "rows.csv": csv("account_id", "viewer-{n}")},
    "JSON": {"stack.yaml": from_file("rows.json"), "rows.json": lambda number: json.dumps(rows(number), indent=1)},
    "JSON lines": {
        "stack.yaml": from_file("rows.jsonl"),
        "rows.jsonl": lambda number: "\n".join(map(json.dumps, rows(number))),
    },
    "CSV of what lives in an environment": {
        "stack.yaml": lambda number: environment(
            inputs={"all": {"from_file": "rows.csv", "key": "name", "columns": {"port": "port"}, "variant": "srt_push"}}
        ),
        "rows.csv": csv("name,port", "feed-{n},60{n:02}"),
    },
    "CSV of one object's entries": {
        "stack.yaml": lambda number: json.dumps(
            {
                "headend": 1,
                "rights_locker": {
                    "entitlement_sets": {
                        "all": {"account_id": "a", "entries": {"from_file": "rows.csv", "kind": "assets"}}
                    }
                },
            }
        ),
        "rows.csv": csv("content_id", "match-{n}"),
    },
    "a file over another": {"stack.yaml": over(("it", {"limit": 5})), "base.yaml": base},
    "variables": {
        "stack.yaml": lambda number: json.dumps(
            json.loads(limits(**each(lambda n: {"account_id": f"${{vars.v{n}}}", "limit": 3}, number)))
            | {"vars": {f"v{n}": f"viewer-{n}" for n in range(number)}}
        )
    },
    "one port for all": {"stack.yaml": lambda number: environment(inputs=each(lambda n: PORT, number))},
    "one output at the same time": {"stack.yaml": same_times},
}
WRONG: Mapping[str, Files] = {
    "rows": {
        "stack.yaml": from_file("rows.csv", limit=3, columns={"account_id": "account_id"}),
        "rows.csv": csv("account_id", "viewer {n}"),
    },
    "one account for all": {"stack.yaml": lambda number: limits(**each(lambda n: LIMIT, number))},
    "unknown keys": {"stack.yaml": lambda number: limits(**each(lambda n: {**LIMIT, "limt": 3}, number))},
    "names of what isn't there": {
        "stack.yaml": lambda number: environment(
            inputs=each(lambda n: {**PORT, "port": 6000 + n}, number),
            alerts=each(lambda n: {"input": f"at-{n}"}, number),
        )
    },
    "nulls with nothing to remove": {"stack.yaml": over(("absent", None)), "base.yaml": base},
}


def growth(folder: Path, files: Files, number: int = NUMBER, *, wrong: bool = False) -> list[str]:
    """What of loading these files grows too fast. wrong: each object has a problem."""
    costs = []
    for many in (number, 4 * number):
        for name, text in files.items():
            (folder / name).write_text(text(many))
        assert (problems(folder) >= many - 1) is wrong  # a first look, which makes models and caches
        with counting([], lines=True) as cost:
            problems(folder)
        costs.append(cost)
    return too_much(*costs, {"lines": 4 * number})


def problems(folder: Path) -> int:
    try:
        load(folder / "stack.yaml")
    except InputError as error:
        return len(error.problems)
    return 0


@pytest.mark.parametrize("kind", MANY)
def test_loading_grows_with_the_objects_of_a_kind(kind: str, tmp_path: Path) -> None:
    assert growth(tmp_path, {"stack.yaml": lambda number: json.dumps(tree(kind, number))}, 4) == []


@pytest.mark.parametrize("what", FILES)
def test_loading_grows_with_what_files_hold(what: str, tmp_path: Path) -> None:
    assert growth(tmp_path, FILES[what]) == []


@pytest.mark.parametrize("what", WRONG)
def test_telling_what_is_wrong_grows_with_it(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "_HINTS", NUMBER // 2)
    monkeypatch.setattr(InputError, "MOST_TOLD", NUMBER // 2)
    assert growth(tmp_path, WRONG[what], wrong=True) == []
