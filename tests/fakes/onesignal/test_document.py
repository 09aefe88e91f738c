"""Goal: a body is decoded once, and reads the same however it was written."""

from __future__ import annotations

import pytest

from pushlab_fakes.onesignal.document import read_document


def test_what_a_body_says_does_not_depend_on_how_it_is_written() -> None:
    one = read_document(b'{"b": [1, 2], "a": "\\u00e9"}')
    two = read_document('{"a":"é","b":[1,2]}'.encode())

    assert one.text == two.text == '{"a":"é","b":[1,2]}'
    assert one.value == two.value == {"a": "é", "b": [1, 2]}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff{}", b"[" * 100_000])
def test_what_is_no_json_stands_there_byte_by_byte(body: bytes) -> None:
    document = read_document(body)

    assert not document.is_json
    assert document.value is None
    assert document.text.encode("latin-1") == document.body == body


def test_null_is_json() -> None:
    document = read_document(b"null")

    assert document.is_json
    assert document.text == "null"
