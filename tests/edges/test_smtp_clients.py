"""Goal: unmodified clients of SMTP hand over mail, in clear text, by STARTTLS and under TLS.

Method: each client sends to a live, an unknown, a full and a malformed address, to the lab's own
ports and to names that the redirect leads there; aiosmtpd is asked for a second opinion.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
import threading
import time
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiosmtpd import smtp as oracle
from django.core.mail import EmailMultiAlternatives

from pushlab.errors import MisuseError
from pushlab_testing.django_project import set_up_django
from pushlab_testing.vendor_clients.mail import (
    MODES,
    PORTS,
    aiosmtplib_client,
    django_connection,
    smtplib_client,
)

WAIT_S = 10.0
LIVE, UNKNOWN, FULL, MALFORMED = (
    "alice@example.com",
    "nobody@example.com",
    "full@example.com",
    "not-an-address",
)
LIST_UNSUBSCRIBE = "<https://shop.test/out?u=1>"

set_up_django()


@pytest.fixture
def boxes(pushlab):
    """Return the mailboxes: one that takes mail, and one that is full."""
    live = pushlab.device("email", address=LIVE, fresh=True)
    pushlab.device("email", address=FULL, fresh=True).fill()
    return live


@pytest.fixture
def trust(pushlab):
    """Return a context that trusts the lab's authority."""
    return ssl.create_default_context(cadata=pushlab.endpoints.ca_pem.decode())


@pytest.fixture
def trusted_file(pushlab, tmp_path, monkeypatch):
    """Let clients that ask the system trust the lab's authority."""
    path = tmp_path / "ca.pem"
    path.write_bytes(pushlab.endpoints.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


def port_of(lab, mode):
    """Return the port of a kind."""
    ends = lab.endpoints
    found = {"clear": ends.smtp, "starttls": ends.smtp_starttls, "tls": ends.smtp_tls}
    return found[mode].port


def a_message(*recipients):
    """Return a mail in two forms, with a file and a way out."""
    message = EmailMessage()
    message["From"] = "Shop <news@shop.test>"
    message["To"] = ", ".join(recipients)
    message["Subject"] = "Gr\u00fc\u00dfe"
    message["List-Unsubscribe"] = LIST_UNSUBSCRIBE
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Hello\n.\nAlice")
    message.add_alternative("<p>Hello <a href='https://shop.test/x'>Alice</a></p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    return message


def check_arrived(lab, box, mode):
    """Check what the mailbox shows of `a_message`."""
    lab.advance(minutes=5)
    (mail,) = box.inbox
    assert mail.subject == "Gr\u00fc\u00dfe"
    assert mail.sender == "Shop <news@shop.test>"
    assert mail.html == "<p>Hello <a href='https://shop.test/x'>Alice</a></p>"
    assert mail.plain == "Hello\n.\nAlice"
    assert [link.url for link in mail.links] == ["https://shop.test/x"]
    assert [(file.name, file.size_bytes) for file in mail.attachments] == [("bill.pdf", 4)]
    assert mail.one_click
    assert lab.mail.sent[0].is_secure == (mode != "clear")


# --- smtplib -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_smtplib_sends_a_mail(pushlab, boxes, trust, mode):
    with smtplib_client(mode, "localhost", port_of(pushlab, mode), trust) as client:
        client.login("shop", "secret")
        refused = client.send_message(a_message(LIVE))

    assert refused == {}
    check_arrived(pushlab, boxes, mode)
    assert pushlab.mail.sent[0].login == "shop"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "refused",
    [(UNKNOWN, "550 5.1.1"), (FULL, "452 4.2.2"), (MALFORMED, "501 5.1.3")],
    ids=lambda refused: refused[0],
)
def test_smtplib_learns_who_takes_no_mail(pushlab, boxes, trust, mode, refused):
    address, reply = refused
    with smtplib_client(mode, "localhost", port_of(pushlab, mode), trust) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            client.sendmail("news@shop.test", [address], a_message(address).as_bytes())
        others = client.sendmail("news@shop.test", [address, LIVE], "Subject: x\r\n\r\ny")

    ((code, text),) = caught.value.recipients.values()
    assert f"{code} {text.decode()}".startswith(f"{reply} ")
    assert list(others) == [address]


def test_smtplib_sends_addresses_and_headers_in_utf_8(pushlab):
    box = pushlab.device("email", address="j\u00f6@example.com", fresh=True)
    message = EmailMessage()
    message["From"], message["To"] = "l\u00e4den@shop.test", "j\u00f6@example.com"
    message["Subject"] = "\u2603"
    message.set_content("x")

    with smtplib.SMTP("localhost", port_of(pushlab, "clear"), timeout=WAIT_S) as client:
        client.send_message(message)
    pushlab.advance(minutes=1)

    assert box.inbox[0].subject == "\u2603"


def test_smtplib_is_told_that_its_password_is_wrong(pushlab):
    for password, fits in (("one", True), ("other", False)):
        with smtplib.SMTP("localhost", port_of(pushlab, "clear"), timeout=WAIT_S) as client:
            if fits:
                client.login("shop", password)
                continue
            with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                client.login("shop", password)
            assert caught.value.smtp_code == 535


@pytest.mark.parametrize("port", ["clear", "starttls"])
def test_smtplib_learns_that_it_is_turned_away(pushlab, port):
    pushlab.mail.refuse("client")

    with pytest.raises(smtplib.SMTPConnectError, match="Connections from you are refused"):
        smtplib.SMTP("127.0.0.1", port_of(pushlab, port), timeout=WAIT_S)


def test_whoever_is_turned_away_may_take_leave(pushlab):
    """RFC 5321, section 3.1."""
    pushlab.mail.refuse("client")
    end = pushlab.endpoints.smtp

    with (
        socket.create_connection((end.host, end.port), WAIT_S) as talk,
        talk.makefile("rb") as heard,
    ):
        said = [heard.readline()]
        for line in (b"EHLO c\r\n", b"QUIT\r\n"):
            talk.sendall(line)
            said.append(heard.readline())
        last = heard.readline()

    assert [line[:9] for line in said] == [b"554 5.7.1", b"503 5.5.1", b"221 2.0.0"]
    assert last == b""


@pytest.mark.asyncio
async def test_aiosmtplib_learns_that_it_is_turned_away(pushlab):
    pushlab.mail.refuse("client")
    client = aiosmtplib.SMTP(
        hostname="127.0.0.1", port=port_of(pushlab, "clear"), timeout=WAIT_S, start_tls=False
    )

    with pytest.raises(aiosmtplib.SMTPConnectResponseError) as refusal:
        await client.connect()

    assert refusal.value.code == 554


def test_smtplib_logs_in_only_after_starttls_where_tls_is_wanted(pushlab, boxes, trust):
    """RFC 3207, section 4."""
    pushlab.change_settings(smtp_tls_required=True)

    with smtplib.SMTP("127.0.0.1", port_of(pushlab, "starttls"), timeout=WAIT_S) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.login("shop", "secret")
        client.starttls(context=trust)
        client.login("shop", "secret")
        client.sendmail("news@shop.test", [LIVE], b"Subject: Hi\r\n\r\nHi\r\n")
    pushlab.advance(minutes=5)

    assert refusal.value.smtp_code == 530
    assert [mail.subject for mail in boxes.inbox] == ["Hi"]


def test_an_answer_that_is_lost_after_the_dot_cuts_the_client_off(pushlab, boxes):
    pushlab.fault("smtp end", how="lost", times=1)
    port = port_of(pushlab, "clear")

    with pytest.raises(smtplib.SMTPServerDisconnected), smtplib.SMTP("localhost", port) as client:
        client.send_message(a_message(LIVE))
    with smtplib.SMTP("localhost", port, timeout=WAIT_S) as client:
        client.send_message(a_message(LIVE))
    pushlab.advance(minutes=5)

    assert len(boxes.inbox) == 2


# --- aiosmtplib ----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", MODES)
async def test_aiosmtplib_sends_a_mail(pushlab, boxes, trust, mode):
    named = {"username": "shop", "password": "secret", "tls_context": trust}
    port = port_of(pushlab, mode)
    async with aiosmtplib_client(mode, "localhost", port, **named) as client:
        errors, _ = await client.send_message(a_message(LIVE))

    assert errors == {}
    check_arrived(pushlab, boxes, mode)


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", MODES)
async def test_aiosmtplib_learns_who_takes_no_mail(pushlab, boxes, trust, mode):
    codes, port = [], port_of(pushlab, mode)
    async with aiosmtplib_client(mode, "localhost", port, tls_context=trust) as client:
        for address in (UNKNOWN, FULL, MALFORMED):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
                await client.sendmail("news@shop.test", [address], b"Subject: x\r\n\r\ny")
            codes.append(caught.value.recipients[0].code)

    assert codes == [550, 452, 501]


# --- Django --------------------------------------------------------------------------------------


def django_mail(connection, *recipients):
    """Return a mail as Django makes it."""
    mail = EmailMultiAlternatives(
        "Gr\u00fc\u00dfe",
        "Hello\n.\nAlice",
        "Shop <news@shop.test>",
        recipients,
        connection=connection,
        headers={
            "List-Unsubscribe": LIST_UNSUBSCRIBE,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative("<p>Hello <a href='https://shop.test/x'>Alice</a></p>", "text/html")
    mail.attach("bill.pdf", b"%PDF", "application/pdf")
    return mail


@pytest.mark.parametrize("mode", MODES)
def test_django_sends_a_mail(pushlab, boxes, trusted_file, mode):
    named = {"username": "shop", "password": "secret"}
    connection = django_connection(mode, "localhost", port_of(pushlab, mode), **named)

    sent = django_mail(connection, LIVE).send()

    assert sent == 1
    check_arrived(pushlab, boxes, mode)
    assert pushlab.mail.sent[0].login == "shop"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("refused", [(UNKNOWN, 550), (FULL, 452), (MALFORMED, 501)])
def test_django_learns_who_takes_no_mail(pushlab, boxes, trusted_file, mode, refused):
    address, code = refused
    connection = django_connection(mode, "localhost", port_of(pushlab, mode))

    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        django_mail(connection, address).send()

    assert [said for said, _ in caught.value.recipients.values()] == [code]


# --- the redirect --------------------------------------------------------------------------------


@pytest.mark.pushlab(smtp_hosts=["smtp.shop.test", "localhost"])
@pytest.mark.parametrize("host", ["smtp.shop.test", "localhost"])
@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_is_set_up_for_its_own_server_reaches_the_lab(pushlab, boxes, mode, host):
    with smtplib_client(mode, host, PORTS[mode], ssl.create_default_context()) as client:
        client.send_message(a_message(LIVE))

    check_arrived(pushlab, boxes, mode)


@pytest.mark.asyncio
@pytest.mark.pushlab(smtp_hosts=["smtp.shop.test"])
@pytest.mark.parametrize("mode", MODES)
async def test_aiosmtplib_is_led_to_the_lab_too(pushlab, boxes, mode):
    async with aiosmtplib_client(mode, "smtp.shop.test", PORTS[mode]) as client:
        await client.send_message(a_message(LIVE))

    check_arrived(pushlab, boxes, mode)


@pytest.mark.pushlab(smtp_hosts=["smtp.shop.test"])
@pytest.mark.parametrize("mode", MODES)
def test_django_is_led_to_the_lab_too(pushlab, boxes, mode):
    django_mail(django_connection(mode, "smtp.shop.test", PORTS[mode]), LIVE).send()

    check_arrived(pushlab, boxes, mode)


@pytest.mark.pushlab(smtp_hosts=["smtp.shop.test"])
def test_a_led_host_has_the_ports_of_mail_alone(pushlab):
    with pytest.raises(ConnectionRefusedError, match="on ports 25, 465, 587, 1025, 2525 only"):
        socket.create_connection(("smtp.shop.test", 8080), WAIT_S)


@pytest.mark.pushlab(smtp_hosts=["localhost"])
def test_what_else_listens_on_this_machine_is_left_alone(pushlab):
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(("localhost", server.getsockname()[1]), WAIT_S) as client:
            peer = client.getpeername()

        assert peer == server.getsockname()


@pytest.mark.pushlab(redirect=False)
def test_mail_is_led_without_the_vendors_hosts(pushlab, boxes):
    pushlab.redirect_smtp("smtp.shop.test")

    with smtplib.SMTP("smtp.shop.test", 2525, timeout=WAIT_S) as client:
        client.send_message(a_message(LIVE))

    check_arrived(pushlab, boxes, "clear")


@pytest.mark.pushlab(redirect=False)
def test_the_vendors_hosts_may_be_led_afterwards(pushlab, boxes):
    pushlab.redirect_smtp("smtp.shop.test")
    pushlab.redirect()

    with smtplib.SMTP("smtp.shop.test", 25, timeout=WAIT_S) as client:
        client.send_message(a_message(LIVE))

    assert socket.gethostbyname("api.onesignal.com").startswith("127.77.")
    check_arrived(pushlab, boxes, "clear")


def test_a_host_that_is_no_name_cannot_be_led(pushlab):
    with pytest.raises(MisuseError, match="named by its host"):
        pushlab.redirect_smtp("smtp://shop.test")


def flood(client):
    """Send commands and read no reply, until the server has enough."""
    for _ in range(10_000):
        client.sendall(b"HELP\r\n" * 1_000)


def test_a_client_that_reads_no_replies_is_cut(pushlab):
    address = ("localhost", port_of(pushlab, "clear"))

    with socket.create_connection(address, WAIT_S) as client, pytest.raises(ConnectionError):
        flood(client)

    assert pushlab.trace.find(["ConnectionBroken"], mentions="does not read")


# --- one click -----------------------------------------------------------------------------------


def test_one_click_reaches_the_program_that_sent_the_mail(pushlab, boxes):
    seen = []

    def leave(request):
        seen.append((request.method, request.path, request.body))
        return 200

    pushlab.mount("https://shop.test", leave)
    with smtplib.SMTP("localhost", port_of(pushlab, "clear"), timeout=WAIT_S) as client:
        client.send_message(a_message(LIVE))
    pushlab.advance(minutes=5)

    boxes.click_unsubscribe(one_click=True)
    pushlab.advance(seconds=1)

    assert seen == [("POST", "/out", b"List-Unsubscribe=One-Click")]


# --- a second opinion ----------------------------------------------------------------------------


class OracleHandler:
    """Knows the mailboxes that the lab has."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address == UNKNOWN:
            return "550 5.1.1 No such user here"
        if address == FULL:
            return "452 4.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"


@pytest.fixture
def oracle_port():
    """Yield the port of aiosmtpd, in a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    held = {}

    def make():
        return oracle.SMTP(OracleHandler(), hostname="mx.pushlab.test", loop=loop, timeout=WAIT_S)

    async def start():
        held["server"] = await loop.create_server(make, "127.0.0.1", 0)
        ready.set()

    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(WAIT_S)
    yield held["server"].sockets[0].getsockname()[1]

    async def stop():
        held["server"].close()
        await asyncio.sleep(0)
        loop.stop()

    asyncio.run_coroutine_threadsafe(stop(), loop)
    thread.join(WAIT_S)
    loop.close()


def ask_all(port, lines):
    """Return the codes of the replies to lines, asked one by one."""
    codes = []
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as client:
        stream = client.makefile("rwb")
        codes.append(read_code(stream))
        for line in lines:
            stream.write(line + b"\r\n")
            stream.flush()
            codes.append(read_code(stream))
    return codes


def read_code(stream):
    """Read one reply and return its code."""
    while True:
        line = stream.readline()
        if line[3:4] != b"-":
            return int(line[:3])


SCRIPTS = [
    [b"EHLO c", b"MAIL FROM:<a@b.c>", b"RCPT TO:<alice@example.com>", b"DATA", b"x\r\n.", b"QUIT"],
    [b"HELO c", b"MAIL FROM:<>", b"RCPT TO:<nobody@example.com>", b"RSET", b"NOOP", b"QUIT"],
    [b"EHLO c", b"MAIL FROM:<a@b.c>", b"MAIL FROM:<a@b.c>", b"RCPT TO:<full@example.com>"],
    [b"MAIL FROM:<a@b.c>", b"EHLO c", b"RCPT TO:<a@b.c>", b"DATA", b"WHAT", b"VRFY alice"],
    [b"EHLO", b"EHLO c", b"MAIL FROM:<a@b.c> FUTURE=1", b"MAIL FROM:<a@b.c> SIZE=12"],
    [b"EHLO c", b"MAIL FROM:<a@b.c> SIZE=999999999", b"MAIL FROM:<a@b.c> BODY=8BITMIME"],
    [b"EHLO c", b"MAIL FROM:<a@b.c>", b"RCPT TO:<alice@example.com>", b"DATA", b"..x\r\n."],
    [b"EHLO c", b"STARTTLS now", b"RSET", b"HELP", b"QUIT"],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_another_server_says_the_same(pushlab, boxes, oracle_port, script):
    ours = ask_all(port_of(pushlab, "clear"), script)
    theirs = ask_all(oracle_port, script)

    # aiosmtpd answers 250 to HELP, where RFC 5321 has 214, and reads the argument of a STARTTLS
    # that it does not offer.
    known = {(214, 250), (502, 501), (501, 502)}
    differing = {pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]}
    assert differing <= known


# --- on the wire ---------------------------------------------------------------------------------


def test_commands_that_come_with_starttls_in_clear_text_count_for_nothing(pushlab, trust):
    with socket.create_connection(("localhost", port_of(pushlab, "starttls")), WAIT_S) as raw:
        stream = raw.makefile("rwb")
        read_code(stream)
        raw.sendall(b"EHLO c\r\nSTARTTLS\r\nMAIL FROM:<evil@shop.test>\r\n")
        codes = [read_code(stream), read_code(stream)]
        with trust.wrap_socket(raw, server_hostname="localhost") as secure:
            secure.sendall(b"EHLO c\r\nRCPT TO:<alice@example.com>\r\n")
            under_tls = secure.makefile("rb")
            codes += [read_code(under_tls), read_code(under_tls)]

    assert codes == [250, 220, 250, 503]


def test_a_client_that_breaks_off_its_handshake_harms_nobody(pushlab, boxes):
    for mode in ("tls", "starttls"):
        with socket.create_connection(("localhost", port_of(pushlab, mode)), WAIT_S) as raw:
            if mode == "starttls":
                raw.sendall(b"EHLO c\r\nSTARTTLS\r\n")
                read_code(raw.makefile("rb"))
            raw.sendall(b"no TLS at all\r\n" * 10)
            with contextlib.suppress(OSError):
                raw.recv(4096)

    with smtplib.SMTP("localhost", port_of(pushlab, "clear"), timeout=WAIT_S) as client:
        client.send_message(a_message(LIVE))


def test_the_plain_port_offers_starttls_only_if_asked_to(pushlab):
    offers = []
    for on in (False, True):
        pushlab.change_settings(smtp_starttls=on)
        with smtplib.SMTP("localhost", port_of(pushlab, "clear"), timeout=WAIT_S) as client:
            client.ehlo()
            offers.append(client.has_extn("starttls"))

    assert offers == [False, True]


def test_a_silent_client_is_left_after_a_real_while(pushlab, monkeypatch):
    monkeypatch.setattr("pushlab_fakes.wire.smtp.IDLE_S", 0.1)
    with socket.create_connection(("127.0.0.1", port_of(pushlab, "tls")), WAIT_S):
        pass
    port = port_of(pushlab, "clear")
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as client:
        said = client.makefile("rb").read()

    assert said.splitlines()[1].startswith(b"421 4.4.2 ")
    assert pushlab.trace.find(["ConnectionBroken"], mentions="silent")


def test_a_lab_that_closes_cuts_its_connections_and_leaves_its_ports_to_the_next(pushlab):
    from pushlab import Lab

    ports = []
    for _ in range(2):
        with Lab() as lab:
            lab.serve()
            ports.append(port_of(lab, "clear"))
            client = socket.create_connection(("127.0.0.1", ports[-1]), WAIT_S)
            assert client.recv(100).startswith(b"220 ")
        with client, contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""

    assert ports[0] == ports[1]


def test_an_error_inside_a_fake_is_told_to_the_client_and_raised_in_the_test(monkeypatch):
    from pushlab import Lab
    from pushlab.errors import InternalError

    with Lab() as lab:
        lab.serve()
        with socket.create_connection(("127.0.0.1", port_of(lab, "clear")), WAIT_S) as client:
            stream = client.makefile("rwb")
            read_code(stream)
            monkeypatch.setattr(lab.mail._desk, "mail", lambda *_: 1 / 0)
            client.sendall(b"EHLO c\r\nMAIL FROM:<a@b.c>\r\n")
            codes = [read_code(stream), read_code(stream)]
        with pytest.raises(InternalError, match="division by zero"):
            lab.raise_errors()

    assert codes == [250, 421]


def test_many_clients_at_once_each_have_their_own_dialogue(pushlab, boxes):
    port, failures = port_of(pushlab, "clear"), []

    def send(number):
        try:
            with smtplib.SMTP("localhost", port, timeout=WAIT_S) as client:
                for turn in range(3):
                    client.sendmail("a@shop.test", [LIVE], f"Subject: {number}.{turn}\r\n\r\nx")
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WAIT_S
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.1))
    pushlab.advance(minutes=5)

    assert failures == []
    assert len(boxes.inbox) == 18
