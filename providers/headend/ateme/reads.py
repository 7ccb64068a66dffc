"""Which reads are safe to try on somebody's tenant, what they need, and what their answers must look like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from headend.ateme.answers import Object, is_listing, item, rows, text_id
from headend.ateme.rows import Marks
from headend.core.model.errors import DecodeError
from headend.core.wire.decode import decode
from headend.core.wire.operations import Operation

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

WRITES = "it writes"
SIDE_EFFECTS: Mapping[str, str] = {
    "environment.get": "its first answer for a new environment moves this login there (A-15, A-802)",
    "input.thumbnail": "it starts the making of thumbnails (A-174)",
}
"""Reads that change something, or are not meant for everybody."""

PLACES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "environment_id": ("environment.dropdown", ("environment_id", "id")),
    "input_id": ("input.list", ("input_id", "id")),
    "output_id": ("output.list", ("output_id", "id")),
    "transcoder_id": ("transcoder.list", ("transcoder_id", "id")),
    "multi_viewer_id": ("input.list", ("multi_viewer_id",)),
    "alert_method_id": ("alert_method.list", ("alert_method_id", "id")),
    "schedule_id": ("schedule.list", ("schedule_id", "id")),
    "event_id": ("event.list", ("event_id", "id")),
    "label_id": ("label.list", ("label_id", "id")),
    "group_id": ("dashboard_group.list", ("dashboard_group_id", "group_id", "id")),
    "contact_id": ("shared_contact.list", ("contact_id", "shared_contact_id", "id")),
    "saved_ip_id": ("saved_ip.list", ("saved_ip_id", "id")),
    "host_id": ("mtr_host.list", ("mtr_host_id", "host_id", "id")),
    "organisation_id": ("organisation.list", ("organisation_id", "id")),
    "cloud_provider": ("cloud.providers", ("cloud_provider", "name", "id")),
    "region": ("cloud.regions", ("region", "name", "id")),
    "report_id": ("mtr_report.list", ("report_id", "mtr_report_id", "id")),
    "deployment_id": ("tf_deployment.list", ("deployment_id", "id")),
    "name": ("tf_credentials.list", ("name",)),
    "template_id": ("tf_template.list", ("template_id", "id")),
    "job_template_id": ("tf_job_template.list", ("job_template_id", "id")),
    "job_id": ("tf_job.list", ("id",)),
    "notification_id": ("notification.list", ("notification_id", "id")),
}
"""Place in a path -> (the list that knows values for it, what the value may be called there)."""

OPTIONAL: Mapping[str, tuple[str, str]] = {
    "event.image": ("image", "no event with a picture is known; none needs one (A-618)"),
    "input.zixi_config": ("zixi", "no input with such a configuration is known; only Zixi has one (A-163)"),
    "billing.get": ("billing", "the organisation may have no billing details yet (A-356)"),
    "tf_job.esam_report": ("esam", "no job with such a report is known (A-344)"),
}
"""What an object need not have -> (a word in the name of what says that it has it, why a 404 proves nothing)."""

_OTHER_LISTS = {
    *("environment.list_running", "environment.dropdown", "environment.zixi_configs", "organisation.manageable"),
    *("organisation.guest_of", "input.dropdown", "input.alerts", "output.alerts", "output.states", "output.list_all"),
    *("recording_schedule.list_upcoming", "shared_contact.with_me"),
}
_TEXTS = frozenset({"cloud.providers", "cloud.regions", "cloud.instance_types", "tf.providers", "tf.regions"})


def untried(op: Operation) -> str:
    """Why an operation is not tried; "" if it may be."""
    if op.danger:
        return f"it {op.danger}"
    if {op.method, op.nature} != {"GET"}:
        return WRITES
    return SIDE_EFFECTS.get(op.key, "")


def has(op: Operation, row: Object) -> bool:
    """Whether an object says that it has what the operation reads of it."""
    word = OPTIONAL[op.key][0] if op.key in OPTIONAL else ""
    return any(word in name and value for name, value in row.items())


def why_missing(op: Operation, row: Object, answer: Answer) -> str:
    """Why there may be nothing to read of an object although the path is right; "" if there is no such doubt."""
    nothing = answer.status == 404 or (answer.status < 300 and answer.body is None)
    return OPTIONAL[op.key][1] if op.key in OPTIONAL and nothing and not has(op, row) else ""


def is_list(op: Operation) -> bool:
    return op.key.endswith(".list") or op.key in _OTHER_LISTS


def query(op: Operation, now: datetime) -> dict[str, str]:
    """What a read needs beside its path: statistics want a span (A-936), the last hour or day."""
    if op.key == "stats.packets":
        return {"time_from": f"{now - timedelta(days=1):%Y-%m-%d}", "time_to": f"{now:%Y-%m-%d}"}
    if op.key.startswith("stats."):
        return {"time_from": _stamp(now - timedelta(hours=1)), "time_to": _stamp(now)}
    return {}


def misfit(op: Operation, body: Any, path: Mapping[str, str]) -> str:
    """What is wrong with the answer to a read, "" if it is as the contract has it (A-46, A-47).

    Only shapes are judged: a list holds objects with the id that is known for them, an item is the one asked for.
    """
    if op.key == "event.image":
        return "" if body is not None else "an empty answer"
    if not isinstance(body, list | dict):
        return "no JSON" if body is not None else "an empty answer"
    if op.key in _TEXTS:
        return "" if values(op.key, body, ()) is not None else "no list"
    try:
        if is_list(op):
            names = next((names for source, names in PLACES.values() if source == op.key), ())
            found = rows(op, body)
            if names and any(all(row.get(name) is None for name in names) for row in found):
                return f"rows without {' or '.join(names)}"
        elif op.key.endswith(".get") and (place := op.names()):
            return _other(op, body, place[-1], path)
    except DecodeError as error:
        return str(error).rpartition(": ")[2]
    return ""


def _other(op: Operation, body: Any, place: str, path: Mapping[str, str]) -> str:
    names = PLACES.get(place, ("", (place, "id")))[1]
    found = rows(op, body) if is_listing(body, *names) else [item(op, body, *names)]
    ids = {text_id(row.get(name)) for row in found for name in names}
    return "" if path[place] in ids else f"no object with the {place} that was asked for"


def list_key(op: Operation, body: Any) -> str | None:
    """Which of several arrays in the answer is the list that is meant: the only one whose rows carry the id."""
    names = next((names for source, names in PLACES.values() if source == op.key), ())
    if not isinstance(body, dict):
        return None
    fits = [
        key
        for key, value in body.items()
        if isinstance(value, list) and value and all(isinstance(r, dict) and any(n in r for n in names) for r in value)
    ]
    return fits[0] if len(fits) == 1 else None


def values(key: str, body: Any, names: tuple[str, ...]) -> list[tuple[str, Object]] | None:
    """(value, row) of a list answer that has been judged; None for another shape. Deleted rows are left out."""
    if isinstance(body, dict):
        arrays = [value for value in body.values() if isinstance(value, list)]
        body = arrays[0] if len(arrays) == 1 else None
    if not isinstance(body, list):
        return None
    found: list[tuple[str, Object]] = []
    for row in body:
        if isinstance(row, str):
            found.append((row, {}))
        elif isinstance(row, dict) and not _is_deleted(row):
            value = next((text for name in names if (text := text_id(row.get(name))) is not None), None)
            if value is not None:
                found.append((value, row))
    return found


def _is_deleted(row: Object) -> bool:
    """Whether a row is no sample: deleted, or marked in words that nobody knows."""
    try:
        return decode(Marks, "", row).gone
    except DecodeError:
        return True


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S+0000}"
