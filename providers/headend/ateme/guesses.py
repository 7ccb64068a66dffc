"""How a path may be spelt otherwise, as one would; and what a path that was found says about its relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headend.core.wire.operations import Operation, Table

MOST = 40  # guesses for one operation

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "customer_environment": ("customer_environments", "environments", "environment", "c_env", "c_envs"),
    "inputs": ("sources", "channels"),
    "outputs": ("destinations",),
    "agreements": ("permanent_schedule_agreements", "permanent_agreements", "schedule_agreements"),
    "access_labels": ("labels", "access_permission_labels"),
    "saved_ips": ("ips", "ip_addresses", "saved_ip_addresses"),
    "organisations": ("organizations",),
    "organisation_users": ("organization_users", "users"),
    "multi_viewers": ("multiviewers",),
    "alert_methods": ("alerting_methods", "notification_methods"),
    "scheduled_upgrades": ("upgrades", "pending_upgrades"),
    "source_invitations": ("organisation_source_invitations", "invitations", "source_permissions"),
    "shared_contacts": ("contacts",),
    "cloud_providers": ("providers", "clouds"),
    "activity_log": ("activity_logs", "activities"),
    "titanfile": ("titan_file", "tf"),
    "dropdown": ("for_dropdown", "list"),
    "state": ("states",),
}


def spellings(word: str) -> list[str]:
    """Other forms of one segment: other number, hyphens, no blanks, camel case, and other words for the same."""
    forms = list(_SYNONYMS.get(word, ()))
    forms.append(word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") else f"{word}s")
    for form in (word, *forms):
        if "_" in form:
            forms += [form.replace("_", "-"), form.replace("_", "")]
            forms.append(re.sub("_(.)", lambda match: match[1].upper(), form))
    return list(dict.fromkeys(form for form in forms if form and form != word))


def guesses(op: Operation, table: Table, moves: Mapping[str, str]) -> list[str]:
    """Paths to try in place of the row's, the likeliest first; none of them another row's own path.

    moves: what is known of relatives, old beginning -> new one.
    """
    taken = {_bare(row.path) for row in table.values() if row.method == op.method and row.key != op.key}
    found = dict.fromkeys(path for path in _paths(op.path, moves) if path != op.path and _bare(path) not in taken)
    return list(found)[:MOST]


def _paths(path: str, moves: Mapping[str, str]) -> Iterator[str]:
    for old, new in sorted(moves.items(), key=lambda move: -len(move[0])):
        if begins(path, old):
            yield new + path[len(old) :]
    path, _, query = path.partition("?")
    query = f"?{query}" if query else ""
    segments = path.split("/")
    for index in range(len(segments) - 1, 1, -1):  # segments[1] is "api"
        if not segments[index].startswith("{"):
            for word in spellings(segments[index]):
                yield "/".join([*segments[:index], word, *segments[index + 1 :]]) + query
    for start in ("/api/v1", "/api/v2", ""):
        yield start + path.removeprefix("/api") + query
    yield f"{path}/{query}"


def begins(path: str, start: str) -> bool:
    """Whether the path lies at or under the other one."""
    return path == start or path.startswith((f"{start}/", f"{start}?"))


def move(old: str, new: str) -> tuple[str, str]:
    """What changed, without the end that both have in common: ("/api/inputs", "/api/sources")."""
    before, after = old.split("/"), new.split("/")
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return "/".join(before), "/".join(after)


def _bare(path: str) -> str:
    return re.sub(r"{[a-z_]+}", "{}", path)
