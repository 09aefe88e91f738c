"""Goal: before Twilio looks at a request, its path below the account and its account are known."""

from __future__ import annotations

import pytest

from pushlab_fakes.exchange import Request
from pushlab_fakes.sms.twilio.habits import HABITS

ACCOUNT = "/2010-04-01/Accounts/AC1"


@pytest.mark.parametrize(
    ("path", "short", "account"),
    [
        (f"{ACCOUNT}/Messages.json", "/Messages", "AC1"),
        (f"{ACCOUNT}/Messages/SM1/Feedback.json", "/Messages/SM1/Feedback", "AC1"),
        (f"{ACCOUNT}.json", "/", "AC1"),
        ("/elsewhere", "/elsewhere", None),
    ],
)
def test_a_path_goes_on_below_its_account(path: str, short: str, account: str | None) -> None:
    assert HABITS.shorten(path) == short
    assert HABITS.find_app(Request("POST", "api.twilio.com", path)) == account


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (b"To=1&Body=a", b"Body=a&To=1", True),
        (b"To=1&Body=a", b"To=1&Body=b", False),
        (b"\xff", b"\xfe", True),
    ],
)
def test_what_a_form_says_is_the_same_in_every_order(
    first: bytes, second: bytes, *, is_same: bool
) -> None:
    said = [HABITS.say(Request("POST", "h", "/", body=body)) for body in (first, second)]

    assert (said[0] == said[1]) is is_same
