"""Goal: what a client asks of a proxy is read, and written anew for whoever serves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.wire.proxied import Asked, may_be_asked, read_asked

TUNNEL = b"CONNECT api.onesignal.com:443 HTTP/1.1\r\nHost: api.onesignal.com:443\r\n\r\n"
ABSOLUTE = b"GET http://api.onesignal.com/apps?limit=1 HTTP/1.1\r\nHost: api.onesignal.com\r\n\r\n"


def test_a_tunnel_is_asked_for_by_host_and_port() -> None:
    assert read_asked(TUNNEL + b"\x16\x03") == Asked(
        is_tunnel=True, host="api.onesignal.com", port=443, rest=b"\x16\x03"
    )


def test_a_tunnel_to_an_address_of_version_6_is_one_too() -> None:
    asked = read_asked(b"CONNECT [::1]:8080 HTTP/1.1\r\n\r\n")

    assert asked is not None
    assert (asked.host, asked.port) == ("::1", 8080)


def test_a_request_is_written_anew_for_its_origin() -> None:
    asked = read_asked(
        b"POST http://Shop.test:8080/a/b?c=d HTTP/1.1\r\nHost: else.test\r\n"
        b"Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nX-Own:  1 \r\n"
        b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\n{}"
    )

    assert asked == Asked(
        is_tunnel=False,
        host="shop.test",
        port=8080,
        rest=b"POST /a/b?c=d HTTP/1.1\r\nHost: shop.test:8080\r\nConnection: close\r\n"
        b"X-Own:  1 \r\nContent-Length: 2\r\n\r\n{}",
    )


@pytest.mark.parametrize(
    ("target", "host", "port", "line"),
    [
        (b"http://shop.test", "shop.test", 80, b"GET / HTTP/1.1\r\nHost: shop.test\r\n"),
        (b"http://shop.test?x=1", "shop.test", 80, b"GET /?x=1 HTTP/1.1\r\nHost: shop.test\r\n"),
        (b"https://shop.test/", "shop.test", 443, b"GET / HTTP/1.1\r\nHost: shop.test\r\n"),
        (b"http://[::1]:81/x", "::1", 81, b"GET /x HTTP/1.1\r\nHost: [::1]:81\r\n"),
        (b"http://u:p@shop.test/", "shop.test", 80, b"GET / HTTP/1.1\r\nHost: shop.test\r\n"),
    ],
)
def test_targets_name_their_host(target: bytes, host: str, port: int, line: bytes) -> None:
    asked = read_asked(b"GET " + target + b" HTTP/1.1\r\n\r\n")

    assert asked is not None
    assert (asked.host, asked.port) == (host, port)
    assert asked.rest.startswith(line)


@pytest.mark.parametrize(
    "data",
    [
        b"CONNECT api.onesignal.com HTTP/1.1\r\n\r\n",
        b"CONNECT api.onesignal.com:443/x HTTP/1.1\r\n\r\n",
        b"CONNECT api.onesignal.com:x HTTP/1.1\r\n\r\n",
        b"CONNECT api.onesignal.com:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
        b"CONNECT [::1:443 HTTP/1.1\r\n\r\n",
        b"connect api.onesignal.com:443 HTTP/1.1\r\n\r\n",
        b"CONNECT api.onesignal.com:443 HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: api.onesignal.com\r\n\r\n",
        b"GET ftp://shop.test/ HTTP/1.1\r\n\r\n",
        b"GET http:///path HTTP/1.1\r\n\r\n",
        TUNNEL[:-1],
        b"",
    ],
)
def test_anything_else_is_no_demand_on_a_proxy(data: bytes) -> None:
    assert read_asked(data) is None


@pytest.mark.parametrize("length", range(len(TUNNEL) + 1))
def test_a_tunnel_is_suspected_from_its_first_byte(length: int) -> None:
    assert may_be_asked(TUNNEL[:length])


@pytest.mark.parametrize("length", range(len(ABSOLUTE) + 1))
def test_a_request_in_absolute_form_is_suspected_from_its_first_byte(length: int) -> None:
    assert may_be_asked(ABSOLUTE[:length])


@pytest.mark.parametrize(
    "data", [b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /http://", b"\x00", b"GET hx"]
)
def test_a_plain_request_is_not_suspected(data: bytes) -> None:
    assert not may_be_asked(data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"CONNECT ", b"GET http://", b"GET "]))
def test_no_bytes_break_the_reader(data: bytes, start: bytes) -> None:
    asked = read_asked(start + data + b"\r\n\r\n")

    assert asked is None or asked.host
    assert asked is None or may_be_asked(start + data)
