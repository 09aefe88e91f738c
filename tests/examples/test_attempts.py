"""What was sent, as it was sent."""

from shop import sign_up


def test_the_push_is_what_we_meant_to_send(pushlab):
    phone = pushlab.device("ios", external_id="alice")
    sign_up("alice")
    pushlab.advance(minutes=1)

    alert = pushlab.attempts.sent_to(phone).only().json["aps"]["alert"]
    assert alert == {"title": "Welcome, Alice!", "body": "Good to have you here."}
