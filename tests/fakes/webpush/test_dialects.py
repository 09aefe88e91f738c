"""Goal: every refusal of the push services comes about by a state of the world, in their words.

Method: one table of states for all services; what each makes of it stands in its own table there.
Only what breaks inside of a service is planned as a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pushlab_fakes.webpush.dialects import APPLE, GOOGLE, MICROSOFT, MOZILLA, Problem, find_dialect
from pushlab_testing.pushing import WebpushSender, encode
from pushlab_testing.webpush_scene import BROWSERS, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushlab_fakes.exchange import Answer

DAY_S = 86_400


def a_dropped_endpoint(scene: Scene) -> Answer:
    request = scene.sender.request(scene.subscription)
    scene.browser.clear_cookies()
    return scene.lab.handle(request)


def a_removed_browser(scene: Scene) -> Answer:
    request = scene.sender.request(scene.subscription)
    scene.browser.uninstall()
    assert scene.lab.handle(request).status == 201
    scene.lab.advance(minutes=1)
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
    Problem.NO_BROWSER: a_removed_browser,
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
}
FAULTS: dict[Problem, Callable[[Scene], Answer]] = {
    Problem.INTERNAL: a_fault(500),
    Problem.BAD_GATEWAY: a_fault(502),
    Problem.UNAVAILABLE: a_fault(503),
}
"""What breaks inside of a service."""
PASSED_OVER = {
    ("chrome", Problem.BAD_SUBJECT),
    ("edge", Problem.BAD_SUBJECT),
    ("firefox", Problem.BAD_URGENCY),
}
"""What a service does not look at."""

EVERY_BROWSER = pytest.mark.parametrize("browser", BROWSERS)
WORDS = {
    "chrome": {400, 401, 403, 404, 405, 410, 413, 429, 500, 502, 503},
    "firefox": {400, 401, 404, 405, 410, 413, 429, 500, 502, 503},
    "safari": {400, 403, 404, 405, 410, 413, 429, 500, 502, 503},
    "edge": {400, 401, 403, 404, 405, 406, 410, 413, 500, 502, 503},
}
"""The statuses of refusals by service: autopush and WNS have them in their documentation."""


def said_by(browser: str, problem: Problem) -> tuple[int, object]:
    """Return the status, and what the service's own table has as its word."""
    match browser:
        case "chrome":
            return GOOGLE.get(problem, (403, "permission denied: invalid JWT provided\n"))
        case "firefox":
            status, errno, message = MOZILLA[problem]
            return status, (errno, message)
        case "safari":
            return APPLE.get(problem, (403, "BadJwtToken"))
    return MICROSOFT[problem]


def word_of(browser: str, answer: Answer) -> object:
    """Return the word of a refusal, where the service puts it."""
    if browser == "chrome":
        return answer.body.decode()
    if browser == "edge":
        assert answer.body == b""
        return answer.header("x-wns-error-description")
    body = answer.json()
    assert isinstance(body, dict)
    if browser == "safari":
        assert list(body) == ["reason"]
        return body["reason"]
    assert list(body) == ["code", "errno", "error", "message", "more_info"]
    assert body["code"] == answer.status
    return body["errno"], body["message"]


def test_the_table_has_a_state_for_every_problem_and_faults_for_internal_ones_alone() -> None:
    assert set(STATES) | set(FAULTS) == set(Problem)
    assert set(STATES) & set(FAULTS) == set()


@EVERY_BROWSER
@pytest.mark.parametrize("problem", Problem, ids=lambda problem: problem.name.lower())
def test_every_refusal_has_its_state(browser: str, problem: Problem) -> None:
    scene = Scene(browser)

    answer = (STATES | FAULTS)[problem](scene)

    if (browser, problem) in PASSED_OVER:
        assert answer.status == 201
        return
    status, word = said_by(browser, problem)
    assert answer.status == status
    assert word_of(browser, answer) == word


@EVERY_BROWSER
def test_the_statuses_of_a_service_are_those_it_documents(browser: str) -> None:
    problems = [problem for problem in Problem if (browser, problem) not in PASSED_OVER]

    assert {said_by(browser, problem)[0] for problem in problems} == WORDS[browser]


def test_a_browser_that_is_gone_is_told_apart_by_mozilla_alone() -> None:
    codes = {}
    for browser in BROWSERS:
        answers = [
            STATES[problem](Scene(browser)) for problem in (Problem.GONE, Problem.NO_BROWSER)
        ]
        codes[browser] = [word_of(browser, answer) for answer in answers]

    assert codes["firefox"] == [(106, "No such subscription"), (103, "UAID not found")]
    assert all(first == second for name, (first, second) in codes.items() if name != "firefox")


def test_mozilla_says_how_long_to_wait_and_how_long_gone_is_gone() -> None:
    throttled = STATES[Problem.THROTTLED](Scene("firefox"))
    gone = STATES[Problem.GONE](Scene("firefox"))

    assert throttled.header("retry-after") == "120"
    assert gone.header("cache-control") == "max-age=86400"


def test_microsoft_tells_what_became_of_a_message_in_headers() -> None:
    accepted = Scene("edge").push()
    throttled = too_many(Scene("edge"))

    assert (accepted.status, accepted.header("x-wns-status")) == (201, "received")
    assert accepted.header("x-wns-msg-id")
    assert (throttled.status, throttled.header("x-wns-status")) == (406, "channelthrottled")


@pytest.mark.parametrize("topic", ["spike", "neue-angebote"])
def test_apple_wants_a_topic_that_can_be_decoded(topic: str) -> None:
    assert Scene("safari").header("topic", topic).json() == {"reason": "BadWebPushTopic"}
    assert Scene("chrome").header("topic", topic).status == 201


@pytest.mark.parametrize("subject", ["mailto:me@localhost", "mailto:me@shop.invalid", "me", 7])
def test_apple_wants_a_subject_that_can_be_reached(subject: object) -> None:
    answer = Scene("safari").push(claims={"sub": subject})

    assert (answer.status, answer.json()) == (403, {"reason": "BadJwtToken"})


@EVERY_BROWSER
def test_a_service_is_known_by_its_host_and_else_by_its_path(browser: str) -> None:
    scene = Scene(browser)
    endpoint: str = scene.subscription["endpoint"]
    host, _, rest = endpoint.partition("://")[2].partition("/")
    path = f"/{rest.partition('?')[0]}"

    by_host, by_path = find_dialect(host, "/"), find_dialect("127.0.0.1", path)

    assert by_host is by_path
    assert by_host.host == host


@EVERY_BROWSER
def test_a_message_goes_to_a_base_url_of_our_own_too(browser: str) -> None:
    scene = Scene(browser)
    request = scene.sender.request(scene.subscription)

    moved: Any = type(request)(
        request.method, "127.0.0.1", request.path, request.query, request.headers, request.body
    )

    assert scene.lab.handle(moved).status == 201
