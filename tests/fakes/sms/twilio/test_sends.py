"""Goal: sends to Twilio are told from other requests, and a service's own looks like one."""

from __future__ import annotations

import pytest

from pushlab.content import Sms
from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.sms.twilio import sends
from pushlab_fakes.sms.twilio.drafts import read_form
from pushlab_fakes.sms.twilio.errors import refuse

ACCOUNT = "/2010-04-01/Accounts/AC1"


def a_request(path: str, method: str = "POST", body: bytes = b"") -> Request:
    return Request.build(method, f"https://api.twilio.com{ACCOUNT}{path}", body=body)


@pytest.mark.parametrize(
    ("path", "method", "is_send"),
    [
        ("/Messages.json", "POST", True),
        ("/Messages", "POST", True),
        ("/Messages.json", "GET", False),
        ("/Messages/SM1.json", "POST", False),
        ("/Messages/SM1/Feedback.json", "POST", False),
    ],
)
def test_only_what_creates_a_message_is_a_send(path, method, is_send):
    assert sends.is_send(a_request(path, method)) is is_send


def test_the_form_names_the_number():
    assert sends.find_address(a_request("/Messages.json", body=b"To=%2B1202&Body=x")) == "+1202"
    assert sends.find_address(a_request("/Messages.json", body=b"Body=x")) == ""
    assert sends.find_address(a_request("/Messages.json", body=b"\xff")) == ""


def test_an_answer_names_the_message_and_a_refusal_its_code():
    refused = refuse(21610)

    assert sends.find_name(Answer(201, b'{"sid": "SM1"}')) == "SM1"
    assert sends.find_reason(Answer(201, b'{"sid": "SM1"}')) is None
    assert sends.find_name(refused) is None
    assert str(sends.find_reason(refused)).startswith("21610: ")
    assert sends.find_name(Answer(500, b"no json")) is None


def test_a_services_message_is_a_form_that_twilio_reads():
    said = Sms("+1415", "+1202", "Grüße & more", ("https://a.test/1.png", "https://a.test/2.png"))

    request = sends.render_send(said, account="AC1")

    form = read_form(request.body)
    assert (request.method, request.path) == ("POST", f"{ACCOUNT}/Messages.json")
    assert form is not None
    assert form.pairs == [
        ("To", "+1202"),
        ("From", "+1415"),
        ("Body", "Grüße & more"),
        ("MediaUrl", "https://a.test/1.png"),
        ("MediaUrl", "https://a.test/2.png"),
    ]


def test_what_is_said_of_a_verdict_is_an_error_of_twilio_with_its_status():
    said = [(status, code) for status, code in sends.VERDICTS.values() if code]

    assert [(refuse(int(code), to="", from_="", path="").status, code) for _, code in said] == said
    assert sends.VERDICTS[Verdict.STOPPED][1] == "21610"
