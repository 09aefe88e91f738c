"""Goal: every reply that the server knows is brought about by a state of the world, one table.

Method: a lab and a client without a socket. Each row names the reply, the settings, what has to be
done to the world, and what the client says last. The table is whole: a reply without a row fails.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from pushlab.lab import Lab
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.replies import Reply, make_reply, read_words
from pushlab_testing.mail import MailClient, a_mail, read_replies

if TYPE_CHECKING:
    from collections.abc import Callable

    Act = Callable[[Lab], object]
    Ask = Callable[[Lab], str]

ALICE, BOB = "alice@example.com", "bob@example.com"
PLAIN = b64encode(b"\0alice\0secret").decode()
OTHER = b64encode(b"\0alice\0other").decode()
MAIL = "MAIL FROM:<news@shop.test>"
RCPT = f"RCPT TO:<{ALICE}>"
PORT = {"IDLE", "TOO_MANY_CONNECTIONS"}
"""What the port says and no session: see the tests of the wire."""


def after(*lines: str, tls: Any = "none", ehlo: str = "EHLO c") -> Ask:
    """Say *lines* after a greeting and return the last reply."""

    def ask(lab: Lab) -> str:
        client = MailClient(lab, tls, greet=False)
        said = client.say(*([ehlo] if ehlo else []), *lines)
        return said[-1] if said else client.banner

    return ask


def sent(data: bytes, *lines: str) -> Ask:
    """Send bytes after *lines* and return the last reply."""

    def ask(lab: Lab) -> str:
        client = MailClient(lab)
        client.say(*lines)
        return client.send(data)[-1]

    return ask


def mailed(raw: bytes | None = None, before: Act = lambda _: None) -> Ask:
    """Hand a mail over; what *before* does comes between the recipient and the mail."""

    def ask(lab: Lab) -> str:
        client = MailClient(lab)
        client.envelope(ALICE)
        before(lab)
        client.ask("DATA")
        return client.send((raw or a_mail("buy gold")) + b".\r\n")[-1]

    return ask


def box(verb: str) -> Act:
    return lambda lab: getattr(lab.find_device("alice"), verb)()


def rule(kind: str, match: str = "") -> Act:
    return lambda lab: lab.mail.refuse(kind, match)


def fault(where: str, **options: Any) -> Act:
    return lambda lab: lab.fault(where, **options)


def nothing(_lab: Lab) -> None:
    """Leave the world as it is."""


def say_greeting(lab: Lab) -> str:
    return MailClient(lab, greet=False).banner


def speak_after_a_refused_greeting(lab: Lab) -> str:
    return MailClient(lab, greet=False).ask("EHLO client.test")


def come_back_too_often(lab: Lab) -> str:
    client = MailClient(lab)
    client.mail(a_mail(), ALICE)
    return client.ask(MAIL)


def log_in_with_another_password(lab: Lab) -> str:
    after(f"AUTH PLAIN {PLAIN}")(lab)
    return after(f"AUTH PLAIN {OTHER}")(lab)


def speak_to_a_lab_that_is_over(lab: Lab) -> str:
    client = MailClient(lab)
    lab.close()
    return client.ask("NOOP")


LONG = b"x" * 30 + b"\r\n"
Row = tuple[str, dict[str, object], "Act", "Ask"]
ROWS: list[Row] = [
    # -- the dialogue
    ("BANNER", {}, nothing, say_greeting),
    ("OK", {}, nothing, after("NOOP")),
    ("OK", {}, nothing, after(MAIL, "RSET")),
    ("BYE", {}, nothing, after("QUIT")),
    ("GO_AHEAD", {}, nothing, after(MAIL, RCPT, "DATA")),
    ("SENDER_OK", {}, nothing, after(MAIL)),
    ("SENDER_OK", {}, nothing, after("MAIL FROM:<>")),
    ("RECIPIENT_OK", {}, nothing, after(MAIL, RCPT)),
    ("READY_FOR_TLS", {}, nothing, after("STARTTLS", tls="offered")),
    ("CANNOT_VERIFY", {}, nothing, after(f"VRFY {ALICE}")),
    ("CANNOT_VERIFY", {}, nothing, after("VRFY nobody@example.com")),
    ("HELP", {}, nothing, after("HELP")),
    # -- what is no command of this state
    ("UNKNOWN_COMMAND", {}, nothing, after("WHAT")),
    ("NOT_TEXT", {}, nothing, sent(b"\xff\xfe\r\n")),
    ("LINE_TOO_LONG", {}, nothing, after("X" * 3_000)),
    ("BODY_LINE_TOO_LONG", {"smtp_body_line_max": 20}, nothing, mailed(LONG)),
    ("NOT_IMPLEMENTED", {}, nothing, after("EXPN staff")),
    ("NOT_IMPLEMENTED", {}, nothing, after("STARTTLS")),
    ("HELLO_FIRST", {}, nothing, after(MAIL, ehlo="")),
    ("HELLO_FIRST", {}, nothing, after(f"AUTH PLAIN {PLAIN}", ehlo="HELO c")),
    ("NESTED_MAIL", {}, nothing, after(MAIL, MAIL)),
    ("NEED_MAIL", {}, nothing, after(RCPT)),
    ("NEED_MAIL", {}, nothing, after("DATA")),
    ("NEED_MAIL", {}, nothing, after(MAIL, RCPT, "BDAT 0 LAST", "BDAT 0 LAST")),
    ("NEED_RCPT", {}, nothing, after(MAIL, "DATA")),
    ("NO_RECIPIENTS", {}, nothing, after(MAIL, "RCPT TO:<nobody@example.com>", "DATA")),
    ("BINARY_NEEDS_BDAT", {}, nothing, after(f"{MAIL} BODY=BINARYMIME", RCPT, "DATA")),
    ("DATA_AFTER_BDAT", {}, nothing, after(MAIL, RCPT, "BDAT 0", "DATA")),
    ("TLS_ALREADY", {}, nothing, after("STARTTLS", tls="active")),
    ("AUTH_ALREADY", {}, nothing, after(*[f"AUTH PLAIN {PLAIN}"] * 2)),
    ("AUTH_IN_MAIL", {}, nothing, after(MAIL, f"AUTH PLAIN {PLAIN}")),
    ("TURNED_AWAY", {}, rule("client"), speak_after_a_refused_greeting),
    ("TOO_MANY_ERRORS", {"smtp_errors_max": 2}, nothing, after("A", "B", "C")),
    ("CLOSING", {}, lambda lab: lab.outage("smtp"), say_greeting),
    ("CLOSING", {}, fault("smtp mail", status=421), after(MAIL)),
    ("CLOSING", {}, fault("smtp connect", status=421), say_greeting),
    ("CLOSING", {}, nothing, speak_to_a_lab_that_is_over),
    # -- arguments
    ("HELLO_SYNTAX", {}, nothing, after("EHLO two words")),
    ("HELLO_SYNTAX", {}, nothing, after("HELO")),
    ("MAIL_SYNTAX", {}, nothing, after("MAIL FROM:news@shop.test")),
    ("RCPT_SYNTAX", {}, nothing, after(MAIL, "RCPT TO")),
    ("DATA_SYNTAX", {}, nothing, after(MAIL, RCPT, "DATA now")),
    ("RSET_SYNTAX", {}, nothing, after("RSET all")),
    ("QUIT_SYNTAX", {}, nothing, after("QUIT now")),
    ("VRFY_SYNTAX", {}, nothing, after("VRFY")),
    ("BDAT_SYNTAX", {}, nothing, after("BDAT ten")),
    ("STARTTLS_SYNTAX", {}, nothing, after("STARTTLS now", tls="offered")),
    ("AUTH_SYNTAX", {}, nothing, after("AUTH")),
    ("BAD_SENDER", {}, nothing, after("MAIL FROM:<nobody>")),
    ("BAD_RECIPIENT", {}, nothing, after(MAIL, "RCPT TO:<not-an-address>")),
    ("NEEDS_SMTPUTF8", {}, nothing, after("MAIL FROM:<ä@shop.test>")),
    ("NEEDS_SMTPUTF8", {}, nothing, after(MAIL, "RCPT TO:<ä@example.com>")),
    ("UNKNOWN_PARAMETER", {}, nothing, after(f"{MAIL} FUTURE=1")),
    ("UNKNOWN_PARAMETER", {}, nothing, after(f"{MAIL} SIZE=1", ehlo="HELO c")),
    ("UNKNOWN_PARAMETER", {}, nothing, after(MAIL, f"{RCPT} SIZE=1")),
    ("BAD_PARAMETER", {}, nothing, after(f"{MAIL} SIZE=big")),
    ("BAD_PARAMETER", {}, nothing, after(MAIL, f"{RCPT} NOTIFY=MAYBE")),
    # -- AUTH
    ("AUTH_OK", {}, nothing, after(f"AUTH PLAIN {PLAIN}")),
    ("AUTH_OK", {}, nothing, after("AUTH LOGIN", "YWxpY2U=", "c2VjcmV0")),
    ("AUTH_FAILED", {}, nothing, log_in_with_another_password),
    ("AUTH_FAILED", {}, fault("smtp auth", status=535), after(f"AUTH PLAIN {PLAIN}")),
    ("AUTH_WEAK", {"smtp_auth_mechanisms": "LOGIN"}, nothing, after(f"AUTH PLAIN {PLAIN}")),
    ("AUTH_NEEDS_TLS", {"smtp_auth_needs_tls": True}, nothing, after(f"AUTH PLAIN {PLAIN}")),
    ("AUTH_UNKNOWN", {}, nothing, after("AUTH CRAM-MD5")),
    ("AUTH_CANCELED", {}, nothing, after("AUTH PLAIN", "*")),
    ("AUTH_NOT_BASE64", {}, nothing, after("AUTH PLAIN not*base64")),
    ("AUTH_TOO_LONG", {}, nothing, after("AUTH LOGIN", "A" * 13_000)),
    ("AUTH_REQUIRED", {"smtp_auth_required": True}, nothing, after(MAIL)),
    ("AUTH_REQUIRED", {"smtp_auth_required": True}, nothing, after("VRFY alice")),
    ("TLS_REQUIRED", {"smtp_tls_required": True}, nothing, after(MAIL)),
    ("TLS_REQUIRED", {"smtp_tls_required": True}, nothing, after(f"AUTH PLAIN {PLAIN}")),
    # -- mailboxes
    ("UNKNOWN_USER", {}, nothing, after(MAIL, "RCPT TO:<nobody@example.com>")),
    ("UNKNOWN_USER", {}, fault("smtp", status=550), after(MAIL, RCPT)),
    ("MAILBOX_DISABLED", {}, box("close"), after(MAIL, RCPT)),
    ("MAILBOX_DISABLED", {}, nothing, mailed(before=box("close"))),
    ("MAILBOX_FULL", {}, box("fill"), after(MAIL, RCPT)),
    ("MAILBOX_FULL", {}, nothing, mailed(before=box("fill"))),
    ("MAILBOX_FULL_FOR_GOOD", {"smtp_full_reply": "552"}, box("fill"), after(MAIL, RCPT)),
    ("MAILBOX_FULL_FOR_GOOD", {"smtp_full_reply": "552"}, nothing, mailed(before=box("fill"))),
    ("RECIPIENT_OK", {"smtp_full_reply": "queue"}, box("fill"), after(MAIL, RCPT)),
    ("RECIPIENT_OK", {"smtp_role": "relay"}, nothing, after(MAIL, "RCPT TO:<nobody@example.com>")),
    (
        "RECIPIENT_OK",
        {"smtp_late_bounce_share": 1.0},
        nothing,
        after(MAIL, "RCPT TO:<nobody@example.com>"),
    ),
    ("BAD_DOMAIN", {}, rule("no mx", "example.com"), after(MAIL, RCPT)),
    ("NULL_MX", {}, rule("null mx", "example.com"), after(MAIL, RCPT)),
    ("RELAYING_DENIED", {}, rule("relay", "example.com"), after(MAIL, RCPT)),
    # -- limits
    ("GREYLISTED", {"smtp_greylist_s": 300}, nothing, after(MAIL, RCPT)),
    ("GREYLISTED", {}, fault("smtp rcpt", status=450), after(MAIL, RCPT)),
    ("TOO_BIG", {"smtp_size_max_bytes": 20}, nothing, after(f"{MAIL} SIZE=21")),
    ("TOO_BIG", {"smtp_size_max_bytes": 20}, nothing, mailed()),
    ("TOO_BIG", {"smtp_size_max_bytes": 20}, nothing, sent(b"BDAT 30\r\n" + b"x" * 30, MAIL, RCPT)),
    ("TOO_MANY_RECIPIENTS", {"smtp_recipients_max": 1}, nothing, after(MAIL, RCPT, RCPT)),
    ("RATE_LIMITED", {"smtp_rate_per_minute": 1}, nothing, come_back_too_often),
    ("RATE_LIMITED", {}, fault("smtp", status=429), after(MAIL, RCPT)),
    ("NO_SPACE", {}, rule("space"), after(MAIL)),
    ("NO_SPACE", {}, fault("smtp end", status=452), mailed()),
    ("LOCAL_ERROR", {}, fault("smtp ehlo", status=451), after()),
    ("LOCAL_ERROR", {}, fault("smtp mail", status=451), after(MAIL)),
    ("LOCAL_ERROR", {}, fault("smtp data", status=451), after(MAIL, RCPT, "DATA")),
    ("LOCAL_ERROR", {}, fault("smtp end", status=451), mailed()),
    # -- policy
    ("BLOCKED_CLIENT", {}, rule("client"), say_greeting),
    ("BLOCKED", {}, rule("sender", "shop.test"), after(MAIL)),
    ("BLOCKED", {}, rule("content", "Gold"), mailed()),
    ("BLOCKED", {}, fault("smtp end", status=554), mailed()),
    ("SENDER_OK", {}, rule("sender", "other.test"), after(MAIL)),
    ("SPF_FAILED", {}, rule("spf", "shop.test"), after(MAIL)),
    ("DKIM_FAILED", {}, rule("dkim", "shop.test"), mailed()),
    ("DMARC_FAILED", {}, rule("dmarc", "news@shop.test"), mailed()),
]
SPOKEN: list[tuple[str, Act, Ask]] = [
    ("250 2.0.0 Ok: queued as ", nothing, mailed()),
    ("250 2.0.0 Ok: queued as ", rule("content", "silver"), mailed()),
    ("250 2.0.0 3 octets received", nothing, sent(b"BDAT 3\r\nabc", MAIL, RCPT)),
    ("250 mx.pushlab.test", nothing, after(ehlo="HELO c")),
    ("250-mx.pushlab.test | 250-SIZE ", nothing, after()),
    ("334 ", nothing, after("AUTH PLAIN")),
    ("334 VXNlcm5hbWU6", nothing, after("AUTH LOGIN")),
    ("334 UGFzc3dvcmQ6", nothing, after("AUTH LOGIN", "YWxpY2U=")),
    ("454 4.7.0 Temporary", fault("smtp auth", status=454), after(f"AUTH PLAIN {PLAIN}")),
    ("551 5.1.6 ", fault("smtp rcpt", status=551), after(MAIL, RCPT)),
    ("553 5.1.3 ", fault("smtp", status=553, devices=["alice"]), after(MAIL, RCPT)),
    ("250 2.1.5 ", fault("smtp", status=553, devices=["bob"]), after(MAIL, RCPT)),
    ("441 4.0.0 Refused", fault("smtp mail", status=441), after(MAIL)),
    ("550 5.7.1 No", fault("smtp end", status=550, reason="5.7.1 No"), mailed()),
]
"""Replies that are made of what was said."""


def a_lab(settings: dict[str, object]) -> Lab:
    lab = Lab(settings=settings)
    for name in ("alice", "bob"):
        lab.device("email", name=name, address=f"{name}@example.com", fresh=True)
    return lab


def name_row(row: object) -> str:
    return row if isinstance(row, str) else ""


@pytest.mark.parametrize(("name", "settings", "arrange", "ask"), ROWS, ids=name_row)
def test_a_state_of_the_world_has_its_reply(
    name: str, settings: dict[str, object], arrange: Act, ask: Ask
) -> None:
    lab = a_lab(settings)
    arrange(lab)

    said = ask(lab)

    expected: Reply = getattr(replies, name)
    assert [said] == read_replies(expected.render())


@pytest.mark.parametrize(("begin", "arrange", "ask"), SPOKEN, ids=name_row)
def test_a_reply_is_made_of_what_was_said(begin: str, arrange: Act, ask: Ask) -> None:
    lab = a_lab({})
    arrange(lab)

    assert ask(lab).startswith(begin)


def test_every_reply_has_its_state() -> None:
    known = {name for name, value in vars(replies).items() if isinstance(value, Reply)}

    assert known - PORT == {name for name, *_ in ROWS}


@pytest.mark.parametrize(
    ("settings", "arrange", "lines"),
    [
        ({}, rule("client"), ["QUIT"]),
        ({}, lambda lab: lab.outage("smtp"), []),
        ({}, nothing, ["QUIT"]),
        ({"smtp_errors_max": 2}, nothing, ["A", "B", "C"]),
        ({}, fault("smtp mail", status=421), ["EHLO c", MAIL]),
    ],
)
def test_what_ends_a_dialogue_ends_it(
    settings: dict[str, object], arrange: Act, lines: list[str]
) -> None:
    lab = a_lab(settings)
    arrange(lab)

    client = MailClient(lab, greet=False)
    client.say(*lines)

    assert (client.ended, client.connection.is_over) == ("close", True)


# --- replies as values ---------------------------------------------------------------------------


def test_each_line_of_a_long_reply_has_both_codes_and_all_but_the_last_a_hyphen() -> None:
    said = make_reply(550, "5.1.1", "No", "Really", "no")

    assert said.render() == b"550-5.1.1 No\r\n550-5.1.1 Really\r\n550 5.1.1 no\r\n"
    assert said.text == "550 5.1.1 No Really no"


def test_replies_without_an_enhanced_code_have_none() -> None:
    """RFC 2034, section 4: the greeting, answers to EHLO and replies of class 3."""
    bare = {
        name
        for name, value in vars(replies).items()
        if isinstance(value, Reply) and value.enhanced is None
    }

    assert bare == {"BANNER", "GO_AHEAD"}
    assert replies.BANNER.status == "2.0.0"


def test_both_codes_of_a_reply_are_of_one_class() -> None:
    every = [value for value in vars(replies).values() if isinstance(value, Reply)]

    assert {
        str(value.code)[0] == value.enhanced[0] for value in every if value.enhanced is not None
    } == {True}


@pytest.mark.parametrize(
    ("text", "words"),
    [("a\r\n250 b", "a 250 b"), ("\ta\x00b  c ", "a b c"), ("grün", "grün"), ("", "")],
)
def test_no_text_begins_a_line_of_its_own(text: str, words: str) -> None:
    assert read_words(text) == words


def test_a_closing_reply_says_the_same() -> None:
    closing = replies.TOO_BIG.closing()

    assert (closing.closes, closing.render()) == (True, replies.TOO_BIG.render())
