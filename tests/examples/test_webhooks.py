"""The README on webhooks."""


def test_the_app_hears_of_an_opt_out(pushlab):
    heard = []
    pushlab.mount("https://shop.test", lambda request: heard.append(request.json()))
    pushlab.observe_subscriptions("https://shop.test/hooks")

    pushlab.device("android", external_id="alice").opt_out()
    pushlab.advance(seconds=10)

    assert heard[0]["current"]["optedIn"] is False
