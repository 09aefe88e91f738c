"""The README on mailboxes and numbers."""

from offers import send_mail, send_text


def test_each_channel_has_its_own_way_out(pushlab):
    alice = pushlab.person("alice")
    mailbox, number = alice.device("email"), alice.device("sms")
    send_mail("alice")
    send_text("alice")
    pushlab.advance(minutes=5)

    assert mailbox.click_link() == "https://shop.test/sale"
    mailbox.click_unsubscribe()
    number.reply("STOP")
    late = send_text("alice")
    pushlab.advance(minutes=5)

    assert number.inbox[0].body.startswith("You have successfully been unsubscribed")
    assert pushlab.why(late, number)[0].rule == "stopped"
