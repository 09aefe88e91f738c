"""The README on asking why."""

from shop import sign_up


def test_why_nothing_arrived(pushlab):
    phone = pushlab.device("android", external_id="alice")
    phone.uninstall()
    sign_up("alice")
    pushlab.advance(minutes=5)

    [message] = pushlab.messages.all()
    [reason] = pushlab.why(message.id, phone)

    assert reason.rule == "app-gone"
    assert reason.entries[-1].startswith("AppGone:")
