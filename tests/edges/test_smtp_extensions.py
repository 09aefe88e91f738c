"""Goal: what mail servers beside the usual clients ask for works over a socket, as its RFC says.

Method: DSN and SMTPUTF8 by the clients that can ask for them; BDAT and pipelining as Exim sends
them, in one packet and cut anywhere; what comes back is read in the mailbox of the sender.
"""

from __future__ import annotations

import smtplib
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from flufl.bounce import all_failures

from pushlab_fakes.wire.serving import Limits

WAIT_S = 10.0
NEWS, ALICE, NOBODY = "news@shop.test", "alice@example.com", "nobody@example.com"


@pytest.fixture
def shop(pushlab):
    """Return the mailbox of who sends."""
    return pushlab.device("email", name="shop", address=NEWS, fresh=True)


@pytest.fixture
def alice(pushlab):
    """Return the mailbox of who gets mail."""
    return pushlab.device("email", name="alice", address=ALICE, fresh=True)


@pytest.fixture
def client(pushlab):
    """Yield the standard library's client."""
    port = pushlab.endpoints.smtp.port
    with smtplib.SMTP("127.0.0.1", port, timeout=WAIT_S) as made:
        yield made


def a_message(sender=NEWS, to=ALICE):
    message = EmailMessage(policy=policy.SMTPUTF8)
    message["From"], message["To"], message["Subject"] = sender, to, "Gr\u00fc\u00dfe"
    message.set_content("Hello\n.\nAlice")
    return message


def status_of(raw):
    """Return the fields about the recipient in a notice."""
    status: Any = list(message_from_bytes(raw, policy=policy.default).iter_parts())[1]
    return dict(status.get_payload()[-1].items())


# --- DSN (RFC 3461) ------------------------------------------------------------------------------


def test_who_asks_for_it_is_told_of_a_delivery(pushlab, shop, alice, client):
    client.send_message(
        a_message(),
        mail_options=["RET=HDRS", "ENVID=order+2D7"],
        rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;al@old.test"],
    )
    pushlab.advance(minutes=5)

    (returned,) = pushlab.mail.returned
    told = status_of(returned.raw)
    assert shop.inbox[0].subject == "Successful Mail Delivery Report"
    assert (told["Action"], told["Status"]) == ("delivered", "2.1.5")
    assert told["Original-Recipient"] == "rfc822;al@old.test"
    assert b"Original-Envelope-Id: order-7\r\n" in returned.raw


def test_a_relay_tells_of_a_failure_which_another_program_reads(pushlab, shop, client):
    pushlab.change_settings(smtp_role="relay")

    client.send_message(a_message(to=NOBODY), rcpt_options=["NOTIFY=FAILURE"])
    pushlab.advance(minutes=5)

    (returned,) = pushlab.mail.returned
    assert all_failures(message_from_bytes(returned.raw))[1] == {NOBODY.encode()}
    assert len(shop.inbox) == 1


def test_who_asks_for_nothing_is_told_nothing(pushlab, shop, client):
    pushlab.change_settings(smtp_role="relay")

    client.send_message(a_message(to=NOBODY), rcpt_options=["NOTIFY=NEVER"])
    pushlab.advance(minutes=5)

    assert (pushlab.mail.returned, list(shop.inbox)) == ([], [])


@pytest.mark.asyncio
async def test_aiosmtplib_asks_for_notices_too(pushlab, shop, alice):
    port = pushlab.endpoints.smtp.port
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as made:
        await made.sendmail(NEWS, [ALICE], a_message().as_bytes(), rcpt_options=["NOTIFY=SUCCESS"])
    await pushlab.advance_async(minutes=5)

    assert [returned.kind for returned in pushlab.mail.returned] == ["delivered"]


# --- SMTPUTF8 (RFC 6531, RFC 6533) ---------------------------------------------------------------


def test_addresses_beyond_ascii_are_reached_and_told_of(pushlab, client):
    sender = pushlab.device("email", name="news", address="n\u00e9ws@gr\u00fcn.test", fresh=True)
    box = pushlab.device("email", name="box", address="d\u00f6rte@gr\u00fcn.test", fresh=True)
    client.ehlo()

    client.send_message(
        a_message(sender.address, box.address),
        rcpt_options=["NOTIFY=SUCCESS", "ORCPT=utf-8;d\\x{F6}@alt.test"],
    )
    pushlab.advance(minutes=5)

    (returned,) = pushlab.mail.returned
    assert (box.inbox[0].subject, box.inbox[0].sender) == ("Gr\u00fc\u00dfe", sender.address)
    assert "Final-Recipient: utf-8; d\u00f6rte@gr\u00fcn.test\r\n".encode() in returned.raw
    assert "Original-Recipient: utf-8;d\u00f6@alt.test\r\n".encode() in returned.raw
    assert b"report-type=global-delivery-status" in returned.raw
    assert sender.inbox[0].subject == "Successful Mail Delivery Report"


def test_without_smtputf8_such_an_address_is_refused(pushlab):
    said = exchange(
        pushlab.endpoints.smtp.port, ["MAIL FROM:<n\u00e9ws@shop.test>\r\nQUIT\r\n".encode()]
    )

    assert said[0] == "553 5.6.7 Non-ASCII address needs the SMTPUTF8 parameter"


@pytest.mark.asyncio
async def test_aiosmtplib_reaches_addresses_beyond_ascii_too(pushlab):
    box = pushlab.device("email", name="box", address="d\u00f6rte@gr\u00fcn.test", fresh=True)
    port = pushlab.endpoints.smtp.port

    await aiosmtplib.send(
        a_message(to=box.address), hostname="127.0.0.1", port=port, start_tls=False
    )
    await pushlab.advance_async(minutes=5)

    assert box.inbox[0].recipient == "d\u00f6rte@gr\u00fcn.test"


# --- BDAT and pipelining (RFC 3030, RFC 2920) ----------------------------------------------------

BODY = b"Subject: x\r\n\r\n.one\r\n..two\r\n.\r\n\xc3\xa4\x00\r\n"


def pipelined(*chunks):
    """Return a whole mail in one packet, with its octets in chunks; the last one says so."""
    data = b"MAIL FROM:<%b> BODY=BINARYMIME\r\nRCPT TO:<%b>\r\n" % (NEWS.encode(), ALICE.encode())
    for number, chunk in enumerate(chunks, 1):
        last = b" LAST" if number == len(chunks) else b""
        data += b"BDAT %d%b\r\n%b" % (len(chunk), last, chunk)
    return data + b"QUIT\r\n"


def exchange(port, pieces):
    """Send pieces after a greeting; return what the server says until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as made:
        stream = made.makefile("rb")
        stream.readline()
        made.sendall(b"EHLO client.test\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        for piece in pieces:
            made.sendall(piece)
        return stream.read().decode().splitlines()


@pytest.mark.parametrize(
    "chunks",
    [[BODY], [BODY, b""], [BODY[:9], BODY[9:]], [BODY[:20], b"", BODY[20:33], BODY[33:]]],
    ids=["one", "empty last", "two", "four"],
)
def test_a_mail_in_chunks_arrives_octet_by_octet(pushlab, alice, chunks):
    said = exchange(pushlab.endpoints.smtp.port, [pipelined(*chunks)])
    pushlab.advance(minutes=5)

    assert [line[:3] for line in said] == ["250", "250", *["250"] * len(chunks), "221"]
    assert pushlab.mail.sent[0].raw == BODY
    assert len(alice.inbox) == 1


def test_chunks_may_be_cut_anywhere(pushlab, alice):
    data = pipelined(BODY[:20], BODY[20:])

    said = exchange(
        pushlab.endpoints.smtp.port, [data[at : at + 7] for at in range(0, len(data), 7)]
    )

    assert said[-1].startswith("221 ")
    assert pushlab.mail.sent[0].raw == BODY


def test_chunks_for_nobody_are_read_over_and_the_dialogue_goes_on(pushlab):
    data = pipelined(b"RSET\r\nQUIT\r\n", b"DATA\r\n").replace(ALICE.encode(), NOBODY.encode())

    said = exchange(pushlab.endpoints.smtp.port, [data])

    assert [line[:9] for line in said] == [
        "250 2.1.0",
        "550 5.1.1",
        "554 5.5.1",
        "503 5.5.1",
        "221 2.0.0",
    ]
    assert pushlab.mail.sent == []


def test_commands_in_one_packet_are_answered_in_order(pushlab, alice):
    lines = [
        f"MAIL FROM:<{NEWS}>",
        f"RCPT TO:<{NOBODY}>",
        f"RCPT TO:<{ALICE}>",
        "DATA",
        "Subject: x",
        "",
        "..dot",
        ".",
        "QUIT",
    ]

    said = exchange(
        pushlab.endpoints.smtp.port, ["".join(f"{each}\r\n" for each in lines).encode()]
    )
    pushlab.advance(minutes=5)

    assert [line[:3] for line in said] == ["250", "550", "250", "354", "250", "221"]
    assert alice.inbox[0].body.strip() == ".dot"


# --- the bound on connections --------------------------------------------------------------------


def test_one_connection_too_many_is_told_so_and_harms_nobody(pushlab, edge):
    listener = edge.borrow(pushlab, limits=Limits(connections=1), mail="clear")
    with socket.create_connection(("127.0.0.1", listener.port), WAIT_S) as first:
        stream = first.makefile("rwb")
        stream.readline()
        with socket.create_connection(("127.0.0.1", listener.port), WAIT_S) as second:
            said = second.makefile("rb").read()
        stream.write(b"NOOP\r\n")
        stream.flush()
        answer = stream.readline()
    listener.release()

    assert said == b"421 4.7.0 mx.pushlab.test Too many connections\r\n"
    assert answer == b"250 2.0.0 Ok\r\n"
