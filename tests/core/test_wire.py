"""Operations tables: addresses that can't go astray, rows that can be corrected."""

import asyncio
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headend.core.model.errors import Ambiguous, InputError
from headend.core.wire.client import Client
from headend.core.wire.operations import Operation, Table

ITEM = Operation("thing.get", "GET", "/things/{thing_id}", "A-1", "read a thing", mark="D")
GUESS = Operation("thing.start", "POST", "/things/{thing_id}/start", "A-2", "start it", mark="A")


@pytest.mark.contract("A-44", "M-19", "R-5")
@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "a\x00b", "\x7f"])
def test_an_id_that_could_turn_an_item_into_its_collection_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="thing_id"):
        ITEM.url({"thing_id": value})


def test_a_missing_id_is_refused() -> None:
    with pytest.raises(InputError):
        ITEM.url({})


@pytest.mark.contract("A-44", "R-4")
@given(st.text(min_size=1))
def test_an_id_stays_one_segment(value: str) -> None:
    try:
        url = ITEM.url({"thing_id": value})
    except InputError:
        return
    except UnicodeEncodeError:  # lone surrogates have no percent-encoding
        return
    assert url.count("/") == 2
    assert "?" not in url
    assert "#" not in url


@pytest.mark.contract("A-41")
def test_an_assumed_row_can_be_overridden_and_a_documented_one_only_on_insistence() -> None:
    table = Table([ITEM, GUESS])
    assert table.overridden({"thing.start": {"method": "PUT"}})["thing.start"].method == "PUT"
    assert table["thing.start"].method == "POST"
    with pytest.raises(InputError, match="override_documented"):
        table.overridden({"thing.get": {"path": "/x/{thing_id}"}})
    insisted = table.overridden({"thing.get": {"path": "/x/{thing_id}", "override_documented": True}})
    assert insisted["thing.get"].url({"thing_id": "7"}) == "/x/7"


def test_an_override_that_names_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="unknown operation"):
        Table([ITEM]).overridden({"thing.fly": {}})
    with pytest.raises(InputError, match="unknown key"):
        Table([GUESS]).overridden({"thing.start": {"verb": "PUT"}})


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"path": "@elsewhere.example.com/x"}, "begins with a slash"),
        ({"path": "https://elsewhere.example.com/x"}, "begins with a slash"),
        ({"path": "//elsewhere.example.com/x"}, "two slashes"),
        ({"path": "/things/../admin"}, "segment of dots"),
        ({"path": "/things/%2e%2e/admin"}, "nothing encoded"),
        ({"path": "/things%2Fadmin"}, "nothing encoded"),
        ({"path": "/things#x"}, "nothing encoded"),
        ({"path": 7}, "must be text"),
        ({"path": "/things/{other_id}"}, "unknown place {other_id}; known: thing_id"),
        ({"method": "OPTIONS"}, "must be one of GET, HEAD, POST"),
    ],
)
def test_an_override_leads_to_no_other_host_and_to_no_other_place(row: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        Table([GUESS]).overridden({"thing.start": row})


@pytest.mark.contract("A-54")
def test_a_creation_by_another_verb_is_still_never_repeated_blindly() -> None:
    """PUT may be repeated, but not where it stands for a POST."""
    [put] = Table([GUESS]).overridden({"thing.start": {"method": "PUT"}}).values()
    assert (put.method, put.nature) == ("PUT", "POST")
    asked: list[str] = []

    def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        raise httpx.ReadError("lost", request=request)

    async def start() -> None:
        async with Client("https://x.example.com", platform="x", transport=httpx.MockTransport(lost)) as client:
            await client.send(put, path={"thing_id": "1"})

    with pytest.raises(Ambiguous):
        asyncio.run(start())
    assert asked == ["PUT"]


def test_a_row_that_the_tenant_documents_says_so() -> None:
    table = Table([ITEM, GUESS])
    told = table.overridden({"thing.get": {"path": "/x/{thing_id}", "documented": True}, "thing.start": {}})
    assert [op.mark for op in told.values()] == ["T", "A"]


@pytest.mark.contract("A-978")
def test_names_in_bodies_that_the_document_leaves_open_can_be_corrected_word_by_word() -> None:
    row = Operation("thing.paint", "PUT", "/things", "A-3", "paint it", mark="A", keys={"colour": "color", "coat": "n"})
    table = Table([row, GUESS])
    assert table.overridden({"thing.paint": {"keys": {"coat": "layers"}}})["thing.paint"].keys == {
        "colour": "color",
        "coat": "layers",
    }
    assert row.keys["coat"] == "n"
    for wrong, told in (({"gloss": "x"}, "unknown word 'gloss'"), ({"coat": ""}, "mapping of words"), (7, "mapping")):
        with pytest.raises(InputError, match=told):
            table.overridden({"thing.paint": {"keys": wrong}})
    with pytest.raises(InputError, match="known: none"):
        table.overridden({"thing.start": {"keys": {"a": "b"}}})
