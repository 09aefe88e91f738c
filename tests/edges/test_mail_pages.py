"""Goal: a program that sends mail itself finds out who opened, clicked and left, as for real.

Method: programs made with Flask, Django, aiohttp and the standard library serve their own pixel,
links and pages; mail comes over a socket, and what mailboxes ask for goes to these programs.
"""

from __future__ import annotations

import contextlib
import smtplib
import threading
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiohttp import web
from flask import Flask, make_response, redirect, request

SHOP = "https://shop.test"
ALICE = "alice@example.com"


def send(pushlab, base=SHOP, to=ALICE):
    """Send the newsletter that the programs below stand behind."""
    message = EmailMessage()
    message["From"] = "Shop <news@shop.test>"
    message["To"] = to
    message["Subject"] = "News"
    message["List-Unsubscribe"] = f"<{base}/leave?who=1>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("News")
    message.add_alternative(
        f'<a href="{base}/c/offer">Offer</a> <a href="{base}/leave?who=1">Unsubscribe</a>'
        f'<img src="https://cdn.test/logo.png"><img src="{base}/pixel?who=1">',
        subtype="html",
    )
    with smtplib.SMTP(pushlab.endpoints.smtp.host, pushlab.endpoints.smtp.port) as client:
        client.send_message(message)


class Newsletter:
    """A program in Flask that counts, and that unsubscribes by a page and by one click."""

    def __init__(self):
        self.opens, self.clicks, self.left, self.asked = [], [], [], []
        app = self.app = Flask("newsletter")
        app.get("/pixel")(self.pixel)
        app.get("/c/<name>")(self.click)
        app.get("/leave")(self.ask)
        app.post("/leave")(self.leave)
        app.get("/shop")(lambda: "the shop")

    def pixel(self):
        self.opens.append((request.args["who"], request.headers["user-agent"]))
        return b"GIF89a", 200, {"content-type": "image/gif"}

    def click(self, name):
        self.clicks.append((name, request.headers["user-agent"]))
        return redirect("/shop")

    def ask(self):
        self.asked.append(request.args["who"])
        answer = make_response(
            '<form method="post"><input type="hidden" name="token" value="t1">'
            '<button name="sure" value="yes">Leave</button></form>'
        )
        answer.set_cookie("session", "s1")
        return answer

    def leave(self):
        if request.form.get("List-Unsubscribe") == "One-Click":
            self.left.append("one click")
        elif request.form.get("token") == "t1" and request.cookies.get("session") == "s1":
            self.left.append(request.form["sure"])
        return "You left."


@pytest.fixture
def alice(pushlab):
    """Return the mailbox."""
    return pushlab.device("email", name="alice", address=ALICE, fresh=True)


def test_a_program_hears_of_people_as_for_real(pushlab, alice):
    newsletter = Newsletter()
    pushlab.mount(SHOP, newsletter.app)
    send(pushlab)
    pushlab.advance(minutes=1)

    alice.click_link("Offer")
    alice.click_unsubscribe()
    pushlab.advance(seconds=1)
    alice.click_unsubscribe(one_click=True)
    pushlab.advance(seconds=1)

    assert [who for who, _ in newsletter.opens] == ["1"]
    assert [name for name, _ in newsletter.clicks] == ["offer"]
    assert newsletter.left == ["yes", "one click"]
    assert [visit.status for visit in pushlab.mail.visits] == [None, 200, 200, 200, 200]


def test_a_program_cannot_tell_proxies_and_scanners_but_by_what_they_call_themselves(
    pushlab, alice
):
    newsletter = Newsletter()
    pushlab.mount(SHOP, newsletter.app)
    alice.switch_privacy_proxy(on=True)
    alice.switch_link_scanner(on=True)
    send(pushlab)

    pushlab.advance(hours=1)

    assert newsletter.opens == [("1", "Mozilla/5.0")]
    assert [name for name, _ in newsletter.clicks] == ["offer"]
    assert (newsletter.asked, newsletter.left) == (["1"], [])


@contextlib.contextmanager
def run_server(seen):
    """Yield the address of a server on this machine, which notes what it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(5)


def test_a_server_on_this_machine_needs_no_mount(pushlab, alice):
    seen: list[str] = []
    with run_server(seen) as base:
        send(pushlab, base)
        pushlab.advance(minutes=1)
        alice.click_link("Offer")
        pushlab.advance(seconds=1)

    assert seen == ["/pixel?who=1", "/c/offer"]


def test_a_server_that_is_down_is_told_and_fails_no_test(pushlab, alice):
    with run_server([]) as base:
        send(pushlab, base)
    pushlab.advance(minutes=1)

    alice.open_mail()
    pushlab.advance(seconds=1)

    last = pushlab.mail.visits[-1]
    assert (last.error, last.is_made) == ("unreachable: connection refused", True)
    assert pushlab.list_problems() == []


@pytest.mark.asyncio
async def test_a_program_in_the_tests_own_loop_is_asked_while_the_lab_moves(pushlab, alice):
    seen = []

    async def pixel(asked):
        seen.append(asked.path_qs)
        return web.Response(body=b"GIF89a")

    app = web.Application()
    app.router.add_get("/pixel", pixel)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    send(pushlab, base)
    await pushlab.advance_async(minutes=1)

    alice.open_mail()
    await pushlab.advance_async(seconds=1)
    await runner.cleanup()

    assert seen == ["/pixel?who=1"]


DJANGO = """
import django
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["shop.test"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="made up",
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
)
django.setup()

from django.core.mail import EmailMultiAlternatives
from django.core.wsgi import get_wsgi_application

LEFT = []


def leave(request):
    if request.method == "POST":
        LEFT.append(request.POST["who"])
        return HttpResponse("You left.")
    token = get_token(request)
    return HttpResponse(
        f'<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        '<input type="hidden" name="who" value="alice"><button>Leave</button></form>'
    )


urlpatterns = [path("leave", leave)]


def test_leaving_passes_djangos_guard(pushlab, monkeypatch):
    alice = pushlab.device("email", name="alice", address="alice@example.com", fresh=True)
    pushlab.mount("https://shop.test", get_wsgi_application())
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", pushlab.endpoints.smtp.port
    mail = EmailMultiAlternatives("News", "News", "news@shop.test", ["alice@example.com"])
    mail.attach_alternative('<a href="https://shop.test/leave">Unsubscribe</a>', "text/html")
    mail.send()
    pushlab.advance(minutes=1)

    alice.click_unsubscribe()
    pushlab.advance(seconds=1)

    assert LEFT == ["alice"]
    assert [visit.status for visit in pushlab.mail.visits] == [200, 200]
"""


def test_a_page_of_django_takes_its_form_back_with_cookie_and_token(pytester):
    pytester.makepyfile(test_project=DJANGO)

    result = pytester.runpytest_subprocess("-q", "-p", "no:asyncio")

    result.assert_outcomes(passed=1)
