"""Goal: one redirect leads whatever a program sends through: every vendor's host, and all mail.

Method: the fixture as it is, nothing named and nothing set; HTTP/1.1 and HTTP/2 at each name that
any fake has (APNs has no HTTP/1.1), mail by its usual ports at a host that nobody mentioned.
"""

from __future__ import annotations

import asyncio
import functools
import smtplib
import socket
import ssl
from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest
import requests

from pushlab.errors import MisuseError
from pushlab.lab import Lab
from pushlab_fakes.apns.service import HOSTS as APNS_HOSTS
from pushlab_fakes.wire.mail_ports import MailPorts
from pushlab_fakes.wire.redirect import Redirect, VendorHostRefused

WAIT_S = 10
MAIL_HOST = "smtp.provider.test"
ALICE = "alice@example.com"


def list_hosts():
    """Return a name for each host of each fake; below a suffix, some name."""
    with Lab() as lab:
        places = lab.services.directory.places
        named = [host for place in places for host in place.hosts]
    return sorted({f"name{host}" if host.startswith(".") else host for host in named})


@pytest.mark.parametrize(
    ("host", "version"),
    [
        (host, version)
        for host in list_hosts()
        for version in ("HTTP/1.1", "HTTP/2")
        if (host, version) not in {(apns, "HTTP/1.1") for apns in APNS_HOSTS}
    ],
)
def test_every_vendors_host_is_led_in_the_versions_of_http_that_it_speaks(pushlab, host, version):
    with httpx.Client(http1=version == "HTTP/1.1", http2=version == "HTTP/2") as client:
        answer = client.get(f"https://{host}/nowhere", timeout=WAIT_S)

    assert answer.http_version == version
    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert pushlab.list_problems() == []


@pytest.mark.parametrize("host", APNS_HOSTS)
def test_apns_answers_a_client_of_http_1_1_in_frames_and_the_lab_says_why(pushlab, host):
    with pytest.raises(requests.ConnectionError, match=r"BadStatusLine|RemoteDisconnected"):
        requests.post(f"https://{host}/3/device/ab", json={"aps": {}}, timeout=WAIT_S)

    (entry,) = pushlab.trace.find(("ConnectionBroken",))
    said = f"{host} speaks HTTP/2 alone, and the client asked for HTTP/1.1"
    assert entry.fields["reason"].startswith(said)


def test_the_endpoints_of_a_lab_show_where_they_are(pushlab):
    assert f"{pushlab.endpoints!r}".startswith(f"<endpoints {pushlab.endpoints.fcm} (onesignal, ")


def test_the_lab_knows_the_hosts_of_every_vendor():
    assert {
        "api.onesignal.com",
        "api.push.apple.com",
        "api.sandbox.push.apple.com",
        "fcm.googleapis.com",
        "oauth2.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "api.twilio.com",
    } <= set(list_hosts())


# -- mail ------------------------------------------------------------------------------------------


def a_message():
    """Return a mail to alice."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "news@shop.test", ALICE, "Hello"
    message.set_content("Hello, Alice")
    return message


@pytest.fixture
def box(pushlab):
    """Return alice's mailbox."""
    return pushlab.device("email", address=ALICE, fresh=True)


def check_arrived(pushlab, box):
    """Look into the mailbox."""
    pushlab.advance(minutes=5)
    assert [mail.subject for mail in box.inbox] == ["Hello"]
    assert pushlab.list_problems() == []


@pytest.mark.parametrize("port", [25, 587, 2525, 465])
def test_mail_goes_to_the_lab_whatever_its_server(pushlab, box, port):
    # Certificates and names are checked as ever, with what Python trusts anyway.
    context = ssl.create_default_context()
    begin = functools.partial(smtplib.SMTP_SSL, context=context) if port == 465 else smtplib.SMTP
    with begin(MAIL_HOST, port, timeout=WAIT_S) as client:
        if port == 587:
            client.starttls(context=context)
        client.send_message(a_message())

    check_arrived(pushlab, box)


@pytest.mark.parametrize("secure", [{"use_tls": True}, {"start_tls": True}])
def test_mail_of_asyncio_goes_to_the_lab_too(pushlab, box, secure):
    asyncio.run(aiosmtplib.send(a_message(), hostname=MAIL_HOST, timeout=WAIT_S, **secure))

    check_arrived(pushlab, box)


@pytest.mark.parametrize("port", ["smtp", b"25", "587"])
def test_a_port_may_be_given_by_name(pushlab, port):
    found = socket.getaddrinfo(MAIL_HOST, port, type=socket.SOCK_STREAM)

    assert [str(info[4][0])[:7] for info in found] == ["127.78."]


def test_mail_to_an_address_goes_to_the_lab_too(pushlab, box):
    with smtplib.SMTP("192.0.2.25", 25, timeout=WAIT_S) as client:
        client.send_message(a_message())
    with socket.socket() as conn:
        conn.settimeout(WAIT_S)
        conn.connect(("192.0.2.25", 587))
        greeting = conn.recv(100)

    assert greeting.startswith(b"220 ")
    check_arrived(pushlab, box)


def test_the_server_of_mail_is_a_host_like_others_on_other_ports(pushlab):
    with pytest.raises(socket.gaierror) as unknown:
        socket.getaddrinfo(MAIL_HOST, 443)
    socket.getaddrinfo(MAIL_HOST, 587)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(MAIL_HOST, 443)

    assert not isinstance(unknown.value, VendorHostRefused)
    assert pushlab.list_problems() == []


def test_an_allowed_server_is_looked_up_and_dialled_for_real(listener, echo, monkeypatch):
    address = ("192.0.2.1", 25)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)],
    )
    redirect = Redirect(listener, (), allow=["mx.real.test"])
    redirect.mail.catch(MailPorts(echo))
    redirect.install()
    try:
        found = socket.getaddrinfo("mx.real.test", 25)[0][4]
        dialled = redirect._map_address(found)
    finally:
        redirect.remove()

    assert found == dialled == address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.9"])
def test_mail_catchers_on_this_machine_are_left_alone(pushlab, host):
    with socket.create_server(("127.0.0.1", 0)):
        found = socket.getaddrinfo(host, 25, socket.AF_INET, socket.SOCK_STREAM)

    assert not str(found[0][4][0]).startswith("127.78.")


@pytest.mark.pushlab(redirect=False)
def test_without_the_redirect_mail_is_left_alone(pushlab):
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(MAIL_HOST, 25)


def test_one_call_leads_hosts_and_mail_of_this_machine():
    with Lab() as lab:
        lab.redirect(smtp_hosts=["localhost"])
        with smtplib.SMTP("localhost", 1025, timeout=WAIT_S) as client:
            code, _ = client.ehlo()
        answer = httpx.get("https://api.onesignal.com/apps", timeout=WAIT_S)

    assert (code, answer.status_code) == (250, 403)


def test_the_hosts_of_mail_are_names():
    with Lab() as lab, pytest.raises(MisuseError, match="named by its host"):
        lab.redirect(smtp_hosts=["smtp://shop.test"])
