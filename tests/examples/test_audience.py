"""The README on choosing who gets a message."""

from offers import send_to_fans


def test_only_who_has_the_tag_gets_the_offer(pushlab):
    fan = pushlab.device("android", external_id="alice", language="de")
    other = pushlab.device("android", external_id="bob")
    fan.add_tag("level", "12")
    pushlab.advance(minutes=1)

    sent = send_to_fans()
    pushlab.advance(minutes=5)

    assert fan.tray[0].body == "Nur für dich"
    [reason] = pushlab.why(sent, other)
    assert reason.text == 'tag level > "10" is false for the user: no tag level'
