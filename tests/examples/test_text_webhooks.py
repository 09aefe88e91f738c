"""A text that somebody writes, signed by Twilio, and the answer in TwiML."""

from twilio.request_validator import RequestValidator


def inbound(request):  # or your Flask, Django or FastAPI app
    signature = request.header("X-Twilio-Signature")
    assert RequestValidator("your_auth_token").validate(request.url, request.form(), signature)
    twiml = "<Response><Message>See you there!</Message></Response>"
    return 200, twiml, {"Content-Type": "text/xml"}


def test_an_answer_to_a_text_is_answered(pushlab):
    phone = pushlab.device("sms", address="+12025550123")
    pushlab.twilio.account(auth_token="your_auth_token")
    pushlab.twilio.number("+12025550100", sms_url="https://shop.test/texts")
    pushlab.mount("https://shop.test", inbound)

    phone.reply("I am coming", to="+12025550100")
    pushlab.advance(minutes=1)

    assert phone.inbox[0].body == "See you there!"
