"""Goal: what Twilio calls is signed as its validators expect, and failures are its own kind."""

from __future__ import annotations

import pytest

from pushlab.world.outbox import PostAnswer
from pushlab_fakes.sms.twilio.callbacks import sign
from pushlab_testing.twilio import BOB, HOOK, TOKEN, Shop

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}


def test_the_signature_is_that_of_twilios_own_example() -> None:
    # Twilio documentation, webhooks security: the example of the page.
    assert sign("12345", URL, FORM) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_callback_is_signed_with_port_and_without_fragment() -> None:
    shop = Shop()
    shop.lab.mount("https://shop.test:8443", lambda _: 200)

    shop.send(BOB, StatusCallback="https://shop.test:8443/hook?a=1#rc=0")
    shop.lab.advance(seconds=1)

    ((post, _),) = shop.lab.world.outbox.settled
    headers = dict(post.headers)
    form = dict(pair.split("=") for pair in post.body.decode().replace("%2B", "+").split("&"))
    assert post.url == "https://shop.test:8443/hook?a=1"
    assert headers["x-twilio-signature"] == sign(TOKEN, post.url, form)
    assert headers["user-agent"] == "TwilioProxy/1.1"
    assert len(headers["i-twilio-idempotency-token"]) == 36


@pytest.mark.parametrize(
    ("fragment", "statuses", "tries"),
    [
        ("", [500], 1),
        ("#rp=5xx", [500, 500], 2),
        ("#rp=4xx", [500], 1),
        ("#rp=4xx,5xx&rc=2", [500, 404, 200], 3),
        ("#rp=all&rc=3", [404, 200], 2),
        ("#rc=0&rp=all", [500], 1),
        ("#rc=many&rp=all", [500, 200], 2),
    ],
)
def test_an_answer_is_asked_for_again_where_the_fragment_says_so(fragment, statuses, tries) -> None:
    shop = Shop()
    shop.answers = [*statuses]

    shop.send(BOB, StatusCallback=f"{HOOK}{fragment}")
    shop.lab.advance(seconds=1)

    assert shop.statuses == tries * ["sent"]


def test_an_answer_that_is_an_error_is_line_11200_of_the_debugger() -> None:
    shop = Shop()
    shop.answers = [404]

    sid = shop.send(BOB, StatusCallback=HOOK)["sid"]
    shop.lab.advance(seconds=1)

    (alert,) = shop.lab.twilio.alerts
    assert (alert.code, alert.url, alert.about) == (11200, HOOK, sid)
    assert len(shop.lab.trace.find(["TwilioAlertRaised"])) == 1


def fail_every_post(shop, error):
    """Let a callback meet *error* each time it is made, and return the tries."""
    world, posts = shop.lab.world, []
    end = world.now + 1_000
    while (post := world.run_until(end)) is not None:
        posts.append(post)
        world.outbox.settle(post, PostAnswer(None, error=error))
    return posts


@pytest.mark.parametrize(
    ("fragment", "error", "tries"),
    [
        ("", "unreachable: connection refused", 2),
        ("", "timed out", 1),
        ("#rp=rt", "timed out", 2),
        ("#rp=rt", "unreachable: connection refused", 1),
        ("#rp=all&rc=3", "timed out", 4),
        ("#rp=5xx", "unreachable: connection refused", 1),
    ],
)
def test_a_connection_and_a_wait_that_fail_are_tried_again_each_by_its_policy(
    fragment, error, tries
) -> None:
    shop = Shop()
    shop.send(BOB, StatusCallback=f"{HOOK}{fragment}")

    posts = fail_every_post(shop, error)

    assert len(posts) == tries
    assert len({dict(post.headers)["i-twilio-idempotency-token"] for post in posts}) == 1


def test_a_connection_that_fails_is_tried_once_more_and_is_line_11205() -> None:
    shop = Shop()
    shop.send(BOB, StatusCallback=HOOK)

    posts = fail_every_post(shop, "unreachable")

    assert [post.name.partition(" ")[2].split()[1:] for post in posts] == [
        ["sent"],
        ["sent", "again", "1"],
    ]
    assert [alert.code for alert in shop.lab.twilio.alerts] == [11205]


def test_what_pushlab_itself_keeps_back_is_no_failure_of_the_application() -> None:
    shop = Shop()

    shop.send(BOB, StatusCallback="https://elsewhere.test/hook")
    shop.lab.advance(seconds=1)

    assert shop.lab.twilio.alerts == []
    assert len(shop.lab.world.outbox.settled) == 1
    assert "elsewhere.test" in shop.lab.refused_hosts[0]


@pytest.mark.parametrize(("fragment", "seconds"), [("", 15.0), ("#tt=2000", 2.0), ("#tt=x", 15.0)])
def test_the_fragment_may_shorten_the_wait(fragment, seconds) -> None:
    shop = Shop()

    shop.send(BOB, StatusCallback=f"{HOOK}{fragment}")
    shop.lab.advance(seconds=1)

    ((post, _),) = shop.lab.world.outbox.settled
    assert post.timeout_s == seconds
