"""A mail sent with smtplib; its answer is lost on the way."""

import smtplib
from email.message import EmailMessage


def send_invoice():
    mail = EmailMessage()
    mail["From"], mail["To"] = "shop@shop.test", "alice@example.com"
    mail["Subject"] = "Your invoice"
    mail.set_content("Thank you!")
    with smtplib.SMTP("smtp.sendgrid.net", 587) as server:
        server.send_message(mail)


def test_a_lost_answer_doubles_the_mail(pushlab):
    alice = pushlab.device("email", address="alice@example.com")
    pushlab.fault("smtp end", how="lost", times=1)

    try:
        send_invoice()
    except smtplib.SMTPServerDisconnected:
        send_invoice()  # it had arrived; only the answer was lost

    pushlab.advance(minutes=5)
    assert [mail.subject for mail in alice.inbox] == ["Your invoice", "Your invoice"]
