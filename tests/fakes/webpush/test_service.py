"""Goal: every refusal of the push services comes about by a state of the world, in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_fakes.webpush.dialects import APPLE, GOOGLE, MOZILLA, Problem
from pushlab_testing.pushing import WebpushSender, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab.devices.browser import Browser
    from pushlab_fakes.exchange import Answer

BROWSERS = pytest.mark.parametrize("browser", ["chrome", "firefox", "safari"])
SERVICES = {"chrome": GOOGLE, "firefox": MOZILLA, "safari": APPLE}
DAY_S = 86_400


class Scene:
    """A browser that subscribes, and the application server it subscribes to."""

    def __init__(self, browser: str, **options: Any) -> None:
        self.lab = Lab(**options)
        self.browser: Browser = self.lab.device("web", browser=browser, external_id="alice")
        self.sender = WebpushSender(self.lab)

    @property
    def subscription(self) -> dict[str, Any]:
        found = self.browser.push_subscription
        assert found is not None
        return found

    def push(self, text: str = "Hello", **changes: Any) -> Answer:
        return self.sender.push(self.subscription, text, **changes)

    def header(self, name: str, value: str | None) -> Answer:
        return self.push(headers={name: value})


def a_dropped_endpoint(scene: Scene) -> Answer:
    request = scene.sender.request(scene.subscription)
    scene.browser.clear_cookies()
    return scene.lab.handle(request)


def an_endpoint_of_nobody(scene: Scene) -> Answer:
    subscription = scene.subscription
    subscription["endpoint"] = subscription["endpoint"][:-9]
    return scene.sender.push(subscription)


def another_key(scene: Scene) -> Answer:
    scene.push()
    return WebpushSender(scene.lab, private=8).push(scene.subscription)


def a_signature_of_another(scene: Scene) -> Answer:
    header = scene.sender.request(scene.subscription).header("authorization")
    assert header is not None
    token = header.partition(", k=")[0]
    return scene.header(
        "authorization", f"{token}, k={encode(WebpushSender(scene.lab, private=8).key)}"
    )


def too_many(scene: Scene) -> Answer:
    scene.lab.change_settings(webpush_rate_per_minute=2)
    return [scene.push() for _ in range(3)][-1]


def a_fault(status: int) -> Callable[[Scene], Answer]:
    def strike(scene: Scene) -> Answer:
        scene.lab.fault("webpush", status=status)
        return scene.push()

    return strike


def without_key(scene: Scene) -> Answer:
    header = scene.sender.request(scene.subscription).header("authorization")
    assert header is not None
    return scene.header("authorization", header.partition(",")[0])


NOW = 1_767_225_600
"""Where a lab begins, in seconds."""
STATES: dict[Problem, Callable[[Scene], Answer]] = {
    Problem.NOT_FOUND: an_endpoint_of_nobody,
    Problem.GONE: a_dropped_endpoint,
    Problem.BAD_METHOD: lambda scene: scene.push(method="PUT"),
    Problem.NO_VAPID: lambda scene: scene.header("authorization", None),
    Problem.BAD_VAPID: lambda scene: scene.header("authorization", "Basic YTpi"),
    Problem.NO_KEY: without_key,
    Problem.BAD_KEY: lambda scene: scene.header("authorization", "vapid t=a.b.c, k=AAAA"),
    Problem.BAD_SIGNATURE: a_signature_of_another,
    Problem.BAD_CLAIMS: lambda scene: scene.push(claims={"exp": "soon"}),
    Problem.WRONG_AUDIENCE: lambda scene: scene.push(claims={"aud": "https://example.com"}),
    Problem.EXPIRED: lambda scene: scene.push(claims={"exp": NOW - 3_600}),
    Problem.EXPIRES_LATE: lambda scene: scene.push(claims={"exp": NOW + 2 * DAY_S}),
    Problem.BAD_SUBJECT: lambda scene: scene.push(claims={"sub": None}),
    Problem.OTHER_KEY: another_key,
    Problem.NO_TTL: lambda scene: scene.header("ttl", None),
    Problem.NEGATIVE_TTL: lambda scene: scene.header("ttl", "-1"),
    Problem.BAD_URGENCY: lambda scene: scene.header("urgency", "at once"),
    Problem.LONG_TOPIC: lambda scene: scene.header("topic", "t" * 33),
    Problem.BAD_TOPIC: lambda scene: scene.header("topic", "a topic"),
    Problem.NO_ENCODING: lambda scene: scene.header("content-encoding", None),
    Problem.BAD_ENCODING: lambda scene: scene.header("content-encoding", "gzip"),
    Problem.NO_SALT: lambda scene: scene.push(encoding="aesgcm", headers={"encryption": None}),
    Problem.NO_DH: lambda scene: scene.push(encoding="aesgcm", headers={"crypto-key": None}),
    Problem.STRAY_SALT: lambda scene: scene.header("encryption", "salt=AAAA"),
    Problem.STRAY_DH: lambda scene: scene.header("crypto-key", "dh=AAAA"),
    Problem.TOO_LARGE: lambda scene: scene.push(body=bytes(4_097)),
    Problem.THROTTLED: too_many,
    Problem.INTERNAL: a_fault(500),
    Problem.UNAVAILABLE: a_fault(503),
}
PASSED_OVER = {
    ("chrome", Problem.BAD_SUBJECT),
    ("firefox", Problem.BAD_URGENCY),
}
"""What a service does not look at."""


def test_the_table_has_a_state_for_every_problem() -> None:
    assert set(STATES) == set(Problem)


@BROWSERS
@pytest.mark.parametrize("problem", Problem, ids=lambda problem: problem.name.lower())
def test_every_refusal_has_its_state(browser: str, problem: Problem) -> None:
    scene = Scene(browser)

    answer = STATES[problem](scene)

    if (browser, problem) in PASSED_OVER:
        assert answer.status == 201
        return
    expected = SERVICES[browser].get(problem)
    if browser == "chrome":
        status, text = expected or (403, "permission denied: invalid JWT provided\n")
        assert answer.body.decode() == text
    elif browser == "safari":
        status, reason = expected or (403, "BadJwtToken")
        assert answer.json() == {"reason": reason}
    else:
        status, errno, message = MOZILLA[problem]
        body = answer.json()
        assert isinstance(body, dict)
        assert list(body) == ["code", "errno", "error", "message", "more_info"]
        assert (body["code"], body["errno"], body["message"]) == (status, errno, message)
    assert answer.status == status


@BROWSERS
def test_an_accepted_message_names_its_resource_and_its_lifetime(browser: str) -> None:
    scene = Scene(browser)

    answer = scene.push(headers={"ttl": "9000000"})

    origin = "/".join(scene.subscription["endpoint"].split("/")[:3])
    assert (answer.status, answer.body) == (201, b"")
    assert str(answer.header("location")).startswith(origin)
    assert answer.header("ttl") == {"chrome": "2419200"}.get(browser, "2592000")
    assert (answer.header("apns-id") is not None) == (browser == "safari")


def test_mozilla_says_how_long_to_wait_and_how_long_gone_is_gone() -> None:
    throttled = STATES[Problem.THROTTLED](Scene("firefox"))
    gone = STATES[Problem.GONE](Scene("firefox"))

    assert throttled.header("retry-after") == "120"
    assert gone.header("cache-control") == "max-age=86400"


@pytest.mark.parametrize("topic", ["spike", "neue-angebote"])
def test_apple_wants_a_topic_that_can_be_decoded(topic: str) -> None:
    assert Scene("safari").header("topic", topic).json() == {"reason": "BadWebPushTopic"}
    assert Scene("chrome").header("topic", topic).status == 201


@pytest.mark.parametrize("subject", ["mailto:me@localhost", "mailto:me@shop.invalid", "me", 7])
def test_apple_wants_a_subject_that_can_be_reached(subject: object) -> None:
    answer = Scene("safari").push(claims={"sub": subject})

    assert (answer.status, answer.json()) == (403, {"reason": "BadJwtToken"})


def test_a_message_that_cannot_be_opened_is_accepted_and_shows_nothing() -> None:
    scene = Scene("chrome")
    other = scene.lab.device("web", external_id="bob").push_subscription
    assert other is not None

    answer = scene.push(body=scene.sender.encrypt(other, b"Hello", "aes128gcm"))
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert len(scene.browser.tray) == 0
    assert any("keys of another subscription" in line for line in scene.lab.trace.lines())


def test_a_message_without_a_body_shows_nothing() -> None:
    scene = Scene("chrome")

    answer = scene.push(body=b"", headers={"content-encoding": None})
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert len(scene.browser.tray) == 0


def test_a_sender_takes_a_message_back_while_it_waits() -> None:
    scene = Scene("firefox")
    scene.browser.go_offline()
    location = scene.push().header("location")
    assert location is not None

    first = scene.lab.handle(Request.build("DELETE", location))
    again = scene.lab.handle(Request.build("DELETE", location))
    asked = scene.lab.handle(Request.build("GET", location))
    unknown = scene.lab.handle(Request.build("DELETE", location + "x"))
    scene.browser.go_online()
    scene.lab.advance(minutes=1)

    statuses = [first.status, again.status, asked.status, unknown.status]
    assert statuses == [204, 204, 405, 404]
    assert len(scene.browser.tray) == 0


def test_a_new_key_goes_with_a_new_subscription() -> None:
    scene = Scene("chrome")
    scene.push()
    scene.browser.rotate_token()
    scene.browser.visit()

    answer = WebpushSender(scene.lab, private=8).push(scene.subscription)
    stale = scene.push()

    assert (answer.status, stale.status) == (201, 403)


def test_strict_keys_take_only_what_was_bound() -> None:
    scene = Scene("chrome", strict_keys=True)
    before = scene.push().status
    scene.lab.services.webpush.bind(0, scene.sender.key)

    assert (before, scene.push().status) == (403, 201)


def test_the_older_path_of_google_and_the_older_scheme_still_work() -> None:
    scene = Scene("chrome")
    subscription = scene.subscription
    subscription["endpoint"] = subscription["endpoint"].replace("/wp/", "/fcm/send/")
    token = scene.sender.sign(scene.sender.claims("https://fcm.googleapis.com"))
    key = encode(scene.sender.key)
    headers = {
        "authorization": f"WebPush {token}",
        "crypto-key": f"dh={key};p256ecdsa={key}",
    }

    answer = scene.sender.push(subscription, encoding="aesgcm", headers=headers)
    scene.lab.advance(minutes=1)

    assert answer.status == 201
    assert scene.browser.tray[0].body == "Hello"


def test_a_planned_fault_has_its_own_status_reason_and_wait() -> None:
    scene = Scene("safari")
    scene.lab.fault("webpush", status=429, reason="slow down", retry_after_s=7)

    answer = scene.push()

    assert (answer.status, answer.body) == (429, b"slow down")
    assert answer.header("retry-after") == "7"


def test_the_trace_holds_no_salt_no_token_and_no_key() -> None:
    scene = Scene("chrome")
    scene.push()

    text = "\n".join(scene.lab.trace.lines())

    assert "vapid t=" not in text
    assert encode(scene.sender.key) not in text
