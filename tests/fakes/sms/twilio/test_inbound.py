"""Goal: what people write comes to the webhook, and what that answers is done."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pushlab.errors import MisuseError
from pushlab_scenarios.replay import replay
from pushlab_testing.twilio import ALICE, BOB, HOOK, SERVICE, SHOP, SID, Shop

XML = {"content-type": "text/xml"}


def a_shop(**number: Any) -> Shop:
    """Return a shop whose number calls its webhook."""
    shop = Shop()
    shop.request("GET", "/Messages.json")
    shop.lab.twilio.number(SHOP, **{"sms_url": HOOK, **number})
    return shop


def twiml(inside: str) -> tuple[int, str, dict[str, str]]:
    return 200, f"<Response>{inside}</Response>", XML


def write(shop: Shop, text: str = "Hello shop", to: str = SHOP) -> None:
    shop.alice.reply(text, to=to)
    shop.lab.advance(minutes=1)


def test_the_webhook_is_told_as_documented() -> None:
    shop = a_shop()

    write(shop)

    (form,) = shop.calls
    sid = form["MessageSid"]
    assert form == {
        "ToCountry": "US",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": "Hello shop",
        "FromCountry": "US",
        "To": SHOP,
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": SID,
        "From": ALICE,
        "ApiVersion": "2010-04-01",
        "_path": "/hook",
    }
    told = shop.fetch(sid)
    assert (told["direction"], told["status"]) == ("inbound", "received")
    (received,) = shop.lab.trace.find(["TwilioMessageReceived"])
    assert received.causes[0].startswith("NumberReplied:alice-sms@")


def test_nothing_is_called_while_the_verb_is_done() -> None:
    shop = a_shop()

    shop.alice.reply("Hello", to=SHOP)

    assert shop.calls == []


def test_a_number_without_a_webhook_keeps_the_message_all_the_same() -> None:
    shop = Shop()
    shop.send()

    write(shop)
    write(shop, to="+14155550188")

    assert shop.calls == []
    bodies = [message["body"] for message in shop.lab.twilio.messages]
    assert bodies == ["Hello shop", "Hello"]


@pytest.mark.parametrize(
    ("text", "media", "segments", "price"),
    [
        ("Hi", None, "1", "-0.00790"),
        ("x" * 161, None, "2", "-0.01580"),
        ("Look", "image/png", "1", "-0.02000"),
    ],
)
def test_what_comes_in_is_paid_by_segments_or_as_mms(text, media, segments, price) -> None:
    shop = a_shop()

    shop.alice.reply(text, to=SHOP, media=media)
    shop.lab.advance(minutes=1)

    (held,) = shop.lab.twilio.messages
    assert (held["num_segments"], held["price"]) == (segments, price)


def test_get_has_the_form_in_the_query() -> None:
    shop = a_shop(sms_url=f"{HOOK}?a=1", sms_method="GET")

    write(shop)

    ((post, _),) = shop.lab.world.outbox.settled
    assert (post.method, post.body) == ("GET", b"")
    assert post.url.startswith(f"{HOOK}?a=1&ToCountry=US")
    assert "content-type" not in dict(post.headers)


def test_a_reply_is_sent_as_outbound_reply() -> None:
    shop = a_shop()
    shop.answers = [twiml("<Message>Welcome</Message>")]

    write(shop)

    assert shop.alice.inbox[0].body == "Welcome"
    reply = shop.lab.twilio.messages[0]
    assert (reply["direction"], reply["status"]) == ("outbound-reply", "delivered")
    assert (reply["from"], reply["to"]) == (SHOP, ALICE)


def test_a_reply_may_go_elsewhere_with_media_and_a_callback() -> None:
    shop = a_shop()
    shop.answers = [
        twiml(
            f'<Message to="{BOB}" from="+14155550177" statusCallback="/said?x=1">'
            "<Body>See</Body><Media>/cat.png</Media></Message>"
        )
    ]

    write(shop)

    reply = shop.lab.twilio.messages[0]
    assert (reply["to"], reply["from"], reply["num_media"]) == (BOB, "+14155550177", "1")
    assert [call["_path"] for call in shop.calls] == ["/hook", "/said", "/said"]


def test_plain_text_is_the_reply() -> None:
    shop = a_shop()
    shop.answers = [(200, "Thanks", {"content-type": "text/plain"})]

    write(shop)

    assert shop.alice.inbox[0].body == "Thanks"


@pytest.mark.parametrize("answer", [204, 200, twiml("")])
def test_nothing_is_sent_where_nothing_is_said(answer) -> None:
    shop = a_shop()
    shop.answers = [answer]

    write(shop)

    assert len(shop.alice.inbox) == 0
    assert shop.lab.twilio.alerts == []


FOREIGN = "+14155550188"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<Message></Message>", 14103),
        (f"<Message>{'x' * 1_601}</Message>", 14103),
        ('<Message to="nobody">Hi</Message>', 14101),
        ('<Message from="not a number!">Hi</Message>', 14102),
        (f'<Message from="{FOREIGN}">Hi</Message>', 14102),
        (f'<Message to="{BOB}">Hi</Message>', 14111),
        ("<Message>" + "<Media>/cat.png</Media>" * 11 + "</Message>", 21623),
    ],
)
def test_a_message_of_a_document_that_cannot_be_sent_is_a_warning(inside, code) -> None:
    """Twilio's dictionary has numbers of their own for most of these."""
    shop = a_shop()
    shop.lab.twilio.account(trial=True, verified=[ALICE])
    other = "AC" + 32 * "c"
    shop.request("POST", "/Messages.json", {"To": ALICE, "From": FOREIGN, "Body": "Hi"},
                 user=other, account=other)  # fmt: skip
    shop.lab.advance(minutes=1)
    shop.answers = [twiml(f"{inside}<Message>The next one</Message>")]

    write(shop)

    assert shop.alice.inbox[0].body.endswith("The next one")
    assert [alert.code for alert in shop.lab.twilio.alerts] == [code]


def test_the_action_of_a_message_is_told_at_once_and_says_how_to_go_on() -> None:
    shop = a_shop()
    shop.answers = [
        twiml('<Message action="/said" method="GET">One</Message><Message>Never</Message>'),
        twiml("<Message>Two</Message>"),
    ]

    write(shop)

    posts = [post for post, _ in shop.lab.world.outbox.settled]
    asked = dict(parse_qsl(urlsplit(posts[1].url).query))
    sent = {text.body: text for text in shop.alice.inbox}
    assert [post.method for post in posts] == ["POST", "GET"]
    assert set(sent) == {"One", "Two"}
    assert asked["MessageStatus"] == "queued"
    assert asked["MessageSid"] in {told["sid"] for told in shop.lab.twilio.messages}
    assert asked["SmsMessageSid"] != asked["MessageSid"]
    assert asked["Body"] == "Hello shop"


def test_the_action_of_a_message_that_is_refused_is_told_so() -> None:
    shop = a_shop()
    shop.answers = [twiml('<Message to="nobody" action="/said">Hi</Message>')]

    write(shop)

    told = shop.calls[1]
    assert (told["_path"], told["MessageStatus"], told["ErrorCode"]) == ("/said", "failed", "14101")


def test_an_action_that_leads_to_itself_ends() -> None:
    shop = a_shop()
    shop.answers = [twiml('<Message action="/hook">Hi</Message>')] * 50

    write(shop)

    assert len(shop.calls) == 11


def test_a_redirect_goes_on_elsewhere_and_ends_the_document() -> None:
    shop = a_shop()
    shop.answers = [
        twiml("<Message>One</Message><Redirect>/next</Redirect><Message>Never</Message>"),
        twiml("<Message>Two</Message>"),
    ]

    write(shop)

    assert [call["_path"] for call in shop.calls] == ["/hook", "/next"]
    assert sorted(text.body for text in shop.alice.inbox) == ["One", "Two"]


def test_a_document_that_leads_to_itself_ends() -> None:
    shop = a_shop()
    shop.answers = [twiml("<Redirect>/hook</Redirect>")] * 50

    write(shop)

    assert len(shop.calls) == 11


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (500, 11200),
        ((200, "<Response>", XML), 12100),
        (twiml(" " * 65_536), 11750),
        ((200, "{}", {"content-type": "application/json"}), 12300),
    ],
)
def test_the_fallback_is_told_what_went_wrong(answer, code) -> None:
    shop = a_shop(sms_fallback_url="https://shop.test/fallback")
    shop.answers = [answer, twiml("<Message>Sorry</Message>")]

    write(shop)

    assert [call["_path"] for call in shop.calls] == ["/hook", "/fallback"]
    assert (shop.calls[1]["ErrorCode"], shop.calls[1]["ErrorUrl"]) == (str(code), HOOK)
    assert [alert.code for alert in shop.lab.twilio.alerts] == [code]
    assert shop.alice.inbox[0].body == "Sorry"


def test_without_a_fallback_the_debugger_is_all_there_is() -> None:
    shop = a_shop()
    shop.answers = [500]

    write(shop)

    assert [alert.code for alert in shop.lab.twilio.alerts] == [11200]


# --- keywords --------------------------------------------------------------------------------


def test_a_stop_is_answered_by_twilio_and_told_to_the_webhook_whose_reply_is_refused() -> None:
    shop = a_shop()
    shop.answers = [twiml("<Message>Sorry to see you go</Message>")]

    write(shop, "Stop")

    (form,) = shop.calls
    assert form["Body"] == "Stop"
    assert "OptOutType" not in form
    assert [text.body[:21] for text in shop.alice.inbox] == ["You have successfully"]
    assert [alert.code for alert in shop.lab.twilio.alerts] == [21610]


@pytest.mark.parametrize(("text", "kind"), [("STOP", "STOP"), ("help", "HELP"), ("Start", "START")])
def test_with_advanced_opt_out_the_webhook_is_told_what_it_means(text, kind) -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, senders=[SHOP], inbound_url=HOOK, advanced_opt_out=True)

    write(shop, text)
    write(shop, "Stop please")

    assert shop.calls[0]["OptOutType"] == kind
    assert "OptOutType" not in shop.calls[1]
    assert shop.calls[0]["MessagingServiceSid"] == SERVICE


def test_a_service_may_leave_the_webhook_to_the_number() -> None:
    shop = a_shop(sms_url="https://shop.test/number")
    shop.lab.twilio.service(SERVICE, senders=[SHOP], inbound_url=HOOK, use_number_url=True)

    write(shop)

    assert [call["_path"] for call in shop.calls] == ["/number"]


def test_words_of_ones_own_are_answered_in_words_of_ones_own() -> None:
    shop = Shop()
    words = {"STOP": {"words": ["arrêt"], "answer": "Au revoir"}}
    shop.lab.twilio.number(SHOP, keywords=words)

    write(shop, "STOP")
    before = len(shop.alice.inbox)
    write(shop, "Arrêt")

    assert before == 0
    assert [text.body for text in shop.alice.inbox] == ["Au revoir"]
    assert shop.refusal() == (21610, 400)


def test_a_service_has_words_for_all_its_senders() -> None:
    shop = Shop()
    shop.lab.twilio.service(SERVICE, senders=[SHOP], keywords={})

    write(shop, "STOP")

    assert len(shop.alice.inbox) == 0
    assert shop.send()["status"] == "queued"


def test_toll_free_numbers_know_stop_and_unstop_alone() -> None:
    shop, free = Shop(), "+18885550100"
    shop.send(From=free)

    write(shop, "HELP", to=free)
    write(shop, "QUIT", to=free)
    before = shop.create(From=free).status
    write(shop, "stop", to=free)

    assert before == 201
    assert shop.refusal(From=free) == (21610, 400)
    assert shop.alice.inbox[0].body.startswith("NETWORK MSG")


def test_every_member_of_a_crowd_that_replies_is_heard() -> None:
    shop = a_shop()
    crowd = shop.lab.population(3, platforms={"sms": 1}, prefix="crowd")
    for member in crowd.rows.tolist():
        shop.send(shop.lab.fleet.token_of(member) or "")
    shop.lab.advance(minutes=1)

    crowd.do("reply_stop")
    shop.lab.advance(minutes=1)
    crowd.plan("reply_start", shop.lab.now + 1_000, spread_ms=60_000)
    shop.lab.advance(minutes=10)

    assert [call["Body"] for call in shop.calls] == 3 * ["STOP"] + 3 * ["START"]


def test_a_number_that_was_set_up_before_any_call_belongs_to_the_account_that_calls() -> None:
    shop = Shop()
    shop.lab.twilio.number(SHOP, sms_url=HOOK)
    shop.lab.twilio.service(SERVICE, senders=[SHOP])
    shop.send()

    write(shop)

    assert shop.calls[0]["AccountSid"] == SID


# --- files ---------------------------------------------------------------------------------------


def send_picture(shop: Shop, text: str = "Look") -> dict[str, str]:
    shop.alice.reply(text, to=SHOP, media=["image/png", "data:text/vcard,BEGIN:VCARD"])
    shop.lab.advance(minutes=1)
    (form,) = shop.calls
    return form


def test_the_webhook_is_told_of_files_and_where_they_are() -> None:
    shop = a_shop()

    form = send_picture(shop)

    sid = form["MessageSid"]
    assert sid.startswith("MM")
    assert (form["NumMedia"], form["NumSegments"], form["Body"]) == ("2", "1", "Look")
    assert (form["MediaContentType0"], form["MediaContentType1"]) == ("image/png", "text/vcard")
    base = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/{sid}/Media/ME"
    assert form["MediaUrl0"].startswith(base)
    assert shop.fetch(sid)["num_media"] == "2"


def test_a_file_is_handed_out_to_who_has_the_credentials() -> None:
    shop = a_shop()
    form = send_picture(shop)
    path = form["MediaUrl1"].partition(SID)[2]

    given = shop.request("GET", path)
    shown = shop.request("GET", f"{path}.json").json()
    refused = shop.request("GET", path, token="wrong")

    assert (given.status, given.body) == (200, b"BEGIN:VCARD")
    assert given.header("content-type") == "text/vcard"
    assert isinstance(shown, dict)
    assert shown["content_type"] == "text/vcard"
    assert refused.status == 401


def test_by_the_setting_files_are_handed_out_to_everybody_and_nothing_else_is() -> None:
    shop = a_shop()
    shop.lab.change_settings(twilio_media_auth=False)
    form = send_picture(shop)
    path = form["MediaUrl0"].partition(SID)[2]

    asked = [
        shop.request(method, where, token="wrong").status
        for method, where in (
            ("GET", path),
            ("DELETE", path),
            ("GET", f"{path}.json"),
            ("GET", path[:-1]),
            ("GET", path.rpartition("/")[0]),
        )
    ]

    assert asked == [200, 401, 401, 404, 401]


def test_a_picture_alone_is_a_message_and_a_keyword_with_one_is_a_keyword() -> None:
    shop = a_shop()

    shop.alice.reply("", to=SHOP, media="image/jpeg")
    shop.lab.advance(minutes=1)
    shop.alice.reply("STOP", to=SHOP, media="image/jpeg")
    shop.lab.advance(minutes=1)

    assert [(call["Body"], call["NumMedia"]) for call in shop.calls] == [("", "1"), ("STOP", "1")]
    assert shop.refusal() == (21610, 400)


def test_nothing_at_all_is_no_message() -> None:
    with pytest.raises(MisuseError, match="a text that is not empty"):
        a_shop().alice.reply("", to=SHOP)


def test_a_run_with_pictures_is_lived_again() -> None:
    shop = a_shop()
    send_picture(shop)

    assert replay(shop.lab.record()).trace.digest == shop.lab.trace.digest
