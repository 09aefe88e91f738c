"""Goal: OneSignal's own Python client sends push, e-mail and SMS to one person, by one external id.

Each channel is a record of its own under that id, and each opt-out is learned when the vendor
says: a phone's at its next session, an uninstall at the second send, a mailbox's at the click, a
number's at the next message, which Twilio refuses with 21610.
"""

from __future__ import annotations

import onesignal
import pytest
from onesignal.api.default_api import DefaultApi
from onesignal.model.filter import Filter
from onesignal.model.include_aliases import IncludeAliases
from onesignal.model.language_string_map import LanguageStringMap
from onesignal.model.notification import Notification
from onesignal.model.segment import Segment
from onesignal.model.subscription import Subscription
from onesignal.model.subscription_body import SubscriptionBody
from onesignal.model.user import User

APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"
API_KEY = "os_v2_app_made_up_for_this_test"
API = DefaultApi(onesignal.ApiClient(onesignal.Configuration(rest_api_key=API_KEY)))


@pytest.fixture
def api(pushlab):
    """Yield the client, which was made when this module was imported."""
    yield API
    API.api_client.rest_client.pool_manager.clear()


def message(channel, **fields):
    """Return a message to alice on one channel."""
    contents = {
        "push": {"contents": LanguageStringMap(en="Your parcel is here")},
        "email": {
            "email_subject": "Your parcel is here",
            "email_body": '<p>Come. <a href="[unsubscribe_url]">Unsubscribe</a></p>',
        },
        "sms": {
            "name": "parcel",
            "contents": LanguageStringMap(en="Your parcel is here. STOP to stop."),
        },
    }[channel]
    values = {
        "app_id": APP_ID,
        "include_aliases": IncludeAliases(external_id=["alice"]),
        "target_channel": channel,
        **contents,
    }
    return Notification(**(values | fields))


def counts(api, sent):
    """Return successful, failed and errored of a message as the client reads them."""
    shown = api.get_notification(APP_ID, sent.id)
    return shown.successful, shown.failed, shown.errored


def test_one_external_id_is_reached_on_every_channel(pushlab, api):
    phone = pushlab.device("android", external_id="alice")
    browser = pushlab.device("web", external_id="alice")
    mailbox = pushlab.device("email", fresh=True, address="alice@example.com")
    number = pushlab.device("sms", fresh=True, address="+15552345678")
    api.create_user(
        APP_ID,
        User(
            identity={"external_id": "alice"},
            subscriptions=[
                Subscription(type="Email", token=mailbox.address),
                Subscription(type="SMS", token=number.address),
            ],
        ),
    )

    sent = [api.create_notification(message(channel)) for channel in ("push", "email", "sms")]
    pushlab.advance(minutes=5)

    assert phone.tray[0].body == "Your parcel is here"
    assert browser.tray[0].body == "Your parcel is here"
    assert mailbox.inbox[0].subject == "Your parcel is here"
    assert number.inbox[0].body == "Your parcel is here. STOP to stop."
    assert [counts(api, each) for each in sent] == [(2, 0, 0), (1, 0, 0), (1, 0, 0)]
    user = api.get_user(APP_ID, "external_id", "alice")
    assert sorted(each.type for each in user.subscriptions) == [
        "AndroidPush",
        "ChromePush",
        "Email",
        "SMS",
    ]
    assert len({each.id for each in user.subscriptions}) == 4


def enabled(api):
    """Return the types of alice's subscriptions that the API believes to be enabled."""
    user = api.get_user(APP_ID, "external_id", "alice")
    return sorted(each.type for each in user.subscriptions if each.enabled)


def test_a_phone_that_opts_out_in_the_app_is_known_at_once_and_an_uninstall_at_the_second_send(
    pushlab, api
):
    opted_out = pushlab.device("ios", external_id="alice")
    removed = pushlab.device("android", external_id="alice")
    opted_out.open_app()
    opted_out.opt_out()
    removed.uninstall()
    pushlab.advance(minutes=1)
    after_the_verbs = enabled(api)

    first = api.create_notification(message("push"))
    pushlab.advance(minutes=5)
    after_the_first = enabled(api)
    second = api.create_notification(message("push"))
    pushlab.advance(minutes=5)

    assert after_the_verbs == after_the_first == ["AndroidPush"]
    assert enabled(api) == []
    assert counts(api, first) == (1, 1, 0)
    assert counts(api, second) == (0, 2, 0)


def test_a_browser_whose_site_data_was_cleared_is_known_by_the_answer_to_the_next_send(
    pushlab, api
):
    pushlab.device("android", external_id="alice")
    browser = pushlab.device("web", external_id="alice")
    browser.clear_cookies()
    pushlab.advance(minutes=1)
    before = enabled(api)

    sent = api.create_notification(message("push"))
    pushlab.advance(minutes=5)

    assert before == ["AndroidPush", "ChromePush"]
    assert enabled(api) == ["AndroidPush"]
    assert counts(api, sent) == (1, 1, 0)


def test_a_click_on_unsubscribe_is_known_at_once(pushlab, api):
    mailbox = pushlab.device("email", external_id="alice")
    sent = api.create_notification(message("email"))
    pushlab.advance(minutes=5)
    before = enabled(api)

    mailbox.click_unsubscribe()

    assert before == ["Email"]
    assert enabled(api) == []
    shown = api.get_notification(APP_ID, sent.id)
    stats = shown.to_dict()["platform_delivery_stats"]["email"]
    assert stats["unsubscribed"] == 1


def test_a_stop_is_known_only_by_the_next_message_and_start_alone_does_not_undo_it(pushlab, api):
    number = pushlab.device("sms", external_id="alice")
    api.create_notification(message("sms"))
    pushlab.advance(minutes=5)
    number.reply("STOP")
    pushlab.advance(days=1)
    after_the_stop = enabled(api)

    refused = api.create_notification(message("sms"))
    pushlab.advance(minutes=5)
    after_the_next = enabled(api)
    number.reply("START")
    pushlab.advance(days=1)
    after_the_start = enabled(api)
    body = SubscriptionBody(subscription=Subscription(enabled=True, notification_types=1))
    api.update_subscription(APP_ID, number.subscription_id, body)
    again = api.create_notification(message("sms"))
    pushlab.advance(minutes=5)

    assert after_the_stop == ["SMS"]
    assert after_the_next == after_the_start == []
    assert counts(api, refused) == (0, 1, 0)
    assert counts(api, again) == (1, 0, 0)
    assert number.inbox[0].body == "Your parcel is here. STOP to stop."


def test_a_segment_made_by_the_client_is_sent_to_by_name(pushlab, api):
    fan = pushlab.device("android", external_id="alice")
    other = pushlab.device("android", external_id="bob")
    fan.add_tag("level", "12")
    pushlab.advance(minutes=1)
    filters = [Filter(field="tag", key="level", relation=">", value="10")]
    api.create_segment(APP_ID, segment=Segment(name="Fans", filters=filters))

    sent = api.create_notification(
        Notification(
            app_id=APP_ID,
            included_segments=["Fans"],
            contents=LanguageStringMap(en="For fans"),
        )
    )
    pushlab.advance(minutes=5)

    assert fan.tray[0].body == "For fans"
    assert not other.tray
    assert counts(api, sent) == (1, 0, 0)
