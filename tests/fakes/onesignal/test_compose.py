"""Goal: a target sees its own text, mail or payload. Method: a user with every kind of address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.compose import (
    SURELY_SMALL_BYTES,
    UNKNOWN_ID,
    Composer,
    find_subscription_key,
    unsubscribe_token,
)
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.notifications import Notification
from pushlab_fakes.onesignal.payloads import count_bytes, render_payload
from pushlab_testing.onesignal import an_api

if TYPE_CHECKING:
    from pushlab_testing.onesignal import Api

ID = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff"
ALICE = [
    {"type": "AndroidPush", "token": "issued-1", "enabled": True, "notification_types": 1},
    {"type": "Email", "token": "alice@shop.test"},
    {"type": "SMS", "token": "+12025550111"},
]


def draft(channel="push", **fields) -> NotificationDraft:
    body = {
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": channel,
        "contents": {"en": "Hello", "de": "Grüße"},
        **fields,
    }
    made = draft_notification(body, "app")
    assert isinstance(made, NotificationDraft), made
    return made


class World:
    """A user, her subscriptions by type, and a composer that knows them."""

    def __init__(self, **properties: object) -> None:
        self.api: Api = an_api()
        self.api.a_user("alice", subscriptions=ALICE, properties=properties)
        self.belief = self.api.belief
        user = self.belief.find_user(self.api.app, "external_id", "alice")
        self.rows = {
            Channel(int(self.belief.subscriptions.type[row])): row
            for row in self.belief.subscriptions_of(user)
        }
        self.composer = Composer(self.belief, self.api.world)

    def notification(self, made: NotificationDraft) -> Notification:
        """Return a notification of this draft."""
        return Notification(ID, 1, self.api.app, made, 0, 0, "")

    def composed(self, what: str, channel: Channel, **fields: Any) -> Any:
        """Return what the composer makes for the subscription of *channel*."""
        kind = {Channel.EMAIL: "email", Channel.SMS: "sms"}.get(channel, "push")
        made = self.notification(draft(kind, **fields))
        row = self.rows[channel]
        self.composer.pin(made, np.array([row], np.int32))
        return getattr(self.composer, what)(made, row, 0)


def test_a_push_speaks_the_users_language_part_by_part():
    text = World(language="de").composed(
        "text", Channel.ANDROID, headings={"en": "Hi"}, app_url="shop://a", web_url="https://b.test"
    )

    assert (text.title, text.subtitle, text.body) == ("Hi", None, "Grüße")
    assert text.url == "shop://a"


def test_a_payload_is_that_of_the_subscriptions_kind():
    payload = World(language="de").composed("payload", Channel.ANDROID)

    assert payload == {"custom": f'{{"i":"{ID}"}}', "alert": "Grüße"}


def test_a_mail_goes_to_the_address_with_links_of_its_own():
    world = World()
    body = '<a href="https://shop.test/">Shop</a> <a href="[unsubscribe_url]">Away</a>'

    mail = world.composed("mail", Channel.EMAIL, email_subject="Sale", email_body=body)

    key = int(world.belief.subscriptions.key[world.rows[Channel.EMAIL]])
    token = unsubscribe_token(world.api.world, ID, key)
    assert mail.recipient == "alice@shop.test"
    assert mail.unsubscribe_url.endswith(f"/notifications/{ID}/unsubscribe?token={token}")
    assert mail.unsubscribe_url.startswith("https://api.onesignal.com/apps/")
    assert mail.unsubscribe_url in mail.html
    assert mail.links[0].url.endswith(f"/links/0?token={token}")
    assert find_subscription_key(world.api.world, ID, token) == key


def test_a_token_serves_one_notification_only():
    world = World().api.world

    assert find_subscription_key(world, "another", unsubscribe_token(world, ID, 7)) is None
    assert find_subscription_key(world, ID, "no token") is None


def test_two_mails_in_turn_keep_their_bodies():
    world = World()
    fields = {"email_subject": "Sale", "email_body": '<a href="https://a.test">a</a>'}

    tracked = world.composed("mail", Channel.EMAIL, **fields)
    plain = world.composed("mail", Channel.EMAIL, **fields, disable_email_click_tracking=True)
    again = world.composed("mail", Channel.EMAIL, **fields)

    assert plain.links[0].url == "https://a.test"
    assert tracked == again
    assert tracked.links[0].url != "https://a.test"


def test_a_text_message_comes_from_the_apps_number_unless_it_says_another():
    world = World(language="de")

    sms = world.composed("sms", Channel.SMS)
    other = world.composed("sms", Channel.SMS, sms_from="+12025550122")

    assert (sms.sender, sms.recipient) == ("+12025550100", "+12025550111")
    assert (sms.body, sms.encoding, sms.segments) == ("Grüße", "GSM-7", 1)
    assert other.sender == "+12025550122"


def test_a_long_text_message_has_parts_and_one_with_files_has_not():
    world = World()
    long = {"contents": {"en": "x" * 200}}

    parts = world.composed("sms", Channel.SMS, **long)
    whole = world.composed("sms", Channel.SMS, **long, sms_media_urls=["https://shop.test/a.png"])

    assert parts.segments == 2
    assert (whole.segments, whole.media_urls) == (1, ("https://shop.test/a.png",))


def test_files_alone_have_an_empty_text():
    sms = World().composed(
        "sms", Channel.SMS, contents=None, sms_media_urls=["https://shop.test/a.png"]
    )

    assert sms.body == ""


# Sizes.

CHANNELS = pytest.mark.parametrize(
    "channel", [Channel.IOS, Channel.ANDROID, Channel.CHROME_WEB, Channel.HUAWEI]
)


@CHANNELS
def test_the_bound_of_a_small_message_spares_its_rendering(channel):
    small = draft(headings={"en": "Hi"}, data={"a": '"' * 99}, url="https://shop.test/")

    bound = Composer.bound_bytes(small)

    assert World().composer.size_bytes(small, channel) <= bound <= SURELY_SMALL_BYTES


@CHANNELS
def test_the_size_of_a_large_message_is_that_of_its_largest_language(channel):
    large = draft(contents={"en": "x" * 1_000, "ru": "ж" * 1_900, "de": "x" * 2_000})

    size = World().composer.size_bytes(large, channel)

    assert size == count_bytes(channel, render_payload(large, channel, UNKNOWN_ID, "ru"))
    assert 3_800 < size < Composer.bound_bytes(large)


def test_ids_of_targets_are_in_no_payload():
    many = draft(include_aliases={"external_id": [f"user-{n}" for n in range(2_000)]})

    assert Composer.bound_bytes(many) <= SURELY_SMALL_BYTES


def test_a_mail_is_about_as_large_as_its_body():
    mail = draft("email", email_subject="Sale", email_body="x" * 100_000)

    assert 100_000 < World().composer.size_bytes(mail, Channel.EMAIL) < 101_000
