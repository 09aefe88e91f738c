"""Goal: senders and recipients are told apart as Twilio does."""

from __future__ import annotations

import pytest

from pushlab_fakes.sms.twilio.numbers import (
    find_country,
    find_late_error,
    find_sender_kind,
    parse_number,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+12025550111", "+12025550111"),
        (" +1 (202) 555-0111 ", "+12025550111"),
        ("2025550111", "+12025550111"),
        ("12025550111", "+12025550111"),
        ("447700900123", "+447700900123"),
        ("+491701234567", "+491701234567"),
        ("+1202555011", None),
        ("+11025550111", None),
        ("0620000000", None),
        ("+12", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_number_is_read_from_how_people_write_it(text, number) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("+14155550100", "long code"),
        ("+447700900123", "long code"),
        ("+18885550100", "toll-free"),
        ("12345", "short code"),
        ("SHOP 24", "alphanumeric"),
        ("whatsapp:+14155550100", "channel"),
        ("a name that is too long", None),
        ("!", None),
        ("", None),
    ],
)
def test_a_sender_is_of_a_kind(sender, kind) -> None:
    assert find_sender_kind(sender) == kind


def test_numbers_of_pushlabs_own_name_an_error() -> None:
    assert find_late_error("+15005530007") == 30007
    assert find_late_error("+12025530007") is None


@pytest.mark.parametrize(
    ("number", "country"),
    [("+12025550111", "US"), ("+353861234567", "IE"), ("+491701234567", "DE"), ("12345", "")],
)
def test_a_number_is_of_a_country(number, country) -> None:
    assert find_country(number) == country
