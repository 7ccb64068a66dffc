"""What an answer of Just means: statuses are undocumented, so status and text are judged together (J-10 to J-12)."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from headend.core.model.frozen import frozen_dataclass
from headend.core.model.printable import one_line
from headend.core.wire.redaction import MASK
from headend.just.checks import JUID
from headend.just.wire import HARMLESS, READS

if TYPE_CHECKING:
    from headend.core.wire.client import Answer

WHOLE_JUID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""The form that the document shows: one cut short is told from it."""
SHOWN = 200  # characters of an unexpected answer that an error quotes
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PERSONAL = re.compile(r"[^\s@\"'<>{}(),:;]+@[^\s@\"'<>{}(),:;]+|\+?\d[\d ()-]{5,}\d")


class Sort(enum.Enum):
    """What a text of the catalogue means."""

    FIELDS = "the request lost its fields"
    ABSENT = "not found"
    INPUT = "an input is wrong"
    UNSAVED = "not saved"
    SERVICE = "the service failed"


_SUBSCRIBE = frozenset({"email.subscribe", "sms.subscribe"})
_UNSUBSCRIBE = frozenset({"email.unsubscribe", "sms.unsubscribe"})

CATALOGUE: Final[tuple[tuple[str, Sort, frozenset[str]], ...]] = (
    ("juid is missing", Sort.FIELDS, _UNSUBSCRIBE),
    ("mandatory parameter is missing", Sort.FIELDS, _UNSUBSCRIBE | {"utm_metric.update"}),
    ("error save data", Sort.UNSAVED, _SUBSCRIBE | _UNSUBSCRIBE | {"profile.create", "utm_metric.update"}),
    ("juid empty", Sort.INPUT, _SUBSCRIBE),
    ("not validate email", Sort.INPUT, frozenset({"email.subscribe"})),
    ("not validate number", Sort.INPUT, frozenset({"sms.subscribe"})),
    ("user not found", Sort.ABSENT, _SUBSCRIBE | _UNSUBSCRIBE | {"segment.list", "refid.count"}),
    ("subscription not found", Sort.ABSENT, _UNSUBSCRIBE),
    ("invalid data", Sort.INPUT, frozenset({"utm_metric.update"})),
    ("unprocessable entity", Sort.INPUT, frozenset({"utm_metric.update"})),
    ("juid not found", Sort.ABSENT, frozenset({"segment.list"})),
    ("invalid startdate or enddate", Sort.INPUT, frozenset({"refid.count"})),
    ("invalid start or end date", Sort.INPUT, frozenset({"refid.daily"})),
    ("error query", Sort.SERVICE, frozenset({"refid.count", "refid.daily"})),
    ("error service", Sort.SERVICE, frozenset({"refid.daily"})),
)
"""Text in lower case, what it means, and the operations that it belongs to. What lost its fields comes first, so that
it is never read as "already gone"."""

ACKNOWLEDGED: Final = {"utm_metric.update": "metrics updated", "action.create": "request accepted"}


@frozen_dataclass
class Judged:
    """An answer, understood. value: what a success says. sort: of the catalogue's text in it, None if there is none."""

    answer: Answer
    ok: bool
    value: Any = None
    sort: Sort | None = None
    text: str = ""

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def elsewhere(self) -> bool:
        """Whether the answer says that this form of the call isn't there, and doesn't come from the call itself."""
        return self.sort is None and self.status in {404, 405}

    def may_repeat(self, key: str) -> bool:
        """Whether another attempt is allowed after this failure (J-13 to J-17)."""
        if self.sort is not None:
            return self.sort in {Sort.UNSAVED, Sort.SERVICE}
        return self.status == 503 or (self.status >= 500 and key in HARMLESS)


def judge(key: str, answer: Answer) -> Judged:
    """What the answer means for that operation."""
    fine, text = 200 <= answer.status < 300, said(answer)
    if fine and key in READS:
        value = _READERS[key](answer.body)
        if value is not None:
            return Judged(answer, True, value, text=text)
    sort = next((sort for words, sort, keys in CATALOGUE if key in keys and words in text.lower()), None)
    if sort is Sort.ABSENT and text.startswith("<"):  # a page, whoever wrote it, proves nothing absent
        sort = None
    if sort is not None or not fine:
        return Judged(answer, False, sort=sort, text=text)
    if key == "profile.create":
        plain = all(words not in text.lower() for words, _, _ in CATALOGUE)
        return Judged(answer, bool(JUID.fullmatch(text)) and plain, text, text=text)
    done = ACKNOWLEDGED[key] in text.lower() if key in ACKNOWLEDGED else key not in READS and not text
    return Judged(answer, done, text or None, text=text)


def said(answer: Answer) -> str:
    """The body as text, without blanks around it and one pair of JSON quotes (J-11)."""
    text = answer.content.decode("utf-8", "replace").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            inner = json.loads(text)
        except ValueError:
            inner = text[1:-1]
        text = inner.strip() if isinstance(inner, str) else text
    return text


def excerpt(text: str, private: Iterable[str]) -> str:
    """The beginning of an answer on one line, without the values in `private` and whatever looks like an address."""
    for value in sorted({v for one in private for v in _spellings(one)}, key=len, reverse=True):
        word = re.escape(value) if len(value) > 3 else rf"(?<!\w){re.escape(value)}(?!\w)"
        text = re.sub(word, MASK, text, flags=re.IGNORECASE)
    text = _PERSONAL.sub(MASK, one_line(text))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _spellings(value: str) -> Collection[str]:
    forms = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], " ".join(value.split())}
    return {form for form in forms if form}


# --- JSON of the reads: None for anything but the expected shape (J-24) ---------------------------------------
def _segments(body: Any) -> list[int] | None:
    rows = _rows(body)
    if rows is None or not all(_is_whole(row) for row in rows):
        return None
    return rows


def _counts(body: Any) -> list[dict[str, Any]] | None:
    rows = _rows(body)
    if rows is None or not all(isinstance(row, dict) and _is_whole(row.get("subscount")) for row in rows):
        return None
    if not all(isinstance(row.get("refid"), str) for row in rows):
        return None
    return [{"refid": row["refid"], "subscount": row["subscount"]} for row in rows]


def _days(body: Any) -> dict[str, dict[str, int]] | None:
    days = {} if body == [] else body
    if not isinstance(days, dict) or not all(_DAY.fullmatch(day) for day in days):
        return None
    found = {day: {} if counts == [] else counts for day, counts in days.items()}
    if not all(isinstance(counts, dict) and all(map(_is_whole, counts.values())) for counts in found.values()):
        return None
    return found


def _rows(body: Any) -> list[Any] | None:
    """A list, also one that PHP wrote as an object with numbers as keys."""
    if isinstance(body, dict) and all(_WHOLE.fullmatch(key) for key in body):
        return list(body.values())
    return body if isinstance(body, list) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_READERS: Final = {"segment.list": _segments, "refid.count": _counts, "refid.daily": _days}
