"""Goal: the Huffman code of header fields is read as its RFC has it.

Method: hypothesis against the coder of `hpack`, and what no coder writes by hand.
"""

from __future__ import annotations

import pytest
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman as decode_by_the_library
from hypothesis import example, given
from hypothesis import strategies as st

from pushlab_fakes.wire.huffman import NotHuffmanError, decode_huffman


def encode(text):
    return HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text)


@given(st.binary(max_size=200))
@example(bytes(range(256)))
def test_what_was_written_is_read(text):
    assert decode_huffman(encode(text)) == text


def read_by_the_library(data):
    try:
        return decode_by_the_library(data)
    except HPACKDecodingError:
        return None


@given(st.binary(max_size=40))
@example(b"\xff")
@example(b"\xff\xff\xff\xff")
def test_any_bytes_are_read_as_by_the_library(data):
    try:
        found = decode_huffman(data)
    except NotHuffmanError:
        found = None

    assert found == read_by_the_library(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xff\xff\xff", "end of the text"),
        (b"\x1f\xff", "padding"),
        (b"\x00\x00\x00\x18", "padding"),
    ],
    ids=["the code of the end", "a byte of padding", "zeros for padding"],
)
def test_what_no_coder_writes_is_refused(data, said):
    with pytest.raises(NotHuffmanError, match=said):
        decode_huffman(data)
