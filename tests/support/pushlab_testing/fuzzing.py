"""Input that no client of good will sends, made from good input, and the count of what was tried.

Good input is spoiled by strokes: numbers that mean the same for whatever they hit, so that a case
is drawn without knowing the world that it is for.
"""

from __future__ import annotations

import json
import os
import re
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pushlab.timeline import LabNames, Storyteller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushlab.lab import Lab
    from pushlab_fakes.exchange import Answer, Request

__all__ = [
    "Cases",
    "Stroke",
    "check_answer",
    "check_world",
    "cut",
    "request_strokes",
    "spoil",
    "spoil_bytes",
    "strokes",
    "tries",
]

Stroke = tuple[int, int, int]
"""What is done, where, and with what."""

SCRAPS: Final = (
    b"\0", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n.\r\n", b".", b"\xff", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xe2\x80\xa8", b"%", b"%00", b"%ff", b'"', b"'", b"\\",
    b"\\u0000", b"\\ud800", b"<", b">", b"<!--", b"<![", b"&", b"&" * 300, b"&#" + b"9" * 5_000,
    b"=", b";", b",", b":", b" ", b"\t", b"/", b"?", b"#", b"@", b"--", b"-1", b"1e999", b"9" * 20,
    b"9" * 5_000, b"A" * 300, b"A" * 9_000, b"{" * 150, b"[" * 3_000, b"]", b"}", b"=?utf-8?q?",
)  # fmt: skip
"""Bytes that mean something somewhere."""

DEEP: Final = (20, 90, 150, 600, 3_000)
NUMBERS: Final = (
    0, 1, -1, 1.5, -0.0, 1e308, float("inf"), float("nan"), 32_768, 2**31, 2**53 + 1, 2**63,
    -(2**63) - 1, 2**64, 10**30, 10**5_000,
)  # fmt: skip
TEXTS: Final = (
    "", " ", "x", "1", "-1", "null", "\0", "\x7f", "\ud800", "\u2028", "\U0001f600", "é" * 70,
    "x" * 300, "x" * 9_000, "{{ x }}", "{% if", "<b", "<![", "a\r\nb: c", "https://[",
    "http://a:99999/", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z",
    "9" * 400, "'a' in topics || " * 400, "(" * 900, "Europe/Nowhere", "1.5s", "-1s",
)  # fmt: skip
VALUES: Final[Sequence[object]] = (
    None, True, False, 0, -1, 1.5, 2**64, "", "x", [], {}, [[]], [None], ["x"] * 60, {"": ""},
    {"x": {"x": [1]}}, *(f"deep {count}" for count in DEEP),
)  # fmt: skip
"""Values that a document of JSON may hold in the place of others; half the time of their kind."""
HEADER_VALUES: Final = (
    "", " ", "0", "1", "-1", "9" * 15, "9" * 400, "1.5", "x", "é", "\U0001f600", "\xff", "x" * 70,
    "x" * 9_000, "Bearer", "Bearer ", "bearer a.b.c", "Basic", "Basic !!!!", "Basic Og==",
    "Basic /zo=", "vapid t=a.b.c, k=x", 'vapid t=",,",k==', "WebPush a.b.c", "key=", "Key x",
    "gzip", "aesgcm", "aes128gcm", "application/json", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-16", "text/plain", "salt=AAAA", "dh=AAAA",
    "background", "voip", "liveactivity", "10", "5", "very-low", "\t", "a,b", "a\u2028b",
)  # fmt: skip
HEADER_NAMES: Final = (
    "authorization", "content-type", "content-encoding", "apns-topic", "apns-push-type",
    "apns-priority", "apns-expiration", "apns-id", "apns-request-id", "apns-collapse-id",
    "apns-channel-id", "ttl", "topic", "urgency", "encryption", "crypto-key", "host", "x-odd",
)  # fmt: skip
PATHS: Final = (
    "", "/", "//", "/%", "/%00", "/%ff%fe", "/x" * 200, "/é", "/\U0001f600", "/..", "/a;b", "*",
    "/3/device/", "/3/device/zz", "/1/apps/x/channels", "/4/broadcasts/apps/x", "/token", "/batch",
    "/iid/v1:batchAdd", "/iid/info/x", "/v1/projects/p/messages:send", "/v1/projects//",
    "/v1/projects/p/registrations/a:b/topicSubscriptions", "/2010-04-01/Accounts",
    "/2010-04-01/Accounts/AC/Messages/x/Media/y/z.json", "/notifications/x/history",
    "/apps/x/users/by/%ff/%00", "/api/v1/players", "/wp/x", "/wpush/v2/x", "/QABC",
)  # fmt: skip
QUERIES: Final = (
    "", "x", "=", "&&&&", "app_id=", "app_id=%ff", "limit=-1", "limit=99999999999999999999",
    "limit=1&limit=x", "offset=1e9", "kind=9", "PageSize=0", "PageSize=99999", "Page=-1",
    "PageToken=PAx", "DateSent=0001-01-01", "DateSent%3C=9999-12-31T23:59:59-14:00", "To=%2B1",
    "topic_name=%00", "allow_missing=true", "details=true", "a=b" + "&a=b" * 2_000,
)  # fmt: skip
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X" * 300)
BREACHES: Final = re.compile(r"[\r\n\0]")


class Cases:
    """Counts what was tried in one test, by what it was."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, kind: str, count: int = 1) -> None:
        """Count cases of one kind."""
        self.counts[kind] += count

    def take(self) -> dict[str, int]:
        """Return the counts so far and begin anew."""
        taken, self.counts = dict(self.counts), Counter()
        return taken


def tries(short: int, long: int) -> settings:
    """Return settings that try so many cases in the short profile, and so many in the long one."""
    return settings(max_examples=long if os.environ.get("PUSHLAB_PROFILE") == "ci" else short)


def strokes(most: int = 5) -> st.SearchStrategy[list[Stroke]]:
    """Draw what is done to one input."""
    number = st.integers(0, 2**16)
    return st.lists(st.tuples(st.integers(0, 6), number, number), max_size=most)


def spoil_bytes(good: bytes, done: Sequence[Stroke]) -> bytes:
    """Return *good* after *done*."""
    held = bytearray(good)
    for what, where, whatever in done:
        at, size = where % (len(held) + 1), whatever % 24 + 1
        match what:
            case 0 | 1:
                held[at : at + 1] = bytes([whatever % 256])
            case 2:
                del held[at : at + size]
            case 3:
                held[at:at] = held[at : at + 8 * size]
            case 4 if whatever % 4 == 0:
                del held[at:]
            case _:
                held[at:at] = SCRAPS[whatever % len(SCRAPS)]
    return bytes(held)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Return *data* in parts, cut at *places*."""
    at = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[begin:end] for begin, end in pairwise(at)]


# -- requests -------------------------------------------------------------------------------------


def request_strokes(most: int = 4) -> st.SearchStrategy[list[Stroke]]:
    """Draw what is done to one request; half of it to what its JSON says."""
    number = st.integers(0, 2**16)
    return st.lists(st.tuples(st.integers(0, 13), number, number), max_size=most)


def spoil(request: Request, done: Sequence[Stroke]) -> Request:
    """Return *request* after *done*."""
    for what, where, whatever in done:
        match what:
            case 0:
                request = replace(request, path=_pick(PATHS, whatever))
            case 1:
                path = spoil_bytes(request.path.encode(), [(where % 7, where, whatever)])
                request = replace(request, path=path.decode("latin-1"))
            case 2:
                request = replace(request, query=_pick(QUERIES, whatever))
            case 3:
                request = replace(request, method=_pick(METHODS, whatever))
            case 4 | 5:
                request = _spoil_headers(request, where, whatever)
            case 6:
                body = spoil_bytes(request.body, [(where % 7, where, whatever)])
                request = replace(request, body=body)
            case 7:
                request = _spoil_token(request, where, whatever)
            case _:
                request = replace(request, body=spoil_json(request.body, where, whatever))
    return request


def _pick(choices: Sequence[Any], number: int) -> Any:
    return choices[number % len(choices)]


def _spoil_headers(request: Request, where: int, whatever: int) -> Request:
    headers = [*request.headers]
    value = _pick(HEADER_VALUES, whatever)
    if where % 5 == 0 or not headers:
        headers.append((_pick(HEADER_NAMES, where // 5), value))
    elif where % 5 == 1:
        del headers[where % len(headers)]
    elif where % 5 == 2:
        headers.append(headers[where % len(headers)])
    else:
        at = where % len(headers)
        headers[at] = (headers[at][0], value)
    return replace(request, headers=tuple(headers))


def _spoil_token(request: Request, where: int, whatever: int) -> Request:
    """Spoil a part of a JWT, wherever one stands in a header."""
    headers = []
    for name, value in request.headers:
        parts = value.split(".")
        if len(parts) == 3 and name == "authorization":
            start = parts[0].rpartition(" ")[2].rpartition("=")[2]
            said = [start, parts[1]]
            which = where % 2
            said[which] = _spoil_part(said[which], where // 2, whatever)
            whole = f"{parts[0].removesuffix(start)}{said[0]}.{said[1]}.{parts[2]}"
            headers.append((name, whole))
        else:
            headers.append((name, value))
    return replace(request, headers=tuple(headers))


def _spoil_part(part: str, where: int, whatever: int) -> str:
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return urlsafe_b64encode(spoil_json(raw, where, whatever)).decode().rstrip("=")


def spoil_json(raw: bytes, where: int, whatever: int) -> bytes:
    """Put a value into a document of JSON, in the place of another or beside it."""
    try:
        whole: Any = [json.loads(raw)]
    except (ValueError, RecursionError):
        return spoil_bytes(raw, [(where % 7, where, whatever)])
    places = [(whole, 0)]
    for holder, key in places:
        held = holder[key]
        if isinstance(held, dict):
            places.extend((held, each) for each in sorted(held))
        elif isinstance(held, list):
            places.extend((held, at) for at in range(len(held)))
    holder, key = _pick(places, where // 8)
    held, how = holder[key], where % 8
    if how == 0 and isinstance(holder, dict):
        del holder[key]
    elif how == 1 and isinstance(held, list):
        held.append(_pick(VALUES, whatever))
    elif how == 1 and isinstance(held, dict):
        held["x" if where % 3 else ""] = _pick(VALUES, whatever)
    elif how < 6 and isinstance(held, (str, int, float)):
        holder[key] = _pick(TEXTS if isinstance(held, str) else NUMBERS, whatever)
    else:
        holder[key] = _pick(VALUES, whatever)
    return _write_json(whole[0], plain=whatever % 2 == 0)


def _write_json(value: object, *, plain: bool) -> bytes:
    with _AnyInteger():
        text = json.dumps(value, ensure_ascii=plain)
    for count in DEEP:
        text = text.replace(f'"deep {count}"', "[" * count + "]" * count)
    return text.encode("utf-8", "surrogatepass")


class _AnyInteger:
    """Lets integers of any length be written meanwhile."""

    def __enter__(self) -> None:
        self._limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)

    def __exit__(self, *_: object) -> None:
        sys.set_int_max_str_digits(self._limit)


# -- what must hold -------------------------------------------------------------------------------


def check_answer(answer: Answer) -> None:
    """Check that *answer* is one that a vendor may give, and can be sent."""
    assert 200 <= answer.status <= 599
    assert answer.status != 500, answer.body
    for name, value in answer.headers:
        assert name.isascii()
        assert BREACHES.search(value) is None, (name, value)
        value.encode()


def check_world(lab: Lab) -> None:
    """Check that *lab* goes on, and that all there is to look at can be looked at."""
    lab.run_until_idle()
    for device in lab.devices:
        assert repr(device)
        said = [*device.tray] if hasattr(device, "tray") else [*device.inbox]
        assert said or lab.explain(device.id) is not None
        assert repr(said)
    for attempt in lab.attempts:
        assert str(attempt)
        assert msgspec.json.encode(attempt.document(whole=True))
        assert attempt.why() is not None
    assert Storyteller(LabNames(lab)).tell_all(lab.trace.entries()) is not None
    assert lab.trace.digest
    assert all(lab.trace.lines())
    assert all(lab.record())
    # What is not built, and where a spoiled address leads, are no faults of the lab's own.
    expected = {*lab.unbuilt, *lab.refused_hosts}
    assert [said for said in lab.list_problems() if said not in expected] == []
