"""Goal: what leaves through the proxy is what may leave. Method: a table, no socket."""

from __future__ import annotations

import pytest

from pushlab.errors import MisuseError
from pushlab_fakes.wire.ways import REFUSED_MAX, Way, Ways, check_allowed

HOME = ("127.0.0.1", 7575)
MAIL = {
    "clear": ("127.0.0.1", 2001),
    "starttls": ("127.0.0.1", 2002),
    "tls": ("127.0.0.1", 2003),
}


def a_guard(**options):
    """Return a guard that serves three names, one of them with all below it."""
    served = ("api.onesignal.com", "fcm.googleapis.com", ".notify.windows.com")
    return Ways(
        served,
        HOME,
        **{
            "mail": MAIL,
            "mail_hosts": ("smtp.shop.test",),
            "advice": "Say --allow {}",
            "mail_advice": "Say --smtp-host {}",
            **options,
        },
    )


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("api.onesignal.com", 443),
        ("API.OneSignal.com.", 443),
        ("api.onesignal.com", 80),
        ("fcm.googleapis.com", 443),
        ("db5p.notify.windows.com", 443),
        ("fcm.googleapis.com", 2197),
    ],
)
def test_a_vendors_host_is_served_by_the_lab(host: str, port: int) -> None:
    assert a_guard().find(host, port) == Way("served", *HOME)


@pytest.mark.parametrize(
    ("port", "mode"), [(25, "clear"), (2525, "clear"), (587, "starttls"), (465, "tls")]
)
def test_mail_for_a_named_server_is_taken_as_its_port_says(port: int, mode: str) -> None:
    assert a_guard().find("smtp.shop.test", port) == Way("served", *MAIL[mode])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_reached_straight(host: str) -> None:
    assert a_guard().find(host, 8080) == Way("straight", host, 8080)


def test_a_name_below_localhost_asks_no_resolver() -> None:
    assert a_guard().find("shop.localhost", 80) == Way("straight", "localhost", 80)


@pytest.mark.parametrize("host", ["pay.test", "api.pay.test", "PAY.test."])
def test_an_allowed_host_is_reached_with_all_below_it(host: str) -> None:
    way = a_guard(allow=("pay.test",)).find(host, 443)

    assert way == Way("straight", host.lower().rstrip("."), 443)


def test_a_vendors_host_that_no_fake_serves_is_refused_with_what_is_served_and_a_way_out() -> None:
    way = a_guard().find("api.batch.com", 443)

    assert way == Way(
        "refused",
        reason="api.batch.com is a vendor's host that no fake serves. Say --allow api.batch.com. "
        "Served here: api.onesignal.com, fcm.googleapis.com, .notify.windows.com",
    )


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("pay.test", 443, "pay.test is no vendor's host, and not on this machine. Say --allow pay"),
        ("192.0.2.7", 80, "192.0.2.7 is no vendor's host, and not on this machine."),
        ("10.0.0.1", 5432, "10.0.0.1 is no vendor's host, and not on this machine."),
        ("nopay.test.", 80, "nopay.test is no vendor's host"),
        ("api.onesignal.com", 22, "serves api.onesignal.com on the ports 80, 443, 2195, 2196, "),
        (
            "mx.other.test",
            25,
            "mx.other.test:25 takes mail, and this lab was not told of it. Say -",
        ),
        ("mx.other.test", 587, "Say --smtp-host mx.other.test."),
        ("smtp.shop.test", 443, "smtp.shop.test is no vendor's host"),
        ("", 443, " is no vendor's host"),
    ],
)
def test_anything_else_is_refused(host: str, port: int, reason: str) -> None:
    way = a_guard().find(host, port)

    assert way.kind == "refused"
    assert reason in way.reason


def test_a_served_host_that_is_allowed_by_its_name_is_real() -> None:
    ways = a_guard(allow=("fcm.googleapis.com",))

    assert ways.find("fcm.googleapis.com", 443) == Way("straight", "fcm.googleapis.com", 443)


def test_a_served_host_stays_served_when_only_what_is_above_it_is_allowed() -> None:
    ways = a_guard(allow=("googleapis.com",))

    assert ways.find("fcm.googleapis.com", 443) == Way("served", *HOME)
    assert ways.find("storage.googleapis.com", 443).kind == "straight"


def test_a_star_allows_whoever_is_no_vendor_and_takes_no_mail() -> None:
    ways = a_guard(allow=("*",))

    assert ways.find("pay.test", 443).kind == "straight"
    assert ways.find("10.0.0.1", 5432).kind == "straight"
    assert ways.find("api.batch.com", 443).kind == "refused"
    assert ways.find("mx.other.test", 25).kind == "refused"


def test_an_allowed_mail_server_is_reached() -> None:
    ways = a_guard(allow=("mx.other.test",))

    assert ways.find("mx.other.test", 25) == Way("straight", "mx.other.test", 25)


def test_mail_of_this_machine_is_taken_when_it_is_named() -> None:
    ways = a_guard(mail_hosts=("localhost",))

    assert ways.find("localhost", 25) == Way("served", *MAIL["clear"])
    assert ways.find("localhost", 8080).kind == "straight"


def test_without_ports_for_mail_none_is_taken() -> None:
    assert a_guard(mail={}).find("smtp.shop.test", 25).kind == "refused"


@pytest.mark.parametrize("host", ["localhost", "pay.test"])
def test_a_client_on_another_machine_goes_nowhere_but_to_the_fakes(host: str) -> None:
    ways = a_guard(allow=("pay.test",))

    away = ways.find(host, 8080, is_near=False)

    assert away.reason == f"{host} is reached through this port by programs on this machine only"
    assert ways.find("api.onesignal.com", 443, is_near=False) == Way("served", *HOME)


def test_what_was_refused_is_remembered_once_each() -> None:
    ways = a_guard()
    for _ in range(3):
        ways.find("api.batch.com", 443)
    ways.find("pay.test", 443)
    ways.find("api.onesignal.com", 443)

    assert list(ways.refused) == ["api.batch.com", "pay.test"]
    assert ways.refused["pay.test"].startswith("pay.test is no vendor's host")


def test_the_memory_of_what_was_refused_is_bounded() -> None:
    ways = a_guard()
    for number in range(REFUSED_MAX + 10):
        assert ways.find(f"{number}.test", 443).kind == "refused"

    assert len(ways.refused) == REFUSED_MAX


@pytest.mark.parametrize(
    ("given", "kept"),
    [("Pay.Test", "pay.test"), ("*.pay.test", "pay.test"), ("*", "*"), ("10.0.0.1", "10.0.0.1")],
)
def test_a_host_is_allowed_by_its_name(given: str, kept: str) -> None:
    assert check_allowed(given) == kept


@pytest.mark.parametrize("given", ["https://pay.test", "pay.test:443", "", "a b", "*pay.test", "."])
def test_what_is_no_name_cannot_be_allowed(given: str) -> None:
    with pytest.raises(MisuseError, match="allowed by its name"):
        check_allowed(given)
