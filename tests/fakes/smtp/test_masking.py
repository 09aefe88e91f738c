"""Goal: a record holds no password, and lives the same dialogue again, however broken it was.

Method: exchanges that are refused for every reason there is, recorded and replayed.
"""

from __future__ import annotations

from base64 import b64encode

import pytest

from pushlab.lab import Lab
from pushlab_fakes.smtp.masking import mask_line, mask_password, mask_plain
from pushlab_scenarios.replay import replay
from pushlab_testing.mail import MailClient

PAIR = b64encode(b"\0alice\0open sesame")
PASSWORD = b64encode(b"open sesame")
HIDDEN = b64encode(b"\0alice\0key-1")


def hide(_: str) -> str:
    return "key-1"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (b"AUTH PLAIN " + PAIR, b"AUTH PLAIN " + HIDDEN),
        (b"auth  plain " + PAIR, b"auth plain " + HIDDEN),
        ("AUTH PLAIN\u00a0".encode() + PAIR, b"AUTH PLAIN " + HIDDEN),
        (b"AUTH PLAIN " + PAIR + b" " + PASSWORD, b"AUTH PLAIN " + HIDDEN + b" -"),
        (b"AUTH PLAIN " + PAIR[:-1], b"AUTH PLAIN -"),
        (b"AUTH PLAIN " + PASSWORD, b"AUTH PLAIN LQ=="),
        (b"AUTH PLAIN =", b"AUTH PLAIN -"),
        (b"AUTH PLAIN *", b"AUTH PLAIN *"),
        (b"AUTH PLAIN", b"AUTH PLAIN"),
        (b"AUTH LOGIN YWxpY2U=", b"AUTH LOGIN YWxpY2U="),
        (b"AUTH PLAIN \xff" + PAIR, b"\xff"),
        (b"AUTH XOAUTH2 " + PAIR, b"AUTH XOAUTH2 -"),
        (b"AUTH LOGIN YWxpY2U= " + PASSWORD, b"AUTH LOGIN YWxpY2U= -"),
        (b"AUTH XOAUTH2", b"AUTH XOAUTH2"),
        (b"AUTH " + PAIR, b"AUTH -"),
        (b"AUHT PLAIN " + PAIR, b"-"),
        (PASSWORD, b"-"),
        (b"NOOP x", b"NOOP x"),
    ],
)
def test_a_command_keeps_its_form_and_loses_its_password(line: bytes, masked: bytes) -> None:
    assert mask_line(line, {"AUTH", "NOOP"}.__contains__, hide) == masked


@pytest.mark.parametrize("mask", [mask_plain, mask_password])
@pytest.mark.parametrize(("given", "kept"), [(b"*", b"*"), (PAIR + b"!", b"-"), (b"\xff", b"-")])
def test_what_is_no_response_stays_none(mask, given, kept) -> None:
    assert mask(given, hide) == kept


@pytest.mark.parametrize(
    "lines",
    [
        ["AUTH PLAIN {pair} {pair}"],
        ["AUTH PLAIN {pair}x"],
        ["AUTH PLAIN {password}"],
        ["AUTH PLAIN", "{pair}x"],
        ["AUTH PLAIN", "{password}"],
        ["AUTH PLAIN", "*"],
        ["AUTH LOGIN", "YWxpY2U=", "{password}"],
        ["AUTH LOGIN", "YWxpY2U=", "{password}x"],
        ["AUTH LOGIN", "YWxpY2U=", "*"],
        ["AUTH PLAIN {pair}", "AUTH PLAIN {pair}"],
        ["AUTH LOGIN", "AUTH PLAIN {pair}"],
        ["AUTH CRAM-MD5 {password}", "{password}", "AUHT PLAIN {pair}"],
    ],
    ids=" then ".join,
)
def test_a_dialogue_lives_again_from_a_record_without_a_password(lines: list[str]) -> None:
    lab = Lab()
    client = MailClient(lab)
    for line in lines:
        client.ask(line.format(pair=PAIR.decode(), password=PASSWORD.decode()))

    record = lab.record()

    assert PASSWORD.decode()[:12] not in "".join(record)
    assert PAIR.decode()[10:20] not in "".join(record)
    assert replay(record).trace.digest == lab.trace.digest
