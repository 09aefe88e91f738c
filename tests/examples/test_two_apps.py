"""The README on several apps on one phone."""


def test_two_apps_share_a_phone_and_nothing_else(pushlab):
    customer = pushlab.device("ios", external_id="alice")
    driver = customer.with_app(pushlab.add_app("Driver"), external_id="driver-7")

    customer.go_offline()

    assert driver.state["online"] is False
    assert driver.token != customer.token
    assert driver.external_id == "driver-7"
