"""Goal: what a fault makes of an answer is carried out on every wire, byte by byte where it shows.

Method: httpx for what clients see, bare sockets and `h2` for what goes over the wire. What each
vendor's own client makes of it is in test_lost_answers.
"""

from __future__ import annotations

import asyncio
import json
import smtplib
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import h2.config
import h2.connection
import h2.errors
import h2.events
import httpx
import pytest

from pushlab.cli import main
from pushlab.devserver.options import Options
from pushlab.devserver.pace import parse_pace
from pushlab.devserver.remote import find_server
from pushlab.devserver.server import DevServer
from pushlab.errors import LimitError
from pushlab.hold import Notice
from pushlab.lab import Lab
from pushlab_scenarios.replay import replay
from pushlab_scenarios.run import run
from pushlab_scenarios.stage import LabStage, RemoteStage
from pushlab_testing.scenarios import a_push, a_scenario

WAIT_S = 10
ROUTE = "onesignal POST /notifications"
PATH = "/notifications"
APP = "5f0c2d1e-7a6b-4c3d-8e9f-0a1b2c3d4e5f"
HEADERS = {"authorization": "Key os_v2_app_made_up"}
"""Made up."""
NOT_PLAIN = {"te": "trailers"}
"""Asks for nothing, and leads past the plain case of HTTP/1.1 to the whole protocol."""


def a_body(text="Hello"):
    """Return a push to alice."""
    return {
        "app_id": APP,
        "target_channel": "push",
        "include_aliases": {"external_id": ["alice"]},
        "contents": {"en": text},
    }


@pytest.fixture
def lab():
    """Yield a lab on a port, with a phone of alice; after the test its record is lived again."""
    with Lab() as lab:
        lab.device("android", external_id="alice")
        lab.serve()
        yield lab
        problems = lab.list_problems()
        record, digest = lab.record(), lab.trace.digest
    assert problems == []
    assert replay(record).trace.digest == digest


def shown(lab):
    """Return what the phone shows a while later, oldest first."""
    lab.advance(minutes=5)
    return [message.body for message in lab.find_device("alice-android").tray][::-1]


@pytest.fixture(params=["HTTP/1.1", "HTTP/1.1, not plain", "HTTP/2", "HTTP/2 under TLS"])
def client(request, lab):
    """Yield httpx on one of the wires."""
    is_two = request.param.startswith("HTTP/2")
    is_secure = request.param.endswith("TLS")
    ends = lab.endpoints
    trust = ssl.create_default_context(cadata=ends.ca_pem.decode())
    url = ends.onesignal.replace("http:", "https:") if is_secure else ends.onesignal
    more = NOT_PLAIN if "not plain" in request.param else {}
    with httpx.Client(
        base_url=url,
        http1=not is_two,
        http2=is_two,
        verify=trust,
        headers={**HEADERS, **more},
        timeout=WAIT_S,
    ) as client:
        yield client


def push(client, text="Hello"):
    """Send a push and return its status."""
    return client.post(PATH, json=a_body(text)).status_code


# --- what a client sees ----------------------------------------------------------------------


@pytest.mark.parametrize(("how", "effects"), [("lost", 1), ("half", 1), ("drop", 0), ("reset", 0)])
def test_a_client_sees_its_connection_fail_and_the_next_request_is_served(
    lab, client, how, effects
):
    lab.fault(ROUTE, how=how, times=1)

    with pytest.raises(httpx.TransportError):
        push(client, "first")
    status = push(client, "second")

    assert status == 200
    assert sorted(shown(lab)) == ["first", "second"][1 - effects :]


def test_an_answer_takes_the_real_time_that_was_asked_for(lab, client):
    lab.fault(ROUTE, how="slow", delay_s=0.3, times=1)
    lab.fault(ROUTE, status=503, delay_s=0.2, times=1)

    statuses, times_s = [], []
    for _ in range(3):
        began = time.monotonic()
        statuses.append(push(client))
        times_s.append(time.monotonic() - began)

    assert statuses == [200, 503, 200]
    assert times_s[0] >= 0.3
    assert times_s[1] >= 0.2


def test_a_client_that_loses_patience_sends_twice(lab, client):
    lab.fault(ROUTE, how="slow", delay_s=5.0, times=1)

    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=a_body("slow"), timeout=0.2)
    push(client, "again")

    assert sorted(shown(lab)) == ["again", "slow"]


@pytest.mark.parametrize("last_stream", ["before", "this"])
def test_a_goodbye_costs_nothing_that_was_not_served(lab, client, last_stream):
    """Over HTTP/2 httpx tries again by itself; over HTTP/1.1 there is no such goodbye."""
    push(client, "first")
    lab.fault(ROUTE, how="goaway", last_stream=last_stream, times=1)

    try:
        push(client, "second")
    except httpx.RemoteProtocolError:
        push(client, "second")
    push(client, "third")

    assert sorted(shown(lab)) == ["first", "second", "third"]


# --- holds -----------------------------------------------------------------------------------


def in_background(pool, client, text):
    """Send a push from another thread."""
    return pool.submit(push, client, text)


@pytest.mark.parametrize(("part", "before"), [("request", []), ("answer", ["held"])])
def test_what_is_held_waits_for_its_release_while_time_goes_on(lab, client, part, before):
    hold = lab.hold(ROUTE, part)

    with ThreadPoolExecutor() as pool:
        sent = in_background(pool, client, "held")
        parked = hold.wait(WAIT_S)
        there = shown(lab)
        answered = sent.done()
        released = hold.release()
        status = sent.result(WAIT_S)

    assert ([held.what for held in parked], released) == ([ROUTE], 1)
    assert (there, answered, status) == (before, False, 200)
    assert shown(lab) == ["held"]
    assert push(client) == 200


def test_a_request_that_was_given_up_is_carried_out_all_the_same(lab, client):
    """It lay in a queue; the client has long sent it again."""
    hold = lab.hold(ROUTE, times=1)

    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=a_body("late"), timeout=0.2)
    push(client, "again")
    first = shown(lab)
    hold.release()

    assert first == ["again"]
    assert shown(lab) == ["again", "late"]


def test_held_requests_go_on_one_after_the_other(lab, client):
    hold = lab.hold(ROUTE)

    with ThreadPoolExecutor() as pool:
        sent = []
        for number in range(3):
            sent.append(in_background(pool, client, str(number)))
            hold.wait(WAIT_S, count=number + 1)
        hold.release(1)
        first = sent[0].result(WAIT_S)
        others = [each.done() for each in sent[1:]]
        hold.release()
        rest = [each.result(WAIT_S) for each in sent[1:]]

    assert (first, others, rest) == (200, [False, False], [200, 200])
    assert sorted(shown(lab)) == ["0", "1", "2"]


@pytest.mark.parametrize("is_two", [False, True])
def test_what_breaks_behind_a_hold_is_raised_where_it_is_released(monkeypatch, is_two):
    with Lab() as lab, ThreadPoolExecutor() as pool:
        url = lab.serve().onesignal
        hold = lab.hold(ROUTE)
        with httpx.Client(base_url=url, http1=not is_two, http2=is_two, timeout=WAIT_S) as client:
            sent = in_background(pool, client, "broken")
            hold.wait(WAIT_S)
            monkeypatch.setattr(type(lab.onesignal), "handle", lambda _self, _request: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                hold.release()
            status = sent.result(WAIT_S)

    assert status == 500


def test_a_lab_that_closes_lets_nobody_wait(client, lab):
    lab.hold(ROUTE, name="gate")

    with ThreadPoolExecutor() as pool:
        sent = in_background(pool, client, "held")
        lab.holds()[0].wait(WAIT_S)
        lab.close()
        error = sent.exception(WAIT_S)

    assert isinstance(error, httpx.TransportError)


def test_nothing_is_left_waiting_when_a_lab_has_closed(edge, lab, client):
    lab.fault(ROUTE, how="slow", delay_s=300.0)
    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=a_body(), timeout=0.2)
    client.close()

    lab.close()

    async def count():
        return len(asyncio.all_tasks()) - 1

    end = time.monotonic() + WAIT_S
    while asyncio.run_coroutine_threadsafe(count(), edge.loop).result(WAIT_S):
        assert time.monotonic() < end


@pytest.mark.asyncio
async def test_a_loop_goes_on_while_a_test_waits_for_what_it_will_hold(lab):
    hold = lab.hold(ROUTE)
    url = lab.endpoints.onesignal

    async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=WAIT_S) as client:
        sending = asyncio.create_task(client.post(PATH, json=a_body()))
        await hold.wait_async(WAIT_S)
        hold.release()
        answer = await sending

    assert answer.status_code == 200


def test_waiting_wakes_as_soon_as_something_is_held():
    notice, there = Notice(), threading.Event()

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(notice.wait, there.is_set, WAIT_S)
        there.set()
        notice.give()

        assert waiting.result(WAIT_S)
    assert not notice.wait(lambda: False, 0.01)


def test_waiting_for_nothing_ends(lab):
    with lab.hold(ROUTE) as hold, pytest.raises(LimitError, match="0 of 1 came to the hold"):
        hold.wait(0.01)


# --- bytes of HTTP/1.1 -----------------------------------------------------------------------


def connect(lab):
    """Open a connection, to be closed by ``closing``."""
    listener = lab.endpoints.onesignal.rpartition("//")[2].partition(":")
    return closing(socket.create_connection((listener[0], int(listener[2])), WAIT_S))


def a_request(more=b""):
    """Return a view of the notifications as bytes."""
    return (
        b"GET /notifications?app_id=%s HTTP/1.1\r\nHost: x\r\nAuthorization: Key made-up\r\n%s\r\n"
        % (APP.encode(), more)
    )


def read_all(conn):
    """Return all that comes until the other side ends it."""
    held = b""
    while more := conn.recv(65_536):
        held += more
    return held


BOTH = pytest.mark.parametrize("more", [b"", b"TE: trailers\r\n"], ids=["plain", "whole"])


@BOTH
def test_half_an_answer_ends_in_the_middle_of_its_body(lab, more):
    with connect(lab) as conn:
        conn.sendall(a_request(more))
        conn.settimeout(WAIT_S)
        whole = b""
        while not whole.endswith(b"}"):
            whole += conn.recv(65_536)
    lab.fault("onesignal GET /notifications", how="half")

    with connect(lab) as conn:
        conn.sendall(a_request(more))
        half = read_all(conn)

    head, _, body = whole.partition(b"\r\n\r\n")
    half_head, _, half_body = half.partition(b"\r\n\r\n")
    assert half_body == body[: len(body) // 2]
    assert f"content-length: {len(body)}".encode() in half_head.lower()
    assert half_head.split(b"\r\n")[0] == head.split(b"\r\n")[0]


@BOTH
@pytest.mark.parametrize(("how", "is_reset"), [("lost", False), ("drop", False), ("reset", True)])
def test_a_connection_is_ended_or_reset_without_a_byte(lab, how, more, *, is_reset):
    lab.fault("onesignal GET /notifications", how=how)

    with connect(lab) as conn:
        conn.sendall(a_request(more))
        if is_reset:
            with pytest.raises(ConnectionResetError):
                conn.recv(1)
        else:
            assert conn.recv(1) == b""


@BOTH
def test_what_follows_on_the_connection_waits_its_turn(lab, more):
    lab.fault("onesignal GET /notifications", how="slow", delay_s=0.2, times=1)

    with connect(lab) as conn:
        conn.sendall(a_request(more) + a_request(more) + a_request(b"Connection: close\r\n"))
        answers = read_all(conn)

    assert answers.count(b"HTTP/1.1 200 OK") == 3


# --- frames of HTTP/2 ------------------------------------------------------------------------


class Http2Client:
    """A client of bare frames."""

    def __init__(self, conn):
        self.conn = conn
        conn.settimeout(WAIT_S)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events = []
        self.is_ended = False

    def get(self):
        """Begin a view of the notifications, and return its stream."""
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", "x")]
        pseudo.append((":path", f"{PATH}?app_id={APP}"))
        self.h2.send_headers(stream, [*pseudo, ("authorization", "Key made-up")], end_stream=True)
        self.conn.sendall(self.h2.data_to_send())
        return stream

    def read_until(self, kind):
        """Return the first event of a kind; None when the connection ends before."""
        while True:
            for event in self.events:
                if isinstance(event, kind):
                    return event
            data = self.conn.recv(65_536)
            if not data:
                self.is_ended = True
                return None
            self.events += self.h2.receive_data(data)
            self.conn.sendall(self.h2.data_to_send())


@pytest.mark.parametrize(
    ("reason", "code"), [(None, "INTERNAL_ERROR"), ("REFUSED_STREAM", "REFUSED_STREAM")]
)
def test_a_stream_is_reset_and_its_connection_lives_on(lab, reason, code):
    lab.fault("onesignal GET /notifications", how="reset", reason=reason, times=1)

    with connect(lab) as conn:
        client = Http2Client(conn)
        first = client.get()
        reset = client.read_until(h2.events.StreamReset)
        client.get()
        answered = client.read_until(h2.events.StreamEnded)

    assert (reset.stream_id, h2.errors.ErrorCodes(reset.error_code).name) == (first, code)
    assert answered.stream_id == 3


@pytest.mark.parametrize(("last_stream", "named"), [("before", 1), ("this", 3)])
def test_a_goaway_names_the_last_stream_that_was_served(lab, last_stream, named):
    with connect(lab) as conn:
        client = Http2Client(conn)
        client.get()
        client.read_until(h2.events.StreamEnded)
        client.events.clear()
        lab.fault(
            "onesignal GET /notifications", how="goaway", last_stream=last_stream, reason="bye"
        )
        client.get()
        goaway = client.read_until(h2.events.ConnectionTerminated)
        client.read_until(h2.events.UnknownFrameReceived)
        ended = [event for event in client.events if isinstance(event, h2.events.StreamEnded)]

    assert (goaway.last_stream_id, goaway.additional_data) == (named, b"bye")
    assert goaway.error_code == 0
    assert client.is_ended
    assert [event.stream_id for event in ended] == ([3] if last_stream == "this" else [])


def test_a_stream_that_cannot_be_left_out_of_a_goaway_is_refused(lab):
    """A later one was served meanwhile, so the last stream that is named is beyond it."""
    lab.fault("onesignal GET /notifications", how="goaway", delay_s=0.2, times=1)

    with connect(lab) as conn:
        client = Http2Client(conn)
        first, second = client.get(), client.get()
        answered = client.read_until(h2.events.StreamEnded)
        goaway = client.read_until(h2.events.ConnectionTerminated)
        refused = client.read_until(h2.events.StreamReset)

    assert answered.stream_id == second
    assert (refused.stream_id, refused.error_code) == (first, h2.errors.ErrorCodes.REFUSED_STREAM)
    assert goaway.last_stream_id == second


def test_a_held_stream_lets_the_others_pass(lab):
    hold = lab.hold("onesignal GET /notifications", times=1)

    with connect(lab) as conn:
        client = Http2Client(conn)
        held, other = client.get(), client.get()
        first = client.read_until(h2.events.StreamEnded)
        hold.release()
        client.events.clear()
        second = client.read_until(h2.events.StreamEnded)

    assert [first.stream_id, second.stream_id] == [other, held]


def test_half_an_answer_of_http2_ends_in_the_middle_of_its_body(lab):
    lab.fault("onesignal GET /notifications", how="half")

    with connect(lab) as conn:
        client = Http2Client(conn)
        client.get()
        headers = client.read_until(h2.events.ResponseReceived).headers
        ended = client.read_until(h2.events.StreamEnded)

    assert dict(headers)[":status"] == "200"
    assert int(dict(headers)["content-length"]) > 0
    assert (ended, client.is_ended) == (None, True)


def test_half_an_answer_without_a_body_ends_in_its_head(lab):
    """A preflight is answered 204."""
    lab.fault("onesignal OPTIONS /", how="half")
    request = b"OPTIONS /apps/x/users HTTP/1.1\r\nHost: x\r\n\r\n"

    with connect(lab) as conn:
        conn.sendall(request)
        half = read_all(conn)

    assert half.startswith(b"HTTP/1.1 204 ")
    assert b"\r\n\r\n" not in half


# --- TLS -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["api.onesignal.com", "api.push.apple.com"])
def test_an_expired_certificate_is_shown_to_clients_of_one_vendor(lab, host):
    lab.redirect()
    lab.fault("apns handshake", how="expired_certificate", times=1)
    seen = []

    for _ in range(2):
        with httpx.Client(http2=True, timeout=WAIT_S) as client:
            try:
                seen.append(client.get(f"https://{host}/").http_version)
            except httpx.ConnectError as error:
                seen.append("expired" if "certificate has expired" in str(error) else str(error))

    assert seen == (["HTTP/2"] * 2 if "onesignal" in host else ["expired", "HTTP/2"])


def test_an_expired_certificate_is_shown_to_clients_of_the_address(lab):
    lab.fault("handshake", how="expired_certificate", times=1)
    trust = ssl.create_default_context(cadata=lab.endpoints.ca_pem.decode())
    url = lab.endpoints.onesignal.replace("http:", "https:")

    with pytest.raises(httpx.ConnectError, match="certificate has expired"):
        httpx.get(url, verify=trust, timeout=WAIT_S)

    assert httpx.get(url, verify=trust, timeout=WAIT_S).status_code == 404


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["localhost", "mail.shop.test"])
def test_an_expired_certificate_is_shown_to_clients_of_the_mail_server(lab, mode, host):
    trust = ssl.create_default_context(cadata=lab.endpoints.ca_pem.decode())
    ends = lab.endpoints
    if host != "localhost":
        lab.redirect_smtp(host)
    lab.fault("smtp handshake", how="expired_certificate", times=1)

    def hello():
        if mode == "tls":
            port = ends.smtp_tls.port if host == "localhost" else 465
            with smtplib.SMTP_SSL(host, port, timeout=WAIT_S, context=trust) as client:
                return client.ehlo()[0]
        port = ends.smtp_starttls.port if host == "localhost" else 587
        with smtplib.SMTP(host, port, timeout=WAIT_S) as client:
            client.starttls(context=trust)
            return client.ehlo()[0]

    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        hello()

    assert hello() == 250


# --- SMTP ------------------------------------------------------------------------------------


def send_mail(lab, subject):
    """Hand over a mail and return what was refused."""
    with smtplib.SMTP("localhost", lab.endpoints.smtp.port, timeout=WAIT_S) as client:
        client.login("shop", "secret")
        return client.sendmail(
            "news@shop.test", ["alice@example.com"], f"Subject: {subject}\r\n\r\nx"
        )


@pytest.fixture
def box(lab):
    """Return a mailbox."""
    return lab.device("email", address="alice@example.com", fresh=True)


@pytest.mark.parametrize("stage", ["connect", "ehlo", "auth", "mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("how", ["lost", "drop", "reset"])
def test_a_client_of_mail_is_cut_off_at_every_stage(lab, box, stage, how):
    lab.fault(f"smtp {stage}", how=how, times=1)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send_mail(lab, "first")
    refused = send_mail(lab, "second")
    lab.advance(minutes=5)

    assert refused == {}
    is_there = (stage, how) == ("end", "lost")
    subjects = sorted(mail.subject for mail in box.inbox)
    assert subjects == (["first", "second"] if is_there else ["second"])


def test_a_mail_takes_the_real_time_that_was_asked_for(lab, box):
    lab.fault("smtp mail", how="slow", delay_s=0.2)
    lab.fault("smtp rcpt", status=450, delay_s=0.2, times=1)
    began = time.monotonic()

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send_mail(lab, "refused")

    assert time.monotonic() - began >= 0.4
    assert send_mail(lab, "taken") == {}


@pytest.mark.parametrize("stage", ["connect", "auth", "rcpt", "end"])
@pytest.mark.parametrize("part", ["request", "answer"])
def test_a_mail_waits_for_its_release(lab, box, stage, part):
    hold = lab.hold(f"smtp {stage}", part)

    with ThreadPoolExecutor() as pool:
        sent = pool.submit(send_mail, lab, "held")
        hold.wait(WAIT_S)
        lab.advance(minutes=5)
        there, done = len(box.inbox), sent.done()
        hold.release()
        refused = sent.result(WAIT_S)
    lab.advance(minutes=5)

    assert (there, done) == (1 if (stage, part) == ("end", "answer") else 0, False)
    assert refused == {}
    assert len(box.inbox) == 1


def test_commands_behind_a_held_one_wait_their_turn(lab, box):
    hold = lab.hold("smtp mail", times=1)
    lines = (
        b"EHLO x\r\nMAIL FROM:<a@shop.test>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n"
        b"Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n"
    )

    ends = lab.endpoints.smtp
    with closing(socket.create_connection((ends.host, ends.port), WAIT_S)) as conn:
        conn.sendall(lines[:50])
        hold.wait(WAIT_S)
        conn.sendall(lines[50:])
        hold.release()
        said = read_all(conn)

    codes = [line[:3] for line in said.split(b"\r\n") if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_a_client_that_loses_patience_after_the_dot_sends_twice(lab, box):
    hold = lab.hold("smtp end", "answer", times=1)

    client = smtplib.SMTP("localhost", lab.endpoints.smtp.port, timeout=WAIT_S)
    client.ehlo()
    assert client.sock is not None
    client.sock.settimeout(0.2)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        client.sendmail("news@shop.test", ["alice@example.com"], "Subject: x\r\n\r\ny")
    client.close()
    send_mail(lab, "x")
    hold.release()
    lab.advance(minutes=5)

    assert len(box.inbox) == 2


# --- webhooks --------------------------------------------------------------------------------


def test_a_webhook_waits_for_its_release_and_the_clock_does_not(lab):
    seen = []
    lab.mount("https://shop.test", lambda request: seen.append(request.path))
    lab.observe_subscriptions("https://shop.test/hook")
    hold = lab.hold("webhook https://shop.test")

    lab.find_device("alice-android").opt_out()
    lab.advance(hours=1)
    parked = hold.wait(WAIT_S)
    before = [*seen]
    hold.release()
    lab.advance(seconds=1)

    assert [held.what for held in parked] == ["webhook https://shop.test/hook"]
    assert (before, seen) == ([], ["/hook"])


# --- the dev server --------------------------------------------------------------------------


FAULTS = (
    "- fault: {where: onesignal POST /notifications, how: lost, times: 1}",
    a_push().replace("save: hello", "outcome: cut"),
    "- fault: {where: onesignal POST /notifications, how: reset, times: 1}",
    a_push().replace("save: hello", "outcome: cut"),
    "- fault: {where: onesignal POST /notifications, how: half, times: 1}",
    a_push().replace("save: hello", "outcome: cut"),
    "- fault: {id: gate, where: onesignal POST /notifications, how: hold}",
    a_push().replace("save: hello", "save: hello\n    outcome: held\n    status: 200"),
    "- advance: 10m",
    "- expect: {device: alice-android, tray: [{title: Hello}, {title: Hello}]}",
    "- release: gate",
    "- advance: 10m",
    "- expect: {message: hello, device: alice-android, why: delivered}",
    "- fault: {id: gate2, where: onesignal POST /notifications, how: hold, part: answer}",
    a_push().replace("save: hello", "outcome: held"),
    "- end_fault: gate2",
    "- expect: {device: alice-android, state: {online: true}}",
)


@pytest.fixture
def ready(tmp_path):
    """Yield the ready file of a server that stands still."""
    ready = tmp_path / "ready.json"
    server = DevServer(Options(pace=parse_pace("manual"), port=0, ready_file=ready))
    server.start()
    yield ready
    server.stop()


def test_a_story_of_faults_is_the_same_on_a_server(ready):
    scenario, stage, remote = a_scenario(*FAULTS), LabStage(), RemoteStage(find_server(ready))

    here, there = run(scenario, stage), run(scenario, remote)

    assert (here.failures, there.failures) == ([], [])
    assert [*stage.lines()][1:] == [*remote.lines()][1:]


def ctl(ready, *words):
    """Run `pushlab ctl` and return its code."""
    with pytest.raises(SystemExit) as ended:
        main(["ctl", "--ready-file", str(ready), *words])
    return ended.value.code


def test_ctl_holds_a_request_of_a_client_and_lets_it_go(ready, capsys):
    url = json.loads(ready.read_text("utf-8"))["onesignal"]
    codes = [ctl(ready, "device", "android", "--external-id", "alice")]
    codes.append(ctl(ready, "fault", ROUTE, "how=hold", "id=gate", "part=answer"))

    with (
        ThreadPoolExecutor() as pool,
        httpx.Client(base_url=url, headers=HEADERS, timeout=WAIT_S) as client,
    ):
        sent = in_background(pool, client, "Hello")
        while not find_server(ready).call("GET", "holds")["holds"][0]["parked"]:
            assert not sent.done()
        codes += [ctl(ready, "holds"), ctl(ready, "release", "gate", "--count", "1")]
        status = sent.result(WAIT_S)
    codes += [ctl(ready, "end-fault", "gate"), ctl(ready, "holds")]
    codes += [ctl(ready, "release", "gate")]

    out = capsys.readouterr().out
    assert (codes, status) == ([0, 0, 0, 0, 0, 0, 2], 200)
    assert f"gate  answer at {ROUTE}\n" in out
    assert f"Z  {ROUTE}\n" in out
    assert "hold=gate  released=1" in out
    assert "nothing is held" in out


def test_a_server_that_begins_anew_lets_nobody_wait(ready):
    url = json.loads(ready.read_text("utf-8"))["onesignal"]
    remote = find_server(ready)
    remote.call("POST", "faults", body={"where": ROUTE, "how": "hold", "id": "gate"})

    with ThreadPoolExecutor() as pool, httpx.Client(base_url=url, timeout=WAIT_S) as client:
        sent = in_background(pool, client, "Hello")
        while not remote.call("GET", "holds")["holds"][0]["parked"]:
            assert not sent.done()
        remote.call("POST", "reset", body={})
        error = sent.exception(WAIT_S)

    assert isinstance(error, httpx.TransportError)
    assert remote.call("GET", "holds")["holds"] == []
