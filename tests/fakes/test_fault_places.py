"""Goal: a place is understood as it is written, and knows what falls under it."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab_fakes.fault_places import EXAMPLES, SMTP_STAGES, parse_place


@pytest.mark.parametrize("where", [*EXAMPLES, "webhook", "handshake", "smtp handshake"])
def test_every_example_is_a_place(where: str) -> None:
    assert parse_place(where).kind in {"gateway", "route", "stage", "webhook", "handshake"}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("moon", "no fault can strike at 'moon'; there are apns"),
        ("", "no fault can strike at ''"),
        ("apn", "did you mean 'apns'?"),
        ("onesignal", "no fault can strike at 'onesignal'"),
        ("onesignal PUSH /notifications", "'PUSH' is no method"),
        ("onesignal POST notifications", "write onesignal POST /notifications"),
        ("moon POST /", "no fault can strike at"),
        ("smtp dat", "SMTP has no stage 'dat'; its stages are connect, ehlo, auth, mail"),
        ("sms POST /", "no fault can strike at"),
        ("sms handshake", "no fault can strike at"),
        ("webhook shop.test", "is no URL of a webhook"),
        ("webhook ftp://shop.test", "is no URL of a webhook"),
        ("webhook http://[", "is no URL of a webhook"),
    ],
)
def test_what_is_no_place_is_refused_with_what_is_meant(where: str, words: str) -> None:
    with pytest.raises(MisuseError) as caught:
        parse_place(where)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("where", "method", "path", "falls"),
    [
        ("apns POST /3/device", "POST", "/3/device/abc", True),
        ("apns POST /3/device", "POST", "/3/device", True),
        ("apns POST /3/device", "POST", "/3/devices", False),
        ("apns POST /3/device", "POST", "/3", False),
        ("apns POST /3/device", "GET", "/3/device/abc", False),
        ("apns * /3/device", "GET", "/3/device/abc", True),
        ("apns POST /", "POST", "/anything/at/all", True),
        ("apns POST /", "POST", "/", True),
        ("apns POST /1/apps/{}/channels", "POST", "/1/apps/test.shop/channels", True),
        ("apns POST /1/apps/{bundle}/channels", "POST", "/1/apps/test.shop/channels", True),
        ("apns POST /1/apps/{}/channels", "POST", "/1/apps/test.shop/all-channels", False),
        ("apns POST /1/apps/{}/channels", "POST", "/1/apps/channels", False),
    ],
)
def test_a_route_is_met_by_what_falls_under_its_path(
    where: str, method: str, path: str, *, falls: bool
) -> None:
    assert parse_place(where).has_route("apns", method, [path]) is falls


def test_a_route_belongs_to_one_service_and_any_form_of_a_path_will_do() -> None:
    place = parse_place("twilio POST /Messages")

    assert not place.has_route("onesignal", "POST", ["/Messages"])
    assert place.has_route(
        "twilio", "POST", ["/2010-04-01/Accounts/AC1/Messages.json", "/Messages"]
    )


@pytest.mark.parametrize(
    ("where", "url", "falls"),
    [
        ("webhook", "https://anything.test/at/all", True),
        ("webhook https://shop.test", "https://shop.test/hooks?a=1", True),
        ("webhook https://shop.test", "https://shop.test:443/", True),
        ("webhook https://shop.test", "https://shop.test:8443/", False),
        ("webhook https://shop.test", "http://shop.test/", False),
        ("webhook https://shop.test", "https://other.test/", False),
        ("webhook https://shop.test/hooks", "https://shop.test/hooks/1", True),
        ("webhook https://shop.test/hooks", "https://shop.test/hook", False),
        ("webhook https://shop.test/hooks", "nonsense", False),
        ("apns", "https://shop.test", False),
    ],
)
def test_a_webhook_is_met_by_its_url(where: str, url: str, *, falls: bool) -> None:
    assert parse_place(where).has_url(url) is falls


@pytest.mark.parametrize("stage", SMTP_STAGES)
def test_a_stage_is_met_by_itself_alone(stage: str) -> None:
    met = [other for other in SMTP_STAGES if parse_place(f"smtp {stage}").has_stage(other)]

    assert met == [stage]
    assert not parse_place("smtp").has_stage(stage)


@pytest.mark.parametrize(
    ("where", "service", "falls"),
    [
        ("handshake", "", True),
        ("handshake", "apns", True),
        ("apns handshake", "apns", True),
        ("apns handshake", "fcm", False),
        ("apns handshake", "", False),
        ("smtp handshake", "smtp", True),
        ("apns", "apns", False),
    ],
)
def test_a_handshake_is_met_by_its_service(where: str, service: str, *, falls: bool) -> None:
    assert parse_place(where).has_handshake(service) is falls
