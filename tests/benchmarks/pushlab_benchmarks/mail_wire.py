"""Mails over SMTP, against aiosmtpd with a handler that keeps each of them.

The servers are asked in turns with the same mails (plain text, HTML and a link to unsubscribe, some
3 KB), over connections that stay open, by two clients: smtplib, one mail after the other, and eight
connections at once written to by hand, command by command, which leaves nothing but the servers.

Beside both stands our line machine alone, which only keeps the mails as well: it shows how much of
the time the protocol takes, and how much the world behind it.
"""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage
from typing import TYPE_CHECKING

from pushlab_benchmarks.child import Race, Turns

if TYPE_CHECKING:
    from pushlab_benchmarks.child import Child
    from pushlab_benchmarks.measure import Figure, Options

__all__ = ["measure"]

SERVERS = ("pushlab smtp", "smtp machine", "aiosmtpd")
RACE = Race("mail over SMTP", 31, "mail", "mails")
CONNECTIONS = 8
MAILS = 200
"""Mails in a turn."""
LEAST = 3.0
SENDER = "news@shop.test"


class Sender:
    """Both clients of one server, and what they saw of it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._sent = 0
        self._library = smtplib.SMTP("127.0.0.1", child.port, timeout=30)
        self._library.ehlo()
        self._crowd = [MailClient(child.port) for _ in range(CONNECTIONS)]
        self.one, self.many = Turns(), Turns()

    def run(self) -> None:
        """Let each client have a turn."""
        mails = [self._make() for _ in range(MAILS)]
        self._child.time(self.one, MAILS, lambda: self._send_with_library(mails))
        mails = [self._make() for _ in range(MAILS)]
        self._child.time(self.many, MAILS, lambda: self._send_with_crowd(mails))

    def _make(self) -> tuple[str, bytes]:
        """Return recipient and bytes of the next mail."""
        self._sent += 1
        recipient = self._child.addresses[self._sent % len(self._child.addresses)]
        message = EmailMessage()
        message["From"], message["To"] = f"Shop <{SENDER}>", recipient
        message["Subject"] = f"Your order {self._sent}"
        message["Message-ID"] = f"<{self._sent}@shop.test>"
        message["List-Unsubscribe"] = "<https://shop.test/leave>"
        message.set_content(f"Your order {self._sent} is on its way.\n" * 20)
        link = f'<p>Order {self._sent}: <a href="https://shop.test/orders/{self._sent}">see</a></p>'
        message.add_alternative(f"<html><body>{link * 20}</body></html>", subtype="html")
        return recipient, message.as_bytes().replace(b"\n", b"\r\n")

    def _send_with_library(self, mails: list[tuple[str, bytes]]) -> None:
        for recipient, raw in mails:
            self._library.sendmail(SENDER, [recipient], raw)

    def _send_with_crowd(self, mails: list[tuple[str, bytes]]) -> None:
        """Send on all connections in step, each command on all of them before the next."""
        for start in range(0, MAILS, CONNECTIONS):
            part = [*zip(self._crowd, mails[start : start + CONNECTIONS], strict=True)]
            for client, _ in part:
                client.write(b"MAIL FROM:<%b>\r\n" % SENDER.encode())
            for client, (recipient, _) in part:
                client.expect(b"250")
                client.write(b"RCPT TO:<%b>\r\n" % recipient.encode())
            for client, _ in part:
                client.expect(b"250")
                client.write(b"DATA\r\n")
            for client, (_, raw) in part:
                client.expect(b"354")
                client.write(raw + b".\r\n")
            for client, _ in part:
                client.expect(b"250")

    def close(self) -> None:
        """Close the connections."""
        self._library.quit()
        for client in self._crowd:
            client.close()


class MailClient:
    """A connection that is written to by hand."""

    def __init__(self, port: int) -> None:
        self._conn = socket.create_connection(("127.0.0.1", port), 30)
        self._conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.expect(b"220")
        self.write(b"EHLO client.test\r\n")
        self.expect(b"250")

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._conn.sendall(data)

    def expect(self, code: bytes) -> None:
        """Read one reply, of one line or several."""
        reply = b""
        while not reply.endswith(b"\r\n") or reply.split(b"\r\n")[-2][3:4] == b"-":
            part = self._conn.recv(65_536)
            assert part, "the server closed the connection"
            reply += part
        assert reply.startswith(code), reply

    def close(self) -> None:
        """Close the connection."""
        self._conn.close()


def measure(options: Options) -> list[Figure]:
    """Measure the servers in turns."""
    mine, machine, rival = RACE.run(SERVERS, Sender, options)
    crowd = f"by {CONNECTIONS} connections that cost next to nothing"
    found = [
        ("by smtplib, one after the other", mine.one, rival.one),
        (crowd, mine.many, rival.many),
    ]
    return [
        *(
            RACE.compare(f"speed of aiosmtpd, {what}", one, other, at_least=LEAST)
            for what, one, other in found
        ),
        RACE.compare(f"the same of our line machine alone, {crowd}", machine.many, rival.many),
    ]
