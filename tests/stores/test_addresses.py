"""Addresses of stores: what people write, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from headend.core.model.errors import InputError, StateError
from headend.core.reconcile.state import is_there
from headend.core.reconcile.state.places import place_of

NOWHERE = "127.0.0.1:1/db"
PASSWORDS = ["hunter2", "hun/ter2", "hun#ter2", "hun[ter2", "hun%ter2", "hun@ter2", "hun?ter2"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:{}@" + NOWHERE,
        "postgresql://ann:{}@/db?host=/nowhere",
        "postgresql://127.0.0.1:1?user=ann@here&password={}",
        "postgresql:///db?host=/nowhere&password={}",
        "postgresql://ann@127.0.0.1:1:{}/db",
    ],
)
def test_no_part_of_a_password_is_shown(password: str, address: str) -> None:
    place = place_of(address.format(password), "day")
    with pytest.raises((StateError, InputError)) as told:
        is_there(place)
    for text in (str(place), str(told.value)):
        assert not [part for part in ("hun", "ter2") if part in text], text
        assert "(stack day)" in text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://ann@db.example.com:5433/team?sslmode=require", "postgresql://db.example.com/team (stack day)"),
        ("postgresql://[::1]:5432/team", "postgresql://[::1]/team (stack day)"),
        (" s3://bucket/team/\n", "s3://bucket/team (stack day)"),
        ("s3://bucket", "s3://bucket (stack day)"),
        ("s3://bucket/team/day", "s3://bucket/team/day"),
        ("~/states/", f"{Path.home()}/states/day.db"),
        ("file://~/day.db", f"{Path.home()}/day.db"),
        ("./s3:x", "s3:x"),
    ],
)
def test_a_place_is_what_people_mean(given: str, shown: str) -> None:
    assert str(place_of(given, "day")) == shown


@pytest.mark.parametrize("given", ["s3:bucket/x", "s3:/bucket/x", "postgresql:/host/db"])
def test_an_address_with_a_slip_names_no_file(given: str) -> None:
    with pytest.raises(InputError, match="an address begins with"):
        place_of(given, "day")
