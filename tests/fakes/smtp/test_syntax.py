"""Goal: commands are read as their grammar says, and what is none gets the reply for that.

Method: arguments as text; what is read comes back as a value, what is not as a reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.syntax import (
    Recipient,
    Sender,
    decode_base64,
    decode_xtext,
    parse_chunk,
    parse_mail,
    parse_plain,
    parse_rcpt,
)

if TYPE_CHECKING:
    from pushlab_fakes.smtp.replies import Reply

# --- paths (RFC 5321, section 4.1.2) -------------------------------------------------------------


def mail(argument: str, *, is_extended: bool = True) -> Sender | Reply:
    return parse_mail(argument, is_extended=is_extended)


def rcpt(argument: str, *, is_extended: bool = True, is_utf8: bool = False) -> Recipient | Reply:
    return parse_rcpt(argument, is_extended=is_extended, is_utf8=is_utf8)


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "a@b.c",
        "a.b.c@sub.example.com",
        "a+tag@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        '"a b"@example.com',
        '"a\\"b>c"@example.com',
        '""@example.com',
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        f"{'a' * 64}@example.com",
    ],
)
def test_an_address_may_look_like_this(address: str) -> None:
    assert mail(f"FROM:<{address}>") == Sender(address)
    assert rcpt(f"TO:<{address}>") == Recipient(address)


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "@b.c",
        "a@",
        "a b@c.d",
        ".a@b.c",
        "a..b@c.d",
        "a.@b.c",
        "a@b..c",
        "a@.b",
        "a@b.",
        "a@-b.c",
        "a@b_c.d",
        '"a@b.c',
        "a@[b c]",
        "a\x00@b.c",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 250}.example",
    ],
)
def test_an_address_does_not_look_like_this(address: str) -> None:
    assert mail(f"FROM:<{address}>") == replies.BAD_SENDER
    assert rcpt(f"TO:<{address}>") == replies.BAD_RECIPIENT


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("from:<a@b.c>", "a@b.c"),
        ("FROM: <a@b.c>", "a@b.c"),
        ("FROM:<@relay.test:a@b.c>", "a@b.c"),
        ("FROM:<@one.test,@two.test:a@b.c>", "a@b.c"),
        ("FROM:<>", ""),
    ],
)
def test_words_have_no_case_and_routes_are_read_over(argument: str, address: str) -> None:
    assert mail(argument) == Sender(address)


@pytest.mark.parametrize(
    "argument",
    ["", "a@b.c", "FROM", "FROM:", "FROM:a@b.c", "TO:<a@b.c>", "FROM:<a@b.c>x", "FROM :<a@b.c>"],
)
def test_without_word_and_brackets_it_is_no_path(argument: str) -> None:
    assert mail(argument) == replies.MAIL_SYNTAX


def test_a_path_without_an_end_is_a_bad_address() -> None:
    assert mail("FROM:<a@b.c") == replies.BAD_SENDER
    assert rcpt('TO:<"a>b@c.d>') == replies.BAD_RECIPIENT


def test_only_recipients_may_be_a_bare_postmaster_and_only_senders_nobody() -> None:
    assert rcpt("TO:<Postmaster>") == Recipient("Postmaster")
    assert mail("FROM:<postmaster>") == replies.BAD_SENDER
    assert rcpt("TO:<>") == replies.BAD_RECIPIENT


# --- parameters of MAIL --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        ("SIZE=12", Sender("a@b.c", size_bytes=12)),
        ("size=12", Sender("a@b.c", size_bytes=12)),
        ("SIZE=0", Sender("a@b.c")),
        ("BODY=8bitmime", Sender("a@b.c", body="8BITMIME")),
        ("BODY=BINARYMIME", Sender("a@b.c", body="BINARYMIME")),
        ("SMTPUTF8", Sender("a@b.c", is_utf8=True)),
        ("RET=full", Sender("a@b.c", ret="FULL")),
        ("ENVID=order+2B7", Sender("a@b.c", envid="order+7")),
        ("AUTH=<>", Sender("a@b.c")),
        ("AUTH=alice+40shop.test", Sender("a@b.c")),
        ("SIZE=1  BODY=7BIT ", Sender("a@b.c", size_bytes=1)),
    ],
)
def test_a_parameter_is_read(words: str, sender: Sender) -> None:
    assert mail(f"FROM:<a@b.c> {words}") == sender


@pytest.mark.parametrize(
    "words",
    [
        "SIZE",
        "SIZE=",
        "SIZE=-1",
        "SIZE=1.5",
        f"SIZE={'9' * 21}",
        "SIZE=1 size=1",
        "BODY=9BIT",
        "SMTPUTF8=yes",
        "RET=SOME",
        "RET",
        "ENVID=",
        "ENVID=a+zz",
        f"ENVID={'x' * 101}",
        "AUTH=",
        "=1",
        "-X=1",
        "A=B=C",
    ],
)
def test_a_bad_value_is_told_apart_from_an_unknown_parameter(words: str) -> None:
    assert mail(f"FROM:<a@b.c> {words}") == replies.BAD_PARAMETER


@pytest.mark.parametrize("words", ["FUTURE=1", "NOTIFY=NEVER", "MT-PRIORITY=3", "X"])
def test_an_unknown_parameter_is_refused(words: str) -> None:
    assert mail(f"FROM:<a@b.c> {words}") == replies.UNKNOWN_PARAMETER


def test_without_ehlo_there_are_no_parameters() -> None:
    assert mail("FROM:<a@b.c> SIZE=1", is_extended=False) == replies.UNKNOWN_PARAMETER
    assert rcpt("TO:<a@b.c> NOTIFY=NEVER", is_extended=False) == replies.UNKNOWN_PARAMETER


# --- parameters of RCPT (RFC 3461, RFC 6533) -----------------------------------------------------


@pytest.mark.parametrize(
    ("value", "notify"),
    [
        ("NEVER", ()),
        ("never", ()),
        ("SUCCESS", ("SUCCESS",)),
        ("DELAY,SUCCESS,FAILURE", ("SUCCESS", "FAILURE", "DELAY")),
    ],
)
def test_wanted_notices_are_read(value: str, notify: tuple[str, ...]) -> None:
    assert rcpt(f"TO:<a@b.c> NOTIFY={value}") == Recipient("a@b.c", notify)


@pytest.mark.parametrize(
    "value", ["", "MAYBE", "NEVER,SUCCESS", "SUCCESS,SUCCESS", "SUCCESS,", "SUCCESS,MAYBE"]
)
def test_wanted_notices_are_a_list_of_three_words_or_never(value: str) -> None:
    assert rcpt(f"TO:<a@b.c> NOTIFY={value}") == replies.BAD_PARAMETER


@pytest.mark.parametrize(
    ("value", "orcpt"),
    [
        ("rfc822;al@old.test", "rfc822;al@old.test"),
        ("rfc822;al+2Btag@old.test", "rfc822;al+tag@old.test"),
        ("x400;/c=us", None),
        ("rfc822", None),
        ("rfc822;", None),
        (";al@old.test", None),
        ("rfc822;al+zz", None),
        (f"rfc822;{'x' * 500}", None),
        (r"utf-8;d\x{F6}rte@old.test", "utf-8;dörte@old.test"),
        (r"utf-8;\x{1F600}@old.test", "utf-8;\N{GRINNING FACE}@old.test"),
        (r"utf-8;\x{D800}@old.test", "utf-8;\ufffd@old.test"),
        (r"utf-8;\x{110000}@old.test", None),
        (r"utf-8;\x{f6}@old.test", None),
        ("utf-8;a+2Bb@old.test", None),
        ("utf-8;back\\slash@old.test", None),
    ],
)
def test_the_original_recipient_is_decoded_by_its_type(value: str, orcpt: str | None) -> None:
    read = rcpt(f"TO:<a@b.c> ORCPT={value}")

    assert read == (replies.BAD_PARAMETER if orcpt is None else Recipient("a@b.c", None, orcpt))


def test_under_smtputf8_an_original_recipient_stands_as_it_is() -> None:
    argument = "TO:<dörte@example.com> ORCPT=utf-8;dörte@old.test"

    assert rcpt(argument, is_utf8=True) == Recipient(
        "dörte@example.com", None, "utf-8;dörte@old.test"
    )
    assert rcpt("TO:<a@b.c> ORCPT=utf-8;dörte@old.test") == replies.BAD_PARAMETER


def test_addresses_beyond_ascii_need_their_parameter() -> None:
    assert mail("FROM:<ä@b.c>") == replies.NEEDS_SMTPUTF8
    assert mail("FROM:<ä@grün.test> SMTPUTF8") == Sender("ä@grün.test", is_utf8=True)
    assert rcpt("TO:<ä@b.c>") == replies.NEEDS_SMTPUTF8
    assert rcpt("TO:<ä@b.c>", is_utf8=True) == Recipient("ä@b.c")


# --- smaller grammars ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "chunk"),
    [
        ("0", (0, False)),
        ("12 LAST", (12, True)),
        ("12   last", (12, True)),
        ("", None),
        ("LAST", None),
        ("-1", None),
        ("1 FIRST", None),
        ("1 LAST 2", None),
        ("9" * 16, None),
        ("\u0661", None),
    ],
)
def test_a_chunk_is_counted_in_plain_digits(argument: str, chunk: tuple[int, bool] | None) -> None:
    assert parse_chunk(argument) == (chunk or replies.BDAT_SYNTAX)


@pytest.mark.parametrize(
    ("raw", "pair"),
    [
        (b"\0alice\0secret", ("alice", "secret")),
        (b"admin\0alice\0secret", ("alice", "secret")),
        (b"\0alice\0", ("alice", "")),
        ("\0ä\0ö".encode(), ("ä", "ö")),
        (b"\0\0secret", None),
        (b"alice\0secret", None),
        (b"\0alice\0secret\0", None),
        (b"\0\xff\0secret", None),
        (b"", None),
    ],
)
def test_a_plain_response_is_three_texts(raw: bytes, pair: tuple[str, str] | None) -> None:
    assert parse_plain(raw) == pair


@pytest.mark.parametrize(
    ("text", "raw"),
    [("", b""), ("YQ==", b"a"), ("YQ", None), ("a b=", None), ("ä", None), ("YQ==\n", None)],
)
def test_base64_is_whole_or_none(text: str, raw: bytes | None) -> None:
    assert decode_base64(text) == raw


def test_xtext_stands_for_its_characters() -> None:
    assert decode_xtext("a+3Db+2B") == "a=b+"


# --- any text ------------------------------------------------------------------------------------

PIECES = (
    *("FROM:", "TO:", "<", ">", "a@b.c", '"', "\\", "@", ",", ":", " ", "=", "ä", "\0"),
    *("SIZE=1", "NOTIFY=NEVER", "ORCPT=utf-8;", "\\x{41}", "+3D", "ENVID=x", "SMTPUTF8"),
)
WORDS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(st.one_of(WORDS, st.text(max_size=40)), st.booleans())
def test_any_text_is_a_command_or_has_a_reply(argument: str, is_on: bool) -> None:
    read = [
        parse_mail(argument, is_extended=is_on),
        parse_rcpt(argument, is_extended=True, is_utf8=is_on),
    ]

    assert all(isinstance(each, (Sender, Recipient)) or each.is_refusal for each in read)
