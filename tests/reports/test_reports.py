"""Renderings of plan documents: they answer a reviewer's questions, at any size, whatever the values are."""

from __future__ import annotations

import json
import re
from html import escape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from headend.core.reconcile.document import raise_if_no_plan
from headend.reports.html import anchor, html
from headend.reports.machines import github, junit, sarif
from headend.reports.markdown import LIMIT, code, markdown
from headend.reports.tables import Table, tables
from headend.reports.text import plan_text
from headend.reports.wording import SIGNS, time_text, value_text
from headend.reports.write import RENDERERS, Report

CUT = {"address": "ateme.schedules.derby", "kind": "ateme.schedule", "id": "9", "start": None, "end": None}
REFUSAL = {"guard": "protect", "why": "it is protected", "lift": "say `protect: false`"}


def step(address: str, action: str, **more: Any) -> dict[str, Any]:
    base = {"address": address, "kind": "ateme.input", "action": action, "reason": "changed", "impact": "none"}
    return base | {"source": {"file": "day.yaml", "line": 7}} | more


def document(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for one in steps:
        counts[one["action"]] = counts.get(one["action"], 0) + 1
    base = {"format": "headend.plan/2", "headend": "1", "stack": "day", "file": "day.yaml", "destroy": False}
    found = base | {"summary": counts, "nonce": "0" * 32, "steps": list(steps)} | more
    raise_if_no_plan(found)
    return found


def made(name: str, **values: Any) -> dict[str, Any]:
    entries = [{"path": path, "value": value} for path, value in values.items()]
    more = [{"path": "latency", "value": 6000, "default": True}]
    return step(f"ateme.environments.e.inputs.{name}", "create", values=[*entries, *more], units={"latency": "ms"})


def changed(name: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    change = {"path": "latency", "before": before, "after": after, "cause": more.pop("cause", "you")}
    return step(f"ateme.environments.e.inputs.{name}", "update", changes=[change], units={"latency": "ms"}, **more)


def gone(name: str, **more: Any) -> dict[str, Any]:
    values = [{"path": "port", "value": 5001}]
    return step(f"ateme.environments.e.inputs.{name}", "delete", values=values, impact="destroys", **more)


ALL = document(
    made("new", port=5001, title="One"),
    changed("slow", 6000, 2000, impact="interrupts", on_air=[CUT]),
    changed("moved", 1, 2, cause="drift"),
    gone("old", refused="it is protected; say `protect: false`", refusals=[REFUSAL]),
    step("rights_locker.stream_limits.a", "none", unverifiable={"limit": "no call reads it"}),
    step("ateme.transcoders.t", "none", status={"status": "failed", "reason": "no input", "wrong": True}),
    refusals=[{"guard": "mass_deletion", "why": "half of the stack goes", "lift": "--allow-deletions"}],
)


@pytest.mark.parametrize("render", [markdown, html, plan_text], ids=["md", "html", "text"])
def test_a_reviewers_questions_are_answered(render: Any) -> None:
    text = re.sub(r"<[^>]*>", "", render(ALL)).replace("&#34;", '"')
    for said in (
        "inputs.new",  # what changes
        "6000 ms",  # from what
        "2000 ms",  # to what
        "ateme.schedules.derby",  # what goes off air
        "without end",  # and until when
        "5001",  # what is deleted
        "no call reads it",  # what can't be verified
        "it is protected",  # what will be refused, and why
        "--allow-deletions",  # what lifts it
        "changed outside headend",
        "failed (no input)",
    ):
        assert said in text, said


def test_what_is_dangerous_comes_first() -> None:
    text = markdown(ALL)
    places = [
        text.index(title) for title in ("Goes off air", "Apply would refuse", "### Deleted", "### Changed", "### Made")
    ]
    assert places == sorted(places)


def test_a_comment_shows_the_sign_of_each_action_and_no_text_of_others_as_markdown() -> None:
    warned = ["<img src=x> **@all** [x](http://x)"]
    steps = [step(f"just.profiles.{action}", action, values=[], warnings=warned) for action in SIGNS]
    page = MarkdownIt("commonmark").enable("table").render(markdown(document(*steps, made("a", port=1))))
    for action, sign in SIGNS.items():
        assert f"<li>{escape(sign)} <code>just.profiles.{action}</code>" in page.replace("<li>\n<p>", "<li>"), page
    assert "<p>+ 1 default</p>" in page
    assert page.count(f"<code>{escape(warned[0])}</code>") == len(SIGNS)


@pytest.mark.parametrize("number", [40, 1000])
def test_a_comment_fits_and_names_all_that_is_dangerous(number: int) -> None:
    names = [f"camera-{n:04}-of-the-long-named-stadium-north-stand" for n in range(number // 4)]
    steps = [gone(f"gone-{name}", warnings=[f"of {name}"]) for name in names]
    steps += [changed(f"cut-{name}", 1, 2, impact="interrupts", on_air=[CUT]) for name in names]
    steps += [changed(f"held-{name}", 1, 2, refused="no", refusals=[REFUSAL]) for name in names]
    steps += [made(f"new-{name}", title=f"{name} {'x' * 300}", **{name.replace("-", "_"): 1}) for name in names]
    text = markdown(document(*steps))
    assert len(text) <= LIMIT
    missing = [one["address"] for one in steps[: 3 * len(names)] if one["address"].rpartition(".")[2] not in text]
    assert missing == []
    assert f"({len(names)})" in text, "what is left out is counted"


def test_four_hundred_alike_are_one_table() -> None:
    steps = [made(f"feed-{n}", variant="srt_push", port=5001 + n) for n in range(400)]
    (table,) = tables(steps)
    assert isinstance(table, Table)
    assert (table.count, list(table.shared), table.columns) == (400, ["variant"], ["port"])
    text = plan_text(document(*steps))
    assert "+ create 400 of ateme.input in ateme.environments.e.inputs" in text
    assert 'all have variant: "srt_push"' in text
    assert len(text.splitlines()) < 120
    assert "feed-7" in markdown(document(*steps))


def test_what_has_a_story_of_its_own_is_in_no_table() -> None:
    steps = [made(f"feed-{n}", port=n) for n in range(20)]
    steps[7]["warnings"] = ["look at this"]
    told = list(tables(steps))
    assert [isinstance(one, Table) for one in told] == [True, False]
    assert len(list(tables(steps[:4]))) == 4, "a few are told one by one"


def test_defaults_are_folded() -> None:
    assert "+ 1 default" in plan_text(ALL)
    assert "latency: 6000 ms  (default)" not in plan_text(ALL)
    from headend.reports.text import lines

    assert "    latency: 6000 ms  (default)" in [text for text, _ in lines(ALL, full=True)]


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        ("2026-12-05T15:00:00Z", None, "2026-12-05 15:00:00 UTC"),
        ("2026-12-05T16:00:00+01:00", None, "2026-12-05 15:00:00 UTC"),
        ("2026-12-05T15:00:00Z", "Europe/Berlin", "2026-12-05 15:00:00 UTC (16:00:00 Europe/Berlin)"),
        ("2026-12-05T23:30:00Z", "Europe/Berlin", "2026-12-05 23:30:00 UTC (2026-12-06 00:30:00 Europe/Berlin)"),
        ("NOW", "Europe/Berlin", "NOW"),
    ],
)
def test_times_are_told_in_one_notation(text: str, zone: str | None, told: str) -> None:
    assert time_text(text, zone) == value_text(text, "time", zone) == told


def test_values_and_their_units() -> None:
    assert value_text(6000, "ms") == "6000 ms"
    assert value_text(True, "ms") == "true"
    assert value_text("(secret)", mark=True) == "(secret)"
    assert value_text("(secret)") == '"(secret)"', "a user's word is no marker"
    assert value_text("Köln\u202e\x1b") == '"Köln\\u202e\\u001b"'


# --- hostile text --------------------------------------------------------------------------------------------
class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=y> `` ` | @all #1 [x](http://evil) <!-- --> ]]> &amp; %0A::error::"
)


def test_hostile_text_is_only_text() -> None:
    bad = document(
        made("x", title=HOSTILE),
        changed("y", HOSTILE, HOSTILE, warnings=[HOSTILE]),
        gone("z", refused=HOSTILE, refusals=[{**REFUSAL, "why": HOSTILE}], on_air=[{**CUT, "address": HOSTILE}]),
    )
    tags = Tags()
    tags.feed(html(bad))
    assert [tag for tag, attrs in tags.found if tag == "img" or any(name.startswith("on") for name in attrs)] == []
    assert sum(tag == "script" for tag, _ in tags.found) == 1
    assert {link for _, attrs in tags.found if (link := attrs.get("href")) and not link.startswith("#")} == set()
    ElementTree.fromstring(junit(bad))
    assert all(line.startswith("::") and line.count("\n") == 0 for line in github(bad).splitlines())
    assert len(github(bad).splitlines()) == len(json.loads(sarif(bad))["runs"][0]["results"])


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_a_code_span_holds_any_text(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)[0]  # type: ignore[index]
    inner = span[len(fence) : -len(fence)]
    assert span.endswith(fence)
    assert "\n" not in span
    assert fence not in re.findall("`+", inner)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=60)
def test_every_report_takes_any_text(text: str) -> None:
    bad = document(made("x", title=text), changed("y", text, 1, warnings=[text]), errors=[{"message": text}])
    for form in RENDERERS:
        Report(form, None).render(bad, "https://git.example.com/{file}#L{line}").encode()
    ElementTree.fromstring(junit(bad))


# --- for machines --------------------------------------------------------------------------------------------
def test_junit_counts() -> None:
    suite = ElementTree.fromstring(junit(ALL))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "3", "1")


def test_sarif_names_the_line_and_the_rule() -> None:
    (run,) = json.loads(sarif(ALL))["runs"]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels["off_air"] == levels["protect"] == levels["mass_deletion"] == "error"
    assert levels["delete"] == "warning"
    assert levels["create"] == "note"
    (place,) = run["results"][-1]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "day.yaml"


def test_annotations_begin_with_the_gravest() -> None:
    lines = github(ALL).splitlines()
    assert lines[0].startswith("::error file=day.yaml,line=")
    order = [line.split(" ")[0] for line in lines]
    assert order == sorted(order, key=["::error", "::warning", "::notice"].index)


def test_a_plan_that_could_not_be_made_is_reported() -> None:
    failed = document(errors=[{"message": "`port` is missing", "address": "a.b", "file": "day.yaml", "line": 3}])
    for form in RENDERERS:
        text = Report(form, None).render(failed)
        assert "port" in text, form
    assert "There is no plan" in markdown(failed)


# --- the page ------------------------------------------------------------------------------------------------
def test_every_step_has_a_place_of_its_own_on_the_page() -> None:
    steps = [made(f"{name} ü.b", port=n) for n, name in enumerate("abc")]
    tags = Tags()
    tags.feed(html(document(*steps)))
    ids = [attrs["id"] for _, attrs in tags.found if str(attrs.get("id")).startswith("step-")]
    assert ids == [anchor(one["address"]) for one in steps]
    assert len(set(ids)) == 3


def test_the_page_links_the_line_of_the_stack() -> None:
    text = html(ALL, "https://git.example.com/blob/main/{file}#L{line}")
    assert 'href="https://git.example.com/blob/main/day.yaml#L7"' in text
    assert "[line 7](https://git.example.com/blob/main/day.yaml#L7)" in markdown(
        ALL, "https://git.example.com/blob/main/{file}#L{line}"
    )


@pytest.mark.parametrize("wrong", ["pdf=x", "md=", "plan.md"])
def test_what_is_no_report_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="FORM=FILE"):
        Report.parse(wrong)
