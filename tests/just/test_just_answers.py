"""Status and text are judged together, for neither is proof alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from just_engine import JUID

from headend.core.model.errors import ApiError, DecodeError, Forbidden, NotFound, Refused, Unavailable, Unsettled
from headend.core.wire.client import Answer
from headend.core.wire.invoke import Request
from headend.just.answers import CATALOGUE, SHOWN, Sort, excerpt, judge, said
from headend.just.wire import TABLE


def answer(body: str, status: int = 200) -> Answer:
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = body or None
    return Answer(status, decoded, {}, False, body.encode())


@pytest.mark.contract("J-10", "J-11")
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("shape", ["{}", " {}\n", '"{}"', "Error: {}!"])
@pytest.mark.parametrize(("words", "sort", "keys"), CATALOGUE, ids=[words for words, _, _ in CATALOGUE])
def test_a_text_of_the_catalogue_is_its_error_whatever_its_status_case_and_quotes(
    words: str, sort: Sort, keys: frozenset[str], shape: str, status: int
) -> None:
    for key in keys:
        for text in (words, words.upper(), words.title()):
            judged = judge(key, answer(shape.format(text), status))
            assert (judged.ok, judged.sort) == (False, sort), key


@pytest.mark.contract("J-10", "J-12")
@pytest.mark.parametrize(
    ("key", "body", "value"),
    [
        ("profile.create", "de6f0132ea9e412599ae31262c45633b", "de6f0132ea9e412599ae31262c45633b"),
        ("email.subscribe", "", None),
        ("sms.unsubscribe", ' ""\n', None),
        ("utm_metric.update", '"Metrics updated"', "Metrics updated"),
        ("action.create", "request ACCEPTED", "request ACCEPTED"),
        ("segment.list", "[35,36]", [35, 36]),
        ("refid.count", '[{"subscount":1,"refid":"Error query"}]', [{"subscount": 1, "refid": "Error query"}]),
        ("refid.daily", '{"2020-08-11":{"User not found":2}}', {"2020-08-11": {"User not found": 2}}),
    ],
)
def test_each_operation_has_its_own_form_of_success(key: str, body: str, value: Any) -> None:
    judged = judge(key, answer(body))
    assert (judged.ok, judged.value) == (True, value)
    assert not judge(key, answer(body, 500)).ok  # the status has a say, too


@pytest.mark.contract("J-12")
@pytest.mark.parametrize("key", TABLE)
@pytest.mark.parametrize("body", ["", "OK", "<html>Welcome</html>", "null", "true", '{"error": 1}', "[[1]]", "Error"])
def test_what_is_not_that_form_is_no_success(key: str, body: str) -> None:
    assert judge(key, answer(body)).ok is (body == "" and key.endswith("subscribe"))


@pytest.mark.contract("J-20")
@pytest.mark.parametrize("body", ["abcdefgh", '"abcd_-EF"', " abcdefgh \n", "a" * 64])
def test_a_juid_is_taken_bare_quoted_or_with_blanks_and_kept_as_it_is(body: str) -> None:
    assert judge("profile.create", answer(body)).value == body.strip().strip('"')


@pytest.mark.contract("J-20")
@pytest.mark.parametrize("body", ["abcdefg", "a" * 65, "abc defgh", "äbcdefgh", "Error save data", "abcdefgh\nijkl"])
def test_anything_else_is_no_juid(body: str) -> None:
    assert not judge("profile.create", answer(body)).ok


@pytest.mark.contract("J-24")
@pytest.mark.parametrize(
    ("key", "body", "value"),
    [
        ("segment.list", "{}", []),
        ("segment.list", '{"0": 35, "2": 36}', [35, 36]),
        ("refid.count", "{}", []),
        ("refid.count", '{"3": {"subscount": 2, "refid": "a"}}', [{"subscount": 2, "refid": "a"}]),
        ("refid.daily", "[]", {}),
        ("refid.daily", '{"2020-08-11": []}', {"2020-08-11": {}}),
    ],
)
def test_lists_and_objects_stand_for_each_other_as_php_writes_them(key: str, body: str, value: Any) -> None:
    assert judge(key, answer(body)).value == value


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("segment.list", "[true]"),
        ("segment.list", '["35"]'),
        ("segment.list", "[null]"),
        ("refid.count", '[{"subscount": "1", "refid": "a"}]'),
        ("segment.list", '{"a": 1}'),
        ("refid.count", '[{"subscount": 1}]'),
        ("refid.count", '[{"subscount": null, "refid": "a"}]'),
        ("refid.daily", "[1]"),
        ("refid.daily", '{"yesterday": {}}'),
        ("refid.daily", '{"2020-08-11": {"a": "many"}}'),
    ],
)
def test_rows_of_another_shape_are_no_answer(key: str, body: str) -> None:
    assert not judge(key, answer(body)).ok


def test_one_pair_of_quotes_is_taken_off() -> None:
    assert [said(answer(text)) for text in ('"a \\"b\\""', '"a"b"', '"', "")] == ['a "b"', 'a"b', '"', ""]


@pytest.mark.contract("J-12", "J-56")
def test_an_excerpt_is_short_and_names_nobody() -> None:
    text = f"<b>{JUID} Bob, ANN.other%40example.com\n +43 1 555 0017</b> Bobby third@example.org " + "x" * 300
    shown = excerpt(text, [JUID, "Bob", "ann.other@example.com"])
    assert len(shown) <= SHOWN
    assert shown.startswith("<b>(secret) (secret), (secret) (secret)</b> Bobby (secret) xxx")


# --- as errors -------------------------------------------------------------------------------------------------
async def raised(box: Any, key: str) -> ApiError:
    fields = {"juid": JUID, "email": "a@example.com"}
    with pytest.raises(ApiError) as caught:
        await box.api.called(key, fields)
    return caught.value


@pytest.mark.contract("J-10", "J-15")
@pytest.mark.parametrize(
    ("status", "body", "error", "said_"),
    [
        (404, "User not found", NotFound, "only to the token it was made with"),
        (400, "Not validate email", Refused, "Not validate email"),
        (200, "a@example.com is welcome", DecodeError, r"unexpected answer 200: \(secret\) is welcome"),
        (404, "<html>User not found</html>", Refused, "is the url right"),
        (200, "<html>a@example.com</html>", DecodeError, "unexpected answer 200: a page"),
        (401, "", Forbidden, "HEADEND_JUST_TOKEN"),
        (403, "Forbidden", Forbidden, "HEADEND_JUST_TOKEN"),
        (404, "<html>Not Found</html>", Refused, "is the url right"),
        (302, "", Refused, "redirects are not followed"),
        (500, "", Unsettled, "outcome unknown"),
        (418, "teapot", Refused, "answered 418: teapot"),
    ],
)
def test_a_failed_subscription_says_what_is_known_of_it(
    just: Callable[..., Any], status: int, body: str, error: type[ApiError], said_: str
) -> None:
    box = just()
    box.sim.fail("email.subscribe", status=status, body=body.encode())
    found = asyncio.run(raised(box, "email.subscribe"))
    assert type(found) is error
    assert found.status == status
    with pytest.raises(error, match=said_):
        raise found
    assert box.calls == ["email.subscribe"]
    assert "a@example.com" not in str(found)


@pytest.mark.contract("J-44")
@pytest.mark.parametrize("text", ["JuId is missing", "Mandatory parameter is missing"])
def test_fields_that_got_lost_are_never_taken_for_gone(just: Callable[..., Any], text: str) -> None:
    box = just()
    box.sim.fail("email.unsubscribe", status=200, body=f"{text} | User not found".encode(), times=9)
    with pytest.raises(Refused, match="the fields did not arrive"):
        asyncio.run(box.api.unsubscribe("email", JUID, "a@example.com"))


def test_a_service_that_keeps_failing_is_told(just: Callable[..., Any]) -> None:
    box = just()
    box.sim.fail("refid.daily", status=200, body=b"Error service", times=9)
    path, query = {"channel": "sms"}, {"start": "2020-08-11 20:38:49", "end": "2020-08-12 00:00:00"}
    with pytest.raises(Unavailable, match="the service failed: Error service"):
        asyncio.run(box.api.read("refid.daily", Request(path, query)))
    assert len(box.calls) == 3
