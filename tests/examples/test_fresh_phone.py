"""The README on people and phones."""


def test_a_fresh_phone_registers_as_a_real_one_would(pushlab):
    phone = pushlab.device("ios", fresh=True)
    phone.install()
    phone.open_app()
    phone.prompt(answer="allow")
    phone.login("alice")
    pushlab.advance(seconds=30)

    assert phone.subscription_id is not None
    assert phone.external_id == "alice"
