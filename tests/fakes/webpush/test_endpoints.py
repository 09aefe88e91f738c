"""Goal: an endpoint carries its key and its service, and looks like one of that service."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.gateway import WEB_CHANNELS, Channel
from pushlab.settings import Settings
from pushlab_fakes.webpush.endpoints import (
    SERVICES,
    list_lifetimes_s,
    mark_services,
    parse_endpoint,
    render_endpoint,
    services_of,
)

KEYS = st.integers(0, 2**64 - 1).filter(lambda key: key % 4 < len(SERVICES))


EDGE = 3


def an_endpoint(channel: Channel, key: int = 2**63 + 1, *, chosen: int = 0) -> str:
    keys = mark_services(
        np.array([key], np.uint64), np.array([channel], np.uint8), np.array([chosen], np.uint8)
    )
    return render_endpoint(int(keys[0]))


@given(KEYS)
def test_every_endpoint_carries_its_key(key: int) -> None:
    assert parse_endpoint(render_endpoint(key)) == key


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_endpoints(text: str) -> None:
    assert parse_endpoint(text) is None
    for service in SERVICES:
        key = parse_endpoint(service.prefix + text)
        assert key is None or 0 <= key < 2**64


@pytest.mark.parametrize(
    ("channel", "host", "path"),
    [
        (Channel.CHROME_WEB, "fcm.googleapis.com", r"/wp/[\w-]{22}:APA91b[\w-]{134}"),
        (Channel.FIREFOX, "updates.push.services.mozilla.com", r"/wpush/v2/gAAAAA[\w-]{188}"),
        (Channel.SAFARI_WEB, "web.push.apple.com", r"/Q[\w-]{191}"),
    ],
)
def test_an_endpoint_is_a_url_at_the_push_service_of_its_browser(channel, host, path) -> None:
    url = urlsplit(an_endpoint(channel))

    assert (url.scheme, url.hostname) == ("https", host)
    assert re.fullmatch(path, url.path)


def test_a_service_is_marked_and_read_again() -> None:
    channels = np.array(WEB_CHANNELS, np.uint8)

    keys = mark_services(np.full(3, 2**64 - 1, np.uint64), channels, np.zeros(3, np.uint8))

    assert [SERVICES[number].channel for number in services_of(keys)] == list(WEB_CHANNELS)
    assert len(set(keys.tolist())) == 3


def test_a_browser_may_have_another_service_than_its_channel() -> None:
    url = urlsplit(an_endpoint(Channel.CHROME_WEB, chosen=EDGE))

    assert (url.hostname, url.path) == ("wns2-by3p.notify.windows.com", "/w/")
    assert re.fullmatch(r"token=BQYAAAB[\w-]{171}", url.query)


def test_each_service_has_a_longest_lifetime() -> None:
    settings = Settings(
        webpush_ttl_max_chrome_s=1, webpush_ttl_max_firefox_s=2, webpush_ttl_max_safari_s=3
    )

    assert list_lifetimes_s(settings) == (1, 2, 3, 1)


def test_the_key_of_one_service_is_none_at_another() -> None:
    chrome, firefox = SERVICES[0].prefix, SERVICES[1].prefix

    moved = an_endpoint(Channel.CHROME_WEB).replace(chrome, firefox)

    assert parse_endpoint(moved) is None
