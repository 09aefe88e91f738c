"""Goal: one document is the same document for whoever reads it. Method: depths, counted naively."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.exchange import Request
from pushlab_fakes.json_text import DEPTH_MAX, decode_json, decode_object

DOCUMENTS = st.recursive(
    st.one_of(st.integers(), st.text(alphabet='[]{}"\\a', max_size=5), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


def deep(levels: int) -> bytes:
    """Return a document of so many levels."""
    return b'[{"[":' * (levels // 2) + b"1" + b"}]" * (levels // 2)


@given(DOCUMENTS)
def test_a_document_says_what_it_says(value: object) -> None:
    assert decode_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "beside", [b"", b'"[[[[]]]]{{{",' * 50, b"[[]]," * 200, b'{"]":[]},' * 200]
)
def test_a_document_has_a_depth(beside: bytes) -> None:
    good = b"[" + beside + deep(DEPTH_MAX - 2) + b"]"

    decode_json(good)
    with pytest.raises(msgspec.DecodeError, match="deeper than 100"):
        decode_json(b"[[" + good + b"]]")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'"\xff"',
        b"[" * 100_000,
        b"NaN",
        b"1e999",
        b'"\\ud800"',
        b"\xef\xbb\xbf1",
    ],
)
def test_what_is_no_document_is_told_in_one_way(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"reason": "Gone"}', {"reason": "Gone"}),
        (b"{}", {}),
        (b'["reason"]', None),
        (b"null", None),
        (b"<h1>Gone</h1>", None),
        (b"", None),
    ],
)
def test_only_an_object_is_one(raw: bytes, said: dict[str, str] | None) -> None:
    assert decode_object(raw) == said


def at_depth(frames: int, look: Any) -> Any:
    """Call *look* with so many frames of the stack in use."""
    return look() if frames <= 0 else at_depth(frames - 1, look)


@pytest.mark.parametrize("levels", [90, 400, 900])
def test_what_a_lab_took_can_be_read_from_a_deep_stack(levels: int) -> None:
    lab = Lab()
    body = b'{"identity":{"external_id":"a"},"apns_p12":"x","x":%b}' % deep(levels)
    url = f"https://api.onesignal.com/apps/{lab.app.id}/users"

    answer = lab.handle(Request.build("POST", url, body=body))
    lines = at_depth(sys.getrecursionlimit() - 500, lambda: [*lab.trace.lines()])

    assert answer.status == (201 if levels < DEPTH_MAX else 400)
    assert '"status":' in lines[-2]
