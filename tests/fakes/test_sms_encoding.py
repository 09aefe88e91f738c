"""How many parts a text takes: the limits, and the characters that are never cut in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.sms_encoding import ONE_UNIT, TWO_UNITS, SmsSize, measure_sms

EMOJI = "\N{PARTY POPPER}"


def test_the_default_alphabet_has_its_128_places_without_the_escape():
    assert len(set(ONE_UNIT)) == len(ONE_UNIT) == 127
    assert len(set(TWO_UNITS)) == len(TWO_UNITS) == 10
    assert not set(ONE_UNIT) & set(TWO_UNITS)


@pytest.mark.parametrize(
    ("body", "size"),
    [
        ("", SmsSize("GSM-7", 0, 1)),
        ("a" * 160, SmsSize("GSM-7", 160, 1)),
        ("a" * 161, SmsSize("GSM-7", 161, 2)),
        ("a" * 306, SmsSize("GSM-7", 306, 2)),
        ("a" * 307, SmsSize("GSM-7", 307, 3)),
        ("é" * 160, SmsSize("GSM-7", 160, 1)),
        ("€" * 80, SmsSize("GSM-7", 160, 1)),
        ("€" * 81, SmsSize("GSM-7", 162, 2)),
        ("ж" * 70, SmsSize("UCS-2", 70, 1)),
        ("ж" * 71, SmsSize("UCS-2", 71, 2)),
        ("ж" * 134, SmsSize("UCS-2", 134, 2)),
        ("ж" * 135, SmsSize("UCS-2", 135, 3)),
        (EMOJI * 35, SmsSize("UCS-2", 70, 1)),
        (EMOJI * 36, SmsSize("UCS-2", 72, 2)),
    ],
)
def test_a_text_is_counted_in_units_and_parts(body, size):
    assert measure_sms(body) == size


@pytest.mark.parametrize(
    "character", ["\N{RIGHT SINGLE QUOTATION MARK}", "…", "\N{EN DASH}", "ç", "á", EMOJI, "`"]
)
def test_one_character_outside_the_table_turns_the_whole_text(character):
    assert measure_sms("a" * 100 + character).encoding == "UCS-2"
    assert measure_sms("a" * 100 + character).segments == 2


def test_the_small_c_with_a_cedilla_is_outside_and_the_capital_is_in():
    assert measure_sms("Ç").encoding == "GSM-7"
    assert measure_sms("ç").encoding == "UCS-2"


def test_an_extension_character_is_not_cut_in_two():
    fits = "a" * 151 + "€" + "a" * 153
    pushed = "a" * 152 + "€" + "a" * 152

    assert measure_sms(fits) == SmsSize("GSM-7", 306, 2)
    assert measure_sms(pushed) == SmsSize("GSM-7", 306, 3)


def test_a_surrogate_pair_is_not_cut_in_two():
    assert measure_sms("ж" * 66 + EMOJI + "ж" * 66) == SmsSize("UCS-2", 134, 3)


@given(st.text(max_size=400))
def test_more_text_never_takes_fewer_units_or_parts(body):
    less, more = measure_sms(body[:-1]), measure_sms(body)

    assert more.units >= less.units
    assert more.segments >= less.segments
