"""Goal: sends to APNs are told from other requests, and a service's own looks like one."""

from __future__ import annotations

import msgspec
import pytest

from pushlab.content import Content
from pushlab.gateway import Verdict
from pushlab_fakes.apns import sends
from pushlab_fakes.apns.reasons import SEND_REASONS
from pushlab_fakes.exchange import Answer, Request

SENT_AT = 1_767_225_600_000


def a_request(path: str, host: str = "api.push.apple.com", **headers: str) -> Request:
    return Request.build("POST", f"https://{host}{path}", headers=headers)


@pytest.mark.parametrize(
    ("path", "host", "is_send"),
    [
        ("/3/device/ab", "api.push.apple.com", True),
        ("/3/device/ab", "127.0.0.1", True),
        ("/4/broadcasts/apps/a.b", "api.push.apple.com", True),
        ("/nowhere", "api.push.apple.com", True),
        ("/1/apps/a.b/channels", "127.0.0.1", False),
        ("/1/apps/a.b/channels", "api-manage-broadcast.push.apple.com", False),
    ],
)
def test_what_manages_channels_is_no_send(path, host, is_send):
    assert sends.is_send(a_request(path, host)) is is_send


def test_the_path_names_the_token_and_a_broadcast_its_channel():
    assert sends.find_address(a_request("/3/device/abcd")) == "abcd"
    assert sends.find_address(a_request("/3/device/")) == ""
    broadcast = a_request("/4/broadcasts/apps/a.b", **{"apns-channel-id": "c1"})
    assert sends.find_address(broadcast) == "c1"
    assert sends.find_address(a_request("/4/broadcasts/apps/a.b")) == ""


def test_an_answer_names_the_message_and_a_refusal_its_reason():
    taken = Answer(200, b"", (("apns-id", "X"),))

    assert (sends.find_name(taken), sends.find_reason(taken)) == ("X", None)
    assert sends.find_reason(Answer(410, b'{"reason":"Unregistered"}')) == "Unregistered"


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}"])
def test_a_refusal_of_another_form_has_no_reason(body):
    assert sends.find_reason(Answer(503, body)) is None


def test_a_services_push_is_a_request_as_apple_has_it():
    content = Content(collapse_id="news", ttl_s=60, priority=5)

    request = sends.render_send("ab", {"aps": {}}, content, topic="a.b", sent_at=SENT_AT)

    assert (request.method, request.host, request.path) == (
        "POST",
        "api.push.apple.com",
        "/3/device/ab",
    )
    assert dict(request.headers) == {
        "apns-topic": "a.b",
        "apns-push-type": "alert",
        "apns-priority": "5",
        "apns-expiration": "1767225660",
        "apns-collapse-id": "news",
    }
    assert msgspec.json.decode(request.body) == {"aps": {}}


def test_a_push_without_text_or_time_says_so():
    content = Content(is_visible=False, ttl_s=0)

    headers = dict(sends.render_send("ab", {}, content, topic="t", sent_at=SENT_AT).headers)

    assert (headers["apns-push-type"], headers["apns-expiration"]) == ("background", "0")
    assert headers["apns-priority"] == "5", "APNs refuses 10 here"
    assert "apns-collapse-id" not in headers


def test_what_is_said_of_a_verdict_is_a_reason_of_apns_with_its_status():
    said = [*sends.VERDICTS.values(), sends.STRANGER]

    assert sends.VERDICTS[Verdict.ACCEPTED] == (200, "")
    assert [(SEND_REASONS[reason], reason) for _, reason in said[1:]] == said[1:]
