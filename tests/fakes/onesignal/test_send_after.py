"""Which instant a ``send_after`` names, against a frozen table.

The table was made by asking V8 (Node.js 20 with TZ=UTC) for ``new Date(text).getTime()``; no
engine is needed to run it. What is ours alone stands apart below it.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.onesignal.send_after import parse_send_after

TWO_IN_THE_AFTERNOON_PDT = 1_443_128_400_000

READ_BY_V8 = [
    ("Thu Sep 24 2015 14:00:00 GMT-0700 (PDT)", 1_443_128_400_000),
    ("2015-09-24 14:00:00 GMT-0700", 1_443_128_400_000),
    ("Sept 24 2015 14:00:00 GMT-0700", 1_443_128_400_000),
    ("September 24 2015, 2:00:00 pm UTC-07:00", 1_443_128_400_000),
    ("2015-09-24", 1_443_052_800_000),
    ("2015-09", 1_441_065_600_000),
    ("2015", 1_420_070_400_000),
    ("2015-09-24T14:00", 1_443_103_200_000),
    ("2015-09-24T14:00Z", 1_443_103_200_000),
    ("2015-09-24T14:00:00Z", 1_443_103_200_000),
    ("2015-09-24T14:00:00z", 1_443_103_200_000),
    ("2015-09-24t14:00:00Z", 1_443_103_200_000),
    ("2015-09-24T14:00:00", 1_443_103_200_000),
    ("2015-09-24T14:00:00.5Z", 1_443_103_200_500),
    ("2015-09-24T14:00:00.05Z", 1_443_103_200_050),
    ("2015-09-24T14:00:00.123Z", 1_443_103_200_123),
    ("2015-09-24T14:00:00.123456Z", 1_443_103_200_123),
    ("2015-09-24T14:00:00.1239999999999Z", 1_443_103_200_123),
    ("2015-09-24T14:00:00-07:00", 1_443_128_400_000),
    ("2015-09-24T14:00:00+05:30", 1_443_083_400_000),
    ("2015-09-24T14:00:00-0700", 1_443_128_400_000),
    ("2015-09-24T24:00:00Z", 1_443_139_200_000),
    ("+012015-09-24T14:00:00Z", 317_012_623_200_000),
    ("2015-09-24 14:00", 1_443_103_200_000),
    ("2015-09-24 14:00:00", 1_443_103_200_000),
    ("2015-09-24 14:00:00.250", 1_443_103_200_250),
    ("2015-09-24 14:00:00Z", 1_443_103_200_000),
    ("2015-09-24 14:00:00 Z", 1_443_103_200_000),
    ("2015-09-24 14:00:00 UTC", 1_443_103_200_000),
    ("2015-09-24 14:00:00 GMT", 1_443_103_200_000),
    ("2015-09-24 14:00:00 EST", 1_443_121_200_000),
    ("2015-09-24 14:00:00 EDT", 1_443_117_600_000),
    ("2015-09-24 14:00:00 CST", 1_443_124_800_000),
    ("2015-09-24 14:00:00 CDT", 1_443_121_200_000),
    ("2015-09-24 14:00:00 MST", 1_443_128_400_000),
    ("2015-09-24 14:00:00 MDT", 1_443_124_800_000),
    ("2015-09-24 14:00:00 PST", 1_443_132_000_000),
    ("2015-09-24 14:00:00 PDT", 1_443_128_400_000),
    ("2015-09-24 14:00:00 -0700", 1_443_128_400_000),
    ("2015-09-24 14:00:00-07:00", 1_443_128_400_000),
    ("2015-09-24 14:00:00-7", 1_443_128_400_000),
    ("2015-09-24 14:00:00 +0530", 1_443_083_400_000),
    ("2015-09-24 14:00:00 GMT+2", 1_443_096_000_000),
    ("2015-09-24 14:00:00 GMT+02:00", 1_443_096_000_000),
    ("2015-09-24 14:00:00 UTC+0200", 1_443_096_000_000),
    ("2015-09-24 2:00 PM", 1_443_103_200_000),
    ("2015-09-24 2:00:00 pm", 1_443_103_200_000),
    ("2015-09-24 12:00 am", 1_443_052_800_000),
    ("2015-09-24 12:00 pm", 1_443_096_000_000),
    ("2015-09-24 24:00", 1_443_139_200_000),
    ("2015/09/24 14:00:00", 1_443_103_200_000),
    ("2015/9/4", 1_441_324_800_000),
    ("09/24/2015", 1_443_052_800_000),
    ("9/24/2015 14:00", 1_443_103_200_000),
    ("9/24/2015 2:00:00 PM", 1_443_103_200_000),
    ("9/24/15", 1_443_052_800_000),
    ("9/24/75", 180_748_800_000),
    ("24 Sep 2015 14:00:00 GMT", 1_443_103_200_000),
    ("24-Sep-2015 14:00", 1_443_103_200_000),
    ("Sep 24, 2015 14:00", 1_443_103_200_000),
    ("September 24, 2015", 1_443_052_800_000),
    ("Thu, 24 Sep 2015 21:00:00 GMT", 1_443_128_400_000),
    ("Thursday, September 24, 2015 2:00 PM", 1_443_103_200_000),
    ("2015 Sep 24 14:00", 1_443_103_200_000),
    ("Sep 24 2015 14:00:00\u202fGMT-0700", 1_443_128_400_000),
    ("Sep 24 2015\t14:00", 1_443_103_200_000),
    ("Sep 24", 1_001_289_600_000),
    ("2015-02-30", 1_425_254_400_000),
    ("2015-02-30T12:00:00Z", 1_425_297_600_000),
    ("2015-09-24 (a remark (in it)) 14:00", 1_443_103_200_000),
    ("2015-9-4", 1_441_324_800_000),
    ("2015-09-24T14:00:00.000+00:00", 1_443_103_200_000),
    ("Fri May 02 2014 00:00:00 GMT-0700 (PDT)", 1_399_014_000_000),
    ("1969-12-31T23:59:59.999Z", -1),
    ("Sep24 2015", 1_443_052_800_000),
    ("Tue Feb 23 2016 16:00:00 UTC+0000 (UTC)", 1_456_243_200_000),
    ("2015-09-24T14:00:00.123+0530", 1_443_083_400_123),
]

REFUSED_BY_V8 = [
    "24/9/2015",
    "25/12/2026 10:00",
    "2015-13-01",
    "2015-00-10",
    "2015-09-32",
    "2015-09-24T25:00:00Z",
    "2015-09-24T14:60:00Z",
    "2015-09-24T14:00:60Z",
    "2015-09-24T24:00:01Z",
    "2015-09-24T14",
    "2015-09-24T14:00:00.Z",
    "2015-09-24T14:00:00 Z",
    "2015-09-24T14:00:00+25:00",
    "2015-09-24T2:00 PM",
    "2015-09-24 25:00",
    "2015-09-24 14:00:00 CET",
    "2015-09-24 14:00:00 Europe/Paris",
    "2015-09-24 13:00 PM",
    "2015-09-24 2:00pm",
    "Sept 24 2015 at 14:00",
    "2015-09-24 14:00:00 GMT-12345",
    "tomorrow",
    "now",
    "14:00",
    "14:00:00 GMT-0700",
    "1443128400000",
    "1443128400",
    "-000000-01-01T00:00:00Z",
    "2015-09-24 14:00)",
    "",
    " ",
    "()",
    "September",
    "2015-09-24 14:00 2015 1",
    "2015-09-24 14:00:00 -0700 -",
    "1::2 3::4",
    "300000-01-01",
    "2015-09-24 1:2:3:4:5:6",
    "2015-09-24 14:99:00",
    "2015-09-24T14:00:00+2500",
    "2015-09-24T14:00:00+07:60",
    "2015-09-24 14:00:00.x",
]


@pytest.mark.parametrize(("text", "expected"), READ_BY_V8)
def test_a_text_is_read_as_javascript_reads_it(text: str, expected: int):
    assert parse_send_after(text) == expected


@pytest.mark.parametrize("text", REFUSED_BY_V8)
def test_what_javascript_calls_an_invalid_date_is_refused(text: str):
    assert parse_send_after(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thu Sep 24 2015 14:00:00 GMT-0700 (PDT)",
        "2015-09-24 14:00:00 GMT-0700",
        "Sept 24 2015 14:00:00 GMT-0700",
        "September 24th 2015, 2:00:00 pm UTC-07:00",
    ],
)
def test_the_four_documented_forms_name_the_same_instant_west_of_greenwich(text: str):
    assert parse_send_after(text) == TWO_IN_THE_AFTERNOON_PDT


@pytest.mark.parametrize(
    "text",
    [
        "September 1st 2015",
        "Sep 1ST 2015",
        "1st of September",
        "September 2nd, 2015",
        "3rd Sep 2015",
    ],
)
def test_endings_of_ordinal_numbers_are_dropped_only_where_the_rest_is_a_date(text: str):
    assert (parse_send_after(text) is None) == ("of" in text)


def test_a_date_and_time_without_an_offset_is_utc():
    assert parse_send_after("2026-01-01 09:30") == parse_send_after("2026-01-01T09:30Z")


def test_nothing_is_filled_in_from_today():
    """A missing year is 2001, as in every JavaScript engine; a missing date is no date."""
    assert parse_send_after("Sep 24") == parse_send_after("2001-09-24")
    assert parse_send_after("14:00") is None


def test_a_text_ends_at_a_nul_character():
    assert parse_send_after("2015-09-24\0nonsense 99") == parse_send_after("2015-09-24")


def test_a_text_longer_than_any_date_is_refused():
    assert parse_send_after("2015-09-24" + " " * 1_000) is None


def test_an_absurd_offset_is_refused_or_wraps_around_as_in_v8():
    assert parse_send_after("2015-09-24 14:00:00 -0700300::") is None
    assert parse_send_after("2015-09-24 14:00:00-12345624:0007") == 2_937_677_060_000


@given(st.text(alphabet="0123456789:-+.()TZ GMTSepPAMm/,\u202f\0", max_size=60))
def test_any_text_is_an_instant_in_javascripts_range_or_none(text: str):
    instant = parse_send_after(text)

    assert instant is None or abs(instant) <= 8_640_000_000_000_000


@given(st.datetimes())
def test_an_iso_text_names_the_instant_that_it_spells(moment):
    """Checked against Python's own calendar, milliseconds cut."""
    milliseconds = (moment - type(moment)(1970, 1, 1)) // type(moment - moment)(milliseconds=1)

    assert parse_send_after(moment.isoformat(timespec="milliseconds") + "Z") == milliseconds
