"""The first example of the README."""

from shop import sign_up


def test_a_new_user_gets_the_welcome_push(pushlab):
    phone = pushlab.device("android", external_id="alice")

    sign_up("alice")  # your code, calling OneSignal with its own SDK and its own keys

    pushlab.advance(minutes=5)
    assert phone.tray[0].title == "Welcome, Alice!"
