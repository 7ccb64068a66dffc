"""What an entitlement may say: ids as they are, instants whatever their spelling, terms that are whole or nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from headend.core.model.errors import DecodeError, InputError
from headend.core.model.fields import Immutable, mark
from headend.core.model.findings import Level
from headend.rights_locker.content import CONTENT_TYPES, KINDS
from headend.rights_locker.entitlement import Entitlement, EntitlementSpec
from headend.rights_locker.entitlement_set import EntitlementSet, EntitlementSetSpec
from headend.rights_locker.terms import terms_of
from headend.rights_locker.times import live, utc

DERBY: dict[str, Any] = {"account_id": "v1", "kind": "assets", "content_id": "derby"}
ENTRY: dict[str, Any] = {"kind": "assets", "content_id": "derby"}


def spec(**more: Any) -> EntitlementSpec:
    return EntitlementSpec(**(DERBY | more))


# --- ids -------------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-5")
@pytest.mark.parametrize("name", ["content_id", "external_product_id"])
@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "\x7f", None, 7])
def test_ids_that_would_break_an_address_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        spec(**{name: value})


@pytest.mark.contract("R-53", "R-42")
@pytest.mark.parametrize("value", [" derby ", "DERBY", "defult", "a/b", "100%", "ü", "...", "?&#"])
def test_other_ids_are_taken_as_they_are_and_make_ids_of_their_own(value: str) -> None:
    one = spec(content_id=value, external_product_id=value)
    assert (one.content_id, one.external_product_id) == (value, value)
    id = Entitlement().identity(one)
    assert id.count("/") == 3
    assert id != Entitlement().identity(spec(content_id=value.strip().lower(), external_product_id="default"))


@pytest.mark.contract("R-42", "R-55")
def test_what_an_entitlement_is_known_by_can_not_be_changed_in_place() -> None:
    fixed = {name for name in EntitlementSpec.model_fields if mark(EntitlementSpec, name, Immutable)}
    assert fixed == {"account_id", "kind", "content_id", "external_product_id"}
    assert spec().external_product_id == "default"
    assert Entitlement.create_before_delete
    assert EntitlementSet.create_before_delete


@pytest.mark.contract("R-42")
def test_an_id_to_adopt_may_name_the_provider_and_is_refused_for_another(locker: Any) -> None:
    box = locker(auth="none")
    asyncio.run(Entitlement().create(box.api, spec(content_id="a/b")))
    for id in ("v1/assets/a%2Fb/default", "simulated-pcode/v1/assets/a%2Fb/default"):
        seen = asyncio.run(Entitlement().observe(box.api, id, spec()))
        assert seen
        assert (seen.id, seen.values["content_id"]) == ("v1/assets/a%2Fb/default", "a/b")
    with pytest.raises(InputError, match="provider code"):
        asyncio.run(Entitlement().observe(box.api, "other/v1/assets/a/default", spec()))
    for id in ("v1", "v1/offers/a/default", "v1/assets//default"):
        with pytest.raises(InputError, match="account/kind/content/product"):
            asyncio.run(Entitlement().observe(box.api, id, spec()))


@pytest.mark.contract("R-24", "R-25")
def test_kinds_are_the_four_that_can_be_managed_and_have_irregular_names_elsewhere() -> None:
    assert dict(CONTENT_TYPES) == {
        "assets": "asset",
        "assets_offline": "assets_offline",
        "labels": "label",
        "labels_offline": "label_offline",
    }
    assert set(KINDS) == set(CONTENT_TYPES)
    for kind in ("offers", "asset", "Assets", ""):
        with pytest.raises(ValidationError):
            spec(kind=kind)


# --- terms -----------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-50")
def test_a_rule_that_is_null_is_no_rule() -> None:
    assert terms_of(spec(publishing_rule_id=None)) == terms_of(spec()) == {}
    assert spec().set_fields() == spec(publishing_rule_id=None).set_fields()
    with pytest.raises(ValidationError):
        spec(publishing_rule_id="")


@pytest.mark.contract("R-52")
@pytest.mark.parametrize("kind", KINDS)
def test_devices_may_be_bound_by_every_kind(kind: str) -> None:
    assert terms_of(spec(kind=kind, num_devices_to_bind=2)) == {"num_devices_to_bind": 2}


@pytest.mark.contract("R-52")
@pytest.mark.parametrize("count", [0, -1, True, 1.5, "2"])
def test_a_number_of_devices_is_whole_and_from_one(count: Any) -> None:
    with pytest.raises(ValidationError):
        spec(num_devices_to_bind=count)


# --- instants --------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-47", "R-48")
@pytest.mark.parametrize(
    "text",
    [
        "2018-06-9T09:40:35+00:00",
        "2018-06-09T09:40:35Z",
        "2018-06-09T11:40:35+02:00",
        "2018-6-9T9:40:35Z",
        "2018-06-09T11:40:35+0200",
        "2018-06-09T05:10:35.000-0430",
    ],
)
def test_every_spelling_of_an_instant_is_the_same_value(text: str) -> None:
    assert utc(text) == "2018-06-09T09:40:35+00:00"
    assert spec(start_time=text).start_time == live(text) == "2018-06-09T09:40:35+00:00"


@pytest.mark.contract("R-47")
@pytest.mark.parametrize(
    "value",
    [
        "2018-06-09T09:40:35",
        "2018-06-09T09:40:35.5Z",
        "2018-06-09T09:40:60Z",
        "2018-06-09",
        "2018-02-30T09:40:35Z",
        "0001-01-01T00:00:00+14:00",
        "20130902",
        20130902,
        "tomorrow",
        "",
        datetime(2018, 6, 9),
    ],
)
def test_what_is_no_instant_is_refused_with_what_was_wanted(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"must be a|has no time zone"):
        spec(end_time=value)


@pytest.mark.contract("R-48")
@settings(deadline=None)
@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_keeps_its_place_in_time_and_is_a_fixed_point(moment: datetime, minutes: int) -> None:
    shown = moment.replace(microsecond=0, tzinfo=UTC)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    there = (shown + timedelta(minutes=minutes)).replace(tzinfo=None)
    form = utc(f"{there.isoformat()}{sign}{hours:02}{rest:02}")
    assert form == shown.isoformat() == utc(form)


@pytest.mark.contract("R-48")
def test_what_the_service_gives_that_is_no_instant_is_an_error_and_no_difference() -> None:
    with pytest.raises(DecodeError, match="a time in the answer must be a time with its zone"):
        live("soon")


@pytest.mark.contract("R-49")
def test_a_start_is_before_its_end_and_either_may_be_missing() -> None:
    start, end = "2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00Z"
    for times in ({"start_time": start}, {"end_time": end}, {"start_time": start, "end_time": end}):
        assert terms_of(spec(**times)).keys() == times.keys()
    for late in (end, "2026-01-01T00:00:01Z"):
        with pytest.raises(ValidationError, match="start_time must be before end_time"):
            spec(start_time=late, end_time=end)


@pytest.mark.contract("R-49")
def test_an_end_that_has_passed_is_allowed_and_warned_of() -> None:
    past, ahead = "2018-06-09T09:40:35Z", "2999-06-09T09:40:35Z"
    assert "end_time has passed" in Entitlement().check(spec(end_time=past), {})[0].message
    assert not Entitlement().check(spec(end_time=ahead), {})
    entries = [ENTRY | {"end_time": past}, {**ENTRY, "content_id": "cup", "end_time": ahead}]
    (warning,) = EntitlementSet().check(EntitlementSetSpec(account_id="v1", entries=entries), {})
    assert warning.level is Level.WARNING
    assert warning.message.endswith("assets/derby/default")


# --- sets ------------------------------------------------------------------------------------------------------
@pytest.mark.contract("R-56")
@pytest.mark.parametrize(
    "entries",
    [
        [],
        [ENTRY, ENTRY | {"external_product_id": "default"}],
        [ENTRY | {"account_id": "v1"}],
        [ENTRY | {"updated_at": "2018-06-09T09:40:35Z"}],
        [{"kind": "assets"}],
    ],
)
def test_a_set_lists_each_grant_once_and_nothing_but_grants(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        EntitlementSetSpec(account_id="v1", entries=entries)


@pytest.mark.contract("R-57")
def test_a_purge_without_exclusiveness_is_warned_of_as_it_does_nothing() -> None:
    purging = EntitlementSetSpec(account_id="v1", entries=[ENTRY], purge_on_delete=True)
    (warning,) = EntitlementSet().check(purging, {})
    assert "not exclusive" in warning.message
