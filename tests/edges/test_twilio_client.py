"""Goal: Twilio's own Python client, unmodified, cannot tell (twilio 9).

The synchronous client by its base URL and redirected with no change; the asynchronous one
likewise; its own validator judges what Twilio calls.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from fastapi import FastAPI, Request, Response
from flask import Flask, abort, request
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

SID, TOKEN = "AC" + 32 * "1", "made-up-token-of-an-account"
SHOP, ALICE, BOB = "+14155550100", "+12025550111", "+12025550122"
SERVICE = "MG" + 32 * "2"
STATUS = "https://shop.test:8443/twilio/status?for=a%20test"
INBOUND = "https://shop.test:8443/twilio/inbound"

MADE_BEFORE = Client(SID, TOKEN)
"""Made when this module was imported, before any lab."""


@pytest.fixture
def alice(pushlab):
    """Return a number that is alive."""
    return pushlab.device("sms", external_id="alice", address=ALICE)


@pytest.fixture(params=["redirected", "redirected, made before", "base URL"])
def client(request, pushlab):
    """Yield the client, led to the lab in one of the ways."""
    client = MADE_BEFORE if request.param == "redirected, made before" else Client(SID, TOKEN)
    if request.param == "base URL":
        client.api.base_url = pushlab.endpoints.twilio
    yield client
    client.http_client.session.close()


def test_a_message_to_a_live_number_is_in_its_inbox(pushlab, alice, client):
    sent = client.messages.create(to=ALICE, from_=SHOP, body="Your code is 4711")
    pushlab.advance(minutes=1)
    told = client.messages(sent.sid).fetch()

    assert alice.inbox[0].body == "Your code is 4711"
    assert alice.inbox[0].sender == SHOP
    assert (sent.status, sent.num_segments, sent.price) == ("queued", "1", None)
    assert (told.status, told.error_code, told.direction) == ("delivered", None, "outbound-api")
    assert told.date_created == datetime(2026, 1, 1, tzinfo=UTC)
    assert told.price == "-0.00790"


def test_a_message_to_a_number_that_nobody_has_is_undelivered(pushlab, client):
    sent = client.messages.create(to=BOB, from_=SHOP, body="Hello")
    pushlab.advance(minutes=1)
    told = sent.fetch()

    assert (told.status, told.error_code) == ("undelivered", 30005)


def test_a_message_to_no_number_is_the_clients_exception(client):
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="nonsense", from_=SHOP, body="Hello")

    assert (refused.value.status, refused.value.code) == (400, 21211)
    assert refused.value.msg.startswith("Unable to create record: The 'To' number nonsense")


def test_a_message_to_who_replied_stop_is_refused_until_start(pushlab, alice, client):
    client.messages.create(to=ALICE, from_=SHOP, body="News")
    pushlab.advance(minutes=1)
    alice.reply("stop")

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=ALICE, from_=SHOP, body="More news")
    alice.reply("START", to=SHOP)
    again = client.messages.create(to=ALICE, from_=SHOP, body="More news")

    assert refused.value.code == 21610
    assert again.status == "queued"


def test_messages_are_listed_by_pages_and_filtered(pushlab, alice, client):
    for number in range(5):
        client.messages.create(to=ALICE if number % 2 else BOB, from_=SHOP, body=f"{number}")
        pushlab.advance(hours=10)

    everything = client.messages.list(page_size=2)
    to_alice = client.messages.list(to=ALICE)
    first_day = client.messages.list(date_sent=datetime(2026, 1, 1, tzinfo=UTC))
    later = client.messages.list(date_sent_after=datetime(2026, 1, 1, 12, tzinfo=UTC))
    back = client.messages.page(page_size=2).next_page().previous_page()

    assert [each.body for each in everything] == ["4", "3", "2", "1", "0"]
    assert [each.body for each in to_alice] == ["3", "1"]
    assert [each.body for each in first_day] == ["0"]
    assert [each.body for each in later] == ["4", "3", "2"]
    assert [each.body for each in back] == ["4", "3"]


def test_a_scheduled_message_is_canceled_and_another_is_left_alone(pushlab, alice, client):
    due = datetime(2026, 1, 1, 6, tzinfo=UTC)
    schedule = {"schedule_type": "fixed", "messaging_service_sid": SERVICE}
    first, second = (
        client.messages.create(to=ALICE, body=body, send_at=due, **schedule)
        for body in ("One", "Two")
    )

    canceled = client.messages(first.sid).update(status="canceled")
    pushlab.advance(hours=5, minutes=59)
    before = len(alice.inbox)
    pushlab.advance(minutes=2)

    assert (first.status, first.from_, canceled.status) == ("scheduled", None, "canceled")
    assert before == 0
    assert [each.body for each in alice.inbox] == ["Two"]
    assert second.fetch().from_ == alice.inbox[0].sender
    with pytest.raises(TwilioRestException):
        client.messages.create(to=ALICE, body="Soon", send_at=due - timedelta(days=1), **schedule)


def test_a_message_is_redacted_confirmed_and_deleted(pushlab, alice, client):
    sent = client.messages.create(
        to=ALICE, from_=SHOP, body="Secret", media_url=["https://shop.test/cat.png"]
    )
    with pytest.raises(TwilioRestException) as early:
        sent.delete()
    pushlab.advance(minutes=1)

    media = sent.media.list()
    same = media[0].fetch().sid
    removed = media[0].delete()
    redacted = sent.update(body="")
    outcome = sent.feedback.create(outcome="confirmed").outcome
    gone = sent.delete()

    assert sent.sid.startswith("MM")
    assert alice.inbox[0].media_urls == ("https://shop.test/cat.png",)
    assert [(each.content_type, each.parent_sid) for each in media] == [("image/png", sent.sid)]
    assert (same, removed) == (media[0].sid, True)
    assert (early.value.status, redacted.body, outcome, gone) == (409, "", "confirmed", True)
    with pytest.raises(TwilioRestException) as missing:
        sent.fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_a_wrong_token_is_refused_once_one_is_known(pushlab, client):
    client.messages.list()
    stranger = Client(SID, "another-token")
    stranger.api.base_url = pushlab.endpoints.twilio

    with pytest.raises(TwilioRestException) as refused:
        stranger.messages.create(to=ALICE, from_=SHOP, body="Hello")

    assert (refused.value.status, refused.value.code) == (401, 20003)


# --- what Twilio calls -----------------------------------------------------------------------


def make_shop(seen, answer=""):
    """Return a Flask app as Twilio's guides write it."""
    shop, validator = Flask("shop"), RequestValidator(TOKEN)

    @shop.route("/twilio/<what>", methods=["GET", "POST"])
    def hook(what):
        signature = request.headers.get("X-Twilio-Signature", "")
        url = request.url if request.args else request.base_url
        if not validator.validate(url, request.form, signature):
            abort(403)
        seen.append((what, request.values.to_dict()))
        return str(answer), 200, {"Content-Type": "text/xml"}

    return shop


def test_status_callbacks_pass_twilios_own_validator(pushlab, alice, client):
    seen: list[tuple[str, dict[str, str]]] = []
    pushlab.mount("https://shop.test:8443", make_shop(seen))

    sent = client.messages.create(to=ALICE, from_=SHOP, body="Hello", status_callback=STATUS)
    pushlab.advance(minutes=1)

    assert [form["MessageStatus"] for _, form in seen] == ["sent", "delivered"]
    assert {form["MessageSid"] for _, form in seen} == {sent.sid}
    assert [webhook.status for webhook in pushlab.webhooks] == [200, 200]
    forged = RequestValidator("another-token").compute_signature(STATUS, seen[0][1])
    assert not RequestValidator(TOKEN).validate(STATUS, seen[0][1], forged)


def test_a_reply_reaches_the_webhook_and_its_twiml_comes_back(pushlab, alice, client):
    seen: list[tuple[str, dict[str, str]]] = []
    answer = MessagingResponse()
    answer.message("Your order is on its way")
    pushlab.mount("https://shop.test:8443", make_shop(seen, answer))
    pushlab.twilio.number(SHOP, sms_url=INBOUND)
    client.messages.create(to=ALICE, from_=SHOP, body="Thank you!")
    pushlab.advance(minutes=1)

    alice.reply("Where is my order?")
    pushlab.advance(minutes=1)

    ((what, form),) = seen
    assert what == "inbound"
    assert (form["From"], form["To"], form["Body"]) == (ALICE, SHOP, "Where is my order?")
    assert alice.inbox[0].body == "Your order is on its way"
    directions = [each.direction for each in client.messages.list()]
    assert directions == ["outbound-reply", "inbound", "outbound-api"]


# --- the asynchronous client -----------------------------------------------------------------


# The client calls aiohttp in ways that aiohttp has deprecated.
@pytest.mark.filterwarnings("ignore:(BasicAuth|The .auth. parameter) is deprecated")
@pytest.mark.asyncio
@pytest.mark.parametrize("way", ["redirected", "base URL"])
async def test_the_asynchronous_client_sends_to_all_three(pushlab, alice, way):
    async with AsyncTwilioHttpClient() as http:
        client = Client(SID, TOKEN, http_client=http)
        if way == "base URL":
            client.api.base_url = pushlab.endpoints.twilio

        live = await client.messages.create_async(to=ALICE, from_=SHOP, body="Hello")
        dead = await client.messages.create_async(to=BOB, from_=SHOP, body="Hello")
        with pytest.raises(TwilioRestException) as refused:
            await client.messages.create_async(to="nonsense", from_=SHOP, body="Hello")
        await pushlab.advance_async(minutes=1)
        listed = await client.messages.list_async()

    assert alice.inbox[0].body == "Hello"
    assert refused.value.code == 21211
    assert [(each.sid, each.status) for each in listed] == [
        (dead.sid, "undelivered"),
        (live.sid, "delivered"),
    ]


def make_asgi_shop(seen):
    """Return a FastAPI app that asks Twilio's validator, as an asynchronous program has it."""
    shop, validator = FastAPI(), RequestValidator(TOKEN)

    @shop.post("/twilio/status")
    async def hook(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(str(request.url), form, signature):
            return Response(status_code=403)
        seen.append(form)
        return Response(status_code=204)

    return shop


@pytest.mark.filterwarnings("ignore:(BasicAuth|The .auth. parameter) is deprecated")
@pytest.mark.asyncio
async def test_its_status_callbacks_pass_twilios_own_validator_too(pushlab, alice):
    seen: list[dict[str, str]] = []
    pushlab.mount("https://shop.test:8443", make_asgi_shop(seen))

    async with AsyncTwilioHttpClient() as http:
        client = Client(SID, TOKEN, http_client=http)
        sent = await client.messages.create_async(
            to=ALICE, from_=SHOP, body="Hello", status_callback=STATUS
        )
        await pushlab.advance_async(minutes=1)

    assert [form["MessageStatus"] for form in seen] == ["sent", "delivered"]
    assert {form["MessageSid"] for form in seen} == {sent.sid}
    assert [webhook.status for webhook in pushlab.webhooks] == [204, 204]
