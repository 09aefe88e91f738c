"""A text sent with Twilio's own client, and the STOP that follows."""

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

client = Client("AC0123456789abcdef0123456789abcdef", "your_auth_token")


def text(body):
    return client.messages.create(to="+12025550123", from_="+12025550100", body=body)


def test_after_a_stop_the_next_text_is_refused(pushlab):
    phone = pushlab.device("sms", address="+12025550123")
    text("Your code is 123456")
    pushlab.advance(minutes=1)
    assert phone.inbox[0].body == "Your code is 123456"

    phone.reply("STOP")
    pushlab.advance(minutes=1)

    with pytest.raises(TwilioRestException) as refusal:
        text("Sale today!")
    assert refusal.value.code == 21610
