"""What one POST /notifications asks for, or which refusal it gets.

Bodies are built from one that is complete; each test changes what it is about.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushlab.gateway import Channel
from pushlab_fakes.exchange import Answer
from pushlab_fakes.onesignal import refusals
from pushlab_fakes.onesignal.draft import (
    LocalText,
    NotificationDraft,
    choose_text,
    decode_object,
    parse_notification,
    read_app_id,
)

APP = "3beb3078-e0f1-4629-af17-fde833b9f716"
PHONE = "e4e87830-b954-4363-b7bc-1f01dbaee5c8"
OTHER_PHONE = "E4E87830-B954-4363-B7BC-1F01DBAEE5C9"
JSON = "application/json; charset=utf-8"
MAIL = {"email_subject": "Hi", "email_body": "<p>Hi</p>"}


def a_body(**changes):
    """Build a complete body; a change to None takes the field away."""
    body = {
        "app_id": APP,
        "include_aliases": {"external_id": ["alice"]},
        "target_channel": "push",
        "contents": {"en": "Hello"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def to_segments(**changes):
    return a_body(include_aliases=None, included_segments=["All"], **changes)


def parse(body, content_type=JSON, **rules):
    return parse_notification(msgspec.json.encode(body), content_type, **rules)


def draft_of(body, **rules) -> NotificationDraft:
    draft = parse(body, **rules)
    assert isinstance(draft, NotificationDraft), draft
    return draft


# The body as a whole.


def test_a_complete_body_becomes_a_draft():
    draft = draft_of(a_body(headings={"en": "Hi"}, data={"a": [1]}, url="https://shop.test/"))

    assert draft.app_id == APP
    assert draft.targeting.method == "include_aliases"
    assert draft.targeting.aliases == {"external_id": ("alice",)}
    assert draft.targeting.channel == "push"
    assert draft.contents == {"en": "Hello"}
    assert draft.headings == {"en": "Hi"}
    assert draft.data == {"a": [1]}
    assert draft.url == "https://shop.test/"
    assert draft.unbuilt == ()


def test_what_is_not_said_has_the_documented_default():
    draft = draft_of(a_body())

    assert draft.ttl_s == 259_200
    assert draft.priority is None
    assert draft.send_after_ms is None
    assert draft.platforms is None
    assert draft.badge is None
    assert draft.mutable_content
    assert not draft.content_available
    assert draft.raw == a_body()


def test_unknown_fields_are_ignored_and_kept():
    draft = draft_of(a_body(includeAliases={"externalId": ["bob"]}))

    assert draft.raw["includeAliases"] == {"externalId": ["bob"]}
    assert draft.targeting.count == 1


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_body_without_the_content_type_of_json_is_not_read(content_type):
    assert parse(a_body(), content_type) == refusals.app_not_found()


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON;charset=UTF-8", "application/vnd.x+json"]
)
def test_every_spelling_of_json_is_read(content_type):
    assert isinstance(parse(a_body(), content_type), NotificationDraft)


@pytest.mark.parametrize("body", [b"", b" \n", b"[]", b'"text"', b"null"])
def test_a_body_that_is_no_object_has_no_app_id(body):
    assert decode_object(body, JSON) == refusals.app_not_found()


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a":"\\ud800"}', b"[" * 100_000, b'{"a":NaN}'])
def test_a_body_that_does_not_decode_is_malformed(body):
    assert parse_notification(body, JSON) == refusals.malformed_json()


@pytest.mark.parametrize("app_id", [None, ""])
def test_a_body_without_an_app_id_is_refused(app_id):
    assert read_app_id({"app_id": app_id}) == refusals.app_not_found()
    assert parse({"app_id": app_id}) == refusals.app_not_found()


def test_an_app_id_that_is_no_uuid_is_taken_as_it_is_unless_strict():
    assert draft_of(a_body(app_id="my-app")).app_id == "my-app"
    assert parse(a_body(app_id="my-app"), strict_app_id=True) == refusals.app_id_malformed()
    assert draft_of(a_body(), strict_app_id=True).app_id == APP


@pytest.mark.parametrize("app_id", [7, ["a"], "a" * 129])
def test_an_app_id_that_can_be_none_is_refused(app_id):
    assert parse(a_body(app_id=app_id)) == refusals.app_id_malformed()


# Whom it is for.


def test_a_message_for_nobody_is_refused_before_its_content_is_looked_at():
    assert parse({"app_id": APP}) == refusals.no_targets()


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_an_empty_method_is_none(nothing):
    body = a_body(include_aliases=None) | {"included_segments": nothing, "filters": nothing}

    assert parse(body) == refusals.no_targets()


def test_excluded_segments_alone_name_nobody():
    assert parse({"app_id": APP, "excluded_segments": ["Inactive"]}) == refusals.no_targets()


@pytest.mark.parametrize(
    "second",
    [
        {"included_segments": ["All"]},
        {"filters": [{"field": "country", "relation": "=", "value": "DE"}]},
        {"include_subscription_ids": [PHONE]},
        {"include_player_ids": [PHONE]},
        {"email_to": ["a@shop.test"]},
        {"excluded_segments": ["Inactive"]},
    ],
)
def test_two_methods_at_once_are_refused_with_both_named(second):
    answer = parse(a_body(**second))

    assert isinstance(answer, Answer)
    assert answer.status == 400
    assert b"include_aliases" in answer.body
    assert next(iter(second)).encode() in answer.body


@pytest.mark.parametrize(
    ("body", "winner"),
    [
        (a_body(included_segments=["All"]), "included_segments"),
        (a_body(filters=[{"field": "country", "value": "DE"}]), "filters"),
        (a_body(include_player_ids=[PHONE]), "include_aliases"),
    ],
)
def test_where_a_mix_is_not_refused_one_method_wins(body, winner):
    assert draft_of(body, mix_refused=False).targeting.method == winner


def test_segments_may_be_combined_with_excluded_ones():
    targeting = draft_of(to_segments(excluded_segments=["Inactive"])).targeting

    assert targeting.segments == ("All",)
    assert targeting.excluded_segments == ("Inactive",)


def test_aliases_need_a_channel():
    assert parse(a_body(target_channel=None)) == refusals.target_channel_required()


def test_a_channel_outside_the_list_is_refused():
    answer = parse(a_body(target_channel="fax"))

    assert answer == refusals.bad_value("target_channel", "one of push, email, sms")


@pytest.mark.parametrize("values", ["alice", ["alice", ""], [7], [None], {"a": 1}])
def test_alias_values_that_are_no_texts_are_refused(values):
    answer = parse(a_body(include_aliases={"external_id": values}))

    assert answer == refusals.bad_strings("include_aliases")


def test_labels_without_values_name_nobody():
    assert parse(a_body(include_aliases={"external_id": []})) == refusals.no_targets()


def test_aliases_that_are_no_object_are_refused():
    answer = parse(a_body(include_aliases=["alice"]))

    assert answer == refusals.bad_value("include_aliases", "an object")


def test_several_labels_are_kept_apart():
    body = a_body(include_aliases={"external_id": ["a", "b"], "crm": ["7"]})

    assert draft_of(body).targeting.aliases == {"external_id": ("a", "b"), "crm": ("7",)}


@pytest.mark.parametrize("method", ["include_subscription_ids", "include_player_ids"])
def test_ids_are_uuids_of_any_case_and_say_the_channel_themselves(method):
    body = {"app_id": APP, method: [PHONE, OTHER_PHONE], "contents": {"en": "Hello"}}

    targeting = draft_of(body).targeting

    assert targeting.subscription_ids == (PHONE, OTHER_PHONE)
    assert targeting.channel is None


@pytest.mark.parametrize("method", ["include_subscription_ids", "include_player_ids"])
def test_one_id_that_is_no_uuid_spoils_all_and_the_text_lists_them_all(method):
    answer = parse({"app_id": APP, method: [PHONE, "bad"]})

    assert answer == refusals.bad_player_ids([PHONE, "bad"], method)


def test_an_id_that_is_a_number_is_shown_as_one():
    answer = parse({"app_id": APP, "include_player_ids": [86]})

    assert answer == refusals.bad_player_ids(["86"])


def test_a_single_id_outside_a_list_is_refused():
    answer = parse({"app_id": APP, "include_player_ids": PHONE})

    assert answer == refusals.bad_strings("include_player_ids")


def test_old_external_user_ids_are_the_alias_of_that_label_on_the_push_channel():
    body = {"app_id": APP, "include_external_user_ids": ["alice"], "contents": {"en": "Hello"}}

    targeting = draft_of(body).targeting

    assert targeting.aliases == {"external_id": ("alice",)}
    assert targeting.channel == "push"


def test_old_external_user_ids_have_a_channel_of_their_own():
    body = {
        "app_id": APP,
        "include_external_user_ids": ["alice"],
        "channel_for_external_user_ids": "email",
        **MAIL,
    }

    assert draft_of(body).targeting.channel == "email"


@pytest.mark.parametrize("value", ["alice", [1], [""]])
def test_old_external_user_ids_that_are_no_texts_are_refused(value):
    answer = parse({"app_id": APP, "include_external_user_ids": value})

    assert answer == refusals.bad_strings("include_external_user_ids")


def test_more_ids_than_a_call_may_name_are_refused():
    body = a_body(include_aliases={"a": ["1", "2"], "b": ["3"]})

    assert parse(body, targets_max=2) == refusals.too_many("include_aliases", 2)
    assert draft_of(body, targets_max=3).targeting.count == 3


def test_filters_are_kept_as_they_were_sent():
    filters = ({"field": "user_id"}, {"operator": "OR"}, {"field": "tag", "key": "a"})

    targeting = draft_of(a_body(include_aliases=None, filters=list(filters))).targeting

    assert targeting.filters == filters
    assert targeting.channel == "push"


def test_filters_that_are_no_objects_are_refused():
    answer = parse(a_body(include_aliases=None, filters=["tag"]))

    assert answer == refusals.bad_value("filters", "an array of objects")


def test_old_tags_are_filters_on_tags():
    tags = [{"key": "a", "relation": "=", "value": "1"}, {"operator": "OR"}]

    targeting = draft_of(a_body(include_aliases=None, tags=tags)).targeting

    assert targeting.filters == (
        {"field": "tag", "key": "a", "relation": "=", "value": "1"},
        {"operator": "OR"},
    )


def test_raw_tokens_of_several_gateways_are_one_method():
    body = a_body(
        include_aliases=None, include_ios_tokens=["aa"], include_android_reg_ids=["bb", "cc"]
    )

    targeting = draft_of(body).targeting

    assert targeting.tokens == {
        "include_ios_tokens": ("aa",),
        "include_android_reg_ids": ("bb", "cc"),
    }
    assert targeting.count == 3


@pytest.mark.parametrize(
    ("said", "channel"),
    [
        ({"email_to": ["a@shop.test"]}, "email"),
        ({"include_email_tokens": ["a@shop.test"]}, "email"),
        ({"include_phone_numbers": ["+15555550100"]}, "sms"),
        ({"included_segments": ["All"]}, "push"),
        ({"included_segments": ["All"], "email_subject": "Hi"}, "email"),
        ({"included_segments": ["All"], "isEmail": True}, "email"),
        ({"included_segments": ["All"], "sms_from": "+15555550199"}, "sms"),
        ({"included_segments": ["All"], "isSMS": True}, "sms"),
        ({"included_segments": ["All"], "target_channel": "sms"}, "sms"),
        ({"include_subscription_ids": [PHONE], "email_body": "<p>Hi</p>"}, "email"),
    ],
)
def test_the_channel_follows_from_what_is_said(said, channel):
    body = {"app_id": APP, "contents": {"en": "Hello"}, **said}
    if channel == "email":
        body |= MAIL

    assert draft_of(body).targeting.channel == channel


# What it says.


@pytest.mark.parametrize("contents", [None, {}, [], {"de": "Hallo"}, {"en": ""}, {"en": None}])
def test_content_without_english_is_refused(contents):
    assert parse(a_body(contents=contents)) == refusals.english_required()


@pytest.mark.parametrize(
    "instead",
    [
        {"content_available": True},
        {"template_id": "be4a8044-bbd6-11e4-a581-000c2940e62c"},
        {"target_channel": "email", "email_subject": "Hi", "email_body": "<p>Hi</p>"},
        {"target_channel": "sms", "sms_media_urls": ["https://shop.test/a.png"]},
    ],
)
def test_content_is_not_needed_where_something_stands_for_it(instead):
    assert draft_of(a_body(contents=None, **instead)).contents == {}


def test_a_data_message_is_silent():
    assert draft_of(a_body(contents=None, content_available=True, data={"a": 1})).is_silent
    assert not draft_of(a_body()).is_silent


def test_a_mail_and_a_text_message_are_never_silent():
    mail = draft_of(a_body(contents=None, target_channel="email", **MAIL))
    files = draft_of(
        a_body(contents=None, target_channel="sms", sms_media_urls=["https://shop.test/a.png"])
    )

    assert not mail.is_silent
    assert not files.is_silent


@pytest.mark.parametrize("contents", ["Hello", ["Hello"], 7])
def test_content_that_is_no_map_of_languages_is_refused(contents):
    assert parse(a_body(contents=contents)) == refusals.bad_value("contents", "an object")


def test_a_text_that_is_no_text_is_refused():
    answer = parse(a_body(headings={"en": 7}))

    assert answer == refusals.bad_value("headings.en", "a string")


def test_each_part_of_the_text_is_chosen_by_itself():
    draft = draft_of(
        a_body(
            headings={"en": "Hi", "de": "Hallo"},
            contents={"en": "Hello", "fr": "Bonjour"},
            subtitle={"de": "Untertitel"},
        )
    )

    assert draft.text_for("de") == LocalText("Hallo", "Untertitel", "Hello")
    assert draft.text_for("fr") == LocalText("Hi", None, "Bonjour")
    assert draft.text_for(None) == LocalText("Hi", None, "Hello")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "simplified"),
        ("zh-Hans", "simplified"),
        ("zh-Hant", "traditional"),
        ("pt-BR", "portuguese"),
        ("de", "english"),
        ("", "english"),
        (None, "english"),
    ],
)
def test_a_reader_gets_a_language_or_english(language, text):
    texts = {
        "en": "english",
        "zh-Hans": "simplified",
        "zh-Hant": "traditional",
        "pt": "portuguese",
    }

    assert choose_text(texts, language) == text


def test_an_empty_text_falls_back_to_english():
    assert choose_text({"en": "Hello", "de": ""}, "de") == "Hello"
    assert choose_text({"de": "Hallo"}, "fr") is None


def test_a_tap_opens_the_address_of_its_platform():
    both = draft_of(a_body(web_url="https://shop.test/", app_url="shop://"))
    one = draft_of(a_body(url="https://shop.test/all"))

    assert both.url_for(Channel.CHROME_WEB) == "https://shop.test/"
    assert both.url_for(Channel.IOS) == "shop://"
    assert one.url_for(Channel.IOS) == "https://shop.test/all"


# Limits and types.


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("data", {"a": "x" * 2_041}, refusals.value_too_large("data", 2_048, "bytes")),
        (
            "custom_data",
            {"a": "x" * 2_041},
            refusals.value_too_large("custom_data", 2_048, "bytes"),
        ),
        ("collapse_id", "c" * 65, refusals.value_too_large("collapse_id", 64, "characters")),
        ("name", "n" * 129, refusals.value_too_large("name", 128, "characters")),
        ("ttl", 2_419_201, refusals.value_too_large("ttl", 2_419_200, "seconds")),
        ("ttl", -1, refusals.bad_value("ttl", "an integer of at least 0")),
        ("ttl", "soon", refusals.bad_value("ttl", "an integer")),
        ("ttl", 1.5, refusals.bad_value("ttl", "an integer")),
        ("ttl", True, refusals.bad_value("ttl", "an integer")),
        ("priority", 2**54, refusals.bad_value("priority", "an integer")),
        ("data", "text", refusals.bad_value("data", "an object")),
        ("url", 7, refusals.bad_value("url", "a string")),
        ("buttons", {"id": "a"}, refusals.bad_value("buttons", "an array of objects")),
        ("buttons", [{"text": "a"}], refusals.bad_value("buttons", "an array of objects with id")),
        ("isIos", "yes", refusals.bad_value("isIos", "a boolean")),
        (
            "ios_badgeType",
            "Up",
            refusals.bad_value("ios_badgeType", "one of None, SetTo, Increase"),
        ),
        ("send_after", "tomorrow", refusals.send_after_invalid("tomorrow")),
        ("send_after", 1_443_128_400, refusals.send_after_invalid("1443128400")),
        ("idempotency_key", "order-7", refusals.idempotency_key_invalid("order-7")),
        (
            "delayed_option",
            "later",
            refusals.bad_value(
                "delayed_option", "one of timezone, last-active, immediate, send_after"
            ),
        ),
    ],
)
def test_a_field_outside_its_bounds_is_refused(field, value, refusal):
    assert parse(a_body(**{field: value})) == refusal


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", {"a": "x" * 2_040}),
        ("collapse_id", "c" * 64),
        ("name", "n" * 128),
        ("ttl", 2_419_200),
        ("ttl", 0),
        ("ttl", "60"),
        ("ttl", 60.0),
        ("ttl", ""),
        ("data", []),
        ("url", ""),
        ("isIos", "true"),
        ("delayed_option", ""),
        ("delayed_option", "immediate"),
        ("send_after", ""),
    ],
)
def test_a_field_at_its_bounds_is_taken(field, value):
    assert isinstance(parse(a_body(**{field: value})), NotificationDraft)


def test_the_first_mistake_in_the_documented_order_is_the_one_that_is_named():
    assert parse(a_body(contents={}, ttl=-1)) == refusals.english_required()
    assert parse(a_body(send_after="x", url=7)) == refusals.send_after_invalid("x")


# When, how often, for which platforms.


def test_send_after_is_kept_as_text_and_as_instant():
    draft = draft_of(a_body(send_after="2015-09-24 14:00:00 GMT-0700"))

    assert draft.send_after == "2015-09-24 14:00:00 GMT-0700"
    assert draft.send_after_ms == 1_443_128_400_000


def test_the_idempotency_key_has_an_old_name_under_which_any_text_will_do():
    """The same user id as ``external_id`` of two sends swallows the second, as it really does."""
    assert draft_of(a_body(idempotency_key=PHONE)).idempotency_key == PHONE
    assert draft_of(a_body(external_id="alice")).idempotency_key == "alice"
    assert draft_of(a_body(idempotency_key=PHONE, external_id="alice")).idempotency_key == PHONE


@pytest.mark.parametrize(
    ("said", "badge"),
    [
        ({"ios_badgeType": "Increase", "ios_badgeCount": -2}, ("Increase", -2)),
        ({"ios_badgeType": "SetTo", "ios_badgeCount": 0}, ("SetTo", 0)),
        ({"ios_badgeType": "SetTo"}, ("SetTo", 1)),
        ({"ios_badgeType": "None", "ios_badgeCount": 3}, None),
        ({"ios_badgeCount": 3}, None),
    ],
)
def test_the_badge_is_set_raised_or_left(said, badge):
    assert draft_of(a_body(**said)).badge == badge


@pytest.mark.parametrize(
    ("flags", "reached", "spared"),
    [
        ({"isIos": True}, [Channel.IOS], [Channel.ANDROID, Channel.CHROME_WEB]),
        ({"isIos": True, "isAndroid": False}, [Channel.IOS], [Channel.ANDROID, Channel.HUAWEI]),
        ({"isIos": False}, [Channel.ANDROID, Channel.CHROME_WEB], [Channel.IOS]),
        (
            {"isAnyWeb": True},
            [Channel.CHROME_WEB, Channel.FIREFOX, Channel.SAFARI_LEGACY],
            [Channel.CHROME_EXTENSION, Channel.IOS],
        ),
        ({"isChrome": True}, [Channel.CHROME_EXTENSION], [Channel.CHROME_WEB]),
        ({"isIos": None}, [Channel.IOS, Channel.ANDROID], [Channel.EMAIL, Channel.SMS]),
    ],
)
def test_platform_flags_leave_some_kinds_of_subscription(flags, reached, spared):
    draft = draft_of(a_body() | flags)

    assert all(draft.reaches(channel) for channel in reached)
    assert not any(draft.reaches(channel) for channel in spared)


def test_a_message_reaches_only_its_channel():
    email = draft_of(a_body(target_channel="email", **MAIL))
    sms = draft_of(a_body(target_channel="sms"))
    any_channel = draft_of(
        {"app_id": APP, "include_subscription_ids": [PHONE], "contents": {"en": "Hello"}}
    )

    assert [channel for channel in Channel if email.reaches(channel)] == [Channel.EMAIL]
    assert [channel for channel in Channel if sms.reaches(channel)] == [Channel.SMS]
    assert all(any_channel.reaches(channel) for channel in Channel)


def test_targets_that_name_their_own_channel_share_one():
    ids = draft_of({"app_id": APP, "include_subscription_ids": [PHONE], "contents": {"en": "Hi"}})

    assert ids.refuse_channels([Channel.IOS, Channel.CHROME_WEB]) is None
    assert ids.refuse_channels([Channel.SMS]) is None
    assert ids.refuse_channels([]) is None
    assert ids.refuse_channels([Channel.IOS, Channel.SMS]) == refusals.one_channel_only()
    assert ids.refuse_channels([Channel.EMAIL]) == refusals.mail_field_required("email_subject")


def test_the_canonical_body_is_the_same_for_every_order_of_keys():
    body = a_body(data={"b": 1, "a": 2})
    turned = dict(reversed(body.items())) | {"data": {"a": 2, "b": 1}}

    assert draft_of(body).canonical == draft_of(turned).canonical
    assert draft_of(body).canonical != draft_of(a_body()).canonical


# What is understood and not built.


@pytest.mark.parametrize(
    ("body", "feature"),
    [
        (a_body(target_channel="email", **MAIL, email_bcc=["a@shop.test"]), "email_bcc"),
        (a_body(target_channel="email", **MAIL, email_preheader="{{ a }}"), "personalization"),
        (
            a_body(target_channel="sms", sms_media_urls=["https://a.test/{{ b }}"]),
            "personalization",
        ),
        (a_body(template_id="t"), "template_id"),
        (a_body(delayed_option="last-active"), "delayed_option"),
        (a_body(throttle_rate_per_minute="60"), "throttle_rate_per_minute"),
        (a_body(contents={"en": "Hi {{ first_name }}"}), "personalization"),
        (a_body(url="https://shop.test/{% if a %}b{% endif %}"), "personalization"),
        (a_body(app_ids=["a"]), "app_ids"),
    ],
)
def test_a_feature_that_is_not_built_is_named(body, feature):
    draft = draft_of(body)

    refusal = draft.refuse_unbuilt()

    assert feature in draft.unbuilt
    assert refusal is not None
    assert refusal.status == 501
    assert f"POST /notifications with {feature} yet".encode() in refusal.body


@pytest.mark.parametrize(
    "body",
    [
        a_body(delayed_option="immediate"),
        a_body(throttle_rate_per_minute=0),
        a_body(app_ids=[]),
        a_body(data={"a": "{{ not shown }}"}),
        a_body(target_channel="email", **MAIL),
        a_body(target_channel="sms"),
    ],
)
def test_what_asks_for_nothing_special_is_built(body):
    assert draft_of(body).refuse_unbuilt() is None


def test_what_has_been_built_is_taken_off():
    draft = draft_of(to_segments(template_id="t"))

    refusal = draft.refuse_unbuilt(frozenset({"included_segments"}))

    assert refusal == refusals.unbuilt("POST /notifications with template_id")


@given(
    st.dictionaries(
        st.sampled_from(
            ["include_aliases", "contents", "ttl", "data", "filters", "isIos", "buttons"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_json_is_a_draft_or_a_refusal_never_an_exception(changes):
    result = parse(a_body(**changes))

    assert isinstance(result, NotificationDraft) or result.status == 400
