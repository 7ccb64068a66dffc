"""What all kinds of Rights Locker share: the viewer's account id."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from headend.core.model.fields import Immutable

_REFUSED = re.compile(r"[\s/&|\[\]\x00-\x1f\x7f]")


def checked_account_id(value: str) -> str:
    """The id as it is. Raises ValueError for one that can't stand in a path."""
    if value in {".", ".."} or _REFUSED.search(value):
        raise ValueError("may not contain / & | [ ] or blanks, nor be . or .. (R-5, R-6)")
    return value


AccountId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=254,
        description="The viewer, who exists by being referred to. May be personal data: a salted hash of the"
        " customer number is the better id. Without / & | [ ] and blanks, below 255 characters (R-6)",
    ),
    AfterValidator(checked_account_id),
    Immutable(),
]
