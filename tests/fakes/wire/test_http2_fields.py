"""Goal: malformed requests are told from good ones, and answers are written so that all can read.

Method: a table of requests, each broken in one place; the library's decoder reads what is written.
"""

from __future__ import annotations

import pytest
from hpack import Decoder
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab_fakes.wire.http2_fields import (
    MalformedError,
    check_request,
    check_trailer,
    join_cookies,
    write_fields,
)

METHOD, SCHEME, PATH, HOST = (
    (b":method", b"POST"),
    (b":scheme", b"https"),
    (b":path", b"/"),
    (b":authority", b"x"),
)
GOOD = (METHOD, SCHEME, PATH, HOST)


@pytest.mark.parametrize(
    "fields",
    [
        GOOD,
        (*GOOD, (b"host", b"x"), (b"te", b"Trailers"), (b"empty", b"")),
        (METHOD, SCHEME, PATH, (b"host", b"x")),
        ((b":method", b"CONNECT"), HOST),
        ((b":method", b"CONNECT"), (b":protocol", b"websocket"), SCHEME, PATH, HOST),
        (*GOOD, (b"x", b"a b\tc \xc3\xa4")),
        (*GOOD, (b"cookie", b"a"), (b"cookie", b"b")),
    ],
)
def test_a_good_request_passes(fields):
    assert check_request(fields) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (GOOD[1:], ":method"),
        ((METHOD, PATH, HOST), ":scheme"),
        ((METHOD, SCHEME, HOST), ":path"),
        ((METHOD, SCHEME, (b":path", b""), HOST), "empty"),
        (((b":method", b""), SCHEME, PATH, HOST), "empty"),
        ((*GOOD, METHOD), "twice"),
        ((*GOOD, (b":method", b"GET")), "two values"),
        ((*GOOD, (b":status", b"200")), "belongs to no request"),
        ((METHOD, SCHEME, PATH, (b"a", b"b"), HOST), "late"),
        ((METHOD, SCHEME, PATH, (b"host", b"x"), HOST), "late"),
        ((METHOD, SCHEME, PATH), "neither"),
        ((*GOOD, (b"host", b"y")), "differ"),
        ((*GOOD, (b"host", b"x"), (b"host", b"x")), "twice"),
        ((*GOOD, (b"Upper", b"x")), "no name"),
        ((*GOOD, (b"", b"x")), "no name"),
        ((*GOOD, (b"a b", b"x")), "no name"),
        ((*GOOD, (b"a:b", b"x")), "no name"),
        ((*GOOD, (b"\xff", b"x")), "no name"),
        ((*GOOD, (b"a", b"x\n")), "none may hold"),
        ((*GOOD, (b"a", b"x\0y")), "none may hold"),
        ((*GOOD, (b"a", b" x")), "none may hold"),
        ((*GOOD, (b"a", b"x\t")), "none may hold"),
        ((*GOOD, (b"te", b"trailers\n")), "none may hold"),
        ((*GOOD, (b"connection", b"close")), "HTTP/1.1"),
        ((*GOOD, (b"te", b"gzip")), "trailers"),
        (((b":method", b"CONNECT"), SCHEME, HOST), "with CONNECT"),
        (((b":method", b"CONNECT"), (b":protocol", b"x"), HOST), ":path"),
        ((*GOOD[:3], (b":protocol", b"x"), HOST), "without CONNECT"),
        ((*GOOD, (b"content-length", b"5"), (b"content-length", b"6")), "two values"),
        *(((*GOOD, (b"content-length", each)), "content-length") for each in (b"-1", b"a", b"")),
    ],
)
def test_a_malformed_request_is_refused_with_a_reason(fields, said):
    with pytest.raises(MalformedError, match=said):
        check_request(fields)


def test_the_length_of_a_body_is_read():
    said = (b"content-length", b"5")

    assert check_request((*GOOD, said, said)) == 5


@pytest.mark.parametrize("field", [METHOD, (b"A", b"b"), (b"a", b"b\n"), (b"upgrade", b"x")])
def test_a_malformed_trailer_is_refused(field):
    check_trailer(((b"a", b"b"), (b"te", b"x")))

    with pytest.raises(MalformedError):
        check_trailer((field,))


def test_cookies_are_joined():
    fields = ((b"cookie", b"a=1"), (b"x", b"y"), (b"cookie", b"b=2"))

    assert join_cookies(fields) == ((b"x", b"y"), (b"cookie", b"a=1; b=2"))
    assert join_cookies(GOOD) is GOOD


@given(
    st.sampled_from([200, 204, 206, 304, 400, 404, 410, 500, 503]),
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), max_size=5),
)
@example(200, [("x", "y" * 126), ("x", "y" * 127), ("x", "y" * 300)])
def test_the_library_reads_what_is_written(status, fields):
    block = write_fields(status, fields)

    read = Decoder(max_header_list_size=100_000).decode(block)

    assert [tuple(field) for field in read] == [(":status", str(status)), *fields]
