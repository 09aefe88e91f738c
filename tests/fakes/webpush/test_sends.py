"""Goal: sends to push services are told from other requests, and a service's own looks like one."""

from __future__ import annotations

import pytest

from pushlab.content import Content
from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.webpush import sends
from pushlab_fakes.webpush.dialects import DIALECTS, Problem

MOZILLA = "https://updates.push.services.mozilla.com"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_message_that_was_accepted_is_no_endpoint(dialect):
    endpoint = Request.build("POST", f"{dialect.origin}{dialect.paths[0]}abc")
    message = Request.build("DELETE", f"{dialect.origin}{dialect.message_path}abc")

    assert sends.is_send(endpoint)
    assert not sends.is_send(message)


def test_an_endpoint_has_its_services_name_whatever_host_was_called():
    request = Request.build("POST", "http://127.0.0.1:7575/wpush/v2/abc")

    assert sends.find_address(request) == f"{MOZILLA}/wpush/v2/abc"


def test_an_answer_names_the_message():
    taken = Answer(201, b"", (("location", f"{MOZILLA}/m/1"),))

    assert (sends.find_name(taken), sends.find_reason(taken)) == (f"{MOZILLA}/m/1", None)


@pytest.mark.parametrize(
    ("dialect", "reason"),
    [
        (DIALECTS[0], "push subscription has unsubscribed or expired."),
        (DIALECTS[1], "No such subscription"),
        (DIALECTS[2], "Unregistered"),
    ],
)
def test_a_refusal_says_why_in_its_services_words(dialect, reason):
    assert sends.find_reason(dialect.refuse(Problem.GONE, 0)) == reason


def test_a_refusal_without_words_has_no_reason():
    assert sends.find_reason(Answer(503)) is None
    assert sends.find_reason(Answer(503, b'{"error": 1}')) is None


def test_a_services_message_is_a_request_with_its_headers():
    content = Content(topic="news", ttl_s=60, priority=5)

    request = sends.render_send(f"{MOZILLA}/wpush/v2/abc", {"title": "Hi"}, content)

    assert (request.method, request.host, request.path) == (
        "POST",
        "updates.push.services.mozilla.com",
        "/wpush/v2/abc",
    )
    assert dict(request.headers) == {
        "ttl": "60",
        "urgency": "normal",
        "topic": "news",
        "content-type": "application/json",
    }
    assert request.body == b'{"title":"Hi"}'


def test_an_urgent_message_without_a_topic_has_none():
    headers = dict(sends.render_send(f"{MOZILLA}/wpush/v2/abc", {}, Content()).headers)

    assert headers["urgency"] == "high"
    assert "topic" not in headers


def test_what_is_said_of_a_verdict_is_a_status_of_rfc_8030():
    assert {status for status, _ in sends.VERDICTS.values()} == {201, 403, 404, 410, 413, 503}
    assert sends.VERDICTS[Verdict.DEAD][0] == 410
