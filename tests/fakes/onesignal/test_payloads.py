"""Goal: devices get what their SDK parses. Method: one body for each gateway's form."""

from __future__ import annotations

import msgspec
import pytest

from pushlab.gateway import Channel
from pushlab_fakes.onesignal.draft import NotificationDraft, draft_notification
from pushlab_fakes.onesignal.payloads import count_bytes, render_payload

ID = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff"


def payload(channel=Channel.IOS, language=None, receipts=True, **fields):
    body = {
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "push",
        "contents": {"en": "Hello", "de": "Hallo"},
        **fields,
    }
    draft = draft_notification({k: v for k, v in body.items() if v is not None}, "app")
    assert isinstance(draft, NotificationDraft), draft
    return render_payload(draft, channel, ID, language, receipts=receipts)


def text_of(value):
    return msgspec.json.decode(value)


# APNs.


def test_the_least_push_to_an_iphone():
    assert payload() == {
        "aps": {"alert": "Hello", "sound": "default", "mutable-content": 1},
        "custom": {"i": ID},
    }


def test_a_push_to_an_iphone_with_everything():
    found = payload(
        headings={"en": "Hi"},
        subtitle={"en": "You"},
        data={"level": {"now": 3}},
        url="https://shop.test/",
        buttons=[{"id": "yes", "text": "Yes", "icon": "y.png"}, {"id": "no", "text": "No"}],
        ios_attachments={"id1": "https://shop.test/a.png"},
        global_image="https://shop.test/g.png",
        ios_badgeType="SetTo",
        ios_badgeCount=5,
        ios_category="offer",
        ios_interruption_level="time_sensitive",
        ios_relevance_score=0.5,
        ios_sound="bell.wav",
        content_available=True,
        thread_id="t",
        target_content_identifier="w",
        summary_arg="Shop",
        summary_arg_count=2,
    )

    assert found == {
        "aps": {
            "alert": {
                "title": "Hi",
                "subtitle": "You",
                "body": "Hello",
                "summary-arg": "Shop",
                "summary-arg-count": 2,
            },
            "sound": "bell.wav",
            "mutable-content": 1,
            "badge": 5,
            "content-available": 1,
            "category": "offer",
            "thread-id": "t",
            "target-content-id": "w",
            "relevance-score": 0.5,
            "interruption-level": "time-sensitive",
        },
        "custom": {"i": ID, "a": {"level": {"now": 3}}, "u": "https://shop.test/"},
        "att": {"id1": "https://shop.test/a.png"},
        "buttons": [{"i": "yes", "n": "Yes", "p": "y.png"}, {"i": "no", "n": "No"}],
    }


def test_a_data_message_to_an_iphone_shows_and_sounds_nothing():
    found = payload(contents=None, content_available=True, data={"a": 1})

    assert found == {"aps": {"content-available": 1}, "custom": {"i": ID, "a": {"a": 1}}}


def test_a_badge_that_grows_is_the_extensions_work():
    found = payload(ios_badgeType="Increase", ios_badgeCount=-1)

    assert "badge" not in found["aps"]
    assert found["custom"]["badge_inc"] == -1


def test_an_alert_of_ones_own_goes_first():
    assert payload(apns_alert={"loc-key": "HELLO"})["aps"]["alert"] == {"loc-key": "HELLO"}


def test_one_image_serves_every_platform_that_has_none_of_its_own():
    image = "https://shop.test/g.png"

    assert payload(global_image=image)["att"] == {"id": image}
    assert payload(Channel.ANDROID, global_image=image)["bicon"] == image
    assert payload(Channel.CHROME_WEB, global_image=image)["image"] == image
    assert payload(Channel.ANDROID, global_image=image, big_picture="b")["bicon"] == "b"


@pytest.mark.parametrize("sound", ["nil", "null"])
def test_a_sound_can_be_switched_off(sound):
    assert "sound" not in payload(ios_sound=sound)["aps"]


def test_mutable_content_can_be_switched_off():
    assert "mutable-content" not in payload(mutable_content=False)["aps"]


# FCM.


def test_the_least_push_to_an_android_phone():
    assert payload(Channel.ANDROID) == {"custom": f'{{"i":"{ID}"}}', "alert": "Hello"}


def test_a_push_to_an_android_phone_is_all_text():
    found = payload(
        Channel.ANDROID,
        headings={"en": "Hi"},
        data={"level": 3},
        app_url="shop://sale",
        web_url="https://shop.test/",
        buttons=[{"id": "yes", "text": "Yes"}],
        android_group="g",
        android_group_message={"en": "$[notif_count] new", "de": "$[notif_count] neue"},
        small_icon="s",
        large_icon="l",
        big_picture="b",
        android_accent_color="FF00FF00",
        android_led_color="FF0000FF",
        android_visibility=-1,
        android_sound="bell",
        android_background_layout={"image": "bg", "headings_color": "FFFF0000"},
        android_channel_id="7d2f5a3e-0000-4000-8000-000000000000",
        existing_android_channel_id="news",
        priority=10,
    )

    assert all(isinstance(value, str) for value in found.values())
    assert text_of(found["custom"]) == {"i": ID, "a": {"level": 3}, "u": "shop://sale"}
    assert text_of(found["o"]) == [{"i": "yes", "n": "Yes"}]
    assert text_of(found["bg_img"]) == {"img": "bg", "tc": "FFFF0000"}
    assert text_of(found["chnl"]) == {"id": "7d2f5a3e-0000-4000-8000-000000000000"}
    assert (found["title"], found["alert"]) == ("Hi", "Hello")
    assert (found["grp"], found["grp_msg"]) == ("g", "$[notif_count] new")
    assert (found["sicon"], found["licon"], found["bicon"]) == ("s", "l", "b")
    assert (found["bgac"], found["ledc"], found["vis"]) == ("FF00FF00", "FF0000FF", "-1")
    assert (found["sound"], found["oth_chnl"], found["pri"]) == ("bell", "news", "10")


def test_a_data_message_to_an_android_phone_has_no_alert():
    found = payload(Channel.ANDROID, contents=None, content_available=True, data={"a": 1})

    assert list(found) == ["custom"]


@pytest.mark.parametrize("texts", [{}, {"de": "neue"}, {"en": ""}, {"en": 3}])
def test_a_group_without_a_text_for_its_reader_has_none(texts):
    assert "grp_msg" not in payload(Channel.ANDROID, android_group_message=texts)


def test_any_priority_but_ten_is_normal():
    assert payload(Channel.ANDROID, priority=7)["pri"] == "5"
    assert "pri" not in payload(Channel.ANDROID)


def test_other_stores_read_their_own_fields():
    fields = {"adm_group": "a", "adm_sound": "b", "huawei_sound": "h", "small_icon": "s"}

    amazon, huawei = payload(Channel.AMAZON, **fields), payload(Channel.HUAWEI, **fields)

    assert (amazon["grp"], amazon["sound"]) == ("a", "b")
    assert huawei["sound"] == "h"
    assert "sicon" not in amazon | huawei


# Web push.


def test_the_least_push_to_a_browser_asks_for_a_receipt():
    assert payload(Channel.CHROME_WEB) == {"custom": {"i": ID, "rr": "y"}, "alert": "Hello"}
    assert payload(Channel.CHROME_WEB, receipts=False)["custom"] == {"i": ID}


def test_a_push_to_a_browser_with_everything():
    found = payload(
        Channel.CHROME_WEB,
        headings={"en": "Hi"},
        data={"a": 1},
        web_url="https://shop.test/sale",
        app_url="shop://sale",
        web_buttons=[{"id": "y", "text": "Yes", "icon": "y.png", "url": "https://shop.test/y"}],
        buttons=[{"id": "phone", "text": "Phones only"}],
        web_push_topic="sale",
        chrome_web_icon="i.png",
        chrome_web_image="m.png",
        chrome_web_badge="b.png",
        firefox_icon="f.png",
    )

    assert found == {
        "custom": {"i": ID, "a": {"a": 1}, "u": "https://shop.test/sale", "rr": "y"},
        "title": "Hi",
        "alert": "Hello",
        "icon": "i.png",
        "image": "m.png",
        "badge": "b.png",
        "tag": "sale",
        "o": [{"i": "y", "n": "Yes", "p": "y.png", "u": "https://shop.test/y"}],
    }


def test_a_title_alone_is_a_push_to_a_browser():
    found = payload(
        Channel.SAFARI_WEB, contents=None, content_available=True, headings={"en": "Hi"}
    )

    assert found == {"custom": {"i": ID, "rr": "y"}, "title": "Hi"}


def test_firefox_has_an_icon_of_its_own():
    icons = {"chrome_web_icon": "i.png", "firefox_icon": "f.png"}

    assert payload(Channel.FIREFOX, **icons)["icon"] == "f.png"
    assert payload(Channel.FIREFOX, chrome_web_icon="i.png")["icon"] == "i.png"
    assert payload(Channel.SAFARI_WEB, **icons)["icon"] == "i.png"


# Languages and sizes.


@pytest.mark.parametrize("channel", [Channel.IOS, Channel.ANDROID, Channel.FIREFOX])
def test_each_part_is_in_the_readers_language_or_else_english(channel):
    found = payload(channel, "de", headings={"en": "Hi"})

    shown = found["aps"]["alert"] if channel == Channel.IOS else found
    assert shown["title"] == "Hi"
    assert "Hallo" in shown.values()


def test_apns_counts_the_json():
    assert count_bytes(Channel.IOS, {"a": "é"}) == len(b'{"a":"\xc3\xa9"}')


def test_fcm_counts_keys_and_values():
    assert count_bytes(Channel.ANDROID, {"alert": "é", "title": "ab"}) == 5 + 2 + 5 + 2


def test_a_push_service_counts_the_encrypted_body():
    assert count_bytes(Channel.CHROME_WEB, {}) == 2 + 103
