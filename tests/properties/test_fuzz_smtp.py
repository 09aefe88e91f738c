"""Goal: no bytes break a mail server, hold it up, or make it keep more than it said it would.

Method: dialogues in good order and in none, spoiled and cut anywhere, on servers of every kind of
setting. Each server says the same however its input is cut; what it keeps stays within its bounds,
and is let go with the connection; the record replays to the same digest and holds no password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from pushlab.lab import Lab
from pushlab_fakes.smtp.session import LINE_ENDLESS
from pushlab_scenarios.replay import replay
from pushlab_testing.fuzzing import check_world, cut, spoil_bytes, strokes, tries
from pushlab_testing.mail import a_mail, read_replies, stuff

if TYPE_CHECKING:
    from pushlab.mail import MailConnection
    from pushlab_fakes.smtp.dialogue import TlsMode

MAIL = a_mail(
    "Hello\n.\n..x",
    html="<a href='https://shop.test/u'>x</a><p style='display:none'>pre</p>",
    To="alice@a.test",
    List_Unsubscribe="<https://shop.test/u>",
    List_Unsubscribe_Post="List-Unsubscribe=One-Click",
)
DATA = b"DATA\r\n" + stuff(MAIL) + b".\r\n"
SECRET = b"AG9wZW4gc2VzYW1l"
"""A password in base64, as PLAIN has it at its end."""
PLAIN = b"AGFsaWNl" + SECRET
SENDERS = (
    b"MAIL FROM:<news@shop.test>\r\n",
    b"MAIL FROM:<bounce@a.test> SIZE=10 BODY=8BITMIME RET=FULL ENVID=x+2By\r\n",
    b"MAIL FROM:<> SMTPUTF8\r\n",
    b"MAIL FROM:<bounce@a.test> BODY=BINARYMIME RET=HDRS AUTH=<>\r\n",
)
RECIPIENTS = (
    b"RCPT TO:<alice@a.test>\r\n",
    b"RCPT TO:<alice@a.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;alice@a.test\r\n",
    b"RCPT TO:<bounce@a.test>\r\n",
    b"RCPT TO:<nobody@a.test>\r\n",
    b"RCPT TO:<postmaster>\r\n",
    b'RCPT TO:<@relay.test:"a>b"@[1.2.3.4]>\r\n',
    "RCPT TO:<é@é.test>\r\n".encode(),
)
ENDS = (
    DATA,
    DATA,
    b"BDAT %d LAST\r\n" % len(MAIL) + MAIL,
    b"BDAT 5\r\nhelloBDAT 0 LAST\r\n",
    b"BDAT 99999 LAST\r\nxx",
    b"DATA\r\n",
    b"RSET\r\n",
)
NOISE = (
    b"",
    b"",
    b"EHLO client.test\r\n",
    b"HELO client.test\n",
    b"NOOP x\r\n",
    b"VRFY x\r\n",
    b"EXPN x\r\n",
    b"HELP\r\n",
    b"RSET\r\n",
    b"AUTH PLAIN " + PLAIN + b"\r\n",
    b"AUTH PLAIN\r\n" + PLAIN + b"\r\n",
    b"AUTH LOGIN\r\nYWxpY2U=\r\n" + SECRET + b"\r\n",
    b"AUTH LOGIN YWxpY2U=\r\n*\r\n",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
    b".\r\n",
    b"\r\n",
    b"GET / HTTP/1.1\r\n",
    b"x" * 3_000 + b"\r\n",
    b"x" * 70_000,
    DATA,
)
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"smtp_size_max_bytes": 300},
    {"smtp_role": "relay"},
    {"smtp_auth_required": True},
    {"smtp_errors_max": 2},
    {"smtp_greylist_s": 60},
    {"smtp_rate_per_minute": 2},
    {"smtp_body_line_max": 100},
    {"smtp_recipients_max": 1},
    {"smtp_full_reply": "552"},
)
"""Settings of servers that differ."""


def write(parts: tuple[bytes, bytes, list[bytes], bytes]) -> bytes:
    before, sender, recipients, end = parts
    return before + sender + b"".join(recipients) + end


MAILS = st.tuples(
    st.sampled_from(NOISE),
    st.sampled_from(SENDERS),
    st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=3),
    st.sampled_from(ENDS),
).map(write)
DIALOGUES = st.lists(st.one_of(MAILS, st.sampled_from(NOISE)), max_size=4).map(b"".join)


MADE = st.tuples(
    st.integers(0, len(KINDS) - 1),
    st.sampled_from(["none", "none", "offered", "active"]),
    st.booleans(),
)
CREDENTIALS = (
    b"AUTH PLAIN " + PLAIN + b"\r\n",
    b"AUTH PLAIN\r\n" + PLAIN + b"\r\n",
    b"AUTH LOGIN\r\nYWxpY2U=\r\n" + SECRET + b"\r\n",
    b"AUTH LOGIN YWxpY2U=\r\n" + SECRET + b"\r\n",
    b"AUTH XOAUTH2 " + PLAIN + b"\r\n",
    b"AUTH CRAM-MD5\r\n" + SECRET + b"\r\n",
    b"RSET\r\n",
    b"*\r\n",
)


class Server:
    """A lab whose mail server one client talks to."""

    def __init__(self, kind: int = 1, tls: TlsMode = "none", is_full: bool = False) -> None:
        self.lab = Lab(settings=KINDS[kind])
        self.lab.mount("https://shop.test", lambda _: 204)
        self.boxes: list[Any] = [
            self.lab.device("email", address=address)
            for address in ("alice@a.test", "bounce@a.test")
        ]
        if is_full:
            self.boxes[0].fill()
        self.connection: MailConnection = self.lab.mail.connect(tls)
        self.said = self.connection.open().data

    def hear(self, parts: list[bytes]) -> None:
        for part in parts:
            events = list(self.connection.receive(part))
            self.said += b"".join(event.data for event in events)
            self.check_bounds()
            if events and events[-1].then == "tls":
                self.connection.begin_tls()
            elif self.connection.is_over:
                return

    def check_bounds(self) -> None:
        """Check that no more waits than a mail or a line may have, and nothing after the end."""
        session = self.connection._session
        held = len(session._buffer)
        if session._expects == "chunk":
            held -= session._chunk[0]
        assert held <= (2 * session._size_max + 4 if session._expects == "mail" else LINE_ENDLESS)
        if session.is_over and session._tls != "offered":
            assert held == 0
            assert session.envelope is None


@tries(80, 700)
@given(
    dialogue=DIALOGUES,
    done=strokes(most=3),
    places=st.lists(st.integers(0, 2**16), max_size=5),
    made=MADE,
)
@example(b"AUTH PLAIN " + PLAIN + b" x\r\n", [], [], (0, "none", False))
def test_no_dialogue_breaks_a_mail_server(cases, dialogue, done, places, made):
    cases.add("SMTP dialogues")
    data = b"EHLO client.test\r\n" + spoil_bytes(dialogue, done)
    server, other = Server(*made), Server(*made)

    server.hear(cut(data, places))
    other.hear([data])

    read_replies(server.said)
    # What comes with STARTTLS in clear text is thrown away, as much of it as has come by then.
    if b"STARTTLS" not in data.upper():
        assert server.said == other.said
        assert server.lab.trace.digest == other.lab.trace.digest


@tries(25, 200)
@given(mails=st.lists(MAILS, min_size=1, max_size=3).map(b"".join), done=strokes(most=2), made=MADE)
def test_whatever_mail_came_a_lab_goes_on_and_its_record_lives_again(cases, mails, done, made):
    cases.add("SMTP mails")
    server = Server(*made)
    server.hear([b"EHLO client.test\r\n" + spoil_bytes(mails, done)])
    lab = server.lab

    lab.advance(days=6)
    for box in server.boxes:
        if box.inbox:
            box.open_mail()

    assert all(returned.message is not None for returned in lab.mail.returned)
    check_world(lab)
    assert replay(lab.record()).trace.digest == lab.trace.digest


@tries(50, 600)
@given(lines=st.lists(st.sampled_from(CREDENTIALS), max_size=5).map(b"".join), done=strokes(most=3))
def test_no_dialogue_puts_a_password_into_the_record(cases, lines, done):
    cases.add("SMTP credentials")
    server = Server(0)
    server.hear([b"EHLO client.test\r\n" + spoil_bytes(lines, done)])

    record = server.lab.record()

    assert SECRET.decode() not in "".join(record)
    assert replay(record).trace.digest == server.lab.trace.digest


@tries(80, 1_000)
@given(
    data=st.lists(
        st.one_of(st.sampled_from((*SENDERS, *RECIPIENTS, *ENDS, *NOISE)), st.binary(max_size=20)),
        max_size=12,
    ).map(b"".join),
    size=st.integers(30, 900),
)
def test_no_bytes_break_a_mail_server(cases, data, size):
    cases.add("SMTP bytes")
    server = Server()

    server.hear([data[start : start + size] for start in range(0, len(data), size)])

    read_replies(server.said)
