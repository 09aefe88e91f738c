"""Goal: the control API shows attempts as the lab does, newest first, and why they ended so."""

from __future__ import annotations

import pytest

from pushlab.devserver.bench import Bench
from pushlab.devserver.control import PREFIX, Control
from pushlab_fakes.exchange import Request
from pushlab_testing.wires import GATEWAYS, Wires

TOKEN = "pushlab_control_for_tests"


class World:
    """A lab with a program that calls every gateway, and its control API."""

    def __init__(self, **settings):
        self.wires = Wires(**settings)
        self.lab = self.wires.lab
        self.control = Control(Bench(lambda _seed, _start: self.lab), TOKEN)

    def ask(self, path):
        url = f"http://127.0.0.1{PREFIX}{path}"
        return self.control.handle(
            Request.build("GET", url, headers={"authorization": f"Bearer {TOKEN}"})
        )

    def get(self, path):
        answer = self.ask(path)
        assert answer.status == 200, answer.body
        return answer.json()

    def refusal(self, path):
        answer = self.ask(path)
        error = answer.json()["error"]
        return answer.status, f"{error['what']}; {error['instead']}"


@pytest.fixture
def world():
    made = World()
    with made.lab:
        yield made


def test_nothing_was_sent_at_first(world):
    assert world.get("attempts") == {"attempts": [], "total": 0, "dropped": 0}


def test_the_newest_come_first_with_the_beginning_of_what_was_sent(world):
    for gateway in GATEWAYS:
        world.wires.send(gateway)

    told = world.get("attempts?limit=2")

    assert (told["total"], [each["gateway"] for each in told["attempts"]]) == (5, ["sms", "smtp"])
    assert told["attempts"][0] == world.lab.attempts[-1].document()
    assert world.get("attempts?limit=0")["attempts"] == []


def test_they_are_narrowed_by_what_the_query_says(world):
    world.wires.apns(is_signed=False)
    world.wires.serve("apns")
    world.wires.fcm()
    world.lab.advance(minutes=1)

    def found(query):
        told = world.get(f"attempts?{query}")
        return [(each["gateway"], each["source"]) for each in told["attempts"]]

    assert found("to=alice-android") == [("fcm", "wire")]
    assert found("gateway=apns") == [("apns", "onesignal"), ("apns", "wire")]
    assert found("gateway=apns&source=wire") == [("apns", "wire")]
    assert found("status=403") == found("accepted=false") == [("apns", "wire")]
    assert found("accepted=true") == [("apns", "onesignal"), ("fcm", "wire")]
    message = world.lab.attempts.filter(source="onesignal").only().message
    assert found(f"message={message}") == [("apns", "onesignal")]


def test_one_is_shown_whole_with_its_reasons(world):
    world.wires.mail(raw=b"Subject: Sale\r\n\r\n" + b"x" * 10_000 + b"\r\n")
    world.lab.advance(minutes=1)

    told = world.get("attempts/w1")

    assert len(told["body"]) > 10_000
    assert told["body_cut"] is False
    assert [reason["rule"] for reason in told["reasons"]] == ["delivered"]


def test_one_that_is_not_there_is_named(world):
    assert world.refusal("attempts/w7") == (
        404,
        "there is no attempt 'w7'; GET attempts lists those that are kept",
    )


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("gateway=apn", 400, "gateway cannot be"),
        ("source=me", 400, "source cannot be"),
        ("accepted=maybe", 400, "accepted cannot be"),
        ("limit=x", 400, "limit is"),
        ("nonsense=1", 400, "unknown 'nonsense'"),
        ("to=nobody", 404, "there is no device 'nobody'"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(world, query, status, words):
    refused, said = world.refusal(f"attempts?{query}")

    assert refused == status
    assert words in said


def test_what_is_no_longer_kept_is_counted():
    world = World(attempts_kept_max=1)
    world.wires.fcm()
    world.wires.fcm()

    told = world.get("attempts")

    assert (told["total"], told["dropped"]) == (1, 1)


def test_why_without_a_message_is_about_the_newest_of_all(world):
    world.wires.serve("apns")
    world.lab.advance(minutes=1)
    world.wires.apns(is_signed=False)
    first = world.get("why?device=alice-ios")["reasons"]
    world.wires.serve("apns")
    world.lab.advance(minutes=1)
    second = world.get("why?device=alice-ios")["reasons"]

    assert [reason["rule"] for reason in first] == ["refused"]
    assert [reason["rule"] for reason in second] == ["delivered"]


def test_why_about_a_device_that_was_sent_nothing_says_so(world):
    status, said = world.refusal("why?device=alice-ios")

    assert status == 404
    assert "no notification was accepted yet, and no gateway was called" in said


def test_why_takes_a_gateways_own_name_of_a_message(world):
    world.wires.text()
    world.lab.advance(minutes=1)
    sid = world.lab.attempts.only().message

    (reason,) = world.get(f"why?device=alice-sms&notification={sid}")["reasons"]
    assert reason["rule"] == "delivered"
