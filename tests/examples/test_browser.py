"""The README on browsers."""


def test_a_browser_without_its_cookies_is_somebody_new(pushlab):
    browser = pushlab.device("web", external_id="alice", browser="firefox")
    before = browser.subscription_id

    browser.clear_cookies()
    browser.visit()
    pushlab.advance(minutes=1)

    assert browser.subscription_id != before
    assert browser.external_id is None
