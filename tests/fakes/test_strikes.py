"""Goal: a fault strikes a request before or after its effect, and says on the answer what follows.

Method: a lab without a socket; `lab.respond` shows the answer as the edge gets it.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pushlab.errors import ConnectionCut, RequestHeld
from pushlab.lab import Lab
from pushlab_fakes.exchange import Answer, Mishap, Request, Steer
from pushlab_scenarios.replay import replay
from pushlab_testing.apns import TOPIC, sign_token
from pushlab_testing.app import App
from pushlab_testing.twilio import ALICE, SHOP, Shop

ROUTE = "onesignal POST /notifications"


class Scene:
    """A lab with a phone of alice, and an app that pushes to her."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.phone = self.lab.device("android", external_id="alice")
        self.app = App(self.lab)

    def send(self, text: str = "Hello", **fields: object) -> Answer:
        """Send a push and return the answer as the edge gets it."""
        body = self.app.push_body("alice", contents={"en": text}, **fields)
        return self.lab.respond(self.app.request("POST", "/notifications", body))

    @property
    def shown(self) -> list[str | None]:
        """What the phone shows a while later, oldest first."""
        self.lab.advance(minutes=5)
        return [message.body for message in self.phone.tray][::-1]

    def kinds(self, *kinds: str) -> list[str]:
        """Return the ids of entries, in order."""
        return [entry.id for entry in self.lab.trace.entries() if entry.kind in kinds]


# --- what has happened by then ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["lost", "half"])
def test_an_answer_that_is_lost_or_breaks_off_has_had_its_effect(how: Any) -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how=how, times=1)

    answer = scene.send()

    assert answer.mishap == Mishap("fault-1", how)
    assert answer.status == 200
    assert scene.shown == ["Hello"]


@pytest.mark.parametrize("how", ["drop", "reset", "goaway"])
def test_a_request_that_is_dropped_reset_or_turned_away_has_none(how: Any) -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how=how, times=1)

    answer = scene.send()

    assert answer.mishap is not None
    assert answer.mishap.how == how
    assert scene.shown == []
    assert scene.kinds("RequestReceived") == []


@pytest.mark.parametrize(
    ("how", "duplicates"), [("lost", 2), ("half", 2), ("drop", 1), ("reset", 1), ("goaway", 1)]
)
def test_who_tries_again_without_a_key_sends_twice_what_had_happened(
    how: Any, duplicates: int
) -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how=how, times=1)

    scene.send()
    scene.send()

    assert scene.shown == ["Hello"] * duplicates


def test_an_idempotency_key_makes_a_second_try_harmless() -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how="lost", times=1)
    key = "0d3b6a04-2c0b-4e0a-9d5a-6b8a54f7a111"

    lost = scene.send(idempotency_key=key)
    again = scene.send(idempotency_key=key)

    assert lost.json()["id"] == again.json()["id"]  # type: ignore[index]
    assert scene.shown == ["Hello"]


# --- what goes out ---------------------------------------------------------------------------


def test_a_reset_says_why_and_a_goaway_brings_what_the_vendor_says() -> None:
    scene = Scene()
    for where, reason in ((ROUTE, None), (ROUTE, "REFUSED_STREAM")):
        scene.lab.fault(where, how="reset", reason=reason, times=1)
    scene.lab.fault(ROUTE, how="goaway", reason="come back", times=1)

    mishaps = [scene.send().mishap for _ in range(3)]

    assert [each and (each.how, each.code, each.debug) for each in mishaps] == [
        ("reset", 2, b""),
        ("reset", 7, b""),
        ("goaway", 0, b"come back"),
    ]


@pytest.mark.parametrize(("reason", "said"), [(None, "Shutdown"), ("IdleTimeout", "IdleTimeout")])
def test_apns_says_goodbye_as_apple_does(reason: str | None, said: str) -> None:
    lab = Lab()
    lab.fault("apns POST /3/device", how="goaway", reason=reason)

    mishap = lab.respond(Request.build("POST", "https://api.push.apple.com/3/device/ab")).mishap

    assert mishap is not None
    assert msgspec.json.decode(mishap.debug) == {"reason": said}


def test_a_goaway_that_names_this_request_serves_it_first() -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how="goaway", last_stream="this", reason="bye")

    answer = scene.send()

    assert (answer.status, answer.steer, answer.mishap) == (200, Steer(goaway=b"bye"), None)
    assert scene.shown == ["Hello"]


@pytest.mark.parametrize(
    ("options", "status"), [({"how": "slow"}, 200), ({"status": 503}, 503), ({"how": "half"}, 200)]
)
def test_every_way_may_take_real_time(options: Any, status: int) -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, delay_s=1.5, **options)

    answer = scene.send()

    assert answer.status == status
    assert answer.mishap is not None
    assert answer.mishap.delay_s == 1.5


# --- whom it strikes -------------------------------------------------------------------------


def test_the_first_fault_that_matches_strikes_alone() -> None:
    scene = Scene()
    scene.lab.fault("onesignal GET /notifications", how="drop")
    scene.lab.fault(ROUTE, how="slow", delay_s=1.0, times=1)
    scene.lab.fault(ROUTE, status=429)

    answers = [scene.send(), scene.send()]

    assert [answer.status for answer in answers] == [200, 429]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/notifications", {"app_id": "other"}),
        ("/notifications?app_id=other", {}),
        ("/apps/other/users", {}),
        ("/api/v1/apps/other/users", {}),
    ],
)
def test_a_fault_of_one_app_spares_the_others(path: str, body: object) -> None:
    scene = Scene()
    scene.lab.fault("onesignal * /", how="drop", app="other")

    struck = scene.lab.respond(scene.app.request("POST", path, body))

    assert struck.mishap is not None
    assert scene.send().mishap is None


def test_a_route_with_its_prefix_is_the_same_route() -> None:
    scene = Scene()
    scene.lab.fault("onesignal POST /notifications", how="drop")
    scene.lab.fault("onesignal POST /api/v1/players", how="reset")

    hows = [
        scene.lab.respond(scene.app.request("POST", path)).mishap
        for path in ("/api/v1/notifications", "/api/v1/players", "/players")
    ]

    assert [each and each.how for each in hows] == ["drop", "reset", None]


def test_a_share_of_requests_is_struck_by_what_they_say() -> None:
    def draw(texts: list[str]) -> list[bool]:
        scene = Scene()
        scene.lab.fault(ROUTE, status=503, share=0.5)
        return [scene.send(text).status == 503 for text in texts]

    texts = [str(number) for number in range(60)]
    struck = dict(zip(texts, draw(texts), strict=True))

    assert 15 < sum(struck.values()) < 45
    assert draw(texts[::-1]) == [struck[text] for text in texts[::-1]]


APNS_PATH = "https://api.push.apple.com/3/device/" + 64 * "a"
TOKEN_URL = "https://oauth2.googleapis.com/token"
FCM_PATH = "https://fcm.googleapis.com/v1/projects/shop/messages:send"


@pytest.mark.parametrize(
    ("where", "url", "status", "body"),
    [
        ("apns POST /3/device", APNS_PATH, 503, b'{"reason":"ServiceUnavailable"}'),
        ("apns POST /3/device", APNS_PATH, 429, b'{"reason":"TooManyRequests"}'),
        ("fcm POST /v1/projects/{}/messages:send", FCM_PATH, 503, b'"errorCode": "UNAVAILABLE"'),
        ("fcm POST /v1/projects/{}/messages:send", FCM_PATH, 429, b'"errorCode": "QUOTA_EXCEEDED"'),
        ("fcm POST /token", TOKEN_URL, 500, b'"error": "internal_failure"'),
        ("webpush POST /", "https://fcm.googleapis.com/wp/x", 503, b""),
        ("twilio POST /Messages", "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json",
         503, b'"code":20503'),
    ],
)  # fmt: skip
def test_every_service_refuses_in_its_own_words(
    where: str, url: str, status: int, body: bytes
) -> None:
    lab = Lab()
    lab.fault(where, status=status, retry_after_s=7)

    answer = lab.handle(Request.build("POST", url))

    assert answer.status == status
    assert body in answer.body
    received, struck, answered = list(lab.trace.entries())[1:]
    assert (received.kind, struck.kind) == ("RequestReceived", "FaultStruck")
    assert answered.fields["status"] == status
    if status in {429, 503} and "token" not in where:
        assert answer.header("retry-after") == "7"


# --- every wire ------------------------------------------------------------------------------


def test_a_lost_answer_of_apns_leaves_the_push_and_a_second_try_doubles_it() -> None:
    lab = Lab()
    phone = lab.device("ios")
    lab.fault("apns POST /3/device", how="lost", times=1)
    request = Request.build(
        "POST",
        f"https://api.push.apple.com/3/device/{phone.token}",
        json={"aps": {"alert": "Hello"}},
        headers={"authorization": f"bearer {sign_token(lab.now // 1000)}", "apns-topic": TOPIC},
    )

    with pytest.raises(ConnectionCut):
        lab.handle(request)
    again = lab.handle(request)
    lab.advance(minutes=1)

    assert again.status == 200
    assert [message.body for message in phone.tray] == ["Hello", "Hello"]


def test_a_lost_answer_of_twilio_leaves_the_text_and_a_second_try_doubles_it() -> None:
    shop = Shop()
    form = {"To": ALICE, "From": SHOP, "Body": "Hello"}
    shop.lab.fault("twilio POST /Messages", how="lost", times=1)

    with pytest.raises(ConnectionCut):
        shop.request("POST", "/Messages.json", form)
    shop.request("POST", "/Messages.json", form)
    shop.lab.advance(minutes=1)

    assert [text.body for text in shop.alice.inbox] == ["Hello", "Hello"]


def test_a_fault_of_one_twilio_account_spares_the_others() -> None:
    shop = Shop()
    shop.lab.fault("twilio * /", status=503, app="AC" + 32 * "c")

    assert shop.request("GET", "/Messages.json").status == 200


# --- without a wire --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["lost", "drop", "half", "reset", "goaway"])
def test_without_a_wire_a_cut_connection_is_an_error(how: Any) -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how=how, id="x")

    with pytest.raises(ConnectionError) as caught:
        scene.app.push("alice")

    assert isinstance(caught.value, ConnectionCut)
    assert (caught.value.fault, caught.value.how) == ("x", how)
    assert str(caught.value) == f"the fault 'x' cut the connection ({how})"


def test_without_a_wire_nothing_takes_time() -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how="slow", delay_s=300.0)

    answer = scene.app.call("POST", "/notifications", scene.app.push_body("alice"))

    assert (answer.status, answer.mishap) == (200, None)


def test_without_a_wire_a_held_request_is_answered_later() -> None:
    scene = Scene()
    hold = scene.lab.hold(ROUTE, name="gate")

    with pytest.raises(RequestHeld) as caught:
        scene.app.push("alice")
    before = (scene.shown, caught.value.answer)
    hold.release()

    assert before == ([], None)
    assert (caught.value.hold, caught.value.answer.status) == ("gate", 200)
    assert scene.shown == ["Hello"]


def test_without_a_wire_a_held_answer_has_had_its_effect() -> None:
    scene = Scene()
    hold = scene.lab.hold(ROUTE, "answer")

    with pytest.raises(RequestHeld) as caught:
        scene.app.push("alice")
    before = (scene.shown, caught.value.answer)
    hold.release()

    assert before == (["Hello"], None)
    assert caught.value.answer.status == 200
    assert scene.shown == ["Hello"]


def test_a_released_request_comes_in_the_world_of_its_release() -> None:
    """It was sent to a phone whose app is gone by then."""
    scene = Scene()
    hold = scene.lab.hold(ROUTE)
    with pytest.raises(RequestHeld) as caught:
        scene.app.push("alice")
    scene.phone.opt_out()
    scene.lab.advance(hours=1)

    hold.release()

    assert caught.value.answer.json()["id"] == ""


# --- the trace and the record ----------------------------------------------------------------


def test_the_trace_says_which_fault_struck_and_what_planned_it() -> None:
    scene = Scene()
    scene.lab.fault(ROUTE, how="drop", id="x", times=1)
    scene.send()

    (struck,) = [entry for entry in scene.lab.trace.entries() if entry.kind == "FaultStruck"]

    assert struck.id == f"FaultStruck:x {ROUTE}"
    assert struck.fields == {"fault": "x", "route": ROUTE, "outcome": "drop"}
    assert struck.causes == ("FaultPlanned:x",)


def test_a_run_with_every_mishap_is_lived_again() -> None:
    scene = Scene()
    lab = scene.lab
    for how in ("lost", "drop", "half", "reset", "goaway"):
        lab.fault(ROUTE, how=how, times=1)
    lab.fault(ROUTE, how="slow", delay_s=5.0, times=1)
    lab.fault(ROUTE, status=503, delay_s=1.0, share=0.5, times=3)
    hold = lab.hold(ROUTE, name="gate")
    lab.hold("onesignal GET /notifications", "answer", name="answers")
    for number in range(16):
        scene.send(str(number))
    scene.lab.respond(scene.app.request("GET", f"/notifications?app_id={scene.app.id}"))
    lab.advance(minutes=1)
    hold.release(2)
    lab.advance(minutes=1)
    hold.release()
    lab.end_fault("answers")
    lab.fault(ROUTE, how="hold", id="never")
    scene.send("never")
    lab.advance(minutes=5)

    again = replay(lab.record())

    assert list(again.trace.lines()) == list(lab.trace.lines())
    assert again.record() == lab.record()
    assert [held.what for held in again.holds()[0].parked] == [ROUTE]
