"""Goal: sends to FCM are told from other requests, and a service's own looks like one."""

from __future__ import annotations

import msgspec
import pytest

from pushlab.content import Content
from pushlab.gateway import Verdict
from pushlab_fakes.exchange import Answer, Request
from pushlab_fakes.fcm import errors, sends
from pushlab_fakes.fcm.messages import Draft, read_send

SEND = "/v1/projects/shop/messages:send"


def a_request(json: object = None, path: str = SEND, method: str = "POST") -> Request:
    return Request.build(method, f"https://fcm.googleapis.com{path}", json=json)


@pytest.mark.parametrize(
    ("path", "method", "is_send"),
    [
        (SEND, "POST", True),
        ("/v1/projects/shop/messages%3Asend", "POST", True),
        ("/fcm/send", "POST", True),
        (SEND, "GET", False),
        ("/token", "POST", False),
        ("/v1/projects/shop/registrations/x", "POST", False),
        ("/batch", "POST", False),
    ],
)
def test_what_sends_nothing_is_no_send(path, method, is_send):
    assert sends.is_send(a_request(path=path, method=method)) is is_send


@pytest.mark.parametrize(
    ("json", "address"),
    [
        ({"message": {"token": "t1"}}, "t1"),
        ({"message": {"topic": "news"}}, "topic news"),
        ({"message": {"condition": "'a' in topics"}}, "condition 'a' in topics"),
        ({"message": {"fid": "f1"}}, "fid f1"),
        ({"message": {}}, ""),
        ({"message": "hello"}, ""),
        ([], ""),
    ],
)
def test_the_body_names_the_address(json, address):
    assert sends.find_address(a_request(json)) == address


def test_the_dead_endpoint_names_it_otherwise():
    assert sends.find_address(a_request({"to": "t1"}, path="/fcm/send")) == "t1"


def test_bytes_that_are_no_json_name_nothing():
    broken = Request("POST", "fcm.googleapis.com", SEND, body=b"\xff{")

    assert sends.find_address(broken) == ""


def test_an_answer_names_the_message():
    taken = errors.google_answer(200, {"name": "projects/shop/messages/1"})

    assert sends.find_name(taken) == "projects/shop/messages/1"
    assert sends.find_reason(taken) is None
    assert sends.find_name(Answer(200, b"")) is None


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (errors.unregistered().answer(), "UNREGISTERED"),
        (errors.other_sender().answer(), "SENDER_ID_MISMATCH"),
        (errors.wrong_shape("message", "no").answer(), "INVALID_ARGUMENT"),
        (errors.no_such_project().answer(), "NOT_FOUND"),
        (errors.gone("/fcm/send"), None),
    ],
)
def test_a_refusal_has_fcms_own_word_or_else_googles(refusal, reason):
    assert sends.find_reason(refusal) == reason


def test_a_services_message_is_one_that_fcm_reads():
    content = Content(collapse_id="news", ttl_s=60, priority=5)

    request = sends.render_send("t1", {"custom": "{}"}, content, project="shop")

    assert (request.method, request.path) == ("POST", SEND)
    assert msgspec.json.decode(request.body) == {
        "message": {
            "token": "t1",
            "data": {"custom": "{}"},
            "android": {"priority": "NORMAL", "ttl": "60s", "collapse_key": "news"},
        }
    }
    read = read_send(request.body)
    assert isinstance(read, Draft)
    assert (read.token, read.ttl_s, read.is_urgent, read.collapse_key) == ("t1", 60, False, "news")


def test_an_urgent_message_without_a_key_has_none():
    request = sends.render_send("t1", {}, Content(), project="shop")

    assert msgspec.json.decode(request.body)["message"]["android"] == {
        "priority": "HIGH",
        "ttl": "259200s",
    }


def test_what_is_said_of_a_dead_token_is_what_the_wire_says():
    dead, strange = errors.unregistered().answer(), errors.other_sender().answer()

    assert sends.VERDICTS[Verdict.DEAD] == (dead.status, sends.find_reason(dead))
    assert (strange.status, sends.find_reason(strange)) == sends.STRANGER
