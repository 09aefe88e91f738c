"""Goal: header blocks are read as HPACK has them, block after block.

Method: hypothesis writes lists of fields with the library's encoder and compares; what an encoder
does not write is compared with the library's decoder, and stands here by hand.
"""

from __future__ import annotations

import pytest
from hpack import Decoder, Encoder, HPACKError
from hpack.exceptions import OversizedHeaderListError
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.wire.header_reader import HeaderReader, ListTooLongError, NotHpackError

BOUND = 500

names = st.one_of(
    st.sampled_from([b":method", b":path", b"apns-id", b"accept", b"cookie"]),
    st.binary(max_size=20),
)
values = st.one_of(st.sampled_from([b"POST", b"GET", b"/", b"", b"5"]), st.binary(max_size=60))
lists = st.lists(st.tuples(names, values), max_size=8)
sizes = st.one_of(st.none(), st.sampled_from([0, 40, 100, 4096]))


def a_reader(bound=10_000):
    return HeaderReader(list_bytes_max=bound)


@given(st.lists(st.tuples(lists, sizes, st.booleans()), max_size=8))
def test_what_the_library_writes_is_read(blocks):
    encoder, reader = Encoder(), a_reader()

    for fields, size, huffman in blocks:
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(fields, huffman=huffman)

        assert reader.read(block) == tuple(fields)


def read_by_the_library(decoder, block):
    try:
        return tuple((bytes(n), bytes(v)) for n, v in decoder.decode(block, raw=True))
    except OversizedHeaderListError:
        return "too long"
    except HPACKError:
        return "broken"


def read_here(reader, block):
    try:
        return reader.read(block)
    except ListTooLongError:
        return "too long"
    except NotHpackError:
        return "broken"


@given(st.lists(st.one_of(st.binary(max_size=40), lists), max_size=6))
def test_any_bytes_are_read_as_by_the_library(blocks):
    decoder, reader, encoder = Decoder(max_header_list_size=BOUND), a_reader(BOUND), Encoder()

    for each in blocks:
        block = each if isinstance(each, bytes) else encoder.encode(each)
        expected = read_by_the_library(decoder, block)

        assert read_here(reader, block) == expected
        if isinstance(expected, str):
            return  # The table is lost, and the connection with it.


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (b"\x80", "index 0"),
        (b"\xbe", "not there"),
        (b"\xff\xff\xff\xff\xff\xff", "without end"),
        (b"\x40\x05abc", "ends within a text"),
        (b"\x40", "ends within a field"),
        (b"\x82\x20", "after a header field"),
        (b"\x3f\xe2\x1f", "4096 bytes at most"),
        (b"\x00\x81\xff\x00", "padding"),
    ],
    ids=[
        "index 0",
        "an entry that is not there",
        "a number without end",
        "a text cut short",
        "a field cut short",
        "a late change of size",
        "too large a table",
        "no Huffman code",
    ],
)
def test_a_block_that_cannot_be_read_is_refused_with_a_reason(block, said):
    with pytest.raises(NotHpackError, match=said):
        a_reader().read(block)


def test_a_list_over_the_bound_is_refused_where_it_passes_it():
    fields = [(b"x", b"y" * 17)] * 2
    block = Encoder().encode(fields)

    assert a_reader(100).read(block) == tuple(fields)
    with pytest.raises(ListTooLongError, match="99 bytes"):
        a_reader(99).read(block)


def test_an_entry_larger_than_the_table_empties_it():
    reader = a_reader()
    reader.read(b"\x40\x01a\x01b")

    reader.read(b"\x40\x01c\x7f\xe1\x1e" + b"d" * 4064)

    with pytest.raises(NotHpackError, match="not there"):
        reader.read(b"\xbe")
