"""The two ways to reach a person: how their addresses look, which of them are one, and what stands for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from headend.core.model.fields import Immutable, Ref, Same, Sealed, Secret
from headend.core.model.frozen import frozen_dataclass
from headend.core.model.references import Id
from headend.just.checks import JUID

Channel = Literal["email", "sms"]


@frozen_dataclass
class Addresses:
    """Of one channel. field: their name on the wire. of: normal form, equal for spellings of one address.
    sent: as one goes into a form. in_data: as one goes into the JSON of a mark."""

    field: Literal["email", "number"]
    of: Callable[[str], str]
    sent: Callable[[str], str]
    in_data: Callable[[str], Any]


def _casefolded(address: str) -> str:
    return address.strip().casefold()


def digits(number: str) -> str:
    """The number as it is sent and told from others: its digits."""
    return re.sub(r"[^0-9]", "", number)


def _integer(number: str) -> int | str:
    """An integer, as the sample has it, unless that would lose a zero (J-29)."""
    return digits(number) if digits(number).startswith("0") else int(digits(number))


NORMAL: Final[dict[Channel, Addresses]] = {
    "email": Addresses("email", of=_casefolded, sent=str, in_data=str),
    "sms": Addresses("number", of=digits, sent=digits, in_data=_integer),
}


def hashed(*key: str) -> str:
    """What stands for a key with an address in it where texts are compared: 16 hex digits (J-38). It is kept nowhere:
    whoever tries all numbers finds the one."""
    return hashlib.sha256("\n".join(key).encode()).hexdigest()[:16]


def juid(value: Any) -> Any:
    """Checks the form of a juid that is known already (J-20)."""
    if isinstance(value, str) and not JUID.fullmatch(value):
        raise ValueError("no juid: 8 to 64 letters, digits, _ and - (J-20)")
    return value


Juid = Annotated[
    Id,
    Ref("just.profile"),
    Immutable(),
    AfterValidator(juid),
    Field(description="Whose it is: a profile of this stack, or `{id: JUID}`"),
]

EMAIL: Final = (
    Field(
        pattern=r"^[^@\s]+@[^@\s]+$",
        examples=["jo@example.com"],
        description="The address, sent as it is written; case makes no difference",
    ),
    Secret(),
    Sealed(),
    Immutable(),
    Same(_casefolded),
)
NUMBER: Final = (
    Field(
        pattern=r"^ *\+?(?:[ ()-]*[0-9]){7,15}[ ()-]*$",
        examples=["+44 20 7946 0000"],
        description="The number as text, of 7 to 15 digits; +, blanks, - and brackets are not sent and make no"
        " difference",
    ),
    Secret(),
    Sealed(),
    Immutable(),
    Same(digits),
)
"""What addresses have in common, on whichever field they stand."""
