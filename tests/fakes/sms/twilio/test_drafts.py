"""Goal: the form of a message is read as Twilio reads it."""

from __future__ import annotations

import pytest

from pushlab.settings import Settings
from pushlab.world.clock import parse_instant
from pushlab_fakes.exchange import Answer
from pushlab_fakes.sms.twilio.drafts import Draft, Form, parse_date, read_draft, read_form
from pushlab_testing.twilio import ALICE, SHOP

NOW = parse_instant("2026-01-01T00:00:00Z")


def draft(**fields: str) -> Draft | Answer:
    form = {"To": ALICE, "From": SHOP, "Body": "Hello", **fields}
    return read_draft(Form([*form.items()]), NOW, Settings())


def test_what_is_not_said_is_as_documented() -> None:
    assert draft() == Draft(
        to=ALICE,
        sender=SHOP,
        service=None,
        body="Hello",
        media=(),
        is_mms=False,
        status_callback=None,
        application=None,
        validity_s=36_000,
        send_at=None,
        max_price=None,
        keeps_body=True,
        keeps_address=True,
    )


def test_smart_encoding_replaces_what_looks_alike() -> None:
    read = draft(Body="\u201cHi\u201d \u2013 it\u2019s here\u2026", SmartEncoded="true")

    assert isinstance(read, Draft)
    assert read.body == '"Hi" - it\'s here...'


def test_a_text_may_be_sent_as_mms() -> None:
    read = draft(SendAsMms="true")

    assert isinstance(read, Draft)
    assert read.is_mms


def test_a_template_is_shown_by_its_sid_and_variables() -> None:
    read = draft(Body="", ContentSid="HX1", ContentVariables='{"1":"Alice"}')

    assert isinstance(read, Draft)
    assert read.body == 'HX1 {"1":"Alice"}'


@pytest.mark.parametrize(
    "field",
    [
        {"ContentRetention": "burn"},
        {"AddressRetention": "burn"},
        {"TrafficType": "paid"},
        {"ProvideFeedback": "perhaps"},
        {"SendAsMms": "1"},
        {"Attempt": "0"},
        {"Attempt": "first"},
        {"MaxPrice": "cheap"},
        {"ValidityPeriod": "0"},
        {"ValidityPeriod": "soon"},
        {"StatusCallback": "ftp://shop.test"},
        {"StatusCallback": "https://under_score.test"},
        {"StatusCallback": "https://[half"},
    ],
)
def test_a_value_that_cannot_be_is_refused(field) -> None:
    assert isinstance(draft(**field), Answer)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01", NOW),
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T01:00:00+01:00", NOW),
        ("2026-01-01T00:00:00.250", NOW + 250),
        ("tomorrow", None),
    ],
)
def test_dates_are_iso_8601(text, instant) -> None:
    assert parse_date(text) == instant


def test_a_form_keeps_repeated_fields_in_order() -> None:
    form = read_form(b"MediaUrl=a&Body=Hi&MediaUrl=b")

    assert form is not None
    assert form.list("MediaUrl") == ["a", "b"]
    assert form.get("MediaUrl") == "b"
    assert form.shown() == {"MediaUrl": ["a", "b"], "Body": "Hi"}


@pytest.mark.parametrize("body", [b"\xff=1", b"&".join([b"a=1"] * 1_001)])
def test_what_is_no_form_is_none(body) -> None:
    assert read_form(body) is None


def test_no_two_forms_read_alike() -> None:
    texts = {
        Form(pairs).canonical()
        for pairs in ([("a", "1&b=2")], [("a", "1"), ("b", "2")], [("a", "1b"), ("2", "")])
    }

    assert len(texts) == 3
