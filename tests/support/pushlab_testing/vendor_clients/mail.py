"""Clients of SMTP."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pushlab_testing.django_project import set_up_django
from pushlab_testing.vendor_clients.scene import BODY, MODE, TITLE, WAIT_S, Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from pushlab_testing.vendor_clients.scene import Scene

__all__ = ["CLIENTS", "MODES", "PORTS", "aiosmtplib_client", "django_connection", "smtplib_client"]

SERVICE: Final = "SMTP"
SENDER: Final = "news@shop.test"
MODES: Final = {"clear": "clear text", "starttls": "STARTTLS", "tls": "TLS"}
"""Ways to talk to a server, and what the table calls them."""
PORTS: Final = {"clear": 25, "starttls": 587, "tls": 465}
"""By custom; where a redirected host listens."""
REDIRECTED: Final = "smtp.shop.test"
TOLD: Final = ("250", "550", "501")


class Door(NamedTuple):
    """A port of a mail server, and how one talks to it."""

    mode: str
    host: str
    port: int
    trust: ssl.SSLContext


def _lead(scene: Scene, mode: str) -> Door:
    """Lead a client by host, port and what it trusts."""
    scene.stay_here()
    ends = scene.lab.endpoints
    found = {"clear": ends.smtp, "starttls": ends.smtp_starttls, "tls": ends.smtp_tls}[mode]
    scene.patch.setenv("SSL_CERT_FILE", str(scene.ca_file))
    trust = ssl.create_default_context(cadata=ends.ca_pem.decode())
    return Door(mode, "localhost", found.port, trust)


def _redirect(scene: Scene, mode: str) -> Door:
    scene.lab.redirect_smtp(REDIRECTED)
    return Door(mode, REDIRECTED, PORTS[mode], ssl.create_default_context())


def _ways(setting: str) -> Mapping[str, Callable[[Scene], Door]]:
    ways: dict[str, Callable[[Scene], Door]] = {}
    for lead, how in ((_lead, setting), (_redirect, "redirected")):
        for mode, words in MODES.items():
            ways[f"{how}{MODE}{words}"] = functools.partial(lead, mode=mode)
    return ways


def _message(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Shop <{SENDER}>", to, TITLE
    message.set_content(BODY)
    return message


# -- smtplib ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def smtplib_client(mode: str, host: str, port: int, trust: ssl.SSLContext) -> Iterator[Any]:
    """Yield the standard library's client."""
    kind = functools.partial(smtplib.SMTP_SSL, context=trust) if mode == "tls" else smtplib.SMTP
    with kind(host, port, timeout=WAIT_S) as client:
        if mode == "starttls":
            client.starttls(context=trust)
        yield client


def _send_with_smtplib(_: Scene, addresses: Sequence[str], led: Any) -> list[str]:
    told = []
    with smtplib_client(*led) as client:
        for address in addresses:
            try:
                client.send_message(_message(address), SENDER, [address])
                told.append("250")
            except smtplib.SMTPRecipientsRefused as error:
                told.extend(str(code) for code, _ in error.recipients.values())
    return told


# -- aiosmtplib ------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def aiosmtplib_client(mode: str, host: str, port: int, **options: Any) -> AsyncIterator[Any]:
    """Yield aiosmtplib's client, which upgrades by itself; leave when its socket is closed."""
    import aiosmtplib

    client = aiosmtplib.SMTP(
        hostname=host, port=port, timeout=WAIT_S, use_tls=mode == "tls", **options
    )
    async with client:
        assert client.transport is not None
        sock = client.transport.get_extra_info("socket")
        yield client
    async with asyncio.timeout(WAIT_S):
        while sock.fileno() != -1:  # noqa: ASYNC110 - the client tells nobody when it is through
            await asyncio.sleep(0)


def _send_with_aiosmtplib(_: Scene, addresses: Sequence[str], led: Any) -> list[str]:
    import aiosmtplib

    mode, host, port, trust = led

    async def send() -> list[str]:
        told = []
        async with aiosmtplib_client(mode, host, port, tls_context=trust) as client:
            for address in addresses:
                try:
                    await client.send_message(
                        _message(address), sender=SENDER, recipients=[address]
                    )
                    told.append("250")
                except aiosmtplib.SMTPRecipientsRefused as error:
                    told.extend(str(each.code) for each in error.recipients)
        return told

    return asyncio.run(send())


# -- Django ----------------------------------------------------------------------------------------


def django_connection(mode: str, host: str, port: int, **options: Any) -> Any:
    """Return Django's own backend; it trusts what the system trusts."""
    from django.core.mail import get_connection

    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=host,
        port=port,
        use_tls=mode == "starttls",
        use_ssl=mode == "tls",
        timeout=WAIT_S,
        **options,
    )


def _send_with_django(_: Scene, addresses: Sequence[str], led: Any) -> list[str]:
    set_up_django()
    from django.core.mail import EmailMessage as DjangoMessage

    mode, host, port, _ = led
    connection, told = django_connection(mode, host, port), []
    for address in addresses:
        mail = DjangoMessage(TITLE, BODY, f"Shop <{SENDER}>", [address], connection=connection)
        try:
            mail.send()
            told.append("250")
        except smtplib.SMTPRecipientsRefused as error:
            told.extend(str(code) for code, _ in error.recipients.values())
    return told


CLIENTS: Final = (
    Client(
        SERVICE,
        "smtplib",
        "Python 3.11",
        "SMTP.send_message",
        _send_with_smtplib,
        TOLD,
        _ways("host, port and context"),
    ),
    Client(
        SERVICE,
        "aiosmtplib",
        "5.1",
        "SMTP.send_message",
        _send_with_aiosmtplib,
        TOLD,
        _ways("`hostname=`, `port=`, `tls_context=`"),
        "aiosmtplib",
    ),
    Client(
        SERVICE,
        "Django",
        "5.2",
        "EmailMessage.send",
        _send_with_django,
        TOLD,
        _ways("`EMAIL_HOST`, `EMAIL_PORT`, `SSL_CERT_FILE`"),
        "django",
    ),
)
