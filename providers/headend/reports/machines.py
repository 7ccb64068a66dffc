"""The plan for machines that show results: JUnit, SARIF, and annotations of GitHub's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree import ElementTree

from headend.core.model.frozen import frozen_dataclass
from headend.reports.wording import Part, cut_text, reasons_text, refusal_text, status_text


@frozen_dataclass
class Note:
    """One thing to tell at one place. level: "error", "warning" or "note". rule: what kind of thing it is."""

    level: str
    rule: str
    message: str
    address: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None


def notes(document: Part) -> Iterator[Note]:
    """What a reviewer should see at the lines of the stack."""
    zone = document.get("time_zone")
    for error in document.get("errors", ()):
        yield Note(
            "error", "invalid", error["message"], error.get("address") or "", error.get("file"), error.get("line")
        )
    for refusal in document.get("refusals", ()):
        yield Note("error", refusal["guard"], refusal_text(refusal), file=document["file"], line=1)
    for step in document.get("steps", ()):
        for level, rule, message in _of_step(step, zone):
            source = step.get("source") or {"file": document["file"], "line": 1}
            yield Note(level, rule, f"{step['address']}: {message}", step["address"], source["file"], source["line"])


def _of_step(step: Part, zone: str | None) -> Iterator[tuple[str, str, str]]:
    yield from (("error", refusal["guard"], refusal_text(refusal)) for refusal in step.get("refusals", ()))
    if cuts := step.get("on_air"):
        yield "error", "off_air", f"{step['action']} cuts {', '.join(cut_text(cut, zone) for cut in cuts)}"
    if "status" in step:
        yield "error", "status", status_text(step)
    yield from (("warning", "warning", text) for text in step.get("warnings", ()))
    if step["action"] in {"delete", "replace"}:
        yield "warning", step["action"], f"will be {step['action']}d ({step['reason']})"
    elif step["action"] != "none":
        paths = ", ".join(dict.fromkeys(change["path"] for change in step.get("changes", ())))
        yield "note", step["action"], f"{step['action']} ({step['reason']})" + (f": {paths}" if paths else "")


def junit(document: Part, source_url: str | None = None) -> str:
    """A test case for each object: failed where it is refused or would go off air, skipped where nobody can tell."""
    steps = document.get("steps", ())
    suite = ElementTree.Element("testsuite", name=f"headend plan {document['stack']}")
    failed = 0
    for error in document.get("errors", ()):
        case = ElementTree.SubElement(suite, "testcase", classname="plan", name=error.get("address") or "stack")
        ElementTree.SubElement(case, "error", message=_printable(error["message"]))
    for step in steps:
        case = ElementTree.SubElement(suite, "testcase", classname=step["kind"], name=step["address"])
        said = list(_of_step(step, document.get("time_zone")))
        if wrong := [message for level, _, message in said if level == "error"]:
            failed += 1
            ElementTree.SubElement(case, "failure", message=_printable("; ".join(wrong)))
        elif step["action"] == "none" and step.get("unverifiable"):
            ElementTree.SubElement(case, "skipped", message=_printable(reasons_text(step["unverifiable"])))
        elif said:
            ElementTree.SubElement(case, "system-out").text = _printable("\n".join(message for _, _, message in said))
    suite.attrib |= {
        "tests": str(len(suite)),
        "failures": str(failed),
        "errors": str(len(document.get("errors", ()))),
        "skipped": str(len(suite.findall("testcase/skipped"))),
    }
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


_UNPRINTABLE = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(text: str) -> str:
    """Without the characters that XML can't hold."""
    return _UNPRINTABLE.sub("?", text)


def sarif(document: Part, source_url: str | None = None) -> str:
    """SARIF 2.1.0, a result for each note."""
    return sarif_of(list(notes(document)), document["headend"])


def sarif_of(found: Sequence[Note], version: str, rules_told: Mapping[str, str] | None = None) -> str:
    """rules_told: what rules are about, where that is known."""
    rules = sorted({note.rule for note in found})
    results = [
        {
            "ruleId": note.rule,
            "level": note.level,
            "message": {"text": note.message},
            "partialFingerprints": {"headend/v1": f"{note.rule}:{note.address}"},
        }
        | ({"locations": [_location(note)]} if note.file else {})
        for note in found
    ]
    told = rules_told or {}
    listed = [{"id": rule} | ({"shortDescription": {"text": told[rule]}} if rule in told else {}) for rule in rules]
    driver = {"name": "headend", "version": version, "rules": listed}
    run = {"tool": {"driver": driver}, "results": results}
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _location(note: Note) -> Part:
    region = {"startLine": note.line or 1} | ({"startColumn": note.column} if note.column else {})
    return {"physicalLocation": {"artifactLocation": {"uri": note.file}, "region": region}}


_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github(document: Part, source_url: str | None = None) -> str:
    """Workflow commands that annotate the lines of the stack, the gravest first; GitHub shows ten of each sort."""
    return github_of(notes(document))


def github_of(found: Iterable[Note]) -> str:
    order = list(_COMMANDS)
    said = sorted(found, key=lambda note: order.index(note.level))
    return "".join(f"::{_COMMANDS[note.level]} {_place(note)}::{_message(note.message)}\n" for note in said)


def _place(note: Note) -> str:
    column = f"col={note.column}," if note.column else ""
    where = f"file={_property(note.file)},line={note.line or 1},{column}" if note.file else ""
    return f"{where}title={_property(f'headend: {note.rule}')}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
