"""A mail that a relay takes, and the notice that comes back for it."""

import smtplib

import pytest


@pytest.mark.pushlab(settings={"smtp_role": "relay"})
def test_a_bounce_comes_back_as_a_mail(pushlab):
    alice = pushlab.device("email", address="alice@example.com")
    shop = pushlab.device("email", address="shop@shop.test")
    alice.close()

    with smtplib.SMTP("smtp.sendgrid.net", 587) as server:
        server.sendmail("shop@shop.test", "alice@example.com", "Subject: Sale\n\nToday only")
    pushlab.advance(minutes=10)

    assert shop.inbox[0].subject == "Undelivered Mail Returned to Sender"
    assert "550 5.2.1 Mailbox disabled" in shop.inbox[0].body
