"""Goal: files of text messages go both ways between Twilio and programs, over sockets.

Method: twilio's own client, a gallery made with Flask that serves its own files, and requests.
"""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request
from twilio.rest import Client

SID, TOKEN = "AC" + 32 * "1", "made-up-token-of-an-account"
SHOP, ALICE = "+14155550100", "+12025550111"
GALLERY = "https://gallery.test"
PNG = b"\x89PNG\r\n\x1a\n made up"


@pytest.fixture
def alice(pushlab):
    """Return a number that is alive."""
    return pushlab.device("sms", external_id="alice", address=ALICE)


@pytest.fixture
def client(pushlab):
    """Yield the client, redirected."""
    made = Client(SID, TOKEN)
    made.messages.list()
    yield made
    made.http_client.session.close()


def make_gallery(asked):
    """Return a program that serves one picture and takes what people write."""
    gallery = Flask("gallery")

    @gallery.get("/cat.png")
    def cat():
        asked.append(request.method)
        return PNG, 200, {"Content-Type": "image/png"}

    @gallery.post("/inbound")
    def inbound():
        asked.append(request.form.to_dict())
        return ""

    return gallery


def test_twilio_fetches_the_media_that_a_message_names(pushlab, alice, client):
    asked: list[object] = []
    pushlab.mount(GALLERY, make_gallery(asked))

    sent = client.messages.create(to=ALICE, from_=SHOP, media_url=[f"{GALLERY}/cat.png"])
    lost = client.messages.create(to=ALICE, from_=SHOP, media_url=[f"{GALLERY}/dog.png"])
    pushlab.advance(minutes=1)

    assert asked == ["HEAD", "GET"]
    assert sent.fetch().status == "delivered"
    assert [media.content_type for media in sent.media.list()] == ["image/png"]
    assert (lost.fetch().status, lost.fetch().error_code) == ("failed", 11200)
    assert [text.media_urls for text in alice.inbox] == [(f"{GALLERY}/cat.png",)]


def test_media_on_a_server_that_is_down_are_a_connection_failure(pushlab, alice, client):
    sent = client.messages.create(to=ALICE, from_=SHOP, media_url=["http://127.0.0.1:9/cat.png"])
    pushlab.advance(minutes=1)

    assert (sent.fetch().status, sent.fetch().error_code) == ("failed", 11205)
    assert [alert.code for alert in pushlab.twilio.alerts] == [11205]


def test_a_picture_that_somebody_sends_is_downloaded_with_the_credentials(pushlab, alice, client):
    asked: list[dict[str, str]] = []
    pushlab.mount(GALLERY, make_gallery(asked))
    pushlab.twilio.number(SHOP, sms_url=f"{GALLERY}/inbound")

    alice.reply("Look", to=SHOP, media="image/png")
    pushlab.advance(minutes=1)
    (form,) = asked
    refused = requests.get(form["MediaUrl0"], timeout=10)
    given = requests.get(form["MediaUrl0"], auth=(SID, TOKEN), timeout=10)

    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    assert refused.status_code == 401
    assert given.headers["content-type"] == "image/png"
    assert given.content.startswith(b"\x89PNG")
