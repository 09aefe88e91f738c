"""Goal: the dialogue of SMTP is that of RFC 5321 and its extensions, whatever comes in.

Method: a desk that says yes to all, scripts of lines, and the replies to them; random lines cut
anywhere, which must give the replies of the whole.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab_fakes.exchange import Mishap
from pushlab_fakes.smtp import replies
from pushlab_fakes.smtp.dialogue import Envelope, Event, Offer, Unit
from pushlab_fakes.smtp.session import Session
from pushlab_testing.mail import read_replies

if TYPE_CHECKING:
    from pushlab_fakes.smtp.dialogue import Client
    from pushlab_fakes.smtp.replies import Reply
    from pushlab_fakes.smtp.syntax import Recipient, Sender

PLAIN = b64encode(b"\0alice\0secret").decode()


class YesDesk:
    """Says yes to all that is in good order, and keeps it."""

    def __init__(self, **offer: object) -> None:
        self.offered = Offer(**{"size_max_bytes": 1_000, **offer})  # type: ignore[arg-type]
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.senders: list[Sender] = []
        self.recipients: list[Recipient] = []
        self.logins: list[tuple[str, str, str]] = []
        self.refused: list[str] = []
        self.says: dict[str, Reply] = {}

    def offer(self) -> Offer:
        return self.offered

    def connect(self, _client: Client) -> Reply | None:
        return self.says.get("connect")

    def hello(self, _client: Client, _name: str) -> Reply | None:
        return self.says.get("hello")

    def login(self, _client: Client, mechanism: str, login: str, password: str) -> Reply:
        self.logins.append((mechanism, login, password))
        return self.says.get("login", replies.AUTH_OK)

    def mail(self, _client: Client, sender: Sender) -> Reply:
        self.senders.append(sender)
        return self.says.get("mail", replies.SENDER_OK)

    def rcpt(self, _client: Client, _envelope: Envelope, recipient: Recipient) -> Reply:
        self.recipients.append(recipient)
        return self.says.get("rcpt", replies.RECIPIENT_OK)

    def data(self, _client: Client, _envelope: Envelope) -> Reply | None:
        return self.says.get("data")

    def deliver(self, _client: Client, envelope: Envelope, raw: bytes) -> Reply:
        addresses = [recipient.address for recipient in envelope.recipients]
        self.mails.append((envelope.sender.address, addresses, raw))
        return self.says.get("end", replies.OK)

    def fail(self, command: str, _reply: Reply, _said: str = "") -> None:
        self.refused.append(command)


def say(session: Session, *lines: str) -> list[str]:
    return receive(session, "".join(f"{line}\r\n" for line in lines).encode())


def receive(session: Session, data: bytes) -> list[str]:
    return read_replies(b"".join(event.data for event in session.receive(data)))


def greeted(**offer: object) -> tuple[Session, YesDesk]:
    desk = YesDesk(**offer)
    session = Session(desk)
    session.open()
    say(session, "EHLO client.test")
    return session, desk


# --- the dialogue --------------------------------------------------------------------------------


def test_a_mail_goes_its_way() -> None:
    session, desk = greeted()

    said = say(
        session, "MAIL FROM:<a@shop.test>", "RCPT TO:<b@example.com>", "DATA", "Hi", ".", "QUIT"
    )

    assert said == [
        "250 2.1.0 Ok",
        "250 2.1.5 Ok",
        "354 End data with <CR><LF>.<CR><LF>",
        "250 2.0.0 Ok",
        "221 2.0.0 Bye",
    ]
    assert desk.mails == [("a@shop.test", ["b@example.com"], b"Hi\r\n")]
    assert session.is_over


def test_ehlo_lists_what_is_offered() -> None:
    desk = YesDesk()

    (said,) = say(Session(desk, tls="offered"), "EHLO client.test")

    assert said.split(" | ") == [
        "250-mx.pushlab.test",
        "250-SIZE 1000",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-PIPELINING",
        "250-CHUNKING",
        "250-BINARYMIME",
        "250-DSN",
        "250-ENHANCEDSTATUSCODES",
        "250-STARTTLS",
        "250 AUTH PLAIN LOGIN",
    ]


def test_helo_offers_nothing_and_allows_no_parameters() -> None:
    session = Session(YesDesk())

    said = say(session, "HELO client.test", "MAIL FROM:<a@b.c> SIZE=3")

    assert said == ["250 mx.pushlab.test", "555 5.5.4 Unsupported parameter"]


REFUSALS = [
    ([], "MAIL FROM:<a@b.c>", "503 5.5.1"),
    (["EHLO c"], "RCPT TO:<a@b.c>", "503 5.5.1"),
    (["EHLO c"], "DATA", "503 5.5.1"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "DATA", "503 5.5.1"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "MAIL FROM:<a@b.c>", "503 5.5.1"),
    (["EHLO c", "MAIL FROM:<a@b.c>", "RCPT TO:<nobody>"], "DATA", "554 5.5.1"),
    (["EHLO c", "MAIL FROM:<a@b.c> BODY=BINARYMIME", "RCPT TO:<a@b.c>"], "DATA", "503 5.5.1"),
    (["EHLO c"], "WHAT IS THIS", "500 5.5.2"),
    (["EHLO c"], "GET / HTTP/1.1", "500 5.5.2"),
    (["EHLO c"], "", "500 5.5.2"),
    (["EHLO c"], "X" * 3_000, "500 5.5.2"),
    (["EHLO c"], "EXPN staff", "502 5.5.1"),
    (["EHLO c"], "STARTTLS", "502 5.5.1"),
    ([], "EHLO", "501 5.5.4"),
    ([], "EHLO two words", "501 5.5.4"),
    ([], "HELO", "501 5.5.4"),
    (["EHLO c"], "MAIL", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:a@b.c", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c>SIZE=3", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c", "501 5.1.7"),
    (["EHLO c"], "MAIL FROM:<a b@c.d>", "501 5.1.7"),
    (["EHLO c"], "MAIL FROM:<nobody>", "501 5.1.7"),
    (["EHLO c"], f"MAIL FROM:<{'a' * 65}@b.c>", "501 5.1.7"),
    (["EHLO c"], f"MAIL FROM:<a@{'b.' * 130}c>", "501 5.1.7"),
    (["EHLO c"], "MAIL FROM:<ä@b.c>", "553 5.6.7"),
    (["EHLO c"], "MAIL FROM:<a@b.c> SIZE=1001", "552 5.3.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> SIZE=big", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> SIZE=1 SIZE=1", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> BODY=9BIT", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> RET=SOME", "501 5.5.4"),
    (["EHLO c"], f"MAIL FROM:<a@b.c> ENVID={'x' * 101}", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> ENVID=a+zz", "501 5.5.4"),
    (["EHLO c"], "MAIL FROM:<a@b.c> FUTURE=1", "555 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT", "501 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<>", "501 5.1.3"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<not-an-address>", "501 5.1.3"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<ä@b.c>", "553 5.6.7"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<a@b.c> NOTIFY=MAYBE", "501 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<a@b.c> NOTIFY=NEVER,SUCCESS", "501 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<a@b.c> ORCPT=a@b.c", "501 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], "RCPT TO:<a@b.c> SIZE=3", "555 5.5.4"),
    (["EHLO c", "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>"], "DATA now", "501 5.5.4"),
    (["EHLO c"], "RSET all", "501 5.5.4"),
    (["EHLO c"], "QUIT now", "501 5.5.4"),
    (["EHLO c"], "VRFY", "501 5.5.4"),
    (["EHLO c"], "BDAT", "501 5.5.4"),
    (["EHLO c"], "BDAT -1", "501 5.5.4"),
    (["EHLO c"], "BDAT 1 FIRST", "501 5.5.4"),
    (["EHLO c"], "BDAT 0 LAST", "503 5.5.1"),
    (["EHLO c"], "AUTH", "501 5.5.4"),
    (["EHLO c"], "AUTH CRAM-MD5", "504 5.5.4"),
    (["EHLO c"], "AUTH PLAIN not*base64", "501 5.5.2"),
    (["EHLO c"], "AUTH PLAIN YQ==", "501 5.5.2"),
    (["EHLO c", "AUTH PLAIN"], "*", "501 5.7.0"),
    (["EHLO c", "AUTH LOGIN"], "A" * 13_000, "500 5.5.6"),
    (["EHLO c", f"AUTH PLAIN {PLAIN}"], f"AUTH PLAIN {PLAIN}", "503 5.5.1"),
    (["EHLO c", "MAIL FROM:<a@b.c>"], f"AUTH PLAIN {PLAIN}", "503 5.5.1"),
    (["HELO c"], f"AUTH PLAIN {PLAIN}", "503 5.5.1"),
]


@pytest.mark.parametrize(("before", "line", "reply"), REFUSALS, ids=lambda value: str(value)[:40])
def test_what_is_out_of_order_or_no_command_is_refused(
    before: list[str], line: str, reply: str
) -> None:
    session = Session(YesDesk())
    say(session, *before)

    (said,) = say(session, line)

    assert said.startswith(f"{reply} ")


OFFERS = [
    ({"auth_needs_tls": True}, f"AUTH PLAIN {PLAIN}", "538 5.7.11"),
    ({"mechanisms": ("LOGIN",)}, f"AUTH PLAIN {PLAIN}", "534 5.7.9"),
    ({"auth_required": True}, "MAIL FROM:<a@b.c>", "530 5.7.0"),
    ({"tls_required": True}, "MAIL FROM:<a@b.c>", "530 5.7.0"),
]


@pytest.mark.parametrize(("offer", "line", "reply"), OFFERS)
def test_what_a_server_does_not_allow_is_refused(
    offer: dict[str, object], line: str, reply: str
) -> None:
    session, _ = greeted(**offer)

    (said,) = say(session, line)

    assert said.startswith(f"{reply} ")


EVERY = ["EHLO c", "NOOP", "HELO c", "RSET", "VRFY a", "HELP", f"AUTH PLAIN {PLAIN}"]


def test_a_server_that_wants_tls_serves_nothing_before_it() -> None:
    """RFC 3207, section 4."""
    session = Session(YesDesk(tls_required=True), tls="offered")

    said = say(session, *EVERY, "MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "DATA", "STARTTLS")

    assert [reply[:3] for reply in said] == ["250", "250", *["530"] * 8, "220"]


def test_a_server_that_wants_a_login_serves_little_before_it() -> None:
    """RFC 4954, section 6."""
    session = Session(YesDesk(auth_required=True))

    said = say(session, "RCPT TO:<a@b.c>", "DATA", *EVERY, "VRFY a", "MAIL FROM:<a@b.c>")

    asked = ["530", "530", "250", "250", "250", "250", "530", "530"]
    assert [reply[:3] for reply in said] == [*asked, "503", "530", "530"]


def test_what_the_server_may_say_without_harm() -> None:
    session, _ = greeted()

    said = say(session, "NOOP", "NOOP anything", "VRFY alice", "HELP", "RSET")

    assert [reply[:9] for reply in said] == [
        "250 2.0.0",
        "250 2.0.0",
        "252 2.1.5",
        "214-2.0.0",
        "250 2.0.0",
    ]


def test_a_reset_forgets_the_mail_but_not_the_greeting() -> None:
    session, _ = greeted()

    said = say(session, "MAIL FROM:<a@b.c>", "RSET", "DATA", "MAIL FROM:<a@b.c>")

    assert [reply[:3] for reply in said] == ["250", "250", "503", "250"]


def test_a_client_that_says_nothing_sensible_is_left() -> None:
    session, _ = greeted(errors_max=3)

    said = say(session, "A", "B", "C", "D", "NOOP")

    assert [reply[:9] for reply in said] == ["500 5.5.2"] * 3 + ["421 4.7.0"]
    assert session.is_over


def test_who_is_refused_for_good_may_say_quit_and_nothing_else() -> None:
    """RFC 5321, section 3.1."""
    desk = YesDesk()
    desk.says["connect"] = replies.BLOCKED_CLIENT
    session = Session(desk)

    event = session.open()
    said = say(session, "EHLO c", "MAIL FROM:<a@b.c>", "WHAT", "QUIT")

    assert event.data.startswith(b"554 5.7.1 ")
    assert event.then == ""
    assert [reply[:9] for reply in said] == ["503 5.5.1"] * 3 + ["221 2.0.0"]
    assert session.is_over


def test_a_connection_that_is_refused_for_now_is_closed() -> None:
    desk = YesDesk()
    desk.says["connect"] = replies.TOO_MANY_CONNECTIONS
    session = Session(desk)

    event = session.open()

    assert event.data.startswith(b"421 4.7.0 ")
    assert event.then == "close"
    assert session.receive(b"EHLO c\r\n") == []


# --- addresses and parameters --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["a@b.c", '"a b>"@b.c', "a+tag@sub.example.com", "a@[127.0.0.1]", "@relay.test,@b.c:a@b.c"],
)
def test_an_address_may_look_like_this(path: str) -> None:
    session, desk = greeted()

    say(session, f"mail from: <{path}>", f"rcpt to:<{path}>")

    assert len(desk.recipients) == 1


def test_the_null_sender_and_a_bare_postmaster_are_known() -> None:
    session, desk = greeted()

    said = say(session, "MAIL FROM:<>", "RCPT TO:<Postmaster>")

    assert [reply[:3] for reply in said] == ["250", "250"]
    assert desk.senders[0].address == ""


def test_parameters_are_understood() -> None:
    session, desk = greeted()

    say(
        session,
        "MAIL FROM:<ä@b.c> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=hdrs ENVID=a+2Bb AUTH=<>",
        "RCPT TO:<ö@b.c> NOTIFY=FAILURE,SUCCESS ORCPT=rfc822;x+3Dy@b.c",
    )

    (sender,), (recipient,) = desk.senders, desk.recipients
    assert (sender.size_bytes, sender.body, sender.is_utf8) == (12, "8BITMIME", True)
    assert (sender.ret, sender.envid) == ("HDRS", "a+b")
    assert recipient.notify == ("SUCCESS", "FAILURE")
    assert recipient.orcpt == "rfc822;x=y@b.c"


# --- the mail ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        (b"a\r\n.\r\n", b"a\r\n"),
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
    ],
)
def test_the_final_dot_stands_between_two_crlf_and_leading_dots_are_doubled(
    sent: bytes, held: bytes
) -> None:
    session, desk = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA")

    receive(session, sent)

    assert desk.mails[0][2] == held


@pytest.mark.parametrize("octets", [1_001, 1_999, 2_001, 3_000])
def test_a_mail_beyond_the_size_is_refused_after_its_dot_and_the_dialogue_goes_on(
    octets: int,
) -> None:
    session, desk = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA")

    said = receive(session, b"x" * (octets - 2) + b"\r\n.\r\nNOOP\r\n")

    assert [reply[:9] for reply in said] == ["552 5.3.4", "250 2.0.0"]
    assert desk.mails == []


def test_a_mail_that_does_not_end_ends_its_connection() -> None:
    session, _ = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA")

    said = [reply for _ in range(50) for reply in receive(session, b"x" * 100)]

    assert [reply[:9] for reply in said] == ["552 5.3.4"]
    assert session.is_over


def test_a_line_that_does_not_end_ends_its_connection() -> None:
    session, _ = greeted()

    said = [reply for _ in range(80) for reply in receive(session, b"x" * 1_000)]

    assert [reply[:9] for reply in said] == ["500 5.5.2"]
    assert session.is_over


def test_by_its_offer_a_server_refuses_long_lines_of_a_mail() -> None:
    session, desk = greeted(body_line_max=10)
    for text in ("12345678", "123456789"):
        say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA", text, ".")

    assert [raw for _, _, raw in desk.mails] == [b"12345678\r\n"]


def test_chunks_are_counted_and_not_stuffed() -> None:
    session, desk = greeted()
    say(session, "MAIL FROM:<a@b.c> BODY=BINARYMIME", "RCPT TO:<b@b.c>")

    said = receive(session, b"BDAT 5\r\n.\r\n.\nBDAT 3 LAST\r\n\r\n.NOOP\r\n")

    assert said == ["250 2.0.0 5 octets received", "250 2.0.0 Ok", "250 2.0.0 Ok"]
    assert desk.mails[0][2] == b".\r\n.\n\r\n."


def test_data_after_a_chunk_is_out_of_order() -> None:
    session, _ = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>")

    said = receive(session, b"BDAT 1\r\nxDATA\r\n")

    assert [reply[:9] for reply in said] == ["250 2.0.0", "503 5.5.1"]


@pytest.mark.parametrize(
    ("before", "chunk", "reply"),
    [
        ([], b"BDAT 4\r\nQUIT", "503 5.5.1"),
        (["MAIL FROM:<a@b.c>"], b"BDAT 4\r\nQUIT", "503 5.5.1"),
        (["MAIL FROM:<a@b.c>", "RCPT TO:<x>"], b"BDAT 4 LAST\r\nQUIT", "554 5.5.1"),
        (
            ["MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>"],
            b"BDAT 2000 LAST\r\n" + b"x" * 2_000,
            "552 5.3.4",
        ),
    ],
)
def test_a_refused_chunk_is_read_over(before: list[str], chunk: bytes, reply: str) -> None:
    session, desk = greeted()
    say(session, *before)

    said = receive(session, chunk + b"NOOP\r\n")

    assert [line[:9] for line in said] == [reply, "250 2.0.0"]
    assert desk.mails == []


# --- what the desk refuses -----------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["hello", "mail", "rcpt", "data", "end"])
def test_what_the_desk_refuses_is_told_at_its_stage(stage: str) -> None:
    desk = YesDesk()
    desk.says[stage] = replies.LOCAL_ERROR
    session = Session(desk)

    said = say(session, "EHLO c", "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA", "x", ".")

    place = ["hello", "mail", "rcpt", "data", "end"].index(stage)
    assert said[place] == "451 4.3.0 Local error in processing, try again later"


def test_a_reply_brings_what_a_planned_fault_does_to_it() -> None:
    session, desk = greeted()
    mishap = Mishap("slow", delay_s=2.0)
    desk.says["end"] = replies.Reply(451, "4.3.0", ("later",), mishap=mishap)
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>", "DATA")
    was_ending = session.is_ending

    (event,) = session.receive(b"x\r\n.\r\n")

    assert event == Event(b"451 4.3.0 later\r\n", "", mishap)
    assert (was_ending, session.is_ending) == (True, False)


def test_only_the_last_chunk_ends_a_mail() -> None:
    session, _ = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>")
    ends = []
    for line in (b"BDAT 1\r\n", b"x", b"BDAT 1 LAST\r\n"):
        session.receive(line)
        ends.append(session.is_ending)

    assert ends == [False, False, True]


# --- credentials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        [f"AUTH PLAIN {PLAIN}"],
        ["AUTH PLAIN", PLAIN],
        ["AUTH LOGIN", "YWxpY2U=", "c2VjcmV0"],
        ["auth login YWxpY2U=", "c2VjcmV0"],
    ],
)
def test_a_client_logs_in(lines: list[str]) -> None:
    session, desk = greeted()

    said = say(session, *lines)

    assert said[-1] == "235 2.7.0 Authentication successful"
    assert desk.logins[0][1:] == ("alice", "secret")
    assert session.client.login == "alice"


def test_login_asks_for_user_and_password() -> None:
    session, _ = greeted()

    said = [session.receive(b"AUTH LOGIN\r\n")[0].data, session.receive(b"YQ==\r\n")[0].data]

    assert said == [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"]


@pytest.mark.parametrize(
    "lines",
    [[f"AUTH  PLAIN  {PLAIN}"], ["AUTH PLAIN", PLAIN], ["AUTH LOGIN", "YWxpY2U=", "c2VjcmV0"]],
)
def test_a_record_holds_no_password_and_logs_in_all_the_same(lines: list[str]) -> None:
    session, _ = greeted()
    copy, desk = greeted()

    for line in lines:
        session.feed(f"{line}\r\n".encode())
        unit = session.take()
        assert unit is not None
        masked = session.mask(unit, lambda _: "key-1")
        session.serve(unit)
        copy.serve(Unit(unit.kind, masked))

    assert desk.logins[0][1:] == ("alice", "key-1")


# --- TLS -----------------------------------------------------------------------------------------


def test_starttls_forgets_all_and_what_was_sent_with_it_in_clear_text() -> None:
    desk = YesDesk()
    session = Session(desk, tls="offered")
    say(session, "EHLO c", f"AUTH PLAIN {PLAIN}")

    events = session.receive(b"STARTTLS\r\nMAIL FROM:<evil@b.c>\r\nRCPT TO:<b@b.c>\r\n")
    before = session.receive(b"RSET\r\n")
    session.begin_tls()
    after = say(session, "MAIL FROM:<a@b.c>", "STARTTLS", "EHLO c", "STARTTLS")

    assert [event.then for event in events] == ["tls"]
    assert before == []
    assert desk.senders == []
    assert [reply[:9] for reply in after] == ["503 5.5.1", "503 5.5.1", after[2][:9], "503 5.5.1"]
    assert "STARTTLS" not in after[2]
    assert session.client.login is None
    assert session.client.is_secure


def test_starttls_takes_no_argument() -> None:
    session = Session(YesDesk(), tls="offered")

    assert say(session, "STARTTLS now") == ["501 5.5.4 Syntax: STARTTLS takes no parameters"]


# --- any bytes -----------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        b"EHLO c\r\n",
        b"HELO c\n",
        b"MAIL FROM:<a@b.c>\r\n",
        b"MAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n",
        b"RCPT TO:<b@b.c>\r\n",
        b"RCPT TO:<b@b.c> NOTIFY=NEVER\r\n",
        b"DATA\r\n",
        b"Subject: x\r\n\r\nbody\r\n",
        b"..\r\n",
        b".\r\n",
        b"\r\n.\r\n",
        b"BDAT 3\r\n",
        b"BDAT 4 LAST\r\n",
        b"BDAT 5000 LAST\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"AUTH PLAIN\r\n",
        b"AUTH LOGIN\r\n",
        b"YWxpY2U=\r\n",
        b"*\r\n",
        b"VRFY x\r\n",
        b"HELP\r\n",
        b"x" * 2_100,
        b"x" * 70_000,
        b"\xff\xfe\r\n",
        b"\0\r\n",
        b"STARTTLS\r\n",
        b"QUIT\r\n",
    ]
)
INPUT = st.lists(st.one_of(LINES, st.binary(max_size=12)), max_size=14).map(b"".join)


@given(INPUT, st.lists(st.integers(0, 80_000), max_size=8), st.sampled_from(["none", "active"]))
def test_however_the_bytes_are_cut_the_replies_are_the_same(
    data: bytes, cuts: list[int], tls: str
) -> None:
    whole, in_parts = YesDesk(errors_max=6), YesDesk(errors_max=6)
    one, other = (Session(desk, tls=tls) for desk in (whole, in_parts))  # type: ignore[arg-type]
    places = sorted({min(cut, len(data)) for cut in cuts})
    parts = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]

    events = one.receive(data)
    pieces = [event for part in parts for event in other.receive(part)]

    assert [event for event in events if event != Event()] == [
        event for event in pieces if event != Event()
    ]
    assert whole.mails == in_parts.mails
    assert whole.refused == in_parts.refused
    for event in events:
        read_replies(event.data)


@given(st.binary(max_size=300), st.integers(1, 7))
def test_no_bytes_break_the_machine(data: bytes, step: int) -> None:
    session, _ = greeted()
    say(session, "MAIL FROM:<a@b.c>", "RCPT TO:<b@b.c>")

    for start in range(0, len(data), step):
        for event in session.receive(data[start : start + step]):
            read_replies(event.data)
